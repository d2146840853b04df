/* SPDX-License-Identifier: MIT */
/*
 * Tasks as the machine sees them: a kernel stack, the registers kept in struct thread_struct, and
 * for user tasks a pt_regs at the stack's very top.
 *
 *	task->stack                                        + KERNEL_STACK_SIZE
 *	|  guard page below   ... frames ...    | pt_regs |
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include "kernel/base/types.h"
#include "arch/trap.h"
#include "asm/page.h"
#include "asm/thread.h"

struct task_struct;

/* => The user registers of a task (its last entry from user mode). */
#define task_pt_regs(task) ((struct pt_regs *)((char *)(task)->stack + KERNEL_STACK_SIZE) - 1)

/*
 * => The first switch to the task calls schedule_tail(prev) (registered) and then fn(arg); fn
 *    must not return, unless start_user_thread() was called on its pt_regs: then the task enters
 *    user mode.
 */
void arch_thread_setup_kernel(struct task_struct *task, int (*fn)(void *), void *arg);
/*
 * => The child of a fork: returns to user mode with regs, except ax = 0 and sp = new_sp unless
 *    0. FPU, fs and gs base copied from current. tls: new fs base when set_tls.
 */
void arch_thread_setup_fork(struct task_struct *child, const struct pt_regs *regs,
			    unsigned long new_sp, bool set_tls, unsigned long tls);
/*
 * => A system call that changes more of its pt_regs than ax says so: the task then returns with all
 *    registers as they stand there. start_user_thread() does it itself; the return hook clears
 *    TIF_NOTIFY_RESUME.
 */
void arch_regs_changed(void);
/*
 * => exec: the caller's way back to user mode starts at ip with a fresh stack, registers and
 *    FPU.
 */
void start_user_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
/*
 * => What runs first in a new task, on its stack: finishes the scheduler's switch (drops its
 *    lock).
 */
void arch_set_schedule_tail(void (*fn)(struct task_struct *prev));

/*
 * => Switches stack, FPU, fs/gs base and `current`; returns in next's context, with the task that
 *    ran before it. Run-queue lock held, interrupts off. The address space is switch_mm()'s.
 */
struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next);

/*
 * => Initial FPU state (x87 control 0x37f, MXCSR 0x1f80), saved and restored at switches from
 *    now on.
 */
void arch_fpu_init(struct task_struct *task);
/* => The current task's FPU registers are in its thread.fpu, as a core file wants them. */
void arch_save_fpu(void);
/* => Copies from's state (saves it first if it is current). */
void arch_dup_fpu(struct task_struct *to, struct task_struct *from);

/*
 * => arch_prctl(): code ARCH_SET_FS and its kin. 0, -EPERM (address not in user space), -EINVAL,
 *    -EFAULT.
 */
long arch_prctl(int code, unsigned long arg);
/* => Sets the current task's fs base. */
void arch_set_tls(unsigned long base);

#endif
