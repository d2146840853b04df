/* SPDX-License-Identifier: MIT */
/*
 * New tasks: fork, vfork, clone.
 *
 *	           mm         files, fs     sighand, signal    leader
 *	fork       copy       copy          copy               itself
 *	vfork      share      copy          copy               itself; the parent sleeps until exec or exit
 *	thread     share      share         share              the parent's
 *
 * CLONE_x says "share" for each object; sharing is one more reference, so a thread costs a
 * task_struct and a stack. What can fail is done first, in an order that copy_undo() takes back; then
 * the task is linked under tasklist_lock, which cannot fail but for one thing: a SIGKILL that came
 * meanwhile must not miss the newborn, so it ends the fork.
 *
 * Linux beyond it: name spaces, CLONE_PIDFD, ptrace events.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/completion.h"
#include "kernel/core/freezer.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* What one clone asks for. */
struct clone_args {
	unsigned long flags;
	unsigned long stack;	/* 0: the parent's value */
	int __user *parent_tid;
	int __user *child_tid;
	unsigned long tls;
	int exit_signal;	/* 0: thread */
};

#define CLONE_PIDFD   0x00001000UL
#define CLONE_REFUSED 0x7e020000UL /* name spaces: NEWNS, NEWCGROUP, NEWUTS ... NEWNET */

/* The base of the thread's data goes into a register whose loading faults on what is no address. */
static int check_args(const struct clone_args *args)
{
	unsigned long flags = args->flags;

	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && (!(flags & CLONE_VM) || (flags & CLONE_CLEAR_SIGHAND)))
		return -EINVAL;
	if ((flags & CLONE_SETTLS) && args->tls >= TASK_SIZE)
		return -EPERM;
	return flags & CLONE_REFUSED ? -EINVAL : 0;
}

/* max_threads binds all; RLIMIT_NPROC counts processes and threads of the real user, but root's. */
static int check_nproc(void)
{
	u64 limit = current->signal->rlim[RLIMIT_NPROC].rlim_cur, count = 0;
	struct task_struct *p;

	if (nr_threads_total() >= (unsigned int)READ_ONCE(max_threads))
		return -EAGAIN;
	if (limit >= PID_MAX || !current->uid || has_capability_admin(current))
		return 0;
	read_lock(&tasklist_lock);
	for_each_process(p) {
		if (p->uid == current->uid)
			count += (u64)p->signal->nr_threads;
	}
	read_unlock(&tasklist_lock);
	return count >= limit ? -EAGAIN : 0;
}

/* ---- The parts ---------------------------------------------------------------------------------- */

struct sighand_struct *alloc_sighand(void)
{
	struct sighand_struct *sighand = kmalloc(sizeof(*sighand), GFP_KERNEL);

	if (sighand) {
		atomic_set(&sighand->count, 1);
		spin_lock_init(&sighand->siglock, LOCK_RANK_SIGHAND);
	}
	return sighand;
}

static int copy_sighand(unsigned long flags, struct task_struct *p)
{
	struct sighand_struct *mine = current->sighand;

	if (flags & CLONE_SIGHAND) {
		atomic_inc(&mine->count);
		p->sighand = mine;
		return 0;
	}
	p->sighand = alloc_sighand();
	if (!p->sighand)
		return -ENOMEM;
	spin_lock_irq(&mine->siglock);
	memcpy(p->sighand->action, mine->action, sizeof(mine->action));
	spin_unlock_irq(&mine->siglock);
	if (flags & CLONE_CLEAR_SIGHAND)
		flush_signal_handlers(p, false);
	return 0;
}

static int copy_signal(unsigned long flags, struct task_struct *p)
{
	struct signal_struct *mine = current->signal, *sig;

	if (flags & CLONE_THREAD) {
		atomic_inc(&mine->count);
		p->signal = mine;
		return 0;
	}
	sig = signal_alloc();
	if (!sig)
		return -ENOMEM;
	INIT_LIST_HEAD(&sig->shared_sigqueue);
	memcpy(sig->rlim, mine->rlim, sizeof(sig->rlim));
	sig->oom_score_adj = mine->oom_score_adj;
	sig->oom_score_adj_min = mine->oom_score_adj_min;
	p->signal = sig;
	return 0;
}

static int copy_mm(unsigned long flags, struct task_struct *p)
{
	struct mm_struct *mm = current->mm;

	if (!mm)
		return -EINVAL;
	if (flags & CLONE_VM) {
		mmget(mm);
	} else {
		mm = dup_mm(mm);
		if (!mm)
			return -ENOMEM;
	}
	p->mm = p->active_mm = mm;
	return 0;
}

static int copy_files_fs(unsigned long flags, struct task_struct *p)
{
	if (flags & CLONE_FILES) {
		atomic_inc(&current->files->count);
		p->files = current->files;
	} else {
		p->files = dup_files(current->files);
	}
	if (flags & CLONE_FS) {
		atomic_inc(&current->fs->count);
		p->fs = current->fs;
	} else {
		p->fs = copy_fs_struct(current->fs);
	}
	return p->files && p->fs ? 0 : -ENOMEM;
}

