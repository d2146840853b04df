/* SPDX-License-Identifier: MIT */
/*
 * Entry into the kernel: exceptions, system calls, and the way back to user mode.
 *
 *	user ---- syscall ------> syscall handler(regs) -----+
 *	  |  ---- #PF ----------> fault handler(regs, a, e) --+--> work pending? hook(regs) --> user
 *	  |  ---- other trap ---> trap handler(regs, e) ------+    (repeated until none is)
 *	  +  ---- interrupt ----> irq handlers --------------+
 *	kernel -- #PF ----------> fault handler; if it says no: exception-table fixup; else panic
 *
 * All handlers run on the task's kernel stack; interrupts are on in the system call, fault and trap
 * handlers and in the hook when the interrupted code had them on.
 */
#ifndef ARCH_TRAP_H
#define ARCH_TRAP_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct task_struct;

/* The user's registers, in Linux's order (struct user_regs_struct begins the same way). */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax; /* system call number; -1 for traps and interrupts */
	unsigned long ip, cs, flags, sp, ss;
};

#define user_mode(regs)		  (((regs)->cs & 3) == 3)
#define instruction_pointer(regs) ((regs)->ip)
#define user_stack_pointer(regs)  ((regs)->sp)

/* Vectors that reach a trap handler. */
#define TRAP_DE	 0 /* divide error		SIGFPE FPE_INTDIV */
#define TRAP_DB	 1 /* debug			SIGTRAP */
#define TRAP_NMI 2
#define TRAP_BP	 3 /* int3			SIGTRAP */
#define TRAP_OF	 4
#define TRAP_BR	 5
#define TRAP_UD	 6 /* invalid opcode		SIGILL */
#define TRAP_NM	 7
#define TRAP_DF	 8
#define TRAP_TS	 10
#define TRAP_NP	 11
#define TRAP_SS	 12 /* stack segment		SIGBUS */
#define TRAP_GP	 13 /* general protection	SIGSEGV */
#define TRAP_PF	 14
#define TRAP_MF	 16 /* x87			SIGFPE */
#define TRAP_AC	 17 /* alignment			SIGBUS */
#define TRAP_MC	 18
#define TRAP_XM	 19 /* SSE			SIGFPE */

/* Bits of the page-fault error code. */
#define FAULT_PRESENT 1UL /* rights, not absence */
#define FAULT_WRITE   2UL
#define FAULT_USER    4UL /* in user mode */
#define FAULT_RSVD    8UL
#define FAULT_INSTR   16UL /* instruction fetch */

/*
 * => Traps of user mode except #PF (those of kernel mode are fixed up or panic). NULL handler:
 *    the default, a panic.
 */
void arch_set_trap_handler(int vector, void (*fn)(struct pt_regs *regs, unsigned long error));
/*
 * => #PF of user mode, and of kernel mode at user addresses. Returns 0: cured (or a signal is
 *    pending and regs are of user mode); else the kernel access fails through its fixup. Interrupts
 *    are on if they were; it may sleep unless in_atomic() or page faults are disabled, which it
 *    checks itself.
 */
void arch_set_fault_handler(int (*fn)(struct pt_regs *regs, unsigned long addr,
				      unsigned long error));
/* => Asked first at each #PF of kernel mode, with interrupts off; true: repeat the instruction. NULL: nobody. */
void arch_set_hidden_page_handler(bool (*fn)(struct pt_regs *regs, unsigned long addr,
					     unsigned long error));
/*
 * => Number in regs->orig_ax, arguments in di si dx r10 r8 r9, result into regs->ax (preset to
 *    -ENOSYS). A call that changes other registers calls arch_regs_changed() (arch/thread.h).
 */
void arch_set_syscall_handler(void (*fn)(struct pt_regs *regs));
/*
 * => Called with interrupts on before each return to user mode while current has a thread flag
 *    other than TIF_MEMDIE (kernel/core/task.h).
 */
void arch_set_user_return_hook(void (*fn)(struct pt_regs *regs));

/* => The fixup address for a faulting kernel instruction, 0 if it has none. */
unsigned long search_exception_table(unsigned long ip);

/* => Prints registers and, for kernel mode, the backtrace. Any context. */
void show_regs(const struct pt_regs *regs);
void dump_stack(void);
/* => Prints the backtrace of a task that does not run (one that begins to meanwhile shows nonsense). */
void show_stack(const struct task_struct *task);
/* => Return addresses of the caller's frames, innermost first; number filled, at most n. */
int save_stack_trace(u64 *ips, int n);
/* => the same of a task that does not run, as show_stack(); the caller has a reference to it */
int save_task_stack_trace(const struct task_struct *task, u64 *ips, int n);

/*
 * => Floating point state of current as the 512-byte FXSAVE image, to and from user memory
 *    (signal frames). 0, -EFAULT, -EINVAL (reserved MXCSR bits).
 */
int arch_save_fpu_user(void *ubuf);
int arch_restore_fpu_user(const void *ubuf);

#endif
