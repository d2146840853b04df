/* SPDX-License-Identifier: MIT */
/*
 * Whom the OOM killer chooses: the scan of all threads (spec 9.4), for the kill and for the dry run behind
 * /proc/oom, which is the same scan with a witness.
 *
 *   exited, init, kernel thread, wrong nodes, no memory --> skipped
 *   dying already, exiting with all its memory          --> nobody is chosen this time
 *   swapoff in progress                                 --> chosen
 *   else                                                --> the most points; of equals the first, unless it is
 *                                                           no group leader
 *
 * Locks: tasklist_lock (read) throughout; a task's task_lock for its memory. Read next: oom_score.c, oom_kill.c.
 * Test: tests/boot/test_oom.py.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/mm_types.h"
#include "mm/oom_internal.h"
#include "mm/swap.h"

/* Nothing more is to be had from it, so it is not worth waiting for. */
static bool mm_reaped(struct task_struct *t)
{
	bool reaped;

	task_lock(t);
	reaped = !t->mm || (t->mm->flags & MMF_OOM_REAPED);
	task_unlock(t);
	return reaped;
}

bool oom_memory_stays(struct task_struct *t)
{
	const struct mm_struct *mm = READ_ONCE(t->mm);
	struct task_struct *p, *u;

	for_each_process(p) {
		if (p->signal->group_exit)
			continue;
		for_each_thread(p, u) {
			const struct mm_struct *its = READ_ONCE(u->mm);

			if (its && !(u->flags & PF_EXITING) && (its == mm || u->signal == t->signal))
				return true;
		}
	}
	return false;
}

static enum oom_standing standing_of(const struct oom_control *oc, struct task_struct *t)
{
	if (t->exit_state)
		return OOM_EXITED;
	if (is_global_init(t))
		return OOM_INIT;
	if (t->flags & PF_KTHREAD)
		return OOM_KTHREAD;
	if (oom_unkillable_task(t, oc->nodemask))
		return OOM_OTHER_NODES;
	if (test_tsk_thread_flag(t, TIF_MEMDIE) && !oc->force)
		return OOM_DYING; /* its memory is on the way */
	if (!t->mm)
		return OOM_NO_MM;
	if (oom_task_origin(t))
		return OOM_ORIGIN;
	if ((t->flags & PF_EXITING) && !oc->force && !mm_reaped(t) && !oom_memory_stays(t))
		return OOM_EXITING;
	return OOM_CANDIDATE;
}

static struct oom_verdict judge(const struct oom_control *oc, struct task_struct *t)
{
	struct oom_verdict v = {
		.pid = t->pid, .tgid = t->tgid, .uid = t->uid, .standing = standing_of(oc, t),
	};

	bool has_memory = oom_gather(t, &v.facts);

	memcpy(v.comm, t->comm, TASK_COMM_LEN);
	if (v.standing == OOM_ORIGIN)
		v.points = ULONG_MAX;
	else if (v.standing == OOM_CANDIDATE && has_memory)
		v.points = oom_badness_of(&v.facts, oc->totalpages);
	return v;
}

struct task_struct *oom_scan_process_threads(const struct oom_control *oc, struct oom_trial *trial,
					     unsigned long *points, bool *abort)
{
	struct task_struct *p, *t, *chosen = NULL;

	*points = 0;
	*abort = false;
	for_each_process(p) {
		for_each_thread(p, t) {
			struct oom_verdict v = judge(oc, t);

			if (trial && trial->witness)
				trial->witness(&v, trial->arg);
			if (v.standing == OOM_DYING || v.standing == OOM_EXITING) {
				*abort = true;
				if (!trial)
					return NULL;
			}
			if (!v.points || v.points < *points)
				continue;
			/* Equals: the group leader is kept, it names the process best. */
			if (v.points == *points && thread_group_leader(chosen))
				continue;
			chosen = t;
			*points = v.points;
		}
	}
	return *abort ? NULL : chosen;
}

void oom_dry_run(struct oom_trial *trial)
{
	struct oom_control oc = {
		.gfp = GFP_KERNEL, .totalpages = totalram_pages + total_swap_pages,
	};
	struct task_struct *chosen;
	unsigned long points;

	trial->totalpages = oc.totalpages;
	trial->chosen.pid = trial->victim.pid = 0;
	read_lock(&tasklist_lock);
	chosen = oom_scan_process_threads(&oc, trial, &points, &trial->abort);
	if (chosen) {
		trial->chosen = judge(&oc, chosen);
		trial->victim = judge(&oc, oom_sacrifice_child(&oc, chosen));
	}
	read_unlock(&tasklist_lock);
}
