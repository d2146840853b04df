/* SPDX-License-Identifier: MIT */
/*
 * A parent learns what became of its children: SIGCHLD to it (do_notify_parent), wait4 and waitid from it.
 *
 *	wait loop:  on the process's wait queue, TASK_INTERRUPTIBLE
 *	            look at every child that fits: zombie? stopped? continued?  -> report, done
 *	            no child fits at all -> ECHILD;  WNOHANG -> 0;  a signal -> ERESTARTSYS;  else sleep
 *
 * Several threads may wait for one child: the one whose exchange of exit_state from ZOMBIE to DEAD succeeds
 * reaps it. A leader that died before its threads is not reported until it is alone.
 *
 * Locks: tasklist_lock for reading while looking; the parent's siglock for the sums of reaped children.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"

/* ---- News for the parent ------------------------------------------------------------------------ */

static void wake_parent(struct task_struct *parent)
{
	wake_up_interruptible_all(&parent->signal->wait_chldexit);
}

static int process_exit_code(const struct task_struct *p)
{
	return p->signal->group_exit ? p->signal->group_exit_code : p->exit_code;
}

static void decode_exit(int code, s32 *si_code, s32 *status)
{
	*status = code & 0x7f;
	*si_code = CLD_KILLED;
	if (code & 0x80) {
		*si_code = CLD_DUMPED;
	} else if (!(code & 0x7f)) {
		*si_code = CLD_EXITED;
		*status = code >> 8 & 0xff;
	}
}

bool do_notify_parent(struct task_struct *p, int sig)
{
	struct task_struct *parent = p->real_parent;
	struct k_sigaction *ka;
	struct linux_siginfo info;
	bool autoreap = false;

	if (!parent || !parent->sighand)
		return true; /* the kernel's own children: nobody waits */
	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.chld.pid = p->pid;
	info.chld.uid = p->uid;
	info.chld.utime = (s64)(p->utime + p->signal->utime);
	info.chld.stime = (s64)(p->stime + p->signal->stime);
	decode_exit(process_exit_code(p), &info.si_code, &info.chld.status);

	spin_lock(&parent->sighand->siglock);
	ka = &parent->sighand->action[SIGCHLD - 1];
	if (sig == SIGCHLD && (ka->handler == SIG_IGN || (ka->flags & SA_NOCLDWAIT))) {
		autoreap = true;
		if (ka->handler == SIG_IGN)
			sig = 0;
	}
	if (sig > 0)
		__send_signal(sig, &info, parent, true);
	spin_unlock(&parent->sighand->siglock);
	wake_parent(parent);
	return autoreap;
}

void do_notify_parent_cldstop(struct task_struct *p, int why)
{
	struct task_struct *parent = p->real_parent;
	struct linux_siginfo info;
	struct k_sigaction *ka;
	unsigned long flags;

	if (!parent || !parent->sighand)
		return;
	memset(&info, 0, sizeof(info));
	info.si_signo = SIGCHLD;
	info.si_code = why;
	info.chld.pid = p->pid;
	info.chld.uid = p->uid;
	info.chld.status = why == CLD_CONTINUED ? SIGCONT : p->signal->group_exit_code & 0x7f;
	spin_lock_irqsave(&parent->sighand->siglock, flags);
	ka = &parent->sighand->action[SIGCHLD - 1];
	if (ka->handler != SIG_IGN && !(ka->flags & SA_NOCLDSTOP))
		__send_signal(SIGCHLD, &info, parent, true);
	spin_unlock_irqrestore(&parent->sighand->siglock, flags);
	wake_parent(parent);
}

/* ---- Usage ------------------------------------------------------------------------------------ */

void process_usage(struct task_struct *p, struct process_usage *u)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;

	*u = (struct process_usage){ sig->utime, sig->stime, sig->min_flt, sig->maj_flt, sig->nvcsw,
				     sig->nivcsw };
	for_each_thread(p, t) {
		u->utime += t->utime;
		u->stime += t->stime;
		u->min_flt += t->min_flt;
		u->maj_flt += t->maj_flt;
		u->nvcsw += t->nvcsw;
		u->nivcsw += t->nivcsw;
	}
}

static struct linux_timeval ticks_to_timeval(u64 ticks)
{
	return (struct linux_timeval){ (s64)(ticks / HZ), (s64)(ticks % HZ * USEC_PER_TICK) };
}

