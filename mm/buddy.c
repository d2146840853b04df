/* SPDX-License-Identifier: MIT */
/*
 * The buddy: free blocks of 1 << order frames, each aligned to its size.
 *
 *	order 2  |-------0-------|-------4-------|      buddy(pfn, o)  = pfn ^ (1 << o)
 *	order 1  |---0---|---2---|---4---|---6---|      parent(pfn, o) = pfn & ~(1 << o)
 *	order 0  | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
 *
 * To allocate, take the smallest block that is large enough and split it: the upper half goes back on
 * the free list, the lower one is split further, so that the lowest frame is returned. To free, unite the
 * block with its buddy as long as that is free, whole and of this zone.
 *
 * Invariants (buddy_check.c tests them all): a free block's head has _mapcount -128, _refcount 0, its
 * order in private and the type of the list it is on in index; no free block below order 10 has a free
 * buddy of its own order in the same zone. Types are not compared when uniting, so blocks may wander between
 * lists; only isolated pageblocks stay apart.
 *
 * Locks: zone->lock with interrupts off, for everything.
 * Read next: fallback.c (no block of the wanted type), pcp.c. Test: tests/host/test_buddy.c.
 */
#include "mm/buddy.h"
#include "mm/fallback.h"
#include "kernel/base/kernel.h"

/* _mapcount and _refcount as one word: the buddy's mark, and nobody uses it. */
#define COUNTS_BUDDY ((u64)(u32)PAGE_BUDDY_MAPCOUNT_VALUE)

static inline bool page_is_buddy(const struct page *page, const struct page *buddy,
				 unsigned int order)
{
	return page_counts(buddy) == COUNTS_BUDDY && buddy->private == order &&
	       (buddy->flags ^ page->flags) >> NODES_SHIFT == 0;
}

static __always_inline void add_block(struct free_area *area, struct page *page, unsigned long pfn,
				      unsigned int order, enum migratetype migratetype, bool tail)
{
	OPTIMIZER_HIDE_VAR(area);
	page->private = order;
	page->index = migratetype;
	atomic_set(&page->_mapcount, PAGE_BUDDY_MAPCOUNT_VALUE);
	if (unlikely(tail))
		__page_list_add_tail(page, (u32)pfn, &area->free_list[migratetype]);
	else
		__page_list_add(page, (u32)pfn, &area->free_list[migratetype]);
	area->nr_free++;
}

static __always_inline void del_block(struct free_area *area, struct page *page)
{
	OPTIMIZER_HIDE_VAR(area);
	page_list_del(page, &area->free_list[page->index]);
	page->private = 0;
	atomic_set(&page->_mapcount, -1);
	area->nr_free--;
}

/* Split a block of order high, off its list, down to order low; the upper halves go to migratetype. */
static __always_inline void expand(struct zone *zone, struct page *page, unsigned int low,
				   unsigned int high, enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[high];
	unsigned long pfn = page_to_pfn(page), half = 1UL << high;

	while (high > low) {
		high--;
		area--;
		half >>= 1;
		add_block(area, page + half, pfn + half, high, migratetype, false);
	}
}

void buddy_take(struct zone *zone, struct page *page, unsigned int low, unsigned int high,
		enum migratetype remainder)
{
	del_block(&zone->free_area[high], page);
	expand(zone, page, low, high, remainder);
	page->index = remainder;
}

static __always_inline struct page *alloc_smallest(struct zone *zone, unsigned int order,
						   enum migratetype migratetype)
{
	for (unsigned int o = order; o < MAX_ORDER; o++) {
		struct page_list *list = &zone->free_area[o].free_list[migratetype];
		struct page *page;

		if (page_list_empty(list))
			continue;
		page = page_list_pop(list);
		page->private = 0;
		atomic_set(&page->_mapcount, -1);
		zone->free_area[o].nr_free--;
		expand(zone, page, order, o, migratetype);
		return page;
	}
	return NULL;
}

struct page *buddy_alloc_smallest(struct zone *zone, unsigned int order,
				  enum migratetype migratetype)
{
	return alloc_smallest(zone, order, migratetype);
}

