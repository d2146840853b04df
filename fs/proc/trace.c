/* SPDX-License-Identifier: MIT */
/*
 * /proc/tidemark/: windows into this kernel that Linux does not have.
 *
 *   trace   the memory manager's diary (mm/mm_trace.h) as lines of text. A read gives what has been written since
 *           this reader's last one; it waits for the first new line unless O_NONBLOCK. Each opener starts with the
 *           oldest line still kept.
 *   capture   which pages a process references (capture.c)
 *   slowpath  the allocator's state machine and the ways taken (slowpath.c)
 */
#include "arch/uaccess.h"
#include "fs/poll.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/slab.h"

struct trace_reader {
	struct mutex lock;
	u64 seq;	/* [lock] next event */
	int len, given;	/* [lock] line: bytes, and how many the reader has had */
	char line[192];
};

static int trace_open(struct inode *inode, struct file *file)
{
	struct trace_reader *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return -ENOMEM;
	mutex_init(&r->lock, LOCK_RANK_SEQ_FILE);
	file->private_data = r;
	file->f_mode |= FMODE_STREAM;
	return 0;
}

static void trace_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
}

/* => r->lock held: something to give; the diary may be written anywhere, so it wakes nobody */
static int trace_wait(struct trace_reader *r, bool nonblock)
{
	while (r->given == r->len) {
		r->given = 0;
		r->len = mm_trace_read(&r->seq, r->line, sizeof(r->line));
		if (r->len)
			break;
		if (nonblock)
			return -EAGAIN;
		schedule_timeout_interruptible(HZ / 20);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
	return 0;
}

static ssize_t trace_read_lines(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	struct trace_reader *r = file->private_data;
	ssize_t done = 0;
	int err;

	mutex_lock(&r->lock);
	err = trace_wait(r, file->f_flags & O_NONBLOCK);
	while (!err && count) {
		size_t n = min(count, (size_t)(r->len - r->given));

		if (copy_to_user(ubuf, r->line + r->given, n)) {
			err = -EFAULT;
			break;
		}
		r->given += n;
		ubuf += n;
		count -= n;
		done += n;
		err = trace_wait(r, true);
	}
	mutex_unlock(&r->lock);
	return done ? done : err;
}

static unsigned int trace_poll(struct file *file, struct poll_table *wait)
{
	struct trace_reader *r = file->private_data;
	unsigned int mask;

	mutex_lock(&r->lock);
	mask = trace_wait(r, true) ? 0 : POLLIN | POLLRDNORM;
	mutex_unlock(&r->lock);
	return mask;
}

static const struct file_operations trace_fops = {
	.open = trace_open, .release = trace_release, .read = trace_read_lines, .poll = trace_poll,
	.llseek = no_llseek,
};

static struct proc_entry tidemark_dir = PROC_DIR("tidemark");
static struct proc_entry trace_entry = { .name = "trace", .mode = S_IFREG | 0444, .fops = &trace_fops };

void proc_trace_init(void)
{
	proc_add(NULL, &tidemark_dir);
	proc_add(&tidemark_dir, &trace_entry);
	proc_slowpath_init(&tidemark_dir);
	proc_hwrng_init(&tidemark_dir);
	proc_capture_init(&tidemark_dir);
}
