/* SPDX-License-Identifier: MIT */
/*
 * LRU lists: a page's place, its moves, and how it is taken off and put back.
 *
 *   lru_cache_add --> [per-CPU vector, pagevec.c] --> lruvec.lists[lru_list_of(page)]
 *   on a list: the policy says where it moves (lru_list_move)
 *   isolate_lru_page -- somebody's own use -- putback_lru_page
 *   last reference gone: page_release.c
 *
 * Invariants: PG_lru set <=> the page is on the list that lru_list_of() names, and the zone's counter
 * NR_LRU_BASE + lru counts it: those of the five lists by themselves, those of the generations as active
 * or inactive (active_gens). A page on no list has generation 0, so a page that was isolated under one
 * policy can be put back under another.
 *
 * Locks: lru_lock with interrupts off.
 * Linux does beyond it: per-memcg lists, huge pages.
 * Read next: pagevec.c, page_release.c, policy.h. Try: `cat /proc/zoneinfo` while a program grows.
 */
#include "mm/lru_internal.h"
#include "kernel/base/kernel.h"
#include "mm/address_space.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"

struct reclaim_policy *reclaim_policy;

/* ---- Lists and their counters ------------------------------------------------------------------- */

/* => list is one of the generations' */
static enum zone_stat_item gen_counter(const struct zone *zone, unsigned int list)
{
	unsigned int gen = (list - NR_LRU_LISTS) / 2 + 1, file = (list - NR_LRU_LISTS) % 2;

	return (enum zone_stat_item)(NR_LRU_BASE + LRU_FILE * file + (zone->lruvec.active_gens >> gen & 1));
}

void lru_count_gen(struct zone *zone, unsigned int list, long nr)
{
	__mod_zone_page_state(zone, gen_counter(zone, list), nr);
	zone->lruvec.gen_pages[list - NR_LRU_LISTS] += (unsigned int)nr;
}

void lru_list_add(struct page *page, struct zone *zone, bool head)
{
	unsigned int list = lru_list_of(page);

	assert_spin_locked(&zone->lru_lock);
	if (head)
		page_list_add(page, &zone->lruvec.lists[list]);
	else
		page_list_add_tail(page, &zone->lruvec.lists[list]);
	lru_count(zone, list, 1);
}

void lru_list_del(struct page *page, struct zone *zone)
{
	unsigned int list = lru_list_of(page);

	assert_spin_locked(&zone->lru_lock);
	page_list_del(page, &zone->lruvec.lists[list]);
	lru_count(zone, list, -1);
}

void lru_gen_set_active(struct zone *zone, unsigned int gen, bool active)
{
	assert_spin_locked(&zone->lru_lock);
	if ((zone->lruvec.active_gens >> gen & 1) == active)
		return;
	for (int file = 0; file < 2; file++) {
		long nr = (long)lru_gen_size(zone, gen, file);

		__mod_zone_page_state(zone, gen_counter(zone, gen_list(gen, file)), -nr);
		zone->lruvec.active_gens ^= 1U << gen;
		__mod_zone_page_state(zone, gen_counter(zone, gen_list(gen, file)), nr);
		zone->lruvec.active_gens ^= 1U << gen;
	}
	zone->lruvec.active_gens ^= 1U << gen;
}

void lru_list_move(struct page *page, struct zone *zone, enum lru_move why)
{
	struct reclaim_policy *policy = zone->lruvec.policy;
	unsigned int old = lru_list_of(page), new;
	enum lru_place place;

	if (!policy || PageUnevictable(page))
		return;
	place = policy->place(zone, page, why);
	new = lru_list_of(page);
	VM_BUG_ON_PAGE(place == PLACE_STAY && new != old, page);
	if (place == PLACE_STAY)
		return;
	page_list_del(page, &zone->lruvec.lists[old]);
	if (place == PLACE_HEAD)
		page_list_add(page, &zone->lruvec.lists[new]);
	else
		page_list_add_tail(page, &zone->lruvec.lists[new]);
	if (new != old) {
		lru_count(zone, old, -1);
		lru_count(zone, new, 1);
	}
	if (why == LRU_PROMOTE)
		update_reclaim_stat(zone, page_is_file_cache(page), true);
}

