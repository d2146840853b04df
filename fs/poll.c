/* SPDX-License-Identifier: MIT */
/*
 * poll and select: waiting until one of several files is ready.
 *
 *   round 1: ask each file what is ready; it names its wait queue (poll_wait) and we stand in it
 *   nothing ready: sleep; a wake-up on any queue sets pw.triggered
 *   round 2: ask again without standing in more queues, and so on; at the end leave all queues
 *
 * `triggered` is cleared before the files are asked, so a wake-up between asking and sleeping is not lost.
 */
#include "fs/fdtable.h"
#include "fs/poll.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"

struct poll_wait_entry {
	struct poll_wait_entry *next;
	struct file *file;		/* referenced: its queue must not go away */
	wait_queue_head_t *queue;
	wait_queue_t wait;
	struct poll_wqueues *owner;
};

struct poll_wqueues {
	struct poll_table table;
	struct task_struct *task;
	int triggered;
	int error;
	struct poll_wait_entry *entries;
};

static int poll_wake(wait_queue_t *wait, unsigned int state, int flags, void *key)
{
	struct poll_wait_entry *e = container_of(wait, struct poll_wait_entry, wait);

	WRITE_ONCE(e->owner->triggered, 1);
	return try_to_wake_up(e->owner->task, state, flags);
}

static void poll_enqueue(struct file *file, wait_queue_head_t *queue, struct poll_table *table)
{
	struct poll_wqueues *pw = container_of(table, struct poll_wqueues, table);
	struct poll_wait_entry *e = kmalloc(sizeof(*e), GFP_KERNEL);

	if (!e) {
		pw->error = -ENOMEM;
		return;
	}
	e->file = get_file(file);
	e->queue = queue;
	e->owner = pw;
	init_waitqueue_func_entry(&e->wait, poll_wake);
	e->next = pw->entries;
	pw->entries = e;
	add_wait_queue(queue, &e->wait);
}

static void poll_init(struct poll_wqueues *pw)
{
	memset(pw, 0, sizeof(*pw));
	pw->table.queue_proc = poll_enqueue;
	pw->task = current;
}

static void poll_free(struct poll_wqueues *pw)
{
	while (pw->entries) {
		struct poll_wait_entry *e = pw->entries;

		pw->entries = e->next;
		remove_wait_queue(e->queue, &e->wait);
		fput(e->file);
		kfree(e);
	}
}

/* => sleeps until something was triggered; remaining ticks */
static long poll_sleep(struct poll_wqueues *pw, long timeout)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(pw->triggered))
		timeout = schedule_timeout(timeout);
	__set_current_state(TASK_RUNNING);
	return timeout;
}

/* One round over the files: how many are ready */
typedef int (*poll_round_t)(void *arg, struct poll_table *table);

static int poll_loop(poll_round_t round, void *arg, long *timeout)
{
	struct poll_wqueues pw;
	struct poll_table *table = &pw.table;
	int ready;

	poll_init(&pw);
	if (*timeout == 0)
		table = NULL;
	for (;;) {
		WRITE_ONCE(pw.triggered, 0);
		ready = round(arg, table);
		table = NULL;
		if (ready || pw.error || !*timeout)
			break;
		if (signal_pending(current)) {
			ready = -EINTR;
			break;
		}
		*timeout = poll_sleep(&pw, *timeout);
	}
	poll_free(&pw);
	return ready ? ready : pw.error;
}

/* ---- poll ---- */

struct poll_args {
	struct pollfd_k *fds;
	unsigned int n;
};

static int poll_round(void *arg, struct poll_table *table)
{
	struct poll_args *a = arg;
	unsigned int i;
	int ready = 0;

	for (i = 0; i < a->n; i++) {
		struct pollfd_k *p = &a->fds[i];
		unsigned int mask = 0;
		struct file *file;

		if (p->fd >= 0) {
			file = fget(p->fd);
			mask = POLLNVAL;
			if (file) {
				mask = vfs_poll(file, ready ? NULL : table);
				mask &= (unsigned short)p->events | POLLERR | POLLHUP;
				fput(file);
			}
		}
		p->revents = (short)mask;
		if (mask)
			ready++;
		if (i % 256 == 255)
			cond_resched();
	}
	return ready;
}

int do_poll(struct pollfd_k *fds, unsigned int n, long *timeout)
{
	struct poll_args args = { fds, n };

	return poll_loop(poll_round, &args, timeout);
}

/* ---- select ---- */

struct select_args {
	unsigned int n;
	unsigned long *want[3], *have[3]; /* in, out, exceptional */
};

#define POLLIN_SET  (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define POLLOUT_SET (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define POLLEX_SET  POLLPRI

static int select_one(struct select_args *a, unsigned int fd, struct poll_table *table)
{
	static const unsigned int sets[3] = { POLLIN_SET, POLLOUT_SET, POLLEX_SET };
	struct file *file = fget((int)fd);
	unsigned int mask, i;
	int ready = 0;

	if (!file)
		return -EBADF;
	mask = vfs_poll(file, table);
	fput(file);
	for (i = 0; i < 3; i++) {
		if (a->want[i] && test_bit(fd, a->want[i]) && (mask & sets[i])) {
			__set_bit(fd, a->have[i]);
			ready++;
		}
	}
	return ready;
}

static int select_round(void *arg, struct poll_table *table)
{
	struct select_args *a = arg;
	unsigned int fd, i;
	int ready = 0;

	for (i = 0; i < 3; i++)
		memset(a->have[i], 0, round_up(a->n, 64) / 8);
	for (fd = 0; fd < a->n; fd++) {
		bool wanted = false;
		int one;

		for (i = 0; i < 3; i++)
			wanted |= a->want[i] && test_bit(fd, a->want[i]);
		if (!wanted)
			continue;
		one = select_one(a, fd, ready ? NULL : table);
		if (one < 0)
			return one;
		ready += one;
	}
	return ready;
}

int do_select(unsigned int n, unsigned long *in, unsigned long *out, unsigned long *ex, long *timeout)
{
	size_t bytes = round_up(max(n, 1U), 64) / 8;
	struct select_args args = { .n = n, .want = { in, out, ex } };
	char *have = kzalloc(3 * bytes, GFP_KERNEL);
	int ready, i;

	if (!have)
		return -ENOMEM;
	for (i = 0; i < 3; i++)
		args.have[i] = (unsigned long *)(have + i * bytes);
	ready = poll_loop(select_round, &args, timeout);
	for (i = 0; i < 3 && ready >= 0; i++)
		if (args.want[i])
			memcpy(args.want[i], args.have[i], round_up(n, 64) / 8);
	kfree(have);
	return ready;
}
