/* SPDX-License-Identifier: MIT */
/*
 * Clocks and sleeping.
 *
 * The monotonic clock counts nanoseconds from boot, the real-time clock is that plus an offset; CPU-time
 * clocks add up what the scheduler measured. Sleeps end at the first tick at or after their deadline (HZ is 100),
 * never before it.
 *
 * Linux beyond it: high-resolution timers, POSIX timers, adjtimex.
 */
#include "kernel/sys/time.h"
#include "kernel/sys/process.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "kernel/core/sched.h"

#define SEC_MAX (ULLONG_MAX / NSEC_PER_SEC / 2) /* keeps sums of two in range */

int get_timespec_ns(u64 *ns, const void __user *uts)
{
	struct linux_timespec ts;

	if (copy_from_user(&ts, uts, sizeof(ts)))
		return -EFAULT;
	if (ts.tv_sec < 0 || (u64)ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*ns = min((u64)ts.tv_sec, (u64)SEC_MAX) * NSEC_PER_SEC + (u64)ts.tv_nsec;
	return 0;
}

int get_timeval_ns(u64 *ns, const void __user *utv)
{
	struct linux_timeval tv;

	if (copy_from_user(&tv, utv, sizeof(tv)))
		return -EFAULT;
	if (tv.tv_sec < 0 || (u64)tv.tv_usec >= USEC_PER_SEC)
		return -EINVAL;
	*ns = min((u64)tv.tv_sec, (u64)SEC_MAX) * NSEC_PER_SEC + (u64)tv.tv_usec * NSEC_PER_USEC;
	return 0;
}

int put_timespec_ns(void __user *uts, u64 ns)
{
	struct linux_timespec ts = { (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC) };

	return copy_to_user(uts, &ts, sizeof(ts)) ? -EFAULT : 0;
}

int put_timeval_ns(void __user *utv, u64 ns)
{
	struct linux_timeval tv = { (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };

	return copy_to_user(utv, &tv, sizeof(tv)) ? -EFAULT : 0;
}

static long ns_to_ticks(u64 ns)
{
	u64 ticks = ns / NSEC_PER_TICK + (ns % NSEC_PER_TICK != 0);

	return ticks >= (u64)MAX_JIFFY_OFFSET ? MAX_SCHEDULE_TIMEOUT - 1 : (long)ticks;
}

int get_timeout_ticks(long *ticks, const void __user *uts)
{
	u64 ns;
	int err = get_timespec_ns(&ns, uts);

	if (!err)
		*ticks = ns_to_ticks(ns);
	return err;
}

u64 deadline_after(u64 ns)
{
	u64 now = ktime_get_ns();

	return ns >= NO_DEADLINE - 1 - now ? NO_DEADLINE - 1 : now + ns;
}

u64 clock_to_deadline(int clock, u64 ns)
{
	u64 offset = clock == CLOCK_REALTIME ? ktime_get_real_ns() - ktime_get_ns() : 0;

	return ns > offset ? ns - offset : 0;
}

void schedule_until(u64 deadline_ns)
{
	u64 now = ktime_get_ns();

	if (deadline_ns == NO_DEADLINE)
		schedule();
	else if (deadline_ns > now)
		schedule_timeout(ns_to_ticks(deadline_ns - now));
	else
		__set_current_state(TASK_RUNNING);
}

/* ---- Clocks ----------------------------------------------------------------------------------- */

static u64 thread_cpu_ns(const struct task_struct *p)
{
	u64 ns = p->sum_exec_ns;

	return p == current ? ns + (ktime_get_ns() - p->exec_start_ns) : ns;
}

static u64 process_cpu_ns(struct task_struct *p)
{
	struct task_struct *t;
	u64 ns = jiffies_to_nsecs(p->signal->utime + p->signal->stime);

	read_lock(&tasklist_lock);
	for_each_thread(p, t)
		ns += thread_cpu_ns(t);
	read_unlock(&tasklist_lock);
	return ns;
}

/* CPU clocks of other processes have negative numbers: ~pid << 3 | kind, bit 2: a thread. */
static int cpu_clock_ns(int clock, u64 *ns)
{
	pid_t pid = ~(clock >> 3);
	struct task_struct *p;

	if (!pid) {
		*ns = clock & 4 ? thread_cpu_ns(current) : process_cpu_ns(current);
		return 0;
	}
	p = find_get_task_by_pid(pid);
	if (!p)
		return -EINVAL;
	*ns = clock & 4 ? thread_cpu_ns(p) : process_cpu_ns(p);
	put_task_struct(p);
	return 0;
}

static int clock_ns(int clock, u64 *ns)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ns = ktime_get_real_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		*ns = ktime_get_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_cpu_ns(current);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = thread_cpu_ns(current);
		return 0;
	}
	return clock < 0 ? cpu_clock_ns(clock, ns) : -EINVAL;
}

