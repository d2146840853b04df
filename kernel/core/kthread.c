/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads: each is a process of its own, child of the idle task, without mm, files or signal
 * handlers. A thread that ends takes itself off the lists; nobody waits for it but kthread_stop().
 */
#include "kernel/core/kthread.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "arch/thread.h"

static DECLARE_WAIT_QUEUE_HEAD(exit_wait); /* kthread_stop() waits here for exit_state */

static void __noreturn kthread_exit(int result)
{
	struct task_struct *p = current;

	p->exit_code = result;
	p->flags |= PF_EXITING;
	write_lock_irq(&tasklist_lock);
	task_unlink(p);
	write_unlock_irq(&tasklist_lock);
	free_pid(p->pid);
	WRITE_ONCE(p->exit_state, EXIT_DEAD);
	wake_up_all(&exit_wait);
	put_task_struct(p); /* its place on the lists; the scheduler's reference is still there */
	do_task_dead();
}

static int kthread_entry(void *data)
{
	struct task_struct *p = data;
	int result = p->should_stop ? -EINTR : p->thread_fn(p->thread_data);

	if (!(p->flags & PF_KTHREAD))
		return 0; /* the first process: kernel_execve() has given it a user program to return to */
	kthread_exit(result);
}

/* => p gets a number, a signal_struct and its place on the lists */
static int kthread_link(struct task_struct *p)
{
	p->signal = signal_alloc();
	if (!p->signal)
		return -ENOMEM;
	for (int i = 0; i < RLIM_NLIMITS; i++) /* the kernel limits itself by other means */
		p->signal->rlim[i] = (struct rlimit){ ~0ULL, ~0ULL };
	p->pid = alloc_pid();
	if (p->pid < 0) {
		signal_put(p->signal);
		p->signal = NULL;
		return -EAGAIN;
	}
	p->tgid = p->pid;
	p->group_leader = p;
	p->real_parent = p->parent = &init_task;
	p->exit_signal = -1;
	write_lock_irq(&tasklist_lock);
	task_link(p);
	write_unlock_irq(&tasklist_lock);
	return 0;
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data, const char *name, ...)
{
	char comm[TASK_COMM_LEN];
	struct task_struct *p;
	va_list args;
	int err;

	va_start(args, name);
	vscnprintf(comm, sizeof(comm), name, args);
	va_end(args);
	p = task_alloc(comm);
	if (!p)
		return ERR_PTR(-ENOMEM);
	p->flags = PF_KTHREAD | PF_NOFREEZE;
	p->policy = SCHED_NORMAL;
	p->rt_priority = 0;
	p->nice = 0;
	p->cpus_allowed = CPU_MASK_ALL;
	p->thread_fn = fn;
	p->thread_data = data;
	arch_thread_setup_kernel(p, kthread_entry, p);
	err = kthread_link(p);
	if (err) {
		task_free_new(p);
		return ERR_PTR(err);
	}
	return p;
}

void kthread_bind(struct task_struct *p, unsigned int cpu)
{
	set_cpus_allowed(p, CPU_MASK_CPU(cpu));
}

bool kthread_should_stop(void)
{
	return READ_ONCE(current->should_stop);
}

int kthread_stop(struct task_struct *p)
{
	int result;

	get_task_struct(p);
	WRITE_ONCE(p->should_stop, true);
	wake_up_process(p);
	wait_event(exit_wait, READ_ONCE(p->exit_state) == EXIT_DEAD);
	result = p->exit_code;
	put_task_struct(p);
	return result;
}
