/* SPDX-License-Identifier: MIT */
/*
 * Compaction: moving pages together so that a larger block becomes free. This kernel is an
 * unconfigured system: every request answers COMPACT_SKIPPED, as Linux does without
 * CONFIG_COMPACTION; the interface is the final one (spec 8.3 to 8.6).
 */
#ifndef MM_COMPACT_H
#define MM_COMPACT_H

#include "mm/gfp.h"
#include "mm/zone.h"

#ifndef CONFIG_COMPACTION
#define CONFIG_COMPACTION 0
#endif

enum compact_result {
	COMPACT_DEFERRED,
	COMPACT_SKIPPED,
	COMPACT_CONTINUE,
	COMPACT_PARTIAL,
	COMPACT_COMPLETE,
};

enum migrate_mode { MIGRATE_ASYNC, MIGRATE_SYNC_LIGHT, MIGRATE_SYNC };

/* Why a run stopped early; combined over zones by bitwise AND. */
enum compact_contended { COMPACT_CONTENDED_NONE, COMPACT_CONTENDED_SCHED, COMPACT_CONTENDED_LOCK };

/*
 * Direct compaction over the zonelist (spec 8.5). => may sleep; PF_MEMALLOC set by the caller
 * => *candidate: the zone whose watermark is met now, or NULL
 */
enum compact_result try_to_compact_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
					 unsigned long nodemask, enum migrate_mode mode,
					 enum compact_contended *contended, int alloc_flags,
					 int classzone_idx, struct zone **candidate);
enum compact_result compaction_suitable(struct zone *zone, unsigned int order);
bool compaction_deferred(struct zone *zone, unsigned int order);
void defer_compaction(struct zone *zone, unsigned int order);
void compaction_defer_reset(struct zone *zone, unsigned int order, bool alloc_success);
void compact_pgdat(struct pglist_data *pgdat, unsigned int order);	/* kswapd, async */
void reset_isolation_suitable(struct pglist_data *pgdat);		/* kswapd goes to sleep */
int compact_all_nodes(void);						/* sysctl compact_memory */
int fragmentation_index(struct zone *zone, unsigned int order);		/* spec 8.3; -1000: no need */
int unusable_free_index(struct zone *zone, unsigned int order);		/* per mille */
extern int sysctl_extfrag_threshold;

#endif
