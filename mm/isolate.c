/* SPDX-License-Identifier: MIT */
/*
 * Isolation: reclaim takes a batch of pages off an LRU list, works on them without the list's lock,
 * and puts back what it could not free.
 *
 *   list tail --32--> private list (PG_lru clear, one reference more, counted NR_ISOLATED)
 *        ^-- putback -- kept, activated                 freed --> allocator
 *
 * Locks: lru_lock with interrupts off at entry and exit; putback drops it for pages that must go
 * elsewhere.
 */
#include "kernel/base/kernel.h"
#include "mm/policy.h"
#include "mm/reclaim.h"

/* => true: off the list's books (PG_lru clear), with a reference of ours */
static inline bool isolate_page(struct page *page, unsigned int mode)
{
	VM_BUG_ON_PAGE(!PageLRU(page), page);
	if ((mode & ISOLATE_UNMAPPED) && page_mapped(page))
		return false;
	/* Count 0: it is just being freed and waits for our lock to leave the list. */
	if (!get_page_unless_zero(page))
		return false;
	ClearPageLRU(page);
	return true;
}

static void count_isolated(struct zone *zone, unsigned int list, int file, unsigned long taken)
{
	if (!taken)
		return;
	lru_count(zone, list, -(long)taken);
	__mod_zone_page_state(zone, file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON, (long)taken);
}

bool lru_isolate(struct zone *zone, struct page *page, struct page_list *dst, unsigned int mode)
{
	unsigned int list = lru_list_of(page);

	assert_spin_locked(&zone->lru_lock);
	if (!isolate_page(page, mode))
		return false;
	page_list_del(page, &zone->lruvec.lists[list]);
	set_page_lru_gen(page, 0);
	page_list_add_tail(page, dst);
	count_isolated(zone, list, page_is_file_cache(page), 1);
	return true;
}

unsigned long isolate_lru_pages(struct zone *zone, unsigned int list, unsigned long nr, struct page_list *dst,
			    unsigned long *scanned, unsigned int mode)
{
	struct page_list *src = &zone->lruvec.lists[list];
	unsigned long taken = 0, scan;

	assert_spin_locked(&zone->lru_lock);
	for (scan = 0; scan < nr; scan++) {
		struct page *page = page_list_pop_tail(src);

		if (!page)
			break;
		if (isolate_page(page, mode)) {
			if (unlikely(list >= NR_LRU_LISTS))
				set_page_lru_gen(page, 0);
			page_list_add_tail(page, dst);
			taken++;
		} else {
			page_list_add(page, src);
		}
	}
	*scanned = scan;
	count_isolated(zone, list, lru_list_is_file(list), taken);
	return taken;
}

/* => lru_lock held; the page is on a list again, our reference still to be dropped */
static void putback_one(struct zone *zone, struct page *page)
{
	enum lru_move why = PageActive(page) ? LRU_PROMOTE : LRU_KEEP;
	struct reclaim_policy *policy = zone->lruvec.policy;
	bool head = true;

	VM_BUG_ON_PAGE(PageLRU(page), page);
	if (policy->places_all)
		head = policy->place(zone, page, why) != PLACE_TAIL;
	SetPageLRU(page);
	lru_list_add(page, zone, head);
	if (why == LRU_PROMOTE)
		zone->lruvec.reclaim_stat.recent_rotated[page_is_file_cache(page)]++;
}

void lru_discard(struct page *page, struct zone *zone)
{
	ClearPageLRU(page);
	lru_list_del(page, zone);
	ClearPageActive(page);
	page->flags &= ~PAGE_POLICY_BITS;
}

void putback_inactive_pages(struct zone *zone, struct page_list *pages, struct page_list *freed)
{
	struct page *page;

	while ((page = page_list_pop(pages))) {
		if (unlikely(!page_evictable(page))) {
			spin_unlock_irq(&zone->lru_lock);
			putback_lru_page(page);
			spin_lock_irq(&zone->lru_lock);
			continue;
		}
		putback_one(zone, page);
		if (put_page_testzero(page)) {
			/* Its owner let go while we had it: ours was the last reference. */
			lru_discard(page, zone);
			page_list_add(page, freed);
		}
	}
}

/*
 * Too many direct reclaimers would isolate a whole list and then find it empty, which looks like
 * being out of memory. Callers that may do I/O wait sooner, so that those who may not get on.
 */
bool too_many_isolated(struct zone *zone, bool file, const struct scan_control *sc)
{
	enum zone_stat_item inactive_item = file ? NR_INACTIVE_FILE : NR_INACTIVE_ANON;
	enum zone_stat_item isolated_item = file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON;
	int shift = (sc->gfp_mask & GFP_IOFS) == GFP_IOFS ? 3 : 0;

	if (current_is_kswapd())
		return false;
	if (zone_page_state(zone, isolated_item) <= zone_page_state(zone, inactive_item) >> shift)
		return false;
	/* In a small zone the CPUs' differentials alone may say so: a sleep for nothing. */
	return zone_page_state_snapshot(zone, isolated_item) >
	       zone_page_state_snapshot(zone, inactive_item) >> shift;
}
