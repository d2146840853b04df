/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: compares the sum of all progress counters once a second of guest time.
 *
 * A machine whose tasks all sleep for an event is idle, not stuck; one where some task is runnable
 * or sleeps for memory or a disk must show progress.
 */
#include "kernel/core/watchdog.h"
#include "kernel/base/bug.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/core/sched.h"
#include "arch/cpu.h"

DEFINE_PER_CPU(unsigned long, progress_count);

static unsigned int limit; /* seconds, 0: off */

static int set_watchdog(char *val)
{
	return val ? kstrtouint(val, 10, &limit) : -1;
}
early_param("watchdog", set_watchdog);

static unsigned long progress_sum(void)
{
	unsigned long sum = 0;
	int cpu;

	for_each_online_cpu (cpu)
		sum += per_cpu(progress_count, cpu);
	return sum;
}

/* Whichever CPU ticks first in a second looks, so a CPU that hangs with interrupts off is noticed
 * too. */
void watchdog_tick(void)
{
	static unsigned long last_sum, last_change, next_look;
	unsigned long now, due = READ_ONCE(next_look), sum;

	if (!limit)
		return;
	now = ktime_get_ns() / NSEC_PER_TICK;
	if (time_before(now, due) || cmpxchg(&next_look, due, now + HZ) != due)
		return;
	sum = progress_sum();
	if (sum != last_sum || (!nr_running() && !nr_uninterruptible())) {
		last_sum = sum;
		last_change = now;
		return;
	}
	if (time_before_eq(now, last_change + limit * HZ))
		return;
	panic("watchdog: no progress for %u seconds (%lu running, %lu in disk sleep)", limit,
	      nr_running(), nr_uninterruptible());
}
