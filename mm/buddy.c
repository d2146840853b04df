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

/* What flags say about node and zone, the same for all pages of a zone. */
static inline unsigned long zone_bits(const struct page *page)
{
	return page->flags >> NODES_SHIFT;
}

/* => page is a free block of that order and zone */
static __always_inline bool page_is_buddy(const struct page *page, unsigned long order, unsigned long zone)
{
	return page_counts(page) == COUNTS_BUDDY && page->private == order && zone_bits(page) == zone;
}

static __always_inline void mark_free(struct page *page, unsigned long order, enum migratetype migratetype)
{
	page->private = order;
	page->index = migratetype;
	atomic_set(&page->_mapcount, PAGE_BUDDY_MAPCOUNT_VALUE);
}

static __always_inline void add_block(struct free_area *area, struct page *page, unsigned long pfn,
				      unsigned long order, enum migratetype migratetype, bool tail)
{
	OPTIMIZER_HIDE_VAR(area);
	mark_free(page, order, migratetype);
	if (unlikely(tail))
		__page_list_add_tail(page, (u32)pfn, &area->free_list[migratetype]);
	else
		__page_list_add(page, (u32)pfn, &area->free_list[migratetype]);
	area->nr_free++;
}

/* Out of line: unite()'s loop needs the registers. */
static noinline void del_from_list(struct page *page, struct page_list *list)
{
	page_list_del(page, list);
}

static __always_inline void del_block(struct free_area *area, struct page *page)
{
	struct page_list *list = &area->free_list[page->index];

	if (likely(page_list_is_only(page, list)))
		page_list_init(list);
	else
		del_from_list(page, list);
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

/*
 * The same when nothing is on the type's lists below high, which is area's order: each upper half becomes the only
 * block of its list.
 */
static __always_inline void expand_alone(struct free_area *area, struct page *page, unsigned long low,
					 unsigned long high, enum migratetype migratetype)
{
	unsigned long pfn = page_to_pfn(page), half = 1UL << high, bytes = sizeof(*page) << high;

	while (high > low) {
		struct page *upper;

		high--;
		area--;
		half >>= 1;
		bytes >>= 1;
		upper = (void *)page + bytes;
		OPTIMIZER_HIDE_VAR(area);
		mark_free(upper, high, migratetype);
		page_list_init_one(upper, (u32)(pfn + half), &area->free_list[migratetype]);
		area->nr_free++;
	}
}

/* => nothing is on the type's list of just this order */
static __always_inline struct page *alloc_larger(struct zone *zone, unsigned int order,
						 enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[order], *end = &zone->free_area[MAX_ORDER];
	struct page *page;

	do {
		if (++area == end)
			return NULL;
	} while (page_list_empty(&area->free_list[migratetype]));
	page = buddy_pop(area, migratetype);
	expand_alone(area, page, order, (unsigned long)(area - zone->free_area), migratetype);
	return page;
}

struct page *buddy_alloc_smallest(struct zone *zone, unsigned int order,
				  enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[order];

	if (!page_list_empty(&area->free_list[migratetype]))
		return buddy_pop(area, migratetype);
	return alloc_larger(zone, order, migratetype);
}

/* buddy_alloc() found no block of just this order on the type's list. */
struct page *buddy_alloc_split(struct zone *zone, unsigned int order, enum migratetype migratetype)
{
	struct page *page;

	assert_spin_locked(&zone->lock);
	page = alloc_larger(zone, order, migratetype); /* index is the list's type already */
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
static inline bool isolation_differs(const struct zone *zone, unsigned long pfn, unsigned long other)
{
	enum migratetype one = get_pageblock_migratetype(zone, pfn), two = get_pageblock_migratetype(zone, other);

	return one != two && (is_migrate_isolate(one) || is_migrate_isolate(two));
}

static __always_inline bool buddy_is_free(const struct page *page, unsigned long pfn, unsigned long order)
{
	return order != MAX_ORDER - 1 && page_is_buddy(pfn_to_page(buddy_pfn(pfn, order)), order, zone_bits(page));
}

/*
 * The block cannot grow any more: onto its list. If its parent's buddy is free it is likely to grow soon, so it
 * is to be used last.
 */
static __always_inline void insert_block(struct zone *zone, struct page *page, unsigned long pfn,
					 unsigned long order, enum migratetype migratetype)
{
	bool tail = order < MAX_ORDER - 2 && buddy_is_free(page, pfn & ~(1UL << order), order + 1);

	add_block(&zone->free_area[order], page, pfn, order, migratetype, tail);
}

static_assert(pageblock_order == MAX_ORDER - 2, "two pageblocks make the largest block");

/* A block whose buddy_is_free(): take that off its list, then the buddy of both, and so on. */
static __always_inline void unite(struct zone *zone, struct page *page, unsigned long pfn, unsigned long order,
				  enum migratetype migratetype)
{
	struct free_area *area = &zone->free_area[order];
	unsigned long bits = zone_bits(page), other = buddy_pfn(pfn, order);
	struct page *buddy = pfn_to_page(other);

	if (likely(order < pageblock_order)) {
		do {
			del_block(area, buddy);
			area++;
			pfn &= other;
			other = buddy_pfn(pfn, ++order);
			buddy = pfn_to_page(other);
		} while (order < pageblock_order && page_is_buddy(buddy, order, bits));
	}
	if (order == pageblock_order && page_is_buddy(buddy, order, bits) && !isolation_differs(zone, pfn, other)) {
		del_block(area, buddy);
		pfn &= other;
		order++;
	}
	insert_block(zone, pfn_to_page(pfn), pfn, order, migratetype);
}

void buddy_free(struct zone *zone, struct page *page, unsigned long pfn, unsigned int order,
		enum migratetype migratetype)
{
	assert_spin_locked(&zone->lock);
	VM_BUG_ON_PAGE(pfn & ((1UL << order) - 1), page);
	if (buddy_is_free(page, pfn, order))
		unite(zone, page, pfn, order, migratetype);
	else
		insert_block(zone, page, pfn, order, migratetype);
}

static noinline void free_one_page_wait(struct zone *zone, struct page *page, unsigned long pfn,
					unsigned int order, enum migratetype migratetype)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	zone_clear_pages_scanned(zone);
	__add_free_pages(zone, 1L << order);
	buddy_free(zone, page, pfn, order, migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* => buddy_is_free(); zone->lock held, flags are restored */
static noinline void unite_and_unlock(struct zone *zone, struct page *page, unsigned long pfn,
				      unsigned int order, enum migratetype migratetype, unsigned long flags)
{
	unite(zone, page, pfn, order, migratetype);
	spin_unlock_irqrestore(&zone->lock, flags);
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
	VM_BUG_ON_PAGE(pfn & ((1UL << order) - 1), page);
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
