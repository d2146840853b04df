/* SPDX-License-Identifier: MIT */
/*
 * rmap: from a page back to the page-table entries that map it.
 *
 *   anonymous page: mapping = anon_vma | 1 -> list of areas     (same anon_vma for a whole lineage)
 *   file page:      mapping = address_space -> i_mmap           (all areas of the file)
 *   address in an area = vm_start + (page->index - vm_pgoff) pages, if inside the area
 *
 * _mapcount counts the entries (minus one), and is changed only under the page-table lock of an entry that
 * is made or removed. An anon_vma lives while it has areas or temporary users; its memory is of
 * a type-stable kind (see rmap.c), so page_lock_anon_vma may look at a mapping that is going away.
 */
#ifndef MM_RMAP_H
#define MM_RMAP_H

#include "kernel/base/errno.h"
#include "mm/mm_types.h"
#include "mm/page.h"

/* ---- Areas <-> anon_vma -------------------------------------------------------------------------- */

/* => gives vma an anon_vma (a neighbour's if they could merge); 0 or -ENOMEM. mmap_sem held, may sleep */
int __must_check __anon_vma_prepare(struct vm_area_struct *vma);
static inline int __must_check anon_vma_prepare(struct vm_area_struct *vma)
{
	return vma->anon_vma ? 0 : __anon_vma_prepare(vma);
}
void anon_vma_link(struct vm_area_struct *vma);	  /* vma->anon_vma set: join its list */
void anon_vma_unlink(struct vm_area_struct *vma); /* leave; the last one frees the anon_vma */
/* => the page's anon_vma, locked, or NULL when the page is not mapped (any more). No lock needed. */
struct anon_vma *page_lock_anon_vma(const struct page *page);
void page_unlock_anon_vma(struct anon_vma *anon_vma);
/* => the address page would have in vma, or -EFAULT when it lies outside */
static inline unsigned long page_address_in_vma(const struct page *page,
						const struct vm_area_struct *vma)
{
	unsigned long address = vma->vm_start + ((page->index - vma->vm_pgoff) << PAGE_SHIFT);

	if (page->index < vma->vm_pgoff || address < vma->vm_start || address >= vma->vm_end)
		return -EFAULT;
	return address;
}

/* ---- Counting the mappings: called with the page-table lock held ----------------------------------- */

/* A fresh page, nobody else knows it: sets mapping, index, swap-backed, and puts it on the LRU. */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long addr);
/* One more mapping of an anonymous page (swap-in; page locked if it is the first mapping). */
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long addr);
void page_add_file_rmap(struct page *page);
/* fork: the same page once more, either kind. */
static inline void page_dup_rmap(struct page *page)
{
	VM_BUG_ON_PAGE(!page_mapped(page), page);
	atomic_inc(&page->_mapcount);
}
void clear_page_mlock(struct page *page); /* mlock.c: its last mapping is gone */
void mlock_vma_page(struct page *page);	  /* a locked area maps it: off reclaim's lists. Page locked */
void page_remove_rmap(struct page *page);
/*
 * The same for loops over many pages: => true if it was the last mapping, and the caller takes the page
 * out of NR_ANON_PAGES or NR_FILE_MAPPED
 */
static inline bool page_remove_rmap_uncounted(struct page *page)
{
	if (atomic_dec_return(&page->_mapcount) >= 0)
		return false;
	VM_BUG_ON_PAGE(page_mapcount(page) < 0, page);
	if (unlikely(PageMlocked(page)))
		clear_page_mlock(page);
	return true;
}


/* ---- Walks: reclaim's questions ----------------------------------------------------------------- */

enum { SWAP_SUCCESS, SWAP_AGAIN, SWAP_FAIL, SWAP_MLOCK };

#define TTU_UNMAP	  0 /* reclaim: a young entry or a locked area stops it */
#define TTU_MIGRATION	  1 /* install migration entries */
#define TTU_IGNORE_MLOCK  0x100
#define TTU_IGNORE_ACCESS 0x200
#define TTU_BATCH_FLUSH   0x400 /* no flush here: unmap_flush_defer() (swap.h) gathers them */

/*
 * => number of entries that had the accessed bit, which is cleared (sequential areas do not count);
 *    *vm_flags: OR of the flags of the areas it was found in, with VM_LOCKED if a locked area maps it.
 *    is_locked: the caller holds the page lock; else a file page is locked for the walk, and a busy
 *    one counts as referenced once.
 */
int page_referenced(struct page *page, bool is_locked, unsigned long *vm_flags);

/*
 * Remove every entry that maps the locked page. An anonymous page must be in the swap cache: its entries become
 * swap entries. Dirty bits move to the page.
 * => SWAP_SUCCESS unmapped everywhere; SWAP_AGAIN some entry was missed; SWAP_FAIL referenced again;
 *    SWAP_MLOCK a locked area maps it
 */
int try_to_unmap(struct page *page, unsigned int flags);

/* Write-protects and cleans every entry of a locked file page before it is written. => entries changed */
int page_mkclean(struct page *page);

/*
 * Calls fn(page, vma, address, arg) for each area that may map the page, under the anon_vma or i_mmap lock, until fn
 * returns something else than SWAP_AGAIN. => that, or SWAP_AGAIN
 */
int rmap_walk(struct page *page,
	      int (*fn)(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg),
	      void *arg);

/*
 * The entry that maps page at addr in mm, its lock held (*ptlp); NULL if it does not. sync: who has just taken the
 * entry away has flushed it too.
 * => undo with pte_unmap_unlock: spin_unlock(*ptlp)
 */
pte_t *page_check_address(struct page *page, struct mm_struct *mm, unsigned long addr,
			  bool sync, spinlock_t **ptlp);

#endif
