/* SPDX-License-Identifier: MIT */
/*
 * syslog(2): the log for dmesg. /dev/kmsg (fs/chardev.c) shows the same records one by one.
 *
 *   READ_ALL   the last records since the last CLEAR that fit into the buffer, as "<6>[    1.234567] text"
 *   READ       what nobody has read by READ yet; waits for a record
 *
 * A record is copied out whole or not at all. Locks: none of its own; the ring has one.
 */
#include "arch/uaccess.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"
#include "kernel/sys/syscalls.h"
#include "mm/slab.h"

enum {
	SYSLOG_CLOSE, SYSLOG_OPEN, SYSLOG_READ, SYSLOG_READ_ALL, SYSLOG_READ_CLEAR, SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF, SYSLOG_CONSOLE_ON, SYSLOG_CONSOLE_LEVEL, SYSLOG_SIZE_UNREAD, SYSLOG_SIZE_BUFFER,
};

#define LINE_MAX (PRINTK_LINE_MAX + PRINTK_PREFIX_MAX)

static DEFINE_MUTEX(read_lock_of_log, LOCK_RANK_SEQ_FILE);
static u64 read_seq;		/* [read_lock_of_log] next record for SYSLOG_READ */
static int saved_loglevel = -1; /* racy: two that turn the console off at once are their own fault */

/* => length of record *seq as a line, 0: none yet; line (if not NULL) holds LINE_MAX bytes, text the bare record */
static size_t next_line(u64 *seq, char *text, char *line)
{
	struct printk_record r;

	if (!printk_read(seq, &r, text, PRINTK_LINE_MAX))
		return 0;
	return printk_format(&r, text, line, LINE_MAX, true);
}

/* => bytes copied from *seq on, whole lines only, or -EFAULT if not even one could be */
static long copy_lines(u64 *seq, char __user *buf, size_t size, char *scratch)
{
	char *line = scratch + PRINTK_LINE_MAX;
	size_t done = 0, n;

	for (u64 next = *seq; (n = next_line(&next, scratch, line)) && done + n <= size; *seq = next) {
		if (copy_to_user(buf + done, line, n))
			return done ? (long)done : -EFAULT;
		done += n;
	}
	return (long)done;
}

static size_t bytes_from(u64 seq, char *scratch)
{
	size_t sum = 0, n;

	while ((n = next_line(&seq, scratch, scratch + PRINTK_LINE_MAX)))
		sum += n;
	return sum;
}

static long read_all(char __user *buf, size_t size, char *scratch)
{
	u64 seq = max(printk_clear_seq(), printk_first_seq());
	size_t bytes = bytes_from(seq, scratch), n;

	while (bytes > size && (n = next_line(&seq, scratch, scratch + PRINTK_LINE_MAX)))
		bytes -= n;
	return copy_lines(&seq, buf, size, scratch);
}

static long read_new(char __user *buf, size_t size, char *scratch)
{
	long done;

	mutex_lock(&read_lock_of_log);
	while (!(done = copy_lines(&read_seq, buf, size, scratch)) && read_seq >= printk_next_seq()) {
		mutex_unlock(&read_lock_of_log);
		schedule_timeout_interruptible(HZ / 10); /* printk may be called anywhere, so it wakes nobody */
		if (signal_pending(current))
			return -ERESTARTSYS;
		mutex_lock(&read_lock_of_log);
	}
	mutex_unlock(&read_lock_of_log);
	return done;
}

static long read_log(int type, char __user *buf, int len)
{
	char *scratch;
	long done;

	if (!buf || len < 0)
		return -EINVAL;
	if (!len)
		return 0;
	scratch = kmalloc(PRINTK_LINE_MAX + LINE_MAX, GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	done = type == SYSLOG_READ ? read_new(buf, (size_t)len, scratch) : read_all(buf, (size_t)len, scratch);
	if (type == SYSLOG_READ_CLEAR && done >= 0)
		printk_clear();
	kfree(scratch);
	return done;
}

static long unread_bytes(void)
{
	char *scratch = kmalloc(PRINTK_LINE_MAX + LINE_MAX, GFP_KERNEL);
	long bytes;

	if (!scratch)
		return -ENOMEM;
	bytes = (long)bytes_from(READ_ONCE(read_seq), scratch);
	kfree(scratch);
	return bytes;
}

static long set_level(int level)
{
	if (level < 1 || level > 8)
		return -EINVAL;
	console_loglevel = level;
	saved_loglevel = -1;
	return 0;
}

/* Taking records away and turning the console's volume is for CAP_SYSLOG; so is looking, unless dmesg_restrict is 0. */
static bool syslog_permitted(int type)
{
	bool looks = type == SYSLOG_READ_ALL || type == SYSLOG_SIZE_BUFFER;

	return (looks && !READ_ONCE(dmesg_restrict)) || has_capability_syslog(current);
}

long sys_syslog(int type, char __user *buf, int len)
{
	if (!syslog_permitted(type))
		return -EPERM;
	switch (type) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return read_log(type, buf, len);
	case SYSLOG_CLEAR:
		printk_clear();
		return 0;
	case SYSLOG_CONSOLE_OFF:
		if (saved_loglevel < 0)
			saved_loglevel = console_loglevel;
		console_loglevel = 1;
		return 0;
	case SYSLOG_CONSOLE_ON:
		if (saved_loglevel >= 0)
			set_level(saved_loglevel);
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		return set_level(len);
	case SYSLOG_SIZE_UNREAD:
		return unread_bytes();
	case SYSLOG_SIZE_BUFFER:
		return PRINTK_RING_BYTES;
	}
	return -EINVAL;
}
