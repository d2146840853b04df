/* SPDX-License-Identifier: MIT */
/*
 * Interval timers: alarm, setitimer. ITIMER_REAL is a kernel timer that sends SIGALRM. ITIMER_VIRTUAL and
 * ITIMER_PROF compare the process's CPU time with their expiry at every tick while one of them is armed.
 *
 * The structure is made by the first call and hangs on signal->sys until the last thread exits, where
 * del_timer_sync makes sure that no handler runs any more: handlers may therefore trust it and the signal_struct.
 *
 * Locks: siglock for the fields; the handlers take tasklist_lock for reading to find the leader.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "arch/uaccess.h"
#include "mm/slab.h"

enum { ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF };

struct cpu_timer {
	u64 expires, interval;	/* ticks of CPU time; expires 0: off */
};

struct itimers {
	struct timer_list real;
	u64 real_expires_ns;	/* 0: off */
	u64 real_interval_ns;
	struct timer_list poll;	/* runs every tick while a CPU timer is armed */
	struct cpu_timer cpu[2]; /* virtual, profiling */
};

static void send_to_group(struct signal_struct *sig, int signo)
{
	read_lock(&tasklist_lock);
	send_sig_info(signo, SEND_SIG_PRIV, sig->group_leader, true);
	read_unlock(&tasklist_lock);
}

static unsigned long tick_of(u64 ns)
{
	u64 now = ktime_get_ns();

	return jiffies + (ns > now ? nsecs_to_jiffies(ns - now) : 0);
}

static void real_expired(unsigned long data)
{
	struct signal_struct *sig = (struct signal_struct *)data;
	struct itimers *it = sig->sys;
	u64 now = ktime_get_ns(), expires = READ_ONCE(it->real_expires_ns);
	u64 interval = READ_ONCE(it->real_interval_ns); /* setitimer or exit may clear it while we divide */

	if (!expires)
		return;
	if (interval) {
		u64 late = now > expires ? now - expires : 0;

		it->real_expires_ns = expires + (late / interval + 1) * interval;
		mod_timer(&it->real, max(tick_of(it->real_expires_ns), jiffies + 1));
	} else {
		it->real_expires_ns = 0;
	}
	send_to_group(sig, SIGALRM);
}

static u64 cpu_ticks(struct signal_struct *sig, int which)
{
	struct process_usage u;

	process_usage(sig->group_leader, &u);
	return which == ITIMER_VIRTUAL ? u.utime : u.utime + u.stime;
}

static void cpu_timer_tick(unsigned long data)
{
	struct signal_struct *sig = (struct signal_struct *)data;
	struct itimers *it = sig->sys;
	bool armed = false;

	for (int which = ITIMER_VIRTUAL; which <= ITIMER_PROF; which++) {
		struct cpu_timer *t = &it->cpu[which - 1];
		u64 now;

		if (!t->expires)
			continue;
		read_lock(&tasklist_lock);
		now = cpu_ticks(sig, which);
		read_unlock(&tasklist_lock);
		if (now >= t->expires) {
			t->expires = t->interval ? now + t->interval : 0;
			send_to_group(sig, which == ITIMER_VIRTUAL ? SIGVTALRM : SIGPROF);
		}
		armed |= t->expires != 0;
	}
	if (armed)
		mod_timer(&it->poll, jiffies + 1);
}

/* => the process's timers, made if need be; NULL: no memory */
static struct itimers *get_itimers(void)
{
	struct signal_struct *sig = current->signal;
	struct itimers *it, *new;

	if (sig->sys)
		return sig->sys;
	new = kzalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return NULL;
	setup_timer(&new->real, real_expired, (unsigned long)sig);
	setup_timer(&new->poll, cpu_timer_tick, (unsigned long)sig);
	spin_lock_irq(&current->sighand->siglock);
	it = sig->sys;
	if (!it)
		it = sig->sys = new;
	spin_unlock_irq(&current->sighand->siglock);
	if (it != new)
		kfree(new);
	return it;
}

void exit_itimers(struct signal_struct *sig)
{
	struct itimers *it = sig->sys;

	if (!it)
		return;
	it->real_expires_ns = it->real_interval_ns = 0;
	it->cpu[0] = it->cpu[1] = (struct cpu_timer){ 0 };
	del_timer_sync(&it->real);
	del_timer_sync(&it->poll);
	sig->sys = NULL;
	kfree(it);
}

/* ns until expiry and interval of one timer. */
static void itimer_get(struct itimers *it, int which, u64 *value, u64 *interval)
{
	u64 now = ktime_get_ns();

	*value = *interval = 0;
	if (!it)
		return;
	if (which == ITIMER_REAL) {
		*interval = it->real_interval_ns;
		if (it->real_expires_ns)
			*value = it->real_expires_ns > now ? it->real_expires_ns - now : NSEC_PER_USEC;
		return;
	}
	*interval = jiffies_to_nsecs(it->cpu[which - 1].interval);
	read_lock(&tasklist_lock);
	now = cpu_ticks(current->signal, which);
	read_unlock(&tasklist_lock);
	if (it->cpu[which - 1].expires)
		*value = jiffies_to_nsecs(max(it->cpu[which - 1].expires, now + 1) - now);
}

static void itimer_set(struct itimers *it, int which, u64 value, u64 interval)
{
	u64 now;

	if (which == ITIMER_REAL) {
		it->real_expires_ns = 0;
		del_timer_sync(&it->real);
		it->real_interval_ns = interval;
		if (value) {
			it->real_expires_ns = deadline_after(value);
			mod_timer(&it->real, tick_of(it->real_expires_ns));
		}
		return;
	}
	read_lock(&tasklist_lock);
	now = cpu_ticks(current->signal, which);
	read_unlock(&tasklist_lock);
	it->cpu[which - 1].interval = nsecs_to_jiffies(interval);
	it->cpu[which - 1].expires = value ? now + nsecs_to_jiffies(value) : 0;
	if (value)
		mod_timer(&it->poll, jiffies + 1);
}

static int put_itimerval(void __user *uval, u64 value, u64 interval)
{
	char __user *p = uval;
	int err = put_timeval_ns(p, interval);

	return err ? err : put_timeval_ns(p + sizeof(struct linux_timeval), value);
}

long sys_getitimer(int which, void __user *uval)
{
	u64 value, interval;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	itimer_get(current->signal->sys, which, &value, &interval);
	return put_itimerval(uval, value, interval);
}

long sys_setitimer(int which, const void __user *unew, void __user *uold)
{
	u64 value = 0, interval = 0, old_value, old_interval;
	const char __user *p = unew;
	struct itimers *it;
	int err;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (unew) {
		err = get_timeval_ns(&interval, p);
		if (!err)
			err = get_timeval_ns(&value, p + sizeof(struct linux_timeval));
		if (err)
			return err;
	}
	it = get_itimers();
	if (!it)
		return -ENOMEM;
	itimer_get(it, which, &old_value, &old_interval);
	itimer_set(it, which, value, interval);
	return uold ? put_itimerval(uold, old_value, old_interval) : 0;
}

long sys_alarm(unsigned int seconds)
{
	u64 old, interval;
	struct itimers *it = get_itimers();

	if (!it)
		return 0;
	itimer_get(it, ITIMER_REAL, &old, &interval);
	itimer_set(it, ITIMER_REAL, seconds * (u64)NSEC_PER_SEC, 0);
	if (!old)
		return 0;
	return (long)max((old + NSEC_PER_SEC / 2) / NSEC_PER_SEC, (u64)1);
}
