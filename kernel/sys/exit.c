/* SPDX-License-Identifier: MIT */
/*
 * The end of a task.
 *
 *	do_exit:  PF_EXITING -> core file -> timers -> address space -> files, fs -> exit_notify -> last switch
 *	                                                                   |
 *	   a thread, not the leader: nobody waits, it is released at once
 *	   the leader: zombie until (1) every other thread is gone and (2) the parent has waited,
 *	               or released at once when the parent ignores SIGCHLD
 *	   the last thread: children go to the nearest subreaper or init
 *
 * The memory goes first (exit_mm), so that an OOM victim gives back what it was killed for even when
 * nobody waits for it; TIF_MEMDIE ends there. The task_struct and stack go after the last switch, when the
 * scheduler drops its reference.
 *
 * Locks: tasklist_lock for writing around every change of lists and exit_state; siglock inside.
 * Linux beyond it: ptrace, cgroups, taskstats, process accounting.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/coredump.h"
#include "kernel/sys/futex.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "drivers/tty.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/string.h"
#include "kernel/core/completion.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/slab.h"

/* ---- What the task leaves -------------------------------------------------------------------- */

/*
 * No more signals are taken here: those of the process that came to us go to another thread.
 * => the dump of the process that has counted on us
 */
static struct core_state *exit_signals(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	struct core_state *core;
	bool stopped = false;

	spin_lock_irq(&p->sighand->siglock);
	p->flags |= PF_EXITING;
	core = sig->core_state;
	if (p->stop_pending) {
		p->stop_pending = false;
		stopped = sig->group_stop_count > 0 && --sig->group_stop_count == 0;
		if (stopped) {
			sig->group_stop = true;
			sig->stop_reported = false;
		}
	}
	if (!sig->group_exit && sig->shared_pending) {
		for_each_thread(p, t) {
			if (!(t->flags & PF_EXITING) && (sig->shared_pending & ~t->blocked))
				signal_wake_up(t, false);
		}
	}
	spin_unlock_irq(&p->sighand->siglock);
	if (stopped) { /* the others had stopped and waited for us */
		read_lock(&tasklist_lock);
		do_notify_parent_cldstop(p->group_leader, CLD_STOPPED);
		read_unlock(&tasklist_lock);
	}
	return core;
}

void mm_release(struct mm_struct *mm)
{
	struct task_struct *p = current;
	struct completion *vfork;
	u32 __user *tid = p->clear_child_tid;

	if (p->robust_list)
		exit_robust_list();
	p->robust_list = NULL;
	if (tid) {
		p->clear_child_tid = NULL;
		if (atomic_read(&mm->mm_users) > 1) {
			int unused = put_user(0, tid);

			(void)unused; /* nobody is left to hear of an error */
			futex_wake_user(tid, 1);
		}
	}
	task_lock(p);
	vfork = p->vfork_done;
	p->vfork_done = NULL;
	if (vfork)
		complete(vfork);
	task_unlock(p);
}

static void exit_mm(void)
{
	struct task_struct *p = current;
	struct mm_struct *mm = p->mm;

	if (!mm)
		return;
	mm_release(mm);
	if (get_mm_rss(mm) > p->signal->maxrss)
		p->signal->maxrss = get_mm_rss(mm);
	if (mm->hiwater_rss > p->signal->maxrss)
		p->signal->maxrss = mm->hiwater_rss;
	mmgrab(mm); /* active_mm from now on, until the last switch */
	task_lock(p);
	p->mm = NULL;
	task_unlock(p);
	mmput(mm);
	if (test_thread_flag(TIF_MEMDIE))
		exit_oom_victim();
}

static void exit_files_fs(struct task_struct *p)
{
	struct files_struct *files;
	struct fs_struct *fs;

	task_lock(p);
	files = p->files;
	fs = p->fs;
	p->files = NULL;
	p->fs = NULL;
	task_unlock(p);
	if (files)
		put_files_struct(files);
	if (fs)
		put_fs_struct(fs);
}

