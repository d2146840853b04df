/* SPDX-License-Identifier: MIT */
/*
 * Grouping by mobility, the exceptions: what happens when no block of the wanted type is free.
 *
 * Each pageblock (512 frames) has a type, so that pages which can never be moved do not spread over all
 * of memory and spoil every large block. When a type runs dry it takes from another one, and then rather
 * a lot at once: the largest block there is, and with it as much of its pageblock as makes sense.
 *
 *	block of order >= 9    its pageblocks change their type         the rest goes to the new type
 *	order >= 4, or for     all free pages of the pageblock go over; the rest goes to the new type
 *	  RECLAIMABLE           type changes too if half of it was free
 *	smaller                only this block is used                  the rest stays where it was
 *
 * RESERVE pageblocks (one or two per zone, spec 3.3) are used after all that: they keep high-order atomic
 * requests alive a little longer.
 *
 * Locks: zone->lock. Spec 3.3, 3.4 (choice of 3.18). Linux later: compaction instead of stealing,
 * HIGHATOMIC blocks instead of RESERVE. Test: tests/host/test_buddy.c with tests/data/spec/fallback.txt.
 */
#include "mm/fallback.h"
#include "kernel/base/kernel.h"
#include "mm/buddy.h"

static const u8 fallbacks[MIGRATE_PCPTYPES][2] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
};

/* How much of found's surroundings moves to wanted. => the type whose lists get the remainder */
static enum migratetype steal(struct zone *zone, struct page *page, unsigned int found,
			      enum migratetype wanted, enum migratetype from)
{
	unsigned long pfn = page_to_pfn(page);

	if (found >= pageblock_order) {
		for (unsigned long i = 0; i < 1UL << found; i += pageblock_nr_pages)
			set_pageblock_migratetype(zone, pfn + i, wanted);
		return wanted;
	}
	if (found >= pageblock_order / 2 || wanted == MIGRATE_RECLAIMABLE ||
	    page_group_by_mobility_disabled) {
		if (move_freepages_block(zone, page, wanted) >= pageblock_nr_pages / 2)
			set_pageblock_migratetype(zone, pfn, wanted);
		return wanted;
	}
	return from;
}

static struct page *alloc_from(struct zone *zone, unsigned int order, unsigned int found,
			       enum migratetype wanted, enum migratetype from)
{
	struct page *page = page_list_first(&zone->free_area[found].free_list[from]);

	if (!page)
		return NULL;
	buddy_take(zone, page, order, found, steal(zone, page, found, wanted, from));
	return page;
}

struct page *buddy_alloc_fallback(struct zone *zone, unsigned int order,
				  enum migratetype migratetype)
{
	if (migratetype >= MIGRATE_PCPTYPES)
		return NULL;
	for (int found = MAX_ORDER - 1; found >= (int)order; found--) {
		for (int i = 0; i < 2; i++) {
			struct page *page = alloc_from(zone, order, (unsigned int)found, migratetype,
						       (enum migratetype)fallbacks[migratetype][i]);

			if (page)
				return page;
		}
	}
	return buddy_alloc_smallest(zone, order, MIGRATE_RESERVE);
}

/* ---- MIGRATE_RESERVE ------------------------------------------------------------------------- */

static bool pageblock_has_reserved(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++)
		if (!pfn_valid(pfn) || PageReserved(pfn_to_page(pfn)))
			return true;
	return false;
}

static void change_pageblock(struct zone *zone, unsigned long pfn, enum migratetype migratetype)
{
	set_pageblock_migratetype(zone, pfn, migratetype);
	move_freepages_block(zone, pfn_to_page(pfn), migratetype);
}

/* The first `wanted` suitable blocks become (or stay) RESERVE, the other RESERVE ones MOVABLE again. */
static void choose_reserve_blocks(struct zone *zone, int wanted, int old)
{
	unsigned long pfn = round_up(zone->zone_start_pfn, pageblock_nr_pages);

	for (; pfn < zone_end_pfn(zone) && (wanted || old); pfn += pageblock_nr_pages) {
		enum migratetype type = get_pageblock_migratetype(zone, pfn);
		unsigned long end = min(pfn + pageblock_nr_pages, zone_end_pfn(zone));

		if (!pfn_valid(pfn) || page_zone(pfn_to_page(pfn)) != zone)
			continue;
		if (wanted && (type == MIGRATE_RESERVE || type == MIGRATE_MOVABLE) &&
		    !pageblock_has_reserved(pfn, end)) {
			if (type == MIGRATE_MOVABLE)
				change_pageblock(zone, pfn, MIGRATE_RESERVE);
			else
				old--;
			wanted--;
		} else if (type == MIGRATE_RESERVE) {
			change_pageblock(zone, pfn, MIGRATE_MOVABLE);
			old--;
		}
	}
}

void setup_zone_migrate_reserve(struct zone *zone)
{
	int wanted = (int)min(DIV_ROUND_UP(min_wmark_pages(zone), pageblock_nr_pages), 2UL);
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	if (wanted != zone->nr_migrate_reserve_block && zone->pageblock_flags) {
		choose_reserve_blocks(zone, wanted, zone->nr_migrate_reserve_block);
		zone->nr_migrate_reserve_block = wanted;
	}
	spin_unlock_irqrestore(&zone->lock, flags);
}
