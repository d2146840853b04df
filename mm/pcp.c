/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU lists: each CPU keeps some single pages of each zone, so that most requests need no lock.
 *
 *	alloc <- head (hot) or tail (cold)     list[UNMOVABLE] [RECLAIMABLE] [MOVABLE]
 *	free  -> head (hot) or tail (cold)     empty: refill batch pages from the buddy
 *	                                       count >= high: batch pages from the tails to the buddy
 *
 * The lists are stacks (page_list.h): the first page's prev means nothing. A page's index is the type of
 * the buddy list it goes back to; RESERVE pages lie on the MOVABLE list meanwhile. Pages here are not free for
 * NR_FREE_PAGES.
 *
 *	b = managed / 1024, at most 128; b / 4, at least 1; largest power of two <= 1.5 b, minus 1
 *	high = 6 b, batch = max(1, b)          (high 0: every free goes through at once)
 *
 * Locks: the lists belong to their CPU with interrupts off; zone->lock for the way to and from the
 * buddy. Other CPUs' lists are reached by asking those CPUs (drain_all_pages).
 * Test: tests/host/test_threads.c. Linux later: orders up to 3 and a lock instead of interrupts off.
 */
#include "arch/cpu.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/zonelist.h"

int percpu_pagelist_fraction; /* [zone_setup_lock] */

struct page *pcp_refill(struct zone *zone, struct per_cpu_pages *pcp, enum migratetype migratetype,
			bool cold)
{
	struct page_list *list = &pcp->lists[migratetype];
	int got;

	spin_lock(&zone->lock);
	got = buddy_alloc_bulk(zone, migratetype, READ_ONCE(pcp->batch), list, cold);
	__sub_free_pages(zone, got);
	spin_unlock(&zone->lock);
	if (!got)
		return NULL;
	pcp->count += got - 1;
	return cold ? page_stack_pop_bottom(list) : page_stack_pop(list);
}

/* Frames that follow one another, of one type: back in the fewest blocks. */
static noinline void free_run(struct zone *zone, unsigned long pfn, unsigned long nr, enum migratetype type)
{
	do {
		unsigned int order = (unsigned int)min(__fls(nr), __ffs(pfn | 1UL << (MAX_ORDER - 1)));

		buddy_free(zone, pfn_to_page(pfn), pfn, order, type);
		pfn += 1UL << order;
		nr -= 1UL << order;
	} while (nr);
}

/* Up to nr pages from the bottom of list, which is not empty. => how many */
static int free_bottom(struct zone *zone, struct page_list *list, int nr)
{
	u32 first = list->first, pfn = list->last;
	u32 low = pfn, high = pfn; /* a run that is off the list */
	struct page *page = pfn_to_page(pfn);
	unsigned long type = page->index;
	int done = 1;

	for (; pfn != first && done < nr; done++) {
		pfn = page->prev;
		page = pfn_to_page(pfn);
		if (page->index == type && pfn == high + 1) {
			high = pfn;
		} else if (page->index == type && pfn == low - 1) {
			low = pfn;
		} else {
			free_run(zone, low, high - low + 1, (enum migratetype)type);
			low = high = pfn;
			type = page->index;
		}
	}
	if (pfn == first) {
		page_list_init(list);
	} else {
		list->last = page->prev;
		pfn_to_page(list->last)->next = PAGE_LIST_END;
	}
	free_run(zone, low, high - low + 1, (enum migratetype)type);
	return done;
}

void pcp_free_bulk(struct zone *zone, struct per_cpu_pages *pcp, int count)
{
	int type = 0, share = 0, left = count;

	spin_lock(&zone->lock);
	zone_clear_pages_scanned(zone);
	while (left) {
		int freed;

		/* lists in turn; the more of them are empty, the more a full one gives */
		do {
			share++;
			if (++type == MIGRATE_PCPTYPES)
				type = 0;
		} while (page_list_empty(&pcp->lists[type]));
		if (share == MIGRATE_PCPTYPES)
			share = left; /* the only one */
		freed = free_bottom(zone, &pcp->lists[type], min(share, left));
		left -= freed;
		share -= freed;
	}
	__add_free_pages(zone, count);
	spin_unlock(&zone->lock);
	pcp->count -= count;
}

/* ---- Drains ---------------------------------------------------------------------------------- */

/* => any context; runs on the CPU whose lists are to be emptied */
void drain_local_pages(void *unused)
{
	unsigned long flags;
	struct zone *zone;

	local_irq_save(flags);
	for_each_populated_zone(zone) {
		struct per_cpu_pages *pcp = &zone->pageset[smp_processor_id()].pcp;

		if (pcp->count)
			pcp_free_bulk(zone, pcp, pcp->count);
	}
	local_irq_restore(flags);
}

void drain_all_pages(void)
{
	cpumask_t mask = CPU_MASK_NONE;
	struct zone *zone;
	int cpu;

	for_each_populated_zone(zone)
		for_each_online_cpu(cpu)
			if (READ_ONCE(zone->pageset[cpu].pcp.count))
				mask |= CPU_MASK_CPU(cpu);
	drain_local_pages(NULL);
	smp_call_function_many(mask, drain_local_pages, NULL, true);
}

/* ---- Sizes ----------------------------------------------------------------------------------- */

int zone_batchsize(unsigned long managed)
{
	unsigned long batch = min(managed / 1024, 512 * 1024 / PAGE_SIZE) / 4;

	batch = max(batch, 1UL);
	/* not a power of two: blocks of one size would hit the same cache colours in every refill */
	return (int)rounddown_pow_of_two(batch + batch / 2) - 1;
}

static void set_high_and_batch(struct zone *zone, int high, int batch)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		WRITE_ONCE(zone->pageset[cpu].pcp.high, high);
		WRITE_ONCE(zone->pageset[cpu].pcp.batch, batch);
	}
}

void pageset_set_high_and_batch(struct zone *zone)
{
	if (percpu_pagelist_fraction) {
		int high = (int)(zone->managed_pages / (unsigned int)percpu_pagelist_fraction);

		set_high_and_batch(zone, high, clamp(high / 4, 1, 96));
	} else {
		int batch = zone_batchsize(zone->managed_pages);

		set_high_and_batch(zone, 6 * batch, max(batch, 1));
	}
}

void zone_pcp_init(struct zone *zone)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		struct per_cpu_pages *pcp = &zone->pageset[cpu].pcp;

		pcp->count = 0;
		for (int type = 0; type < MIGRATE_PCPTYPES; type++)
			page_list_init(&pcp->lists[type]);
	}
	pageset_set_high_and_batch(zone);
}

int percpu_pagelist_fraction_set(int fraction)
{
	struct zone *zone;

	if (fraction && fraction < 8)
		return -EINVAL;
	spin_lock(&zone_setup_lock);
	percpu_pagelist_fraction = fraction;
	for_each_populated_zone(zone)
		pageset_set_high_and_batch(zone);
	spin_unlock(&zone_setup_lock);
	return 0;
}
