/* SPDX-License-Identifier: MIT */
/*
 * kswapd: one thread per node that keeps every zone above its high watermark, so that allocations
 * find pages without reclaiming any themselves.
 *
 *   free            sleeping            awake: balance_pgdat
 *   ---- high ----------------------------------x sleeps again (after a nap of HZ/10)
 *   ---- low  ------x wakeup_kswapd (slow path)
 *   ---- min  ........ direct reclaim: kswapd was too slow
 *
 *   prepare -> nap HZ/10 -> woken early: "low wmark hit quickly"   -> balance again
 *                        -> no longer balanced: "high wmark hit quickly" -> balance again
 *                        -> sleep until woken
 *
 * Wakers only leave a note (kswapd_max_order, classzone_idx) and wake the queue; the notes are racy
 * by design: kswapd reads and resets them.
 *
 * Flags: PF_MEMALLOC (own allocations may use every reserve and never recurse), PF_SWAPWRITE,
 * PF_KSWAPD. Locks: none of its own. Test: tests/host/test_kswapd_*.c; try `/proc/vmstat` kswapd_*.
 * Linux does beyond it: one LRU per node (4.8), kcompactd, watermark boosts.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/freezer.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/compact.h"
#include "mm/mm_trace.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/swap.h"

/* ---- Balanced? (spec 5.1, 5.3) -------------------------------------------------------------------- */

bool zone_balanced(struct zone *zone, unsigned int order, unsigned long gap, int classzone)
{
	if (!zone_watermark_ok_safe(zone, order, high_wmark_pages(zone) + gap, classzone, 0))
		return false;
	return !(IS_ENABLED(CONFIG_COMPACTION) && order &&
		 compaction_suitable(zone, order) == COMPACT_SKIPPED);
}

bool pgdat_balanced(struct pglist_data *pgdat, unsigned int order, int classzone)
{
	unsigned long managed = 0, balanced = 0;

	for (int i = 0; i <= classzone; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (!populated_zone(zone))
			continue;
		managed += zone->managed_pages;
		/* A zone nothing can be got from counts as balanced, or kswapd would never rest. */
		if (!zone_reclaimable(zone) || zone_balanced(zone, order, 0, i))
			balanced += zone->managed_pages;
		else if (!order)
			return false;
	}
	return !order || balanced >= managed / 4;
}

/* ---- Waking --------------------------------------------------------------------------------------- */

void wakeup_kswapd(struct zone *zone, unsigned int order, enum zone_type classzone_idx)
{
	struct pglist_data *pgdat = zone->zone_pgdat;

	if (!populated_zone(zone) || !pgdat->kswapd ||
	    !cpuset_zone_allowed(zone, GFP_KERNEL | __GFP_HARDWALL))
		return;
	if (pgdat->kswapd_max_order < (int)order) {
		pgdat->kswapd_max_order = (int)order;
		if (classzone_idx < pgdat->classzone_idx)
			pgdat->classzone_idx = classzone_idx;
	}
	if (!waitqueue_active(&pgdat->kswapd_wait))
		return;
	/* Class 0: lowmem_reserve is left out, the fast path's refusal may be due to it alone. */
	if (zone_balanced(zone, order, 0, 0))
		return;
	mm_trace(MM_WMARK_LOW, zone_idx(zone), zone_page_state(zone, NR_FREE_PAGES),
		 low_wmark_pages(zone));
	mm_trace(MM_KSWAPD_WAKE, (unsigned long)pgdat->node_id, order, classzone_idx);
	wake_up_interruptible(&pgdat->kswapd_wait);
}

/* ---- Balancing (spec 5.2) ------------------------------------------------------------------------- */

static void clear_congestion(struct zone *zone)
{
	clear_bit(ZONE_CONGESTED, &zone->flags);
	clear_bit(ZONE_TAIL_LRU_DIRTY, &zone->flags);
}

