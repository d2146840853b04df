/* SPDX-License-Identifier: MIT */
/*
 * poll and select: time-outs, signal masks and bitmaps are brought into the form of fs/poll.c.
 *
 * A time-out is rounded up to ticks. ppoll and pselect6 put their mask in place for the wait only: it is
 * taken back on the way to user mode, after the handler of the signal that ended the wait has been set up.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "arch/uaccess.h"
#include "fs/poll.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define POLL_ON_STACK	 16
#define SELECT_MAX_FDS	 65536
#define SELECT_SET_WORDS 16 /* on the stack: 1024 descriptors */

/* => ready descriptors, 0, -errno; timeout in ticks, what remains comes back */
static long poll_common(struct pollfd_k __user *ufds, unsigned int n, long *timeout)
{
	struct pollfd_k fast[POLL_ON_STACK], *fds = fast;
	size_t bytes = n * sizeof(*fds);
	long ret;

	if (n > current->signal->rlim[RLIMIT_NOFILE].rlim_cur)
		return -EINVAL;
	if (n > POLL_ON_STACK)
		fds = vmalloc(bytes);
	if (!fds)
		return -ENOMEM;
	ret = copy_from_user(fds, ufds, bytes) ? -EFAULT : 0;
	if (!ret)
		ret = do_poll(fds, n, timeout);
	for (unsigned int i = 0; ret >= 0 && i < n; i++) {
		if (put_user(fds[i].revents, &ufds[i].revents))
			ret = -EFAULT;
	}
	if (fds != fast)
		vfree(fds);
	return ret;
}

static long poll_restart(struct restart_block *restart)
{
	long timeout = MAX_SCHEDULE_TIMEOUT, ret;
	u64 now = ktime_get_ns();

	if (restart->deadline_ns != NO_DEADLINE)
		timeout = restart->deadline_ns > now ?
				  (long)nsecs_to_jiffies(restart->deadline_ns - now) : 0;
	ret = poll_common((struct pollfd_k *)restart->arg[0], (unsigned int)restart->arg[1], &timeout);
	return ret == -EINTR ? -ERESTART_RESTARTBLOCK : ret;
}

long sys_poll(struct pollfd_k __user *ufds, unsigned int n, int timeout_ms)
{
	current->restart = (struct restart_block){
		.fn = poll_restart,
		.deadline_ns = timeout_ms < 0 ? NO_DEADLINE :
						deadline_after((u64)timeout_ms * NSEC_PER_MSEC),
		.arg = { (unsigned long)ufds, n },
	};
	return poll_restart(&current->restart);
}

/* What remains of an absolute deadline goes back to the user; the memory may be read-only. */
static void put_remaining(void __user *uts, u64 deadline_ns, int (*put)(void *, u64))
{
	u64 now = ktime_get_ns();

	if (uts && deadline_ns != NO_DEADLINE)
		put(uts, deadline_ns > now ? deadline_ns - now : 0);
}

static long deadline_ticks(u64 deadline_ns)
{
	u64 now = ktime_get_ns();

	if (deadline_ns == NO_DEADLINE)
		return MAX_SCHEDULE_TIMEOUT;
	return deadline_ns > now ? (long)nsecs_to_jiffies(deadline_ns - now) : 0;
}

/* The mask of ppoll and pselect6 is back before anything is returned, unless a signal is to be delivered. */
static long finish_masked(long ret, bool masked)
{
	if (ret == -EINTR)
		return -ERESTARTNOHAND;
	if (masked) {
		clear_thread_flag(TIF_RESTORE_SIGMASK);
		set_current_blocked(current->saved_sigmask);
	}
	return ret;
}

long sys_ppoll(struct pollfd_k __user *ufds, unsigned int n, void __user *uts,
	       const void __user *uset, size_t size)
{
	u64 ns, set, deadline = NO_DEADLINE;
	long ret = 0, timeout;

	if (uts) {
		ret = get_timespec_ns(&ns, uts);
		deadline = deadline_after(ret ? 0 : ns);
	}
	if (!ret && uset)
		ret = get_sigset(&set, uset, size);
	if (ret)
		return ret;
	if (uset)
		set_user_sigmask(set);
	timeout = deadline_ticks(deadline);
	ret = finish_masked(poll_common(ufds, n, &timeout), uset != NULL);
	put_remaining(uts, deadline, put_timespec_ns);
	return ret;
}

/* ---- select ----------------------------------------------------------------------------------- */

struct select_sets {
	unsigned long *set[3];		/* in, out, exceptional; NULL if the user's is */
	unsigned long fast[3 * SELECT_SET_WORDS];
	unsigned long *memory;
};

static long get_sets(struct select_sets *s, unsigned int n, void __user *const u[3])
{
	size_t words = DIV_ROUND_UP(n, 64U);

	memset(s->set, 0, sizeof(s->set));
	s->memory = s->fast;
	if (words > SELECT_SET_WORDS)
		s->memory = kmalloc(3 * words * sizeof(long), GFP_KERNEL);
	if (!s->memory)
		return -ENOMEM;
	for (int i = 0; i < 3; i++) {
		if (!u[i])
			continue;
		s->set[i] = s->memory + (size_t)i * words;
		if (copy_from_user(s->set[i], u[i], words * sizeof(long)))
			return -EFAULT;
		if (n % 64)
			s->set[i][words - 1] &= (1UL << n % 64) - 1;
	}
	return 0;
}

static long select_common(int n, void __user *const u[3], long timeout)
{
	struct select_sets s;
	long ret;

	if (n < 0)
		return -EINVAL;
	n = min(n, SELECT_MAX_FDS);
	ret = get_sets(&s, (unsigned int)n, u);
	if (!ret)
		ret = do_select((unsigned int)n, s.set[0], s.set[1], s.set[2], &timeout);
	for (int i = 0; i < 3 && ret >= 0; i++) {
		if (u[i] && copy_to_user(u[i], s.set[i], DIV_ROUND_UP((size_t)n, 64) * sizeof(long)))
			ret = -EFAULT;
	}
	if (s.memory != s.fast)
		kfree(s.memory);
	return ret;
}

long sys_select(int n, void __user *in, void __user *out, void __user *ex, void __user *utv)
{
	void __user *const u[3] = { in, out, ex };
	u64 ns, deadline = NO_DEADLINE;
	long ret;

	if (utv) {
		ret = get_timeval_ns(&ns, utv);
		if (ret)
			return ret;
		deadline = deadline_after(ns);
	}
	ret = select_common(n, u, deadline_ticks(deadline));
	put_remaining(utv, deadline, put_timeval_ns);
	return ret == -EINTR ? -ERESTARTNOHAND : ret;
}

long sys_pselect6(int n, void __user *in, void __user *out, void __user *ex, void __user *uts,
		  const void __user *usig)
{
	void __user *const u[3] = { in, out, ex };
	u64 ns, set, deadline = NO_DEADLINE, sig[2] = { 0, 0 };
	long ret = 0;

	if (uts) {
		ret = get_timespec_ns(&ns, uts);
		deadline = deadline_after(ret ? 0 : ns);
	}
	if (!ret && usig && copy_from_user(sig, usig, sizeof(sig)))
		ret = -EFAULT;
	if (!ret && sig[0])
		ret = get_sigset(&set, (void *)(unsigned long)sig[0], sig[1]);
	if (ret)
		return ret;
	if (sig[0])
		set_user_sigmask(set);
	ret = finish_masked(select_common(n, u, deadline_ticks(deadline)), sig[0] != 0);
	put_remaining(uts, deadline, put_timespec_ns);
	return ret;
}
