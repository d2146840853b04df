/* SPDX-License-Identifier: MIT */
/*
 * Clearing entries: munmap, exit, MADV_DONTNEED, truncate.
 *
 *   entry          what happens                                                 counters
 *   none           nothing
 *   anonymous      cleared, mapping uncounted, reference into the gather        anon rss - 1
 *   file           the same; dirty -> page, accessed -> LRU                     file rss - 1
 *   zero, device   cleared
 *   swap entry     cleared, one use of the slot less                            swapents - 1
 *
 * Locks: mmap_sem (reading is enough unless areas are removed too) or, for truncate, the i_mmap lock of
 * the file; page_table_lock per page table. Flush and free: tlb.h.
 */
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "arch/mmu.h"
#include "kernel/core/sched.h"

/* Counted while the page-table lock is held, added up before it is dropped. */
struct zap {
	int rss[NR_MM_COUNTERS];
	struct zone *zone;		/* the last pages' zone */
	unsigned long zone_bits;	/* and what page->flags says of it: cheaper to compare */
	long unmapped[2];		/* of it: last mappings that went: file, anonymous */
	unsigned long first, last;	/* addresses of live entries that went; first > last: none */
	bool dirty;			/* a file page's dirty entry went */
};

static void add_unmapped(struct zap *z)
{
	if (z->unmapped[0])
		__mod_zone_page_state(z->zone, NR_FILE_MAPPED, -z->unmapped[0]);
	if (z->unmapped[1])
		__mod_zone_page_state(z->zone, NR_ANON_PAGES, -z->unmapped[1]);
	z->unmapped[0] = z->unmapped[1] = 0;
}

static inline void count_unmapped(struct zap *z, struct page *page, bool anon)
{
	unsigned long zone_bits = page->flags >> NODES_SHIFT;

	if (unlikely(zone_bits != z->zone_bits)) {
		add_unmapped(z);
		z->zone = page_zone(page);
		z->zone_bits = zone_bits;
	}
	z->unmapped[anon]++;
}

/* A present entry goes. => true: the gather is full */
static inline bool zap_present(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
			       pte_t *pte, struct zap *z)
{
	struct page *page = vm_normal_page(ptep_get(pte));
	bool anon = page && PageAnon(page);
	pte_t entry;

	if (anon && tlb->keep_private)
		return false;
	entry = ptep_get_and_clear(tlb->mm, addr, pte);
	if (addr < z->first)
		z->first = addr;
	z->last = addr;
	if (!page)
		return false;
	if (anon) {
		z->rss[MM_ANONPAGES]--;
	} else {
		if (pte_dirty(entry)) {
			set_page_dirty(page);
			z->dirty = true;
		}
		if (pte_young(entry) && !(vma->vm_flags & VM_SEQ_READ))
			mark_page_accessed(page);
		z->rss[MM_FILEPAGES]--;
	}
	if (page_remove_rmap_uncounted(page))
		count_unmapped(z, page, anon);
	return __tlb_remove_page(tlb, page);
}

static void zap_swap(struct mmu_gather *tlb, unsigned long addr, pte_t *pte, int *rss)
{
	swp_entry_t entry = pte_to_swp_entry(ptep_get(pte));

	if (tlb->keep_private && !is_migration_entry(entry))
		return;
	pte_clear(tlb->mm, addr, pte);
	if (non_swap_entry(entry)) {
		struct page *page = pfn_to_page(swp_offset(entry));

		rss[PageAnon(page) ? MM_ANONPAGES : MM_FILEPAGES]--;
		return;
	}
	rss[MM_SWAPENTS]--;
	free_swap_and_cache(entry);
}

static void add_rss(struct mm_struct *mm, const int *rss)
{
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		if (rss[i])
			add_mm_counter(mm, i, rss[i]);
}

/* => where it stopped: end, or earlier because the gather is full */
static unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd,
				   unsigned long addr, unsigned long end)
{
	spinlock_t *ptl = pte_lockptr(tlb->mm, pmd);
	struct zap z = { .first = ~0UL, .zone_bits = ~0UL };
	pte_t *pte = pte_offset_map(pmd, addr);

	spin_lock(ptl);
	flush_tlb_batched_pending(tlb->mm);
	while (addr < end) {
		pte_t entry = ptep_get(pte);
		bool full = false;

		if (pte_present(entry))
			full = zap_present(tlb, vma, addr, pte, &z);
		else if (!pte_none(entry))
			zap_swap(tlb, addr, pte, z.rss);
		addr += PAGE_SIZE;
		pte++;
		if (full)
			break;
	}
	if (z.first <= z.last && !tlb->fullmm)
		tlb_remove_tlb_entries(tlb, z.first, z.last + PAGE_SIZE);
	add_unmapped(&z);
	add_rss(tlb->mm, z.rss);
	/* Else write-back could clean such a page while a thread still writes to it through its TLB. */
	if (z.dirty && !tlb->fullmm)
		flush_tlb_range(tlb->mm, tlb->start, tlb->end);
	spin_unlock(ptl);
	return addr;
}

static void unmap_area(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end)
{
	unsigned long addr = start;
	pmd_t *pmd;

	update_hiwater_rss(tlb->mm);
	while ((pmd = next_pmd(tlb->mm, &addr, end)) != NULL) {
		addr = zap_pte_range(tlb, vma, pmd, addr, pmd_addr_end(addr, end));
		if (tlb->nr == MMU_GATHER_PAGES)
			tlb_flush_mmu(tlb);
		if (!tlb->atomic)
			cond_resched();
	}
}

void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		unsigned long end)
{
	for (; vma && vma->vm_start < end; vma = vma->vm_next)
		unmap_area(tlb, vma, max(vma->vm_start, start), min(vma->vm_end, end));
}

void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, vma->vm_mm, false);
	unmap_area(&tlb, vma, start, end);
	tlb_finish_mmu(&tlb);
}

void unmap_mapping_range(struct address_space *mapping, unsigned long first, unsigned long last,
			 bool even_cows)
{
	struct vm_area_struct *vma;

	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared_node) {
		unsigned long vfirst = vma->vm_pgoff, vlast = vfirst + vma_pages(vma) - 1;
		struct mmu_gather tlb;

		if (first > vlast || last < vfirst)
			continue;
		vfirst = max(first, vfirst);
		vlast = min(last, vlast);
		tlb_gather_mmu(&tlb, vma->vm_mm, false);
		tlb.atomic = true;
		tlb.keep_private = !even_cows;
		unmap_area(&tlb, vma, vma->vm_start + ((vfirst - vma->vm_pgoff) << PAGE_SHIFT),
			   vma->vm_start + ((vlast - vma->vm_pgoff + 1) << PAGE_SHIFT));
		tlb_finish_mmu(&tlb);
	}
	spin_unlock(&mapping->i_mmap_lock);
}
