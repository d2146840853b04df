/* SPDX-License-Identifier: MIT */
/*
 * The freezer: all user tasks, and the kernel threads that asked for it, stop at a place where they hold nothing,
 * and go on from there later. See freezer.c.
 */
#ifndef KERNEL_CORE_FREEZER_H
#define KERNEL_CORE_FREEZER_H

#include "kernel/core/task.h"

/* Who is to freeze, or frozen: kernel threads when all user tasks are, for these may wait for them (dirty pages). */
enum pm_freezing { PM_FREEZE_NOBODY, PM_FREEZE_USER, PM_FREEZE_ALL };
extern enum pm_freezing pm_freezing; /* [any CPU] written by freeze_processes() and thaw_processes() */

/* => p is to stop. Not the dying: their memory and their locks are waited for */
static inline bool freezing(struct task_struct *p)
{
	enum pm_freezing least = p->flags & PF_KTHREAD ? PM_FREEZE_ALL : PM_FREEZE_USER;

	return unlikely(READ_ONCE(pm_freezing) >= least) && !(p->flags & PF_NOFREEZE) &&
	       !test_tsk_thread_flag(p, TIF_MEMDIE) && !fatal_signal_pending(p);
}

/* => current stops here while it is to; no lock held. true: it did */
bool try_to_freeze(void);

/* => 0: everybody but current has stopped; -EBUSY: somebody did not within 20 s (its name is printed), -EINTR: a
 *    signal for current; then all go on again. May sleep */
int freeze_processes(void);
void thaw_processes(void);
/* => a frozen task goes on: the OOM killer has chosen it (TIF_MEMDIE is set). tasklist_lock or a reference */
void thaw_task(struct task_struct *p);

/* => a kernel thread (current) will call try_to_freeze() where it holds nothing */
void set_freezable(void);
/* => around an uninterruptible wait for a task that may be frozen: current counts as stopped */
void freezer_do_not_count(void);
void freezer_count(void);

/* Wake-up from suspend: by a key. Any context. */
void pm_wakeup_event(void);
/* => sleeps until the first pm_wakeup_event() after pm_wakeup_clear() */
void pm_wakeup_clear(void);
void pm_wait_for_wakeup(void);

#endif
