/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing through open files, and the other calls on them.
 *
 * file_read() and file_write() are read(2) and write(2): they hold f_pos_lock over the operation when the file
 * has a position at all, so that two readers of one open file get different bytes. Streams (pipes,
 * terminals) have none and hold nothing: a blocked reader must not keep the writer out.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "fs/poll.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/slab.h"

static int check_rw(const struct file *file, unsigned int mode, size_t count, loff_t pos)
{
	if (!(file->f_mode & mode))
		return -EBADF;
	if ((ssize_t)count < 0 || pos < 0)
		return -EINVAL;
	return 0;
}

#define MAX_RW_COUNT 0x7ffff000UL /* what Linux moves at once */

ssize_t vfs_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	int err = check_rw(file, FMODE_READ, count, *pos);

	if (err)
		return err;
	if (!access_ok(ubuf, count))
		return -EFAULT;
	if (!file->f_op || !file->f_op->read)
		return S_ISDIR(file->f_inode->i_mode) ? -EISDIR : -EINVAL;
	return file->f_op->read(file, ubuf, min(count, MAX_RW_COUNT), pos);
}

ssize_t vfs_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	int err = check_rw(file, FMODE_WRITE, count, *pos);

	if (err)
		return err;
	if (!access_ok(ubuf, count))
		return -EFAULT;
	if (!file->f_op || !file->f_op->write)
		return -EINVAL;
	return file->f_op->write(file, ubuf, min(count, MAX_RW_COUNT), pos);
}

/* The position to work at: f_pos locked, or a dummy for streams. */
static loff_t *lock_pos(struct file *file, loff_t *dummy)
{
	if (file->f_mode & FMODE_STREAM) {
		*dummy = 0;
		return dummy;
	}
	mutex_lock(&file->f_pos_lock);
	return &file->f_pos;
}

static void unlock_pos(struct file *file)
{
	if (!(file->f_mode & FMODE_STREAM))
		mutex_unlock(&file->f_pos_lock);
}

ssize_t __no_stack_protector file_read(struct file *file, char *ubuf, size_t count)
{
	loff_t dummy, *pos = lock_pos(file, &dummy);
	ssize_t done = vfs_read(file, ubuf, count, pos);

	unlock_pos(file);
	return done;
}

ssize_t __no_stack_protector file_write(struct file *file, const char *ubuf, size_t count)
{
	loff_t dummy, *pos = lock_pos(file, &dummy);
	ssize_t done = vfs_write(file, ubuf, count, pos);

	unlock_pos(file);
	return done;
}

/*
 * A small write of several pieces goes out in one, so that it lands whole in a pipe, on a terminal, or at the end
 * of a log that others append to. => bytes, or -EINVAL: has to go piece by piece
 */
#define GATHER_MAX (4 * PAGE_SIZE)
static ssize_t write_gathered(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos)
{
	size_t total = 0, at = 0;
	ssize_t done = -EINVAL;
	unsigned int i;
	char *buf;

	for (i = 0; i < n; i++) {
		if (iov[i].len > GATHER_MAX - total)
			return -EINVAL;
		total += iov[i].len;
	}
	if (n < 2 || !total || !file->f_op || !file->f_op->kernel_write || *pos < 0)
		return -EINVAL;
	buf = kmalloc(total, GFP_KERNEL);
	if (!buf)
		return -EINVAL;
	for (i = 0; i < n; at += iov[i++].len)
		if (copy_from_user(buf + at, iov[i].base, iov[i].len))
			break;
	if (i == n)
		done = file->f_op->kernel_write(file, buf, total, pos);
	kfree(buf);
	return done;
}

static ssize_t do_iov(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos, bool write)
{
	ssize_t total = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		ssize_t done;

		if (!iov[i].len && (i || n > 1))
			continue;
		if (total && !write && (file->f_mode & FMODE_STREAM) && !(vfs_poll(file, NULL) & POLLIN))
			break; /* would wait although there is something to return */
		done = write ? vfs_write(file, iov[i].base, iov[i].len, pos) :
			       vfs_read(file, iov[i].base, iov[i].len, pos);
		if (done < 0)
			return total ? total : done;
		total += done;
		if (done < (ssize_t)iov[i].len)
			break;
	}
	return total;
}

