/* SPDX-License-Identifier: MIT */
/*
 * Whole pages by 16-byte stores: 256 instead of the 512 of 8-byte ones. The kernel owns no SSE registers, so the
 * one or two used are saved on the stack around the loop; an interrupt that does the same in between
 * nests. Nothing sleeps here, so a task switch never sees them changed. Needs CR4.OSFXSR (cpu_init_boot()).
 *
 * Linux: the same choice at run time between these and rep stosq/stosb.
 */

/* void clear_page(void *page) */
	.section .text.clear_page, "ax"
	.globl	clear_page
	.type	clear_page, @function
	.balign	16
clear_page:
	subq	$24, %rsp
	movups	%xmm0, (%rsp)
	movl	$8, %ecx
	xorps	%xmm0, %xmm0
1:
	offset = 0
	.rept	32
	movaps	%xmm0, offset(%rdi)
	offset = offset + 16
	.endr
	addq	$512, %rdi
	decl	%ecx
	jnz	1b
	movups	(%rsp), %xmm0
	addq	$24, %rsp
	ret
	.size	clear_page, . - clear_page

/* void copy_page(void *to, const void *from) */
	.section .text.copy_page, "ax"
	.globl	copy_page
	.type	copy_page, @function
	.balign	16
copy_page:
	subq	$40, %rsp
	movups	%xmm0, (%rsp)
	movups	%xmm1, 16(%rsp)
	movl	$16, %ecx
1:
	offset = 0
	.rept	8
	movaps	offset(%rsi), %xmm0
	movaps	offset + 16(%rsi), %xmm1
	movaps	%xmm0, offset(%rdi)
	movaps	%xmm1, offset + 16(%rdi)
	offset = offset + 32
	.endr
	addq	$256, %rsi
	addq	$256, %rdi
	decl	%ecx
	jnz	1b
	movups	(%rsp), %xmm0
	movups	16(%rsp), %xmm1
	addq	$40, %rsp
	ret
	.size	copy_page, . - copy_page

	.section .note.GNU-stack, "", @progbits
