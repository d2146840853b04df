/* SPDX-License-Identifier: MIT */
/*
 * SMAP's gate for assembly: three-byte no-ops whose addresses are listed in .smap_sites;
 * cpu_init_boot() turns them into STAC and CLAC on CPUs that have SMAP. ASM_STAC opens user memory
 * to the kernel, ASM_CLAC shuts it.
 */
#ifndef ASM_SMAP_H
#define ASM_SMAP_H

/* clang-format off */
#ifdef __ASSEMBLY__
.macro ASM_SMAP_SITE opcode
771:	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.balign	4
	.long	771b - .
	.long	\opcode
	.popsection
.endm
#define ASM_CLAC ASM_SMAP_SITE 0xca
#define ASM_STAC ASM_SMAP_SITE 0xcb
#endif

#endif
