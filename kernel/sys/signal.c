/* SPDX-License-Identifier: MIT */
/*
 * Sending a signal: is it ignored? note it, choose a thread, wake it. Taking one: dequeue_signal.
 *
 *	kill(pid) --+                        +-- bit + sigqueue -- complete_signal: which thread?
 *	tgkill -----+--> __send_signal ------+        |
 *	fault, SIGCHLD, alarm, tty ----------+        +-- fatal by default: the whole group at once
 *	                                                  (group_exit, SIGKILL in every thread); but one
 *	                                                  that makes a core file waits for a thread to take it
 *
 * SIGCONT and the stop signals cancel each other when sent, not when delivered; SIGKILL and SIGCONT wake
 * stopped threads. init (pid 1) gets only what it has a handler for, unless the kernel forces it.
 *
 * Locks: sighand->siglock with interrupts off (timers send signals from softirqs). A task's sighand lives
 * as long as the task is on the task list, so senders hold tasklist_lock or are the task.
 */
#include "kernel/sys/signal.h"
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/slab.h"

#define MAX_QUEUED 16384 /* sigqueues in the whole system; beyond it signals are bits only */

static struct kmem_cache *sigqueue_cache;
static atomic_t nr_queued;

static int __init signal_init(void)
{
	sigqueue_cache = kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC, NULL);
	return 0;
}
core_initcall(signal_init);

static void sigqueue_free(struct sigqueue *q)
{
	kmem_cache_free(sigqueue_cache, q);
	atomic_dec(&nr_queued);
}

void flush_sigqueue(struct list_head *queue)
{
	while (!list_empty(queue)) {
		struct sigqueue *q = list_first_entry(queue, struct sigqueue, list);

		list_del(&q->list);
		sigqueue_free(q);
	}
}

/* Signals of mask are no longer pending in this set. siglock held. */
static void remove_pending(u64 mask, u64 *pending, struct list_head *queue)
{
	struct sigqueue *q, *next;

	if (!(*pending & mask))
		return;
	__atomic_fetch_and(pending, ~mask, __ATOMIC_RELAXED);
	list_for_each_entry_safe(q, next, queue, list) {
		if (mask & sigmask(q->info.si_signo)) {
			list_del(&q->list);
			sigqueue_free(q);
		}
	}
}

void remove_pending_group(struct task_struct *p, u64 mask)
{
	struct task_struct *t;

	remove_pending(mask, &p->signal->shared_pending, &p->signal->shared_sigqueue);
	for_each_thread(p, t)
		remove_pending(mask, &t->pending, &t->sigqueue);
}

/* => siglock held: t notices its signals soon; fatal: even in a killable sleep or stopped */
void signal_wake_up(struct task_struct *t, bool fatal)
{
	set_tsk_thread_flag(t, TIF_SIGPENDING);
	if (!wake_up_state(t, TASK_INTERRUPTIBLE | (fatal ? TASK_WAKEKILL | TASK_STOPPED : 0)))
		kick_process(t);
}

void recalc_sigpending(void)
{
	struct task_struct *p = current;

	if (((p->pending | p->signal->shared_pending) & ~p->blocked) || p->stop_pending ||
	    p->signal->group_exit || p->signal->notify_parent)
		set_thread_flag(TIF_SIGPENDING);
	else
		clear_thread_flag(TIF_SIGPENDING);
}

static bool sig_ignored(struct task_struct *p, int sig, bool forced)
{
	unsigned long handler = p->sighand->action[sig - 1].handler;

	if ((p->blocked | p->real_blocked) & sigmask(sig))
		return false; /* it may get a handler before it is unblocked */
	if (p->signal->unkillable && handler == SIG_DFL && !forced)
		return true;
	return handler == SIG_IGN ||
	       (handler == SIG_DFL && (SIG_KERNEL_IGNORE_MASK & sigmask(sig)));
}

