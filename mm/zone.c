/* SPDX-License-Identifier: MIT */
/*
 * Nodes and zones come to be: memblock's ranges are cut at the zone limits, counted, and at last handed to
 * the buddy.
 *
 *	memblock   |..hole..|-------------- RAM of node 0 --------------|--- RAM of node 1 ---|
 *	limits              |      16M                     max_low_pfn  |                     |
 *	zones               |-DMA--|--------- Normal ------|- HighMem --|------ HighMem ------|
 *
 *	spanned = last - first + 1     present = spanned - holes     managed = what mem_init() freed
 *
 * Order: zones_init() (zones, descriptors, zonelists) - mem_init() (free memory to the buddy) -
 * init_per_zone_wmark_min() (marks and reserves, from managed). All on one CPU without locks; afterwards
 * everything here is read-only but managed_pages.
 *
 * Linux beyond this: ZONE_DMA32, ZONE_MOVABLE from kernelcore=, memory hot-plug.
 * Read next: memmap.c, zonelist.c, watermark.c, buddy.c. Test: tests/host/test_zone.c.
 */
#include "mm/zone.h"
#include "arch/cpu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/memblock.h"
#include "mm/page_debug.h"
#include "mm/zone_setup.h"

static struct pglist_data pgdat_storage[MAX_NUMNODES];

struct pglist_data *node_data[MAX_NUMNODES];
struct zone *zone_table[MAX_NR_ZONES << NODES_WIDTH];
unsigned long node_online_map;
unsigned long zone_limit_pfn[MAX_NR_ZONES];
unsigned long totalram_pages, totalhigh_pages;
DEFINE_PER_CPU(struct pglist_data *, local_pgdat);
DEFINE_PER_CPU(unsigned long, pageset_offset);
int nr_node_ids = 1;
int nr_online_nodes = 1;
u8 cpu_to_node_map[NR_CPUS];
bool page_group_by_mobility_disabled;

const char *const zone_names[MAX_NR_ZONES] = { "DMA", "Normal", "HighMem", "Movable" };
const char *const migratetype_names[MIGRATE_TYPES] = { "Unmovable", "Reclaimable", "Movable",
						       "Reserve", "Isolate" };

struct zone *first_zone(void)
{
	return node_data[0] ? &node_data[0]->node_zones[0] : NULL;
}

struct zone *next_zone(struct zone *zone)
{
	int nid = zone->node;

	if (zone->index < MAX_NR_ZONES - 1)
		return zone + 1;
	while (++nid < MAX_NUMNODES)
		if (node_data[nid])
			return &node_data[nid]->node_zones[0];
	return NULL;
}

enum zone_type zone_of_pfn(unsigned long pfn)
{
	if (pfn < zone_limit_pfn[ZONE_DMA])
		return ZONE_DMA;
	return pfn < zone_limit_pfn[ZONE_NORMAL] ? ZONE_NORMAL : ZONE_HIGHMEM;
}

/* First frame that zone idx may have. */
static unsigned long zone_lower_pfn(enum zone_type idx)
{
	return idx == ZONE_DMA ? 0 : zone_limit_pfn[idx - 1];
}

void zone_init_empty(struct zone *zone, struct pglist_data *pgdat, enum zone_type idx)
{
	memset(zone, 0, sizeof(*zone));
	zone->zone_pgdat = pgdat;
	zone->node = pgdat->node_id;
	zone->index = idx;
	zone->name = zone_names[idx];
	zone->inactive_ratio = 1;
	spin_lock_init(&zone->lock, LOCK_RANK_ZONE);
	spin_lock_init(&zone->lru_lock, LOCK_RANK_LRU);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		zone->pageset[cpu].pcp.batch = 1;
	zone_table[(unsigned int)idx << NODES_WIDTH | (unsigned int)pgdat->node_id] = zone;
}

/* Frames of node nid's memory inside [lo, hi): how many, the first and one above the last. */
static unsigned long count_present(int nid, unsigned long lo, unsigned long hi,
				   unsigned long *first, unsigned long *end)
{
	const struct mem_range *r;
	unsigned long present = 0;

	*first = *end = lo;
	for_each_range(r, &memblock_memory) {
		unsigned long s = max((unsigned long)(r->start >> PAGE_SHIFT), lo);
		unsigned long e = min((unsigned long)(r->end >> PAGE_SHIFT), hi);

		if ((int)r->tag != nid || s >= e)
			continue;
		if (!present)
			*first = s;
		*end = e;
		present += e - s;
	}
	return present;
}

static void pageblock_flags_init(struct zone *zone)
{
	unsigned long first = zone->zone_start_pfn >> pageblock_order, blocks;
	u8 *flags;

	if (!zone->spanned_pages)
		return;
	blocks = ((zone_end_pfn(zone) - 1) >> pageblock_order) - first + 1;
	flags = memblock_alloc_node(blocks, 64, zone->node);
	memset(flags, MIGRATE_MOVABLE, blocks);
	zone->pageblock_flags = flags - first; /* indexed without subtracting */
}