/* ---- The family ------------------------------------------------------------------------------- */

bool will_become_orphaned_pgrp(pid_t pgrp, struct task_struct *ignored)
{
	struct task_struct *p;

	for_each_process(p) {
		struct task_struct *parent = p->real_parent;

		if (p == ignored || p->signal->pgrp != pgrp || p->exit_state || p->tgid == 1 ||
		    !parent || parent->tgid == 1)
			continue;
		if (parent->signal->pgrp != pgrp && parent->signal->session == p->signal->session)
			return false;
	}
	return true;
}

bool is_current_pgrp_orphaned(void)
{
	bool orphaned;

	read_lock(&tasklist_lock);
	orphaned = will_become_orphaned_pgrp(current->signal->pgrp, NULL);
	read_unlock(&tasklist_lock);
	return orphaned;
}

bool has_stopped_jobs(pid_t pgrp)
{
	struct task_struct *p;

	for_each_process(p) {
		if (p->signal->pgrp == pgrp && p->signal->group_stop)
			return true;
	}
	return false;
}

/* A stopped process group nobody can continue any more is hung up and continued. tasklist_lock held. */
static void kill_orphaned_pgrp(struct task_struct *p, struct task_struct *parent)
{
	struct task_struct *ignored = parent ? NULL : p, *t;
	pid_t pgrp = p->signal->pgrp;

	if (!parent)
		parent = p->real_parent;
	if (!parent || parent->signal->pgrp == pgrp || parent->signal->session != p->signal->session ||
	    !will_become_orphaned_pgrp(pgrp, ignored) || !has_stopped_jobs(pgrp))
		return;
	for_each_process(t) {
		if (t->signal->pgrp == pgrp && t->sighand) {
			send_sig_info(SIGHUP, SEND_SIG_PRIV, t, true);
			send_sig_info(SIGCONT, SEND_SIG_PRIV, t, true);
		}
	}
}

/* Who takes p's children: the nearest living ancestor that asked for it, else init. */
static struct task_struct *find_reaper(struct task_struct *p)
{
	struct task_struct *r;

	for (r = p->real_parent; r && r->pid > 1 && !(r->flags & PF_KTHREAD); r = r->real_parent) {
		if (r->signal->subreaper && !r->signal->group_exit && !r->exit_state)
			return r;
	}
	return find_task_by_pid(1);
}

/* Collects zombies that reparenting freed of their parent in dead. tasklist_lock held for writing. */
static void reparent_children(struct task_struct *leader, struct list_head *dead)
{
	struct task_struct *reaper = find_reaper(leader), *p, *n;

	list_for_each_entry_safe(p, n, &leader->children, sibling) {
		p->real_parent = p->parent = reaper;
		p->signal->ppid = reaper->tgid;
		if (p->pdeath_signal)
			send_sig_info(p->pdeath_signal, SEND_SIG_NOINFO, p, true);
		list_move_tail(&p->sibling, &reaper->children);
		p->exit_signal = SIGCHLD;
		if (p->exit_state == EXIT_ZOMBIE && thread_group_empty(p) &&
		    do_notify_parent(p, p->exit_signal)) {
			p->exit_state = EXIT_DEAD;
			list_add(&p->run_list, dead); /* dead tasks are on no run queue */
		}
		kill_orphaned_pgrp(p, leader);
	}
}

static void exit_notify(struct task_struct *p, bool group_dead)
{
	struct task_struct *leader = p->group_leader, *zombie, *n;
	bool autoreap = true;
	LIST_HEAD(dead);

	write_lock_irq(&tasklist_lock);
	if (group_dead) {
		reparent_children(leader, &dead);
		kill_orphaned_pgrp(leader, NULL);
	}
	if (p == leader)
		autoreap = thread_group_empty(p) && do_notify_parent(p, p->exit_signal);
	p->exit_state = autoreap ? EXIT_DEAD : EXIT_ZOMBIE;
	if (p->signal->group_exec)
		wake_up_process(p->signal->group_exec);
	write_unlock_irq(&tasklist_lock);

	list_for_each_entry_safe(zombie, n, &dead, run_list) {
		list_del_init(&zombie->run_list);
		release_task(zombie);
	}
	if (autoreap)
		release_task(p);
	pidfd_notify_exit(); /* the last thread's end makes its leader's, too */
}

