/* SPDX-License-Identifier: MIT */
/*
 * Nodes and zones: where memory is and what it is good for.
 *
 *   node 0:  |- DMA -|------ Normal ------|---------- HighMem ----------|
 *            0      16M            896M or highmem=                  end of RAM
 *            old devices   always mapped            reached through kmap only
 *
 * Every zone has free lists (buddy), per-CPU lists, three watermarks and the reserve it keeps
 * against requests that could have used a higher zone:
 *
 *   free pages   high ........ kswapd sleeps again
 *                low ......... kswapd is woken, the fast path stops here
 *                min ......... ordinary requests stop here; below: HIGH, HARDER, PF_MEMALLOC
 *
 * A zonelist is the order in which a request tries zones: from its highest allowed zone down,
 * nearest node first. Arithmetic: spec sections 2.2 to 2.5.
 *
 * Locks by letter: [z] zone->lock, [l] zone->lru_lock, [I] set at boot or by the sysctl path under
 * zone_setup_lock, read without lock, [c] its own CPU with interrupts off, [a] atomic,
 * [k] only this node's kswapd writes.
 *
 * Read next: gfp.h, zone.c, buddy.c.
 */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "kernel/base/cpumask.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/wait.h"
#include "mm/gfp.h"
#include "mm/page.h"
#include "mm/page_list.h"
#include "mm/vmstat.h"

#define MAX_ORDER	   11
#define MAX_ORDER_NR_PAGES (1UL << (MAX_ORDER - 1))
#define pageblock_order	   9U
#define pageblock_nr_pages (1UL << pageblock_order)
#define PAGE_ALLOC_COSTLY_ORDER 3

#define MAX_DMA_PFN 0x1000UL /* 16 MiB */

enum zone_type { ZONE_DMA, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, MAX_NR_ZONES };

static_assert((int)MAX_NR_ZONES <= 1 << ZONES_WIDTH, "zone does not fit page->flags");
static_assert(MAX_NUMNODES <= 1 << NODES_WIDTH, "node does not fit page->flags");

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_MOVABLE,
	MIGRATE_PCPTYPES, /* number of types on the per-CPU lists */
	MIGRATE_RESERVE = MIGRATE_PCPTYPES,
	MIGRATE_ISOLATE, /* never allocated from */
	MIGRATE_TYPES
};

enum zone_watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

#define min_wmark_pages(z)  ((z)->watermark[WMARK_MIN])
#define low_wmark_pages(z)  ((z)->watermark[WMARK_LOW])
#define high_wmark_pages(z) ((z)->watermark[WMARK_HIGH])

/* How far an allocation may go: the low two bits are an index into watermark[]. */
#define ALLOC_WMARK_MIN	    WMARK_MIN
#define ALLOC_WMARK_LOW	    WMARK_LOW
#define ALLOC_WMARK_HIGH    WMARK_HIGH
#define ALLOC_NO_WATERMARKS 0x04
#define ALLOC_WMARK_MASK    (ALLOC_NO_WATERMARKS - 1)
#define ALLOC_HARDER	    0x10
#define ALLOC_HIGH	    0x20 /* the same bit as __GFP_HIGH */
#define ALLOC_CPUSET	    0x40
#define ALLOC_CMA	    0x80
#define ALLOC_FAIR	    0x100

struct free_area {
	struct page_list free_list[MIGRATE_TYPES]; /* [z] */
	unsigned long nr_free;			   /* [z] blocks on all of them */
};

/* Order-0 pages of one zone kept by one CPU. All fields [c]; others look only for reports. */
struct per_cpu_pages {
	int count; /* pages on the lists */
	int high;  /* give batch pages back when count reaches it */
	int batch; /* pages moved from or to the buddy at once */
	struct page_list lists[MIGRATE_PCPTYPES];
};

struct per_cpu_pageset {
	struct per_cpu_pages pcp;
	unsigned long numa_event[NR_NUMA_EVENTS + 1]; /* [c] NUMA_HIT and so on: never folded, only summed */
	s8 stat_threshold; /* [I] fold a differential beyond this */
	s8 vm_stat_diff[NR_VM_ZONE_STAT_ITEMS]; /* [c] */
} __aligned(256); /* a power of two: found by a shift on every allocation */

enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_UNEVICTABLE,
	NR_LRU_LISTS
};
#define LRU_ACTIVE 1
#define LRU_FILE   2
#define for_each_evictable_lru(lru) for (lru = LRU_INACTIVE_ANON; lru <= LRU_ACTIVE_FILE; lru++)

/* How reclaim balances anonymous (0) against file (1) pages, spec 6.2. All [l]. */
struct zone_reclaim_stat {
	unsigned long recent_rotated[2];
	unsigned long recent_scanned[2];
};

/* Behind the five lists: those of the generations 1 to LRU_GEN_MAX, anonymous and file. */
#define NR_GEN_LISTS  (2 * LRU_GEN_MAX)
#define NR_PAGE_LISTS (NR_LRU_LISTS + NR_GEN_LISTS)

struct reclaim_policy;

struct lruvec {
	struct page_list lists[NR_PAGE_LISTS]; /* [l] lru_list_of() (lru.h) says which */
	struct zone_reclaim_stat reclaim_stat;
	struct reclaim_policy *policy;	       /* [l] who chooses list and victim; NULL: not yet at boot */
	unsigned int active_gens;	       /* [l] bit g: pages of generation g are counted as active */
	unsigned int gen_pages[NR_GEN_LISTS];  /* [l] lengths of those lists */
};

enum zone_flags {
	ZONE_OOM_LOCKED,	/* [zone_scan_lock] an OOM kill is under way for this zone */
	ZONE_CONGESTED,		/* [a] many dirty pages backed by a congested queue */
	ZONE_TAIL_LRU_DIRTY,	/* [a] reclaim met only dirty unqueued file pages */
	ZONE_WRITEBACK,		/* [a] reclaim met only pages under writeback */
};

struct pglist_data;

struct zone {
	/* Read by every allocation. */
	unsigned long watermark[NR_WMARK];	     /* [I] pages */
	unsigned long lowmem_reserve[MAX_NR_ZONES];  /* [I] pages, by class zone */
	unsigned long percpu_drift_mark;	     /* [I] below it kswapd sums exactly; 0: never */
	struct pglist_data *zone_pgdat;		     /* [I] */
	int node;				     /* [I] */
	enum zone_type index;			     /* [I] */
	const char *name;			     /* [I] */
	unsigned long zone_start_pfn;		     /* [I] */
	unsigned long spanned_pages;		     /* [I] last - first + 1, with holes */
	unsigned long present_pages;		     /* [I] spanned without the map's holes */
	unsigned long managed_pages;		     /* [z] handed to the buddy; boot, then rare */
	u8 *pageblock_flags;			     /* [z] by pfn >> pageblock_order, see buddy.h; pointer [I] */
	int nr_migrate_reserve_block;		     /* [z] */
	unsigned int inactive_ratio;		     /* [I] active anon / inactive anon wanted */
	struct per_cpu_pageset pageset[NR_CPUS];

	/* The buddy. */
	spinlock_t lock __aligned(64);
	struct free_area free_area[MAX_ORDER];
	unsigned long flags;			     /* [a] enum zone_flags */

	/* Reclaim. */
	spinlock_t lru_lock __aligned(64);
	struct lruvec lruvec;
	unsigned long pages_scanned;		     /* [l] since a page was freed; buddy zeroes it [z] */
	atomic_long_t inactive_age;		     /* [a] file pages evicted and activated (mm/workingset.c) */

	/* Compaction (spec 8.4, 8.6). */
	unsigned int compact_considered;	     /* [racy, a heuristic] */
	unsigned int compact_defer_shift;	     /* [racy] */
	int compact_order_failed;		     /* [racy] */

	atomic_long_t vm_stat[NR_VM_ZONE_STAT_ITEMS] __aligned(64); /* [a] */
};

struct zoneref {
	struct zone *zone; /* NULL ends the list */
	int zone_idx;
};

struct zonelist {
	/* Full-zone cache (several nodes only): bit i: _zonerefs[i] was found full since the last sweep. */
	unsigned long zlc_full;		/* [a] */
	unsigned long zlc_last_sweep;	/* [racy] jiffies */
	struct zoneref _zonerefs[MAX_NUMNODES * MAX_NR_ZONES + 1];
};

enum { ZONELIST_FALLBACK, ZONELIST_NOFALLBACK, MAX_ZONELISTS }; /* all nodes; own node only */

