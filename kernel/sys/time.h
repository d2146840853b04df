/* SPDX-License-Identifier: MIT */
/*
 * Times as user programs state them, and sleeping until a point of time. Deadlines are nanoseconds of the
 * monotonic clock.
 */
#ifndef KERNEL_SYS_TIME_H
#define KERNEL_SYS_TIME_H

#include "kernel/core/timer.h"
#include "kernel/sys/abi.h"

#define NO_DEADLINE (~0ULL)

/* => nanoseconds (saturated) of a user's struct timespec, timeval: 0, -EFAULT, -EINVAL */
int get_timespec_ns(u64 *ns, const void __user *uts);
int get_timeval_ns(u64 *ns, const void __user *utv);
int put_timespec_ns(void __user *uts, u64 ns);
int put_timeval_ns(void __user *utv, u64 ns);
/* => the same as ticks for schedule_timeout, rounded up */
int get_timeout_ticks(long *ticks, const void __user *uts);

/* => the deadline ns from now; of an absolute time of a settable clock */
u64 deadline_after(u64 ns);
u64 clock_to_deadline(int clock, u64 ns);
/* => sleeps in the state already set until the deadline's tick or a wake-up */
void schedule_until(u64 deadline_ns);

#endif