/* Takes back whatever of the above was done. */
static void copy_undo(struct task_struct *p)
{
	if (p->files)
		put_files_struct(p->files);
	if (p->fs)
		put_fs_struct(p->fs);
	if (p->mm)
		mmput(p->mm);
	if (p->sighand)
		put_sighand(p->sighand);
	if (p->signal)
		signal_put(p->signal);
	p->files = NULL;
	p->fs = NULL;
	p->mm = p->active_mm = NULL;
	p->sighand = NULL;
	p->signal = NULL;
	task_free_new(p);
}

/* Signal state and user pointers that are the thread's own. */
static void copy_thread_state(const struct clone_args *args, struct task_struct *p)
{
	bool new_stack = (args->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM;

	INIT_LIST_HEAD(&p->sigqueue);
	p->blocked = current->blocked;
	p->sas_ss_sp = new_stack ? 0 : current->sas_ss_sp;
	p->sas_ss_size = new_stack ? 0 : current->sas_ss_size;
	p->sas_ss_flags = new_stack ? 0 : current->sas_ss_flags;
	p->flags |= PF_FORKNOEXEC;
	p->rseq = new_stack ? NULL : current->rseq;
	p->rseq_sig = current->rseq_sig;
	if (args->flags & CLONE_CHILD_CLEARTID)
		p->clear_child_tid = args->child_tid;
	if (args->flags & CLONE_CHILD_SETTID) {
		p->set_child_tid = args->child_tid;
		set_tsk_thread_flag(p, TIF_NOTIFY_RESUME); /* stored by the child itself, in its memory */
	}
}

static int copy_parts(const struct clone_args *args, struct task_struct *p)
{
	int err = copy_files_fs(args->flags, p);

	if (!err)
		err = copy_sighand(args->flags, p);
	if (!err)
		err = copy_signal(args->flags, p);
	if (!err)
		err = copy_mm(args->flags, p);
	return err;
}

void store_child_tid(void)
{
	int __user *tid = current->set_child_tid;

	current->set_child_tid = NULL;
	if (tid && put_user(current->pid, tid))
		pr_debug("%s[%d]: child_tid %p is no user memory\n", current->comm, current->pid, tid);
}

/* ---- Birth ------------------------------------------------------------------------------------ */

/* Whose p's new process is. => tasklist_lock held: now none of it can change */
static void fill_signal(struct task_struct *p)
{
	struct signal_struct *sig = p->signal, *mine = current->signal;

	sig->group_leader = p;
	sig->ppid = p->real_parent->flags & PF_KTHREAD ? 0 : p->real_parent->tgid;
	sig->pgrp = mine->pgrp;
	sig->session = mine->session;
	sig->tty = mine->tty;
}

/*
 * => 0, or -ERESTARTNOINTR: a signal has come for the parent. One for its whole group must not miss a
 *    child that was not there yet: the parent takes it first
 */
static int link_child(const struct clone_args *args, struct task_struct *p)
{
	bool thread = args->flags & CLONE_THREAD;
	struct task_struct *me = current;

	write_lock_irq(&tasklist_lock);
	spin_lock(&me->sighand->siglock);
	recalc_sigpending();
	if (signal_pending(me) || (thread && (me->signal->group_exit || me->signal->group_exec))) {
		spin_unlock(&me->sighand->siglock);
		write_unlock_irq(&tasklist_lock);
		return -ERESTARTNOINTR;
	}
	p->tgid = thread ? me->tgid : p->pid;
	p->group_leader = thread ? me->group_leader : p;
	/* A sibling tells the common parent as the process itself will: who chooses the signal is the parent. */
	p->exit_signal = thread ? -1 : args->flags & CLONE_PARENT ? me->group_leader->exit_signal : args->exit_signal;
	p->real_parent = args->flags & (CLONE_PARENT | CLONE_THREAD) ? me->real_parent : me->group_leader;
	p->parent = p->real_parent;
	if (!thread)
		fill_signal(p);
	atomic_inc(&p->signal->live);
	if (thread && me->stop_pending) {
		p->stop_pending = true;
		p->signal->group_stop_count++;
		set_tsk_thread_flag(p, TIF_SIGPENDING);
	}
	task_link(p);
	spin_unlock(&me->sighand->siglock);
	write_unlock_irq(&tasklist_lock);
	return 0;
}

/* => the child, linked but not started, or ERR_PTR */
static struct task_struct *copy_process(const struct clone_args *args)
{
	struct task_struct *p;
	int err = check_args(args);

	if (!err)
		err = check_nproc();
	if (err)
		return ERR_PTR(err);
	p = task_alloc(current->comm);
	if (!p)
		return ERR_PTR(-ENOMEM);
	copy_thread_state(args, p);
	err = copy_parts(args, p);
	if (!err) {
		p->pid = alloc_pid();
		if (p->pid < 0)
			err = p->pid;
	}
	if (err) {
		copy_undo(p);
		return ERR_PTR(err);
	}
	arch_thread_setup_fork(p, task_pt_regs(current), args->stack, args->flags & CLONE_SETTLS,
			       args->tls);
	err = link_child(args, p);
	if (err) {
		free_pid(p->pid);
		copy_undo(p);
		return ERR_PTR(err);
	}
	return p;
}

/* The parent of a vfork sleeps until the child has left its memory. */
static void wait_for_vfork(struct task_struct *child, struct completion *done)
{
	int err;

	freezer_do_not_count();
	err = wait_for_completion_killable(done);
	freezer_count();
	if (!err)
		return;
	task_lock(child);
	child->vfork_done = NULL;
	task_unlock(child);
}

static long do_clone(const struct clone_args *args)
{
	struct completion vfork;
	struct task_struct *p = copy_process(args);
	long pid;

	if (IS_ERR(p))
		return PTR_ERR(p);
	pid = p->pid;
	if ((args->flags & CLONE_PARENT_SETTID) && put_user((int)pid, args->parent_tid))
		pr_debug("clone: parent_tid %p is no user memory\n", args->parent_tid);
	if (args->flags & CLONE_VFORK) {
		init_completion(&vfork);
		p->vfork_done = &vfork;
		get_task_struct(p);
	}
	wake_up_new_task(p);
	if (args->flags & CLONE_VFORK) {
		wait_for_vfork(p, &vfork);
		put_task_struct(p);
	}
	return pid;
}

long sys_fork(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	return do_clone(&args);
}

long sys_vfork(void)
{
	struct clone_args args = { .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD };

	return do_clone(&args);
}

long sys_clone(unsigned long flags, unsigned long stack, int __user *parent_tid,
	       int __user *child_tid, unsigned long tls)
{
	struct clone_args args = {
		.flags = flags & ~0xffUL,
		.stack = stack,
		.parent_tid = parent_tid,
		.child_tid = child_tid,
		.tls = tls,
		.exit_signal = (int)(flags & 0xff),
	};

	if (args.exit_signal > NSIG)
		return -EINVAL;
	return do_clone(&args);
}

/* What a longer structure than ours says must be nothing. => 0, -EFAULT, -E2BIG */
static int check_rest_zero(const char __user *rest, size_t bytes)
{
	char c;

	for (; bytes; bytes--, rest++) {
		if (get_user(c, rest))
			return -EFAULT;
		if (c)
			return -E2BIG;
	}
	return 0;
}

long sys_clone3(const void __user *uargs, size_t size)
{
	struct linux_clone_args user = { 0 };
	struct clone_args args;
	int err;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < CLONE_ARGS_SIZE_VER0)
		return -EINVAL;
	if (copy_from_user(&user, uargs, min(size, sizeof(user))))
		return -EFAULT;
	err = size > sizeof(user) ? check_rest_zero((const char *)uargs + sizeof(user), size - sizeof(user)) : 0;
	if (err)
		return err;
	if ((user.flags & (0xffUL | CLONE_PIDFD | CLONE_DETACHED)) || user.flags >> 33 || user.exit_signal > NSIG ||
	    user.set_tid_size || !user.stack != !user.stack_size)
		return -EINVAL;
	if ((user.flags & (CLONE_THREAD | CLONE_PARENT)) && user.exit_signal)
		return -EINVAL;
	args = (struct clone_args){
		.flags = user.flags,
		.stack = user.stack + user.stack_size,
		.parent_tid = (int *)user.parent_tid,
		.child_tid = (int *)user.child_tid,
		.tls = user.tls,
		.exit_signal = (int)user.exit_signal,
	};
	return do_clone(&args);
}

/* ---- Going apart again ------------------------------------------------------------------------- */

static int unshare_fs(struct task_struct *me)
{
	struct fs_struct *old = me->fs, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = copy_fs_struct(old);
	if (!new)
		return -ENOMEM;
	task_lock(me);
	me->fs = new;
	task_unlock(me);
	put_fs_struct(old);
	return 0;
}

/* Name spaces are not there to be left: EINVAL, as from a Linux built without them. */
long sys_unshare(unsigned long flags)
{
	struct task_struct *me = current;
	int err = 0;

	if (flags & ~(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !thread_group_empty(me))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && atomic_read(&me->sighand->count) > 1)
		return -EINVAL;
	if ((flags & CLONE_VM) && atomic_read(&me->mm->mm_users) > 1)
		return -EINVAL;
	if (flags & CLONE_FS)
		err = unshare_fs(me);
	if (!err && (flags & CLONE_FILES))
		err = unshare_files();
	return err;
}