struct pglist_data {
	/* First zone of the fallback list by highest zone allowed, if it is on this node; else NULL. */
	struct zone *first_zone[MAX_NR_ZONES]; /* [I] */
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist node_zonelists[MAX_ZONELISTS]; /* [I] */
	int node_id;				       /* [I] */
	unsigned long node_start_pfn;		       /* [I] */
	unsigned long node_spanned_pages;	       /* [I] */
	unsigned long node_present_pages;	       /* [I] */

	wait_queue_head_t kswapd_wait;
	wait_queue_head_t pfmemalloc_wait;
	struct task_struct *kswapd;		/* [I] after boot */
	unsigned long kswapd_freed;		/* [k] pages since it last slept */
	int kswapd_max_order;			/* racy by design: wakers raise, kswapd resets */
	enum zone_type classzone_idx;		/* the same */
};
typedef struct pglist_data pg_data_t;

/* The node that this CPU allocates from first; set by zones_init(). */
DECLARE_PER_CPU(struct pglist_data *, local_pgdat);
/* Bytes from zone->pageset[0] to this CPU's; the same. */
DECLARE_PER_CPU(unsigned long, pageset_offset);

extern struct pglist_data *node_data[MAX_NUMNODES]; /* [I] NULL: no such node */
/* Zone by the top bits of page->flags, zone number and node together; NULL: no such zone. */
extern struct zone *zone_table[MAX_NR_ZONES << NODES_WIDTH]; /* [I] */
extern unsigned long node_online_map;		     /* [I] a bit per node */
extern unsigned long max_pfn;			     /* [I] one above the highest usable frame */
extern unsigned long max_low_pfn;		     /* [I] one above the direct map: end of Normal */
extern unsigned long totalram_pages;		     /* managed pages of all zones */
extern unsigned long totalhigh_pages;
extern unsigned long totalreserve_pages;
extern int min_free_kbytes;			     /* spec 2.4 */
extern int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES - 1];
extern int percpu_pagelist_fraction;
extern bool page_group_by_mobility_disabled;
extern const char *const migratetype_names[MIGRATE_TYPES];

#define NODE_DATA(nid) (node_data[IS_ENABLED(CONFIG_NUMA) ? (nid) : 0])

/* True for frames that have a struct page: whole blocks of MAX_ORDER_NR_PAGES with RAM in them. */
bool pfn_valid(unsigned long pfn);

static inline enum zone_type zone_idx(const struct zone *zone)
{
	return zone->index;
}

static inline int zone_to_nid(const struct zone *zone)
{
	return zone->node;
}

static inline bool populated_zone(const struct zone *zone)
{
	return zone->present_pages != 0;
}

static inline unsigned long zone_end_pfn(const struct zone *zone)
{
	return zone->zone_start_pfn + zone->spanned_pages;
}

/* => interrupts off, or for reading only */
static inline struct per_cpu_pageset *per_cpu_pageset_of(const struct zone *zone)
{
	return (struct per_cpu_pageset *)((char *)zone->pageset + this_cpu_read(pageset_offset));
}

/* => interrupts off (or the item is never counted in interrupts and preemption is off) */
static inline void __mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta)
{
	struct per_cpu_pageset *ps = per_cpu_pageset_of(zone);
	long diff = ps->vm_stat_diff[item] + delta;

	if (unlikely(diff > ps->stat_threshold || diff < -ps->stat_threshold))
		__mod_zone_page_state_fold(zone, item, diff);
	else
		ps->vm_stat_diff[item] = (s8)diff;
}

/* The same with one comparison for a change whose direction is known. => interrupts off, as above */
static inline void __add_zone_page_state(struct zone *zone, enum zone_stat_item item, long nr)
{
	struct per_cpu_pageset *ps = per_cpu_pageset_of(zone);
	long diff = ps->vm_stat_diff[item] + nr;

	if (unlikely(diff > ps->stat_threshold))
		__mod_zone_page_state_fold(zone, item, diff);
	else
		ps->vm_stat_diff[item] = (s8)diff;
}

static inline void __sub_zone_page_state(struct zone *zone, enum zone_stat_item item, long nr)
{
	struct per_cpu_pageset *ps = per_cpu_pageset_of(zone);
	long diff = ps->vm_stat_diff[item] - nr;

	if (unlikely(diff + ps->stat_threshold < 0))
		__mod_zone_page_state_fold(zone, item, diff);
	else
		ps->vm_stat_diff[item] = (s8)diff;
}

