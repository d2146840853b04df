/* SPDX-License-Identifier: MIT */
/*
 * Segment selectors and system-register bits that assembly and C share. The order of the GDT is
 * dictated by SYSCALL/SYSRET (kernel SS = CS + 8; user SS = base + 8, user CS = base + 16) and
 * gives programs the selector values they know from Linux. There is no 32-bit code segment: user
 * mode is always 64-bit.
 */
#ifndef ASM_SEGMENT_H
#define ASM_SEGMENT_H

#define KERNEL_CS   0x10
#define KERNEL_DS   0x18
#define USER32_BASE 0x23 /* empty slot: only SYSRET's arithmetic uses it */
#define USER_DS	    0x2b
#define USER_CS	    0x33
#define GDT_TSS	    0x40
#define GDT_ENTRIES 10

#define IST_DF	1
#define IST_NMI 2
#define IST_MC	3
#define NR_IST	3

#define EFLAGS_TF 0x00000100
#define EFLAGS_IF 0x00000200
#define EFLAGS_DF 0x00000400
#define EFLAGS_NT 0x00004000
#define EFLAGS_RF 0x00010000
#define EFLAGS_AC 0x00040000

#define CR0_PE 0x00000001
#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_PG 0x80000000

#define CR4_PAE	       0x00000020
#define CR4_PGE	       0x00000080
#define CR4_OSFXSR     0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_UMIP       0x00000800
#define CR4_FSGSBASE   0x00010000
#define CR4_SMEP       0x00100000
#define CR4_SMAP       0x00200000

#define MSR_EFER	   0xc0000080
#define MSR_STAR	   0xc0000081
#define MSR_LSTAR	   0xc0000082
#define MSR_CSTAR	   0xc0000083
#define MSR_SYSCALL_MASK   0xc0000084
#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_APIC_BASE	   0x1b

#define EFER_SCE 0x001
#define EFER_LME 0x100
#define EFER_NXE 0x800

#endif