static ssize_t iov_at(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos, bool write)
{
	loff_t dummy, *at;
	ssize_t done = -EINVAL;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	at = pos ? pos : lock_pos(file, &dummy);
	if (write)
		done = write_gathered(file, iov, n, at);
	if (done == -EINVAL)
		done = do_iov(file, iov, n, at, write);
	if (!pos)
		unlock_pos(file);
	return done;
}

ssize_t vfs_readv(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos)
{
	return iov_at(file, iov, n, pos, false);
}

ssize_t vfs_writev(struct file *file, const struct iovec_k *iov, unsigned int n, loff_t *pos)
{
	return iov_at(file, iov, n, pos, true);
}

ssize_t kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	loff_t dummy, *at = pos ? pos : lock_pos(file, &dummy);
	ssize_t done = check_rw(file, FMODE_READ, count, *at);

	if (!done)
		done = file->f_op && file->f_op->kernel_read ?
			       file->f_op->kernel_read(file, buf, count, at) : -EINVAL;
	if (!pos)
		unlock_pos(file);
	return done;
}

ssize_t kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	loff_t dummy, *at = pos ? pos : lock_pos(file, &dummy);
	ssize_t done = check_rw(file, FMODE_WRITE, count, *at);

	if (!done)
		done = file->f_op && file->f_op->kernel_write ?
			       file->f_op->kernel_write(file, buf, count, at) : -EINVAL;
	if (!pos)
		unlock_pos(file);
	return done;
}

/* One buffer's worth: what the receiver did not take is put back by moving the position. */
static ssize_t sendfile_step(struct file *out, struct file *in, loff_t *pos, char *buf, size_t n)
{
	loff_t start = *pos;
	ssize_t got = kernel_read(in, buf, n, pos), put;

	if (got <= 0)
		return got;
	put = kernel_write(out, buf, got, NULL);
	if (put < got)
		*pos = start + (put > 0 ? put : 0);
	return put;
}