/* SIGCONT: everybody runs again and the parent will hear of it. */
static void continue_group(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;

	remove_pending_group(p, SIG_KERNEL_STOP_MASK);
	for_each_thread(p, t) {
		t->stop_pending = t->stop_dequeued = false;
		wake_up_state(t, TASK_STOPPED);
	}
	if (sig->group_stop || sig->group_stop_count) {
		sig->notify_parent = sig->group_stop ? CLD_CONTINUED : CLD_STOPPED;
		sig->continued = true;
		sig->group_stop = false;
		sig->group_stop_count = 0;
		sig->group_exit_code = 0;
		set_tsk_thread_flag(p, TIF_SIGPENDING);
	}
}

/* What a signal does at sending time. => false: it is to be dropped */
static bool prepare_signal(int sig, struct task_struct *p, bool forced)
{
	if (p->signal->group_exit)
		return sig == SIGKILL;
	if (SIG_KERNEL_STOP_MASK & sigmask(sig))
		remove_pending_group(p, sigmask(SIGCONT));
	else if (sig == SIGCONT)
		continue_group(p);
	return !sig_ignored(p, sig, forced);
}

static bool wants_signal(int sig, struct task_struct *p)
{
	if ((p->blocked & sigmask(sig)) || (p->flags & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (p->state & TASK_STOPPED)
		return false;
	return p == current || !signal_pending(p);
}

/* The signal ends the process: say so to all threads now instead of when one of them gets to it. */
static void start_group_exit(struct task_struct *p, int sig)
{
	struct task_struct *t;

	p->signal->group_exit = true;
	p->signal->group_exit_code = sig;
	p->signal->group_stop_count = 0;
	for_each_thread(p, t) {
		t->stop_pending = false;
		__atomic_fetch_or(&t->pending, sigmask(SIGKILL), __ATOMIC_RELAXED);
		signal_wake_up(t, true);
	}
}

static bool sig_ends_group(int sig, struct task_struct *p, struct task_struct *t)
{
	if (p->signal->group_exit || p->sighand->action[sig - 1].handler != SIG_DFL ||
	    !sig_fatal_default(sig) || (sigmask(sig) & SIG_KERNEL_COREDUMP_MASK) ||
	    (t->real_blocked & sigmask(sig)))
		return false;
	return !p->signal->unkillable || sig == SIGKILL;
}

static void complete_signal(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t = p, *other;

	if (!wants_signal(sig, p)) {
		if (!group || p->signal->nr_threads <= 1)
			return; /* it stays pending until p unblocks it */
		t = NULL;
		for_each_thread(p, other) {
			if (wants_signal(sig, other)) {
				t = other;
				break;
			}
		}
		if (!t)
			return;
	}
	if (sig_ends_group(sig, p, t))
		start_group_exit(p, sig);
	else
		signal_wake_up(t, sig == SIGKILL);
}

static void fill_siginfo(struct linux_siginfo *to, int sig, const struct linux_siginfo *info)
{
	if (info != SEND_SIG_NOINFO && info != SEND_SIG_PRIV) {
		*to = *info;
		return;
	}
	memset(to, 0, sizeof(*to));
	to->si_signo = sig;
	if (info == SEND_SIG_PRIV) {
		to->si_code = SI_KERNEL;
	} else {
		to->si_code = SI_USER;
		to->rt.pid = current->tgid;
		to->rt.uid = current->uid;
	}
}

int __send_signal(int sig, const struct linux_siginfo *info, struct task_struct *p, bool group)
{
	u64 *pending = group ? &p->signal->shared_pending : &p->pending;
	struct list_head *queue = group ? &p->signal->shared_sigqueue : &p->sigqueue;
	bool user_info = info != SEND_SIG_NOINFO && info != SEND_SIG_PRIV;
	struct sigqueue *q = NULL;

	assert_spin_locked(&p->sighand->siglock);
	if (!prepare_signal(sig, p, info == SEND_SIG_PRIV && sig == SIGKILL))
		return 0;
	if (sig < SIGRTMIN && (*pending & sigmask(sig)))
		return 0; /* ordinary signals do not queue */
	if (sig != SIGKILL && atomic_read(&nr_queued) < MAX_QUEUED)
		q = kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (q) {
		atomic_inc(&nr_queued);
		fill_siginfo(&q->info, sig, info);
		list_add_tail(&q->list, queue);
	} else if (sig >= SIGRTMIN && user_info && info->si_code != SI_USER) {
		return -EAGAIN;
	}
	__atomic_fetch_or(pending, sigmask(sig), __ATOMIC_RELAXED);
	complete_signal(sig, p, group);
	return 0;
}

int send_sig_info(int sig, const struct linux_siginfo *info, struct task_struct *p, bool group)
{
	unsigned long flags;
	int err;

	if (!p->sighand)
		return -ESRCH;
	spin_lock_irqsave(&p->sighand->siglock, flags);
	err = __send_signal(sig, info, p, group);
	spin_unlock_irqrestore(&p->sighand->siglock, flags);
	return err;
}

bool kill_permitted(int sig, const struct linux_siginfo *info, struct task_struct *p)
{
	struct task_struct *me = current;

	if (info == SEND_SIG_PRIV || me->tgid == p->tgid || me->cap_effective >> CAP_KILL & 1)
		return true;
	if (me->euid == p->uid || me->euid == p->suid || me->uid == p->uid || me->uid == p->suid)
		return true;
	return sig == SIGCONT && me->signal->session == p->signal->session;
}

/* => tasklist_lock held */
static int kill_one(int sig, const struct linux_siginfo *info, struct task_struct *p)
{
	if (!kill_permitted(sig, info, p))
		return -EPERM;
	return sig ? send_sig_info(sig, info, p, true) : 0;
}

int kill_task_info(int sig, const struct linux_siginfo *info, struct task_struct *p)
{
	int err = -ESRCH;

	read_lock(&tasklist_lock);
	if (p->sighand)
		err = kill_one(sig, info, p);
	read_unlock(&tasklist_lock);
	return err;
}

int kill_pid_info(int sig, const struct linux_siginfo *info, pid_t pid)
{
	struct task_struct *p;
	int err = -ESRCH;

	read_lock(&tasklist_lock);
	p = find_task_by_pid(pid);
	if (p && p->sighand)
		err = kill_one(sig, info, p);
	read_unlock(&tasklist_lock);
	return err;
}

int kill_pgrp_info(int sig, const struct linux_siginfo *info, pid_t pgrp)
{
	int err = -ESRCH, result;
	bool sent = false;
	struct task_struct *p;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (p->signal->pgrp != pgrp || (p->flags & PF_KTHREAD) || !p->sighand)
			continue;
		result = kill_one(sig, info, p);
		sent |= !result;
		err = result;
	}
	read_unlock(&tasklist_lock);
	return sent ? 0 : err;
}

int kill_all_info(int sig, const struct linux_siginfo *info)
{
	int err = -ESRCH, result;
	struct task_struct *p;

	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (p->tgid <= 1 || p->tgid == current->tgid || (p->flags & PF_KTHREAD) || !p->sighand)
			continue;
		result = kill_one(sig, info, p);
		if (result != -EPERM)
			err = result;
	}
	read_unlock(&tasklist_lock);
	return err;
}

