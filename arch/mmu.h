/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory management, as mm sees it. Entries themselves: asm/pgtable.h. mm knows no
 * CR3: it owns the user half of mm->pgd and everything below it, the machine owns the kernel half.
 *
 * Calls down (mm -> arch): everything here. Calls up: none; page-table frames come from memblock
 * during boot, and later from alloc_pgd_page registered by mm.
 *
 * mm->cpu_mask has a bit for each CPU whose TLB may hold entries of the mm. A CPU sets its bit in
 * switch_mm() before it loads the table and clears it when it loads another; a flush goes to the
 * set bits only. Kernel threads keep the last mm loaded (lazily), with its bit still set, so
 * flushes still reach it; whoever keeps it so holds a reference (mm_count).
 */
#ifndef ARCH_MMU_H
#define ARCH_MMU_H

#include "kernel/base/cpumask.h"
#include "kernel/base/types.h"
#include "asm/page.h"
#include "asm/pgtable.h"

struct mm_struct;

/* ---- Boot ------------------------------------------------------------------------------------ */

/* => First mapping call: makes early_memremap() and the fixmap work on the boot page tables. */
void early_fixmap_init(void);
/*
 * => Replaces the boot page tables by the final ones: image W^X, direct map of [0, lowmem_end),
 *    empty shared tables for vmalloc, vmemmap and the windows; the identity map is gone afterwards.
 *    Needs memblock with everything reserved. lowmem_end: bytes, end of ZONE_NORMAL, above
 *    DIRECT_MAP_MAX only with highmem=; the tables themselves lie below that.
 */
void paging_init(phys_addr_t lowmem_end);

/*
 * => A window onto physical memory anywhere (above the direct map too), cached, read and write; at
 *    most EARLY_REMAP_MAX bytes, up to EARLY_REMAP_SLOTS at a time. NULL if too long, beyond the
 *    CPU's addresses or no slot is free. One CPU, boot only; later ioremap()/kmap() do it.
 */
#define EARLY_REMAP_MAX	  (256UL * 1024)
#define EARLY_REMAP_SLOTS 4
void *early_memremap(phys_addr_t phys, unsigned long bytes);
void early_memunmap(void *va, unsigned long bytes);

/* ---- The kernel's own tables ----------------------------------------------------------------- */

extern pgd_t swapper_pg_dir[];

/*
 * => Maps one page in the vmalloc or vmemmap region; 0 or -ENOMEM (a table page was needed). May
 *    take a table page from the registered source below, so may sleep as that does. No flush: the
 *    entry was not present.
 */
int __must_check arch_map_kernel_page(unsigned long va, unsigned long pfn, pgprot_t prot);
/* => Removes a mapping, returns its frame (0 if there was none). The caller flushes. */
unsigned long arch_unmap_kernel_page(unsigned long va);
/*
 * => The entry of a kernel address or NULL when a level is missing or large. For windows (PKMAP,
 *    KMAP_ATOMIC, fixmap) never NULL and constant, so it may be kept; consecutive pages have
 *    consecutive entries.
 */
pte_t *kernel_pte(unsigned long va);
/* => The frame behind any mapped kernel address, large pages included; ~0UL if unmapped. */
unsigned long kernel_va_to_pfn(unsigned long va);
/*
 * => Hides a frame of lowmem from the kernel: its entry of the direct map is not present; or shows it. => it was
 *    hidden. Any context. Only with one CPU, and direct_map_small set before paging_init(): 4 KiB entries all over.
 */
bool arch_hide_page(unsigned long pfn, bool hide);
extern bool direct_map_small;
/*
 * => struct page array: maps one page (large: one 2 MiB page, va and pfn aligned to 512)
 *    read-write. Boot only (tables from memblock) or hotplug; 0 or -ENOMEM.
 */
int __must_check arch_vmemmap_map(unsigned long va, unsigned long pfn, bool large);
/* => Where table pages come from once memblock has ended: a zeroed low page or 0. */
void arch_set_table_allocator(phys_addr_t (*alloc)(void));

/* ---- Address spaces -------------------------------------------------------------------------- */

/* => Makes pgd (a zeroed low page, given by mm) ready: the kernel half is shared from now on. */
void arch_pgd_init(pgd_t *pgd);
/* => A new mm->pgd from the table allocator: 0 or -ENOMEM. The user half is empty. */
int __must_check arch_pgd_alloc(struct mm_struct *mm);
/* => Gives mm->pgd back through the function registered here; no CPU may have it loaded. */
void arch_pgd_free(struct mm_struct *mm);
void arch_set_table_free(void (*free)(phys_addr_t table));
/*
 * => Loads next's table on this CPU; interrupts off or the run-queue lock held. next == prev is
 *    cheap.
 */
void switch_mm(struct mm_struct *prev, struct mm_struct *next);

/* ---- TLB ------------------------------------------------------------------------------------- */

/*
 * => When these return no CPU uses an older entry. Interrupts must be on (they wait for other
 *    CPUs), unless only this CPU is in the mask; spinlocks may be held, but none that an interrupt
 *    handler takes. The entries must have been changed before the call. end is exclusive.
 */
void flush_tlb_mm(struct mm_struct *mm);
void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end);
void flush_tlb_page(struct mm_struct *mm, unsigned long addr);
void flush_tlb_all(void);
/* => the same for everything of user space on the CPUs of the mask: reclaim's batches; preemption off */
void flush_tlb_cpus(cpumask_t cpus);
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
/* => This CPU only: for windows used by one CPU (kmap_atomic). */
void flush_tlb_one_local(unsigned long addr);
void flush_tlb_local(void);

#endif
