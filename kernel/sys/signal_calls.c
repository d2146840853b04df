/* SPDX-License-Identifier: MIT */
/*
 * The system calls about signals: what to do with them, which to hold back, sending, waiting for one.
 * The mechanism is in signal.c and signal_return.c.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/time.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"

int get_sigset(u64 *set, const void __user *uset, size_t size)
{
	if (size != sizeof(u64))
		return -EINVAL;
	return copy_from_user(set, uset, sizeof(*set)) ? -EFAULT : 0;
}

int copy_siginfo_to_user(void __user *to, const struct linux_siginfo *info)
{
	return copy_to_user(to, info, sizeof(*info)) ? -EFAULT : 0;
}

void set_user_sigmask(u64 mask)
{
	current->saved_sigmask = current->blocked;
	set_thread_flag(TIF_RESTORE_SIGMASK);
	set_current_blocked(mask);
}

/* The new action makes the signal ignored: what is pending of it vanishes. siglock held. */
static void drop_if_ignored(int sig, const struct k_sigaction *ka)
{
	if (ka->handler != SIG_IGN &&
	    !(ka->handler == SIG_DFL && (SIG_KERNEL_IGNORE_MASK & sigmask(sig))))
		return;
	remove_pending_group(current, sigmask(sig));
	recalc_sigpending();
}

long sys_rt_sigaction(int sig, const void __user *act, void __user *oldact, size_t size)
{
	struct k_sigaction new, old;
	struct k_sigaction *slot;

	if (size != sizeof(u64))
		return -EINVAL;
	if (sig < 1 || sig > NSIG || (act && (sigmask(sig) & SIG_UNBLOCKABLE)))
		return -EINVAL;
	if (act && copy_from_user(&new, act, sizeof(new)))
		return -EFAULT;
	slot = &current->sighand->action[sig - 1];
	spin_lock_irq(&current->sighand->siglock);
	old = *slot;
	if (act) {
		new.mask &= ~SIG_UNBLOCKABLE;
		*slot = new;
		drop_if_ignored(sig, &new);
	}
	spin_unlock_irq(&current->sighand->siglock);
	return oldact && copy_to_user(oldact, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_rt_sigprocmask(int how, const void __user *uset, void __user *oldset, size_t size)
{
	u64 old = current->blocked, set;

	if (size != sizeof(u64))
		return -EINVAL;
	if (uset) {
		if (copy_from_user(&set, uset, sizeof(set)))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			set_current_blocked(old | set);
			break;
		case SIG_UNBLOCK:
			set_current_blocked(old & ~set);
			break;
		case SIG_SETMASK:
			set_current_blocked(set);
			break;
		default:
			return -EINVAL;
		}
	}
	return oldset && copy_to_user(oldset, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_rt_sigpending(void __user *uset, size_t size)
{
	u64 set;

	if (size > sizeof(u64))
		return -EINVAL;
	set = (current->pending | current->signal->shared_pending) & current->blocked;
	return copy_to_user(uset, &set, size) ? -EFAULT : 0;
}

long sys_rt_sigsuspend(const void __user *uset, size_t size)
{
	u64 set;
	int err = get_sigset(&set, uset, size);

	if (err)
		return err;
	set_user_sigmask(set);
	return sys_pause();
}

long sys_pause(void)
{
	while (!signal_pending(current)) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!signal_pending(current))
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return -ERESTARTNOHAND;
}

/* Takes one of the signals in set, siglock inside. 0: none is pending. */
static int take_signal(u64 set, struct linux_siginfo *info)
{
	int sig;

	spin_lock_irq(&current->sighand->siglock);
	sig = dequeue_signal(~set, info);
	spin_unlock_irq(&current->sighand->siglock);
	return sig;
}

long sys_rt_sigtimedwait(const void __user *uset, void __user *uinfo, const void __user *utimeout,
			 size_t size)
{
	struct task_struct *p = current;
	struct linux_siginfo info;
	long timeout = MAX_SCHEDULE_TIMEOUT;
	u64 set;
	int sig, err = get_sigset(&set, uset, size);

	if (!err && utimeout)
		err = get_timeout_ticks(&timeout, utimeout);
	if (err)
		return err;
	set &= ~SIG_UNBLOCKABLE;
	sig = take_signal(set, &info);
	if (!sig && timeout) {
		spin_lock_irq(&p->sighand->siglock);
		p->real_blocked = p->blocked; /* the default action must not strike while we wait */
		p->blocked &= ~set;
		recalc_sigpending();
		spin_unlock_irq(&p->sighand->siglock);
		timeout = schedule_timeout_interruptible(timeout);
		spin_lock_irq(&p->sighand->siglock);
		p->blocked = p->real_blocked;
		p->real_blocked = 0;
		sig = dequeue_signal(~set, &info);
		spin_unlock_irq(&p->sighand->siglock);
		if (!sig && timeout)
			return -EINTR;
	}
	if (!sig)
		return -EAGAIN;
	if (uinfo && copy_siginfo_to_user(uinfo, &info))
		return -EFAULT;
	return sig;
}

/* ---- Sending ---------------------------------------------------------------------------------- */

long sys_kill(pid_t pid, int sig)
{
	if (!valid_signal(sig))
		return -EINVAL;
	if (pid > 0)
		return kill_pid_info(sig, SEND_SIG_NOINFO, pid);
	if (pid == -1)
		return kill_all_info(sig, SEND_SIG_NOINFO);
	if (pid == INT_MIN)
		return -ESRCH;
	return kill_pgrp_info(sig, SEND_SIG_NOINFO, pid ? -pid : current->signal->pgrp);
}

static long do_tkill(pid_t tgid, pid_t tid, int sig, const struct linux_siginfo *info)
{
	struct task_struct *p;
	long err = -ESRCH;

	if (tid <= 0 || !valid_signal(sig))
		return -EINVAL;
	read_lock(&tasklist_lock);
	p = find_task_by_pid(tid);
	if (p && p->sighand && (tgid <= 0 || p->tgid == tgid)) {
		if (!kill_permitted(sig, info, p))
			err = -EPERM;
		else
			err = sig ? send_sig_info(sig, info, p, false) : 0;
	}
	read_unlock(&tasklist_lock);
	return err;
}

static struct linux_siginfo tkill_info(int sig)
{
	struct linux_siginfo info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_TKILL;
	info.rt.pid = current->tgid;
	info.rt.uid = current->uid;
	return info;
}

long sys_tkill(pid_t tid, int sig)
{
	struct linux_siginfo info = tkill_info(sig);

	return do_tkill(0, tid, sig, &info);
}

long sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	struct linux_siginfo info = tkill_info(sig);

	return tgid <= 0 ? -EINVAL : do_tkill(tgid, tid, sig, &info);
}

/* The user's own siginfo: it must not claim to come from the kernel, except to the sender itself. */
static long get_siginfo(struct linux_siginfo *info, const void __user *uinfo, int sig, pid_t pid)
{
	if (copy_from_user(info, uinfo, sizeof(*info)))
		return -EFAULT;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && current->tgid != pid)
		return -EPERM;
	info->si_signo = sig;
	return 0;
}

