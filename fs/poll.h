/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several files at once. A file's poll operation says what is ready and, through poll_wait(),
 * names the wait queues that hear of a change. See poll.c.
 */
#ifndef FS_POLL_H
#define FS_POLL_H

#include "fs/fs.h"
#include "kernel/core/wait.h"

#define POLLIN	   0x0001
#define POLLPRI	   0x0002
#define POLLOUT	   0x0004
#define POLLERR	   0x0008
#define POLLHUP	   0x0010
#define POLLNVAL   0x0020
#define POLLRDNORM 0x0040
#define POLLRDBAND 0x0080
#define POLLWRNORM 0x0100
#define POLLWRBAND 0x0200
#define POLLRDHUP  0x2000

struct poll_table {
	void (*queue_proc)(struct file *file, wait_queue_head_t *queue, struct poll_table *table);
};

static inline void poll_wait(struct file *file, wait_queue_head_t *queue, struct poll_table *table)
{
	if (table && table->queue_proc)
		table->queue_proc(file, queue, table);
}

unsigned int vfs_poll(struct file *file, struct poll_table *table); /* files without the operation: always ready */

struct pollfd_k {	/* struct pollfd of the user */
	int fd;
	short events, revents;
};
/*
 * poll(2) on a kernel copy of the array. timeout: jiffies, MAX_SCHEDULE_TIMEOUT: for ever, 0: only look.
 * => number of ready ones, 0, -EINTR (a signal is pending), -ENOMEM. *timeout: what remains
 */
int do_poll(struct pollfd_k *fds, unsigned int n, long *timeout);
/* select(2): in and out bitmaps of n bits, NULL allowed (results in place). => ready bits, -EBADF, -EINTR, -ENOMEM */
int do_select(unsigned int n, unsigned long *in, unsigned long *out, unsigned long *ex, long *timeout);

#endif
