/* SPDX-License-Identifier: MIT */
/*
 * The last reference: a page leaves its LRU list and goes back to the allocator.
 *
 *   put_page: one page     release_pages: many, one taking of lru_lock for each run of one zone
 *   free_pages_and_swap_cache: pages just unmapped; slots that only the swap cache still uses go first
 *
 * The list is found by the page's flags (lru_list_of), so no policy is asked: it may be another one by now
 * than that which put the page there. Pages of generations and with a policy's tier bits take the longer way.
 *
 * Locks: lru_lock with interrupts off, for one list operation (put_page) or a run of pages.
 */
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/gfp.h"
#include "mm/lru_internal.h"
#include "mm/pagemap.h"
#include "mm/swap.h"

/* The last reference is gone; the page is ours alone but may be on an LRU list. => lru_lock held */
static void leave_lru(struct page *page, struct zone *zone, struct lru_tally *t)
{
	unsigned int list = lru_list_of(page);

	VM_BUG_ON_PAGE(!PageLRU(page), page);
	__ClearPageLRU(page);
	page_list_del(page, &zone->lruvec.lists[list]);
	tally(t, zone, list, -1);
	__ClearPageActive(page);
	__ClearPageUnevictable(page);
}

static void free_compound_page(struct page *head)
{
	unsigned int order = compound_order(head);

	set_page_count(head, 1);
	__free_pages(head, order);
}

/* What only the page's user and its policy knew goes; a page freed while locked in memory (mlock) is uncounted. */
static inline void clean_at_free(struct page *page)
{
	page->flags &= ~PAGE_POLICY_BITS;
	if (PageAnon(page))
		page->mapping = NULL; /* else the allocator takes a closer look at it */
	if (unlikely(PageMlocked(page))) {
		__ClearPageMlocked(page);
		dec_zone_page_state(page, NR_MLOCK);
		count_vm_event(UNEVICTABLE_PGCLEARED);
	}
}

void put_page(struct page *page)
{
	struct zone *zone;
	struct lru_tally t = { .delta = 0 };
	unsigned long flags;

	page = compound_head(page);
	if (!put_page_testzero(page))
		return;
	if (unlikely(PageCompound(page))) {
		free_compound_page(page);
		return;
	}
	if (PageLRU(page)) {
		zone = page_zone(page);
		spin_lock_irqsave(&zone->lru_lock, flags);
		leave_lru(page, zone, &t);
		tally_flush(&t);
		spin_unlock_irqrestore(&zone->lru_lock, flags);
	}
	clean_at_free(page);
	free_hot_cold_page(page, false);
}

/* State of one release_pages: the zone whose lru_lock is held (for MMU_GATHER_PAGES at most), what to count. */
struct release_batch {
	struct zone *locked;
	unsigned long irqflags;
	struct lru_tally tally;
};

static void release_unlock(struct release_batch *b)
{
	if (!b->locked)
		return;
	tally_flush(&b->tally);
	spin_unlock_irqrestore(&b->locked->lru_lock, b->irqflags);
	b->locked = NULL;
}

static noinline void release_lock(struct release_batch *b, struct zone *zone)
{
	release_unlock(b);
	spin_lock_irqsave(&zone->lru_lock, b->irqflags);
	b->locked = zone;
}

/* => false: a compound page, freed as a whole by now */
static noinline bool release_special(struct release_batch *b, struct page *page)
{
	if (PageCompound(page)) {
		release_unlock(b);
		free_compound_page(page);
		return false;
	}
	if (PageLRU(page)) {
		if (page_zone(page) != b->locked)
			release_lock(b, page_zone(page));
		leave_lru(page, b->locked, &b->tally);
	}
	clean_at_free(page);
	return true;
}

#define RELEASE_SPECIAL                                                                            \
	(1UL << PG_head | 1UL << PG_tail | 1UL << PG_unevictable | 1UL << PG_mlocked | PAGE_POLICY_BITS)

/* The page's last reference is gone, so nobody else changes its flags: they are read and written once. */
static __always_inline bool release_one(struct release_batch *b, struct page *page)
{
	unsigned long flags = page->flags;

	if (unlikely(flags & RELEASE_SPECIAL))
		return release_special(b, page);
	if (flags & 1UL << PG_lru) {
		struct zone *zone = page_zone(page);
		unsigned long kind = flags >> PG_swapbacked & 1 ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
		unsigned long lru = kind + (flags >> PG_active & 1);

		if (unlikely(zone != b->locked))
			release_lock(b, zone);
		page_list_del(page, &zone->lruvec.lists[lru]);
		tally(&b->tally, zone, lru, -1);
		page->flags = flags & ~(1UL << PG_lru | 1UL << PG_active);
	}
	if (PageAnon(page))
		page->mapping = NULL; /* else the allocator takes a closer look at it */
	return true;
}

/* A page nobody maps any more and only the swap cache keeps: its slot can go now. */
static inline void free_swap_cache(struct page *page)
{
	if (PageSwapCache(page) && !page_mapped(page) && trylock_page(page)) {
		try_to_free_swap(page);
		unlock_page(page);
	}
}

void free_page_and_swap_cache(struct page *page)
{
	free_swap_cache(page);
	put_page(page);
}

static __always_inline void __release_pages(struct page **pages, int nr, bool unmapped)
{
	struct release_batch b = { .locked = NULL };
	int nr_free = 0;

	for (int i = 0; i < nr; i++) {
		struct page *page = pages[i];

		if (unlikely(page->flags & (1UL << PG_tail | (unmapped ? 1UL << PG_swapcache : 0)))) {
			page = compound_head(page);
			if (unmapped) {
				release_unlock(&b);
				free_swap_cache(page);
			}
		}
		if (put_page_testzero(page) && release_one(&b, page))
			pages[nr_free++] = page;
	}
	release_unlock(&b);
	free_hot_pages(pages, nr_free);
}

void release_pages(struct page **pages, int nr)
{
	__release_pages(pages, nr, false);
}

void free_pages_and_swap_cache(struct page **pages, int nr)
{
	__release_pages(pages, nr, true);
}
