/* SPDX-License-Identifier: MIT */
/*
 * How pipes come to be: pipe(2), FIFOs, and their size.
 *
 * A FIFO's pipe_inode exists while somebody has it open; the first opener makes it. An opener for one direction
 * waits until the other has been opened once since it came (counters, so that a short visit is not missed).
 */
#include "fs/internal.h"
#include "fs/pipe.h"
#include "fs/pipe_user.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"

static struct super_block pipe_sb = { .s_magic = PIPEFS_MAGIC, .s_count = ATOMIC_INIT(1) };

void pipe_init(void)
{
	pipe_sb.s_dev = get_anon_dev();
	pipe_sb.s_blocksize = PAGE_SIZE;
	pipe_user_init();
}

static struct pipe_inode *alloc_pipe(void)
{
	struct pipe_inode *pipe = kzalloc(sizeof(*pipe), GFP_KERNEL);

	if (!pipe)
		return NULL;
	pipe->bufs = kcalloc(PIPE_DEF_BUFFERS, sizeof(*pipe->bufs), GFP_KERNEL);
	pipe->user = pipe->bufs ? pipe_user_get(current->uid) : NULL;
	if (!pipe->user) {
		kfree(pipe->bufs);
		kfree(pipe);
		return NULL;
	}
	pipe->size = PIPE_DEF_BUFFERS;
	if (!pipe_user_charge(pipe->user, 0, PIPE_DEF_BUFFERS)) {
		pipe->size = PIPE_MIN_BUFFERS;
		pipe_user_charge_least(pipe->user, PIPE_MIN_BUFFERS);
	}
	pipe->room = (size_t)pipe->size << PAGE_SHIFT;
	mutex_init(&pipe->mutex, LOCK_RANK_PIPE);
	init_waitqueue_head(&pipe->wait);
	return pipe;
}

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
	if (pipe->used > size || !pipe_user_charge(pipe->user, pipe->size, size)) {
		long err = pipe->used > size ? -EBUSY : -EPERM;

		mutex_unlock(&pipe->mutex);
		kfree(bufs);
		return err;
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