static unsigned long peak_rss(struct task_struct *p)
{
	unsigned long pages = p->signal->maxrss;
	struct mm_struct *mm = get_task_mm(p);

	if (mm) {
		pages = max3(pages, mm->hiwater_rss, get_mm_rss(mm));
		mmput(mm);
	}
	return pages;
}

/* => tasklist_lock not held */
void fill_rusage(struct task_struct *p, int who, struct linux_rusage *r)
{
	struct process_usage u = { 0 };
	struct signal_struct *sig = p->signal;
	unsigned long maxrss = 0;

	memset(r, 0, sizeof(*r));
	read_lock(&tasklist_lock);
	if (who == RUSAGE_THREAD)
		u = (struct process_usage){ p->utime, p->stime, p->min_flt, p->maj_flt, p->nvcsw,
					    p->nivcsw };
	else if (who != RUSAGE_CHILDREN)
		process_usage(p, &u);
	if (who == RUSAGE_CHILDREN || who == RUSAGE_BOTH) {
		u.utime += sig->cutime;
		u.stime += sig->cstime;
		u.min_flt += sig->cmin_flt;
		u.maj_flt += sig->cmaj_flt;
		maxrss = sig->cmaxrss;
	}
	read_unlock(&tasklist_lock);
	if (who != RUSAGE_CHILDREN)
		maxrss = max(maxrss, peak_rss(p));
	r->ru_utime = ticks_to_timeval(u.utime);
	r->ru_stime = ticks_to_timeval(u.stime);
	r->ru_minflt = (s64)u.min_flt;
	r->ru_majflt = (s64)u.maj_flt;
	r->ru_nvcsw = (s64)u.nvcsw;
	r->ru_nivcsw = (s64)u.nivcsw;
	r->ru_maxrss = (s64)(maxrss << (PAGE_SHIFT - 10));
}

/* ---- Waiting ---------------------------------------------------------------------------------- */

struct wait_opts {
	int type;		/* P_ALL, P_PID, P_PGID */
	pid_t id;
	int options;
	bool want_rusage;
	struct linux_rusage rusage;
	/* Found: */
	pid_t pid;
	u32 uid;
	s32 si_code, status;	/* as waitid tells it */
	int stat;		/* as wait4 tells it */
	bool fits;		/* there is a child it is worth waiting for */
};

static bool wait_eligible(const struct wait_opts *wo, const struct task_struct *p)
{
	bool clone_child = p->exit_signal != SIGCHLD;

	if (wo->type == P_PID && p->pid != wo->id)
		return false;
	if (wo->type == P_PGID && p->signal->pgrp != wo->id)
		return false;
	return (wo->options & (int)__WALL) || clone_child == !!(wo->options & (int)__WCLONE);
}

/* The reaped child's sums become the parent's. */
static void account_child(struct task_struct *p)
{
	struct signal_struct *mine = current->signal, *its = p->signal;
	struct process_usage u;

	process_usage(p, &u);
	spin_lock_irq(&current->sighand->siglock);
	mine->cutime += u.utime + its->cutime;
	mine->cstime += u.stime + its->cstime;
	mine->cmin_flt += u.min_flt + its->cmin_flt;
	mine->cmaj_flt += u.maj_flt + its->cmaj_flt;
	mine->cmaxrss = max3(mine->cmaxrss, its->maxrss, its->cmaxrss);
	spin_unlock_irq(&current->sighand->siglock);
}

/* => tasklist_lock held for reading, released when true (p is reported) */
static bool wait_zombie(struct wait_opts *wo, struct task_struct *p)
{
	if (!(wo->options & WEXITED) || (!thread_group_empty(p)))
		return false;
	wo->stat = process_exit_code(p);
	if (!(wo->options & WNOWAIT)) {
		if (cmpxchg(&p->exit_state, EXIT_ZOMBIE, EXIT_DEAD) != EXIT_ZOMBIE)
			return false;
		account_child(p);
	}
	wo->pid = p->pid;
	wo->uid = p->uid;
	decode_exit(wo->stat, &wo->si_code, &wo->status);
	get_task_struct(p);
	read_unlock(&tasklist_lock);
	__set_current_state(TASK_RUNNING);
	if (wo->want_rusage)
		fill_rusage(p, RUSAGE_BOTH, &wo->rusage);
	if (!(wo->options & WNOWAIT))
		release_task(p);
	put_task_struct(p);
	return true;
}

