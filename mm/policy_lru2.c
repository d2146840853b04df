/* SPDX-License-Identifier: MIT */
/*
 * lru2: Linux's two lists of each kind, as in 2.6.28 to 6.0. The default.
 *
 *   new anonymous page --> [ active   head ... tail ] --age: 32 at a time--+
 *   second use          ------^      ^                                     v
 *                             |      +-- program text in use      [ inactive head ... tail ] --> victim
 *   new file page, swap-in ---)----------------------------------------^                          |
 *                             +---- used since: judge() says REF_ACTIVATE ----------------------- +
 *
 * A page must be used twice while it passes through the inactive list to stay, so one pass over a big file
 * takes only the inactive list. The active list is shortened when the inactive one is low (6.3), by age alone: its
 * pages prove their use below. How much of which list: scan_count.c.
 *
 * Rules by number: spec 6.1 to 6.3, 6.5. Locks: lru_lock, not held while pages are looked at.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"
#include "mm/swap.h"

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
			lru_count(zone, lru, 1);
			lru_discard(page, zone);
			page_list_add(page, freed);
			continue;
		}
		moved++;
	}
	lru_count(zone, lru, (long)moved);
	return moved;
}

static void shrink_active_list(unsigned long nr_to_scan, struct zone *zone, struct scan_control *sc,
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
	taken = isolate_lru_pages(zone, lru, nr_to_scan, &hold, &scanned, sc->may_unmap ? 0 : ISOLATE_UNMAPPED);
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

static void lru2_age(struct zone *zone, int file, unsigned long nr, struct scan_control *sc)
{
	enum lru_list active = file ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON;

	if (inactive_is_low(zone, active))
		shrink_active_list(nr, zone, sc, active);
}

static void lru2_balance(struct zone *zone, struct scan_control *sc)
{
	if (inactive_anon_is_low(zone))
		shrink_active_list(SWAP_CLUSTER_MAX, zone, sc, LRU_ACTIVE_ANON);
}

/* ---- Victims -------------------------------------------------------------------------------------- */

/* Spec 6.5. */
enum page_reference page_check_references(struct page *page)
{
	unsigned long vm_flags;
	int refs = page_referenced(page, true, &vm_flags);
	bool referenced = PageReferenced(page) && TestClearPageReferenced(page);

	if (vm_flags & VM_LOCKED)
		return REF_RECLAIM; /* try_to_unmap finds the locked area and culls the page */
	if (refs) {
		if (PageSwapBacked(page))
			return REF_ACTIVATE;
		SetPageReferenced(page);
		if (referenced || refs > 1 || (vm_flags & VM_EXEC))
			return REF_ACTIVATE;
		return REF_KEEP;
	}
	return referenced && !PageSwapBacked(page) ? REF_RECLAIM_CLEAN : REF_RECLAIM;
}

/* Spec 6.2. */
static void get_scan_count(struct zone *zone, struct scan_control *sc, unsigned long nr[])
{
	struct scan_facts f;

	scan_facts_of(zone, sc, &f);
	spin_lock_irq(&zone->lru_lock);
	scan_count(&f, scan_balance_of(&f), &zone->lruvec.reclaim_stat, nr);
	spin_unlock_irq(&zone->lru_lock);
}

/* ---- Places --------------------------------------------------------------------------------------- */

static enum lru_place lru2_place(struct zone *zone, struct page *page, enum lru_move why)
{
	(void)zone;
	switch (why) {
	case LRU_PROMOTE:
		if (PageActive(page))
			return PLACE_STAY;
		SetPageActive(page);
		count_vm_event(PGACTIVATE);
		return PLACE_HEAD;
	case LRU_ROTATE:
		if (PageActive(page))
			return PLACE_STAY;
		count_vm_event(PGROTATED);
		return PLACE_TAIL;
	case LRU_ADD:
	case LRU_KEEP:
		break;
	}
	return PLACE_HEAD;
}

struct reclaim_policy policy_lru2 = {
	.name = "lru2",
	.about = "two lists of each kind, active and inactive: a second use keeps a page",
	.lists = LRU_BIT(LRU_INACTIVE_ANON) | LRU_BIT(LRU_ACTIVE_ANON) | LRU_BIT(LRU_INACTIVE_FILE) |
		 LRU_BIT(LRU_ACTIVE_FILE),
	.place = lru2_place,
	.plan = get_scan_count,
	.judge = page_check_references,
	.age = lru2_age,
	.balance = lru2_balance,
};