ssize_t vfs_sendfile(struct file *out, struct file *in, loff_t *pos, size_t count)
{
	size_t size = 4 * PAGE_SIZE;
	loff_t at = pos ? *pos : READ_ONCE(in->f_pos);
	ssize_t total = 0, done = 0;
	char *buf;

	if (!(in->f_mode & FMODE_READ) || !(out->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((in->f_mode & FMODE_STREAM) || !in->f_op || !in->f_op->kernel_read || !out->f_op ||
	    !out->f_op->kernel_write || (out->f_flags & O_APPEND))
		return -EINVAL;
	count = min(count, MAX_RW_COUNT);
	buf = kmalloc(size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (count && !fatal_signal_pending(current)) {
		done = sendfile_step(out, in, &at, buf, min(count, size));
		if (done <= 0)
			break;
		total += done;
		count -= done;
		cond_resched();
	}
	kfree(buf);
	if (pos)
		*pos = at;
	else
		WRITE_ONCE(in->f_pos, at);
	return total ? total : done;
}

loff_t generic_file_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t size = i_size_read(file->f_mapping->host);

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		offset += file->f_pos;
		break;
	case SEEK_END:
		offset += size;
		break;
	case SEEK_DATA:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		break;
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		offset = size;
		break;
	default:
		return -EINVAL;
	}
	if (offset < 0)
		return -EINVAL;
	file->f_pos = offset;
	return offset;
}

loff_t no_llseek(struct file *file, loff_t offset, int whence)
{
	return -ESPIPE;
}

loff_t vfs_llseek(struct file *file, loff_t offset, int whence)
{
	loff_t pos;

	if (!(file->f_mode & FMODE_LSEEK) || (file->f_mode & FMODE_STREAM))
		return -ESPIPE;
	mutex_lock(&file->f_pos_lock);
	pos = file->f_op && file->f_op->llseek ? file->f_op->llseek(file, offset, whence) :
						 generic_file_llseek(file, offset, whence);
	mutex_unlock(&file->f_pos_lock);
	return pos;
}

int generic_write_checks(struct file *file, loff_t *pos, size_t *count)
{
	struct inode *inode = file->f_mapping->host;
	u64 limit = current->signal->rlim[1].rlim_cur; /* RLIMIT_FSIZE */

	if (file->f_flags & O_APPEND)
		*pos = i_size_read(inode);
	if (!*count)
		return 0;
	if (limit > (u64)inode->i_sb->s_maxbytes)
		limit = (u64)inode->i_sb->s_maxbytes;
	if ((u64)*pos >= limit)
		return -EFBIG;
	if (*count > limit - (u64)*pos)
		*count = limit - (u64)*pos;
	return 0;
}

void file_accessed(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (!(file->f_flags & O_NOATIME) && inode->i_atime <= inode->i_mtime) /* as with relatime */
		inode->i_atime = current_time_ns();
}

void file_update_time(struct file *file)
{
	struct inode *inode = file_inode(file);

	inode->i_mtime = inode->i_ctime = current_time_ns();
	if ((inode->i_mode & (S_ISUID | S_ISGID)) && !has_cap(current, CAP_FSETID)) {
		spin_lock(&inode->i_lock);
		inode->i_mode &= ~S_ISUID;
		if (inode->i_mode & S_IXGRP)
			inode->i_mode &= ~S_ISGID;
		spin_unlock(&inode->i_lock);
	}
}

/* ---- The rest of the operations ---- */

long vfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long err;

	if (!file->f_op || !file->f_op->ioctl)
		return -ENOTTY;
	err = file->f_op->ioctl(file, cmd, arg);
	return err == -ENOIOCTLCMD ? -ENOTTY : err;
}

unsigned int vfs_poll(struct file *file, struct poll_table *table)
{
	if (!file->f_op || !file->f_op->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->f_op->poll(file, table);
}

int vfs_fsync_range(struct file *file, loff_t start, loff_t end, bool datasync)
{
	if (!file->f_op || !file->f_op->fsync)
		return S_ISREG(file->f_inode->i_mode) || S_ISDIR(file->f_inode->i_mode) ? 0 : -EINVAL;
	return file->f_op->fsync(file, start, end, datasync);
}

int vfs_fsync(struct file *file, bool datasync)
{
	return vfs_fsync_range(file, 0, (loff_t)(~0UL >> 1), datasync);
}

long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (S_ISFIFO(file->f_inode->i_mode))
		return -ESPIPE;
	if (!S_ISREG(file->f_inode->i_mode))
		return -ENODEV;
	if (offset + len < 0)
		return -EFBIG;
	if (!file->f_op || !file->f_op->fallocate)
		return -EOPNOTSUPP;
	return file->f_op->fallocate(file, mode, offset, len);
}

/* ---- Between pages and buffers ---- */

size_t page_copy_in(struct page *page, unsigned int offset, const void *from, size_t n, bool kernel)
{
	char *to = kmap_atomic(page);
	size_t left = 0;

	if (kernel)
		memcpy(to + offset, from, n);
	else
		left = copy_from_user(to + offset, from, n);
	kunmap_atomic(to);
	if (left) { /* the source was not there: let it fault in, holding a window one may sleep with */
		to = kmap(page);
		left = copy_from_user(to + offset, from, n);
		kunmap(page);
	}
	return n - left;
}

size_t page_copy_out(struct page *page, unsigned int offset, void *to, size_t n, bool kernel)
{
	char *from = kmap_atomic(page);
	size_t left = 0;

	if (kernel)
		memcpy(to, from + offset, n);
	else
		left = copy_to_user(to, from + offset, n);
	kunmap_atomic(from);
	if (left) {
		from = kmap(page);
		left = copy_to_user(to, from + offset, n);
		kunmap(page);
	}
	return n - left;
}