/* Unreclaimable zones are only looked at once per run. */
static bool worth_scanning(struct zone *zone, const struct scan_control *sc)
{
	return populated_zone(zone) && (sc->priority == DEF_PRIORITY || zone_reclaimable(zone));
}

/* Step 1. => the highest zone that needs work, or -1 */
static int find_end_zone(struct pglist_data *pgdat, struct scan_control *sc)
{
	for (int i = MAX_NR_ZONES - 1; i >= 0; i--) {
		struct zone *zone = &pgdat->node_zones[i];

		if (!worth_scanning(zone, sc))
			continue;
		balance_zone_lists(zone, sc);
		if (!zone_balanced(zone, sc->order, 0, 0))
			return i;
		clear_congestion(zone);
	}
	return -1;
}

static void reclaim_slab(struct scan_control *sc, unsigned long lru_pages)
{
	struct reclaim_state *reclaim = current->reclaim_state;
	struct shrink_control shrink = { .gfp_mask = sc->gfp_mask };

	reclaim->reclaimed_slab = 0;
	shrink_slab(&shrink, sc->nr_scanned, lru_pages);
	sc->nr_reclaimed += reclaim->reclaimed_slab;
}

/*
 * Step 3 for one zone. => true: it needs no harder look, because it was balanced or as much as its
 * target was scanned
 */
static bool kswapd_shrink_zone(struct zone *zone, int end_zone, struct scan_control *sc,
			       unsigned long lru_pages, unsigned long *attempted)
{
	unsigned long gap = min(low_wmark_pages(zone), DIV_ROUND_UP(zone->managed_pages, 100UL));
	unsigned int order = sc->order;

	sc->nr_to_reclaim = max(SWAP_CLUSTER_MAX, high_wmark_pages(zone));
	/* Compaction makes the blocks: then single pages are what it lacks. */
	if (IS_ENABLED(CONFIG_COMPACTION) && order &&
	    compaction_suitable(zone, order) != COMPACT_SKIPPED)
		order = 0;
	if (zone_balanced(zone, order, gap, end_zone))
		return true;
	shrink_zone(zone, sc);
	reclaim_slab(sc, lru_pages);
	*attempted += sc->nr_to_reclaim;
	clear_bit(ZONE_WRITEBACK, &zone->flags);
	if (zone_reclaimable(zone) && zone_balanced(zone, order, 0, end_zone))
		clear_congestion(zone);
	return sc->nr_scanned >= sc->nr_to_reclaim;
}

/* Step 3: zone 0 up to end_zone. => true: priority need not be raised */
static bool shrink_node(struct pglist_data *pgdat, int end_zone, struct scan_control *sc,
			unsigned long *attempted)
{
	unsigned long lru_pages = 0;
	bool done = false;

	for (int i = 0; i <= end_zone; i++)
		if (populated_zone(&pgdat->node_zones[i]))
			lru_pages += zone_reclaimable_pages(&pgdat->node_zones[i]);
	for (int i = 0; i <= end_zone; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (!worth_scanning(zone, sc))
			continue;
		sc->nr_scanned = 0;
		if (kswapd_shrink_zone(zone, end_zone, sc, lru_pages, attempted))
			done = true;
	}
	return done;
}

/* Step 2: compaction is wanted only while no zone has the block. */
static bool needs_compaction(struct pglist_data *pgdat, int end_zone, unsigned int order)
{
	if (!IS_ENABLED(CONFIG_COMPACTION) || !order)
		return false;
	for (int i = 0; i <= end_zone; i++) {
		struct zone *zone = &pgdat->node_zones[i];

		if (populated_zone(zone) &&
		    zone_watermark_ok(zone, order, low_wmark_pages(zone), i, 0))
			return false;
	}
	return true;
}

/* Tasks throttled because the reserves were low: let them try again. */
static void wake_throttled(struct pglist_data *pgdat)
{
	if (waitqueue_active(&pgdat->pfmemalloc_wait) && pfmemalloc_watermark_ok(pgdat))
		wake_up_all(&pgdat->pfmemalloc_wait);
}

