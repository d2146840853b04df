/* SPDX-License-Identifier: MIT */
/*
 * clock: the second chance. The hand passes the pages in a circle; one that was used since it came by last
 * loses its mark and stays, the first without a mark goes.
 *
 *           hand: the tail                       used: mark cleared, behind the hand again
 *   [ head   inactive   tail ] --> judge --------> head
 *     ^ new pages                     `--not used--> victim
 *
 * The circle is the inactive list: what the hand passes goes from tail to head. Marks: the accessed bits of
 * the page tables, and PG_referenced for read and write.
 *
 * Locks: none of its own. Linux 2.2 did this over page tables; BSD with two hands.
 */
#include "mm/mm_types.h"
#include "mm/policy.h"

static enum lru_place clock_place(struct zone *zone, struct page *page, enum lru_move why)
{
	if (why == LRU_PROMOTE && PageLRU(page)) /* else a victim, whose mark has just been taken */
		SetPageReferenced(page);
	return place_in_queue(zone, page, why);
}

static void clock_accessed(struct page *page)
{
	if (!PageReferenced(page))
		SetPageReferenced(page);
}

static enum page_reference clock_judge(struct page *page)
{
	unsigned long vm_flags;
	bool marked = page_take_marks(page, true, &vm_flags);

	if (vm_flags & VM_LOCKED)
		return REF_RECLAIM; /* unmapping finds the locked area and culls the page */
	return marked ? REF_ACTIVATE : REF_RECLAIM;
}

struct reclaim_policy policy_clock = {
	.name = "clock",
	.about = "one circle: a page used since the hand passed last gets a second chance",
	.lists = LRU_BIT(LRU_INACTIVE_ANON) | LRU_BIT(LRU_INACTIVE_FILE),
	.places_all = true,
	.place = clock_place,
	.accessed = clock_accessed,
	.plan = plan_by_size,
	.judge = clock_judge,
};
