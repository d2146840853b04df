/* SPDX-License-Identifier: MIT */
/*
 * Tasks that sleep uninterruptibly for too long: Linux's khungtaskd, as a timer.
 *
 * Every ten seconds all tasks in state D are looked at: one that was last switched away hung_task_timeout_secs ago
 * is reported, with the stack it sleeps on, and again after as long. Ten reports, then silence: what hangs
 * keeps hanging.
 * /proc/sys/kernel/hung_task_timeout_secs: 0 is off. /proc/sys/kernel/hung_task_warnings: reports left, -1: no limit.
 *
 * Locks: tasklist_lock for reading; a task's state and switch_tick are read as they are.
 */
#include "kernel/core/hung_task.h"
#include "arch/trap.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "kernel/core/timer.h"

#define LOOK_EVERY (10UL * HZ)

int hung_task_timeout_secs = 120, hung_task_warnings = 10;

static void look(unsigned long unused);

static DEFINE_TIMER(hung_task_timer, look, 0, 0);

static void report(const struct task_struct *p, unsigned long timeout)
{
	if (hung_task_warnings > 0)
		hung_task_warnings--;
	pr_err("INFO: task %s:%d blocked for more than %lu seconds.\n", p->comm, p->pid, timeout);
	pr_err("It waits for a disk or a lock; if a disk does not answer, a message says so. \"echo 0 > "
	       "/proc/sys/kernel/hung_task_timeout_secs\" disables this message.\n");
	show_stack(p);
}

static void look(unsigned long unused)
{
	unsigned long timeout = (unsigned long)READ_ONCE(hung_task_timeout_secs);
	struct task_struct *p, *t;

	(void)unused;
	mod_timer(&hung_task_timer, jiffies + LOOK_EVERY);
	if (!timeout)
		return;
	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			unsigned long slept = jiffies - READ_ONCE(t->switch_tick);

			if (READ_ONCE(t->state) != TASK_UNINTERRUPTIBLE || slept < timeout * HZ)
				continue;
			if (t->flags & (PF_FROZEN | PF_FREEZER_SKIP)) /* waits for the end of a suspend or a task */
				continue;
			/* Looked at every LOOK_EVERY: each multiple of the timeout is seen once. */
			if (slept % (timeout * HZ) < LOOK_EVERY && hung_task_warnings)
				report(t, timeout);
		}
	}
	read_unlock(&tasklist_lock);
}

void hung_task_init(void)
{
	mod_timer(&hung_task_timer, jiffies + LOOK_EVERY);
}
