/* SPDX-License-Identifier: MIT */
/*
 * Counting pages and events without shared cache lines.
 *
 *	zone item    global value  <---- folded when |diff| > stat_threshold ----  s8 diff per CPU and zone
 *	NUMA event   summed when read                                             unsigned long per CPU and zone
 *	VM event     summed when read                                             unsigned long per CPU
 *
 *	threshold = min(125, 2 * fls(CPUs) * (1 + fls(managed >> 15)))
 *
 * The global value alone may be off by CPUs * threshold; where that could hide that a zone is below its min
 * mark, percpu_drift_mark says from when on the differentials must be added (zone_watermark_ok_safe).
 *
 * Locks: differentials belong to their CPU with interrupts off; the global values are atomic.
 * vmstat_fold.c folds every CPU's differentials once a second, so that a CPU which stopped counting does not
 * keep the global values wrong for good.
 */
#include "mm/vmstat.h"

#include "arch/cpu.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/timer.h"
#include "mm/zone.h"
#include "mm/zone_setup.h"

DEFINE_PER_CPU(struct vm_event_state, vm_event_states);
atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS];

/* ---- Changing -------------------------------------------------------------------------------- */

/* The differential has become diff, too large: into the global values with it. */
void __mod_zone_page_state_fold(struct zone *zone, enum zone_stat_item item, long diff)
{
	zone_page_state_add(diff, zone, item);
	per_cpu_pageset_of(zone)->vm_stat_diff[item] = 0;
}

void mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta)
{
	unsigned long flags;

	local_irq_save(flags);
	__mod_zone_page_state(zone, item, delta);
	local_irq_restore(flags);
}

void inc_zone_page_state(struct page *page, enum zone_stat_item item)
{
	unsigned long flags;

	local_irq_save(flags);
	__inc_zone_page_state(page, item);
	local_irq_restore(flags);
}

void dec_zone_page_state(struct page *page, enum zone_stat_item item)
{
	unsigned long flags;

	local_irq_save(flags);
	__dec_zone_page_state(page, item);
	local_irq_restore(flags);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static bool is_numa_event(enum zone_stat_item item)
{
	return item >= NUMA_HIT && item <= NUMA_OTHER;
}

static unsigned long numa_event_sum(const struct zone *zone, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		sum += READ_ONCE(zone->pageset[cpu].numa_event[item - NUMA_HIT]);
		if (item == NUMA_HIT || item == NUMA_LOCAL)
			sum += READ_ONCE(zone->pageset[cpu].numa_event[NUMA_HIT_LOCAL]);
	}
	return sum;
}

unsigned long zone_page_state(const struct zone *zone, enum zone_stat_item item)
{
	long value;

	if (unlikely(is_numa_event(item)))
		return numa_event_sum(zone, item);
	value = atomic_long_read(&zone->vm_stat[item]);
	return value < 0 ? 0 : (unsigned long)value; /* differentials may be ahead of it */
}

unsigned long zone_page_state_snapshot(const struct zone *zone, enum zone_stat_item item)
{
	long value = atomic_long_read(&zone->vm_stat[item]);

	if (is_numa_event(item))
		return numa_event_sum(zone, item);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		value += READ_ONCE(zone->pageset[cpu].vm_stat_diff[item]);
	return value < 0 ? 0 : (unsigned long)value;
}

unsigned long node_page_state(int nid, enum zone_stat_item item)
{
	struct zone *zones = NODE_DATA(nid)->node_zones;
	unsigned long sum = 0;

	for (int idx = 0; idx < MAX_NR_ZONES; idx++)
		sum += zone_page_state(&zones[idx], item);
	return sum;
}

unsigned long global_page_state(enum zone_stat_item item)
{
	unsigned long sum = 0;
	int nid;
	long value;

	if (is_numa_event(item)) {
		for_each_online_node(nid)
			sum += node_page_state(nid, item);
		return sum;
	}
	value = atomic_long_read(&vm_stat[item]);
	return value < 0 ? 0 : (unsigned long)value;
}

void all_vm_events(unsigned long *sums)
{
	int cpu;

	memset(sums, 0, NR_VM_EVENT_ITEMS * sizeof(*sums));
	for_each_possible_cpu(cpu)
		for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
			sums[i] += READ_ONCE(per_cpu(vm_event_states, cpu).event[i]);
}

/* ---- Thresholds ------------------------------------------------------------------------------ */

int calculate_normal_threshold(const struct zone *zone)
{
	int size = fls_long(zone->managed_pages >> (27 - PAGE_SHIFT)); /* in units of 128 MiB */

	return min(125, 2 * fls((unsigned int)num_online_cpus()) * (1 + size));
}

int calculate_pressure_threshold(const struct zone *zone)
{
	int distance = (int)(low_wmark_pages(zone) - min_wmark_pages(zone));

	return clamp(distance / num_online_cpus(), 1, 125);
}

static void set_threshold(struct zone *zone, int threshold)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		WRITE_ONCE(zone->pageset[cpu].stat_threshold, (s8)threshold);
}

