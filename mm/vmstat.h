/* SPDX-License-Identifier: MIT */
/*
 * Counters: zone items (pages in some state, may go up and down) and events (only up).
 *
 * Zone items have a global value per zone plus a differential of one byte per CPU and zone, folded
 * into the global value when it exceeds the zone's stat_threshold (spec 2.5). zone_page_state()
 * reads the global value only: it may be off by nr_cpus * threshold. zone_page_state_snapshot()
 * adds the differentials. Events are per CPU without any global value.
 *
 * Order and names are those of /proc/vmstat (spec 10.1): vmstat_text[] in mm/vmstat.c follows
 * these enums line by line.
 */
#ifndef MM_VMSTAT_H
#define MM_VMSTAT_H

#include "kernel/base/types.h"
#include "kernel/base/atomic.h"
#include "asm/percpu.h"

struct zone;
struct page;

enum zone_stat_item {
	NR_FREE_PAGES,
	NR_ALLOC_BATCH,
	NR_LRU_BASE,
	NR_INACTIVE_ANON = NR_LRU_BASE, /* the order of enum lru_list */
	NR_ACTIVE_ANON,
	NR_INACTIVE_FILE,
	NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_MLOCK,
	NR_ANON_PAGES, /* mapped anonymous pages */
	NR_FILE_MAPPED,
	NR_FILE_PAGES, /* page cache and swap cache */
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_SLAB_RECLAIMABLE,
	NR_SLAB_UNRECLAIMABLE,
	NR_PAGETABLE,
	NR_KERNEL_STACK, /* in stacks, as Linux counts */
	NR_UNSTABLE_NFS,
	NR_BOUNCE,
	NR_VMSCAN_WRITE,
	NR_VMSCAN_IMMEDIATE,
	NR_WRITEBACK_TEMP,
	NR_ISOLATED_ANON,
	NR_ISOLATED_FILE,
	NR_SHMEM,
	NR_DIRTIED,
	NR_WRITTEN,
	NUMA_HIT,
	NUMA_MISS,
	NUMA_FOREIGN,
	NUMA_INTERLEAVE_HIT,
	NUMA_LOCAL,
	NUMA_OTHER,
	WORKINGSET_REFAULT,
	WORKINGSET_ACTIVATE,
	WORKINGSET_NODERECLAIM,
	NR_ANON_TRANSPARENT_HUGEPAGES,
	NR_FREE_CMA_PAGES,
	NR_VM_ZONE_STAT_ITEMS
};

#define NR_NUMA_EVENTS	(NUMA_OTHER - NUMA_HIT + 1) /* kept apart, see struct per_cpu_pageset */
#define NUMA_HIT_LOCAL	NR_NUMA_EVENTS		    /* counts as NUMA_HIT and as NUMA_LOCAL: the usual case */

/* One event per zone, in zone order. */
#define FOR_ALL_ZONES(x) x##_DMA, x##_NORMAL, x##_HIGH, x##_MOVABLE

enum vm_event_item {
	PGPGIN, /* in sectors here, printed in kB */
	PGPGOUT,
	PSWPIN,
	PSWPOUT,
	FOR_ALL_ZONES(PGALLOC),
	PGFREE,
	PGACTIVATE,
	PGDEACTIVATE,
	PGFAULT,
	PGMAJFAULT,
	FOR_ALL_ZONES(PGREFILL),
	FOR_ALL_ZONES(PGSTEAL_KSWAPD),
	FOR_ALL_ZONES(PGSTEAL_DIRECT),
	FOR_ALL_ZONES(PGSCAN_KSWAPD),
	FOR_ALL_ZONES(PGSCAN_DIRECT),
	PGSCAN_DIRECT_THROTTLE,
	PGSCAN_ZONE_RECLAIM_FAILED,
	PGINODESTEAL,
	SLABS_SCANNED,
	KSWAPD_INODESTEAL,
	KSWAPD_LOW_WMARK_HIT_QUICKLY,
	KSWAPD_HIGH_WMARK_HIT_QUICKLY,
	PAGEOUTRUN,
	ALLOCSTALL,
	PGROTATED,
	DROP_PAGECACHE,
	DROP_SLAB,
	PGMIGRATE_SUCCESS,
	PGMIGRATE_FAIL,
	COMPACTMIGRATE_SCANNED,
	COMPACTFREE_SCANNED,
	COMPACTISOLATED,
	COMPACTSTALL,
	COMPACTFAIL,
	COMPACTSUCCESS,
	UNEVICTABLE_PGCULLED,
	UNEVICTABLE_PGSCANNED,
	UNEVICTABLE_PGRESCUED,
	UNEVICTABLE_PGMLOCKED,
	UNEVICTABLE_PGMUNLOCKED,
	UNEVICTABLE_PGCLEARED,
	UNEVICTABLE_PGSTRANDED,
	THP_FAULT_ALLOC,
	THP_FAULT_FALLBACK,
	THP_COLLAPSE_ALLOC,
	THP_COLLAPSE_ALLOC_FAILED,
	THP_SPLIT,
	THP_ZERO_PAGE_ALLOC,
	THP_ZERO_PAGE_ALLOC_FAILED,
	NR_VM_EVENT_ITEMS
};

struct vm_event_state {
	unsigned long event[NR_VM_EVENT_ITEMS];
};
DECLARE_PER_CPU(struct vm_event_state, vm_event_states);
extern atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS];

static inline void count_vm_event(enum vm_event_item item)
{
	this_cpu_inc(vm_event_states.event[item]);
}

static inline void count_vm_events(enum vm_event_item item, unsigned long n)
{
	this_cpu_add(vm_event_states.event[item], n);
}

/* item is the event's name without its zone: count_vm_zone_events(PGALLOC, zone, n) */
#define count_vm_zone_events(item, zone, n) \
	this_cpu_add(vm_event_states.event[item##_DMA + (unsigned long)zone_idx(zone)], n)

void all_vm_events(unsigned long *sums); /* NR_VM_EVENT_ITEMS of them */

/* __x: interrupts are off (or the item is never counted in interrupts and preemption is off) */
void __mod_zone_page_state_fold(struct zone *zone, enum zone_stat_item item, long diff);
void mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta);
void inc_zone_page_state(struct page *page, enum zone_stat_item item);
void dec_zone_page_state(struct page *page, enum zone_stat_item item);

unsigned long global_page_state(enum zone_stat_item item);
unsigned long zone_page_state(const struct zone *zone, enum zone_stat_item item);
unsigned long zone_page_state_snapshot(const struct zone *zone, enum zone_stat_item item);
unsigned long node_page_state(int nid, enum zone_stat_item item);

int calculate_normal_threshold(const struct zone *zone);
int calculate_pressure_threshold(const struct zone *zone); /* while kswapd works: less drift */
struct pglist_data;
void set_pgdat_percpu_threshold(struct pglist_data *pgdat, int (*calculate)(const struct zone *));
void refresh_zone_stat_thresholds(void);
extern int sysctl_stat_interval; /* jiffies between two foldings */
void vmstat_init(void); /* all CPUs run: from now on each folds its differentials once a second */
void refresh_vm_stats(void); /* every CPU's, now; may sleep. What changes meanwhile may be in or not */
void refresh_cpu_vm_stats(int cpu); /* fold this CPU's differentials; its own CPU or an offline one */

extern const char *const vmstat_text[];

#endif