/* buddy_alloc() found no block of just this order on the type's list. */
struct page *buddy_alloc_split(struct zone *zone, unsigned int order, enum migratetype migratetype)
{
	struct page *page;

	assert_spin_locked(&zone->lock);
	page = alloc_smallest(zone, order, migratetype); /* index is the list's type already */
	if (unlikely(!page) && migratetype != MIGRATE_RESERVE)
		page = buddy_alloc_fallback(zone, order, migratetype);
	return page;
}

static inline void hand_out(struct page *page, int nr, enum migratetype type,
			    struct page_list *list, bool reverse)
{
	for (int i = 0; i < nr; i++, page++) {
		page->index = type;
		if (reverse)
			page_list_add(page, list);
		else
			page_list_add_tail(page, list);
	}
}

/*
 * The smallest block there is, if not larger than what is wanted, would be split into single frames one after
 * the other and used up from its start: take it whole. Of a larger one take the first frames; what is left
 * are the blocks that splitting would have left.
 */
int buddy_alloc_bulk(struct zone *zone, enum migratetype migratetype, int nr, struct page_list *list,
		     bool reverse)
{
	int got = 0;

	assert_spin_locked(&zone->lock);
	while (got < nr) {
		struct page *page = NULL;
		unsigned long pfn;
		unsigned int order;
		int take;

		for (order = 0; order < MAX_ORDER && !page; order++)
			page = page_list_first(&zone->free_area[order].free_list[migratetype]);
		if (!page) {
			page = buddy_alloc_fallback(zone, 0, migratetype);
			if (!page)
				break;
			hand_out(page, 1, (enum migratetype)page->index, list, reverse);
			got++;
			continue;
		}
		order--;
		take = min(nr - got, 1 << order);
		del_block(&zone->free_area[order], page);
		pfn = page_to_pfn(page);
		for (int left = take; left < 1 << order; left += left & -left) {
			unsigned int o = (unsigned int)__ffs((unsigned long)left);

			add_block(&zone->free_area[o], page + left, pfn + (unsigned int)left, o, migratetype, false);
		}
		hand_out(page, take, migratetype, list, reverse);
		got += take;
	}
	return got;
}

/* Uniting two pageblocks, one of them isolated, would let its frames be allocated. */
static noinline bool isolation_differs(const struct zone *zone, unsigned long pfn, unsigned long other)
{
	return is_migrate_isolate(get_pageblock_migratetype(zone, pfn)) !=
	       is_migrate_isolate(get_pageblock_migratetype(zone, other));
}

/*
 * The block cannot grow any more: onto its list. If its parent's buddy is free it is likely to grow soon, so it
 * is to be used last.
 */
static __always_inline void insert_block(struct zone *zone, struct page *page, unsigned long pfn,
					 unsigned int order, enum migratetype migratetype)
{
	bool tail = false;

	if (order < MAX_ORDER - 2) {
		unsigned long parent = pfn & ~(1UL << order);

		tail = page_is_buddy(page, page + ((parent ^ 1UL << (order + 1)) - pfn), order + 1);
	}
	add_block(&zone->free_area[order], page, pfn, order, migratetype, tail);
}

static __always_inline bool buddy_is_free(struct page *page, unsigned long pfn, unsigned int order)
{
	return order != MAX_ORDER - 1 &&
	       page_is_buddy(page, page + (buddy_pfn(pfn, order) - pfn), order);
}

/* => the buddy is free */
static __always_inline bool may_unite(const struct zone *zone, unsigned long pfn, unsigned int order)
{
	return order < pageblock_order || !isolation_differs(zone, pfn, buddy_pfn(pfn, order));
}

/* => the buddy is free and may be united with */
static noinline void unite(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
			   enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[order];
	unsigned long size = 1UL << order;
	struct page *buddy = page + ((pfn ^ size) - pfn);

	do {
		del_block(area, buddy);
		page = min(page, buddy);
		pfn &= ~size;
		size <<= 1;
		area++;
		if (++order == MAX_ORDER - 1)
			break;
		buddy = page + ((pfn ^ size) - pfn);
	} while (page_is_buddy(page, buddy, order) && may_unite(zone, pfn, order));
	insert_block(zone, page, pfn, order, migratetype);
}

