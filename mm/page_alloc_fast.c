/* SPDX-License-Identifier: MIT */
/*
 * alloc_pages, the short cut: what __alloc_pages_nodemask() (page_alloc.c) does, for the usual request.
 *
 *	gfp & gfp_allowed_mask --> gfp_choice[]: zone and migratetype
 *	this node's first such zone: free pages above low mark + reserve?
 *	order 0: this CPU's list of that type     larger: the buddy's list, else buddy_alloc_split()
 *	state check, _refcount 1
 *
 * It runs millions of times: no loop, no lock and no call for a single page, interrupts off once, everything on
 * one or two cache lines of the zone. For a block no call unless a larger one must be split: every rare
 * case leaves by a tail call, so that nothing has to be saved on the stack for it. Whatever is unusual (flags;
 * debugging, cpusets, injection: alloc_special; a zone below its mark, a lock that somebody holds) goes to
 * alloc_pages_local(), which starts anew.
 *
 * Locks: the per-CPU list with interrupts off; zone->lock for blocks.
 * Read next: page_free.c. Test: tests/host/test_page_alloc.c.
 */
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/internal.h"

/*
 * What the low four bits of gfp choose: zone in bits 0-1, migratetype in bits 2-3. Illegal combinations choose
 * ZONE_MOVABLE, which no node offers as its first zone.
 */
#define CHOICE(zone, type) (ZONE_##zone | MIGRATE_##type << 2)
#define BAD		   ZONE_MOVABLE
static const u8 gfp_choice[16] = {
	[0] = CHOICE(NORMAL, UNMOVABLE),
	[__GFP_DMA] = CHOICE(DMA, UNMOVABLE),
	[__GFP_HIGHMEM] = CHOICE(HIGHMEM, UNMOVABLE),
	[__GFP_DMA | __GFP_HIGHMEM] = BAD,
	[__GFP_DMA32] = CHOICE(NORMAL, UNMOVABLE),
	[5 ... 7] = BAD,
	[__GFP_MOVABLE] = CHOICE(NORMAL, MOVABLE),
	[__GFP_MOVABLE | __GFP_DMA] = CHOICE(DMA, MOVABLE),
	[__GFP_MOVABLE | __GFP_HIGHMEM] = CHOICE(HIGHMEM, MOVABLE),
	[11] = BAD,
	[__GFP_MOVABLE | __GFP_DMA32] = CHOICE(NORMAL, MOVABLE),
	[13 ... 15] = BAD,
};
#undef CHOICE
#undef BAD

/* Flags that go the long way; RECLAIMABLE has only slabs, a page for many objects. */
#define GFP_NOT_SHORT	    (__GFP_THISNODE | __GFP_WRITE | __GFP_COLD | __GFP_OTHER_NODE | __GFP_RECLAIMABLE)
#define GFP_NOT_SHORT_BLOCK (__GFP_NOFAIL | __GFP_COMP | __GFP_ZERO)

/* The check of zone_watermark_ok() at the low mark for a zone's own class, without any flags. */
static __always_inline bool low_watermark_ok(const struct zone *zone, unsigned int order)
{
	const struct free_area *area = zone->free_area;
	long min = (long)low_wmark_pages(zone);
	long free = atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]) - ((1L << order) - 1);

	if (free <= min + (long)zone->lowmem_reserve[zone->index])
		return false;
	for (unsigned int o = 0; o < order; o++, area++) {
		free -= (long)(READ_ONCE(area->nr_free) << o);
		min >>= 1;
		if (free <= min)
			return false;
	}
	return true;
}

