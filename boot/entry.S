/* SPDX-License-Identifier: MIT */
/*
 * From the loader's 32-bit protected mode to C in 64-bit mode at the kernel's own addresses.
 *
 *	GRUB   multiboot2_entry   eax = 0x36d76289, ebx = physical address of the tag list
 *	QEMU   pvh_entry          ebx = physical address of struct hvm_start_info
 *	          |
 *	   build the boot page tables: 4 GiB identity in 2 MiB pages; the first again at -2 GiB
 *	   PAE, LME + NXE, paging on, far jump to 64-bit code, jump to the high half
 *	          |
 *	   boot_start(magic, info)                                            (boot/boot.c)
 *
 * Interrupts stay off, there is no IDT yet: a fault here resets the machine. Everything up to
 * high_start runs at physical addresses, so every symbol is written PHYS(symbol). The identity map
 * lives until the arch code loads its own tables: loader data may lie anywhere below 4 GiB and is
 * read through it.
 *
 * The multiboot2 header must lie in the first 32 KiB of the file. No multiboot1 header: QEMU
 * refuses a 64-bit ELF that carries one.
 */
#include "boot/exit_status.h"
#include "boot/multiboot2.h"

#define KERNEL_VMA 0xffffffff80000000
#define PHYS(sym)  ((sym) - KERNEL_VMA)

#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PE	  0x00000001
#define CR0_WP	  0x00010000
#define CR0_PG	  0x80000000
#define CR4_PAE	  0x00000020
#define MSR_EFER  0xc0000080
#define EFER_LME  0x00000100
#define EFER_NXE  0x00000800
#define PDE_LARGE 0x83 /* present, writable, 2 MiB */
#define PDE_TABLE 0x03 /* present, writable */

#define BOOT_CS	    0x10
#define BOOT_DS	    0x18
#define BOOT_STACK  16384
#define PVH_MAGIC   0x336ec578
#define COM1	    0x3f8
#define START_NR_MODULES 12 /* struct hvm_start_info */
#define START_MODLIST	 16
#define LSR	    5
#define LSR_EMPTY   0x20

	.section .boot.header, "a", @progbits
	.balign 8
header:
	.long	MULTIBOOT2_HEADER_MAGIC
	.long	MULTIBOOT2_ARCH_I386
	.long	header_end - header
	.long	-(MULTIBOOT2_HEADER_MAGIC + MULTIBOOT2_ARCH_I386 + (header_end - header))

	.balign 8
	.short	MULTIBOOT2_HEADER_TAG_ENTRY, 0
	.long	12
	.long	PHYS(multiboot2_entry)

	.balign 8
	.short	MULTIBOOT2_HEADER_TAG_ALIGN_MODULES, 0
	.long	8

	.balign 8
	.short	0, 0
	.long	8
header_end:

	.section .note.pvh, "a", @note
	.balign 4
	.long	4, 8, XEN_ELFNOTE_PHYS32_ENTRY
	.asciz	"Xen"
	.quad	PHYS(pvh_entry)

	.section .boot.text, "ax", @progbits
	.code32
	.globl	multiboot2_entry, pvh_entry

pvh_entry:
	movl	$PVH_MAGIC, %eax
multiboot2_entry:
	cli
	cld
	movl	%eax, %ebp			/* who loaded us: kept in ebp, */
	movl	%ebx, %edi			/* with what: in edi */

/* Is there memory where the image ends? QEMU loads an image that is larger than the machine. */
	movl	$0x5aa5c33c, PHYS(__kernel_end) - 4
	cmpl	$0x5aa5c33c, PHYS(__kernel_end) - 4
	movl	$PHYS(no_memory), %esi
	jne	say_and_end
	movl	$0, PHYS(__kernel_end) - 4	/* .bss */

/* Has QEMU put the initrd over the kernel? It does when both do not fit. This code is the image's first page. */
	cmpl	$PVH_MAGIC, %ebp
	jne	1f
	cmpl	$PVH_MAGIC, (%edi)
	jne	1f
	cmpl	$0, START_NR_MODULES(%edi)
	je	1f
	movl	START_MODLIST(%edi), %ebx
	movl	$PHYS(initrd_over_kernel), %esi
	cmpl	$0, 4(%ebx)
	jne	1f				/* above 4 GiB */
	cmpl	$PHYS(__kernel_end), (%ebx)
	jb	say_and_end
