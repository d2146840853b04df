/* SPDX-License-Identifier: MIT */
/*
 * The sleeping locks a task holds, in task->held_locks, and the checks made of them: same rules as
 * in kernel/base/lock_debug.c. The lock is entered before the wait, so a report of stuck tasks also
 * shows what they wait for. A lock taken by one task and released by another (a swap file's, say)
 * must have rank NONE: it is not entered.
 */
#include "kernel/core/lock_task.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/task.h"

#if CONFIG_DEBUG

static void complain(const struct lock_debug *d, const char *what, const struct lock_debug *other)
{
	struct task_struct *p = current;

	pr_emerg("lock %s (rank %s): %s%s%s\n", d->name, lock_rank_names[d->rank], what,
		 other ? " " : "", other ? other->name : "");
	for (int i = 0; i < p->nr_held_locks; i++)
		pr_err("  %s[%d] holds %s (rank %s) taken at %pS\n", p->comm, p->pid,
		       p->held_locks[i]->name, lock_rank_names[p->held_locks[i]->rank],
		       p->held_locks[i]->caller);
	panic("lock order: %s %s%s%s", d->name, what, other ? " " : "", other ? other->name : "");
}

void lock_task_acquire(struct lock_debug *d, int how, void *caller)
{
	struct task_struct *p = current;

	if (!d->rank || panic_in_progress)
		return;
	for (int i = 0; i < p->nr_held_locks; i++) {
		const struct lock_debug *other = p->held_locks[i];

		if (other == d && !(how & LOCK_READ))
			complain(d, "is already held by this task", NULL);
		if (how & LOCK_TRY)
			continue;
		if (other->rank > d->rank)
			complain(d, "must be taken before", other);
		if (other->rank == d->rank && !(how & LOCK_NESTED))
			complain(d, "has the same rank as", other);
	}
	if (p->nr_held_locks == ARRAY_SIZE(p->held_locks))
		complain(d, "is one lock too many", NULL);
	d->caller = caller;
	p->held_locks[p->nr_held_locks++] = d;
}

void lock_task_release(struct lock_debug *d)
{
	struct task_struct *p = current;
	int i = p->nr_held_locks;

	if (!d->rank || panic_in_progress)
		return;
	while (i && p->held_locks[i - 1] != d)
		i--;
	if (!i)
		complain(d, "is released but not held by this task", NULL);
	for (p->nr_held_locks--; i <= p->nr_held_locks; i++)
		p->held_locks[i - 1] = p->held_locks[i];
}

#endif