/* => interrupts off; this CPU is on the zone's node */
static __always_inline void count_alloc_local(struct zone *zone, struct per_cpu_pageset *ps, unsigned int order)
{
	count_vm_zone_events(PGALLOC, zone, 1UL << order);
	if (IS_ENABLED(CONFIG_NUMA))
		ps->numa_event[NUMA_HIT_LOCAL]++;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

/* The block is off its list: count it, let the zone go, check it. => zone->lock held, flags are restored */
static __always_inline struct page *take_block(struct zone *zone, struct page *page, unsigned int order,
					       gfp_t gfp, unsigned long flags)
{
	struct per_cpu_pageset *ps = per_cpu_pageset_of(zone);

	__sub_free_block(zone, ps, 1L << order);
	count_alloc_local(zone, ps, order);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (unlikely(IS_ENABLED(CONFIG_DEBUG) || page_state_bad(page, PAGE_FLAGS_CHECK_AT_PREP)))
		return finish_page(page, order, gfp);
	set_page_count(page, 1); /* private is 0: the buddy saw to that */
	return page;
}

/* No block of this order on the list. => zone->lock held, flags are restored */
static noinline struct page *split_block(struct zone *zone, unsigned int order, gfp_t gfp,
					 enum migratetype migratetype, unsigned long flags)
{
	struct page *page = buddy_alloc_split(zone, order, migratetype);

	if (likely(page))
		return take_block(zone, page, order, gfp, flags);
	spin_unlock_irqrestore(&zone->lock, flags);
	return alloc_pages_local(gfp, order);
}

static noinline struct page *alloc_block(gfp_t gfp, unsigned int order, struct zone *zone,
					 enum migratetype migratetype)
{
	struct free_area *area;
	unsigned long flags;

	if (unlikely(order >= MAX_ORDER || (gfp & GFP_NOT_SHORT_BLOCK) || !low_watermark_ok(zone, order) ||
		     !spin_trylock_irqsave(&zone->lock, flags)))
		return alloc_pages_local(gfp, order);
	area = &zone->free_area[order];
	OPTIMIZER_HIDE_VAR(area);
	if (unlikely(page_list_empty(&area->free_list[migratetype])))
		return split_block(zone, order, gfp, migratetype, flags);
	return take_block(zone, buddy_pop(area, migratetype), order, gfp, flags);
}

/* ---- Single pages ---------------------------------------------------------------------------- */

/* The page is off its list: check it. */
static __always_inline struct page *take_page(struct page *page, gfp_t gfp)
{
	if (unlikely(page_state_bad(page, PAGE_FLAGS_CHECK_AT_PREP) || (gfp & __GFP_ZERO)))
		return finish_page(page, 0, gfp);
	page->private = 0;
	set_page_count(page, 1);
	return page;
}

/* The list is empty. => interrupts off; flags are restored */
static noinline struct page *refill_list(struct zone *zone, struct per_cpu_pageset *ps, gfp_t gfp,
					 enum migratetype migratetype, unsigned long flags)
{
	struct page *page = pcp_refill(zone, &ps->pcp, migratetype, false);

	if (likely(page))
		count_alloc_local(zone, ps, 0);
	local_irq_restore(flags);
	return likely(page) ? take_page(page, gfp) : alloc_pages_local(gfp, 0);
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	gfp_t allowed = gfp & gfp_allowed_mask;
	unsigned long choice = gfp_choice[allowed & 0xf];
	struct per_cpu_pageset *ps;
	struct page_list *list;
	struct page *page;
	struct zone *zone;
	unsigned long flags;

	if (IS_ENABLED(CONFIG_DEBUG) && (allowed & __GFP_WAIT))
		might_sleep();
	if (unlikely((allowed & GFP_NOT_SHORT) | alloc_special))
		return alloc_pages_local(allowed, order);
	zone = this_cpu_read(local_pgdat)->first_zone[choice & 3];
	if (unlikely(!zone))
		return alloc_pages_local(allowed, order);
	if (order)
		return alloc_block(allowed, order, zone, (enum migratetype)(choice >> 2));
	if (unlikely(!low_watermark_ok(zone, 0)))
		return alloc_pages_local(allowed, 0);

	local_irq_save(flags);
	ps = per_cpu_pageset_of(zone);
	list = &ps->pcp.lists[choice >> 2];
	if (unlikely(page_list_empty(list)))
		return refill_list(zone, ps, allowed, (enum migratetype)(choice >> 2), flags);
	page = page_stack_pop(list);
	ps->pcp.count--;
	count_alloc_local(zone, ps, 0);
	local_irq_restore(flags);
	return take_page(page, allowed);
}
