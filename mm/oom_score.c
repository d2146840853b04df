/* SPDX-License-Identifier: MIT */
/*
 * Badness: how much memory comes free if a process dies, in pages, shifted by what its owner thinks
 * of it (oom_score_adj, per mille of all memory).
 *
 *   points = (rss + swap entries + page tables) * 97 % if root + adj * (total / 1000)
 *   at least 1, or 0 for those that must not be killed
 *
 * oom_badness_of() is pure: the host tests and scripts/check-oom feed it recorded tables.
 *
 * Locks: find_lock_task_mm returns with task_lock; the thread lists want tasklist_lock (read).
 * Read next: oom.c.
 */
#include "kernel/base/kernel.h"
#include "mm/mm_types.h"
#include "mm/oom_internal.h"
#include "mm/swap.h"

long oom_root_bonus(const struct oom_facts *facts)
{
	return facts->has_admin ? (long)(facts->rss + facts->swapents + facts->nr_ptes) * 3 / 100 : 0;
}

long oom_adj_points(const struct oom_facts *facts, unsigned long totalpages)
{
	/* The division first: on a machine of less than 1000 pages adj means nothing. */
	return facts->oom_score_adj * (long)(totalpages / 1000);
}

unsigned long oom_badness_of(const struct oom_facts *facts, unsigned long totalpages)
{
	long points = (long)(facts->rss + facts->swapents + facts->nr_ptes);

	if (facts->oom_score_adj == OOM_SCORE_ADJ_MIN || facts->reaped)
		return 0;
	points += oom_adj_points(facts, totalpages) - oom_root_bonus(facts);
	return points > 0 ? (unsigned long)points : 1;
}

unsigned long oom_score_of(unsigned long points, unsigned long totalpages)
{
	return points == ULONG_MAX ? 1000 : points * 1000 / totalpages;
}

/* A thread other than the leader may be the only one that still has the mm. */
struct task_struct *find_lock_task_mm(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread(p, t) {
		task_lock(t);
		if (likely(t->mm))
			return t;
		task_unlock(t);
	}
	return NULL;
}

static bool has_mems_allowed(struct task_struct *p, unsigned long nodemask)
{
	struct task_struct *t;

	for_each_thread(p, t)
		if (!t->mems_allowed || (t->mems_allowed & nodemask))
			return true;
	return false;
}

bool oom_unkillable_task(struct task_struct *p, unsigned long nodemask)
{
	if (is_global_init(p) || (p->flags & PF_KTHREAD))
		return true;
	return nodemask && !has_mems_allowed(p, nodemask);
}

bool oom_gather(struct task_struct *p, struct oom_facts *facts)
{
	p = find_lock_task_mm(p);
	if (!p)
		return false;
	*facts = (struct oom_facts){
		.rss = get_mm_rss(p->mm),
		.swapents = get_mm_counter(p->mm, MM_SWAPENTS),
		.nr_ptes = (unsigned long)atomic_long_read(&p->mm->nr_ptes),
		.oom_score_adj = p->signal->oom_score_adj,
		.has_admin = has_capability_admin(p),
		.reaped = p->mm->flags & MMF_OOM_REAPED,
	};
	task_unlock(p);
	return true;
}

unsigned long oom_badness(struct task_struct *p, unsigned long nodemask, unsigned long totalpages)
{
	struct oom_facts facts;

	if (oom_unkillable_task(p, nodemask) || !oom_gather(p, &facts))
		return 0;
	return oom_badness_of(&facts, totalpages);
}

unsigned long proc_oom_score(struct task_struct *p)
{
	unsigned long totalpages = totalram_pages + total_swap_pages;
	unsigned long points = 0;

	read_lock(&tasklist_lock);
	if (p->signal && p->exit_state == 0)
		points = oom_score_of(oom_badness(p, 0, totalpages), totalpages);
	read_unlock(&tasklist_lock);
	return points;
}