/* The global value gets what a CPU's differential has collected. */
static inline void zone_page_state_add(long x, struct zone *zone, enum zone_stat_item item)
{
	atomic_long_add(x, &zone->vm_stat[item]);
	atomic_long_add(x, &vm_stat[item]);
}

/* Blocks, which are likely to exceed the threshold: no call for that. ps: this CPU's. => as above */
static __always_inline void __add_free_block(struct zone *zone, struct per_cpu_pageset *ps, long nr)
{
	long diff = ps->vm_stat_diff[NR_FREE_PAGES] + nr;

	if (diff > ps->stat_threshold) {
		zone_page_state_add(diff, zone, NR_FREE_PAGES);
		diff = 0;
	}
	ps->vm_stat_diff[NR_FREE_PAGES] = (s8)diff;
}

static __always_inline void __sub_free_block(struct zone *zone, struct per_cpu_pageset *ps, long nr)
{
	long diff = ps->vm_stat_diff[NR_FREE_PAGES] - nr;

	if (diff + ps->stat_threshold < 0) {
		zone_page_state_add(diff, zone, NR_FREE_PAGES);
		diff = 0;
	}
	ps->vm_stat_diff[NR_FREE_PAGES] = (s8)diff;
}

static inline void __sub_free_pages(struct zone *zone, long nr)
{
	__sub_zone_page_state(zone, NR_FREE_PAGES, nr);
}

static inline void __add_free_pages(struct zone *zone, long nr)
{
	__add_zone_page_state(zone, NR_FREE_PAGES, nr);
}

/* Something was freed: reclaim's "scanned in vain" starts anew. */
static inline void zone_clear_pages_scanned(struct zone *zone)
{
	if (READ_ONCE(zone->pages_scanned))
		WRITE_ONCE(zone->pages_scanned, 0);
}

static inline bool is_highmem_idx(enum zone_type idx)
{
	return idx == ZONE_HIGHMEM;
}

static inline bool is_highmem(const struct zone *zone)
{
	return is_highmem_idx(zone->index);
}

static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page->flags >> NODES_SHIFT];
}

static inline void __inc_zone_page_state(struct page *page, enum zone_stat_item item)
{
	__add_zone_page_state(page_zone(page), item, 1);
}

static inline void __dec_zone_page_state(struct page *page, enum zone_stat_item item)
{
	__sub_zone_page_state(page_zone(page), item, 1);
}

static inline bool PageHighMem(const struct page *page)
{
	return is_highmem_idx((enum zone_type)page_zonenum(page));
}

/* The zonelist a request of this node starts from. */
static inline struct zonelist *node_zonelist(int nid, gfp_t gfp)
{
	int which = IS_ENABLED(CONFIG_NUMA) && (gfp & __GFP_THISNODE) ? ZONELIST_NOFALLBACK
								       : ZONELIST_FALLBACK;

	return &NODE_DATA(nid)->node_zonelists[which];
}

/* The first entry from z on whose zone index is at most highest and whose node is in nodes (0: any). */
static inline struct zoneref *next_zones_zonelist(struct zoneref *z, enum zone_type highest,
						  unsigned long nodes)
{
	while (z->zone && (z->zone_idx > (int)highest ||
			   (nodes && !(nodes >> zone_to_nid(z->zone) & 1))))
		z++;
	return z;
}

static inline struct zoneref *first_zones_zonelist(struct zonelist *list, enum zone_type highest,
						   unsigned long nodes)
{
	return next_zones_zonelist(list->_zonerefs, highest, nodes);
}

/* nodes: bit mask of allowed nodes, 0 for all. z is the struct zoneref *cursor. */
#define for_each_zone_zonelist_nodemask(zonep, z, list, highest, nodes)                            \
	for (z = first_zones_zonelist(list, highest, nodes); ((zonep) = z->zone) != NULL;          \
	     z = next_zones_zonelist(z + 1, highest, nodes))
#define for_each_zone_zonelist(zonep, z, list, highest)                                            \
	for_each_zone_zonelist_nodemask(zonep, z, list, highest, 0UL)

struct zone *first_zone(void);
struct zone *next_zone(struct zone *zone); /* all nodes, all indices, empty ones too */
#define for_each_zone(zone) for (zone = first_zone(); zone; zone = next_zone(zone))
#define for_each_populated_zone(zone)                                                              \
	for_each_zone(zone) if (!populated_zone(zone)) {} else
