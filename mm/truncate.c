/* SPDX-License-Identifier: MIT */
/*
 * Pages leaving a file: truncation (whatever state they are in) and invalidation (only what is clean and unused).
 *
 *   truncate:  i_size lowered by the caller -> entries of the range removed -> each page locked, written-back
 *              pages waited for, out of the cache -> entries that a racing fault made before the page
 *              went are removed once more, page by page
 *   A fault on a page looks at i_size with the page locked, so after the page is gone it cannot be mapped again.
 *
 * Locks: the inode's lock by the caller; page locks one at a time.
 */
#include "mm/filemap.h"

#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/writeback.h"

#define BATCH PAGEVEC_SIZE

/* => locked page; it is unlocked by the caller and has left the cache */
static void truncate_page(struct address_space *mapping, struct page *page)
{
	if (page_mapped(page))
		unmap_mapping_range(mapping, page->index, page->index, false);
	if (PagePrivate(page) && mapping->a_ops->releasepage)
		mapping->a_ops->releasepage(page, 0);
	cancel_dirty_page(page);
	ClearPageMappedToDisk(page);
	delete_from_page_cache(page);
}

/* The part [from, to) of a page stays in the file but reads as zeroes from now on. */
static void truncate_partial(struct address_space *mapping, unsigned long index, unsigned int from,
			     unsigned int to)
{
	struct page *page = find_lock_page(mapping, index);

	if (!page)
		return;
	if (PageUptodate(page)) {
		wait_on_page_writeback(page);
		zero_user_segment(page, from, to);
		set_page_dirty(page);
	}
	unlock_page(page);
	put_page(page);
}

static void truncate_whole_pages(struct address_space *mapping, unsigned long first, unsigned long last)
{
	struct page *pages[BATCH];
	unsigned int n;

	while (first <= last && (n = find_get_pages(mapping, first, last, BATCH, pages)) != 0) {
		for (unsigned int i = 0; i < n; i++) {
			struct page *page = pages[i];

			lock_page(page);
			if (page_mapping(page) == mapping) {
				wait_on_page_writeback(page);
				first = page->index + 1;
				truncate_page(mapping, page);
			}
			unlock_page(page);
		}
		release_pages(pages, (int)n);
		if (!first)
			break; /* the last index there is */
		cond_resched();
	}
}

void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend)
{
	unsigned int from = (unsigned int)(lstart & ~PAGE_MASK);
	unsigned long first = size_in_pages(lstart), last;
	unsigned int to = (unsigned int)((lend + 1) & ~PAGE_MASK);
	bool to_the_end = lend == LLONG_MAX;

	if (mapping->nrpages || mapping->nrshadows) {
		last = to_the_end ? ~0UL >> PAGE_SHIFT : (unsigned long)((lend + 1) >> PAGE_SHIFT) - 1;
		if (to_the_end)
			to = 0;
		if (from && !to_the_end && (lstart >> PAGE_SHIFT) == (lend + 1) >> PAGE_SHIFT) {
			truncate_partial(mapping, (unsigned long)(lstart >> PAGE_SHIFT), from, to);
			return;
		}
		if (from)
			truncate_partial(mapping, (unsigned long)(lstart >> PAGE_SHIFT), from, PAGE_SIZE);
		if (to)
			truncate_partial(mapping, (unsigned long)((lend + 1) >> PAGE_SHIFT), 0, to);
		if (to_the_end || (lend + 1) >> PAGE_SHIFT) {
			truncate_whole_pages(mapping, first, last);
			forget_shadows(mapping, first, last);
		}
	}
	if (!lstart && to_the_end) {
		/* Who took the last shadow (the shrinker) may hold the lock still; the mapping may end after us. */
		spin_lock_irq(&mapping->tree_lock);
		spin_unlock_irq(&mapping->tree_lock);
		if (!mapping->nrpages)
			writeback_mapping_gone(mapping);
	}
}

void truncate_inode_pages(struct address_space *mapping, loff_t lstart)
{
	truncate_inode_pages_range(mapping, lstart, LLONG_MAX);
}

void truncate_pagecache(struct inode *inode, loff_t newsize)
{
	struct address_space *mapping = inode->i_mapping;

	unmap_mapping_range(mapping, size_in_pages(newsize), ~0UL >> PAGE_SHIFT, true);
	truncate_inode_pages(mapping, newsize);
	/* private copies that were made from the pages between the two steps */
	unmap_mapping_range(mapping, size_in_pages(newsize), ~0UL >> PAGE_SHIFT, true);
}

bool invalidate_inode_page(struct page *page)
{
	struct address_space *mapping = page_mapping(page);
	unsigned long flags;
	bool gone = false;

	if (!mapping || PageDirty(page) || PageWriteback(page) || page_mapped(page) ||
	    PageSwapBacked(page))
		return false;
	if (PagePrivate(page) &&
	    !(mapping->a_ops->releasepage && mapping->a_ops->releasepage(page, 0)))
		return false;
	spin_lock_irqsave(&mapping->tree_lock, flags);
	/* the cache's reference and the caller's; a lookup would need tree_lock for a third */
	if (page_count(page) == 2 && !PageDirty(page)) {
		__delete_from_page_cache(page, NULL);
		gone = true;
	}
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	if (!gone)
		return false;
	if (mapping->a_ops->freepage)
		mapping->a_ops->freepage(page);
	put_page(page);
	return true;
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start,
				       unsigned long end)
{
	struct page *pages[BATCH];
	unsigned long dropped = 0;
	unsigned int n;

	forget_shadows(mapping, start, end);
	while (start <= end && (n = find_get_pages(mapping, start, end, BATCH, pages)) != 0) {
		for (unsigned int i = 0; i < n; i++) {
			struct page *page = pages[i];

			if (trylock_page(page)) {
				if (page_mapping(page) == mapping && invalidate_inode_page(page))
					dropped++;
				unlock_page(page);
			}
			start = max(start, page->index) + 1;
			put_page(page);
		}
		if (!start)
			break;
		cond_resched();
	}
	return dropped;
}
