/* SPDX-License-Identifier: MIT */
/*
 * The library's own door: a machine from a description, figures about it, its end. The rest of
 * tests/host/libmm.h is the kernel's functions themselves.
 */

#include "arch/host/libc.h"
#include "arch/cpu.h"
#include "arch/host/host.h"
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/internal.h"
#include "mm/memblock.h"
#include "mm/page_debug.h"
#include "mm/zone_setup.h"
#include "tests/host/libmm.h"

#define MAX_RANGES 4096

static pthread_mutex_t start_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool started;

/* The map with all types, normalised; then each RAM range's node. => number of usable pages */
static unsigned long describe_memory(const struct mm_host_config *config)
{
	static struct mem_range ranges[2 * MAX_RANGES + 1];
	struct range_set map = { .name = "host", .max = 2 * MAX_RANGES + 1, .ranges = ranges };
	const struct mem_range *r;
	unsigned long first, end;

	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (!e820_add(&map, config->ranges[i].start,
			      config->ranges[i].end - config->ranges[i].start,
			      config->ranges[i].type))
			return 0;
	memblock_init();
	memblock_mapped_end = HOST_PHYS_MAX;
	for_each_range(r, &map)
		if (e820_pages(r, &first, &end))
			memblock_add((u64)first << PAGE_SHIFT, (u64)(end - first) << PAGE_SHIFT);
	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (config->ranges[i].type == E820_RAM)
			memblock_set_node(config->ranges[i].start,
					  config->ranges[i].end - config->ranges[i].start,
					  config->ranges[i].nid);
	return e820_usable_pages(&map);
}

static bool config_is_sane(const struct mm_host_config *config)
{
	if (!config->nr_ranges || config->nr_ranges > MAX_RANGES || !config->nr_nodes ||
	    config->nr_nodes > MAX_NUMNODES || !config->nr_cpus || config->nr_cpus > NR_CPUS - 1 ||
	    config->dma_end > config->normal_end ||
	    ((config->dma_end | config->normal_end) & (PAGE_SIZE - 1)))
		return false;
	for (unsigned int i = 0; i < config->nr_ranges; i++)
		if (config->ranges[i].nid < 0 || config->ranges[i].nid >= (int)config->nr_nodes ||
		    config->ranges[i].end < config->ranges[i].start)
			return false;
	return true;
}

static void boot(const struct mm_host_config *config)
{
	max_dma_pfn = config->dma_end >> PAGE_SHIFT;
	nr_node_ids = (int)config->nr_nodes;
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		cpu_to_node_map[cpu] = (u8)(cpu % (int)config->nr_nodes);
	if (!config->backing)
		set_alloc_special(PAGE_DEBUG, false);
	zones_init();
	/* the service CPU, and threads that have none yet (they read the template) */
	per_cpu(local_pgdat, NR_CPUS - 1) = local_pgdat = NODE_DATA(0);
	per_cpu(pageset_offset, NR_CPUS - 1) = (NR_CPUS - 1) * sizeof(struct per_cpu_pageset);
	mem_init();
	init_per_zone_wmark_min();
	gfp_allowed_mask = GFP_BITS_MASK;
}

static int start(const struct mm_host_config *config)
{
	int error;

	if (!config_is_sane(config) || !describe_memory(config))
		return -EINVAL;
	max_pfn = memblock_end_of_memory() >> PAGE_SHIFT;
	max_low_pfn = min(max_pfn, (unsigned long)(config->normal_end >> PAGE_SHIFT));
	error = host_memory_start(round_up(max_pfn, MAX_ORDER_NR_PAGES), config->backing);
	if (error)
		return error;
	error = host_cpus_start((int)config->nr_cpus);
	if (error) {
		host_memory_stop();
		return error;
	}
	host_service_enter();
	boot(config);
	host_service_leave();
	started = true;
	return 0;
}

int mm_host_start(const struct mm_host_config *config)
{
	int error;

	pthread_mutex_lock(&start_mutex);
	error = started ? -EBUSY : start(config);
	pthread_mutex_unlock(&start_mutex);
	return error;
}

void mm_host_stop(void)
{
	pthread_mutex_lock(&start_mutex);
	if (started) {
		host_cpus_stop();
		host_memory_stop();
		started = false;
	}
	pthread_mutex_unlock(&start_mutex);
}

unsigned long mm_host_zone(int nid, int idx, int counter)
{
	const struct zone *zone;

	if (!started || nid < 0 || nid >= nr_node_ids || idx < 0 || idx > ZONE_HIGHMEM)
		return 0;
	zone = &NODE_DATA(nid)->node_zones[idx];
	switch (counter) {
	case MM_SPANNED:
		return zone->spanned_pages;
	case MM_PRESENT:
		return zone->present_pages;
	case MM_MANAGED:
		return zone->managed_pages;
	case MM_FREE:
		return zone_page_state_snapshot(zone, NR_FREE_PAGES);
	case MM_MIN:
	case MM_LOW:
	case MM_HIGH:
		return zone->watermark[counter - MM_MIN];
	}
	return 0;
}

int mm_host_check(void)
{
	int errors;

	if (!started)
		return -EINVAL;
	host_service_enter();
	errors = buddy_check_all();
	host_service_leave();
	return errors;
}
