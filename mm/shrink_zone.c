/* SPDX-License-Identifier: MIT */
/*
 * Shrinking a zone: its inactive lists are freed, its active lists feed them.
 *
 *   active list --tail, 32--> referenced program text? stays : goes to the inactive head
 *   inactive list --tail, 32--> shrink_page_list -> freed, kept, activated
 *
 * The lists are worked in turns of 32 pages, by the shares of scan_count.c, until the target is met;
 * then the kind with less left is dropped and the other goes on in proportion, so that the ratio of
 * the shares holds whatever the target.
 *
 * Locks: lru_lock, not held while pages are looked at. May sleep.
 * Read next: vmscan.c, kswapd.c. Linux does beyond it: memory cgroups, node-wide lists, MGLRU.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "mm/compact.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/writeback.h"

unsigned long zone_lru_size(const struct zone *zone, enum lru_list lru)
{
	return zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + lru));
}

bool inactive_anon_is_low(const struct zone *zone)
{
	if (!total_swap_pages)
		return false;
	return zone_lru_size(zone, LRU_INACTIVE_ANON) * max(zone->inactive_ratio, 1U) <
	       zone_lru_size(zone, LRU_ACTIVE_ANON);
}

static bool inactive_is_low(const struct zone *zone, enum lru_list active)
{
	if (is_file_lru(active))
		return zone_lru_size(zone, LRU_ACTIVE_FILE) > zone_lru_size(zone, LRU_INACTIVE_FILE);
	return inactive_anon_is_low(zone);
}

/* ---- Active lists --------------------------------------------------------------------------------- */

/* Sort one batch: what stays active, what becomes inactive. => pages found referenced */
static unsigned long sort_active(struct page_list *hold, struct page_list *active,
				 struct page_list *inactive)
{
	unsigned long rotated = 0;
	struct page *page;

	while ((page = page_list_pop(hold))) {
		unsigned long vm_flags;

		cond_resched();
		if (unlikely(!page_evictable(page))) {
			putback_lru_page(page);
			continue;
		}
		if (page_referenced(page, false, &vm_flags)) {
			rotated++;
			/* Program text gets a second trip: faulting it back in hurts most. */
			if ((vm_flags & VM_EXEC) && page_is_file_cache(page)) {
				page_list_add_tail(page, active);
				continue;
			}
		}
		ClearPageActive(page);
		page_list_add_tail(page, inactive);
	}
	return rotated;
}

/* => lru_lock held. Pages that died meanwhile go to *freed. => pages put on the list */
static unsigned long move_to_lru(struct zone *zone, struct page_list *list, enum lru_list lru,
				 struct page_list *freed)
{
	unsigned long moved = 0;
	struct page *page;

	while ((page = page_list_pop(list))) {
		VM_BUG_ON_PAGE(PageLRU(page), page);
		/* First on the list, then our reference: whoever drops the last one must see PG_lru. */
		SetPageLRU(page);
		page_list_add(page, &zone->lruvec.lists[lru]);
		if (put_page_testzero(page)) { /* ours was the last */
			ClearPageLRU(page);
			page_list_del(page, &zone->lruvec.lists[lru]);
			ClearPageActive(page);
			page_list_add(page, freed);
			continue;
		}
		moved++;
	}
	__mod_zone_page_state(zone, (enum zone_stat_item)(NR_LRU_BASE + lru), (long)moved);
	return moved;
}

void shrink_active_list(unsigned long nr_to_scan, struct zone *zone, struct scan_control *sc,
			enum lru_list lru)
{
	struct zone_reclaim_stat *stat = &zone->lruvec.reclaim_stat;
	int file = is_file_lru(lru);
	enum zone_stat_item isolated = file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON;
	unsigned long taken, scanned, rotated;
	PAGE_LIST(hold);
	PAGE_LIST(active);
	PAGE_LIST(inactive);
	PAGE_LIST(freed);

	lru_add_drain();
	spin_lock_irq(&zone->lru_lock);
	taken = isolate_lru_pages(nr_to_scan, zone, lru, &hold, &scanned,
				  sc->may_unmap ? 0 : ISOLATE_UNMAPPED);
	zone->pages_scanned += scanned;
	stat->recent_scanned[file] += taken;
	count_vm_zone_events(PGREFILL, zone, scanned);
	spin_unlock_irq(&zone->lru_lock);
	if (!taken)
		return;

