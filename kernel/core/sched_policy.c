/* SPDX-License-Identifier: MIT */
/*
 * Changing how and where a task is scheduled: nice, policy, affinity.
 *
 * The pattern is the same each time: under the lock of the task's run queue, take it out of its
 * place if it waits in one, change it, put it back, and let the CPU look again.
 */
#include "kernel/base/errno.h"
#include "kernel/core/sched_internal.h"
#include "arch/cpu.h"

static bool waits_in_queue(const struct rq *rq, const struct task_struct *p)
{
	return p->on_rq && rq->curr != p;
}

/* => rq->lock held: after a change, somebody else may have to run */
static void look_again(struct rq *rq, const struct task_struct *p)
{
	if (p->on_rq)
		resched_curr(rq);
}

void set_user_nice(struct task_struct *p, int nice)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(p, &flags);

	if (rq->curr == p)
		update_curr(rq);
	p->nice = clamp(nice, -20, 19); /* its place depends on vruntime, not on nice */
	look_again(rq, p);
	task_rq_unlock(rq, flags);
}

int sched_setscheduler(struct task_struct *p, enum sched_policy policy, int rt_priority)
{
	bool rt = policy == SCHED_FIFO || policy == SCHED_RR, waits;
	unsigned long flags;
	struct rq *rq;

	if (rt ? rt_priority < 1 || rt_priority > 99 : rt_priority != 0)
		return -EINVAL;
	if (!rt && policy != SCHED_NORMAL && policy != SCHED_BATCH && policy != SCHED_IDLE)
		return -EINVAL;
	rq = task_rq_lock(p, &flags);
	if (rq->curr == p)
		update_curr(rq);
	waits = waits_in_queue(rq, p);
	if (waits)
		queue_del(rq, p);
	if (rt_task(p) && !rt)
		p->vruntime = rq->normal.min_vruntime;
	p->policy = policy;
	p->rt_priority = rt_priority;
	p->time_slice = RR_SLICE;
	if (waits)
		queue_add(rq, p, false);
	look_again(rq, p);
	task_rq_unlock(rq, flags);
	return 0;
}

int set_cpus_allowed(struct task_struct *p, cpumask_t mask)
{
	unsigned long flags;
	bool misfit = false;
	struct rq *rq;

	if (!(mask & cpu_online_mask))
		return -EINVAL;
	rq = task_rq_lock(p, &flags);
	p->cpus_allowed = mask;
	if (!(mask >> p->cpu & 1)) {
		if (waits_in_queue(rq, p)) {
			queue_del(rq, p);
			p->on_rq = 0;
			rq->nr_running--;
			misfit = true;
		} else {
			look_again(rq, p); /* it moves when it is switched out */
		}
	}
	task_rq_unlock(rq, flags);
	if (misfit)
		move_misfit(p);
	if (p == current && !in_atomic() && !irqs_disabled())
		cond_resched();
	return 0;
}

u64 sched_rr_interval(const struct task_struct *p)
{
	if (p->policy == SCHED_RR)
		return RR_SLICE * NSEC_PER_TICK;
	return p->policy == SCHED_FIFO ? 0 : SLICE_NS;
}
