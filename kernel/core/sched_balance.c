/* SPDX-License-Identifier: MIT */
/*
 * Which CPU: where a task wakes up, and how work comes to CPUs that have less.
 *
 * Waking: the last CPU if it is idle (its caches are warm), else the waker's, else any idle one,
 * else the last one again. A real-time task also takes a CPU that runs something of lower priority.
 *
 * Pulling: a CPU that would go idle takes a waiting task from the CPU with the most; ten times a
 * second each CPU that has two less than the most loaded takes one as well. The other queue's lock
 * is only tried: two CPUs that pull from each other must not wait for each other.
 *
 * Linux knows about caches, nodes and load averages here.
 */
#include "kernel/core/sched_internal.h"
#include "arch/cpu.h"

static bool usable(const struct task_struct *p, int cpu)
{
	return ((p->cpus_allowed & cpu_online_mask) >> cpu & 1) && cpu_rq(cpu)->idle;
}

static bool cpu_is_idle(int cpu)
{
	return READ_ONCE(cpu_rq(cpu)->nr_running) == 0;
}

/* => the CPU with the lowest current priority below p's, or -1 */
static int select_rt_cpu(const struct task_struct *p)
{
	int cpu, best = -1, best_prio = p->rt_priority;

	for_each_online_cpu (cpu) {
		struct task_struct *curr = READ_ONCE(cpu_rq(cpu)->curr);
		int prio = !usable(p, cpu) ? 1000
			   : is_idle(curr) ? -1
			   : rt_task(curr) ? curr->rt_priority
					   : 0;

		if (prio < best_prio) {
			best_prio = prio;
			best = cpu;
		}
	}
	return best;
}

static int least_loaded(const struct task_struct *p)
{
	unsigned int best_nr = UINT_MAX;
	int cpu, best = -1;

	for_each_online_cpu (cpu) {
		unsigned int nr = READ_ONCE(cpu_rq(cpu)->nr_running);

		if (usable(p, cpu) && nr < best_nr) {
			best_nr = nr;
			best = cpu;
		}
	}
	return best;
}

int select_cpu(struct task_struct *p)
{
	int last = (int)p->cpu, here = smp_processor_id(), best;

	if (usable(p, last) && cpu_is_idle(last))
		return last;
	if (rt_task(p)) {
		best = select_rt_cpu(p);
		if (best >= 0)
			return best;
	}
	if (usable(p, here) && cpu_is_idle(here))
		return here;
	best = least_loaded(p);
	if (best < 0) /* no allowed CPU is online: anywhere will do */
		return usable(p, last) ? last : here;
	if (usable(p, last) && !cpu_is_idle(best))
		return last;
	return best;
}

/* => the CPU with the most runnable tasks, if it has `imbalance` more than rq and one waits; or -1
 */
static int busiest_cpu(const struct rq *rq, unsigned int imbalance)
{
	unsigned int most = max(rq->nr_running + imbalance, 2U) - 1;
	int cpu, best = -1;

	for_each_online_cpu (cpu) {
		unsigned int nr = READ_ONCE(cpu_rq(cpu)->nr_running);

		if (nr > most && cpu_rq(cpu) != rq) {
			most = nr;
			best = cpu;
		}
	}
	return best;
}

bool pull_one(struct rq *rq, unsigned int imbalance)
{
	int busiest = busiest_cpu(rq, imbalance), me = smp_processor_id();
	struct task_struct *p;
	struct rq *other;

	if (busiest < 0)
		return false;
	other = cpu_rq(busiest);
	if (!spin_trylock(&other->lock))
		return false;
	p = queue_steal(other, me);
	if (p) {
		p->vruntime += rq->normal.min_vruntime - other->normal.min_vruntime;
		WRITE_ONCE(p->cpu, (unsigned int)me);
	}
	spin_unlock(&other->lock);
	if (p)
		activate(rq, p);
	return p != NULL;
}

/* p has just been switched out, is runnable and on no queue: only its run-queue lock keeps others
 * away. */
void move_misfit(struct task_struct *p)
{
	unsigned long flags;
	struct rq *rq = task_rq_lock(p, &flags);
	int cpu = select_cpu(p);
	struct rq *to = cpu_rq(cpu);

	if (to != rq) {
		p->state = TASK_WAKING;
		p->vruntime += to->normal.min_vruntime - rq->normal.min_vruntime;
		WRITE_ONCE(p->cpu, (unsigned int)cpu);
		spin_unlock(&rq->lock);
		spin_lock(&to->lock);
		p->state = TASK_RUNNING;
	}
	activate(to, p);
	spin_unlock_irqrestore(&to->lock, flags);
}
