/* SPDX-License-Identifier: MIT */
/*
 * The LRU lists from the inside: shared by lru.c, pagevec.c and page_release.c only.
 */
#ifndef MM_LRU_INTERNAL_H
#define MM_LRU_INTERNAL_H

#include "mm/lru.h"
#include "mm/policy.h"

/* Counters of one (zone, list) at a time: runs of equal pages cost one update. */
struct lru_tally {
	struct zone *zone;
	unsigned long list;
	long delta;
};

static inline void tally_flush(struct lru_tally *t)
{
	if (t->delta)
		lru_count(t->zone, (unsigned int)t->list, t->delta);
	t->delta = 0;
}

static inline void tally(struct lru_tally *t, struct zone *zone, unsigned long list, long delta)
{
	if (t->zone != zone || t->list != list) {
		tally_flush(t);
		t->zone = zone;
		t->list = list;
	}
	t->delta += delta;
}

/* How often a scan of a kind was in vain, for all policies (spec 6.2). => lru_lock held */
static inline void update_reclaim_stat(struct zone *zone, int file, bool rotated)
{
	zone->lruvec.reclaim_stat.recent_scanned[file]++;
	if (rotated)
		zone->lruvec.reclaim_stat.recent_rotated[file]++;
}

/* A page on a list: its policy names another one, or another place. => lru_lock held; PG_lru set */
void lru_list_move(struct page *page, struct zone *zone, enum lru_move why);

#endif
