/* SPDX-License-Identifier: MIT */
/*
 * Taking a page out of all page tables: try_to_unmap for reclaim and migration, page_mkclean for write-back.
 *
 *   entry of an anonymous page -> swap entry (the slot's count + 1), or a migration entry
 *   entry of a file page       -> empty; the next access faults it in from the cache
 *
 * What must not be lost: the dirty bit (moved to the page before anybody may look at the page as clean) and the
 * accessed bit of a page about to go (young: keep it). With the entry cleared atomically, the CPU cannot
 * set either afterwards, except through a stale TLB entry that was dirty already: hence the flush before
 * the page is written or freed, at once or for a batch (TTU_BATCH_FLUSH).
 *
 * Locks: page lock held; i_mmap or anon_vma lock and the page-table lock are taken here.
 */
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "arch/mmu.h"

/* The cleared entry was in mm: flush now or with the batch. */
static void flush_unmapped(struct mm_struct *mm, unsigned long addr, pte_t entry, unsigned int flags)
{
	if (!pte_accessible(entry))
		return;
	if ((flags & TTU_BATCH_FLUSH) && unmap_flush_defer(mm))
		return;
	flush_tlb_page(mm, addr);
}

/*
 * What takes the entry's place for an anonymous page.
 * => false: the slot's count is full and there is no memory for its higher digit; leave the page mapped
 */
static bool install_swap_entry(struct page *page, struct mm_struct *mm, unsigned long addr, pte_t *pte,
			       pte_t old, unsigned int flags)
{
	swp_entry_t entry = { .val = page_private(page) };

	if (flags & TTU_MIGRATION) {
		entry = swp_entry(pte_write(old) ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ,
				  page_to_pfn(page));
	} else {
		VM_BUG_ON_PAGE(!PageSwapCache(page), page);
		if (swap_duplicate(entry) < 0 &&
		    (add_swap_count_continuation(entry, GFP_ATOMIC | __GFP_NOWARN) ||
		     swap_duplicate(entry) < 0))
			return false;
		if (list_empty(&mm->mmlist))
			swap_mm_add(mm);
		dec_mm_counter(mm, MM_ANONPAGES);
		inc_mm_counter(mm, MM_SWAPENTS);
	}
	set_pte_at(mm, addr, pte, swp_entry_to_pte(entry));
	return true;
}

static int unmap_one(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	unsigned int flags = *(unsigned int *)arg;
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *ptl;
	pte_t *pte = page_check_address(page, mm, addr, false, &ptl), old;
	int ret = SWAP_AGAIN;

	if (!pte)
		return SWAP_AGAIN;
	if ((vma->vm_flags & VM_LOCKED) && !(flags & TTU_IGNORE_MLOCK)) {
		ret = SWAP_MLOCK;
		goto out;
	}
	if (!(flags & TTU_IGNORE_ACCESS) && ptep_test_and_clear_young(vma, addr, pte)) {
		ret = SWAP_FAIL;
		goto out;
	}
	update_hiwater_rss(mm);
	old = ptep_get_and_clear(mm, addr, pte);
	if (PageAnon(page)) {
		if (!install_swap_entry(page, mm, addr, pte, old, flags)) {
			set_pte_at(mm, addr, pte, old);
			ret = SWAP_FAIL;
			goto out;
		}
	} else {
		if (flags & TTU_MIGRATION)
			install_swap_entry(page, mm, addr, pte, old, flags);
		else
			dec_mm_counter(mm, MM_FILEPAGES);
	}
	flush_unmapped(mm, addr, old, flags);
	if (pte_dirty(old))
		set_page_dirty(page);
	page_remove_rmap(page);
	atomic_dec(&page->_refcount); /* the caller has a reference, so this is not the last */
	VM_BUG_ON_PAGE(page_count(page) <= 0, page);
	if (!page_mapped(page))
		ret = SWAP_SUCCESS;
out:
	spin_unlock(ptl);
	return ret;
}

int try_to_unmap(struct page *page, unsigned int flags)
{
	int ret;

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	ret = rmap_walk(page, unmap_one, &flags);
	if (ret != SWAP_MLOCK && !page_mapped(page))
		ret = SWAP_SUCCESS;
	return ret;
}

/* ---- Before a page is written: from now on the first write to it must be seen ---------------------- */

static int mkclean_one(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	int *cleaned = arg;
	spinlock_t *ptl;
	pte_t *pte, entry;

	if (!(vma->vm_flags & VM_SHARED))
		return SWAP_AGAIN;
	/* Waits for a munmap that has taken the entry and not yet flushed it: until then writes go through the TLB. */
	pte = page_check_address(page, vma->vm_mm, addr, true, &ptl);
	if (!pte)
		return SWAP_AGAIN;
	entry = ptep_get(pte);
	if (!pte_dirty(entry) && !pte_write(entry)) {
		spin_unlock(ptl);
		return SWAP_AGAIN;
	}
	entry = ptep_get_and_clear(vma->vm_mm, addr, pte);
	set_pte_at(vma->vm_mm, addr, pte, pte_mkclean(pte_wrprotect(entry)));
	spin_unlock(ptl);
	/* The page is written after this; a writer that faults meanwhile marks it dirty anew. */
	if (pte_accessible(entry))
		flush_tlb_page(vma->vm_mm, addr);
	++*cleaned;
	return SWAP_AGAIN;
}

int page_mkclean(struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	int cleaned = 0;

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	/* Not page_mapped(): that ends before the munmap that mkclean_one waits for. */
	if (mapping && READ_ONCE(mapping->i_mmap_writable))
		rmap_walk(page, mkclean_one, &cleaned);
	return cleaned;
}