static void node_init(int nid)
{
	struct pglist_data *pgdat = &pgdat_storage[nid];
	unsigned long end;

	memset(pgdat, 0, sizeof(*pgdat));
	pgdat->node_id = nid;
	init_waitqueue_head(&pgdat->kswapd_wait);
	init_waitqueue_head(&pgdat->pfmemalloc_wait);
	node_data[nid] = pgdat;
	node_online_map |= 1UL << nid;
	pgdat->node_present_pages = count_present(nid, 0, ~0UL, &pgdat->node_start_pfn, &end);
	pgdat->node_spanned_pages = end - pgdat->node_start_pfn;
	for (enum zone_type idx = ZONE_DMA; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &pgdat->node_zones[idx];

		zone_init_empty(zone, pgdat, idx);
		if (idx == ZONE_MOVABLE)
			continue;
		zone->present_pages = count_present(nid, zone_lower_pfn(idx), zone_limit_pfn[idx],
						    &zone->zone_start_pfn, &end);
		zone->spanned_pages = end - zone->zone_start_pfn;
		pageblock_flags_init(zone);
		if (populated_zone(zone))
			pgdat->classzone_idx = idx;
	}
}

void zones_init(void)
{
	node_online_map = 0;
	totalram_pages = totalhigh_pages = 0;
	memset(zone_table, 0, sizeof(zone_table));
	memset(node_data, 0, sizeof(node_data));
	zone_limit_pfn[ZONE_DMA] = min(max_dma_pfn, max_low_pfn);
	zone_limit_pfn[ZONE_NORMAL] = max_low_pfn;
	zone_limit_pfn[ZONE_HIGHMEM] = zone_limit_pfn[ZONE_MOVABLE] = max(max_pfn, max_low_pfn);
	for (int nid = 0; nid < nr_node_ids; nid++)
		node_init(nid);
	nr_online_nodes = nr_node_ids;
	vm_stat_reset();
	memmap_init();
	page_owner_init();
	build_all_zonelists();
	for (int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		per_cpu(local_pgdat, cpu) =
			NODE_DATA(IS_ENABLED(CONFIG_NUMA) ? cpu_to_node_map[cpu] : 0);
		per_cpu(pageset_offset, cpu) =
			(unsigned long)cpu * sizeof(struct per_cpu_pageset);
	}
}

/* ---- Handing over to the buddy --------------------------------------------------------------- */

/* Free the frames [pfn, end) of one zone in the largest aligned blocks. */
static void free_range(struct zone *zone, unsigned long pfn, unsigned long end)
{
	unsigned long flags, pages = end - pfn;

	spin_lock_irqsave(&zone->lock, flags);
	while (pfn < end) {
		unsigned int order = MAX_ORDER - 1;
		struct page *page = pfn_to_page(pfn);

		if (pfn)
			order = min(order, __ffs(pfn));
		while (pfn + (1UL << order) > end)
			order--;
		for (unsigned long i = 0; i < 1UL << order; i++) {
			__ClearPageReserved(page + i);
			set_page_count(page + i, 0);
		}
		buddy_free(zone, page, pfn, order, get_pageblock_migratetype(zone, pfn));
		pfn += 1UL << order;
	}
	__mod_zone_page_state(zone, NR_FREE_PAGES, (long)pages);
	zone->managed_pages += pages;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Everything memblock has free goes to the buddy; memblock ends here. */
void mem_init(void)
{
	unsigned long all = 0;
	struct zone *zone;
	u64 pos, start, end;
	int nid;

	for_each_free_mem_range(pos, -1, &start, &end, &nid) {
		unsigned long pfn = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

		while (pfn < last) {
			enum zone_type idx = zone_of_pfn(pfn);
			unsigned long stop = min(last, zone_limit_pfn[idx]);

			free_range(&NODE_DATA(nid)->node_zones[idx], pfn, stop);
			pfn = stop;
		}
	}
	for_each_populated_zone(zone) {
		zone_pcp_init(zone);
		totalram_pages += zone->managed_pages;
		if (is_highmem(zone))
			totalhigh_pages += zone->managed_pages;
		all += zone->present_pages;
		pr_info("  %s zone: node %d, %lu pages spanned, %lu present, %lu managed, batch %d\n",
			zone->name, zone->node, zone->spanned_pages, zone->present_pages,
			zone->managed_pages, zone->pageset[0].pcp.batch);
	}
	page_group_by_mobility_disabled = totalram_pages < pageblock_nr_pages * MIGRATE_TYPES;
	set_alloc_special(ALLOC_SPECIAL_UNGROUPED, page_group_by_mobility_disabled);
	pr_info("Memory: %luK/%luK available (%luK reserved, %luK highmem)\n",
		totalram_pages << (PAGE_SHIFT - 10), all << (PAGE_SHIFT - 10),
		(all - totalram_pages) << (PAGE_SHIFT - 10), totalhigh_pages << (PAGE_SHIFT - 10));
}

void free_reserved_page(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	struct zone *zone;

	/* QEMU may put the initrd's end where the firmware keeps its tables: not ours, not described. */
	if (!memblock_is_memory((phys_addr_t)pfn << PAGE_SHIFT))
		return;
	zone = page_zone(page);
	free_range(zone, pfn, pfn + 1);
	__atomic_add_fetch(&totalram_pages, 1, __ATOMIC_RELAXED);
	if (is_highmem(zone))
		__atomic_add_fetch(&totalhigh_pages, 1, __ATOMIC_RELAXED);
}
