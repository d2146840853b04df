/* SPDX-License-Identifier: MIT */
/*
 * Direct reclaim: a task that finds no page above the min watermark frees some itself.
 *
 *   try_to_free_pages -> priority 12, 11, ... 0: every zone of its zonelist, then the shrinkers,
 *   until 32 pages are freed
 *
 * This is one arc of the one true recursion of memory management:
 *
 *   alloc_pages -> slowpath -> try_to_free_pages -> swap_writepage, add_to_swap -> alloc_pages
 *
 * PF_MEMALLOC, set by slowpath around the call, cuts it: such a task allocates from the reserves or
 * not at all, and never comes here a second time.
 *
 * The progress rule (spec 6.8): the result is 0, and OOM may follow, only if thirteen passes freed
 * nothing and no zone of the last one counted as reclaimable, and nothing is on its way to a disk.
 *
 * Locks: none of its own; may sleep. Read next: slowpath.c, oom.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "mm/compact.h"
#include "mm/mm_trace.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/writeback.h"

#define WRITE_PATIENCE (20 * HZ) /* without the end of a single write */
#define WRITE_ROUNDS   8	 /* of ends that left nothing to free */

int vm_swappiness = 60;
int zone_reclaim_mode, sysctl_min_unmapped_ratio = 1, sysctl_min_slab_ratio = 5;

unsigned long zone_reclaimable_pages(const struct zone *zone)
{
	unsigned long nr = zone_lru_size(zone, LRU_ACTIVE_FILE) + zone_lru_size(zone, LRU_INACTIVE_FILE);

	if (get_nr_swap_pages() > 0)
		nr += zone_lru_size(zone, LRU_ACTIVE_ANON) + zone_lru_size(zone, LRU_INACTIVE_ANON);
	return nr;
}

bool zone_reclaimable(struct zone *zone)
{
	return READ_ONCE(zone->pages_scanned) < zone_reclaimable_pages(zone) * 6;
}

/* Enough is free that compaction can make the block: reclaiming more would only hurt. */
static bool compaction_ready(struct zone *zone, unsigned int order)
{
	unsigned long gap = min(low_wmark_pages(zone), DIV_ROUND_UP(zone->managed_pages, 100UL));
	unsigned long mark = high_wmark_pages(zone) + gap + (2UL << order);

	if (!zone_watermark_ok_safe(zone, 0, mark, 0, 0))
		return false;
	return compaction_deferred(zone, order) ||
	       compaction_suitable(zone, order) != COMPACT_SKIPPED;
}

/* => true: what is freed there could serve the request */
static bool usable(const struct zone *zone)
{
	return populated_zone(zone) && cpuset_zone_allowed(zone, GFP_KERNEL | __GFP_HARDWALL);
}

/* => true: this zone is not to be scanned in this pass */
static bool skip_zone(struct zone *zone, struct scan_control *sc)
{
	if (sc->priority != DEF_PRIORITY && !zone_reclaimable(zone))
		return true; /* hopeless: polled at priority 12 only */
	if (IS_ENABLED(CONFIG_COMPACTION) && sc->order > PAGE_ALLOC_COSTLY_ORDER &&
	    compaction_ready(zone, sc->order)) {
		sc->compaction_ready = true;
		return true;
	}
	return false;
}

static void reclaim_slab(struct scan_control *sc, unsigned long lru_pages)
{
	struct reclaim_state *reclaim = current->reclaim_state;
	struct shrink_control shrink = { .gfp_mask = sc->gfp_mask };

	shrink_slab(&shrink, sc->nr_scanned, lru_pages);
	if (reclaim) {
		sc->nr_reclaimed += reclaim->reclaimed_slab;
		reclaim->reclaimed_slab = 0;
	}
}

/* One pass at sc->priority. => true: some zone freed pages or can still be hoped for */
static bool shrink_zones(struct zonelist *zonelist, struct scan_control *sc)
{
	unsigned long lru_pages = 0;
	bool reclaimable = false;
	struct zoneref *z;
	struct zone *zone;

	for_each_zone_zonelist_nodemask(zone, z, zonelist, gfp_zone(sc->gfp_mask), sc->nodemask) {
		if (!usable(zone))
			continue;
		lru_pages += zone_reclaimable_pages(zone);
		if (skip_zone(zone, sc))
			continue;
		if (shrink_zone(zone, sc) || zone_reclaimable(zone))
			reclaimable = true;
	}
	reclaim_slab(sc, lru_pages);
	return reclaimable;
}

static unsigned long do_try_to_free_pages(struct zonelist *zonelist, struct scan_control *sc)
{
	unsigned long total_scanned = 0;
	bool reclaimable;

	do {
		sc->nr_scanned = sc->nr_unqueued_dirty = 0;
		reclaimable = shrink_zones(zonelist, sc);
		total_scanned += sc->nr_scanned;
		if (sc->nr_reclaimed >= sc->nr_to_reclaim || sc->compaction_ready)
			break;
		if (sc->priority < DEF_PRIORITY - 2)
			sc->may_writepage = true;
		/* Much scanned and little freed: what is in the way is dirty. */
		if (total_scanned > sc->nr_to_reclaim + sc->nr_to_reclaim / 2) {
			wakeup_flusher_threads((long)total_scanned);
			sc->may_writepage = true;
		}
		/* Only dirty pages are left: they are not out of reach, the flushers need a moment. */
		if (!sc->nr_reclaimed && sc->nr_unqueued_dirty)
			congestion_wait(true, HZ / 50);
	} while (--sc->priority >= 0);

	if (sc->nr_reclaimed)
		return sc->nr_reclaimed;
	return sc->compaction_ready || reclaimable;
}

