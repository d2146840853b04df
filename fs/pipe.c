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
#include "fs/pipe_user.h"
#include "fs/poll.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"
#include "asm/barrier.h"


void free_pipe(struct pipe_inode *pipe)
{
	unsigned int i;

	for (i = 0; i < pipe->used; i++)
		__free_page(pipe->bufs[(pipe->first + i) % pipe->size].page);
	if (pipe->spare)
		__free_page(pipe->spare);
	pipe_user_charge(pipe->user, pipe->size, 0);
	pipe_user_put(pipe->user);
	kfree(pipe->bufs);
	kfree(pipe);
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
void pipe_changed(struct pipe_inode *pipe)
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
		if (copied < n)
			return -EFAULT; /* and nobody reads the part that came */
		b->len += n;
		return (ssize_t)n;
	}
	b = &pipe->bufs[(pipe->first + pipe->used) % pipe->size];
	b->page = get_page_for(pipe);
	if (!b->page)
		return -ENOMEM;
	n = min(n, (size_t)PAGE_SIZE);
	copied = page_copy_in(b->page, 0, buf, n, kernel);
	if (copied < n) {
		put_emptied(pipe, b->page);
		return -EFAULT;
	}
	b->offset = 0;
	b->len = n;
	pipe->used++;
	return (ssize_t)n;
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

void pipe_release(struct inode *inode, struct file *file)
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

const struct file_operations pipe_fops = {
	.read = pipe_read, .write = pipe_write, .kernel_read = pipe_kernel_read,
	.kernel_write = pipe_kernel_write, .poll = pipe_poll, .ioctl = pipe_ioctl,
	.release = pipe_release, .llseek = no_llseek,
};
