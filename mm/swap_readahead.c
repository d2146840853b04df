/* SPDX-License-Identifier: MIT */
/*
 * Reading back from swap, and a few of the neighbours with it.
 *
 *   window of n slots, aligned:   [ . . F . ]     F: the faulting one; free and bad slots skipped
 *
 *   look (which slots are on disk) -> a page for each -> enter the cache, all at once -> read, one request a run
 *
 * n adapts (spec 7.5, 3.14 and later): pages read ahead and then wanted ("hits", found by
 * lookup_swap_cache) make it grow to the next power of two; without hits it halves, down to 1.
 *
 * All pages are allocated before the first is locked: nobody waits for a page whose reader waits for memory.
 *
 * Locks: area->lock for look and enter; the window's state is racy on purpose, as in Linux. A page being read
 * is locked; SWAP_HAS_CACHE makes sure that only one page per slot exists.
 * Linux does beyond it: readahead by virtual address (4.15). Test: tests/host/test_reclaim_math.c.
 */
#include "kernel/base/err.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
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
	SLOT_UNUSED,	/* free, bad, of no area, or taken for a page to come: nothing to read */
	SLOT_CACHED,	/* *page is its page */
	SLOT_BUSY,	/* somebody is entering the cache right now */
	SLOT_ON_DISK,
};

/* => area->lock held; the page is not referenced */
static enum slot_state look(struct swap_area *area, unsigned long offset, struct page **page)
{
	unsigned char byte;

	*page = offset < area->max ? swap_cache_peek(area, offset) : NULL;
	if (*page)
		return SLOT_CACHED;
	byte = offset < area->max ? area->map[offset] : 0; /* another, smaller area by now */
	if (byte == SWAP_HAS_CACHE || byte == SWAP_MAP_BAD || !byte)
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
	if (*page)
		get_page(*page);
	spin_unlock(&area->lock);
	return state;
}

/* ---- Several neighbours at once -------------------------------------------------------------------- */

struct window {
	swp_entry_t first;
	unsigned int nr;			/* slots, at most BIO_MAX_VECS */
	struct page *pages[BIO_MAX_VECS];	/* of slots that are on disk; NULL: not to be read */
	u32 shadows[BIO_MAX_VECS];		/* what the policy kept in their places */
};

/* => bit by bit: the slots that are on disk. Pages that are in memory already count as read ahead */
static u32 window_look(const struct window *w)
{
	struct swap_area *area = swap_area_lock(w->first);
	unsigned long first = swp_offset(w->first);
	struct page *page;
	u32 on_disk = 0;

	if (!area)
		return 0;
	for (unsigned int i = 0; i < w->nr; i++) {
		switch (look(area, first + i, &page)) {
		case SLOT_ON_DISK:
			on_disk |= 1U << i;
			break;
		case SLOT_CACHED:
			if (w->nr > 1 && !PageReadahead(page))
				SetPageReadahead(page);
			break;
		default:
			break;
		}
	}
	spin_unlock(&area->lock);
	return on_disk;
}

/* => those that have entered the cache, locked; others lost their slot meanwhile */
static u32 window_enter(struct window *w)
{
	struct swap_area *area = swap_area_lock(w->first);
	unsigned long first = swp_offset(w->first);
	struct page *found;
	u32 entered = 0;

	if (!area)
		return 0;
	for (unsigned int i = 0; i < w->nr; i++) {
		struct page *page = w->pages[i];

		if (!page || look(area, first + i, &found) != SLOT_ON_DISK)
			continue;
		__SetPageLocked(page);
		__SetPageSwapBacked(page);
		swap_byte_get(&area->map[first + i], NULL, SWAP_HAS_CACHE);
		w->shadows[i] = swap_cache_insert(area, first + i, page);
		entered |= 1U << i;
	}
	spin_unlock(&area->lock);
	return entered;
}

