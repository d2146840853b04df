/* SPDX-License-Identifier: MIT */
/*
 * Whole pages. Zeroing by 16-byte stores takes 256 of them instead of 512 of 8 bytes. The kernel
 * owns no SSE registers, so the one used is saved on the stack; an interrupt that does the same in
 * between nests, and nothing sleeps here, so a task switch never sees it changed. Needs CR4.OSFXSR
 * (cpu_init_boot()). Copying gains nothing from SSE: under QEMU its 16-byte loads are slow, and rep
 * movsq counts one instruction for 8 bytes read and written.
 *
 * Linux: the choice among several variants at boot.
 */

/* void clear_page(void *page) */
	.section .text.clear_page, "ax"
	.globl	clear_page
	.type	clear_page, @function
	.balign	16
clear_page:
	subq	$24, %rsp
	movups	%xmm0, (%rsp)
	movl	$4, %ecx
	xorps	%xmm0, %xmm0
1:
	offset = 0
	.rept	64
	movaps	%xmm0, offset(%rdi)
	offset = offset + 16
	.endr
	addq	$1024, %rdi
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
	movl	$512, %ecx
	rep movsq
	ret
	.size	copy_page, . - copy_page

	.section .note.GNU-stack, "", @progbits
