/* SPDX-License-Identifier: MIT */
/*
 * What the host tests share: cmocka beside kernel headers, a machine of a few lines, data files, seeds.
 * Include first. Tests run in the project's top folder.
 */
#ifndef TESTS_HOST_FIXTURE_H
#define TESTS_HOST_FIXTURE_H

#include "arch/host/libc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "arch/cpu.h"
#include "arch/host/host.h"
#include "kernel/base/kernel.h"
#include "kernel/core/task.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/page_debug.h"
#include "mm/zone_setup.h"
#include "tests/host/libmm.h"
#include "tests/host/random.h"

#define MIB (1ULL << 20)

/* One node, RAM from 0 on, with backing so that poison and zeroing work. */
static inline void start_machine(u64 mib, u64 dma_mib, u64 normal_mib, unsigned int cpus)
{
	struct mm_host_range ram = { 0, mib * MIB, 1, 0 };
	struct mm_host_config config = { &ram, 1, 1, cpus, dma_mib * MIB, normal_mib * MIB, 1 };

	assert_int_equal(mm_host_start(&config), 0);
}

static inline struct zone *zone_of(int nid, enum zone_type idx)
{
	return &NODE_DATA(nid)->node_zones[idx];
}

/* Take every free block off the zone's lists: its frames are nobody's then. */
static inline void empty_zone(struct zone *zone)
{
	unsigned long flags;

	drain_all_pages();
	spin_lock_irqsave(&zone->lock, flags);
	for (unsigned int order = 0; order < MAX_ORDER; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
			struct page *page;

			while ((page = page_list_first(&zone->free_area[order].free_list[type])) != NULL)
				buddy_isolate_block(zone, page);
		}
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* Put a block of frames that are nobody's on a list of the zone, merging as the buddy does. */
static inline void give_block(struct zone *zone, unsigned long pfn, unsigned int order,
			      enum migratetype type)
{
	free_one_page(zone, pfn_to_page(pfn), pfn, order, type);
}

static inline struct page *take_block(struct zone *zone, unsigned int order, enum migratetype type)
{
	unsigned long flags;
	struct page *page;

	spin_lock_irqsave(&zone->lock, flags);
	page = buddy_alloc(zone, order, type);
	if (page)
		__mod_zone_page_state(zone, NR_FREE_PAGES, -(1L << order));
	spin_unlock_irqrestore(&zone->lock, flags);
	return page;
}

/* ---- Data files: one line at a time, comments and empty lines skipped ---- */

static inline FILE *open_data(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		fail_msg("cannot open %s (run from the top folder)", path);
	return f;
}

static inline bool next_line(FILE *f, char *line, int size)
{
	while (fgets(line, size, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			return true;
	}
	fclose(f);
	return false;
}

static inline enum zone_type zone_by_name(const char *name)
{
	for (int i = 0; i < MAX_NR_ZONES; i++)
		if (!strcmp(name, zone_names[i]))
			return (enum zone_type)i;
	fail_msg("no zone %s", name);
	return ZONE_DMA;
}

static inline enum migratetype type_by_name(const char *name)
{
	for (int i = 0; i < MIGRATE_TYPES; i++)
		if (!strcmp(name, migratetype_names[i]))
			return (enum migratetype)i;
	fail_msg("no type %s", name);
	return MIGRATE_UNMOVABLE;
}

static inline int stop_machine(void **state)
{
	(void)state;
	mm_host_stop();
	return 0;
}

#endif
