/* SPDX-License-Identifier: MIT */
/*
 * alloc_pages, the fast path: gfp flags -> zonelist -> watermark -> page; and the way back.
 *
 *	alloc_pages: order 0, nothing special, first zone above its low mark --> this CPU's list
 *	  | no, or the list is empty
 *	alloc_pages_other: first zone above its low mark --> this CPU's list, refilled, or the buddy
 *	  | no, or it was empty
 *	alloc_pages_general: get_page_from_freelist, every zone of the list
 *	  | no
 *	__alloc_pages_slowpath: kswapd, reserves, reclaim, compaction, the killer (slowpath.c)
 *
 *	__free_pages: last reference --> state check --> this CPU's list or the buddy
 *
 * alloc_pages itself runs millions of times: no loop, no lock, no call, interrupts off once, everything
 * on one or two cache lines of the zone. What it does the other stages do again, in the same order, with the
 * unusual cases added; so reading alloc_pages_general first is no mistake.
 *
 * Invariants: a page handed out has _refcount 1, no mapping, none of PAGE_FLAGS_CHECK_AT_PREP; a page
 * coming back has _refcount 0 and the same (spec 3.6), or it is reported and never used again.
 * Locks: none held by callers that an interrupt handler takes. Read next: slowpath.c.
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

/* The whole of spec 4.1, F1 to F6, once the first zone of the list has not been enough. */
static noinline struct page *alloc_pages_general(gfp_t gfp, unsigned int order,
						 struct zonelist *zonelist, unsigned long nodemask)
{
	struct alloc_context ac = {
		.zonelist = zonelist,
		.nodemask = nodemask,
		.high_zoneidx = gfp_zone(gfp),
		.migratetype = allocflags_to_migratetype(gfp),
	};
	struct page *page;
	int seq;

	do {
		seq = atomic_read(&mems_allowed_seq);
		set_preferred_zone(&ac, gfp, true);
		if (!ac.preferred_zone)
			return NULL;
		page = get_page_from_freelist(gfp | __GFP_HARDWALL, order,
					      ALLOC_WMARK_LOW | ALLOC_CPUSET, &ac);
		if (!page) {
			if (current->flags & PF_MEMALLOC_NOIO)
				gfp &= ~(__GFP_IO | __GFP_FS);
			page = __alloc_pages_slowpath(gfp, order, &ac);
		}
	} while (!page && unlikely(seq != atomic_read(&mems_allowed_seq)));
	return page;
}

static noinline bool injected(gfp_t gfp, unsigned int order)
{
	bool (*fail)(gfp_t gfp, unsigned int order) = READ_ONCE(fail_page_alloc);

	return fail && !(gfp & __GFP_NOFAIL) && fail(gfp, order);
}

/* The second stage: any order, any flags, but only the first zone of the list. */
static noinline struct page *alloc_pages_other(gfp_t gfp, unsigned int order,
					       struct zonelist *zonelist)
{
	enum migratetype migratetype;
	struct page *page;
	struct zoneref *z;

	gfp &= gfp_allowed_mask;
	if (IS_ENABLED(CONFIG_DEBUG) && (gfp & __GFP_WAIT))
		might_sleep();
	if (unlikely(alloc_special & ALLOC_SPECIAL_INJECT) && injected(gfp, order))
		return NULL;
	migratetype = allocflags_to_migratetype(gfp);
	z = first_zones_zonelist(zonelist, gfp_zone(gfp), 0);
	if (unlikely(!z->zone))
		return NULL;
	if (likely(order < MAX_ORDER && !(gfp & __GFP_WRITE) && number_of_cpusets <= 1 &&
		   zone_watermark_ok(z->zone, order, low_wmark_pages(z->zone), z->zone_idx, 0))) {
		page = rmqueue(z->zone, z->zone, order, gfp, migratetype);
		if (likely(page))
			return page;
	}
	return alloc_pages_general(gfp, order, zonelist, 0);
}

static noinline struct page *alloc_pages_local(gfp_t gfp, unsigned int order)
{
	return alloc_pages_other(gfp, order, node_zonelist(numa_node_id(), gfp));
}

/* The short cut's page was in a bad state or must be zeroed. */
static noinline struct page *finish_page(struct page *page, unsigned int order, gfp_t gfp)
{
	if (!prep_new_page(page, order, gfp))
		return alloc_pages_local(gfp, order);
	return page;
}

