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

/* What a slot holds before it is read. */
enum slot_state {
	SLOT_UNUSED,	/* free, bad, or of no area: nothing to read */
	SLOT_CACHED,	/* *page is its page, referenced */
	SLOT_BUSY,	/* somebody is entering or leaving the cache right now */
	SLOT_ON_DISK,
};

/* => area->lock held */
static enum slot_state look(struct swap_area *area, unsigned long offset, struct page **page)
{
	unsigned char byte = area->map[offset];

	*page = swap_cache_get(area, offset);
	if (*page)
		return SLOT_CACHED;
	if (!byte || byte == SWAP_MAP_BAD)
		return SLOT_UNUSED;
	return byte & SWAP_HAS_CACHE ? SLOT_BUSY : SLOT_ON_DISK;
}

static enum slot_state slot_look(swp_entry_t entry, struct page **page)
{
	struct swap_area *area = swap_area_lock(entry);
	enum slot_state state;

	if (!area)
		return SLOT_UNUSED;
	state = look(area, swp_offset(entry), page);
	spin_unlock(&area->lock);
	return state;
}

/* A fresh page, ours alone, joins the cache if the slot still wants one. => what the slot was */
static enum slot_state slot_enter(swp_entry_t entry, struct page *page, struct page **found)
{
	struct swap_area *area = swap_area_lock(entry);
	enum slot_state state;

	if (!area)
		return SLOT_UNUSED;
	state = look(area, swp_offset(entry), found);
	if (state == SLOT_ON_DISK) {
		__SetPageLocked(page);
		__SetPageSwapBacked(page);
		swap_byte_get(&area->map[swp_offset(entry)], NULL, SWAP_HAS_CACHE);
		swap_cache_insert(area, swp_offset(entry), page);
	}
	spin_unlock(&area->lock);
	return state;
}

struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				   unsigned long addr)
{
	struct page *page = NULL, *found;
	enum slot_state state;

	(void)vma;
	(void)addr;
	for (;;) {
		state = page ? slot_enter(entry, page, &found) : slot_look(entry, &found);
		if (state == SLOT_CACHED || state == SLOT_UNUSED)
			break;
		if (state == SLOT_ON_DISK && page) {
			__inc_zone_page_state(page, NR_FILE_PAGES);
			lru_cache_add_anon(page);
			swap_readpage(page);
			return page;
		}
		if (state == SLOT_BUSY) {
			cond_resched();
			continue;
		}
		page = alloc_page(gfp);
		if (!page)
			return NULL;
	}
	if (page)
		put_page(page);
	return state == SLOT_CACHED ? found : NULL;
}

/* => the page of entry itself if the window came to it, referenced */
static struct page *read_window(swp_entry_t entry, unsigned int pages, gfp_t gfp,
				struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long first = ALIGN_DOWN(swp_offset(entry), (unsigned long)pages);
	struct page *wanted = NULL;

	blk_start_plug();
	for (unsigned long offset = first ? first : 1; offset < first + pages; offset++) {
		struct page *page = read_swap_cache_async(swp_entry(swp_type(entry), offset), gfp, vma, addr);

		if (!page)
			continue;
		if (offset == swp_offset(entry)) {
			wanted = page;
			continue;
		}
		SetPageReadahead(page);
		put_page(page);
	}
	blk_finish_plug();
	lru_add_drain(); /* so that reclaim finds them if nobody wants them */
	return wanted;
}

struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
			      unsigned long addr)
{
	unsigned int pages = swapin_window(swp_offset(entry), 1U << page_cluster,
					   atomic_xchg(&swapin_readahead_hits, 0), &ra_prev_offset,
					   &ra_last_pages);
	struct page *page = NULL;

	if (pages > 1)
		page = read_window(entry, pages, gfp, vma, addr);
	return page ? page : read_swap_cache_async(entry, gfp, vma, addr);
}
