/* SPDX-License-Identifier: MIT */
/*
 * Pipes: a ring of pages between writers and readers; FIFOs: the same with a name.
 *
 *   write -> [page][page][page] -> read          64 KiB by default
 *
 * A write of up to PIPE_BUF bytes waits until there is room for all of it, so that it comes out in one piece. Small
 * writes go on in the last page. With no writer left a read returns what is there, then 0; with no reader
 * left a write is -EPIPE (kernel/sys sends SIGPIPE).
 *
 * Locks: pipe->mutex for everything (user memory is touched under it), i_lock for making and
 * freeing pipe_inode. Both sides sleep on one queue.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "fs/pipe.h"
#include "fs/poll.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"
#include "asm/barrier.h"

static struct super_block pipe_sb = { .s_magic = PIPEFS_MAGIC, .s_count = ATOMIC_INIT(1) };
static const struct file_operations pipe_fops;

void pipe_init(void)
{
	pipe_sb.s_dev = get_anon_dev();
	pipe_sb.s_blocksize = PAGE_SIZE;
}

static struct pipe_inode *alloc_pipe(void)
{
	struct pipe_inode *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->bufs = kcalloc(PIPE_DEF_BUFFERS, sizeof(*pipe->bufs), GFP_KERNEL);
	if (!pipe->bufs) {
		kfree(pipe);
		return NULL;
	}
	pipe->size = PIPE_DEF_BUFFERS;
	pipe->room = (size_t)PIPE_DEF_BUFFERS << PAGE_SHIFT;
	mutex_init(&pipe->mutex, LOCK_RANK_PIPE);
	init_waitqueue_head(&pipe->wait);
	return pipe;
}

static void free_pipe(struct pipe_inode *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->used; i++)
		__free_page(pipe->bufs[(pipe->first + i) % pipe->size].page);
	if (pipe->spare)
		__free_page(pipe->spare);
	kfree(pipe->bufs);
	kfree(pipe);
}

static struct pipe_inode *file_pipe(struct file *file)
{
	return file->private_data;
}

/* ---- read ---- */

/* Bytes that could go in now. */
static size_t count_room(const struct pipe_inode *pipe)
{
	const struct pipe_buffer *last;
	size_t room = (size_t)(pipe->size - pipe->used) << PAGE_SHIFT;

	if (!pipe->used)
		return room;
	last = &pipe->bufs[(pipe->first + pipe->used - 1) % pipe->size];
	return room + (PAGE_SIZE - last->offset - last->len);
}

/* A short message needs a page for a moment only: one is kept. pipe->mutex is held. */
static struct page *get_page_for(struct pipe_inode *pipe)
{
	struct page *page = pipe->spare;

	pipe->spare = NULL;
	return page ? page : alloc_page(GFP_HIGHUSER);
}

static void put_emptied(struct pipe_inode *pipe, struct page *page)
{
	if (pipe->spare)
		__free_page(page);
	else
		pipe->spare = page;
}

/* => after a change, pipe->mutex held: unlocks, and wakes whoever waits for it */
static void pipe_changed(struct pipe_inode *pipe)
{
	WRITE_ONCE(pipe->room, count_room(pipe));
	mutex_unlock(&pipe->mutex);
	smp_mb(); /* the change before the look at the queue; pairs with prepare_to_wait */
	if (waitqueue_active(&pipe->wait))
		wake_up_all(&pipe->wait);
}

static ssize_t pipe_take(struct pipe_inode *pipe, char *buf, size_t count, bool kernel)
{
	ssize_t done = 0;

	while (count && pipe->used) {
		struct pipe_buffer *b = &pipe->bufs[pipe->first];
		size_t n = min(count, (size_t)b->len);
		size_t copied = page_copy_out(b->page, b->offset, buf, n, kernel);

		if (copied < n)
			return done ? done : -EFAULT;
		b->offset += n;
		b->len -= n;
		buf += n;
		count -= n;
		done += n;
		if (!b->len) {
			put_emptied(pipe, b->page);
			b->page = NULL;
			pipe->first = (pipe->first + 1) % pipe->size;
			pipe->used--;
		}
	}
	return done;
}

static ssize_t pipe_do_read(struct file *file, char *buf, size_t count, bool kernel)
{
	struct pipe_inode *pipe = file_pipe(file);
	ssize_t done = 0;

	if (!count)
		return 0;
	mutex_lock(&pipe->mutex);
	for (;;) {
		done = pipe_take(pipe, buf, count, kernel);
		if (done || !pipe->writers) {
			pipe_changed(pipe);
			break;
		}
		mutex_unlock(&pipe->mutex);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		done = wait_event_interruptible(pipe->wait, READ_ONCE(pipe->used) || !READ_ONCE(pipe->writers));
		if (done)
			return done;
		mutex_lock(&pipe->mutex);
	}
	if (done > 0)
		file_accessed(file);
	return done;
}

/* ---- write ---- */

