/* SPDX-License-Identifier: MIT */
/*
 * System calls on open files: reading, writing, seeking, size. Thin: the work is in fs/. fd_calls.c has those that
 * make descriptors and change them.
 *
 * A write to a pipe nobody reads fails with EPIPE and sends SIGPIPE here, one beyond RLIMIT_FSIZE SIGXFSZ, since
 * fs knows no signals.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "mm/pagemap.h"
#include "mm/slab.h"

#define IOV_ON_STACK 8

/* => ret, after the signal that goes with some errors of writing */
static ssize_t write_signals(ssize_t ret)
{
	if (unlikely(ret == -EPIPE))
		send_sig_info(SIGPIPE, SEND_SIG_NOINFO, current, false);
	else if (unlikely(ret == -EFBIG) && current->signal->rlim[RLIMIT_FSIZE].rlim_cur != RLIM_INFINITY)
		send_sig_info(SIGXFSZ, SEND_SIG_NOINFO, current, false);
	return ret;
}

long sys_read(int fd, char __user *buf, size_t count)
{
	struct file *file = fget(fd);
	ssize_t ret;

	if (!file)
		return -EBADF;
	ret = file_read(file, buf, count);
	fput(file);
	return ret;
}

long sys_write(int fd, const char __user *buf, size_t count)
{
	struct file *file = fget(fd);
	ssize_t ret;

	if (!file)
		return -EBADF;
	ret = write_signals(file_write(file, buf, count));
	fput(file);
	return ret;
}

static bool has_positions(const struct file *file)
{
	return (file->f_mode & FMODE_PREAD) && !S_ISFIFO(file_inode(file)->i_mode);
}

static long do_pread(int fd, char __user *buf, size_t count, loff_t pos, bool write)
{
	struct file *file;
	ssize_t ret;

	if (pos < 0)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	if (!has_positions(file))
		ret = -ESPIPE;
	else
		ret = write ? write_signals(vfs_write(file, buf, count, &pos)) : vfs_read(file, buf, count, &pos);
	fput(file);
	return ret;
}

long sys_pread64(int fd, char __user *buf, size_t count, loff_t pos)
{
	return do_pread(fd, buf, count, pos, false);
}

long sys_pwrite64(int fd, const char __user *buf, size_t count, loff_t pos)
{
	return do_pread(fd, (char *)buf, count, pos, true);
}

/* ---- Vectors ---------------------------------------------------------------------------------- */

/* => n pieces copied to *iov (fast, or allocated), checked; or -errno */
static int import_iovec(const void __user *uiov, unsigned long n, struct iovec_k *fast,
			struct iovec_k **iov)
{
	size_t total = 0;

	if (n > UIO_MAXIOV)
		return -EINVAL;
	*iov = fast;
	if (n > IOV_ON_STACK)
		*iov = kmalloc(n * sizeof(**iov), GFP_KERNEL);
	if (!*iov)
		return -ENOMEM;
	if (copy_from_user(*iov, uiov, n * sizeof(**iov)))
		goto fault;
	for (unsigned long i = 0; i < n; i++) {
		struct iovec_k *piece = *iov + i;

		if ((ssize_t)piece->len < 0 || (ssize_t)(total + piece->len) < 0) {
			if (*iov != fast)
				kfree(*iov);
			return -EINVAL;
		}
		if (!access_ok(piece->base, piece->len))
			goto fault;
		total += piece->len;
	}
	return 0;
fault:
	if (*iov != fast)
		kfree(*iov);
	return -EFAULT;
}

static long do_vector(int fd, const void __user *uiov, unsigned long n, loff_t *pos, bool write)
{
	struct iovec_k fast[IOV_ON_STACK], *iov;
	struct file *file;
	ssize_t ret;

	file = fget(fd);
	if (!file)
		return -EBADF;
	if (pos && !has_positions(file))
		ret = -ESPIPE;
	else
		ret = import_iovec(uiov, n, fast, &iov);
	if (!ret) {
		ret = write ? write_signals(vfs_writev(file, iov, (unsigned int)n, pos)) :
			      vfs_readv(file, iov, (unsigned int)n, pos);
		if (iov != fast)
			kfree(iov);
	}
	fput(file);
	return ret;
}

long sys_readv(int fd, const void __user *iov, unsigned long n)
{
	return do_vector(fd, iov, n, NULL, false);
}

long sys_writev(int fd, const void __user *iov, unsigned long n)
{
	return do_vector(fd, iov, n, NULL, true);
}

long sys_preadv(int fd, const void __user *iov, unsigned long n, loff_t pos)
{
	return pos < 0 ? -EINVAL : do_vector(fd, iov, n, &pos, false);
}

long sys_pwritev(int fd, const void __user *iov, unsigned long n, loff_t pos)
{
	return pos < 0 ? -EINVAL : do_vector(fd, iov, n, &pos, true);
}

/* ---- Position, size, state ---------------------------------------------------------------------- */

long sys_lseek(int fd, loff_t offset, int whence)
{
	struct file *file = fget(fd);
	loff_t ret;

	if (!file)
		return -EBADF;
	ret = vfs_llseek(file, offset, whence);
	fput(file);
	return ret;
}

long sys_sendfile(int out_fd, int in_fd, loff_t __user *upos, size_t count)
{
	struct file *in = fget(in_fd), *out = fget(out_fd);
	loff_t pos;
	ssize_t ret = -EBADF;

	if (in && out) {
		ret = upos && get_user(pos, upos) ? -EFAULT : 0;
		if (!ret)
			ret = write_signals(vfs_sendfile(out, in, upos ? &pos : NULL, count));
		if (ret >= 0 && upos && put_user(pos, upos))
			ret = -EFAULT;
	}
	if (in)
		fput(in);
	if (out)
		fput(out);
	return ret;
}

static long do_fsync(int fd, bool datasync)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_fsync(file, datasync);
	fput(file);
	return ret;
}

long sys_fsync(int fd)
{
	return do_fsync(fd, false);
}

long sys_fdatasync(int fd)
{
	return do_fsync(fd, true);
}

long sys_sync(void)
{
	vfs_sync();
	return 0;
}

long sys_syncfs(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return -EBADF;
	fput(file);
	return vfs_sync();
}

long sys_ftruncate(int fd, loff_t length)
{
	struct file *file;
	long ret;

	if (length < 0)
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	ret = vfs_ftruncate(file, length);
	fput(file);
	return ret;
}

long sys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_fallocate(file, mode, offset, len);
	fput(file);
	return ret;
}

long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = S_ISFIFO(file_inode(file)->i_mode) ? -ESPIPE : generic_fadvise(file, offset, len, advice);
	fput(file);
	return ret;
}

long sys_readahead(int fd, loff_t offset, size_t count)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	if (!(file->f_mode & FMODE_READ))
		ret = -EBADF;
	else if (!S_ISREG(file_inode(file)->i_mode) && !S_ISBLK(file_inode(file)->i_mode))
		ret = -EINVAL;
	else
		ret = generic_readahead(file, offset, count);
	fput(file);
	return ret;
}

static long do_getdents(int fd, void __user *buf, unsigned int count)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = vfs_getdents64(file, buf, count);
	fput(file);
	return ret;
}

long sys_getdents64(int fd, void __user *buf, unsigned int count)
{
	return do_getdents(fd, buf, count);
}

long sys_flock(int fd, unsigned int operation)
{
	struct file *file = fget(fd);
	long ret;

	if (!file)
		return -EBADF;
	ret = flock_file(file, operation);
	fput(file);
	return ret;
}
