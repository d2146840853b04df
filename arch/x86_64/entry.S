/* SPDX-License-Identifier: MIT */
/*
 * Every way into the kernel, and the ways out.
 *
 *	syscall     -> entry_syscall    --+                       sysret  when only rax has changed
 *	#PF         -> entry_page_fault   |   pt_regs on the  +-> iret    else
 *	traps       -> entry_trap_N       +-> task's stack ---+
 *	interrupts  -> entry_irq_N      --+                   +-> iret    to kernel mode
 *	#DF NMI #MC -> entry_paranoid_N       on an IST stack     iret
 *
 * Rules: gs is the kernel's exactly while in the kernel; swapgs stands next to the test of the
 * saved CS. The IST entries may strike between the two, so they look at the base itself (kernel
 * bases are negative numbers, user ones are not). IF is off in every entry until C enables it; DF
 * and AC are cleared. Nothing of the FPU is touched: the kernel is built without it.
 *
 * SYSRET loses rcx and r11, and with an address that is not canonical the CPU would raise #GP in ring
 * 0 on the user's stack. So it is for calls that changed nothing but rax: rcx and r11 go back as SYSCALL
 * brought them. Whoever changes more (exec, sigreturn, signals) sets a work flag (arch_regs_changed()) and
 * the task leaves through IRET, whose own fault is turned into one of the user's in bad_iret().
 *
 * Beyond it Linux has: page-table isolation, speculation barriers, 32-bit entries, FSGSBASE, NMI
 * nesting.
 */
#include "asm/segment.h"
#include "asm/offsets.h"
#include "asm/smap.h"

#define ENOSYS 38

.macro FUNC name
	.section .text.\name, "ax"
	.globl \name
	.type \name, @function
	.balign 16
\name:
.endm

.macro END_FUNC name
	.size \name, . - \name
.endm

/*
 * For debuggers: from here to REGS_END, which stands behind the instruction after the call, sp points to pt_regs,
 * which tell what was interrupted. A "signal frame", because the stack behind it may be any: the user's.
 */
.macro REGS_AT_SP
	.cfi_startproc simple
	.cfi_signal_frame
	.cfi_def_cfa %rsp, 0
	.cfi_offset %r15, 0
	.cfi_offset %r14, 8
	.cfi_offset %r13, 16
	.cfi_offset %r12, 24
	.cfi_offset %rbp, PT_BP
	.cfi_offset %rbx, PT_BX
	.cfi_offset %rip, PT_IP
	.cfi_offset %rsp, PT_SP
.endm

.macro REGS_END
	.cfi_endproc
.endm

.cfi_sections .debug_frame

/* The rest of pt_regs below orig_ax. */
.macro PUSH_REGS ax=%rax
	pushq	%rdi
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	\ax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
.endm

.macro POP_REGS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
.endm

/* The registers of an exception or interrupt: error code or vector is on the stack already. */
.macro ENTER
	cld
	ASM_CLAC
	PUSH_REGS
	testb	$3, PT_CS(%rsp)
	jz	1f				/* from the kernel: the backtrace goes on */
	swapgs
	xorl	%ebp, %ebp
1:
.endm

/* ---- System calls ---------------------------------------------------------------------------- */

FUNC entry_syscall
	swapgs
	movq	%rsp, %gs:syscall_user_sp
	movq	%gs:cpu_tss + TSS_SP0, %rsp
	pushq	$USER_DS
	pushq	%gs:syscall_user_sp
	pushq	%r11
	pushq	$USER_CS
	pushq	%rcx
	pushq	%rax
	PUSH_REGS $-ENOSYS
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	REGS_AT_SP
	sti
	call	*syscall_handler
	cli
	REGS_END
	movq	%gs:current_task, %rax
	testb	$TASK_WORK_MASK, TASK_THREAD_FLAGS(%rax)
	jnz	return_to_user
	movq	PT_BP(%rsp), %rbp
	addq	$PT_R11, %rsp			/* C has kept rbx and r12-r15 */
	popq	%r11				/* flags, */
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx				/* address: both as SYSCALL left them */
	popq	%rdx
	popq	%rsi
	popq	%rdi
	movq	PT_SP - PT_ORIG_AX(%rsp), %rsp
	swapgs
	sysretq
END_FUNC entry_syscall

/* ---- Return to user mode with all registers; IF off ------------------------------------------ */

FUNC return_to_user
	movq	%gs:current_task, %rax
	testb	$TASK_WORK_MASK, TASK_THREAD_FLAGS(%rax)
	jz	.Liret_user
	movq	%rsp, %rdi
	REGS_AT_SP
	call	exit_to_user_work
.Liret_user:
	swapgs
	REGS_END
	POP_REGS
	addq	$8, %rsp
	.globl	iret_to_user
iret_to_user:
	iretq
END_FUNC return_to_user

FUNC return_from_trap
	cli
	testb	$3, PT_CS(%rsp)
	jnz	return_to_user
	POP_REGS
	addq	$8, %rsp
	iretq
END_FUNC return_from_trap

