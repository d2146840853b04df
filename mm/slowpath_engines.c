/* SPDX-License-Identifier: MIT */
/*
 * What the slow path starts when there is no page: the reserves, compaction, reclaim, the killer. Each is
 * followed by one more try at the free lists, for memory freed is memory for anybody: between freeing and
 * trying another CPU may have taken it, and then the ladder goes on.
 *
 * PF_MEMALLOC marks the task while it compacts or reclaims: its own requests may use every reserve and end
 * at step 9 instead of reclaiming in turn (vmscan.c). It is never set here already: step 9 has looked.
 *
 * Locks: none on entry. Read next: vmscan.c, oom.c. Test: tests/host/test_slowpath.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/oom.h"
#include "mm/slowpath_internal.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"

struct page *__alloc_pages_high_priority(struct slow_request *r)
{
	struct page *page;

	/* Whoever frees memory or dies may take it anywhere, policies notwithstanding. */
	r->ac->zonelist = node_zonelist(numa_node_id(), r->gfp);
	for (;;) {
		page = get_page_from_freelist(r->gfp, r->order, ALLOC_NO_WATERMARKS, r->ac);
		if (page || !(r->gfp & __GFP_NOFAIL))
			return page;
		wait_iff_congested(r->ac->preferred_zone, true, HZ / 50);
	}
}

struct page *__alloc_pages_direct_compact(struct slow_request *r)
{
	struct zone *candidate = NULL;
	enum compact_result result;
	struct page *page;

	if (!r->order)
		return NULL;
	current->flags |= PF_MEMALLOC;
	result = try_to_compact_pages(r->ac->zonelist, r->order, r->gfp, r->ac->nodemask, r->mode,
				      &r->contended, r->alloc_flags, r->ac->classzone_idx,
				      &candidate);
	current->flags &= ~PF_MEMALLOC;
	r->deferred = result == COMPACT_DEFERRED;
	if (result == COMPACT_DEFERRED || result == COMPACT_SKIPPED)
		return NULL;
	count_vm_event(COMPACTSTALL);
	drain_local_pages(NULL); /* what compaction freed must be able to merge */
	page = get_page_from_freelist(r->gfp, r->order, r->alloc_flags & ~ALLOC_NO_WATERMARKS, r->ac);
	if (page) {
		if (candidate)
			compaction_defer_reset(candidate, r->order, true);
		count_vm_event(COMPACTSUCCESS);
		return page;
	}
	if (candidate && r->mode != MIGRATE_ASYNC)
		defer_compaction(candidate, r->order);
	count_vm_event(COMPACTFAIL);
	cond_resched();
	return NULL;
}

static unsigned long __perform_reclaim(struct slow_request *r)
{
	struct reclaim_state reclaim = { 0 };
	void *outer = current->reclaim_state;
	unsigned long progress;

	cond_resched();
	current->flags |= PF_MEMALLOC;
	current->reclaim_state = &reclaim;
	progress = try_to_free_pages(r->ac->zonelist, r->order, r->gfp, r->ac->nodemask);
	current->reclaim_state = outer;
	current->flags &= ~PF_MEMALLOC;
	cond_resched();
	return progress;
}

struct page *__alloc_pages_direct_reclaim(struct slow_request *r)
{
	int flags = r->alloc_flags & ~ALLOC_NO_WATERMARKS;
	struct page *page;

	r->progress = __perform_reclaim(r);
	if (!r->progress)
		return NULL;
	zlc_clear_zones_full(r->ac->zonelist);
	page = get_page_from_freelist(r->gfp, r->order, flags, r->ac);
	if (!page) {
		/* What was freed may sit on the other CPUs' lists. */
		drain_all_pages();
		page = get_page_from_freelist(r->gfp, r->order, flags, r->ac);
	}
	return page;
}

struct page *__alloc_pages_may_oom(struct slow_request *r)
{
	struct alloc_context *ac = r->ac;
	struct page *page;

	if (!try_set_zonelist_oom(ac->zonelist, r->gfp)) {
		schedule_timeout_uninterruptible(1); /* somebody else is killing already */
		return NULL;
	}
	/* At the high mark: only a kill or an exit meanwhile makes this succeed. */
	page = get_page_from_freelist(r->gfp | __GFP_HARDWALL, r->order,
				      ALLOC_WMARK_HIGH | ALLOC_CPUSET, ac);
	if (page)
		goto out;
	if (!(r->gfp & __GFP_NOFAIL) &&
	    (r->order > PAGE_ALLOC_COSTLY_ORDER || ac->high_zoneidx < ZONE_NORMAL ||
	     (r->gfp & __GFP_THISNODE)))
		goto out;
	out_of_memory(ac->zonelist, r->gfp, r->order, ac->nodemask, false);
out:
	clear_zonelist_oom(ac->zonelist, r->gfp);
	return page;
}
