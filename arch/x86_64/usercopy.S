/* SPDX-License-Identifier: MIT */
/*
 * The only instructions of the kernel that touch user memory. Each stands in the exception table
 * with the place to go on at when the page cannot be had (search_exception_table()); between
 * ASM_STAC and ASM_CLAC nothing else is done. The page-fault entry saves the flags and shuts SMAP's
 * gate itself.
 */
#include "asm/smap.h"

#define EFAULT 14

.macro EXTABLE from to
	.pushsection __ex_table, "a"
	.balign	4
	.long	\from - .
	.long	\to - .
	.popsection
.endm

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
 * unsigned long __copy_user(void *to, const void *from, unsigned long n): bytes not copied. Words,
 * then bytes; when a word faults, bytes up to the border of the page, so that the count is exact.
 */
FUNC __copy_user
	ASM_STAC
	movq	%rdx, %rcx
	shrq	$3, %rcx
	andl	$7, %edx
10:	rep movsq
	EXTABLE 10b, 3f
	testl	%edx, %edx
	jz	2f
1:
11:	movb	(%rsi), %al
12:	movb	%al, (%rdi)
	EXTABLE 11b, 2f
	EXTABLE 12b, 2f
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	1b
2:	ASM_CLAC
	movq	%rdx, %rax
	ret
3:	leaq	(%rdx,%rcx,8), %rdx		/* words left, as bytes */
	jmp	1b
END_FUNC __copy_user

/* unsigned long __clear_user(void *to, unsigned long n): bytes not cleared; the same way */
FUNC __clear_user
	ASM_STAC
	xorl	%eax, %eax
	movq	%rsi, %rcx
	shrq	$3, %rcx
	andl	$7, %esi
10:	rep stosq
	EXTABLE 10b, 3f
	testl	%esi, %esi
	jz	2f
1:
11:	movb	%al, (%rdi)
	EXTABLE 11b, 2f
	incq	%rdi
	decq	%rsi
	jnz	1b
2:	ASM_CLAC
	movq	%rsi, %rax
	ret
3:	leaq	(%rsi,%rcx,8), %rsi		/* words left, as bytes */
	jmp	1b
END_FUNC __clear_user

/*
 * long __strncpy_from_user(char *to, const char *from, long n): length without NUL, n if there
 * is none, -EFAULT
 */
FUNC __strncpy_from_user
	ASM_STAC
	xorl	%eax, %eax
1:	cmpq	%rdx, %rax
	jae	2f
10:	movb	(%rsi,%rax), %cl
	EXTABLE 10b, 3f
	movb	%cl, (%rdi,%rax)
	testb	%cl, %cl
	jz	2f
	incq	%rax
	jmp	1b
2:	ASM_CLAC
	ret
3:	movq	$-EFAULT, %rax
	ASM_CLAC
	ret
END_FUNC __strncpy_from_user

/* long __strnlen_user(const char *s, long n): length without NUL, n if there is none, -EFAULT */
FUNC __strnlen_user
	ASM_STAC
	xorl	%eax, %eax
1:	cmpq	%rsi, %rax
	jae	2f
10:	cmpb	$0, (%rdi,%rax)
	EXTABLE 10b, 3f
	je	2f
	incq	%rax
	jmp	1b
2:	ASM_CLAC
	ret
3:	movq	$-EFAULT, %rax
	ASM_CLAC
	ret
END_FUNC __strnlen_user

/* int cmpxchg_user_u32(u32 *seen, u32 *uaddr, u32 old, u32 new), the address checked */
FUNC __cmpxchg_user_u32
	ASM_STAC
	movl	%edx, %eax
10:	lock cmpxchgl %ecx, (%rsi)
	EXTABLE 10b, 1f
	ASM_CLAC
	movl	%eax, (%rdi)
	xorl	%eax, %eax
	ret
1:	ASM_CLAC
	movl	$-EFAULT, %eax
	ret
END_FUNC __cmpxchg_user_u32

/* int copy_from_kernel_nofault(void *to, const void *from, unsigned long n) */
FUNC copy_from_kernel_nofault
	testq	%rdx, %rdx
	jz	2f
1:
10:	movb	(%rsi), %al
	EXTABLE 10b, 3f
	movb	%al, (%rdi)
	incq	%rsi
	incq	%rdi
	decq	%rdx
	jnz	1b
2:	xorl	%eax, %eax
	ret
3:	movl	$-EFAULT, %eax
	ret
END_FUNC copy_from_kernel_nofault

/*
 * get_user(): rax = address -> eax = 0 or -EFAULT, rdx = value; nothing else changes (TASK_SIZE
 * - size bound)
 */
.macro GET_USER size insn reg
FUNC __get_user_\size
	movq	$0x00007ffffffff000 - \size, %rdx
	cmpq	%rdx, %rax
	ja	.Lget_fault_\size
	ASM_STAC
10:	\insn	(%rax), \reg
	EXTABLE 10b, .Lget_fault_\size
	ASM_CLAC
	xorl	%eax, %eax
	ret
.Lget_fault_\size:
	ASM_CLAC
	xorl	%edx, %edx
	movl	$-EFAULT, %eax
	ret
END_FUNC __get_user_\size
.endm

GET_USER 1 movzbl %edx
GET_USER 2 movzwl %edx
GET_USER 4 movl %edx
GET_USER 8 movq %rdx

/* put_user(): rcx = address, rax = value -> ecx = 0 or -EFAULT; nothing else changes */
.macro PUT_USER size insn reg
FUNC __put_user_\size
	pushq	%rdx
	movq	$0x00007ffffffff000 - \size, %rdx
	cmpq	%rdx, %rcx
	ja	.Lput_fault_\size
	ASM_STAC
10:	\insn	\reg, (%rcx)
	EXTABLE 10b, .Lput_fault_\size
	ASM_CLAC
	xorl	%ecx, %ecx
	popq	%rdx
	ret
.Lput_fault_\size:
	ASM_CLAC
	movl	$-EFAULT, %ecx
	popq	%rdx
	ret
END_FUNC __put_user_\size
.endm

PUT_USER 1 movb %al
PUT_USER 2 movw %ax
PUT_USER 4 movl %eax
PUT_USER 8 movq %rax

	.section .note.GNU-stack, "", @progbits
