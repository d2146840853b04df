/* SPDX-License-Identifier: MIT */
/*
 * The life of a process: fork.c makes it, exec.c gives it a program, exit.c ends it, wait.c tells the parent.
 *
 * Children always hang on the leader of the thread group that made them, whichever thread called fork.
 */
#ifndef KERNEL_SYS_PROCESS_H
#define KERNEL_SYS_PROCESS_H

#include "kernel/base/compiler.h"
#include "kernel/core/task.h"
#include "kernel/sys/abi.h"

struct mm_struct;

/* => code as wait(2) reports it: status << 8, or the signal */
void __noreturn do_exit(long code);
void __noreturn do_group_exit(int code);

/*
 * The task leaves mm behind (exit, exec): robust futexes, clear_child_tid, the parent waiting in vfork.
 * => current; mm still is its address space
 */
void mm_release(struct mm_struct *mm);

/* => takes p off every list and drops the lists' reference; p is dead (EXIT_DEAD). Takes tasklist_lock */
void release_task(struct task_struct *p);

/* => a new task's first way to user mode: CLONE_CHILD_SETTID, once */
void store_child_tid(void);

void put_sighand(struct sighand_struct *sighand);
struct sighand_struct *alloc_sighand(void);
/* => every other thread of the group has left the lists or waits to be reaped as leader */
static inline bool thread_group_empty(struct task_struct *p)
{
	return p->signal->nr_threads <= 1;
}

/*
 * The first user program: a kernel thread without user memory (pid 1) becomes an ordinary process and starts path.
 * => 0: the thread's fn must return to start it; or -errno, and another path may be tried.
 */
int kernel_execve(const char *path, const char *const argv[], const char *const envp[]);

/*
 * A kernel thread (current) gets what every process has: files, fs, sighand, limits, capabilities.
 * => 0 or -ENOMEM; twice is fine
 */
int __must_check become_process(struct task_struct *me);

/* => the limits the first process starts with */
void init_rlimits(struct signal_struct *sig);

/* Times of a process in ticks and faults, its live threads included. => takes tasklist_lock unless locked */
struct process_usage {
	u64 utime, stime, min_flt, maj_flt, nvcsw, nivcsw;
};
void process_usage(struct task_struct *p, struct process_usage *usage);
void fill_rusage(struct task_struct *p, int who, struct linux_rusage *r);

#define RUSAGE_SELF	0
#define RUSAGE_CHILDREN (-1)
#define RUSAGE_THREAD	1
#define RUSAGE_BOTH	(-2) /* wait4: a process with its reaped children */

/* => some process may have come to its end: whoever polls pidfds looks again */
void pidfd_notify_exit(void);

/* ITIMER_REAL and its kin (itimer.c): made with the first setitimer, gone with the last thread. */
void exit_itimers(struct signal_struct *sig);

#endif
