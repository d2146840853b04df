/* SPDX-License-Identifier: MIT */
/*
 * Shrinking a zone: the policy (policy.h) says how much of which kind and names the victims, 32 at a time.
 *
 *   plan ---> nr[] --> age: pages become candidates         (lru2: active -> inactive)
 *                  `-> take: 32 victims -> shrink_page_list -> freed, or back to where the policy places them
 *
 * Both are done in turns of 32 pages until the target is met; then the kind with less left is dropped and
 * the other goes on in proportion, so that the ratio of the plan holds whatever the target.
 *
 * Locks: lru_lock, not held while pages are looked at. May sleep.
 * Read next: policy_lru2.c, vmscan.c, kswapd.c. Linux does beyond it: memory cgroups, node-wide lists.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "mm/compact.h"
#include "mm/mm_types.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/writeback.h"

unsigned long zone_lru_size(const struct zone *zone, enum lru_list lru)
{
	return zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + lru));
}

/* ---- One batch ------------------------------------------------------------------------------------ */

/* What the batch tells about the zone (spec 6.6), and the waiting that follows from it. */
static void note_and_throttle(struct zone *zone, unsigned long taken, const struct shrink_stat *s)
{
	if (s->nr_writeback && s->nr_writeback == taken)
		set_bit(ZONE_WRITEBACK, &zone->flags);
	if (s->nr_dirty && s->nr_dirty == s->nr_congested)
		set_bit(ZONE_CONGESTED, &zone->flags);
	if (s->nr_unqueued_dirty == taken) {
		/*
		 * The flushers are behind. They write in the order of the file, reclaim in that of the list: so
		 * they get a moment before kswapd writes too.
		 */
		wakeup_flusher_threads(0);
		if (!test_and_set_bit(ZONE_TAIL_LRU_DIRTY, &zone->flags) && current_is_kswapd())
			congestion_wait(true, HZ / 50);
	}
	if (s->nr_immediate)
		congestion_wait(true, HZ / 10);
	if (!current_is_kswapd())
		wait_iff_congested(zone, true, HZ / 10);
}

static void count_scan(struct zone *zone, unsigned long scanned, unsigned long freed)
{
	if (current_is_kswapd()) {
		count_vm_zone_events(PGSCAN_KSWAPD, zone, scanned);
		count_vm_zone_events(PGSTEAL_KSWAPD, zone, freed);
	} else {
		count_vm_zone_events(PGSCAN_DIRECT, zone, scanned);
		count_vm_zone_events(PGSTEAL_DIRECT, zone, freed);
	}
}

/* Direct reclaimers that found most of a list in the hands of others. */
static DECLARE_WAIT_QUEUE_HEAD(isolated_wait);

/* Victims of one kind. => lru_lock held; pages taken */
static unsigned long take_victims(struct zone *zone, int file, unsigned long nr, struct scan_control *sc,
				  struct page_list *pages, unsigned long *scanned)
{
	unsigned int mode = sc->may_unmap ? 0 : ISOLATE_UNMAPPED;

	if (sc->policy->take)
		return sc->policy->take(zone, file, nr, pages, scanned, mode);
	return isolate_lru_pages(zone, file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON, nr, pages, scanned, mode);
}

static unsigned long shrink_inactive_list(unsigned long nr_to_scan, struct zone *zone,
					  struct scan_control *sc, int file)
{
	enum zone_stat_item isolated = file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON;
	unsigned long taken, scanned, reclaimed;
	struct shrink_stat stat = { 0 };
	PAGE_LIST(pages);
	PAGE_LIST(freed);

	while (unlikely(too_many_isolated(zone, file, sc))) {
		/* HZ/10, or until somebody puts his batch back. */
		wait_event_timeout(isolated_wait, !too_many_isolated(zone, file, sc), HZ / 10);
		if (fatal_signal_pending(current)) /* go and die: that frees more */
			return SWAP_CLUSTER_MAX;
	}
	lru_add_drain();
	spin_lock_irq(&zone->lru_lock);
	taken = take_victims(zone, file, nr_to_scan, sc, &pages, &scanned);
	zone->pages_scanned += scanned;
	zone->lruvec.reclaim_stat.recent_scanned[file] += taken;
	spin_unlock_irq(&zone->lru_lock);
	if (!taken) {
		count_scan(zone, scanned, 0);
		return 0;
	}

	reclaimed = shrink_page_list(&pages, zone, sc, &stat, false);
	sc->nr_unqueued_dirty += stat.nr_unqueued_dirty;