static ssize_t pipe_append(struct pipe_inode *pipe, const char *buf, size_t n, bool kernel)
{
	struct pipe_buffer *b = &pipe->bufs[(pipe->first + pipe->used - 1) % pipe->size];
	size_t room = pipe->used ? PAGE_SIZE - b->offset - b->len : 0, copied;

	if (room) {
		n = min(n, room);
		copied = page_copy_in(b->page, b->offset + b->len, buf, n, kernel);
		b->len += copied;
		return copied == n ? (ssize_t)n : -EFAULT;
	}
	b = &pipe->bufs[(pipe->first + pipe->used) % pipe->size];
	b->page = get_page_for(pipe);
	if (!b->page)
		return -ENOMEM;
	n = min(n, (size_t)PAGE_SIZE);
	copied = page_copy_in(b->page, 0, buf, n, kernel);
	b->offset = 0;
	b->len = copied;
	if (!copied) {
		put_emptied(pipe, b->page);
		return -EFAULT;
	}
	pipe->used++;
	return copied == n ? (ssize_t)n : -EFAULT;
}

/* As much as goes in now; all or nothing for atomic writes. */
static ssize_t pipe_put(struct pipe_inode *pipe, const char *buf, size_t count, bool atomic, bool kernel)
{
	ssize_t done = 0;

	if (atomic && count_room(pipe) < count)
		return 0;
	while (count && count_room(pipe)) {
		ssize_t n = pipe_append(pipe, buf, count, kernel);

		if (n < 0)
			return done ? done : n;
		buf += n;
		count -= n;
		done += n;
	}
	return done;
}

static ssize_t pipe_do_write(struct file *file, const char *buf, size_t count, bool kernel)
{
	struct pipe_inode *pipe = file_pipe(file);
	bool atomic = count <= PIPE_BUF;
	ssize_t done = 0, n;

	if (!count)
		return 0;
	for (;;) {
		int err;

		mutex_lock(&pipe->mutex);
		n = pipe->readers ? pipe_put(pipe, buf, count, atomic, kernel) : -EPIPE;
		pipe_changed(pipe);
		if (n < 0)
			return done ? done : n;
		buf += n;
		count -= n;
		done += n;
		if (!count)
			break;
		if (file->f_flags & O_NONBLOCK)
			return done ? done : -EAGAIN;
		err = wait_event_interruptible(pipe->wait, !READ_ONCE(pipe->readers) ||
							   READ_ONCE(pipe->room) >= (atomic ? count : 1));
		if (err)
			return done ? done : err;
	}
	file_update_time(file);
	return done;
}

static ssize_t pipe_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return pipe_do_read(file, ubuf, count, false);
}

static ssize_t pipe_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return pipe_do_write(file, ubuf, count, false);
}

static ssize_t pipe_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return pipe_do_read(file, buf, count, true);
}

static ssize_t pipe_kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return pipe_do_write(file, buf, count, true);
}

static unsigned int pipe_poll(struct file *file, struct poll_table *wait)
{
	struct pipe_inode *pipe = file_pipe(file);
	unsigned int mask = 0;

	poll_wait(file, &pipe->wait, wait);
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ) {
		if (pipe->used)
			mask |= POLLIN | POLLRDNORM;
		if (!pipe->writers && (pipe->w_counter || !S_ISFIFO(file->f_inode->i_mode)))
			mask |= POLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (pipe->used < pipe->size)
			mask |= POLLOUT | POLLWRNORM;
		if (!pipe->readers)
			mask |= POLLERR;
	}
	mutex_unlock(&pipe->mutex);
	return mask;
}

static long pipe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct pipe_inode *pipe = file_pipe(file);
	unsigned int i;
	int n = 0;

	if (cmd != 0x541b) /* FIONREAD */
		return -ENOIOCTLCMD;
	mutex_lock(&pipe->mutex);
	for (i = 0; i < pipe->used; i++)
		n += (int)pipe->bufs[(pipe->first + i) % pipe->size].len;
	mutex_unlock(&pipe->mutex);
	return put_user(n, (int *)arg);
}

static void pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_inode *pipe = file_pipe(file);
	bool last;

	if (!pipe)
		return;
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ)
		pipe->readers--;
	if (file->f_mode & FMODE_WRITE)
		pipe->writers--;
	pipe_changed(pipe);
	spin_lock(&inode->i_lock);
	last = --pipe->files == 0;
	if (last)
		inode->i_pipe = NULL;
	spin_unlock(&inode->i_lock);
	if (last)
		free_pipe(pipe);
}

static const struct file_operations pipe_fops = {
	.read = pipe_read, .write = pipe_write, .kernel_read = pipe_kernel_read,
	.kernel_write = pipe_kernel_write, .poll = pipe_poll, .ioctl = pipe_ioctl,
	.release = pipe_release, .llseek = no_llseek,
};

/* ---- pipe(2) ---- */

static void pipe_name(struct dentry *dentry, char *buf, size_t size)
{
	snprintf(buf, size, "pipe:[%llu]", dentry->d_inode->i_ino);
}

static const struct dentry_operations pipe_d_ops = { .d_name = pipe_name };

static struct file *pipe_file(struct inode *inode, unsigned int flags)
{
	struct pipe_inode *pipe = inode->i_pipe;
	struct file *file = alloc_pseudo_file(&pipe_sb, igrab(inode), "", &pipe_d_ops, flags, &pipe_fops);

