/* SPDX-License-Identifier: MIT */
/*
 * mmu_gather: the order "clear, flush, free" for unmap and exit. See tlb.h.
 *
 * Pages and page tables share one array: both are dropped with their last reference, and a table has just
 * one. Freed pages of the swap cache lose their slot on the way (free_pages_and_swap_cache).
 */
#include "mm/tlb.h"

#include "mm/lru.h"
#include "mm/vma.h"
#include "arch/mmu.h"

void flush_tlb_batched(struct mm_struct *mm)
{
	mm->tlb_flush_batched = false;
	flush_tlb_mm(mm);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	tlb->mm = mm;
	tlb->start = TASK_SIZE;
	tlb->end = 0;
	tlb->fullmm = fullmm;
	tlb->need_flush = false;
	tlb->atomic = false;
	tlb->keep_private = false;
	tlb->nr = 0;
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	if (tlb->need_flush) {
		if (tlb->fullmm)
			flush_tlb_mm(tlb->mm);
		else
			flush_tlb_range(tlb->mm, tlb->start, tlb->end);
		tlb->need_flush = false;
		tlb->start = TASK_SIZE;
		tlb->end = 0;
	}
	if (tlb->nr) {
		free_pages_and_swap_cache(tlb->pages, (int)tlb->nr);
		tlb->nr = 0;
	}
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
}

void tlb_remove_table(struct mmu_gather *tlb, struct page *table, unsigned long addr)
{
	dec_zone_page_state(table, NR_PAGETABLE);
	tlb->need_flush = true;
	if (addr < tlb->start)
		tlb->start = addr;
	if (addr + PAGE_SIZE > tlb->end)
		tlb->end = addr + PAGE_SIZE;
	if (__tlb_remove_page(tlb, table))
		tlb_flush_mmu(tlb);
}