/* => like wait_zombie: a stop or continue not yet reported */
static bool wait_stopped_or_continued(struct wait_opts *wo, struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	bool keep = wo->options & WNOWAIT, found = false;

	spin_lock_irq(&p->sighand->siglock);
	if ((wo->options & WUNTRACED) && sig->group_stop && !sig->stop_reported) {
		found = true;
		sig->stop_reported = !keep;
		wo->si_code = CLD_STOPPED;
		wo->status = sig->group_exit_code & 0x7f;
		wo->stat = wo->status << 8 | 0x7f;
	} else if ((wo->options & WCONTINUED) && sig->continued) {
		found = true;
		sig->continued = keep;
		wo->si_code = CLD_CONTINUED;
		wo->status = SIGCONT;
		wo->stat = 0xffff;
	}
	spin_unlock_irq(&p->sighand->siglock);
	if (!found)
		return false;
	wo->pid = p->pid;
	wo->uid = p->uid;
	get_task_struct(p);
	read_unlock(&tasklist_lock);
	__set_current_state(TASK_RUNNING);
	if (wo->want_rusage)
		fill_rusage(p, RUSAGE_BOTH, &wo->rusage);
	put_task_struct(p);
	return true;
}

/* One look at all children. => true: something is reported (tasklist_lock released) */
static bool wait_scan(struct wait_opts *wo)
{
	struct task_struct *p;

	wo->fits = false;
	read_lock(&tasklist_lock);
	list_for_each_entry(p, &current->group_leader->children, sibling) {
		if (p->exit_state == EXIT_DEAD || !wait_eligible(wo, p))
			continue;
		if (p->exit_state == EXIT_ZOMBIE && thread_group_empty(p)) {
			wo->fits |= wo->options & WEXITED; /* it will neither stop nor go on any more */
			if (wait_zombie(wo, p))
				return true;
		} else {
			wo->fits = true;
			if (wait_stopped_or_continued(wo, p))
				return true;
		}
	}
	read_unlock(&tasklist_lock);
	return false;
}

/* => pid, 0 (WNOHANG), or -errno */
static long do_wait(struct wait_opts *wo)
{
	wait_queue_head_t *queue = &current->signal->wait_chldexit;
	DEFINE_WAIT_FUNC(wait, default_wake_function);
	long ret;

	add_wait_queue(queue, &wait);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (wait_scan(wo)) {
			ret = wo->pid;
			break;
		}
		ret = -ECHILD;
		if (!wo->fits)
			break;
		ret = 0;
		if (wo->options & WNOHANG)
			break;
		ret = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(queue, &wait);
	return ret;
}

long sys_wait4(pid_t pid, int __user *ustat, int options, void __user *urusage)
{
	struct wait_opts wo = { .want_rusage = urusage != NULL };
	long ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | (int)(__WNOTHREAD | __WCLONE | __WALL)))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	wo.options = options | WEXITED;
	wo.type = pid == -1 ? P_ALL : pid > 0 ? P_PID : P_PGID;
	wo.id = pid > 0 ? pid : pid ? -pid : current->signal->pgrp;
	ret = do_wait(&wo);
	if (ret <= 0)
		return ret;
	if (ustat && put_user(wo.stat, ustat))
		return -EFAULT;
	if (urusage && copy_to_user(urusage, &wo.rusage, sizeof(wo.rusage)))
		return -EFAULT;
	return ret;
}

long sys_waitid(int type, pid_t id, void __user *uinfo, int options, void __user *urusage)
{
	struct wait_opts wo = { .type = type, .id = id, .options = options,
				.want_rusage = urusage != NULL };
	struct linux_siginfo info;
	long ret;

	if ((options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED |
			 (int)(__WNOTHREAD | __WCLONE | __WALL))) ||
	    !(options & (WEXITED | WSTOPPED | WCONTINUED)) || type < P_ALL || type > P_PGID)
		return -EINVAL;
	if ((type == P_PID && id <= 0) || (type == P_PGID && id < 0))
		return -EINVAL;
	if (type == P_PGID && !id)
		wo.id = current->signal->pgrp;
	ret = do_wait(&wo);
	if (ret < 0)
		return ret;
	memset(&info, 0, sizeof(info));
	if (ret > 0) {
		info.si_signo = SIGCHLD;
		info.si_code = wo.si_code;
		info.chld.pid = wo.pid;
		info.chld.uid = wo.uid;
		info.chld.status = wo.status;
	}
	if (uinfo && copy_siginfo_to_user(uinfo, &info))
		return -EFAULT;
	if (ret > 0 && urusage && copy_to_user(urusage, &wo.rusage, sizeof(wo.rusage)))
		return -EFAULT;
	return 0;
}
