/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads: tasks without user memory.
 *
 *	p = kthread_run(fn, data, "kswapd%d", nid);     fn: while (!kthread_should_stop()) { ... }
 *	kthread_stop(p);                                => wakes it, waits, returns what fn returned
 *
 * A thread whose fn returns ends at once; kthread_stop() may still be called if the caller keeps
 * the pointer with get_task_struct().
 */
#ifndef KERNEL_CORE_KTHREAD_H
#define KERNEL_CORE_KTHREAD_H

#include "kernel/base/compiler.h"
#include "kernel/base/err.h"
#include "kernel/core/task.h"

/* => a stopped thread, started by wake_up_process(), or ERR_PTR(-ENOMEM); process context, may
 * sleep */
__printf(3, 4) struct task_struct *kthread_create(int (*fn)(void *data), void *data,
						  const char *name, ...);
/* => before its first wake-up: it will run on this CPU only */
void kthread_bind(struct task_struct *p, unsigned int cpu);
bool kthread_should_stop(void);
int kthread_stop(struct task_struct *p);

#define kthread_run(fn, data, ...)                                                   \
	({                                                                           \
		struct task_struct *__k = kthread_create((fn), (data), __VA_ARGS__); \
		if (!IS_ERR(__k))                                                    \
			wake_up_process(__k);                                        \
		__k;                                                                 \
	})

int wake_up_process(struct task_struct *p); /* kernel/core/sched.h */

#endif
