/* SPDX-License-Identifier: MIT */
/*
 * Pages and the address map of x86_64 (four levels, 48 bits), the same as Linux's:
 *
 *	0000000000001000 - 00007fffffffefff  user space (TASK_SIZE)
 *	ffff888000000000 +  up to 896 MiB    direct map: ZONE_DMA and ZONE_NORMAL only, NX
 *	ffffc90000000000 +  512 GiB          vmalloc: kernel stacks, ioremap
 *	ffffea0000000000 +  512 GiB          vmemmap: struct page array, mapped where RAM is
 *	ffffffff80000000 +  256 MiB          kernel image, virtual = physical + KERNEL_VMA
 *	fffffffffe000000 +  4 MiB            PKMAP: the windows of kmap()
 *	fffffffffe800000 +  2 MiB            the windows of kmap_atomic(), per CPU
 *	ffffffffff200000 +  2 MiB            fixmap: early_memremap, LAPIC, IO-APIC
 *
 * Each of these regions has its top-level entry from boot on; no top-level kernel entry is made or
 * changed later, so all address spaces share them without synchronisation.
 */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#define PAGE_SHIFT  12
#define PMD_SHIFT   21
#define PUD_SHIFT   30
#define PGDIR_SHIFT 39

#ifdef __ASSEMBLY__
#define ASM_UL(x) x
#else
#define ASM_UL(x) x##UL
#endif

#define PAGE_SIZE  (ASM_UL(1) << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))
#define PMD_SIZE   (ASM_UL(1) << PMD_SHIFT)
#define PMD_MASK   (~(PMD_SIZE - 1))
#define PUD_SIZE   (ASM_UL(1) << PUD_SHIFT)
#define PUD_MASK   (~(PUD_SIZE - 1))
#define PGDIR_SIZE (ASM_UL(1) << PGDIR_SHIFT)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))

#define KERNEL_VMA	  ASM_UL(0xffffffff80000000)
#define KERNEL_IMAGE_SIZE ASM_UL(0x10000000)
#define PAGE_OFFSET	  ASM_UL(0xffff888000000000)
#define DIRECT_MAP_MAX	  ASM_UL(0x38000000) /* 896 MiB: end of ZONE_NORMAL unless highmem= moves it */
#define VMALLOC_START	  ASM_UL(0xffffc90000000000)
#define VMALLOC_END	  ASM_UL(0xffffc98000000000) /* exclusive */
#define VMEMMAP_START	  ASM_UL(0xffffea0000000000)
#define ARCH_VMEMMAP_PREMAPPED 0 /* mm maps the array itself, with frames of RAM */
#define VMEMMAP_END	  ASM_UL(0xffffea8000000000) /* exclusive */
#define PKMAP_BASE	  ASM_UL(0xfffffffffe000000)
#define PKMAP_PAGES	  1024 /* entries there */
#define KMAP_ATOMIC_BASE  ASM_UL(0xfffffffffe800000)
#define KMAP_ATOMIC_SLOTS 16 /* windows per CPU, NR_CPUS * 16 <= 512 */
#define FIXADDR_START	  ASM_UL(0xffffffffff200000)
#define FIXADDR_END	  ASM_UL(0xffffffffff400000)

#define TASK_SIZE	   ASM_UL(0x00007ffffffff000) /* end of user space, exclusive */
#define STACK_TOP	   TASK_SIZE
#define MMAP_MIN_ADDR	   ASM_UL(0x10000)
#define KERNEL_STACK_SHIFT 14
#define KERNEL_STACK_SIZE  (ASM_UL(1) << KERNEL_STACK_SHIFT) /* 16 KiB */

#ifndef __ASSEMBLY__
#include "kernel/base/types.h"

/* Physical <-> virtual for direct-map addresses only: never for HighMem, vmalloc or the image. */
#define __pa(va) ((phys_addr_t)((unsigned long)(va)-PAGE_OFFSET))
#define __va(pa) ((void *)((unsigned long)(pa) + PAGE_OFFSET))
/* Physical address of a symbol of the kernel image. */
#define __pa_symbol(va) ((phys_addr_t)((unsigned long)(va)-KERNEL_VMA))

/* => Whole pages, page aligned. About 275 and 515 instructions. Usable in any context. */
void clear_page(void *page);
void copy_page(void *to, const void *from);
#endif

#endif
