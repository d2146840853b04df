/* SPDX-License-Identifier: MIT */
/*
 * Pages and the address map inside a Linux process. The big arrays lie at fixed addresses that neither the
 * process nor the sanitizers' shadows use:
 *
 *	7e8000000000  vmemmap: 48 bytes for each of 2^32 frames
 *	7ec000000000  the simulated machine's physical memory ("direct map"), up to 192 GiB
 *	7ef000000000  vmalloc, then the windows of kmap() and kmap_atomic()
 *
 * User addresses of the simulated machine are numbers in its page tables only; nothing is mapped there.
 */
#ifndef ASM_PAGE_H
#define ASM_PAGE_H

#define PAGE_SHIFT	12
#define PMD_SHIFT	21
#define PUD_SHIFT	30
#define PGDIR_SHIFT	39
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#define PMD_SIZE	(1UL << PMD_SHIFT)
#define PMD_MASK	(~(PMD_SIZE - 1))
#define PUD_SIZE	(1UL << PUD_SHIFT)
#define PUD_MASK	(~(PUD_SIZE - 1))
#define PGDIR_SIZE	(1UL << PGDIR_SHIFT)
#define PGDIR_MASK	(~(PGDIR_SIZE - 1))

#define ARCH_VMEMMAP_PREMAPPED 1 /* the process provides the array */
#define VMEMMAP_START	  0x7e8000000000UL
#define VMEMMAP_END	  0x7eb000000000UL
#define PAGE_OFFSET	  0x7ec000000000UL
#define HOST_PHYS_MAX	  (192UL << 30)
#define DIRECT_MAP_MAX	  HOST_PHYS_MAX /* where boot allocations may lie */
#define VMALLOC_START	  0x7ef000000000UL
#define VMALLOC_END	  0x7ef040000000UL
#define PKMAP_BASE	  0x7ef080000000UL
#define PKMAP_PAGES	  1024
#define KMAP_ATOMIC_BASE  0x7ef080800000UL
#define KMAP_ATOMIC_SLOTS 16

#define TASK_SIZE	   0x00007ffffffff000UL
#define STACK_TOP	   TASK_SIZE
#define MMAP_MIN_ADDR	   0x10000UL
#define KERNEL_STACK_SHIFT 14
#define KERNEL_STACK_SIZE  (1UL << KERNEL_STACK_SHIFT)

#include "kernel/base/types.h"

#define __pa(va)	((phys_addr_t)((unsigned long)(va) - PAGE_OFFSET))
#define __va(pa)	((void *)((unsigned long)(pa) + PAGE_OFFSET))
#define __pa_symbol(va) ((phys_addr_t)(unsigned long)(va))

void clear_page(void *page);
void copy_page(void *to, const void *from);

#endif