/*
 * What the low four bits of gfp and __GFP_RECLAIMABLE (as bit 4) choose: zone in bits 0-1, migratetype in
 * bits 2-3. Illegal combinations choose ZONE_MOVABLE, which no node offers as its first zone.
 */
#define N(type) (ZONE_NORMAL | MIGRATE_##type << 2)
#define D(type) (ZONE_DMA | MIGRATE_##type << 2)
#define H(type) (ZONE_HIGHMEM | MIGRATE_##type << 2)
#define BAD	ZONE_MOVABLE
static const u8 gfp_choice[32] = {
	N(UNMOVABLE), D(UNMOVABLE), H(UNMOVABLE), BAD, N(UNMOVABLE), BAD, BAD, BAD,
	N(MOVABLE), D(MOVABLE), H(MOVABLE), BAD, N(MOVABLE), BAD, BAD, BAD,
	N(RECLAIMABLE), D(RECLAIMABLE), H(RECLAIMABLE), BAD, N(RECLAIMABLE), BAD, BAD, BAD,
	BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* movable and reclaimable */
};
#undef N
#undef D
#undef H
#undef BAD

/* Flags that need the second stage. */
#define GFP_NOT_SHORT (__GFP_THISNODE | __GFP_WRITE | __GFP_COLD | __GFP_OTHER_NODE)

/* The check of zone_watermark_ok() at the low mark for a zone's own class, without any flags. */
static __always_inline bool low_watermark_ok(const struct zone *zone, unsigned int order)
{
	long min = (long)low_wmark_pages(zone);
	long free = atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]) - ((1L << order) - 1);

	if (free <= min + (long)zone->lowmem_reserve[zone->index])
		return false;
	for (unsigned int o = 0; o < order; o++) {
		free -= (long)(READ_ONCE(zone->free_area[o].nr_free) << o);
		min >>= 1;
		if (free <= min)
			return false;
	}
	return true;
}

/* The short cut for larger blocks, from this node's zone. */
static noinline struct page *alloc_block(gfp_t gfp, unsigned int order, struct zone *zone,
					 enum migratetype migratetype)
{
	struct page *page;
	unsigned long flags;

	if (order >= MAX_ORDER || (gfp & (__GFP_NOFAIL | __GFP_COMP | __GFP_ZERO)) ||
	    !low_watermark_ok(zone, order))
		return alloc_pages_local(gfp, order);
	spin_lock_irqsave(&zone->lock, flags);
	page = buddy_alloc(zone, order, migratetype);
	if (unlikely(!page)) {
		spin_unlock_irqrestore(&zone->lock, flags);
		return alloc_pages_local(gfp, order);
	}
	__sub_free_pages(zone, 1L << order);
	count_vm_zone_events(PGALLOC, zone, 1UL << order);
	if (IS_ENABLED(CONFIG_NUMA))
		per_cpu_pageset_of(zone)->numa_event[NUMA_HIT_LOCAL]++;
	spin_unlock_irqrestore(&zone->lock, flags);
	if (unlikely(IS_ENABLED(CONFIG_DEBUG) || page_state_bad(page, PAGE_FLAGS_CHECK_AT_PREP)))
		return finish_page(page, order, gfp);
	set_page_count(page, 1); /* private is 0: the buddy saw to that */
	return page;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	gfp_t allowed = gfp & gfp_allowed_mask;
	unsigned int choice = gfp_choice[(allowed & 0xf) | (allowed >> 15 & 0x10)], idx;
	struct per_cpu_pageset *ps;
	struct page_list *list;
	struct page *page;
	struct zone *zone;
	unsigned long flags;

