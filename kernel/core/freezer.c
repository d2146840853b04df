/* SPDX-License-Identifier: MIT */
/*
 * Freezing: a task stops in try_to_freeze(), which user tasks call on their way back to user mode (as if for a
 * signal, kernel/sys/signal_return.c) and freezable kernel threads at the top of their loops. Nobody holds a lock
 * there, so who still runs can wait for no lock of a frozen task.
 *
 *	freeze_processes:  pm_freezing = user tasks, then kernel threads too; each time
 *	                   every tick: all that are not frozen are woken from interruptible sleeps, or kicked
 *	                   until all are frozen, stopped, dead, or wait for a frozen one (freezer_do_not_count)
 *	try_to_freeze:     PF_FROZEN, TASK_UNINTERRUPTIBLE, until pm_freezing says nobody again; this sleep is no load
 *
 * A task with SIGKILL pending or TIF_MEMDIE does not freeze: its end is what others wait for.
 *
 * Locks: tasklist_lock (read) for the walk; pm_freezing and PF_FROZEN are ordered by the barrier in
 * set_current_state() against the one in thaw.
 * Linux beyond it: freezing of single cgroups, wake-up sources that are counted. Test: tests/boot/test_freeze.py.
 */
#include "kernel/core/freezer.h"
#include "kernel/base/errno.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/core/wait.h"

#define FREEZE_TIMEOUT (20 * HZ)

enum pm_freezing pm_freezing;
static DECLARE_WAIT_QUEUE_HEAD(wakeup_wait);
static bool wakeup_seen = true; /* [any CPU] */

bool try_to_freeze(void)
{
	struct task_struct *p = current;

	if (!freezing(p))
		return false;
	p->flags |= PF_FROZEN; /* seen by who thaws, or we see what was changed */
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!freezing(p))
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
	p->flags &= ~PF_FROZEN;
	return true;
}

static bool is_still(const struct task_struct *t)
{
	if ((t->flags & PF_KTHREAD) && pm_freezing < PM_FREEZE_ALL)
		return true;
	return t == current || t->exit_state || (t->flags & (PF_FROZEN | PF_FREEZER_SKIP | PF_NOFREEZE)) ||
	       (READ_ONCE(t->state) & TASK_STOPPED);
}

static void ask_to_freeze(struct task_struct *t)
{
	if (!(t->flags & PF_KTHREAD))
		set_tsk_thread_flag(t, TIF_SIGPENDING);
	if (!wake_up_state(t, TASK_INTERRUPTIBLE))
		kick_process(t);
}

/* => how many are not still; one of them in *who, with a reference */
static unsigned int ask_everybody(struct task_struct **who)
{
	struct task_struct *p, *t;
	unsigned int nr = 0;

	*who = NULL;
	read_lock(&tasklist_lock);
	for_each_process(p) {
		for_each_thread(p, t) {
			if (is_still(t))
				continue;
			ask_to_freeze(t);
			if (!nr++) {
				get_task_struct(t);
				*who = t;
			}
		}
	}
	read_unlock(&tasklist_lock);
	return nr;
}

static int freeze(enum pm_freezing whom)
{
	unsigned long end = jiffies + FREEZE_TIMEOUT;
	struct task_struct *who;
	unsigned int nr;
	int err = 0;

	WRITE_ONCE(pm_freezing, whom);
	while ((nr = ask_everybody(&who)) != 0) {
		if (fatal_signal_pending(current))
			err = -EINTR;
		else if (time_after(jiffies, end))
			err = -EBUSY;
		if (err == -EBUSY)
			pr_err("PM: %u tasks refuse to freeze, among them %d (%s)\n", nr, who->pid, who->comm);
		put_task_struct(who);
		if (err) {
			thaw_processes();
			return err;
		}
		schedule_timeout_uninterruptible(1);
	}
	return 0;
}

int freeze_processes(void)
{
	int err = freeze(PM_FREEZE_USER);

	return err ? err : freeze(PM_FREEZE_ALL);
}

void thaw_task(struct task_struct *p)
{
	smp_mb(); /* behind what ends its freezing() */
	if (p->flags & PF_FROZEN)
		wake_up_process(p);
}

void thaw_processes(void)
{
	struct task_struct *p, *t;

	WRITE_ONCE(pm_freezing, PM_FREEZE_NOBODY);
	read_lock(&tasklist_lock);
	for_each_process(p)
		for_each_thread(p, t)
			thaw_task(t);
	read_unlock(&tasklist_lock);
}

void set_freezable(void)
{
	current->flags &= ~PF_NOFREEZE;
}

void freezer_do_not_count(void)
{
	current->flags |= PF_FREEZER_SKIP;
}

void freezer_count(void)
{
	current->flags &= ~PF_FREEZER_SKIP;
	smp_mb(); /* either the freezer sees that, or we see that it came */
	try_to_freeze();
}

void pm_wakeup_event(void)
{
	if (likely(READ_ONCE(wakeup_seen)))
		return;
	WRITE_ONCE(wakeup_seen, true);
	wake_up_all(&wakeup_wait);
}

void pm_wakeup_clear(void)
{
	WRITE_ONCE(wakeup_seen, false);
}

void pm_wait_for_wakeup(void)
{
	current->flags |= PF_FROZEN; /* as good as: no load, no hang */
	wait_event(wakeup_wait, READ_ONCE(wakeup_seen));
	current->flags &= ~PF_FROZEN;
}
