/* SPDX-License-Identifier: MIT */
/* Rank checks of sleeping locks (debug builds): like those of spinning locks, but per task. */
#ifndef KERNEL_CORE_LOCK_TASK_H
#define KERNEL_CORE_LOCK_TASK_H

#include "kernel/base/lock_debug.h"

#if CONFIG_DEBUG
/* => before waiting for (how: LOCK_TRY: after having got) the lock */
void lock_task_acquire(struct lock_debug *d, int how, void *caller);
void lock_task_release(struct lock_debug *d);
/* => the wait was given up */
static inline void lock_task_cancel(struct lock_debug *d)
{
	lock_task_release(d);
}
#else
static inline void lock_task_acquire(struct lock_debug *d, int how, void *caller)
{
	(void)d;
	(void)how;
	(void)caller;
}
static inline void lock_task_release(struct lock_debug *d)
{
	(void)d;
}
static inline void lock_task_cancel(struct lock_debug *d)
{
	(void)d;
}
#endif

#endif