	rotated = sort_active(&hold, &active, &inactive);

	spin_lock_irq(&zone->lru_lock);
	/* Counted as in use although most go on to the inactive list: it weighs the kinds (6.2). */
	stat->recent_rotated[file] += rotated;
	move_to_lru(zone, &active, lru, &freed);
	count_vm_events(PGDEACTIVATE,
			move_to_lru(zone, &inactive, (enum lru_list)(lru - LRU_ACTIVE), &freed));
	__mod_zone_page_state(zone, isolated, -(long)taken);
	spin_unlock_irq(&zone->lru_lock);
	if (!page_list_empty(&freed))
		free_hot_cold_page_list(&freed, true);
}

/* ---- Inactive lists ------------------------------------------------------------------------------- */

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

static unsigned long shrink_inactive_list(unsigned long nr_to_scan, struct zone *zone,
					  struct scan_control *sc, enum lru_list lru)
{
	int file = is_file_lru(lru);
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
	taken = isolate_lru_pages(nr_to_scan, zone, lru, &pages, &scanned,
				  sc->may_unmap ? 0 : ISOLATE_UNMAPPED);
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
	if (is_active_lru(lru)) {
		if (inactive_is_low(zone, lru))
			shrink_active_list(nr_to_scan, zone, sc, lru);
		return 0;
	}
	return shrink_inactive_list(nr_to_scan, zone, sc, lru);
}

/* ---- All lists of a zone -------------------------------------------------------------------------- */

static void get_scan_count(struct zone *zone, const struct scan_control *sc, unsigned long nr[])
{
	struct scan_facts f = {
		.free = zone_page_state(zone, NR_FREE_PAGES),
		.high_wmark = high_wmark_pages(zone),
		.free_swap = get_nr_swap_pages(),
		.swappiness = (unsigned int)vm_swappiness,
		.priority = sc->priority,
		.may_swap = sc->may_swap,
		.force_scan = current_is_kswapd() && !zone_reclaimable(zone),
	};
	enum lru_list lru;

	for_each_evictable_lru(lru)
		f.size[lru] = zone_lru_size(zone, lru);
	spin_lock_irq(&zone->lru_lock);
	scan_count(&f, &zone->lruvec.reclaim_stat, nr);
	spin_unlock_irq(&zone->lru_lock);
}

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

	get_scan_count(zone, sc, nr);
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
	if (inactive_anon_is_low(zone))
		shrink_active_list(SWAP_CLUSTER_MAX, zone, sc, LRU_ACTIVE_ANON);
	throttle_vm_writeout(sc->gfp_mask);
}

/* Reclaim for compaction: only for large blocks or when reclaim is in trouble. */
static bool in_reclaim_compaction(const struct scan_control *sc)
{
	return IS_ENABLED(CONFIG_COMPACTION) && sc->order &&
	       (sc->order > PAGE_ALLOC_COSTLY_ORDER || sc->priority < DEF_PRIORITY - 2);
}

/* => true: go on with this zone, compaction has too little room yet (spec 6.8) */
static bool should_continue_reclaim(struct zone *zone, unsigned long freed, unsigned long scanned,
				    const struct scan_control *sc)
{
	unsigned long wanted = 2UL << sc->order, inactive;
	enum compact_result suitable;

	if (!in_reclaim_compaction(sc))
		return false;
	if (!freed && !((sc->gfp_mask & __GFP_REPEAT) && scanned))
		return false;
	inactive = zone_lru_size(zone, LRU_INACTIVE_FILE);
	if (get_nr_swap_pages() > 0)
		inactive += zone_lru_size(zone, LRU_INACTIVE_ANON);
	if (sc->nr_reclaimed < wanted && inactive > wanted)
		return true;
	suitable = compaction_suitable(zone, sc->order);
	return suitable != COMPACT_PARTIAL && suitable != COMPACT_CONTINUE;
}

bool shrink_zone(struct zone *zone, struct scan_control *sc)
{
	unsigned long before = sc->nr_reclaimed, freed, scanned;

	do {
		freed = sc->nr_reclaimed;
		scanned = sc->nr_scanned;
		shrink_lruvec(zone, sc);
	} while (should_continue_reclaim(zone, sc->nr_reclaimed - freed, sc->nr_scanned - scanned,
					 sc));
	return sc->nr_reclaimed != before;
}