/* One round at one priority. => false: nothing (more) to balance */
static bool balance_round(struct pglist_data *pgdat, struct scan_control *sc, int *end_zone)
{
	unsigned int order = sc->order;
	unsigned long attempted = 0;
	bool compact, done;

	sc->nr_reclaimed = 0;
	*end_zone = find_end_zone(pgdat, sc);
	if (*end_zone < 0)
		return false;
	compact = needs_compaction(pgdat, *end_zone, order);
	if (sc->priority < DEF_PRIORITY - 2)
		sc->may_writepage = true;
	done = shrink_node(pgdat, *end_zone, sc, &attempted);
	wake_throttled(pgdat);
	/* Two blocks' worth is freed: what is still missing is contiguity, not pages. */
	if (sc->order && sc->nr_reclaimed >= 2UL << sc->order)
		sc->order = 0;
	if (compact && sc->nr_reclaimed > attempted)
		compact_pgdat(pgdat, order);
	if (!done || !sc->nr_reclaimed)
		sc->priority--;
	cond_resched();
	return true;
}

unsigned int balance_pgdat(struct pglist_data *pgdat, unsigned int order, int *classzone)
{
	struct scan_control sc = {
		.gfp_mask = GFP_KERNEL,
		.order = order,
		.priority = DEF_PRIORITY,
		.may_writepage = true,
		.may_unmap = true,
		.may_swap = true,
	};
	int end_zone = 0;

	count_vm_event(PAGEOUTRUN);
	do {
		if (!balance_round(pgdat, &sc, &end_zone))
			break;
		pgdat->kswapd_freed += sc.nr_reclaimed;
		if (kthread_should_stop())
			break;
	} while (sc.priority >= 1 && !pgdat_balanced(pgdat, sc.order, *classzone));
	if (end_zone >= 0)
		*classzone = end_zone;
	return sc.order;
}

/* ---- Sleeping (spec 5.4) -------------------------------------------------------------------------- */

/* => true: nothing to do; also lets go of everybody that waits for us */
static bool prepare_kswapd_sleep(struct pglist_data *pgdat, unsigned int order, long remaining,
				 int classzone)
{
	if (remaining) /* woken during the nap: somebody met the low mark already */
		return false;
	/* A throttled task may be what keeps the zones unbalanced for ever: it is not ours to stop. */
	if (waitqueue_active(&pgdat->pfmemalloc_wait))
		wake_up_all(&pgdat->pfmemalloc_wait);
	return pgdat_balanced(pgdat, order, classzone);
}

