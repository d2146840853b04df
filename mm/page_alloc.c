/* SPDX-License-Identifier: MIT */
/*
 * The allocator, the whole of the fast path: gfp flags -> zonelist -> watermark -> page.
 *
 *	alloc_pages: this node's first zone above its low mark, nothing special (page_alloc_fast.c)
 *	  | no
 *	__alloc_pages_nodemask: every zone of the list above its low mark
 *	  |                     (get_page_from_freelist --> rmqueue: this CPU's list, refilled, or the buddy)
 *	  | no
 *	__alloc_pages_slowpath: kswapd, reserves, reclaim, compaction, the killer (slowpath.c)
 *
 * The short cut does for the usual request what this file does for every one, so read this file first. The
 * way back is page_free.c.
 *
 * Invariants: a page handed out has _refcount 1, no mapping, none of PAGE_FLAGS_CHECK_AT_PREP (spec 3.6), or
 * it is reported and never used again.
 * Locks: none held by callers that an interrupt handler takes. Read next: page_alloc_fast.c, slowpath.c.
 * Test: tests/host/test_page_alloc.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/kmap.h"
#include "mm/page_debug.h"
#include "mm/slowpath.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"
#include "mm/zonelist.h"

gfp_t gfp_allowed_mask = GFP_BOOT_MASK;
int number_of_cpusets = 1;
atomic_t mems_allowed_seq;
static bool (*fail_page_alloc)(gfp_t gfp, unsigned int order);

/* Without IO and FS, for as long as storage sleeps; seen by the slow path, step 16. */
void pm_restrict_gfp_mask(void)
{
	WRITE_ONCE(gfp_allowed_mask, gfp_allowed_mask & ~GFP_IOFS);
}

void pm_restore_gfp_mask(void)
{
	WRITE_ONCE(gfp_allowed_mask, GFP_BITS_MASK);
}

void set_fail_page_alloc(bool (*fn)(gfp_t gfp, unsigned int order))
{
	fail_page_alloc = fn;
	set_alloc_special(ALLOC_SPECIAL_INJECT, fn);
}

void set_number_of_cpusets(int nr)
{
	number_of_cpusets = nr;
	set_alloc_special(ALLOC_SPECIAL_CPUSETS, nr > 1);
}

void gfp_zone_illegal(gfp_t gfp)
{
	VM_BUG_ON(1);
	WARN_ONCE(1, "gfp 0x%x names two zones", gfp);
}

void gfp_migratetype_illegal(gfp_t gfp)
{
	WARN(1, "gfp 0x%x is both movable and reclaimable", gfp);
}

/* => nid is not in current's mems_allowed, or might not be; spec 2.2 */
bool __cpuset_node_allowed(int nid, gfp_t gfp)
{
	if (in_interrupt() || (gfp & __GFP_THISNODE))
		return true;
	if (current->mems_allowed >> nid & 1)
		return true;
	if (test_thread_flag(TIF_MEMDIE))
		return true;
	/* else the nearest hardwalled ancestor: the root, which has all nodes */
	return !(gfp & __GFP_HARDWALL);
}

/* ---- A page becomes ours --------------------------------------------------------------------- */

void prep_compound_page(struct page *page, unsigned int order)
{
	unsigned long head = page_to_pfn(page);

	__SetPageHead(page);
	for (unsigned long i = 1; i < 1UL << order; i++) {
		__SetPageTail(page + i);
		page[i].private = head;
	}
	page[1].index = order;
}

/* The unlikely half of preparing a page. */
static noinline void prep_special(struct page *page, unsigned int order, gfp_t gfp)
{
	if (alloc_special & PAGE_DEBUG)
		page_debug_alloc(page, order, gfp);
	if (gfp & __GFP_ZERO) {
		VM_BUG_ON((gfp & __GFP_HIGHMEM) && in_interrupt());
		for (unsigned long i = 0; i < 1UL << order; i++)
			clear_highpage(page + i);
	}
	if (order && (gfp & __GFP_COMP))
		prep_compound_page(page, order);
}

/* => false: the page was in a bad state, is lost, and another one must be taken */
static __always_inline bool prep_new_page(struct page *page, unsigned int order, gfp_t gfp)
{
	if (unlikely(page_state_bad(page, PAGE_FLAGS_CHECK_AT_PREP))) {
		bad_page(page, PAGE_FLAGS_CHECK_AT_PREP);
		return false;
	}
	if (IS_ENABLED(CONFIG_DEBUG)) {
		for (unsigned long i = 1; i < 1UL << order; i++) {
			if (page_state_bad(page + i, PAGE_FLAGS_CHECK_AT_PREP)) {
				bad_page(page + i, PAGE_FLAGS_CHECK_AT_PREP);
				return false;
			}
		}
	}
	page->private = 0;
	set_page_count(page, 1);
	if (unlikely((gfp & __GFP_ZERO) || alloc_special || (order && (gfp & __GFP_COMP))))
		prep_special(page, order, gfp);
	return true;
}