#define for_each_online_node(nid)                                                                  \
	for (nid = 0; nid < MAX_NUMNODES; nid++) if (!(node_online_map >> nid & 1)) {} else

extern int nr_node_ids;			 /* [I] nodes that may exist: 0..nr_node_ids - 1 */
extern int nr_online_nodes;		 /* [I] */
extern u8 cpu_to_node_map[NR_CPUS];	 /* [I] */


/* The node of this CPU's memory. => any context; only a hint unless the task stays on its CPU */
static inline int numa_node_id(void)
{
	return IS_ENABLED(CONFIG_NUMA) ? cpu_to_node_map[smp_processor_id()] : 0;
}

#define LOCAL_DISTANCE	 10
#define REMOTE_DISTANCE	 20
#define RECLAIM_DISTANCE 30

static inline int node_distance(int a, int b)
{
	return a == b ? LOCAL_DISTANCE : REMOTE_DISTANCE;
}

/*
 * gfp.h's low four bits -> highest zone that the request may use (spec 1.3), two bits per value. A value that
 * names two zones is illegal: it gives the lowest one named, after a complaint (debug builds: a BUG).
 */
#define GFP_ZONE_TABLE	 0x11211121U
#define GFP_ZONE_ILLEGAL 0xe8e8U

void gfp_zone_illegal(gfp_t gfp);
void gfp_migratetype_illegal(gfp_t gfp);

static inline enum zone_type gfp_zone(gfp_t gfp)
{
	unsigned int bits = gfp & GFP_ZONEMASK;

	if (unlikely(GFP_ZONE_ILLEGAL >> bits & 1))
		gfp_zone_illegal(gfp);
	return (enum zone_type)(GFP_ZONE_TABLE >> 2 * bits & 3);
}

static inline enum migratetype allocflags_to_migratetype(gfp_t gfp)
{
	if (unlikely((gfp & GFP_MOVABLE_MASK) == GFP_MOVABLE_MASK)) {
		gfp_migratetype_illegal(gfp);
		return MIGRATE_UNMOVABLE;
	}
	if (unlikely(page_group_by_mobility_disabled))
		return MIGRATE_UNMOVABLE;
	return (enum migratetype)((gfp >> 2 & 2) | (gfp >> 19 & 1));
}

static_assert(__GFP_MOVABLE == 1 << 3 && __GFP_RECLAIMABLE == 1 << 19, "shifts above");

/* The check of spec 2.5; _safe sums the CPUs' differentials below percpu_drift_mark. */
bool zone_watermark_ok(struct zone *zone, unsigned int order, unsigned long mark, int classzone,
		       int alloc_flags);
bool zone_watermark_ok_safe(struct zone *zone, unsigned int order, unsigned long mark,
			    int classzone, int alloc_flags);

/* Boot, in this order; then the sysctl entry. */
void zones_init(void);			/* nodes, zones, memmap from memblock; zonelists */
void mem_init(void);			/* hands all free memory to the buddy */
/* A frame reserved since boot (initrd, init data) goes to the buddy. => recompute the watermarks afterwards */
void free_reserved_page(struct page *page);
void init_per_zone_wmark_min(void);	/* min_free_kbytes, watermarks, reserves */
void setup_per_zone_wmarks(void);
void setup_per_zone_lowmem_reserve(void);
void build_all_zonelists(void);
int min_free_kbytes_set(int kbytes);		/* sysctl: 0 or -EINVAL */
int lowmem_reserve_ratio_set(const int ratio[MAX_NR_ZONES - 1]);
int numa_zonelist_order_set(const char *word);	/* "default", "node", "zone"; 0 or -EINVAL */
const char *numa_zonelist_order_name(void);

/* May current use the zone's node (spec 2.2)? HARDWALL in gfp: only nodes of its own cpuset. */
extern int number_of_cpusets; /* above 1: some task's mems_allowed is not "all" */
void set_number_of_cpusets(int nr);
bool __cpuset_node_allowed(int nid, gfp_t gfp);

static inline bool cpuset_zone_allowed(const struct zone *zone, gfp_t gfp)
{
	return likely(number_of_cpusets <= 1) || __cpuset_node_allowed(zone->node, gfp);
}

#endif