void put_sighand(struct sighand_struct *sighand)
{
	if (atomic_dec_and_test(&sighand->count))
		kfree(sighand);
}

/* What the process keeps of a thread that goes. siglock held. */
static void account_thread(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;

	sig->utime += p->utime;
	sig->stime += p->stime;
	sig->min_flt += p->min_flt;
	sig->maj_flt += p->maj_flt;
	sig->nvcsw += p->nvcsw;
	sig->nivcsw += p->nivcsw;
	if (sig->curr_target == p)
		sig->curr_target = NULL;
}

void release_task(struct task_struct *p)
{
	struct task_struct *leader, *exec;
	struct sighand_struct *sighand;
	bool zap_leader;

	do {
		struct list_head queue, shared;

		INIT_LIST_HEAD(&queue);
		INIT_LIST_HEAD(&shared);
		leader = p->group_leader;
		zap_leader = false;
		write_lock_irq(&tasklist_lock);
		sighand = p->sighand;
		spin_lock(&sighand->siglock);
		account_thread(p);
		list_splice_init(&p->sigqueue, &queue);
		if (p == leader)
			list_splice_init(&p->signal->shared_sigqueue, &shared);
		p->sighand = NULL;
		exec = p->signal->group_exec;
		task_unlink(p);
		spin_unlock(&sighand->siglock);
		if (exec)
			wake_up_process(exec);
		if (p != leader && leader->exit_state == EXIT_ZOMBIE && thread_group_empty(leader)) {
			zap_leader = do_notify_parent(leader, leader->exit_signal);
			if (zap_leader)
				leader->exit_state = EXIT_DEAD;
		}
		write_unlock_irq(&tasklist_lock);
		flush_sigqueue(&queue);
		flush_sigqueue(&shared);
		put_sighand(sighand);
		free_pid(p->pid);
		put_task_struct(p);
		p = leader;
	} while (zap_leader);
}

/* ---- The calls -------------------------------------------------------------------------------- */

void __noreturn do_exit(long code)
{
	struct task_struct *p = current;
	struct core_state *core;
	bool group_dead;

	if (unlikely(in_interrupt()))
		panic("Aiee, killing interrupt handler!");
	if (unlikely(!p->pid))
		panic("Attempted to kill the idle task!");
	core = exit_signals(p);
	if (core)
		coredump_wait(core);
	group_dead = atomic_dec_and_test(&p->signal->live);
	if (group_dead) {
		if (unlikely(is_global_init(p)))
			panic("Attempted to kill init! exitcode=0x%08x",
			      p->signal->group_exit ? p->signal->group_exit_code : (int)code);
		exit_itimers(p->signal);
		tty_disassociate();
	}
	p->exit_code = (int)code;
	exit_mm();
	exit_shm();
	exit_files_fs(p);
	exit_notify(p, group_dead);
	do_task_dead();
}

void __noreturn do_group_exit(int code)
{
	struct signal_struct *sig = current->signal;

	if (sig->group_exit) {
		code = sig->group_exit_code;
	} else {
		spin_lock_irq(&current->sighand->siglock);
		if (sig->group_exit) {
			code = sig->group_exit_code;
		} else if (!sig->group_exec) { /* else only this thread ends: another goes on in exec */
			sig->group_exit = true;
			sig->group_exit_code = code;
			if (sig->nr_threads > 1)
				zap_other_threads(current);
		}
		spin_unlock_irq(&current->sighand->siglock);
	}
	do_exit(code);
}

long sys_exit(int status)
{
	do_exit((status & 0xff) << 8);
}

long sys_exit_group(int status)
{
	do_group_exit((status & 0xff) << 8);
}
