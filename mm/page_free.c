/* SPDX-License-Identifier: MIT */
/*
 * __free_pages: last reference --> state check --> pageblock's type --> this CPU's list, or the buddy.
 *
 *	order 0    __free_hot_cold_page: the list of its type; too long: a batch to the buddy (pcp.c)
 *	larger     free_block: free_one_page (buddy.c)
 *	unusual    free_special_*: anonymous, compound, in a bad state, or watched by the debugging hooks
 *
 * Invariants: a page coming back has _refcount 0, no mapping, none of PAGE_FLAGS_CHECK_AT_FREE (spec 3.6), or it is
 * reported and never used again. Frames of an isolated pageblock go to the buddy at once: what lies on a
 * per-CPU list is allocated from.
 * Locks: interrupts off for the per-CPU lists; zone->lock in buddy.c. Any context may free.
 * Read next: pcp.c. Test: tests/host/test_page_alloc.c, tests/host/test_threads.c.
 */
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/page_debug.h"

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

static __always_inline void free_block_of_type(struct zone *zone, struct page *page, unsigned long pfn,
					       unsigned int order, enum migratetype migratetype)
{
	count_vm_events(PGFREE, 1UL << order);
	free_one_page(zone, page, pfn, order, migratetype);
}

/* A single frame of an isolated pageblock must not go to a list that is allocated from. */
static noinline void free_isolated_page(struct zone *zone, struct page *page)
{
	free_block_of_type(zone, page, page_to_pfn(page), 0, MIGRATE_ISOLATE);
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

	OPTIMIZER_HIDE_VAR(type);
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
	unsigned long flags;

	local_irq_save(flags);
	for (int i = 0; i < nr; i++) {
		struct page *page = pages[i];
		struct per_cpu_pages *full;
		struct zone *zone;
		unsigned long type;

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

/* A block that has passed its checks: to its pageblock's list. */
static __always_inline void buddy_put(struct page *page, unsigned int order)
{
	struct zone *zone = page_zone(page);
	unsigned long pfn = page_to_pfn(page);

	free_block_of_type(zone, page, pfn, order, get_pageblock_migratetype(zone, pfn));
}

static noinline void free_special_block(struct page *page, unsigned int order)
{
	if (free_pages_prepare(page, order))
		buddy_put(page, order);
}

static noinline void free_block(struct page *page, unsigned int order)
{
	if (unlikely(IS_ENABLED(CONFIG_DEBUG) ||
		     (page_state_word(page, PAGE_FLAGS_CHECK_AT_FREE | 1UL << PG_head) | alloc_special))) {
		free_special_block(page, order);
		return;
	}
	if (page->flags & PAGE_FLAGS_CHECK_AT_PREP)
		page->flags &= ~PAGE_FLAGS_CHECK_AT_PREP;
	buddy_put(page, order);
}

void free_pages_ok(struct page *page, unsigned int order)
{
	if (order == 0)
		__free_hot_cold_page(page, false);
	else
		free_block(page, order);
}

noinline void __free_pages(struct page *page, unsigned int order)
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