static void kswapd_try_to_sleep(struct pglist_data *pgdat, unsigned int order, int classzone)
{
	long remaining = 0;
	DEFINE_WAIT(wait);

	prepare_to_wait(&pgdat->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	if (prepare_kswapd_sleep(pgdat, order, remaining, classzone)) {
		remaining = schedule_timeout(HZ / 10);
		finish_wait(&pgdat->kswapd_wait, &wait);
		prepare_to_wait(&pgdat->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	}
	if (prepare_kswapd_sleep(pgdat, order, remaining, classzone)) {
		reset_isolation_suitable(pgdat);
		mm_trace(MM_KSWAPD_SLEEP, (unsigned long)pgdat->node_id, pgdat->kswapd_freed, 0);
		pgdat->kswapd_freed = 0;
		set_pgdat_percpu_threshold(pgdat, calculate_normal_threshold);
		if (!kthread_should_stop())
			schedule();
		set_pgdat_percpu_threshold(pgdat, calculate_pressure_threshold);
	} else if (remaining) {
		count_vm_event(KSWAPD_LOW_WMARK_HIT_QUICKLY);
	} else {
		count_vm_event(KSWAPD_HIGH_WMARK_HIT_QUICKLY);
	}
	finish_wait(&pgdat->kswapd_wait, &wait);
}

/* What kswapd is asked for, and what it achieved last. */
struct kswapd_work {
	unsigned int order, balanced_order;
	int classzone, balanced_classzone;
};

/* The highest populated zone: what order-0 wakes mean. */
static int default_classzone(const struct pglist_data *pgdat)
{
	int i;

	for (i = MAX_NR_ZONES - 1; i > 0; i--)
		if (populated_zone(&pgdat->node_zones[i]))
			break;
	return i;
}

static void take_request(struct pglist_data *pgdat, struct kswapd_work *w)
{
	w->order = (unsigned int)pgdat->kswapd_max_order;
	w->classzone = pgdat->classzone_idx;
	pgdat->kswapd_max_order = 0;
	pgdat->classzone_idx = (enum zone_type)default_classzone(pgdat);
}

/* Wait for the next request, unless a larger one arrived while the last was worked on. */
static void next_request(struct pglist_data *pgdat, struct kswapd_work *w)
{
	struct kswapd_work new = *w;

	/* If the last run reached what it was asked for, a new note may be waiting. */
	if (w->balanced_classzone >= w->classzone && w->balanced_order == w->order) {
		take_request(pgdat, &new);
		new.balanced_order = new.order;
		new.balanced_classzone = new.classzone;
	}
	if (w->order < new.order || w->classzone > new.classzone) {
		*w = new;
		return;
	}
	kswapd_try_to_sleep(pgdat, w->balanced_order, w->balanced_classzone);
	take_request(pgdat, w);
	w->balanced_order = w->order;
	w->balanced_classzone = w->classzone;
}

/*
 * A whole run has freed nothing and the zones are as they were (say, the shares of scan_count.c name lists that are
 * empty): to try again at once would only burn the CPU. Whoever needs pages meanwhile wakes us or finds his own.
 */
static void nap_after_failure(struct pglist_data *pgdat, const struct kswapd_work *w)
{
	DEFINE_WAIT(wait);

	prepare_to_wait(&pgdat->kswapd_wait, &wait, TASK_INTERRUPTIBLE);
	if (!pgdat_balanced(pgdat, w->balanced_order, w->balanced_classzone) && !kthread_should_stop())
		schedule_timeout(HZ / 10);
	finish_wait(&pgdat->kswapd_wait, &wait);
}

static int kswapd(void *data)
{
	struct pglist_data *pgdat = data;
	struct reclaim_state reclaim = { 0 };
	struct kswapd_work w = { 0 };

	current->reclaim_state = &reclaim;
	current->flags |= PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD;
	w.classzone = w.balanced_classzone = default_classzone(pgdat);
	set_freezable();
	while (!kthread_should_stop()) {
		unsigned long freed;

		next_request(pgdat, &w);
		if (try_to_freeze())
			continue; /* what it was woken for is old by now */
		if (kthread_should_stop())
			break;
		w.balanced_classzone = w.classzone;
		freed = pgdat->kswapd_freed;
		w.balanced_order = balance_pgdat(pgdat, w.order, &w.balanced_classzone);
		if (pgdat->kswapd_freed == freed)
			nap_after_failure(pgdat, &w);
	}
	current->flags &= ~(PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD);
	current->reclaim_state = NULL;
	return 0;
}

int kswapd_run(int nid)
{
	struct pglist_data *pgdat = NODE_DATA(nid);
	struct task_struct *task;

	if (pgdat->kswapd)
		return 0;
	init_waitqueue_head(&pgdat->kswapd_wait);
	init_waitqueue_head(&pgdat->pfmemalloc_wait);
	pgdat->kswapd_max_order = 0;
	pgdat->classzone_idx = (enum zone_type)default_classzone(pgdat);
	task = kthread_run(kswapd, pgdat, "kswapd%d", nid);
	if (IS_ERR(task)) {
		pr_err("Failed to start kswapd on node %d\n", nid);
		return (int)PTR_ERR(task);
	}
	pgdat->kswapd = task;
	return 0;
}

void kswapd_init(void)
{
	int nid;

	for_each_online_node(nid)
		kswapd_run(nid);
	reclaim_policy_boot();
}