int kill_pgrp(pid_t pgrp, int sig)
{
	return kill_pgrp_info(sig, SEND_SIG_PRIV, pgrp);
}

void force_sig_info(const struct linux_siginfo *info)
{
	struct task_struct *p = current;
	struct k_sigaction *ka = &p->sighand->action[info->si_signo - 1];
	unsigned long flags;
	bool blocked;

	spin_lock_irqsave(&p->sighand->siglock, flags);
	blocked = p->blocked & sigmask(info->si_signo);
	if (blocked || ka->handler == SIG_IGN) {
		ka->handler = SIG_DFL;
		p->blocked &= ~sigmask(info->si_signo);
	}
	if (ka->handler == SIG_DFL)
		p->signal->unkillable = false;
	__send_signal(info->si_signo, info, p, false);
	recalc_sigpending();
	spin_unlock_irqrestore(&p->sighand->siglock, flags);
}

void force_sig_fault(int sig, int code, unsigned long addr)
{
	struct linux_siginfo info = { .si_signo = sig, .si_code = code };

	info.fault.addr = addr;
	force_sig_info(&info);
}

void force_sig(int sig)
{
	struct linux_siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	force_sig_info(&info);
}

/* ---- Taking ----------------------------------------------------------------------------------- */

/* Faults of the thread itself come first: their context is now. */
static int next_signal(u64 pending)
{
	if (pending & SIG_SYNCHRONOUS_MASK)
		pending &= SIG_SYNCHRONOUS_MASK;
	return pending ? __builtin_ctzll(pending) + 1 : 0;
}

