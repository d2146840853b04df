/* SPDX-License-Identifier: MIT */
/*
 * Compaction as an unconfigured system answers it: never suitable, never tried. The two indices are
 * real, being mere arithmetic on the free lists (spec 8.3).
 *
 * Locks: zone->lock while the free lists are counted. Test: tests/host/test_compact.c.
 */
#include "mm/compact.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"

int sysctl_extfrag_threshold = 500;

enum compact_result try_to_compact_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
					 unsigned long nodemask, enum migrate_mode mode,
					 enum compact_contended *contended, int alloc_flags,
					 int classzone_idx, struct zone **candidate)
{
	*contended = COMPACT_CONTENDED_NONE;
	*candidate = NULL;
	return COMPACT_SKIPPED;
}

enum compact_result compaction_suitable(struct zone *zone, unsigned int order)
{
	return COMPACT_SKIPPED;
}

/* ---- Deferral (spec 8.6) ---- */

bool compaction_deferred(struct zone *zone, unsigned int order)
{
	unsigned int limit = 1U << zone->compact_defer_shift;

	if ((int)order < zone->compact_order_failed)
		return false;
	zone->compact_considered = min(zone->compact_considered + 1, limit);
	return zone->compact_considered < limit;
}

void defer_compaction(struct zone *zone, unsigned int order)
{
	zone->compact_considered = 0;
	zone->compact_order_failed = min(zone->compact_order_failed, (int)order);
	zone->compact_defer_shift = min(zone->compact_defer_shift + 1, 6U);
}

void compaction_defer_reset(struct zone *zone, unsigned int order, bool alloc_success)
{
	if (alloc_success) {
		zone->compact_considered = 0;
		zone->compact_defer_shift = 0;
	}
	if ((int)order >= zone->compact_order_failed)
		zone->compact_order_failed = (int)order + 1;
}

void compact_pgdat(struct pglist_data *pgdat, unsigned int order)
{
}

void reset_isolation_suitable(struct pglist_data *pgdat)
{
}

int compact_all_nodes(void)
{
	return -ENOSYS;
}

/* ---- How fragmented a zone is -------------------------------------------------------------------- */

struct free_summary {
	unsigned long pages;	/* in all free blocks */
	unsigned long blocks;
	unsigned long suitable;	/* blocks of the order, from blocks at least as large */
};

static struct free_summary summarise(struct zone *zone, unsigned int order)
{
	struct free_summary s = { 0 };

	for (unsigned int o = 0; o < MAX_ORDER; o++) {
		unsigned long nr = READ_ONCE(zone->free_area[o].nr_free);

		s.blocks += nr;
		s.pages += nr << o;
		if (o >= order)
			s.suitable += nr << (o - order);
	}
	return s;
}

int fragmentation_index(struct zone *zone, unsigned int order)
{
	struct free_summary s = summarise(zone, order);

	if (!s.blocks)
		return 0;
	if (s.suitable)
		return -1000;
	return 1000 - (int)((1000 + s.pages * 1000 / (1UL << order)) / s.blocks);
}

int unusable_free_index(struct zone *zone, unsigned int order)
{
	struct free_summary s = summarise(zone, order);

	if (!s.pages)
		return 1000;
	return (int)((s.pages - (s.suitable << order)) * 1000 / s.pages);
}