	if (IS_ENABLED(CONFIG_DEBUG) && (allowed & __GFP_WAIT))
		might_sleep();
	if (unlikely((allowed & GFP_NOT_SHORT) | alloc_special))
		return alloc_pages_local(gfp, order);
	zone = this_cpu_read(local_pgdat)->first_zone[choice & 3];
	if (unlikely(!zone))
		return alloc_pages_local(gfp, order);
	if (order)
		return alloc_block(allowed, order, zone, (enum migratetype)(choice >> 2));
	idx = zone->index;
	if (unlikely(atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]) <=
		     (long)(low_wmark_pages(zone) + zone->lowmem_reserve[idx])))
		return alloc_pages_local(gfp, order);

	local_irq_save(flags);
	ps = per_cpu_pageset_of(zone);
	list = &ps->pcp.lists[choice >> 2];
	if (unlikely(page_list_empty(list))) {
		local_irq_restore(flags);
		return alloc_pages_local(gfp, order);
	}
	page = page_stack_pop(list);
	ps->pcp.count--;
	count_vm_events((enum vm_event_item)(PGALLOC_DMA + idx), 1);
	if (IS_ENABLED(CONFIG_NUMA))
		ps->numa_event[NUMA_HIT_LOCAL]++;
	local_irq_restore(flags);

	if (unlikely(page_state_word(page, PAGE_FLAGS_CHECK_AT_PREP) | (allowed & __GFP_ZERO)))
		return finish_page(page, 0, allowed);
	page->private = 0;
	set_page_count(page, 1);
	return page;
}

struct page *alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
{
	if (nid < 0)
		nid = numa_node_id();
	return alloc_pages_other(gfp, order, node_zonelist(nid, gfp));
}

