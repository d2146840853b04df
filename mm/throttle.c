/* SPDX-License-Identifier: MIT */
/*
 * Making tasks wait when memory is short (spec 6.6):
 *
 *   wait_iff_congested        the disk has a queue full of our writes: let it work
 *   throttle_vm_writeout      too much of memory is under writeback already
 *   throttle_direct_reclaim   the reserves that swap-out itself needs are half gone
 *
 * Locks: none. May sleep.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/writeback.h"

long wait_iff_congested(struct zone *zone, bool write, long timeout)
{
	unsigned long start = jiffies, waited;

	if (!atomic_read(&nr_bdi_congested[write]) || !test_bit(ZONE_CONGESTED, &zone->flags)) {
		cond_resched();
		waited = jiffies - start;
		return waited >= (unsigned long)timeout ? 0 : timeout - (long)waited;
	}
	timeout = congestion_wait(write, timeout);
	mm_trace(MM_CONGESTED_WAIT, (unsigned long)zone->index, jiffies - start, (unsigned long)current->pid);
	return timeout;
}

/* => file pages under writeback, the CPUs' differentials included */
static unsigned long file_writeback(void)
{
	unsigned long pages = 0;
	long swapping = atomic_long_read(&swap_writeback_pages);
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone_page_state_snapshot(zone, NR_WRITEBACK) +
			 zone_page_state_snapshot(zone, NR_UNSTABLE_NFS);
	return pages - min(pages, swapping > 0 ? (unsigned long)swapping : 0UL);
}

/*
 * Pages on their way to swap are left out: a machine whose memory is all anonymous has a dirty limit
 * near 0, and would sleep after every batch it swaps out. For the same reason the sum is exact.
 */
void throttle_vm_writeout(gfp_t gfp)
{
	unsigned long background, dirty;

	while (global_page_state(NR_WRITEBACK) && !fatal_signal_pending(current)) {
		global_dirty_limits(&background, &dirty);
		if (file_writeback() <= dirty + dirty / 10)
			return;
		congestion_wait(true, HZ / 10);
		/* Who may not do I/O may hold what the writes wait for: one step only. */
		if ((gfp & GFP_IOFS) != GFP_IOFS)
			return;
	}
}

/* kswapd has nothing it could take: whoever waits for it waits for ever, and nobody asks the OOM killer. */
static bool kswapd_is_hopeless(struct pglist_data *pgdat)
{
	for (int i = 0; i <= ZONE_NORMAL; i++)
		if (populated_zone(&pgdat->node_zones[i]) && zone_reclaimable(&pgdat->node_zones[i]))
			return false;
	return true;
}

bool pfmemalloc_watermark_ok(struct pglist_data *pgdat)
{
	unsigned long reserve = 0, free = 0;

	for (int i = 0; i <= ZONE_NORMAL; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (!populated_zone(zone))
			continue;
		reserve += min_wmark_pages(zone);
		free += zone_page_state(zone, NR_FREE_PAGES);
	}
	if (!reserve || free > reserve / 2 || kswapd_is_hopeless(pgdat))
		return true;
	/* Only kswapd can help now: be sure it looks at the zones that matter. */
	if (pgdat->kswapd && waitqueue_active(&pgdat->kswapd_wait)) {
		if (pgdat->classzone_idx > ZONE_NORMAL)
			pgdat->classzone_idx = ZONE_NORMAL;
		wake_up_interruptible(&pgdat->kswapd_wait);
	}
	return false;
}

/* => the node whose reserves the request eats, or NULL */
static struct pglist_data *throttle_node(struct zonelist *zonelist, gfp_t gfp,
					 unsigned long nodemask)
{
	struct zoneref *z;
	struct zone *zone;

	for_each_zone_zonelist_nodemask(zone, z, zonelist, gfp_zone(gfp), nodemask)
		if (zone_idx(zone) <= ZONE_NORMAL)
			return zone->zone_pgdat;
	return NULL;
}

bool throttle_direct_reclaim(gfp_t gfp, struct zonelist *zonelist, unsigned long nodemask)
{
	struct pglist_data *pgdat;

	/* Kernel threads may be what makes the writes end; the dying should die. */
	if ((current->flags & PF_KTHREAD) || fatal_signal_pending(current))
		return false;
	pgdat = throttle_node(zonelist, gfp, nodemask);
	if (!pgdat || !pgdat->kswapd || pfmemalloc_watermark_ok(pgdat))
		return false;
	count_vm_event(PGSCAN_DIRECT_THROTTLE);
	if (!(gfp & __GFP_FS)) {
		/* It may hold a file system's locks that kswapd waits for: a second at most. */
		wait_event_interruptible_timeout(pgdat->pfmemalloc_wait,
						 pfmemalloc_watermark_ok(pgdat), HZ);
	} else {
		(void)wait_event_killable(pgdat->pfmemalloc_wait, pfmemalloc_watermark_ok(pgdat));
	}
	return fatal_signal_pending(current);
}
