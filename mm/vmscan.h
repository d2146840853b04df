/* SPDX-License-Identifier: MIT */
/*
 * Reclaim as the rest of the kernel sees it: kswapd in the background, direct reclaim in the task
 * that needs the page, and shrinkers for caches that are not made of LRU pages.
 *
 *   free < low:  wakeup_kswapd() -> kswapd works until free > high
 *   free < min:  try_to_free_pages() by the allocating task itself
 *
 * Read next: kswapd.c, vmscan.c (direct reclaim), scan_count.c, shrink_list.c.
 */
#ifndef MM_VMSCAN_H
#define MM_VMSCAN_H

#include "kernel/base/list.h"
#include "mm/gfp.h"
#include "mm/zone.h"

#define DEF_PRIORITY	 12 /* first pass: size >> 12 pages of each list */
#define SWAP_CLUSTER_MAX 32UL

/*
 * Direct reclaim (spec 6.8). => may sleep; PF_MEMALLOC is set by the caller, or the call would recurse
 * => pages freed; 1 when there was progress of another kind; 0: nothing left to reclaim
 */
unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
				unsigned long nodemask);
/* Wake test of spec 5.1. => any context */
void wakeup_kswapd(struct zone *zone, unsigned int order, enum zone_type classzone_idx);
void kswapd_init(void);			/* one thread per node; tasks must run */
int kswapd_run(int nid);

unsigned long zone_reclaimable_pages(const struct zone *zone);
bool zone_reclaimable(struct zone *zone); /* all_unreclaimable of reports is its negation */
unsigned long zone_reclaim(struct zone *zone, gfp_t gfp, unsigned int order); /* zone_reclaim_mode */

extern int vm_swappiness;		/* 0..100 */
extern int zone_reclaim_mode;
extern int sysctl_min_unmapped_ratio, sysctl_min_slab_ratio; /* percent of a zone below which it stays alone */

/* ---- Shrinkers (shrinker.c, spec 6.7) ---- */

struct shrink_control {
	gfp_t gfp_mask;
	unsigned long nr_to_scan;	/* for scan_objects */
	int nid;
};

#define SHRINK_STOP   (~0UL) /* scan_objects: no more now (deadlock danger) */
#define DEFAULT_SEEKS 2

struct shrinker {
	unsigned long (*count_objects)(struct shrinker *s, struct shrink_control *sc);
	/* => objects freed or SHRINK_STOP; never more than nr_to_scan looked at; may not start I/O without __GFP_IO */
	unsigned long (*scan_objects)(struct shrinker *s, struct shrink_control *sc);
	int seeks;			/* cost of making an object again; 0: DEFAULT_SEEKS */
	unsigned long batch;		/* objects per call; 0: 128 */
	struct list_head list;		/* [shrinker lock] */
	atomic_long_t nr_deferred;	/* [a] work left over from calls that could not be done */
};

void register_shrinker(struct shrinker *shrinker);
void unregister_shrinker(struct shrinker *shrinker);
/* => objects freed, at least 1 when the list is busy */
unsigned long shrink_slab(struct shrink_control *sc, unsigned long nr_scanned, unsigned long lru_pages);
/* How many objects to scan (pure): takes over deferred and the cost; see spec 6.7. */
unsigned long shrink_slab_total(unsigned long objects, unsigned long scanned, unsigned long lru_pages,
				int seeks, unsigned long deferred);
unsigned long drop_slab(void);		/* sysctl drop_caches, bit 2 */

#endif
