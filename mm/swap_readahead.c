/* SPDX-License-Identifier: MIT */
/*
 * Reading back from swap, and a few of the neighbours with it.
 *
 *   window of n slots, aligned:   [ . . F . ]     F: the faulting one; free and bad slots skipped
 *
 * n adapts (spec 7.5, 3.14 and later): pages read ahead and then wanted ("hits", found by
 * lookup_swap_cache) make it grow to the next power of two; without hits it halves, down to 1.
 *
 * Locks: none of its own; the window's state is racy on purpose, as in Linux. A page being read is
 * locked; read_swap_cache_async makes sure that only one page per slot exists.
 * Linux does beyond it: readahead by virtual address (4.15). Test: tests/host readahead window.
 */
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"
#include "mm/swap_internal.h"

int page_cluster = 3;
atomic_t swapin_readahead_hits = { 4 };

static unsigned long ra_prev_offset;	/* racy */
static unsigned int ra_last_pages;	/* racy */

unsigned int swapin_window(unsigned long offset, unsigned int max, int hits, unsigned long *prev,
			   unsigned int *last)
{
	unsigned int pages = (unsigned int)hits + 2;

	if (max <= 1)
		return 1;
	if (pages == 2) {
		/* No hits: worth two only if the faults walk along the area. */
		if (offset != *prev + 1 && offset != *prev - 1)
			pages = 1;
		*prev = offset;
	} else {
		pages = max((unsigned int)roundup_pow_of_two(pages), 4U);
	}
	pages = min(pages, max);
	pages = max(pages, *last / 2);
	*last = pages;
	return pages;
}

/* Free and bad slots are not worth a page. => only a hint: nothing is held */
static bool slot_readable(swp_entry_t entry)
{
	struct swap_area *area = swap_area_lock(entry);
	unsigned char byte;

	if (!area)
		return false;
	byte = area->map[swp_offset(entry)];
	spin_unlock(&area->lock);
	return byte && byte != SWAP_MAP_BAD;
}

/* The new page joins the cache for entry and its read starts. => 0, or why it could not be */
static int add_and_read(struct page *page, swp_entry_t entry, gfp_t gfp)
{
	int err = swapcache_prepare(entry);

	if (err)
		return err;
	__SetPageLocked(page);
	__SetPageSwapBacked(page);
	err = add_to_swap_cache(page, entry, gfp);
	if (err) {
		__ClearPageSwapBacked(page);
		__ClearPageLocked(page);
		swapcache_free(entry);
		return err;
	}
	lru_cache_add_anon(page);
	swap_readpage(page);
	return 0;
}

struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				   unsigned long addr)
{
	struct page *found, *page = NULL;
	int err;

	(void)vma;
	(void)addr;
	for (;;) {
		found = swap_cache_find(entry);
		if (found)
			break;
		if (!page) {
			page = alloc_page(gfp);
			if (!page)
				return NULL;
		}
		err = add_and_read(page, entry, gfp);
		if (!err)
			return page;
		if (err != -EEXIST)
			break;
		/* Somebody has the cache's mark but is not in the tree yet, or no longer. */
		cond_resched();
	}
	if (page)
		put_page(page);
	return found;
}

static void read_window(swp_entry_t entry, unsigned int pages, gfp_t gfp,
			struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long first = ALIGN_DOWN(swp_offset(entry), (unsigned long)pages);

	blk_start_plug();
	for (unsigned long offset = first ? first : 1; offset < first + pages; offset++) {
		swp_entry_t near = swp_entry(swp_type(entry), offset);
		struct page *page;

		if (!slot_readable(near))
			continue;
		page = read_swap_cache_async(near, gfp, vma, addr);
		if (!page)
			continue;
		if (offset != swp_offset(entry))
			SetPageReadahead(page);
		put_page(page);
	}
	blk_finish_plug();
	lru_add_drain(); /* so that reclaim finds them if nobody wants them */
}

struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
			      unsigned long addr)
{
	unsigned int pages = swapin_window(swp_offset(entry), 1U << page_cluster,
					   atomic_xchg(&swapin_readahead_hits, 0), &ra_prev_offset,
					   &ra_last_pages);

	if (pages > 1)
		read_window(entry, pages, gfp, vma, addr);
	return read_swap_cache_async(entry, gfp, vma, addr);
}