static void window_read(const struct window *w, u32 entered, unsigned long wanted)
{
	struct swap_run *plug = NULL;

	for (unsigned int i = 0; i < w->nr; i++) {
		struct page *page = w->pages[i];

		if (!(entered >> i & 1))
			continue;
		lru_refault(page, w->shadows[i]);
		lru_cache_add(page);
		if (swp_offset(w->first) + i != wanted)
			SetPageReadahead(page);
		swap_readpage(page, &plug);
	}
	swap_unplug(&plug);
}

/*
 * => the page of slot `wanted`, referenced, if it was on disk; else NULL (in memory, freed, or not in the
 *    window), or ERR_PTR(-ENOMEM). Reads have been started, none is waited for; may sleep for memory
 */
static struct page *swapin_range(swp_entry_t first, unsigned int nr, gfp_t gfp, unsigned long wanted)
{
	struct window w;
	struct page *result = NULL;
	u32 slots;
	unsigned int i;

	w.first = first;
	w.nr = nr;
	slots = window_look(&w);
	for (i = 0; i < nr; i++) {
		w.pages[i] = NULL;
		if (!(slots >> i & 1))
			continue;
		w.pages[i] = alloc_page(gfp);
		if (w.pages[i])
			continue;
		if (swp_offset(first) + i == wanted)
			result = ERR_PTR(-ENOMEM);
		break;
	}
	w.nr = i;
	slots = window_enter(&w);
	window_read(&w, slots, wanted);
	for (i = 0; i < w.nr; i++) {
		if ((slots >> i & 1) && swp_offset(first) + i == wanted)
			result = w.pages[i];
		else if (w.pages[i])
			put_page(w.pages[i]);
	}
	return result;
}

void swapin_ahead(swp_entry_t first, unsigned int nr, gfp_t gfp)
{
	for (unsigned int at = 0; at < nr; at += BIO_MAX_VECS)
		swapin_range(swp_entry(swp_type(first), swp_offset(first) + at),
			     min(nr - at, (unsigned int)BIO_MAX_VECS), gfp, 0);
}

struct page *read_swap_cache_async(swp_entry_t entry, gfp_t gfp)
{
	struct page *page;

	for (;;) {
		switch (slot_look(entry, &page)) {
		case SLOT_CACHED:
			return page;
		case SLOT_UNUSED:
			return NULL;
		case SLOT_BUSY:
			cond_resched();
			break;
		case SLOT_ON_DISK:
			page = swapin_range(entry, 1, gfp, swp_offset(entry));
			if (page)
				return IS_ERR(page) ? NULL : page;
		}
	}
}

/* => the page of entry itself if the window came to it, referenced; NULL or ERR_PTR */
static struct page *read_window(swp_entry_t entry, unsigned int pages, gfp_t gfp)
{
	unsigned long first = ALIGN_DOWN(swp_offset(entry), (unsigned long)pages), end = first + pages;
	unsigned int type = swp_type(entry);
	struct page *wanted = NULL;

	if (unlikely(!swap_areas[type])) /* a mangled entry */
		return NULL;
	end = min(end, (unsigned long)READ_ONCE(swap_areas[type]->max));
	for (unsigned long at = first ? first : 1; at < end; at += BIO_MAX_VECS) {
		unsigned int nr = (unsigned int)min(end - at, (unsigned long)BIO_MAX_VECS);
		struct page *page = swapin_range(swp_entry(type, at), nr, gfp, swp_offset(entry));

		if (page)
			wanted = page;
	}
	if (pages > 1)
		lru_add_drain(); /* so that reclaim finds them if nobody wants them */
	return wanted;
}

struct page *swapin_readahead(swp_entry_t entry, gfp_t gfp)
{
	unsigned int max = 1U << page_cluster, pages = 1;
	struct page *page;

	if (max > 1)
		pages = swapin_window(swp_offset(entry), max, atomic_xchg(&swapin_readahead_hits, 0),
				      &ra_prev_offset, &ra_last_pages);
	page = read_window(entry, pages, gfp);
	return IS_ERR_OR_NULL(page) ? read_swap_cache_async(entry, gfp) : page;
}