1:
	movl	$PHYS(boot_stack_top), %esp
	call	check_long_mode
	call	build_page_tables

	movl	$PHYS(boot_pgd), %eax
	movl	%eax, %cr3
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl	%cr0, %eax
	orl	$(CR0_PG | CR0_WP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdt	PHYS(boot_gdt_ptr32)
	ljmpl	$BOOT_CS, $PHYS(start64)

/* CPUID leaf 0x80000001, edx: bit 29 long mode, bit 20 no-execute. Every x86_64 CPU has both. */
check_long_mode:
	movl	$0x80000001, %eax
	cpuid
	andl	$0x20100000, %edx
	cmpl	$0x20100000, %edx
	jne	1f
	ret
1:	movl	$PHYS(no_long_mode), %esi

/* esi: a text for the serial line; then the machine ends, as after a panic. */
say_and_end:
	movl	$COM1 + LSR, %edx
	inb	%dx, %al
	testb	$LSR_EMPTY, %al
	jz	say_and_end
	lodsb
	testb	%al, %al
	jz	2f
	movl	$COM1, %edx
	outb	%al, %dx
	jmp	say_and_end
2:	movl	$EXIT_PORT, %edx
	movl	$EXIT_PANIC, %eax
	outl	%eax, %dx
3:	hlt
	jmp	3b
no_long_mode:
	.asciz	"Kernel panic - not syncing: Tidemark needs a 64-bit CPU with NX (QEMU: -cpu max)\r\n"
initrd_over_kernel:
	.asciz	"Kernel panic - not syncing: the initrd lies over the kernel: make it smaller or the machine larger (QEMU: -m)\r\n"
no_memory:
	.asciz	"Kernel panic - not syncing: the machine has no memory where the kernel ends: Tidemark needs 16 MiB (QEMU: -m 32M)\r\n"

/*
 * pgd[0] -> pud_low[0..3] -> pmd[0..2047]: 4 GiB of 2 MiB pages, physical = virtual.
 * pgd[511] -> pud_high[510] -> the first of these tables: 1 GiB at -2 GiB.
 * The tables are in .bss, which both loaders have zeroed.
 */
build_page_tables:
	movl	$PHYS(boot_pud_low) + PDE_TABLE, PHYS(boot_pgd)
	movl	$PHYS(boot_pud_high) + PDE_TABLE, PHYS(boot_pgd) + 511 * 8
	movl	$PHYS(boot_pmd) + PDE_TABLE, PHYS(boot_pud_high) + 510 * 8
	movl	$PHYS(boot_pmd) + PDE_TABLE, %eax
	xorl	%ecx, %ecx
1:	movl	%eax, PHYS(boot_pud_low)(, %ecx, 8)
	addl	$4096, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	1b

	movl	$PDE_LARGE, %eax
	xorl	%ecx, %ecx
2:	movl	%eax, PHYS(boot_pmd)(, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$2048, %ecx
	jne	2b
	ret

	.code64
start64:
	movq	$high_start, %rax
	jmp	*%rax

	.section .text.high_start, "ax", @progbits
	.cfi_sections .debug_frame
high_start:
	.cfi_startproc
	.cfi_undefined rip		/* gdb's backtraces end here */
	lgdt	boot_gdt_ptr64
	movl	$BOOT_DS, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs			/* gs base 0: the boot CPU uses the per-CPU template itself */
	movq	$boot_stack_top, %rsp
	movl	%edi, %esi			/* the upper halves are undefined after the switch */
	movl	%ebp, %edi
	xorl	%ebp, %ebp			/* end of the frame-pointer chain */
	call	boot_start
1:	hlt
	jmp	1b
	.cfi_endproc

	.section .rodata.boot_gdt, "a", @progbits
	.balign 8
boot_gdt:
	.quad	0
	.quad	0
	.quad	0x00af9b000000ffff		/* BOOT_CS: 64-bit code */
	.quad	0x00cf93000000ffff		/* BOOT_DS */
boot_gdt_end:
boot_gdt_ptr32:
	.short	boot_gdt_end - boot_gdt - 1
	.long	PHYS(boot_gdt)
boot_gdt_ptr64:
	.short	boot_gdt_end - boot_gdt - 1
	.quad	boot_gdt

	.section .bss..page_aligned, "aw", @nobits
	.balign 4096
	.globl	boot_pgd, boot_pmd, boot_guard_pte, boot_stack_guard, boot_stack, boot_stack_top
boot_pgd:
	.skip	4096
boot_pud_low:
	.skip	4096
boot_pud_high:
	.skip	4096
boot_pmd:
	.skip	4 * 4096
boot_guard_pte:
	.skip	4096
boot_stack_guard:			/* never mapped once boot_start runs */
	.skip	4096
boot_stack:
	.skip	BOOT_STACK
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
