/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU vectors in front of the LRU lists: 14 pages wait for one taking of lru_lock.
 *
 *   lru_cache_add     --> VEC_ADD        --full or drained--> onto the list its bits name
 *   activate_page     --> VEC_ACTIVATE   -->  lru_list_move(PROMOTE)
 *   end of a write    --> VEC_ROTATE     -->  lru_list_move(ROTATE)
 *
 * A page in a vector has one reference for that and, if it is new, no PG_lru.
 *
 * Locks: the CPU's own vectors, interrupts off, because the end of a write (softirq) rotates pages.
 */
#include "arch/cpu.h"
#include "mm/lru_internal.h"
#include "mm/workingset.h"

struct pagevec {
	unsigned int nr;
	struct page *pages[PAGEVEC_SIZE];
};

enum lru_vector { VEC_ADD, VEC_ACTIVATE, VEC_ROTATE, NR_VECTORS };

static DEFINE_PER_CPU(struct pagevec, lru_pagevecs[NR_VECTORS]); /* [c] interrupts off */

/* ---- What a full vector does with each of its pages (lru_lock held) ---------------------------- */

/* The bits the adder left say which list. */
static inline void add_as_marked(struct page *page, struct zone *zone, struct lru_tally *t)
{
	enum lru_list lru = page_lru(page);

	VM_BUG_ON_PAGE(PageLRU(page) || page_lru_gen(page), page);
	SetPageLRU(page);
	page_list_add(page, &zone->lruvec.lists[lru]);
	tally(t, zone, lru, 1);
	if (lru != LRU_UNEVICTABLE)
		update_reclaim_stat(zone, is_file_lru(lru), is_active_lru(lru));
}

static void add_as_policy_says(struct page *page, struct zone *zone)
{
	bool head = true;

	VM_BUG_ON_PAGE(PageLRU(page) || page_lru_gen(page), page);
	SetPageLRU(page);
	if (!PageUnevictable(page)) {
		head = zone->lruvec.policy->place(zone, page, LRU_ADD) != PLACE_TAIL;
		update_reclaim_stat(zone, page_is_file_cache(page), false);
	}
	lru_list_add(page, zone, head);
}

static const enum lru_move vector_move[NR_VECTORS] = {
	[VEC_ACTIVATE] = LRU_PROMOTE,
	[VEC_ROTATE] = LRU_ROTATE,
};

/* => lru_lock held; asks: the zone's policy places new pages too */
static inline void serve(enum lru_vector which, struct page *page, struct zone *zone, bool asks,
			 struct lru_tally *t)
{
	if (which != VEC_ADD) {
		if (PageLRU(page))
			lru_list_move(page, zone, vector_move[which]);
	} else if (unlikely(asks)) {
		add_as_policy_says(page, zone);
	} else {
		add_as_marked(page, zone, t);
	}
}

/* Empty one vector of this CPU. => interrupts off */
static void drain_vector(enum lru_vector which)
{
	struct pagevec *vec = this_cpu_ptr(&lru_pagevecs[which]);
	unsigned int nr = vec->nr;
	struct page *pages[PAGEVEC_SIZE];
	struct lru_tally t = { .delta = 0 };
	struct zone *locked = NULL;
	bool asks = false;

	for (unsigned int i = 0; i < nr; i++) {
		struct page *page = pages[i] = vec->pages[i];
		struct zone *zone = page_zone(page);

		if (zone != locked) {
			if (locked) {
				tally_flush(&t);
				spin_unlock(&locked->lru_lock);
			}
			spin_lock(&zone->lru_lock);
			locked = zone;
			asks = zone->lruvec.policy && zone->lruvec.policy->places_all;
		}
		serve(which, page, zone, asks, &t);
	}
	if (locked) {
		tally_flush(&t);
		spin_unlock(&locked->lru_lock);
	}
	vec->nr = 0;
	release_pages(pages, (int)nr);
}

/* The page joins this CPU's vector with a reference of its own. */
static inline void vector_add(enum lru_vector which, struct page *page)
{
	struct pagevec *vec;
	unsigned long flags;

	get_page(page);
	local_irq_save(flags);
	vec = this_cpu_ptr(&lru_pagevecs[which]);
	vec->pages[vec->nr++] = page;
	if (vec->nr == PAGEVEC_SIZE)
		drain_vector(which);
	local_irq_restore(flags);
}

/* ---- Coming in ---------------------------------------------------------------------------------- */

void lru_cache_add(struct page *page)
{
	VM_BUG_ON_PAGE(PageLRU(page), page);
	VM_BUG_ON_PAGE(PageActive(page) && PageUnevictable(page), page);
	vector_add(VEC_ADD, page);
}

void lru_cache_add_anon(struct page *page)
{
	if (PageActive(page))
		ClearPageActive(page);
	lru_cache_add(page);
}

void lru_cache_add_file(struct page *page)
{
	lru_cache_add_anon(page);
}

/* ---- Moving ------------------------------------------------------------------------------------- */

void activate_page(struct page *page)
{
	if (PageLRU(page) && !PageActive(page) && !PageUnevictable(page))
		vector_add(VEC_ACTIVATE, page);
}

/* The page still waits in this CPU's add vector: let it be added as active. */
static void activate_in_vector(struct page *page)
{
	unsigned long flags;
	struct pagevec *vec;

	local_irq_save(flags);
	vec = this_cpu_ptr(&lru_pagevecs[VEC_ADD]);
	for (unsigned int i = vec->nr; i-- > 0;) {
		if (vec->pages[i] == page) {
			SetPageActive(page);
			break;
		}
	}
	local_irq_restore(flags);
}

void mark_page_accessed(struct page *page)
{
	struct reclaim_policy *policy = READ_ONCE(reclaim_policy);

	if (unlikely(policy && policy->accessed)) {
		policy->accessed(page);
		return;
	}
	if (!PageReferenced(page)) {
		SetPageReferenced(page);
		return;
	}
	if (PageActive(page) || PageUnevictable(page))
		return;
	if (PageLRU(page))
		activate_page(page);
	else
		activate_in_vector(page);
	ClearPageReferenced(page);
	if (page_is_file_cache(page))
		workingset_activation(page);
}

void rotate_reclaimable_page(struct page *page)
{
	if (!PageLocked(page) && !PageDirty(page) && !PageActive(page) && !PageUnevictable(page) &&
	    PageLRU(page))
		vector_add(VEC_ROTATE, page);
}

void lru_add_drain(void)
{
	unsigned long flags;

	local_irq_save(flags);
	for (int which = 0; which < NR_VECTORS; which++)
		if (this_cpu_ptr(&lru_pagevecs[which])->nr)
			drain_vector((enum lru_vector)which);
	local_irq_restore(flags);
}

static void drain_here(void *unused)
{
	(void)unused;
	lru_add_drain();
}

void lru_add_drain_all(void)
{
	on_each_cpu(drain_here, NULL, true);
}
