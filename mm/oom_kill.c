/* SPDX-License-Identifier: MIT */
/*
 * The kill itself: say why, spare a parent by killing a child, kill all that share the memory.
 *
 *   header (limited) -> "Out of memory: Kill process" -> child with its own mm? it dies instead
 *   -> "Killed process" -> others with the same mm get SIGKILL -> victim: TIF_MEMDIE and SIGKILL
 *
 * Locks: tasklist_lock (read) while tasks are looked at and killed; task_lock of the victim for its
 * mm. Both spin, so nothing here sleeps until the reaper is woken.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/oom_internal.h"

#define K(pages) ((pages) << (PAGE_SHIFT - 10))

static void print_mems_allowed(void)
{
	char nodes[40];
	int n = 0, nid;

	for_each_online_node(nid)
		if (!current->mems_allowed || (current->mems_allowed >> nid & 1))
			n += scnprintf(nodes + n, sizeof(nodes) - (size_t)n, n ? ",%d" : "%d", nid);
	nodes[n] = 0;
	pr_info("%s cpuset=/ mems_allowed=%s\n", current->comm, nodes);
}

static void dump_task(struct task_struct *p)
{
	struct task_struct *t = find_lock_task_mm(p);

	if (!t) /* exited meanwhile */
		return;
	pr_info("[%5d] %5d %5d %8lu %8lu %7ld %8lu         %5hd %s\n", t->pid, t->uid, t->tgid,
		t->mm->total_vm, get_mm_rss(t->mm), atomic_long_read(&t->mm->nr_ptes),
		get_mm_counter(t->mm, MM_SWAPENTS), t->signal->oom_score_adj, t->comm);
	task_unlock(t);
}

static void dump_tasks(unsigned long nodemask)
{
	struct task_struct *p;

	pr_info("[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n");
	read_lock(&tasklist_lock);
	for_each_process(p)
		if (!oom_unkillable_task(p, nodemask))
			dump_task(p);
	read_unlock(&tasklist_lock);
}

void dump_header(const struct oom_control *oc, struct task_struct *p)
{
	(void)p;
	pr_warn("%s invoked oom-killer: gfp_mask=0x%x, order=%d, oom_score_adj=%hd\n",
		current->comm, oc->gfp, (int)oc->order, current->signal->oom_score_adj);
	print_mems_allowed();
	bug_backtrace();
	show_mem(oc->nodemask ? oc->nodemask : ~0UL);
	if (sysctl_oom_dump_tasks)
		dump_tasks(oc->nodemask);
}

struct task_struct *oom_sacrifice_child(const struct oom_control *oc, struct task_struct *p)
{
	struct task_struct *victim = p, *t, *child;
	unsigned long victim_points = 0;

	for_each_thread(p, t) {
		list_for_each_entry(child, &t->children, sibling) {
			unsigned long points;

			if (child->mm == p->mm)
				continue;
			points = oom_badness(child, oc->nodemask, oc->totalpages);
			if (points > victim_points) {
				victim = child;
				victim_points = points;
			}
		}
	}
	return victim;
}

/* A thread may have the memory although its leader has left already. => tasklist_lock */
static bool process_uses(struct task_struct *p, const struct mm_struct *mm)
{
	struct task_struct *t;

	for_each_thread(p, t)
		if (READ_ONCE(t->mm) == mm)
			return true;
	return false;
}

/*
 * SIGKILL to the processes that share mm with the victim: killing one would free nothing.
 * => tasklist_lock; false: one of them may not be killed, so the memory stays
 */
static bool kill_sharers(const struct mm_struct *mm, struct task_struct *victim)
{
	struct task_struct *p;
	bool all = true;

	for_each_process(p) {
		if (p->signal == victim->signal || (p->flags & PF_KTHREAD) || !process_uses(p, mm))
			continue;
		if (p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN || is_global_init(p)) {
			all = false;
			continue;
		}
		pr_err("Kill process %d (%s) sharing same memory\n", p->pid, p->comm);
		task_kill(p);
	}
	return all;
}

bool oom_sharers_die(struct task_struct *p)
{
	struct task_struct *q;
	bool all = true;

	read_lock(&tasklist_lock);
	for_each_process(q)
		if (READ_ONCE(q->mm) == p->mm && q->signal != p->signal && !q->signal->group_exit)
			all = false;
	read_unlock(&tasklist_lock);
	return all;
}

/* => tasklist_lock; returns the thread marked, with a reference, if its memory may be reaped */
static struct task_struct *kill_victim(struct task_struct *victim)
{
	struct task_struct *t = find_lock_task_mm(victim);
	struct mm_struct *mm;
	bool reapable;

	if (!t) /* it has gone by itself */
		return NULL;
	mm = t->mm;
	mmgrab(mm); /* it may exit by itself: the structure must not become somebody else's meanwhile */
	mark_oom_victim(t);
	pr_err("Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB\n", t->pid,
	       t->comm, K(mm->total_vm), K(get_mm_counter(mm, MM_ANONPAGES)),
	       K(get_mm_counter(mm, MM_FILEPAGES)));
	task_unlock(t);
	reapable = kill_sharers(mm, t);
	mmdrop(mm);
	task_kill(t);
	if (!reapable)
		return NULL;
	get_task_struct(t);
	return t;
}

bool oom_exits(struct task_struct *p)
{
	bool stays = true;

	if (p->flags & PF_EXITING) {
		read_lock(&tasklist_lock);
		stays = oom_memory_stays(p);
		read_unlock(&tasklist_lock);
	}
	return !stays;
}

void oom_kill_process(const struct oom_control *oc, struct task_struct *p, unsigned long points,
		      const char *message)
{
	static DEFINE_RATELIMIT_STATE(oom_rs, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	struct task_struct *victim;

	/* Chosen but exiting by itself: only help it along, without a word. */
	if (oom_exits(p)) {
		task_lock(p);
		if (p->mm) /* past exit_mm there is nothing to wait for */
			mark_oom_victim(p);
		task_unlock(p);
		put_task_struct(p);
		return;
	}
	if (__ratelimit(&oom_rs))
		dump_header(oc, p);
	pr_err("%s: Kill process %d (%s) score %lu or sacrifice child\n", message, p->pid, p->comm,
	       points);

	read_lock(&tasklist_lock);
	victim = kill_victim(oom_sacrifice_child(oc, p));
	read_unlock(&tasklist_lock);
	put_task_struct(p);
	if (victim) {
		wake_oom_reaper(victim);
		put_task_struct(victim);
	}
}
