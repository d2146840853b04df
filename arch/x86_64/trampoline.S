/* SPDX-License-Identifier: MIT */
/*
 * First instructions of a started CPU: real mode, cs = page address >> 4, ip = 0. The code is
 * copied to a page below 1 MiB; what depends on that page's address the boot CPU writes into the
 * last 32 bytes (struct trampoline_data in smp.c). From real mode straight to 64-bit mode, on a
 * page table that maps this page at its physical address, readable and executable only: nothing
 * here is written, there is no stack.
 */
#include "asm/segment.h"

#define DATA_CR3   (4096 - 32)
#define DATA_FAR   (4096 - 28)
#define DATA_GDT   (4096 - 20)
#define DATA_ENTRY (4096 - 8)

	.section .rodata.trampoline, "a", @progbits
	.globl	trampoline_start, trampoline_64, trampoline_gdt, trampoline_end
	.balign	16
	.code16
trampoline_start:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	lgdtl	DATA_GDT
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	DATA_CR3, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_PE), %eax
	movl	%eax, %cr0
	ljmpl	*DATA_FAR

	.code64
trampoline_64:
	leaq	trampoline_start(%rip), %rax
	movq	DATA_ENTRY(%rax), %rax
	jmp	*%rax

	.balign	8
trampoline_gdt:
	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code, accessed already: the page is read-only */
trampoline_end:

	.section .text.secondary_start, "ax", @progbits
	.globl	secondary_start
	.type	secondary_start, @function
secondary_start:
	movl	$swapper_pg_dir - 0xffffffff80000000, %eax
	movq	%rax, %cr3
	movq	secondary_stack, %rsp
	movl	$MSR_GS_BASE, %ecx
	movl	secondary_gs, %eax
	movl	secondary_gs + 4, %edx
	wrmsr
	xorl	%ebp, %ebp
	call	secondary_main
	.size	secondary_start, . - secondary_start

	.section .note.GNU-stack, "", @progbits