/* ---- Unevictable -------------------------------------------------------------------------------- */

bool page_evictable(const struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	return !PageMlocked(page) && !(mapping && test_bit(AS_UNEVICTABLE, &mapping->flags));
}

void add_page_to_unevictable_list(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;

	VM_BUG_ON_PAGE(PageLRU(page) || page_lru_gen(page), page);
	spin_lock_irqsave(&zone->lru_lock, flags);
	ClearPageActive(page);
	SetPageUnevictable(page);
	SetPageLRU(page);
	lru_list_add(page, zone, true);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

void lru_cache_add_active_or_unevictable(struct page *page, struct vm_area_struct *vma)
{
	if (likely(!(vma->vm_flags & VM_LOCKED))) {
		SetPageActive(page);
		lru_cache_add(page);
		return;
	}
	if (!TestSetPageMlocked(page)) {
		inc_zone_page_state(page, NR_MLOCK);
		count_vm_event(UNEVICTABLE_PGMLOCKED);
	}
	add_page_to_unevictable_list(page);
}

/* ---- Out for somebody's own use, and back ----------------------------------------------------- */

/* A page leaves its generation's list: what the generation said stays as PG_active. => lru_lock held */
static void leave_generation(struct zone *zone, struct page *page)
{
	unsigned int gen = page_lru_gen(page);

	if (likely(!gen))
		return;
	set_page_lru_gen(page, 0);
	if (zone->lruvec.active_gens >> gen & 1)
		SetPageActive(page);
}

int isolate_lru_page(struct page *page)
{
	struct zone *zone = page_zone(page);
	unsigned long flags;
	int ret = -EBUSY;

	VM_BUG_ON_PAGE(!page_count(page), page);
	if (!PageLRU(page))
		return ret;
	spin_lock_irqsave(&zone->lru_lock, flags);
	if (PageLRU(page)) {
		get_page(page);
		ClearPageLRU(page);
		lru_list_del(page, zone);
		leave_generation(zone, page);
		ret = 0;
	}
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	return ret;
}

void putback_lru_page(struct page *page)
{
	bool was_unevictable = PageUnevictable(page);

	VM_BUG_ON_PAGE(PageLRU(page), page);
	ClearPageUnevictable(page);
	if (page_evictable(page)) {
		lru_cache_add(page);
		if (was_unevictable)
			count_vm_event(UNEVICTABLE_PGRESCUED);
	} else {
		add_page_to_unevictable_list(page);
		if (!was_unevictable)
			count_vm_event(UNEVICTABLE_PGCULLED);
		/*
		 * munlock may have come between the test and the list; it would not see a page off
		 * the lists, so look again.
		 */
		smp_mb();
		if (page_evictable(page) && isolate_lru_page(page) == 0) {
			put_page(page); /* isolate's; ours is still there */
			ClearPageUnevictable(page);
			lru_cache_add(page);
		}
	}
	put_page(page);
}

void lru_rejoin(struct page *page, struct zone *zone)
{
	struct reclaim_policy *policy = zone->lruvec.policy;
	unsigned int old = lru_list_of(page);
	bool head = true;

	assert_spin_locked(&zone->lru_lock);
	VM_BUG_ON_PAGE(!PageLRU(page) || PageUnevictable(page), page);
	page_list_del(page, &zone->lruvec.lists[old]);
	lru_count(zone, old, -1);
	leave_generation(zone, page);
	set_page_lru_tier(page, 0);
	if (policy->places_all)
		head = policy->place(zone, page, LRU_ADD) != PLACE_TAIL;
	lru_list_add(page, zone, head);
}

/* ---- Back from the disk -------------------------------------------------------------------------- */

void lru_refault(struct page *page, u32 shadow)
{
	struct zone *zone = page_zone(page);
	struct reclaim_policy *policy;
	unsigned long flags;

	if (!shadow)
		return;
	VM_BUG_ON_PAGE(PageLRU(page), page);
	spin_lock_irqsave(&zone->lru_lock, flags);
	policy = zone->lruvec.policy;
	if (policy && policy->refault && policy->id == shadow >> SHADOW_BITS)
		policy->refault(zone, page, shadow & SHADOW_MASK);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}
