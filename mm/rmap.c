/* SPDX-License-Identifier: MIT */
/*
 * Counting a page's mappings, and finding them again.
 *
 *   page_add_*_rmap / page_remove_rmap: called where an entry is made or removed, under its page-table lock
 *   rmap_walk: page -> its areas -> the address in each -> the entry there, if it still maps the page
 *
 * Invariants: _mapcount + 1 = entries that map the page; _refcount >= _mapcount + 1; NR_ANON_PAGES and
 * NR_FILE_MAPPED count pages with at least one mapping. PG_mlocked does not outlive the last mapping.
 *
 * An area found by the walk may have lost the page meanwhile: the entry itself, looked at under the page-table
 * lock, decides. A walk may also miss an area that is being split or merged; then mapcount says so.
 *
 * Linux keeps file areas in an interval tree; here it is a list, and a file mapped by thousands of areas is
 * walked in full. Read next: rmap_unmap.c.
 */
#include "mm/rmap.h"

#include "kernel/base/errno.h"
#include "mm/address_space.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "arch/mmu.h"

/* ---- Counting ------------------------------------------------------------------------------------- */

void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long addr)
{
	VM_BUG_ON_PAGE(page_mapped(page) || PageLRU(page), page);
	VM_BUG_ON(addr < vma->vm_start || addr >= vma->vm_end || !vma->anon_vma);
	__SetPageSwapBacked(page);
	page->mapping = (struct address_space *)((unsigned long)vma->anon_vma | PAGE_MAPPING_ANON);
	page->index = linear_page_index(vma, addr);
	atomic_set(&page->_mapcount, 0);
	__inc_zone_page_state(page, NR_ANON_PAGES);
	lru_cache_add_active_or_unevictable(page, vma);
}

void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long addr)
{
	if (!page_mapped(page)) {
		VM_BUG_ON_PAGE(!PageLocked(page), page);
		VM_BUG_ON(!vma->anon_vma);
		page->index = linear_page_index(vma, addr);
		WRITE_ONCE(page->mapping, (struct address_space *)((unsigned long)vma->anon_vma |
								   PAGE_MAPPING_ANON));
	}
	if (atomic_inc_return(&page->_mapcount) == 0)
		__inc_zone_page_state(page, NR_ANON_PAGES);
}

void page_add_file_rmap(struct page *page)
{
	if (atomic_inc_return(&page->_mapcount) == 0)
		__inc_zone_page_state(page, NR_FILE_MAPPED);
}

void page_remove_rmap(struct page *page)
{
	if (page_remove_rmap_uncounted(page))
		__dec_zone_page_state(page, PageAnon(page) ? NR_ANON_PAGES : NR_FILE_MAPPED);
}

/* ---- Finding ---------------------------------------------------------------------------------------- */

static __always_inline pte_t *check_address(struct page *page, struct mm_struct *mm, unsigned long addr,
					    bool sync, spinlock_t **ptlp)
{
	pmd_t *pmd = pmd_find(mm, addr);
	spinlock_t *ptl;
	pte_t *pte, entry;

	if (!pmd)
		return NULL;
	pte = pte_offset_map(pmd, addr);
	entry = ptep_get(pte);
	if (!sync && (!pte_present(entry) || pte_pfn(entry) != page_to_pfn(page)))
		return NULL;
	ptl = pte_lockptr(mm, pmd);
	spin_lock(ptl);
	entry = ptep_get(pte);
	if (pte_present(entry) && pte_pfn(entry) == page_to_pfn(page)) {
		*ptlp = ptl;
		return pte;
	}
	spin_unlock(ptl);
	return NULL;
}

pte_t *page_check_address(struct page *page, struct mm_struct *mm, unsigned long addr,
			  bool sync, spinlock_t **ptlp)
{
	return check_address(page, mm, addr, sync, ptlp);
}

static __always_inline int
walk_anon(struct page *page,
	  int (*fn)(struct page *, struct vm_area_struct *, unsigned long, void *), void *arg)
{
	struct anon_vma *anon_vma = page_lock_anon_vma(page);
	struct vm_area_struct *vma;
	int ret = SWAP_AGAIN;

	if (!anon_vma)
		return ret;
	list_for_each_entry(vma, &anon_vma->head, anon_vma_node) {
		unsigned long addr = page_address_in_vma(page, vma);

		if (IS_ERR_VALUE(addr))
			continue;
		ret = fn(page, vma, addr, arg);
		if (ret != SWAP_AGAIN)
			break;
	}
	page_unlock_anon_vma(anon_vma);
	return ret;
}

/* => page locked, so that its mapping stays */
static int walk_file(struct page *page,
		     int (*fn)(struct page *, struct vm_area_struct *, unsigned long, void *), void *arg)
{
	struct address_space *mapping = page_mapping(page);
	struct vm_area_struct *vma;
	int ret = SWAP_AGAIN;

	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (!mapping)
		return ret;
	spin_lock(&mapping->i_mmap_lock);
	list_for_each_entry(vma, &mapping->i_mmap, shared_node) {
		unsigned long addr = page_address_in_vma(page, vma);

		if (IS_ERR_VALUE(addr))
			continue;
		ret = fn(page, vma, addr, arg);
		if (ret != SWAP_AGAIN)
			break;
	}
	spin_unlock(&mapping->i_mmap_lock);
	return ret;
}

int rmap_walk(struct page *page,
	      int (*fn)(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg),
	      void *arg)
{
	return PageAnon(page) ? walk_anon(page, fn, arg) : walk_file(page, fn, arg);
}

/* ---- Was it used? ----------------------------------------------------------------------------------- */

struct referenced {
	int mappings_left;	/* stop when all have been seen */
	int referenced;
	unsigned long vm_flags;
};

static __always_inline int referenced_one(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	struct referenced *r = arg;
	spinlock_t *ptl;
	pte_t *pte = check_address(page, vma->vm_mm, addr, false, &ptl);

	if (!pte)
		return SWAP_AGAIN;
	if (vma->vm_flags & VM_LOCKED) {
		spin_unlock(ptl);
		r->vm_flags |= VM_LOCKED;
		return SWAP_MLOCK;
	}
	if (ptep_test_and_clear_young(vma, addr, pte) && !(vma->vm_flags & VM_SEQ_READ)) {
		r->referenced++;
		r->vm_flags |= vma->vm_flags;
	}
	spin_unlock(ptl);
	return --r->mappings_left ? SWAP_AGAIN : SWAP_SUCCESS;
}

int page_referenced(struct page *page, bool is_locked, unsigned long *vm_flags)
{
	struct referenced r = { .mappings_left = page_mapcount(page) };
	bool locked_here = false;

	*vm_flags = 0;
	if (!page_mapped(page))
		return 0;
	if (!is_locked && !PageAnon(page)) {
		locked_here = trylock_page(page);
		if (!locked_here)
			return 1;
	}
	if (PageAnon(page)) /* most often asked of these: the walk and the question in one piece */
		walk_anon(page, referenced_one, &r);
	else
		walk_file(page, referenced_one, &r);
	if (locked_here)
		unlock_page(page);
	*vm_flags = r.vm_flags;
	return r.referenced;
}
