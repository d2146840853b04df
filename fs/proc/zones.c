/* SPDX-License-Identifier: MIT */
/*
 * /proc/buddyinfo, zoneinfo, pagetypeinfo: the zones, their free blocks and their marks. Formats: spec 10.1.
 *
 * Free lists are counted under zone->lock into a local array; formatting happens after it is released.
 */
#include "arch/cpu.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/buddy.h"
#include "mm/vmscan.h"
#include "mm/vmstat.h"
#include "mm/zone.h"

static int buddyinfo_show(struct seq_file *m, void *data)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		unsigned int order;

		seq_printf(m, "Node %d, zone %8s ", zone_to_nid(zone), zone->name);
		for (order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", READ_ONCE(zone->free_area[order].nr_free));
		seq_putc(m, '\n');
	}
	return 0;
}

/* ---- zoneinfo ---- */

static void show_pagesets(struct seq_file *m, struct zone *zone)
{
	int cpu;

	seq_puts(m, "\n  pagesets");
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		const struct per_cpu_pageset *ps = &zone->pageset[cpu];

		if (!cpu_online(cpu))
			continue;
		seq_printf(m, "\n    cpu: %i\n              count: %i", cpu, ps->pcp.count);
		seq_printf(m, "\n              high:  %i\n              batch: %i", ps->pcp.high, ps->pcp.batch);
		seq_printf(m, "\n  vm stats threshold: %d", ps->stat_threshold);
	}
}

static int zoneinfo_show(struct seq_file *m, void *data)
{
	struct zone *zone;
	int i;

	for_each_populated_zone(zone) {
		seq_printf(m, "Node %d, zone %8s", zone_to_nid(zone), zone->name);
		seq_printf(m, "\n  pages free     %lu", zone_page_state(zone, NR_FREE_PAGES));
		seq_printf(m, "\n        min      %lu\n        low      %lu\n        high     %lu",
			   min_wmark_pages(zone), low_wmark_pages(zone), high_wmark_pages(zone));
		seq_printf(m, "\n        scanned  %lu\n        spanned  %lu", READ_ONCE(zone->pages_scanned),
			   zone->spanned_pages);
		seq_printf(m, "\n        present  %lu\n        managed  %lu", zone->present_pages,
			   zone->managed_pages);
		for (i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
			seq_printf(m, "\n    %-12s %lu", vmstat_text[i], zone_page_state(zone, i));
		seq_printf(m, "\n        protection: (%lu", zone->lowmem_reserve[0]);
		for (i = 1; i < MAX_NR_ZONES; i++)
			seq_printf(m, ", %lu", zone->lowmem_reserve[i]);
		seq_putc(m, ')');
		show_pagesets(m, zone);
		seq_printf(m, "\n  all_unreclaimable: %u\n  start_pfn:         %lu\n  inactive_ratio:    %u\n",
			   !zone_reclaimable(zone), zone->zone_start_pfn, zone->inactive_ratio);
	}
	return 0;
}

/* ---- pagetypeinfo ---- */

static unsigned long list_length(const struct page_list *list)
{
	unsigned long n = 0;
	const struct page *page;

	for (page = page_list_first(list); page; page = page_list_next(page))
		n++;
	return n;
}

static void show_free_lists(struct seq_file *m, struct zone *zone)
{
	unsigned long count[MIGRATE_TYPES][MAX_ORDER] = { { 0 } };
	unsigned int order, type;
	unsigned long flags;

	spin_lock_irqsave(&zone->lock, flags);
	for (order = 0; order < MAX_ORDER; order++)
		for (type = 0; type < MIGRATE_TYPES; type++)
			count[type][order] = list_length(&zone->free_area[order].free_list[type]);
	spin_unlock_irqrestore(&zone->lock, flags);
	for (type = 0; type < MIGRATE_TYPES; type++) {
		seq_printf(m, "Node %4d, zone %8s, type %12s ", zone_to_nid(zone), zone->name,
			   migratetype_names[type]);
		for (order = 0; order < MAX_ORDER; order++)
			seq_printf(m, "%6lu ", count[type][order]);
		seq_putc(m, '\n');
	}
}

static void show_blocks(struct seq_file *m, struct zone *zone)
{
	unsigned long count[MIGRATE_TYPES] = { 0 }, pfn;
	unsigned int type;

	for (pfn = round_down(zone->zone_start_pfn, pageblock_nr_pages); pfn < zone_end_pfn(zone);
	     pfn += pageblock_nr_pages) {
		unsigned long probe = max(pfn, zone->zone_start_pfn);

		if (!pfn_valid(probe) || page_zone(pfn_to_page(probe)) != zone)
			continue;
		type = get_pageblock_migratetype(zone, probe);
		if (type < MIGRATE_TYPES)
			count[type]++;
	}
	seq_printf(m, "Node %d, zone %8s ", zone_to_nid(zone), zone->name);
	for (type = 0; type < MIGRATE_TYPES; type++)
		seq_printf(m, "%12lu ", count[type]);
	seq_putc(m, '\n');
}

static int pagetypeinfo_show(struct seq_file *m, void *data)
{
	struct zone *zone;
	unsigned int i;

	seq_printf(m, "Page block order: %d\nPages per block:  %lu\n\n", pageblock_order, pageblock_nr_pages);
	seq_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (i = 0; i < MAX_ORDER; i++)
		seq_printf(m, "%6d ", i);
	seq_putc(m, '\n');
	for_each_populated_zone(zone)
		show_free_lists(m, zone);
	seq_printf(m, "\n%-23s", "Number of blocks type ");
	for (i = 0; i < MIGRATE_TYPES; i++)
		seq_printf(m, "%12s ", migratetype_names[i]);
	seq_putc(m, '\n');
	for_each_populated_zone(zone)
		show_blocks(m, zone);
	return 0;
}

static struct proc_entry entries[] = {
	PROC_SHOW("buddyinfo", 0444, buddyinfo_show),
	PROC_SHOW("zoneinfo", 0444, zoneinfo_show),
	PROC_SHOW("pagetypeinfo", 0400, pagetypeinfo_show),
};

void proc_zones_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(entries); i++)
		proc_add(NULL, &entries[i]);
}