long sys_rt_sigqueueinfo(pid_t pid, int sig, const void __user *uinfo)
{
	struct linux_siginfo info;
	long err = get_siginfo(&info, uinfo, sig, pid);

	if (err)
		return err;
	return valid_signal(sig) ? kill_pid_info(sig, &info, pid) : -EINVAL;
}

long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const void __user *uinfo)
{
	struct linux_siginfo info;
	long err = get_siginfo(&info, uinfo, sig, tgid);

	if (err)
		return err;
	return tgid <= 0 ? -EINVAL : do_tkill(tgid, tid, sig, &info);
}

/* ---- The alternate stack ------------------------------------------------------------------------ */

static bool in_altstack(unsigned long sp)
{
	struct task_struct *p = current;

	return p->sas_ss_size && !(p->sas_ss_flags & SS_AUTODISARM) && sp > p->sas_ss_sp &&
	       sp - p->sas_ss_sp <= p->sas_ss_size;
}

long restore_altstack(const struct linux_stack *ss, unsigned long sp)
{
	struct task_struct *p = current;
	unsigned int mode = (unsigned int)ss->ss_flags & ~SS_AUTODISARM;

	if (in_altstack(sp))
		return -EPERM;
	if (mode && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		p->sas_ss_sp = p->sas_ss_size = 0;
	} else {
		if (ss->ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		p->sas_ss_sp = ss->ss_sp;
		p->sas_ss_size = ss->ss_size;
	}
	p->sas_ss_flags = (unsigned int)ss->ss_flags & SS_AUTODISARM;
	return 0;
}

long sys_sigaltstack(const void __user *uss, void __user *uoss)
{
	struct task_struct *p = current;
	unsigned long sp = task_pt_regs(p)->sp;
	struct linux_stack new, old = { .ss_sp = p->sas_ss_sp, .ss_size = p->sas_ss_size };
	long err;

	old.ss_flags = (s32)(p->sas_ss_flags & SS_AUTODISARM);
	old.ss_flags |= !p->sas_ss_size ? SS_DISABLE : in_altstack(sp) ? SS_ONSTACK : 0;
	if (uss) {
		if (copy_from_user(&new, uss, sizeof(new)))
			return -EFAULT;
		err = restore_altstack(&new, sp);
		if (err)
			return err;
	}
	return uoss && copy_to_user(uoss, &old, sizeof(old)) ? -EFAULT : 0;
}

long sys_restart_syscall(void)
{
	struct restart_block *restart = &current->restart;

	return restart->fn ? restart->fn(restart) : -EINTR;
}
