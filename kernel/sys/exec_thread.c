/* SPDX-License-Identifier: MIT */
/*
 * execve: the point of no return. The process becomes one thread with the leader's number, with signal handlers of its
 * own, and its task moves into the new address space.
 *
 *	de_thread:  kill the other threads -> wait until they are gone -> take over the dead leader's place
 *	exec_mmap:  the old address space is left, the new one current's
 *
 * While it waits for the others a SIGKILL may come first: then the exec fails and the task dies of that.
 *
 * Locks: tasklist_lock for writing around the exchange of numbers, siglock inside; task_lock for mm.
 * Read next: exec.c. Test: tests/user/sys_thread.c.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/mmu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/freezer.h"
#include "kernel/core/sched.h"
#include "mm/capture.h"
#include "mm/mm.h"
#include "mm/slab.h"

/* Waits until current is the only thread, but for a dead leader. => -EAGAIN: somebody else ends the group */
static int wait_for_threads(struct task_struct *me)
{
	struct signal_struct *sig = me->signal;
	bool done;

	spin_lock_irq(&me->sighand->siglock);
	if (sig->group_exit || sig->group_exec) {
		spin_unlock_irq(&me->sighand->siglock);
		return -EAGAIN;
	}
	sig->group_exec = me;
	zap_other_threads(me);
	spin_unlock_irq(&me->sighand->siglock);
	freezer_do_not_count(); /* one of them may be frozen */
	for (;;) {
		set_current_state(TASK_KILLABLE);
		read_lock(&tasklist_lock);
		done = sig->nr_threads == 1 ||
		       (sig->nr_threads == 2 && me->group_leader != me && me->group_leader->exit_state);
		read_unlock(&tasklist_lock);
		if (done || fatal_signal_pending(me))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	freezer_count();
	if (done)
		return 0;
	spin_lock_irq(&me->sighand->siglock);
	sig->group_exec = NULL;
	spin_unlock_irq(&me->sighand->siglock);
	return -EAGAIN;
}

/* A thread that execs becomes the process: it takes over the dead leader's number, parent and children. */
static void become_leader(struct task_struct *me)
{
	struct task_struct *leader = me->group_leader;
	pid_t pid = me->pid;

	write_lock_irq(&tasklist_lock);
	spin_lock(&me->sighand->siglock);
	task_unlink(me);
	task_unlink(leader);
	me->pid = leader->pid;
	leader->pid = pid;
	me->group_leader = leader->group_leader = me;
	me->signal->group_leader = me;
	me->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	me->real_parent = leader->real_parent;
	me->parent = leader->parent;
	me->start_time_ns = leader->start_time_ns;
	task_link(me);
	task_link(leader);
	list_splice_init(&leader->children, &me->children);
	for (struct list_head *i = me->children.next; i != &me->children; i = i->next)
		list_entry(i, struct task_struct, sibling)->real_parent =
			list_entry(i, struct task_struct, sibling)->parent = me;
	leader->exit_state = EXIT_DEAD;
	spin_unlock(&me->sighand->siglock);
	write_unlock_irq(&tasklist_lock);
	release_task(leader);
}

static int unshare_sighand(struct task_struct *me)
{
	struct sighand_struct *old = me->sighand, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = alloc_sighand();
	if (!new)
		return -ENOMEM;
	write_lock_irq(&tasklist_lock);
	spin_lock(&old->siglock);
	memcpy(new->action, old->action, sizeof(old->action));
	me->sighand = new;
	spin_unlock(&old->siglock);
	write_unlock_irq(&tasklist_lock);
	put_sighand(old);
	return 0;
}

int de_thread(struct task_struct *me)
{
	int err = 0;

	if (!thread_group_empty(me)) {
		err = wait_for_threads(me);
		if (!err && me->group_leader != me)
			become_leader(me);
	}
	if (err)
		return err;
	spin_lock_irq(&me->sighand->siglock);
	me->signal->group_exec = NULL;
	me->exit_signal = SIGCHLD; /* the one chosen at clone was the old program's business */
	spin_unlock_irq(&me->sighand->siglock);
	return unshare_sighand(me);
}

void exec_mmap(struct mm_struct *mm)
{
	struct task_struct *me = current;
	struct mm_struct *old = me->mm, *active = me->active_mm;

	if (old) {
		mm_release(old);
		me->signal->maxrss = max3(me->signal->maxrss, old->hiwater_rss, get_mm_rss(old));
	}
	task_lock(me);
	local_irq_disable();
	me->mm = me->active_mm = mm;
	switch_mm(active, mm);
	local_irq_enable();
	capture_new_mm(mm);
	task_unlock(me);
	if (old) {
		mmput(old);
		exit_shm();
	} else if (active) {
		mmdrop(active); /* a kernel thread's borrowed one */
	}
}
