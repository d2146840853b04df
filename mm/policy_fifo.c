/* SPDX-License-Identifier: MIT */
/*
 * fifo: who came first goes first, used or not. The smallest policy, and the yardstick of the others.
 *
 *   new page --> [ head   inactive   tail ] --> victim, whatever its accessed bits say
 *
 * One list of each kind. A victim that cannot go now (dirty, busy) queues again; once its write has ended
 * it is first. Belady's anomaly is this policy's: more memory may mean more faults.
 *
 * Locks: none of its own. Read next: policy_clock.c, which asks whether the page was used.
 */
#include "mm/mm_types.h"
#include "mm/policy.h"
#include "mm/rmap.h"

static void fifo_accessed(struct page *page)
{
	(void)page;
}

static enum page_reference fifo_judge(struct page *page)
{
	(void)page;
	return REF_RECLAIM;
}

struct reclaim_policy policy_fifo = {
	.name = "fifo",
	.about = "who came first goes first, used or not",
	.lists = LRU_BIT(LRU_INACTIVE_ANON) | LRU_BIT(LRU_INACTIVE_FILE),
	.places_all = true,
	.unmap_flags = TTU_IGNORE_ACCESS,
	.place = place_in_queue,
	.accessed = fifo_accessed,
	.plan = plan_by_size,
	.judge = fifo_judge,
};
