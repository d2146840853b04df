/* SPDX-License-Identifier: MIT */
/*
 * Signals inside the kernel. A pending signal is a bit (task->pending or signal->shared_pending) and,
 * where memory allowed, a struct sigqueue with its siginfo; a bit without one reads as "sent by the kernel".
 *
 *	signal.c	sending, choosing a thread, taking
 *	signal_return.c	delivery on the way to user mode, frames, restarts, stops
 *	signal_calls.c	the system calls
 */
#ifndef KERNEL_SYS_SIGNAL_H
#define KERNEL_SYS_SIGNAL_H

#include "kernel/core/task.h"
#include "kernel/sys/abi.h"

struct pt_regs;

#define sigmask(sig) (1ULL << ((sig) - 1))

#define SIG_KERNEL_STOP_MASK (sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define SIG_KERNEL_IGNORE_MASK                                                                     \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define SIG_SYNCHRONOUS_MASK                                                                       \
	(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGFPE) | \
	 sigmask(SIGSYS))
/* Default action: a core file, then death. */
#define SIG_KERNEL_COREDUMP_MASK                                                                   \
	(SIG_SYNCHRONOUS_MASK | sigmask(SIGQUIT) | sigmask(SIGABRT) | sigmask(SIGXCPU) | sigmask(SIGXFSZ))
#define SIG_UNBLOCKABLE (sigmask(SIGKILL) | sigmask(SIGSTOP))

struct sigqueue {
	struct list_head list;
	struct linux_siginfo info;
};

/* info for __send_signal when there is none to tell. */
#define SEND_SIG_NOINFO ((const struct linux_siginfo *)0) /* SI_USER from current */
#define SEND_SIG_PRIV	((const struct linux_siginfo *)1) /* from the kernel */

/*
 * => siglock of p held; group: to the process, else to the thread p. 0, or -EAGAIN (queue full, real-time
 *    signals by sigqueue only). Ignored signals vanish.
 */
int __send_signal(int sig, const struct linux_siginfo *info, struct task_struct *p, bool group);
/* => the same with the lock taken; p is current or kept by tasklist_lock. -ESRCH: p is past its end */
int send_sig_info(int sig, const struct linux_siginfo *info, struct task_struct *p, bool group);
/* => as kill(2): permission checked for non-kernel info; sig 0 only checks. tasklist_lock taken inside */
int kill_pid_info(int sig, const struct linux_siginfo *info, pid_t pid);
int kill_task_info(int sig, const struct linux_siginfo *info, struct task_struct *p); /* => p is referenced */
/* => may current send sig to p? tasklist_lock held */
bool kill_permitted(int sig, const struct linux_siginfo *info, struct task_struct *p);
int kill_pgrp_info(int sig, const struct linux_siginfo *info, pid_t pgrp);
/* => kill(-1): everybody but init and the sender's own process */
int kill_all_info(int sig, const struct linux_siginfo *info);
/* => for tty: no permission check */
int kill_pgrp(pid_t pgrp, int sig);

/* A signal current cannot escape: blocked or ignored counts as default. => current, any trap context */
void force_sig_info(const struct linux_siginfo *info);
void force_sig(int sig);
void force_sig_fault(int sig, int code, unsigned long addr);

/*
 * => siglock of current held: the next signal not in mask and its info, or 0; clears TIF_SIGPENDING
 *    when none is left
 */
int dequeue_signal(u64 mask, struct linux_siginfo *info);
void recalc_sigpending(void);
/* => current->blocked changes; other threads get what current leaves blocked behind. Takes siglock */
void set_current_blocked(u64 mask);
void flush_sigqueue(struct list_head *queue);
/* => siglock held: the signals of mask are pending nowhere in p's process any more, their siginfo is freed */
void remove_pending_group(struct task_struct *p, u64 mask);
void flush_signal_handlers(struct task_struct *p, bool force_default);
/* => siglock and tasklist_lock held: SIGKILL to the other threads of the group; number of them */
int zap_other_threads(struct task_struct *p);
void signal_wake_up(struct task_struct *t, bool fatal);
/* => tasklist_lock held for writing: SIGCHLD to the parent; true if p is to be reaped by nobody */
bool do_notify_parent(struct task_struct *p, int sig);
/* => tasklist_lock held: the parent hears of a stop or continue (CLD_*) */
void do_notify_parent_cldstop(struct task_struct *p, int why);
bool is_current_pgrp_orphaned(void);
/* => tasklist_lock held */
bool will_become_orphaned_pgrp(pid_t pgrp, struct task_struct *ignored);
bool has_stopped_jobs(pid_t pgrp);

/* The user-return hook. */
void do_signal(struct pt_regs *regs);
/* => copy the user's siginfo with every byte defined; 0 or -EFAULT */
int copy_siginfo_to_user(void __user *to, const struct linux_siginfo *info);

/* => a user's set of sigsetsize bytes: 0, -EINVAL, -EFAULT */
int get_sigset(u64 *set, const void __user *uset, size_t size);
/* => blocked becomes mask until the call has returned (sigsuspend, ppoll, pselect6) */
void set_user_sigmask(u64 mask);

static inline bool sig_fatal_default(int sig)
{
	return !((SIG_KERNEL_IGNORE_MASK | SIG_KERNEL_STOP_MASK) >> (sig - 1) & 1);
}

static inline bool valid_signal(int sig)
{
	return sig >= 0 && sig <= NSIG;
}

#endif
