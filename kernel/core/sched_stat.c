/* SPDX-License-Identifier: MIT */
/*
 * Accounting: whose tick it was, load averages, the sums for /proc.
 *
 * The task that a tick finds running is charged the whole tick, as user or as system time; that is
 * coarse but right on average, and it is what top shows of kernel threads such as kswapd0.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/sched_internal.h"
#include "kernel/core/watchdog.h"
#include "arch/cpu.h"

void account_tick(struct rq *rq, bool user)
{
	struct task_struct *p = current;

	if (user) {
		note_progress();
		p->utime++;
		if (p->nice > 0)
			rq->times.nice++;
		else
			rq->times.user++;
	} else if (in_serving_softirq()) {
		rq->times.softirq++; /* nobody in particular asked for it */
	} else if (!is_idle(p)) {
		p->stime++;
		rq->times.system++;
	} else if (atomic_read(&rq->nr_iowait)) {
		rq->times.iowait++;
	} else {
		rq->times.idle++;
	}
}

void sched_cpu_times(int cpu, struct cpu_times *t)
{
	*t = cpu_rq(cpu)->times;
}

u64 nr_context_switches(void)
{
	u64 sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_switches);
	return sum;
}

unsigned long nr_running(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_running);
	return sum;
}

unsigned long nr_uninterruptible(void)
{
	long sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += READ_ONCE(cpu_rq(cpu)->nr_uninterruptible);
	return sum > 0 ? (unsigned long)sum : 0;
}

unsigned long nr_iowait(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += (unsigned long)atomic_read(&cpu_rq(cpu)->nr_iowait);
	return sum;
}

/* ---- Load averages --------------------------------------------------------------------------- */

#define FIXED_1	  (1UL << FSHIFT)
#define LOAD_FREQ (5 * HZ + 1)

unsigned long avenrun[3];

void calc_load_tick(void)
{
	/* FIXED_1 / e^(5 s / 1, 5, 15 min) */
	static const unsigned long decay[3] = {1884, 2014, 2037};
	static unsigned long next = LOAD_FREQ;
	unsigned long active;

	if (time_before(jiffies, next))
		return;
	next = jiffies + LOAD_FREQ;
	active = (nr_running() + nr_uninterruptible()) * FIXED_1;
	for (int i = 0; i < 3; i++) {
		unsigned long load = avenrun[i] * decay[i] + active * (FIXED_1 - decay[i]);

		if (active >= avenrun[i])
			load += FIXED_1 - 1;
		avenrun[i] = load / FIXED_1;
	}
}

char task_state_char(const struct task_struct *p)
{
	long state = READ_ONCE(p->state);

	if (p->exit_state == EXIT_ZOMBIE)
		return 'Z';
	if (p->exit_state == EXIT_DEAD || state == TASK_DEAD)
		return 'X';
	if (state & TASK_UNINTERRUPTIBLE)
		return 'D';
	if (state & TASK_STOPPED)
		return 'T';
	return state & TASK_INTERRUPTIBLE ? 'S' : 'R';
}