static void collect_signal(int sig, u64 *pending, struct list_head *queue, struct linux_siginfo *info)
{
	struct sigqueue *q, *first = NULL;
	bool more = false;

	list_for_each_entry(q, queue, list) {
		if (q->info.si_signo != sig)
			continue;
		if (first) {
			more = true;
			break;
		}
		first = q;
	}
	if (!more)
		__atomic_fetch_and(pending, ~sigmask(sig), __ATOMIC_RELAXED);
	if (!first) {
		*info = (struct linux_siginfo){ .si_signo = sig, .si_code = SI_USER };
		return;
	}
	*info = first->info;
	list_del(&first->list);
	sigqueue_free(first);
}

int dequeue_signal(u64 mask, struct linux_siginfo *info)
{
	struct task_struct *p = current;
	int sig = next_signal(p->pending & ~mask);

	if (sig) {
		collect_signal(sig, &p->pending, &p->sigqueue, info);
	} else {
		sig = next_signal(p->signal->shared_pending & ~mask);
		if (sig)
			collect_signal(sig, &p->signal->shared_pending, &p->signal->shared_sigqueue,
				       info);
	}
	recalc_sigpending();
	return sig;
}

/* Signals of the process that only this thread had open need another thread to take them. */
static void retarget_shared(struct task_struct *p, u64 newly_blocked)
{
	u64 left = p->signal->shared_pending & newly_blocked;
	struct task_struct *t;

	if (!left || p->signal->nr_threads <= 1)
		return;
	for_each_thread(p, t) {
		if (t != p && !(t->flags & PF_EXITING) && (left & ~t->blocked) && !signal_pending(t))
			signal_wake_up(t, false);
	}
}

void set_current_blocked(u64 mask)
{
	struct task_struct *p = current;

	mask &= ~SIG_UNBLOCKABLE;
	spin_lock_irq(&p->sighand->siglock);
	retarget_shared(p, mask & ~p->blocked);
	p->blocked = mask;
	recalc_sigpending();
	spin_unlock_irq(&p->sighand->siglock);
}

void flush_signal_handlers(struct task_struct *p, bool force_default)
{
	for (int i = 0; i < NSIG; i++) {
		struct k_sigaction *ka = &p->sighand->action[i];

		if (force_default || ka->handler != SIG_IGN)
			ka->handler = SIG_DFL;
		ka->flags = 0;
		ka->restorer = 0;
		ka->mask = 0;
	}
}

int zap_other_threads(struct task_struct *p)
{
	struct task_struct *t;
	int count = 0;

	p->signal->group_stop_count = 0;
	for_each_thread(p, t) {
		t->stop_pending = false;
		if (t == p || t->exit_state)
			continue;
		count++;
		__atomic_fetch_or(&t->pending, sigmask(SIGKILL), __ATOMIC_RELAXED);
		signal_wake_up(t, true);
	}
	return count;
}