static __always_inline void __buddy_free(struct zone *zone, struct page *page, unsigned long pfn,
					 unsigned int order, enum migratetype migratetype)
{
	assert_spin_locked(&zone->lock);
	VM_BUG_ON_PAGE(pfn & ((1UL << order) - 1), page);
	if (buddy_is_free(page, pfn, order) && may_unite(zone, pfn, order))
		unite(zone, page, pfn, order, migratetype);
	else
		insert_block(zone, page, pfn, order, migratetype);
}

void buddy_free(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
		enum migratetype migratetype)
{
	__buddy_free(zone, page, pfn, order, migratetype);
}

/* free_one_page() with the lock held already, and a buddy to unite with. => flags are restored */
static noinline void unite_and_unlock(struct zone *zone, struct page *page, unsigned long pfn,
				      unsigned int order, enum migratetype migratetype, unsigned long flags)
{
	__buddy_free(zone, page, pfn, order, migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static noinline void free_one_page_wait(struct zone *zone, struct page *page, unsigned long pfn,
					unsigned int order, enum migratetype migratetype)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone_clear_pages_scanned(zone);
	__add_free_pages(zone, 1L << order);
	unite_and_unlock(zone, page, pfn, order, migratetype, flags);
}

/* The rare cases are tail calls: nothing has to be saved on the stack for them. */
void free_one_page(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
		   enum migratetype migratetype)
{
	unsigned long flags;

	if (unlikely(!spin_trylock_irqsave(&zone->lock, flags))) {
		free_one_page_wait(zone, page, pfn, order, migratetype);
		return;
	}
	zone_clear_pages_scanned(zone);
	__add_free_block(zone, per_cpu_pageset_of(zone), 1L << order);
	if (buddy_is_free(page, pfn, order)) {
		unite_and_unlock(zone, page, pfn, order, migratetype, flags);
		return;
	}
	insert_block(zone, page, pfn, order, migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
}

unsigned long buddy_isolate_block(struct zone *zone, struct page *page)
{
	unsigned int order;

	assert_spin_locked(&zone->lock);
	if (!PageBuddy(page))
		return 0;
	order = page_order(page);
	del_block(&zone->free_area[order], page);
	__sub_free_pages(zone, 1L << order);
	return 1UL << order;
}

/* ---- Between the lists ----------------------------------------------------------------------- */

unsigned long move_freepages_block(struct zone *zone, struct page *page,
				   enum migratetype migratetype)
{
	unsigned long pfn = round_down(page_to_pfn(page), pageblock_nr_pages);
	unsigned long end = min(pfn + pageblock_nr_pages, zone_end_pfn(zone)), moved = 0;

	assert_spin_locked(&zone->lock);
	pfn = max(pfn, zone->zone_start_pfn);
	while (pfn < end) {
		struct page *block = pfn_to_page(pfn);
		unsigned int order;

		if (!PageBuddy(block) || page_zone(block) != zone) {
			pfn++;
			continue;
		}
		order = page_order(block);
		del_block(&zone->free_area[order], block);
		add_block(&zone->free_area[order], block, pfn, order, migratetype, false);
		pfn += 1UL << order;
		moved += 1UL << order;
	}
	return moved;
}

void set_pageblock_migratetype(struct zone *zone, unsigned long pfn, enum migratetype migratetype)
{
	u8 *flags = pageblock_flags(zone, pfn), old = READ_ONCE(*flags), new;

	if (page_group_by_mobility_disabled && migratetype < MIGRATE_PCPTYPES)
		migratetype = MIGRATE_UNMOVABLE;
	do /* the skip bit is set without zone->lock */
		new = (u8)((old & ~PB_MIGRATETYPE_MASK) | migratetype);
	while (!__atomic_compare_exchange_n(flags, &old, new, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
}

void set_pageblock_skip(struct zone *zone, unsigned long pfn, bool skip)
{
	if (skip)
		__atomic_fetch_or(pageblock_flags(zone, pfn), PB_SKIP, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(pageblock_flags(zone, pfn), (u8)~PB_SKIP, __ATOMIC_RELAXED);
}