/* => the item, exactly, in the zones that can serve the request */
static unsigned long usable_state(struct zonelist *zonelist, const struct scan_control *sc, enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zoneref *z;
	struct zone *zone;

	for_each_zone_zonelist_nodemask(zone, z, zonelist, gfp_zone(sc->gfp_mask), sc->nodemask)
		if (usable(zone))
			sum += zone_page_state_snapshot(zone, item);
	return sum;
}

/*
 * Thirteen passes have freed nothing, but pages are on their way to a disk: they are in nobody's reach now and may be
 * free in a moment, so nobody need die for want of them. Whoever may ask the killer waits until one of the writes
 * has ended. A disk that ends none of them for WRITE_PATIENCE is not waited for until it does: the killer decides.
 * Writes that fail are no ends. ended: NR_WRITTEN before the passes. => true: look again, the zones are as good as new
 */
static bool a_write_has_ended(struct zonelist *zonelist, struct scan_control *sc, unsigned long ended)
{
	static unsigned long given_up = ~0UL; /* racy: at worst a wait more */
	struct zoneref *z;
	struct zone *zone;

	if ((sc->gfp_mask & (__GFP_FS | __GFP_NORETRY)) != __GFP_FS || sc->order > PAGE_ALLOC_COSTLY_ORDER)
		return false;
	for (int waited = 0; usable_state(zonelist, sc, NR_WRITTEN) == ended; waited += HZ / 50) {
		if (READ_ONCE(given_up) == ended || !usable_state(zonelist, sc, NR_WRITEBACK) ||
		    fatal_signal_pending(current))
			return false;
		if (waited >= WRITE_PATIENCE)
			WRITE_ONCE(given_up, ended);
		congestion_wait(true, HZ / 50);
	}
	for_each_zone_zonelist_nodemask(zone, z, zonelist, gfp_zone(sc->gfp_mask), sc->nodemask)
		zone_clear_pages_scanned(zone);
	return true;
}

/* Why somebody reclaims directly: the zone it likes best, among others, is empty down to min. */
static void trace_min_mark(struct zonelist *zonelist, gfp_t gfp, unsigned long nodemask)
{
	struct zone *zone = first_zones_zonelist(zonelist, gfp_zone(gfp), nodemask)->zone;

	if (zone)
		mm_trace(MM_WMARK_MIN, zone_idx(zone), zone_page_state(zone, NR_FREE_PAGES),
			 min_wmark_pages(zone));
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
				unsigned long nodemask)
{
	struct scan_control sc = {
		.nr_to_reclaim = SWAP_CLUSTER_MAX,
		.nodemask = nodemask,
		.gfp_mask = gfp,
		.order = order,
		.may_writepage = true,
		.may_unmap = true,
		.may_swap = true,
	};
	unsigned long freed, ended;
	int rounds = 0;

	if (current->flags & PF_MEMALLOC_NOIO)
		sc.gfp_mask &= ~GFP_IOFS;
	/* The dying task is let go to exit: it must not look like no progress. */
	if (throttle_direct_reclaim(sc.gfp_mask, zonelist, nodemask))
		return 1;
	trace_min_mark(zonelist, gfp, nodemask);
	mm_trace(MM_DIRECT_BEGIN, order, gfp, (unsigned long)current->pid);
	count_vm_event(ALLOCSTALL);
	do {
		ended = usable_state(zonelist, &sc, NR_WRITTEN);
		sc.priority = DEF_PRIORITY;
		freed = do_try_to_free_pages(zonelist, &sc);
	} while (!freed && ++rounds < WRITE_ROUNDS && a_write_has_ended(zonelist, &sc, ended));
	mm_trace(MM_DIRECT_END, order, freed, (unsigned long)current->pid);
	return freed;
}

/* => true if the zone has cache enough to look into: more of unmapped file pages or of slab than its ratio says */
static bool worth_zone_reclaim(const struct zone *zone)
{
	unsigned long file = zone_page_state(zone, NR_ACTIVE_FILE) + zone_page_state(zone, NR_INACTIVE_FILE);
	unsigned long mapped = zone_reclaim_mode & 4 ? 0 : zone_page_state(zone, NR_FILE_MAPPED);
	unsigned long unmapped = file - min(file, mapped);

	return unmapped > zone->managed_pages * (unsigned long)sysctl_min_unmapped_ratio / 100 ||
	       zone_page_state(zone, NR_SLAB_RECLAIMABLE) >
		       zone->managed_pages * (unsigned long)sysctl_min_slab_ratio / 100;
}

/* zone_reclaim_mode: take from the local zone before going to another node. */
unsigned long zone_reclaim(struct zone *zone, gfp_t gfp, unsigned int order)
{
	struct scan_control sc = {
		.nr_to_reclaim = max(1UL << order, SWAP_CLUSTER_MAX),
		.gfp_mask = gfp,
		.order = order,
		.priority = 4,
		.may_writepage = zone_reclaim_mode & 2,
		.may_unmap = zone_reclaim_mode & 4,
		.may_swap = true,
	};
	struct reclaim_state reclaim = { 0 };

	if (!(gfp & __GFP_WAIT) || (current->flags & PF_MEMALLOC) || !zone_reclaimable(zone) ||
	    !worth_zone_reclaim(zone))
		return 0;
	current->flags |= PF_MEMALLOC | PF_SWAPWRITE;
	current->reclaim_state = &reclaim;
	do {
		shrink_zone(zone, &sc);
	} while (sc.nr_reclaimed < sc.nr_to_reclaim && --sc.priority >= 0);
	current->reclaim_state = NULL;
	current->flags &= ~(PF_MEMALLOC | PF_SWAPWRITE);
	if (sc.nr_reclaimed < 1UL << order)
		count_vm_event(PGSCAN_ZONE_RECLAIM_FAILED);
	return sc.nr_reclaimed;
}