/* => again whenever watermarks or the number of CPUs change */
void refresh_zone_stat_thresholds(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		int threshold = calculate_normal_threshold(zone);
		unsigned long drift = (unsigned long)(num_online_cpus() * threshold);

		set_threshold(zone, threshold);
		zone->percpu_drift_mark = drift > low_wmark_pages(zone) - min_wmark_pages(zone) ?
						  high_wmark_pages(zone) + drift : 0;
	}
}

void set_pgdat_percpu_threshold(struct pglist_data *pgdat, int (*calculate)(const struct zone *))
{
	for (int idx = 0; idx < MAX_NR_ZONES; idx++)
		if (pgdat->node_zones[idx].percpu_drift_mark)
			set_threshold(&pgdat->node_zones[idx],
				      calculate(&pgdat->node_zones[idx]));
}

static int thresholds_for_all_cpus(void)
{
	refresh_zone_stat_thresholds();
	return 0;
}

void refresh_cpu_vm_stats(int cpu)
{
	unsigned long flags;
	struct zone *zone;

	local_irq_save(flags);
	for_each_populated_zone(zone) {
		struct per_cpu_pageset *ps = &zone->pageset[cpu];

		for (int item = 0; item < NR_VM_ZONE_STAT_ITEMS; item++) {
			if (!ps->vm_stat_diff[item])
				continue;
			zone_page_state_add(ps->vm_stat_diff[item], zone, (enum zone_stat_item)item);
			ps->vm_stat_diff[item] = 0;
		}
	}
	local_irq_restore(flags);
}

/* CPUs have come online since the thresholds were set. */
core_initcall(thresholds_for_all_cpus);

void vm_stat_reset(void)
{
	memset(vm_stat, 0, sizeof(vm_stat));
	for (int cpu = 0; cpu < nr_cpu_ids; cpu++)
		memset(&per_cpu(vm_event_states, cpu), 0, sizeof(struct vm_event_state));
}

/* ---- Names ----------------------------------------------------------------------------------- */

#define TEXTS_FOR_ZONES(x) x "_dma", x "_normal", x "_high", x "_movable"

const char *const vmstat_text[] = {
	"nr_free_pages", "nr_alloc_batch", "nr_inactive_anon", "nr_active_anon",
	"nr_inactive_file", "nr_active_file", "nr_unevictable", "nr_mlock", "nr_anon_pages",
	"nr_mapped", "nr_file_pages", "nr_dirty", "nr_writeback", "nr_slab_reclaimable",
	"nr_slab_unreclaimable", "nr_page_table_pages", "nr_kernel_stack", "nr_unstable",
	"nr_bounce", "nr_vmscan_write", "nr_vmscan_immediate_reclaim", "nr_writeback_temp",
	"nr_isolated_anon", "nr_isolated_file", "nr_shmem", "nr_dirtied", "nr_written", "numa_hit",
	"numa_miss", "numa_foreign", "numa_interleave", "numa_local", "numa_other",
	"workingset_refault", "workingset_activate", "workingset_nodereclaim",
	"nr_anon_transparent_hugepages", "nr_free_cma",

	"nr_dirty_threshold", "nr_dirty_background_threshold",

	"pgpgin", "pgpgout", "pswpin", "pswpout", TEXTS_FOR_ZONES("pgalloc"), "pgfree",
	"pgactivate", "pgdeactivate", "pgfault", "pgmajfault", TEXTS_FOR_ZONES("pgrefill"),
	TEXTS_FOR_ZONES("pgsteal_kswapd"), TEXTS_FOR_ZONES("pgsteal_direct"),
	TEXTS_FOR_ZONES("pgscan_kswapd"), TEXTS_FOR_ZONES("pgscan_direct"),
	"pgscan_direct_throttle", "zone_reclaim_failed", "pginodesteal", "slabs_scanned",
	"kswapd_inodesteal", "kswapd_low_wmark_hit_quickly", "kswapd_high_wmark_hit_quickly",
	"pageoutrun", "allocstall", "pgrotated", "drop_pagecache", "drop_slab", "pgmigrate_success",
	"pgmigrate_fail", "compact_migrate_scanned", "compact_free_scanned", "compact_isolated",
	"compact_stall", "compact_fail", "compact_success", "unevictable_pgs_culled",
	"unevictable_pgs_scanned", "unevictable_pgs_rescued", "unevictable_pgs_mlocked",
	"unevictable_pgs_munlocked", "unevictable_pgs_cleared", "unevictable_pgs_stranded",
	"thp_fault_alloc", "thp_fault_fallback", "thp_collapse_alloc",
	"thp_collapse_alloc_failed", "thp_split", "thp_zero_page_alloc",
	"thp_zero_page_alloc_failed",
};

static_assert(ARRAY_SIZE(vmstat_text) == (int)NR_VM_ZONE_STAT_ITEMS + 2 + (int)NR_VM_EVENT_ITEMS,
	      "a name per counter; two thresholds stand between the zone items and the events");

int sysctl_stat_interval = HZ; /* jiffies; vmstat_fold.c */