/* => interrupts off */
static __always_inline void count_alloc(const struct zone *preferred, struct zone *zone,
					struct per_cpu_pageset *ps, unsigned int order, gfp_t gfp)
{
	int cpu_node = unlikely(gfp & __GFP_OTHER_NODE) ? preferred->node : numa_node_id();

	count_vm_zone_events(PGALLOC, zone, 1UL << order);
	if (!IS_ENABLED(CONFIG_NUMA))
		return;
	if (likely(zone->node == preferred->node && zone->node == cpu_node)) {
		ps->numa_event[NUMA_HIT_LOCAL]++;
		return;
	}
	if (zone->node == preferred->node) {
		ps->numa_event[NUMA_HIT - NUMA_HIT]++;
	} else {
		ps->numa_event[NUMA_MISS - NUMA_HIT]++;
		per_cpu_pageset_of(preferred)->numa_event[NUMA_FOREIGN - NUMA_HIT]++;
	}
	ps->numa_event[zone->node == cpu_node ? NUMA_LOCAL - NUMA_HIT : NUMA_OTHER - NUMA_HIT]++;
}

/* Order 0, from this CPU's list. */
static __always_inline struct page *rmqueue_pcp(const struct zone *preferred, struct zone *zone,
						gfp_t gfp, enum migratetype migratetype)
{
	struct per_cpu_pageset *ps;
	struct page_list *list;
	struct page *page;
	unsigned long flags;

	local_irq_save(flags);
	ps = per_cpu_pageset_of(zone);
	list = &ps->pcp.lists[migratetype];
	if (unlikely(page_list_empty(list))) {
		page = pcp_refill(zone, &ps->pcp, migratetype, gfp & __GFP_COLD);
		if (!page)
			goto out;
	} else {
		page = unlikely(gfp & __GFP_COLD) ? page_stack_pop_bottom(list) :
						    page_stack_pop(list);
		ps->pcp.count--;
	}
	count_alloc(preferred, zone, ps, 0, gfp);
out:
	local_irq_restore(flags);
	return page;
}

/* Any other order, from the buddy under the zone's lock. */
static __always_inline struct page *rmqueue_buddy(const struct zone *preferred, struct zone *zone,
						  unsigned int order, gfp_t gfp,
						  enum migratetype migratetype)
{
	struct page *page;
	unsigned long flags;

