/* SPDX-License-Identifier: MIT */
/*
 * The buddy: free memory as blocks of 1 << order pages, order 0 to 10. See buddy.c.
 */
#ifndef MM_BUDDY_H
#define MM_BUDDY_H

#include "mm/zone.h"

/* => zone->lock held, interrupts off, for everything in this file that takes a zone unless it says otherwise. */

/*
 * Take one block of exactly 1 << order pages, smallest sufficient block first, then by fallback
 * (spec 3.4), then from the RESERVE blocks. => head page, its free state removed (index = the list's type),
 * or NULL. NR_FREE_PAGES is the caller's.
 */
struct page *buddy_alloc_split(struct zone *zone, unsigned int order, enum migratetype migratetype);

/* The first block of a list that is not empty. */
static __always_inline struct page *buddy_pop(struct free_area *area, enum migratetype migratetype)
{
	struct page *page = page_list_pop(&area->free_list[migratetype]);

	page->private = 0;
	atomic_set(&page->_mapcount, -1);
	area->nr_free--;
	return page;
}

static __always_inline struct page *buddy_alloc(struct zone *zone, unsigned int order,
						enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[order];

	if (unlikely(page_list_empty(&area->free_list[migratetype])))
		return buddy_alloc_split(zone, order, migratetype);
	return buddy_pop(area, migratetype);
}

/*
 * Up to nr single frames, the same ones in the same order as nr calls of buddy_alloc(zone, 0, ...): appended to
 * list, or with reverse put before its head one by one. => number got
 */
int buddy_alloc_bulk(struct zone *zone, enum migratetype migratetype, int nr, struct page_list *list,
		     bool reverse);
/* Give back a block, merging as far as possible; its head goes to migratetype's list. NR_FREE_PAGES likewise. */
void buddy_free(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
		enum migratetype migratetype);

/* A whole block from or to the zone: takes zone->lock, does NR_FREE_PAGES and pages_scanned. */
void free_one_page(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
		   enum migratetype migratetype);
/* Take this very free block off its list (compaction, isolation). => pages taken, 0 if it is not free */
unsigned long buddy_isolate_block(struct zone *zone, struct page *page);

/* Move every free block of the pageblock to migratetype's list. => pages moved */
unsigned long move_freepages_block(struct zone *zone, struct page *page,
				   enum migratetype migratetype);
void setup_zone_migrate_reserve(struct zone *zone); /* spec 3.3; no lock held */

static inline unsigned int page_order(const struct page *page) /* of a free block's head */
{
	return (unsigned int)page->private;
}

/* Index arithmetic of spec 3.1. */
static inline unsigned long buddy_pfn(unsigned long pfn, unsigned long order)
{
	return pfn ^ (1UL << order);
}

/* ---- Pageblocks: 3 bits of type and one for compaction's scanners per 512 pages ---- */

#define PB_MIGRATETYPE_MASK 7
#define PB_SKIP		    8

static inline u8 *pageblock_flags(const struct zone *zone, unsigned long pfn)
{
	return &zone->pageblock_flags[pfn >> pageblock_order];
}

/* => no lock: racy reads are meant to be harmless */
static inline enum migratetype get_pageblock_migratetype(const struct zone *zone, unsigned long pfn)
{
	unsigned int flags = READ_ONCE(*pageblock_flags(zone, pfn));

	return (enum migratetype)(flags & PB_MIGRATETYPE_MASK);
}

void set_pageblock_migratetype(struct zone *zone, unsigned long pfn, enum migratetype migratetype);

static inline bool get_pageblock_skip(const struct zone *zone, unsigned long pfn)
{
	return READ_ONCE(*pageblock_flags(zone, pfn)) & PB_SKIP;
}

void set_pageblock_skip(struct zone *zone, unsigned long pfn, bool skip); /* any context */

static inline bool is_migrate_isolate(enum migratetype migratetype)
{
	return migratetype == MIGRATE_ISOLATE;
}

/* ---- Per-CPU lists (pcp.c, spec 3.5) ---- */

/* => interrupts off, this CPU's lists: NULL when the zone has nothing */
struct page *pcp_refill(struct zone *zone, struct per_cpu_pages *pcp, enum migratetype migratetype,
			bool cold);
/* count pages from the tails back to the buddy; => interrupts off, lists of this or a dead CPU */
void pcp_free_bulk(struct zone *zone, struct per_cpu_pages *pcp, int count);
void zone_pcp_init(struct zone *zone);		/* batch and high from managed_pages */
int zone_batchsize(unsigned long managed);	/* as stored in Linux: 0 is possible */
void pageset_set_high_and_batch(struct zone *zone);
/* sysctl percpu_pagelist_fraction. => 0 or -EINVAL */
int percpu_pagelist_fraction_set(int fraction);

/* ---- Checks (buddy_check.c) ---- */

/*
 * Every invariant of spec 3.1 for one zone; takes zone->lock; other CPUs must be quiet.
 * => number of violations, each printed
 */
int buddy_check_zone(struct zone *zone);
int buddy_check_all(void);

#endif