long sys_clock_gettime(int clock, void __user *uts)
{
	u64 ns;
	int err = clock_ns(clock, &ns);

	return err ? err : put_timespec_ns(uts, ns);
}

long sys_clock_getres(int clock, void __user *uts)
{
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
	u64 ns;
	int err = clock_ns(clock, &ns);

	if (err || !uts)
		return err;
	return put_timespec_ns(uts, coarse ? NSEC_PER_TICK : 1);
}

long sys_clock_settime(int clock, const void __user *uts)
{
	u64 ns;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = get_timespec_ns(&ns, uts);
	if (err)
		return err;
	if (!has_capability_admin(current))
		return -EPERM;
	set_real_time_ns(ns);
	return 0;
}

long sys_gettimeofday(void __user *utv, void __user *utz)
{
	static const int timezone[2];

	if (utv && put_timeval_ns(utv, ktime_get_real_ns()))
		return -EFAULT;
	return utz && copy_to_user(utz, timezone, sizeof(timezone)) ? -EFAULT : 0;
}

long sys_time(s64 __user *utime)
{
	s64 now = (s64)(ktime_get_real_ns() / NSEC_PER_SEC);

	return utime && put_user(now, utime) ? -EFAULT : now;
}

long sys_times(void __user *ubuf)
{
	struct signal_struct *sig = current->signal;
	struct process_usage usage;
	struct linux_tms tms;

	read_lock(&tasklist_lock);
	process_usage(current, &usage);
	tms = (struct linux_tms){ (s64)usage.utime, (s64)usage.stime, (s64)sig->cutime, (s64)sig->cstime };
	read_unlock(&tasklist_lock);
	if (ubuf && copy_to_user(ubuf, &tms, sizeof(tms)))
		return -EFAULT;
	return (long)(ktime_get_ns() / NSEC_PER_TICK);
}

/* ---- Sleeping --------------------------------------------------------------------------------- */

/* => true: the deadline has come; false: a signal */
static bool sleep_until(u64 deadline_ns)
{
	while (ktime_get_ns() < deadline_ns) {
		if (signal_pending(current))
			return false;
		set_current_state(TASK_INTERRUPTIBLE);
		if (signal_pending(current))
			__set_current_state(TASK_RUNNING);
		else
			schedule_until(deadline_ns);
	}
	return true;
}

static long nanosleep_restart(struct restart_block *restart)
{
	void __user *rem = (void *)restart->arg[0];
	u64 now;

	if (sleep_until(restart->deadline_ns))
		return 0;
	now = ktime_get_ns();
	if (rem && put_timespec_ns(rem, restart->deadline_ns > now ? restart->deadline_ns - now : 0))
		return -EFAULT;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_relative(u64 ns, void __user *urem)
{
	current->restart = (struct restart_block){
		.fn = nanosleep_restart,
		.deadline_ns = deadline_after(ns),
		.arg = { (unsigned long)urem },
	};
	return nanosleep_restart(&current->restart);
}

long sys_nanosleep(const void __user *uts, void __user *urem)
{
	u64 ns;
	int err = get_timespec_ns(&ns, uts);

	return err ? err : sleep_relative(ns, urem);
}

long sys_clock_nanosleep(int clock, int flags, const void __user *uts, void __user *urem)
{
	u64 ns;
	int err;

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return -EINVAL;
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
		return clock >= 0 && clock <= CLOCK_BOOTTIME ? -ENOTSUP : -EINVAL;
	err = get_timespec_ns(&ns, uts);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(ns, urem);
	return sleep_until(clock_to_deadline(clock, ns)) ? 0 : -ERESTARTNOHAND;
}
