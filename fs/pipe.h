/* SPDX-License-Identifier: MIT */
/* Pipes and FIFOs. See pipe.c. */
#ifndef FS_PIPE_H
#define FS_PIPE_H

#include "fs/fs.h"
#include "kernel/core/wait.h"

#define PIPE_BUF	  4096	/* writes up to this size are never torn */
#define PIPE_DEF_BUFFERS  16	/* pages: 64 KiB, Linux's default */
#define PIPE_MIN_BUFFERS  2	/* what a user gets whose pipes hold too much */
#define PIPE_MAX_BUFFERS  256	/* 1 MiB, what F_SETPIPE_SZ allows */

struct pipe_buffer {
	struct page *page;
	unsigned int offset, len;
};

struct pipe_inode {
	struct mutex mutex;
	wait_queue_head_t wait;		/* both sides */
	struct pipe_buffer *bufs;	/* [mutex] ring of size entries */
	unsigned int size;		/* [mutex] */
	unsigned int first, used;	/* [mutex] */
	struct pipe_user *user;		/* [I] whose pages these are (pipe_user.c) */
	struct page *spare;		/* [mutex] the last emptied page, for the next write; or NULL */
	size_t room;			/* [mutex] bytes that can be written; read by who waits */
	unsigned int readers, writers;	/* [mutex] open files */
	unsigned int r_counter, w_counter; /* [mutex] opens so far: FIFO openers wait for a change */
	unsigned int files;		/* [inode i_lock] open files of both kinds */
};

void pipe_init(void);
void locks_init(void);
/* Between pipe.c and pipe_open.c */
extern const struct file_operations pipe_fops;
void free_pipe(struct pipe_inode *pipe);
void pipe_changed(struct pipe_inode *pipe); /* => after a change, pipe->mutex held: unlocks, and wakes whoever waits */
void pipe_release(struct inode *inode, struct file *file);

static inline struct pipe_inode *file_pipe(struct file *file)
{
	return file->private_data;
}

/* fcntl(F_GETPIPE_SZ), F_SETPIPE_SZ: => bytes or -errno; -EBADF: not a pipe */
long pipe_get_size(struct file *file);
long pipe_set_size(struct file *file, unsigned long bytes);

#endif
