/* SPDX-License-Identifier: MIT */
/*
 * Reclaim without pages: the control of it - which zone, at which priority, how often, when it stops - on machine C of
 * spec 2.7, a node of three zones whose counters are numbers that a test sets. What a zone gives when it is shrunk is
 * a script: the zones' policy writes down that it was asked, and does as script says. Include machine_fixture.h first.
 *
 *	make_world(); set_free(ZONE_NORMAL, 1408); script.freed = 16; balance(0);
 *	assert_string_equal(shrunk, "12:0 12:1");
 */
#ifndef TESTS_HOST_RECLAIM_WORLD_H
#define TESTS_HOST_RECLAIM_WORLD_H

#include "tests/host/machine_fixture.h"

#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/zone_setup.h"

static struct pglist_data world;
static struct zonelist world_zonelist; /* HighMem, Normal, DMA */

static struct {
	unsigned long scanned, freed;			    /* what each zone shrunk adds to the run */
	void (*then)(struct zone *zone, struct scan_control *sc); /* what else happens */
} script;

static char shrunk[1024]; /* priority:zone of each */
static char aged[1024];	  /* zone of each look of the policy at its balance of lists */
static unsigned long target_of[MAX_NR_ZONES]; /* nr_to_reclaim when it was shrunk last */

static inline void note(char *log, const char *format, ...)
{
	size_t used = strlen(log);
	va_list args;

	va_start(args, format);
	if (used < 1000)
		vsnprintf(log + used, 1024 - used, used ? format : format + 1, args);
	va_end(args);
}

static void world_plan(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS])
{
	(void)nr; /* zeroes: no list is touched */
	note(shrunk, " %d:%d", sc->priority, zone_idx(zone));
	target_of[zone_idx(zone)] = sc->nr_to_reclaim;
	sc->nr_scanned += script.scanned;
	sc->nr_reclaimed += script.freed;
	if (script.then)
		script.then(zone, sc);
}

static void world_balance(struct zone *zone, struct scan_control *sc)
{
	(void)sc;
	note(aged, " %d", zone_idx(zone));
}

static enum lru_place world_place(struct zone *zone, struct page *page, enum lru_move why)
{
	(void)zone;
	(void)page;
	(void)why;
	return PLACE_STAY;
}

static struct reclaim_policy world_policy = {
	.name = "world", .place = world_place, .plan = world_plan, .balance = world_balance,
};

static inline struct zone *world_zone(enum zone_type idx)
{
	return &world.node_zones[idx];
}

static inline void set_state(enum zone_type idx, enum zone_stat_item item, long nr)
{
	atomic_long_set(&world_zone(idx)->vm_stat[item], nr);
}

static inline void set_free(enum zone_type idx, long nr)
{
	set_state(idx, NR_FREE_PAGES, nr);
}

static inline void set_lru(enum zone_type idx, enum lru_list lru, long nr)
{
	set_state(idx, (enum zone_stat_item)(NR_LRU_BASE + lru), nr);
}

static inline void forget_log(void)
{
	shrunk[0] = aged[0] = '\0';
}

/* Nothing free, much on the lists: every zone needs and deserves work. */
static inline void make_world(void)
{
	static const unsigned long managed[3] = { 4096, 225280, 294912 };
	static const unsigned long marks[3][NR_WMARK] = { { 17, 21, 25 }, { 939, 1173, 1408 }, { 128, 435, 743 } };

	memset(&world, 0, sizeof(world));
	memset(&script, 0, sizeof(script));
	forget_log();
	world.node_id = 1; /* 0 is the machine's own */
	init_waitqueue_head(&world.kswapd_wait);
	init_waitqueue_head(&world.pfmemalloc_wait);
	world.classzone_idx = ZONE_HIGHMEM;
	for (int idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = world_zone((enum zone_type)idx);

		zone_init_empty(zone, &world, (enum zone_type)idx);
		zone->lruvec.policy = &world_policy;
		if (idx == ZONE_MOVABLE)
			continue;
		zone->spanned_pages = zone->present_pages = zone->managed_pages = managed[idx];
		memcpy(zone->watermark, marks[idx], sizeof(marks[idx]));
		set_lru((enum zone_type)idx, LRU_INACTIVE_FILE, 1000);
		world_zonelist._zonerefs[ZONE_HIGHMEM - idx] = (struct zoneref){ zone, idx };
	}
	world_zone(ZONE_DMA)->lowmem_reserve[ZONE_NORMAL] = 880;
	world_zone(ZONE_DMA)->lowmem_reserve[ZONE_HIGHMEM] = 2032;
	world_zone(ZONE_NORMAL)->lowmem_reserve[ZONE_HIGHMEM] = 9216;
}

/* A shrinker that has `objects` and writes down what it was asked for. */
static unsigned long slab_objects, slab_asked, slab_counts, slab_pages;

static unsigned long slab_count(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	slab_counts++;
	return slab_objects;
}

static unsigned long slab_scan(struct shrinker *s, struct shrink_control *sc)
{
	struct reclaim_state *reclaim = current->reclaim_state;

	(void)s;
	slab_asked += sc->nr_to_scan;
	if (reclaim)
		reclaim->reclaimed_slab += slab_pages;
	return sc->nr_to_scan;
}

static struct shrinker slab;

/* => registered: so many objects, so many of them a call; each call frees pages */
static inline struct shrinker *make_slab(unsigned long objects, unsigned long batch, unsigned long pages)
{
	slab = (struct shrinker){ .count_objects = slab_count, .scan_objects = slab_scan, .batch = batch };
	slab_objects = objects;
	slab_pages = pages;
	slab_asked = slab_counts = 0;
	register_shrinker(&slab);
	return &slab;
}

#endif