struct page *alloc_pages_nodemask(gfp_t gfp, unsigned int order, struct zonelist *zonelist,
				  unsigned long nodemask)
{
	gfp &= gfp_allowed_mask;
	if (unlikely(alloc_special & ALLOC_SPECIAL_INJECT) && injected(gfp, order))
		return NULL;
	return alloc_pages_general(gfp, order, zonelist, nodemask);
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

/* ---- Freeing --------------------------------------------------------------------------------- */

static noinline void destroy_compound_page(struct page *page, unsigned int order)
{
	WARN_ON(compound_order(page) != order);
	__ClearPageHead(page);
	for (unsigned long i = 1; i < 1UL << order; i++) {
		__ClearPageTail(page + i);
		page[i].private = 0;
		page[i].index = 0;
	}
}

static __always_inline void free_block_of_type(struct zone *zone, struct page *page, unsigned int order,
					       enum migratetype migratetype)
{
	count_vm_events(PGFREE, 1UL << order);
	free_one_page(zone, page, order, migratetype);
}

/* A single frame of an isolated pageblock must not go to a list that is allocated from. */
static noinline void free_isolated_page(struct zone *zone, struct page *page)
{
	free_block_of_type(zone, page, 0, MIGRATE_ISOLATE);
}

static bool check_free_page(struct page *page)
{
	if (unlikely(page_state_bad(page, PAGE_FLAGS_CHECK_AT_FREE))) {
		bad_page(page, PAGE_FLAGS_CHECK_AT_FREE);
		return false;
	}
	if (page->flags & PAGE_FLAGS_CHECK_AT_PREP)
		page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP;
	return true;
}

/* => false: in a bad state, must not be freed */
static bool free_pages_prepare(struct page *page, unsigned int order)
{
	if (order && PageHead(page))
		destroy_compound_page(page, order);
	if (PageAnon(page))
		page->mapping = NULL;
	if (!check_free_page(page))
		return false;
	if (IS_ENABLED(CONFIG_DEBUG))
		for (unsigned long i = 1; i < 1UL << order; i++)
			if (!check_free_page(page + i))
				return false;
	if (unlikely(alloc_special & PAGE_DEBUG))
		page_debug_free(page, order);
	return true;
}

/* The list has become too long: a batch goes to the buddy. => interrupts off; flags are restored */
static noinline void pcp_overflow(struct zone *zone, struct per_cpu_pages *pcp, unsigned long flags)
{
	pcp_free_bulk(zone, pcp, min(pcp->batch, pcp->count));
	local_irq_restore(flags);
}

/* => interrupts off. NULL, or the lists: they have become too long */
static __always_inline struct per_cpu_pages *pcp_put(struct zone *zone, struct page *page,
						     unsigned long type, bool cold)
{
	struct per_cpu_pages *pcp = &per_cpu_pageset_of(zone)->pcp;
	u32 pfn = (u32)page_to_pfn(page);

	count_vm_event(PGFREE);
	if (cold)
		__page_list_add_tail(page, pfn, &pcp->lists[type]);
	else
		page_stack_push(page, pfn, &pcp->lists[type]);
	return unlikely(++pcp->count >= pcp->high) ? pcp : NULL;
}

/*
 * The list of a page that has passed its checks: its pageblock's type, which the page remembers.
 * => MIGRATE_PCPTYPES: none, the page has gone to the buddy
 */
static __always_inline unsigned long pcp_type(struct zone *zone, struct page *page)
{
	unsigned long type = get_pageblock_migratetype(zone, page_to_pfn(page));

	page->index = type;
	if (likely(type < MIGRATE_PCPTYPES))
		return type;
	if (is_migrate_isolate(type)) {
		free_isolated_page(zone, page);
		return MIGRATE_PCPTYPES;
	}
	return MIGRATE_MOVABLE; /* RESERVE: goes back there from the list's end */
}

static __always_inline void pcp_free(struct page *page, bool cold)
{
	struct zone *zone = page_zone(page);
	unsigned long type = pcp_type(zone, page), flags;
	struct per_cpu_pages *full;

	if (unlikely(type == MIGRATE_PCPTYPES))
		return;
	local_irq_save(flags);
	full = pcp_put(zone, page, type, cold);
	if (full)
		pcp_overflow(zone, full, flags);
	else
		local_irq_restore(flags);
}

/* The unusual page: anonymous, in a bad state, or watched by the debugging hooks. */
static noinline void free_special_page(struct page *page, bool cold)
{
	if (!free_pages_prepare(page, 0))
		return;
	if (cold)
		pcp_free(page, true);
	else
		pcp_free(page, false);
}

static __always_inline void __free_hot_cold_page(struct page *page, bool cold)
{
	if (unlikely(page_state_word(page, PAGE_FLAGS_CHECK_AT_FREE) | alloc_special)) {
		free_special_page(page, cold);
		return;
	}
	if (page->flags & PAGE_FLAGS_CHECK_AT_PREP)
		page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP;
	pcp_free(page, cold);
}

void free_hot_cold_page(struct page *page, bool cold)
{
	if (cold)
		__free_hot_cold_page(page, true);
	else
		__free_hot_cold_page(page, false);
}

/* Interrupts come through whenever a batch has gone to the buddy. */
void free_hot_pages(struct page **pages, int nr)
{
	unsigned long flags, type;

	local_irq_save(flags);
	for (int i = 0; i < nr; i++) {
		struct page *page = pages[i];
		struct per_cpu_pages *full;
		struct zone *zone;

		if (unlikely(page_state_word(page, PAGE_FLAGS_CHECK_AT_FREE) | alloc_special)) {
			local_irq_restore(flags);
			free_special_page(page, false);
			local_irq_save(flags);
			continue;
		}
		page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP;
		zone = page_zone(page);
		type = pcp_type(zone, page);
		if (unlikely(type == MIGRATE_PCPTYPES))
			continue;
		full = pcp_put(zone, page, type, false);
		if (full) {
			pcp_overflow(zone, full, flags);
			local_irq_save(flags);
		}
	}
	local_irq_restore(flags);
}

void free_hot_cold_page_list(struct page_list *list, bool cold)
{
	struct page *page;

	while ((page = page_list_pop(list)) != NULL)
		free_hot_cold_page(page, cold);
}

static noinline void free_special_block(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);

	if (free_pages_prepare(page, order))
		free_block_of_type(zone, page, order,
				   get_pageblock_migratetype(zone, page_to_pfn(page)));
}

static noinline void free_block(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);

	if (unlikely(IS_ENABLED(CONFIG_DEBUG) ||
		     (page_state_word(page, PAGE_FLAGS_CHECK_AT_FREE | 1UL << PG_head) |
		      alloc_special))) {
		free_special_block(page, order);
		return;
	}
	if (page->flags & PAGE_FLAGS_CHECK_AT_PREP)
		page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP;
	free_block_of_type(zone, page, order, get_pageblock_migratetype(zone, page_to_pfn(page)));
}

void free_pages_ok(struct page *page, unsigned int order)
{
	if (order == 0)
		__free_hot_cold_page(page, false);
	else
		free_block(page, order);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (!put_page_testzero(page))
		return;
	if (likely(order == 0))
		__free_hot_cold_page(page, false);
	else
		free_block(page, order);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)addr), order);
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
