/* SPDX-License-Identifier: MIT */
/* Time for libmm.a, whose CPUs are threads that nobody interrupts: the host's clock. */
#include "arch/host/libc.h"

#include "arch/host/host.h"
#include "arch/time.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/timer.h"

volatile unsigned long jiffies;

u64 host_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	jiffies = (unsigned long)ts.tv_sec * HZ + (unsigned long)ts.tv_nsec / (NSEC_PER_SEC / HZ);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

u64 arch_clock_ns(void)
{
	return host_clock_ns();
}

u64 printk_clock(void)
{
	return host_clock_ns();
}