	WARN_ON_ONCE((gfp & __GFP_NOFAIL) && order > 1);
	spin_lock_irqsave(&zone->lock, flags);
	page = buddy_alloc(zone, order, migratetype);
	if (page) {
		__sub_free_pages(zone, 1L << order);
		count_alloc(preferred, zone, per_cpu_pageset_of(zone), order, gfp);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* A prepared page of this zone, whose watermark has been checked; NULL: it has none. */
static __always_inline struct page *rmqueue(const struct zone *preferred, struct zone *zone,
					    unsigned int order, gfp_t gfp,
					    enum migratetype migratetype)
{
	struct page *page;

	do {
		if (likely(order == 0))
			page = rmqueue_pcp(preferred, zone, gfp, migratetype);
		else
			page = rmqueue_buddy(preferred, zone, order, gfp, migratetype);
	} while (page && unlikely(!prep_new_page(page, order, gfp)));
	return page;
}

/* ---- Walking the zonelist -------------------------------------------------------------------- */

/* zone_reclaim_mode: take from this near zone what would be taken from a far one. */
static bool reclaimed_here(struct zone *zone, gfp_t gfp, unsigned int order, unsigned long mark,
			   int alloc_flags, const struct alloc_context *ac)
{
	if (!zone_reclaim_mode ||
	    node_distance(ac->preferred_zone->node, zone->node) >= RECLAIM_DISTANCE)
		return false;
	return zone_reclaim(zone, gfp, order) &&
	       zone_watermark_ok(zone, order, mark, ac->classzone_idx, alloc_flags);
}

static bool zone_usable(struct zone *zone, gfp_t gfp, unsigned int order, int alloc_flags,
			const struct alloc_context *ac)
{
	unsigned long mark = zone->watermark[alloc_flags & ALLOC_WMARK_MASK];

	if ((gfp & __GFP_WRITE) && (alloc_flags & ALLOC_WMARK_MASK) == ALLOC_WMARK_LOW &&
	    !zone_dirty_ok(zone))
		return false;
	return (alloc_flags & ALLOC_NO_WATERMARKS) ||
	       zone_watermark_ok(zone, order, mark, ac->classzone_idx, alloc_flags) ||
	       reclaimed_here(zone, gfp, order, mark, alloc_flags, ac);
}

struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, int alloc_flags,
				    const struct alloc_context *ac)
{
	bool zlc = false; /* the full-zone cache is in use: from the first failure to the end of pass 1 */
	struct page *page;
	struct zoneref *z;
	struct zone *zone;

	if (order >= MAX_ORDER)
		return NULL;
	for (int pass = 1; pass <= 2; pass++) {
		for_each_zone_zonelist_nodemask(zone, z, ac->zonelist, ac->high_zoneidx, ac->nodemask) {
			if (zlc && !zlc_zone_worth_trying(ac->zonelist, z))
				continue;
			if ((alloc_flags & ALLOC_CPUSET) && !cpuset_zone_allowed(zone, gfp))
				continue;
			if (zone_usable(zone, gfp, order, alloc_flags, ac)) {
				page = rmqueue(ac->preferred_zone, zone, order, gfp,
					       ac->migratetype);
				if (page) {
					if (alloc_flags & ALLOC_NO_WATERMARKS)
						SetPagePfMemalloc(page);
					return page;
				}
			}
			if (IS_ENABLED(CONFIG_NUMA) && nr_online_nodes > 1 && pass == 1) {
				if (!zlc)
					zlc_setup(ac->zonelist);
				zlc = true;
				zlc_mark_zone_full(ac->zonelist, z);
			}
		}
		if (!zlc)
			break;
		zlc = false;
	}
	return NULL;
}

void set_preferred_zone(struct alloc_context *ac, gfp_t gfp, bool use_cpuset)
{
	unsigned long nodes = ac->nodemask;
	struct zoneref *z;

	if (!nodes && use_cpuset && number_of_cpusets > 1 && !in_interrupt())
		nodes = current->mems_allowed;
	z = first_zones_zonelist(ac->zonelist, ac->high_zoneidx, nodes);
	ac->preferred_zone = z->zone;
	ac->classzone_idx = z->zone_idx;
}

static noinline bool injected(gfp_t gfp, unsigned int order)
{
	bool (*fail)(gfp_t gfp, unsigned int order) = READ_ONCE(fail_page_alloc);

	return fail && !(gfp & __GFP_NOFAIL) && fail(gfp, order);
}

/* Spec 4.1, F1 to F6. */
struct page *__alloc_pages_nodemask(gfp_t gfp, unsigned int order, struct zonelist *zonelist,
				    unsigned long nodemask)
{
	struct alloc_context ac = { .zonelist = zonelist, .nodemask = nodemask };
	struct page *page;
	int seq;

	gfp &= gfp_allowed_mask;
	ac.high_zoneidx = gfp_zone(gfp);
	ac.migratetype = allocflags_to_migratetype(gfp);
	if (IS_ENABLED(CONFIG_DEBUG) && (gfp & __GFP_WAIT))
		might_sleep();
	if (unlikely(alloc_special & ALLOC_SPECIAL_INJECT) && injected(gfp, order))
		return NULL;
	do {
		seq = atomic_read(&mems_allowed_seq);
		set_preferred_zone(&ac, gfp, true);
		if (!ac.preferred_zone)
			return NULL;
		page = get_page_from_freelist(gfp | __GFP_HARDWALL, order,
					      ALLOC_WMARK_LOW | ALLOC_CPUSET, &ac);
		if (unlikely(!page)) {
			if (current->flags & PF_MEMALLOC_NOIO)
				gfp &= ~(__GFP_IO | __GFP_FS);
			page = __alloc_pages_slowpath(gfp, order, &ac);
		}
	} while (unlikely(!page && seq != atomic_read(&mems_allowed_seq)));
	return page;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (nid < 0)
		nid = numa_node_id();
	return __alloc_pages_nodemask(gfp, order, node_zonelist(nid, gfp), 0);
}

struct page *alloc_pages_local(gfp_t gfp, unsigned int order)
{
	return alloc_pages_node(numa_node_id(), gfp, order);
}

struct page *finish_page(struct page *page, unsigned int order, gfp_t gfp)
{
	if (!prep_new_page(page, order, gfp))
		return alloc_pages_local(gfp, order);
	return page;
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page;

	BUG_ON(gfp & __GFP_HIGHMEM); /* such a page has no address */
	page = alloc_pages(gfp, order);
	return page ? (unsigned long)lowmem_page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

void split_page(struct page *page, unsigned int order)
{
	VM_BUG_ON_PAGE(PageCompound(page), page);
	VM_BUG_ON_PAGE(!page_count(page), page);
	for (unsigned long i = 1; i < 1UL << order; i++)
		set_page_count(page + i, 1);
	if (alloc_special & PAGE_DEBUG)
		page_debug_split(page, order);
}
