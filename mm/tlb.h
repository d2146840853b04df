/* SPDX-License-Identifier: MIT */
/*
 * mmu_gather: entries are cleared first, then every CPU's TLB is flushed once, then the pages are freed.
 *
 *   tlb_gather_mmu -> clear entries, tlb_remove_page(page) ... -> tlb_finish_mmu
 *                         full: tlb_flush_mmu = flush, free what was gathered, go on
 *
 * No page (and no page table) goes back to the allocator while a TLB may still lead to it. fullmm: the
 * whole address space dies and no CPU runs user code in it any more, so its pages are freed as they come
 * and one flush before its page tables go is enough.
 * The gather lives on the stack of its task; nothing in it is shared.
 */
#ifndef MM_TLB_H
#define MM_TLB_H

#include "mm/mm_types.h"

#define MMU_GATHER_PAGES 128

struct page;

struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end;	/* what was cleared since the last flush */
	bool fullmm;
	bool need_flush;		/* an entry a TLB may hold was cleared */
	bool atomic;			/* a spinlock is held around the whole: do not reschedule */
	bool keep_private;		/* truncate: private copies of file pages stay mapped */
	unsigned int nr;
	struct page *pages[MMU_GATHER_PAGES];
};

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm);
void tlb_flush_mmu(struct mmu_gather *tlb);	/* => no spinlock held that an interrupt takes */
void tlb_finish_mmu(struct mmu_gather *tlb);

/* Entries in [start, end) were live and are cleared now. */
static inline void tlb_remove_tlb_entries(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	tlb->need_flush = true;
	tlb->start = min(tlb->start, start);
	tlb->end = max(tlb->end, end);
}

/* => true: the gather is full, the caller calls tlb_flush_mmu as soon as it holds no page-table lock */
static inline bool __tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	tlb->pages[tlb->nr++] = page;
	return tlb->nr == MMU_GATHER_PAGES;
}

/* A page table is linked nowhere any more; the CPU may have cached the way to it. */
void tlb_remove_table(struct mmu_gather *tlb, struct page *table, unsigned long addr);

#endif
