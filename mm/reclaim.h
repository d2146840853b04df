/* SPDX-License-Identifier: MIT */
/*
 * Reclaim from the inside: shared by scan_count.c, isolate.c, shrink_list.c, shrink_zone.c, the policies,
 * vmscan.c (direct reclaim) and kswapd.c only.
 *
 *   kswapd / direct -> shrink_zone -> shrink_lruvec -> policy->plan: how many of each kind
 *                                        |-> policy->age: make candidates
 *                                        `-> shrink_inactive_list: policy->take 32 -> shrink_page_list -> free
 */
#ifndef MM_RECLAIM_H
#define MM_RECLAIM_H

#include "kernel/core/task.h"
#include "mm/lru.h"
#include "mm/vmscan.h"

/* One run of reclaim: who wants how much, what is allowed, what came of it. */
struct scan_control {
	unsigned long nr_to_reclaim;	/* stop when so many pages are freed */
	unsigned long nodemask;		/* nodes to take from, 0: all */
	gfp_t gfp_mask;			/* of the request: what reclaim may do (IO, FS, WAIT) */
	unsigned int order;		/* of the request */
	struct reclaim_policy *policy;	/* whose victims: the zone's, held while it is shrunk */
	int priority;			/* lists are scanned by size >> priority, 12 down to 0 */
	bool may_writepage;		/* dirty pages may be written */
	bool may_unmap;			/* mapped pages may be unmapped */
	bool may_swap;			/* anonymous pages may be swapped */
	bool compaction_ready;		/* result: compaction could go ahead instead */
	unsigned long nr_scanned;	/* result: pages looked at */
	unsigned long nr_unqueued_dirty; /* result: dirty file pages met that nobody is writing yet */
	unsigned long nr_reclaimed;	/* result: pages freed */
};

static inline bool current_is_kswapd(void)
{
	return current->flags & PF_KSWAPD;
}

/* ---- scan_count.c (spec 6.2), pure ---- */

enum scan_balance { SCAN_EQUAL, SCAN_FRACT, SCAN_ANON, SCAN_FILE };

struct scan_facts {
	unsigned long size[NR_LRU_LISTS]; /* pages on each list */
	unsigned long free, high_wmark;	  /* of the zone */
	long free_swap;			  /* slots; <= 0: none */
	unsigned int swappiness;
	int priority;
	bool may_swap;
	bool force_scan;		  /* kswapd on an unreclaimable zone: at least 32 of something */
};

enum scan_balance scan_balance_of(const struct scan_facts *f);
/* The same for policies without active lists: there is always an inactive file page more than active ones. */
enum scan_balance scan_balance_by_size(const struct scan_facts *f);
/* Old history is worth half: scanned above a quarter of the list halves both. */
void scan_age_stat(struct zone_reclaim_stat *stat, unsigned long anon, unsigned long file);
/* => nr[lru]: pages to scan of each evictable list; stat is aged */
void scan_count(const struct scan_facts *f, enum scan_balance balance, struct zone_reclaim_stat *stat,
		unsigned long nr[]);

/* ---- isolate.c ---- */

/* What was not freed goes back to its lists; pages that died meanwhile to *freed. => lru_lock held */
void putback_inactive_pages(struct zone *zone, struct page_list *pages, struct page_list *freed);
/* Off its list again, with no policy's bits: our reference was the last. => lru_lock held */
void lru_discard(struct page *page, struct zone *zone);
bool too_many_isolated(struct zone *zone, bool file, const struct scan_control *sc);

/* ---- shrink_list.c (spec 6.4, 6.5) ---- */

struct shrink_stat {
	unsigned long nr_dirty, nr_unqueued_dirty, nr_congested, nr_writeback, nr_immediate;
};

/* => pages freed; the others are left on pages for putback. May sleep. At most 32 pages. */
unsigned long shrink_page_list(struct page_list *pages, struct zone *zone, struct scan_control *sc,
			       struct shrink_stat *stat, bool ignore_references);

/* ---- shrink_zone.c (spec 6.1 to 6.3, 6.6) ---- */

bool shrink_zone(struct zone *zone, struct scan_control *sc); /* => true: freed something */
/* The policy's background work, also when nothing is short: kswapd looks at each zone. */
void balance_zone_lists(struct zone *zone, struct scan_control *sc);
unsigned long zone_lru_size(const struct zone *zone, enum lru_list lru);

/* ---- policy.c ---- */

/* => what the zone looks like to a run of reclaim */
void scan_facts_of(struct zone *zone, const struct scan_control *sc, struct scan_facts *f);

/* ---- policy_lru2.c ---- */

bool inactive_anon_is_low(const struct zone *zone);

/* ---- throttle.c (spec 6.6) ---- */

bool pfmemalloc_watermark_ok(struct pglist_data *pgdat);
/* => true: the caller has a fatal signal and should go and die instead */
bool throttle_direct_reclaim(gfp_t gfp, struct zonelist *zonelist, unsigned long nodemask);
void throttle_vm_writeout(gfp_t gfp);

/* ---- kswapd.c (spec 5), the parts tests call ---- */

bool zone_balanced(struct zone *zone, unsigned int order, unsigned long gap, int classzone);
bool pgdat_balanced(struct pglist_data *pgdat, unsigned int order, int classzone);
/* => order that was achieved; *classzone likewise */
unsigned int balance_pgdat(struct pglist_data *pgdat, unsigned int order, int *classzone);

#endif