	spin_lock_irq(&zone->lru_lock);
	count_scan(zone, scanned, reclaimed);
	putback_inactive_pages(zone, &pages, &freed);
	__mod_zone_page_state(zone, isolated, -(long)taken);
	spin_unlock_irq(&zone->lru_lock);
	if (unlikely(waitqueue_active(&isolated_wait)))
		wake_up_all(&isolated_wait);
	if (!page_list_empty(&freed))
		free_hot_cold_page_list(&freed, true);
	note_and_throttle(zone, taken, &stat);
	return reclaimed;
}

static unsigned long shrink_list(enum lru_list lru, unsigned long nr_to_scan, struct zone *zone,
				 struct scan_control *sc)
{
	if (!is_active_lru(lru))
		return shrink_inactive_list(nr_to_scan, zone, sc, is_file_lru(lru));
	if (sc->policy->age)
		sc->policy->age(zone, is_file_lru(lru), nr_to_scan, sc);
	return 0;
}

/* ---- All lists of a zone -------------------------------------------------------------------------- */

/*
 * The target is met: drop the kind with less left and cut the other to the same fraction.
 * => false: one kind was done anyway, stop
 */
static bool adjust_scan(unsigned long nr[], const unsigned long targets[])
{
	unsigned long anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
	unsigned long file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE];
	int drop = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	int other = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	unsigned long target = targets[drop] + targets[drop + LRU_ACTIVE] + 1;
	unsigned long percent_left = min(file, anon) * 100 / target;

	if (!file || !anon)
		return false;
	nr[drop] = nr[drop + LRU_ACTIVE] = 0;
	for (int lru = other; lru <= other + LRU_ACTIVE; lru++) {
		unsigned long done = targets[lru] - nr[lru];

		nr[lru] = targets[lru] * (100 - percent_left) / 100;
		nr[lru] -= min(nr[lru], done);
	}
	return true;
}

static void shrink_lruvec(struct zone *zone, struct scan_control *sc)
{
	unsigned long nr[NR_LRU_LISTS] = { 0 }, targets[NR_LRU_LISTS];
	unsigned long reclaimed = 0;
	bool adjusted = !current_is_kswapd() && sc->priority == DEF_PRIORITY;
	enum lru_list lru;

	sc->policy->plan(zone, sc, nr);
	memcpy(targets, nr, sizeof(targets));
	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
		for_each_evictable_lru(lru) {
			unsigned long scan = min(nr[lru], SWAP_CLUSTER_MAX);

			if (!scan)
				continue;
			nr[lru] -= scan;
			reclaimed += shrink_list(lru, scan, zone, sc);
		}
		cond_resched();
		if (reclaimed < sc->nr_to_reclaim || adjusted)
			continue;
		if (!adjust_scan(nr, targets))
			break;
		adjusted = true;
	}
	sc->nr_reclaimed += reclaimed;
	if (sc->policy->balance)
		sc->policy->balance(zone, sc);
	throttle_vm_writeout(sc->gfp_mask);
}

/* Reclaim for compaction: only for large blocks or when reclaim is in trouble. */
static bool in_reclaim_compaction(const struct scan_control *sc)
{
	return IS_ENABLED(CONFIG_COMPACTION) && sc->order &&
	       (sc->order > PAGE_ALLOC_COSTLY_ORDER || sc->priority < DEF_PRIORITY - 2);
}

/* => true: go on with this zone, compaction has too little room yet, and there was progress (spec 6.8) */
static bool should_continue_reclaim(struct zone *zone, unsigned long freed, unsigned long scanned,
				    const struct scan_control *sc)
{
	enum compact_result suitable;

	if (!in_reclaim_compaction(sc) || sc->nr_reclaimed >= 2UL << sc->order)
		return false;
	if (!freed && !((sc->gfp_mask & __GFP_REPEAT) && scanned))
		return false;
	suitable = compaction_suitable(zone, sc->order);
	return suitable != COMPACT_PARTIAL && suitable != COMPACT_CONTINUE;
}

bool shrink_zone(struct zone *zone, struct scan_control *sc)
{
	unsigned long before = sc->nr_reclaimed, freed, scanned;

	do {
		freed = sc->nr_reclaimed;
		scanned = sc->nr_scanned;
		sc->policy = policy_get(zone);
		shrink_lruvec(zone, sc);
		policy_put(sc->policy);
	} while (should_continue_reclaim(zone, sc->nr_reclaimed - freed, sc->nr_scanned - scanned,
					 sc));
	return sc->nr_reclaimed != before;
}

void balance_zone_lists(struct zone *zone, struct scan_control *sc)
{
	sc->policy = policy_get(zone);
	if (sc->policy->balance)
		sc->policy->balance(zone, sc);
	policy_put(sc->policy);
}