	if (IS_ERR(file))
		return file;
	file->f_mode |= FMODE_STREAM;
	file->private_data = pipe;
	pipe->files++;
	if (flags & O_WRONLY) {
		pipe->writers++;
		pipe->w_counter++; /* there has been a writer: POLLHUP once it is gone */
	} else {
		pipe->readers++;
		pipe->r_counter++;
	}
	return file;
}

int create_pipe_files(struct file *files[2], int flags)
{
	struct inode *inode;
	int err = 0;

	if (flags & ~(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	inode = new_inode(NULL, S_IFIFO | 0600);
	if (!inode)
		return -ENFILE;
	inode->i_pipe = alloc_pipe();
	if (!inode->i_pipe) {
		iput(inode);
		return -ENOMEM;
	}
	inode->i_pipe->files = 1; /* ours, until both files exist */
	files[0] = pipe_file(inode, O_RDONLY | (flags & O_NONBLOCK));
	files[1] = IS_ERR(files[0]) ? files[0] : pipe_file(inode, O_WRONLY | (flags & O_NONBLOCK));
	if (IS_ERR(files[1])) {
		err = PTR_ERR(files[1]);
		if (!IS_ERR(files[0]))
			fput(files[0]);
		free_pipe(inode->i_pipe);
		inode->i_pipe = NULL;
	} else {
		inode->i_pipe->files--;
	}
	iput(inode);
	return err;
}

long pipe_get_size(struct file *file)
{
	if (file->f_op != &pipe_fops)
		return -EBADF;
	return (long)file_pipe(file)->size << PAGE_SHIFT;
}

long pipe_set_size(struct file *file, unsigned long bytes)
{
	unsigned int size = 1, i;
	struct pipe_buffer *bufs;
	struct pipe_inode *pipe;

	if (file->f_op != &pipe_fops)
		return -EBADF;
	while ((unsigned long)size << PAGE_SHIFT < bytes && size <= PIPE_MAX_BUFFERS)
		size *= 2;
	if (size > PIPE_MAX_BUFFERS)
		return -EPERM;
	bufs = kcalloc(size, sizeof(*bufs), GFP_KERNEL);
	if (!bufs)
		return -ENOMEM;
	pipe = file_pipe(file);
	mutex_lock(&pipe->mutex);
	if (pipe->used > size) {
		mutex_unlock(&pipe->mutex);
		kfree(bufs);
		return -EBUSY;
	}
	for (i = 0; i < pipe->used; i++)
		bufs[i] = pipe->bufs[(pipe->first + i) % pipe->size];
	kfree(pipe->bufs);
	pipe->bufs = bufs;
	pipe->size = size;
	pipe->first = 0;
	pipe_changed(pipe);
	return (long)size << PAGE_SHIFT;
}

/* ---- FIFOs ---- */

/* The FIFO's pipe, with one file more; made by the first opener. */
static struct pipe_inode *fifo_get(struct inode *inode)
{
	struct pipe_inode *fresh = alloc_pipe(), *pipe;

	if (!fresh)
		return NULL;
	spin_lock(&inode->i_lock);
	if (!inode->i_pipe) {
		inode->i_pipe = fresh;
		fresh = NULL;
	}
	pipe = inode->i_pipe;
	pipe->files++;
	spin_unlock(&inode->i_lock);
	if (fresh)
		free_pipe(fresh);
	return pipe;
}

/* Each side waits until the other has been opened once since it came. */
static int fifo_rendezvous(struct pipe_inode *pipe, struct file *file)
{
	unsigned int seen;

	switch (file->f_mode & (FMODE_READ | FMODE_WRITE)) {
	case FMODE_READ:
		seen = pipe->w_counter;
		if (READ_ONCE(pipe->writers) || (file->f_flags & O_NONBLOCK))
			return 0;
		return wait_event_interruptible(pipe->wait, READ_ONCE(pipe->w_counter) != seen);
	case FMODE_WRITE:
		seen = pipe->r_counter;
		if (READ_ONCE(pipe->readers))
			return 0;
		if (file->f_flags & O_NONBLOCK)
			return -ENXIO;
		return wait_event_interruptible(pipe->wait, READ_ONCE(pipe->r_counter) != seen);
	default:
		return 0;
	}
}

static int fifo_open(struct inode *inode, struct file *file)
{
	struct pipe_inode *pipe = fifo_get(inode);
	int err;

	if (!pipe)
		return -ENOMEM;
	file->f_op = &pipe_fops;
	file->f_mode |= FMODE_STREAM;
	file->private_data = pipe;
	mutex_lock(&pipe->mutex);
	if (file->f_mode & FMODE_READ) {
		pipe->readers++;
		pipe->r_counter++;
	}
	if (file->f_mode & FMODE_WRITE) {
		pipe->writers++;
		pipe->w_counter++;
	}
	pipe_changed(pipe);
	err = fifo_rendezvous(pipe, file);
	if (err)
		pipe_release(inode, file);
	return err;
}

const struct file_operations fifo_fops = { .open = fifo_open };
