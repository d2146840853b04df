/* SPDX-License-Identifier: MIT */
/*
 * The buddy's invariants (spec 3.1), checked one by one: for tests, and for a debug build that wants to know.
 *
 *	lists   every block: marked, of its list's order and type, aligned, in its zone, unused; lengths = nr_free
 *	merge   no free block below order 10 has a free buddy of its own order (but isolated pageblocks)
 *	sums    NR_FREE_PAGES + differentials = sum of nr_free << order; per-CPU counts = lengths of their lists
 *
 * => takes zone->lock for the whole walk; other CPUs must not touch their per-CPU lists meanwhile.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/buddy.h"
#include "mm/internal.h"

static int complain(const struct zone *zone, const char *what, unsigned long a, unsigned long b)
{
	pr_err("buddy_check: node %d zone %s: %s (%lu, %lu)\n", zone->node, zone->name, what, a, b);
	return 1;
}

static int check_merge(const struct zone *zone, const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page), other = buddy_pfn(pfn, order);
	const struct page *buddy = pfn_to_page(other);

	if (order == MAX_ORDER - 1 || !pfn_valid(other) || page_zone(buddy) != zone)
		return 0;
	if (!PageBuddy(buddy) || page_order(buddy) != order)
		return 0;
	if (order >= pageblock_order && (is_migrate_isolate(get_pageblock_migratetype(zone, pfn)) !=
					 is_migrate_isolate(get_pageblock_migratetype(zone, other))))
		return 0;
	return complain(zone, "two free buddies were not united", pfn, order);
}

static int check_block(const struct zone *zone, const struct page *page, unsigned int order,
		       unsigned int type)
{
	unsigned long pfn = page_to_pfn(page);

	if (!pfn_valid(pfn) || page_zone(page) != zone || pfn < zone->zone_start_pfn ||
	    pfn + (1UL << order) > zone_end_pfn(zone))
		return complain(zone, "a block lies outside its zone", pfn, order);
	if (!PageBuddy(page) || page_count(page))
		return complain(zone, "a block is not marked free", pfn, order);
	if (page_order(page) != order || page->index != type)
		return complain(zone, "a block is on the wrong list", pfn, page_order(page));
	if (pfn & ((1UL << order) - 1))
		return complain(zone, "a block is not aligned", pfn, order);
	for (unsigned long i = 1; i < 1UL << order; i++)
		if (page_counts(page + i) != COUNTS_UNUSED)
			return complain(zone, "a frame inside a free block is in use", pfn + i, order);
	return check_merge(zone, page, order);
}

static int check_lists(const struct zone *zone, unsigned long *free)
{
	int errors = 0;

	*free = 0;
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		const struct free_area *area = &zone->free_area[order];
		unsigned long nr = 0;

		for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
			const struct page *page, *prev = NULL;

			page_list_for_each(page, &area->free_list[type]) {
				if (page_list_prev(page) != prev)
					errors += complain(zone, "a list's links disagree",
							   page_to_pfn(page), order);
				errors += check_block(zone, page, order, type);
				prev = page;
				if (++nr > area->nr_free)
					break; /* perhaps a circle */
			}
		}
		if (nr != area->nr_free)
			errors += complain(zone, "nr_free is not the number of blocks", nr,
					   area->nr_free);
		*free += area->nr_free << order;
	}
	return errors;
}

static int check_pcp(const struct zone *zone, const struct per_cpu_pages *pcp)
{
	int errors = 0, count = 0;

	for (int type = 0; type < MIGRATE_PCPTYPES; type++) {
		const struct page *page;

		page_list_for_each(page, &pcp->lists[type]) {
			if (page_zone(page) != zone || page_counts(page) != COUNTS_UNUSED)
				errors += complain(zone, "a per-CPU page is in use",
						   page_to_pfn(page), (unsigned long)type);
			if (++count > pcp->count)
				break;
		}
	}
	if (count != pcp->count)
		errors += complain(zone, "a per-CPU list's count is wrong", (unsigned long)count,
				   (unsigned long)pcp->count);
	if (pcp->high && pcp->count > pcp->high + pcp->batch)
		errors += complain(zone, "a per-CPU list is too long", (unsigned long)pcp->count,
				   (unsigned long)pcp->high);
	return errors;
}

int buddy_check_zone(struct zone *zone)
{
	unsigned long flags, free, counted;
	int errors;

	if (!populated_zone(zone))
		return 0;
	spin_lock_irqsave(&zone->lock, flags);
	errors = check_lists(zone, &free);
	counted = zone_page_state_snapshot(zone, NR_FREE_PAGES);
	if (counted != free)
		errors += complain(zone, "NR_FREE_PAGES is not the sum of the lists", counted, free);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		errors += check_pcp(zone, &zone->pageset[cpu].pcp);
	spin_unlock_irqrestore(&zone->lock, flags);
	return errors;
}

int buddy_check_all(void)
{
	struct zone *zone;
	int errors = 0;

	for_each_populated_zone(zone)
		errors += buddy_check_zone(zone);
	return errors;
}