/* ---- Page faults ----------------------------------------------------------------------------- */

FUNC entry_page_fault
	cld
	ASM_CLAC
	PUSH_REGS
	movq	%rsp, %rdi
	movq	%cr2, %rsi
	movq	PT_ORIG_AX(%rsp), %rdx
	movq	$-1, PT_ORIG_AX(%rsp)
	testb	$3, PT_CS(%rsp)
	jz	1f
	swapgs
	xorl	%ebp, %ebp
	REGS_AT_SP
	sti
	call	*user_fault_handler
	cli
	jmp	return_to_user
1:	call	do_kernel_fault
	jmp	return_from_trap
	REGS_END
END_FUNC entry_page_fault

/* ---- Other exceptions: entry_trap_N for the IDT, 16 bytes apart ------------------------------ */

.section .text.entry_trap_stubs, "ax"
	.globl	entry_trap_stubs
	.type	entry_trap_stubs, @function
	.balign	16
entry_trap_stubs:
vector = 0
.rept 32
	.balign	16
	/* These push an error code of their own: 8, 10-14, 17, 21, 29, 30. */
	.if !((0x60227d00 >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	vector = vector + 1
.endr
	.size	entry_trap_stubs, . - entry_trap_stubs

FUNC trap_common
	xchgq	%rdi, (%rsp)			/* vector into rdi, rdi into its place in pt_regs */
	cld
	ASM_CLAC
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movl	%edi, %esi
	movq	%rsp, %rdi
	testb	$3, PT_CS(%rsp)
	jnz	1f
	cmpq	$iret_to_user, PT_IP(%rsp)	/* failed to return: gs is the user's already */
	jne	2f
	swapgs
	movq	%rsi, %rbx
	call	bad_iret			/* pt_regs of a fault in user mode */
	movq	%rax, %rsp
	movq	%rax, %rdi
	movq	%rbx, %rsi
	jmp	2f
1:	swapgs
	xorl	%ebp, %ebp
2:	movq	PT_ORIG_AX(%rsp), %rdx
	movq	$-1, PT_ORIG_AX(%rsp)
	REGS_AT_SP
	call	do_trap
	jmp	return_from_trap
	REGS_END
END_FUNC trap_common

/* ---- #DF, NMI, #MC: on stacks of their own, gs unknown --------------------------------------- */

.macro PARANOID name, vector, has_error
FUNC \name
	.if !\has_error
	pushq	$0
	.endif
	cld
	ASM_CLAC
	PUSH_REGS
	xorl	%r12d, %r12d			/* r12: gs was the user's */
	movl	$MSR_GS_BASE, %ecx
	rdmsr
	testl	%edx, %edx
	js	1f
	swapgs
	incl	%r12d
1:	movq	%rsp, %rdi
	movl	$\vector, %esi
	movq	PT_ORIG_AX(%rsp), %rdx
	movq	$-1, PT_ORIG_AX(%rsp)
	REGS_AT_SP
	call	do_paranoid_trap
	testl	%r12d, %r12d
	REGS_END
	jz	2f
	swapgs
2:	POP_REGS
	addq	$8, %rsp
	iretq
END_FUNC \name
.endm

PARANOID entry_nmi, 2, 0
PARANOID entry_double_fault, 8, 1
PARANOID entry_machine_check, 18, 0

/* ---- Interrupts: entry_irq_stubs + 16 * (vector - 32) ---------------------------------------- */

.section .text.entry_irq_stubs, "ax"
	.globl	entry_irq_stubs
	.type	entry_irq_stubs, @function
	.balign	16
entry_irq_stubs:
vector = 32
.rept 224
	.balign	16
	pushq	$vector
	jmp	irq_common
	vector = vector + 1
.endr
	.size	entry_irq_stubs, . - entry_irq_stubs

FUNC irq_common
	ENTER
	movq	%rsp, %rdi
	movq	PT_ORIG_AX(%rsp), %rsi
	movq	$-1, PT_ORIG_AX(%rsp)
	REGS_AT_SP
	call	do_interrupt
	jmp	return_from_trap
	REGS_END
END_FUNC irq_common

/* ---- Switching tasks ------------------------------------------------------------------------- */

/*
 * rdi: prev, rsi: next. What it pushes is struct switch_frame (process.c). Returns
 * __switch_to()'s result, prev.
 */
FUNC __switch_to_asm
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, TASK_THREAD_SP(%rdi)
	movq	TASK_THREAD_SP(%rsi), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	jmp	__switch_to
END_FUNC __switch_to_asm

/*
 * First instructions of a task. rax: prev, rbx: kernel function or 0, r12: its argument; pt_regs
 * on the stack.
 */
FUNC ret_from_fork
	xorl	%ebp, %ebp
	movq	%rax, %rdi
	call	*schedule_tail_hook
	testq	%rbx, %rbx
	jz	1f
	sti
	movq	%r12, %rdi
	call	*%rbx
1:	cli
	jmp	return_to_user
END_FUNC ret_from_fork

	.section .note.GNU-stack, "", @progbits
