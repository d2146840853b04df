/* SPDX-License-Identifier: MIT */
/*
 * The slow path: the ladder a request climbs when no zone is above its low watermark. A state
 * machine whose states are the steps of spec 4.2; slow_state_names[] prints them.
 *
 *   restart: wake kswapd --> alloc_flags --> REBALANCE: try at min (or below: HIGH, HARDER)
 *     ^                                        ^  |-- page --> got_pg
 *     |                                        |  reserves? try without watermarks
 *     | killed somebody                        |  may not sleep, reclaiming itself, dying --> nopage
 *     |                                        |  compact, reclaim, try again
 *     +---- oom gate <-- no progress --+       |
 *                                      retry? -+-- order <= 3, NOFAIL, or REPEAT not satisfied
 *                                        `-- no: last compaction --> nopage: report, NULL
 *
 * "Too small to fail": with WAIT, order <= 3 and no NORETRY the answer is NULL only for the task
 * that reclaims itself, the dying, and the cases of the gate.
 *
 * Locks: none on entry if the request may sleep. The recursion reclaim -> allocation ends at
 * SLOW_RECURSION (see vmscan.c).
 * Read next: oom.c. Test: tests/host slow-path rows, numbered as in spec 4.4.
 */
#include "mm/slowpath.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/compact.h"
#include "mm/internal.h"
#include "mm/oom.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"

enum slow_state {
	SLOW_ENTRY,		/* 1 */
	SLOW_THISNODE,		/* 2 */
	SLOW_RESTART,		/* 3 */
	SLOW_ALLOC_FLAGS,	/* 4, 5 */
	SLOW_REBALANCE,		/* 6 */
	SLOW_RESERVES,		/* 7 */
	SLOW_NO_WAIT,		/* 8 */
	SLOW_RECURSION,		/* 9 */
	SLOW_DYING,		/* 10 */
	SLOW_COMPACT,		/* 11 */
	SLOW_THP_EXITS,		/* 12, 13 */
	SLOW_RECLAIM,		/* 14 */
	SLOW_OOM_GATE,		/* 15 */
	SLOW_RETRY,		/* 16 */
	SLOW_LAST_COMPACT,	/* 17 */
	SLOW_NOPAGE,		/* 18 */
	SLOW_GOT_PG,		/* 19 */
	SLOW_FAILED,		/* NULL without a report */
	NR_SLOW_STATES
};

static const char *const slow_state_names[NR_SLOW_STATES] = {
	"entry", "thisnode", "restart", "alloc_flags", "rebalance", "reserves", "no_wait",
	"recursion", "dying", "compact", "thp_exits", "reclaim", "oom_gate", "retry",
	"last_compact", "nopage", "got_pg", "failed",
};

const char *slowpath_state_name(unsigned int state)
{
	return state < NR_SLOW_STATES ? slow_state_names[state] : "?";
}

/* The request while it climbs. pages_reclaimed, mode and deferred survive a restart. */
struct slow_request {
	gfp_t gfp;
	unsigned int order;
	struct alloc_context *ac;
	int alloc_flags;
	enum migrate_mode mode;
	enum compact_contended contended;
	bool deferred;			/* compaction was put off */
	unsigned long pages_reclaimed;	/* over all rounds */
	unsigned long progress;		/* of the last reclaim */
	struct page *page;
};

static bool is_thp(const struct slow_request *r)
{
	return (r->gfp & GFP_TRANSHUGE) == GFP_TRANSHUGE;
}

static enum slow_state got_or(const struct slow_request *r, enum slow_state otherwise)
{
	return r->page ? SLOW_GOT_PG : otherwise;
}

static enum slow_state slow_entry(struct slow_request *r)
{
	if (r->order >= MAX_ORDER) {
		WARN_ON_ONCE(!(r->gfp & __GFP_NOWARN));
		return SLOW_FAILED;
	}
	return SLOW_THISNODE;
}

/* The caller has a plan of its own for when the node is full. */
static enum slow_state slow_thisnode(struct slow_request *r)
{
	if (IS_ENABLED(CONFIG_NUMA) && (r->gfp & GFP_THISNODE) == GFP_THISNODE)
		return SLOW_NOPAGE;
	return SLOW_RESTART;
}

static enum slow_state slow_restart(struct slow_request *r)
{
	struct zoneref *z;
	struct zone *zone;

	if (!(r->gfp & __GFP_NO_KSWAPD))
		for_each_zone_zonelist(zone, z, r->ac->zonelist, r->ac->high_zoneidx)
			wakeup_kswapd(zone, r->order, zone_idx(r->ac->preferred_zone));
	return SLOW_ALLOC_FLAGS;
}

int gfp_to_alloc_flags(gfp_t gfp)
{
	int flags = ALLOC_WMARK_MIN | ALLOC_CPUSET | (int)(gfp & __GFP_HIGH);
	bool atomic = !(gfp & (__GFP_WAIT | __GFP_NO_KSWAPD));

	static_assert(__GFP_HIGH == (gfp_t)ALLOC_HIGH, "copied bit for bit");
	if (atomic) {
		if (!(gfp & __GFP_NOMEMALLOC))
			flags |= ALLOC_HARDER;
		flags &= ~ALLOC_CPUSET; /* better from the wrong node than not at all */
	} else if (rt_task(current) && !in_interrupt()) {
		flags |= ALLOC_HARDER;
	}
	if (gfp & __GFP_NOMEMALLOC)
		return flags;
	if ((gfp & __GFP_MEMALLOC) ||
	    (in_serving_softirq() && (current->flags & PF_MEMALLOC)) ||
	    (!in_interrupt() &&
	     ((current->flags & PF_MEMALLOC) || test_thread_flag(TIF_MEMDIE))))
		flags |= ALLOC_NO_WATERMARKS;
	return flags;
}

static enum slow_state slow_alloc_flags(struct slow_request *r)
{
	r->alloc_flags = gfp_to_alloc_flags(r->gfp);
	if (!(r->alloc_flags & ALLOC_CPUSET) && !r->ac->nodemask)
		set_preferred_zone(r->ac, r->gfp, false);
	return SLOW_REBALANCE;
}

static enum slow_state slow_rebalance(struct slow_request *r)
{
	r->page = get_page_from_freelist(r->gfp, r->order, r->alloc_flags & ~ALLOC_NO_WATERMARKS,
					 r->ac);
	return got_or(r, SLOW_RESERVES);
}

static enum slow_state slow_reserves(struct slow_request *r)
{
	if (!(r->alloc_flags & ALLOC_NO_WATERMARKS))
		return SLOW_NO_WAIT;
	/* Whoever frees memory or dies may take it anywhere, policies notwithstanding. */
	r->ac->zonelist = node_zonelist(numa_node_id(), r->gfp);
	for (;;) {
		r->page = get_page_from_freelist(r->gfp, r->order, ALLOC_NO_WATERMARKS, r->ac);
		if (r->page || !(r->gfp & __GFP_NOFAIL))
			break;
		wait_iff_congested(r->ac->preferred_zone, true, HZ / 50);
	}
	return got_or(r, SLOW_NO_WAIT);
}

static enum slow_state slow_no_wait(struct slow_request *r)
{
	if (r->gfp & __GFP_WAIT)
		return SLOW_RECURSION;
	WARN_ON_ONCE(r->gfp & __GFP_NOFAIL);
	return SLOW_NOPAGE;
}

static enum slow_state slow_recursion(struct slow_request *r)
{
	if (!(current->flags & PF_MEMALLOC))
		return SLOW_DYING;
	WARN_ON_ONCE(r->gfp & __GFP_NOFAIL);
	return SLOW_NOPAGE;
}

static enum slow_state slow_dying(struct slow_request *r)
{
	if (test_thread_flag(TIF_MEMDIE) && !(r->gfp & __GFP_NOFAIL))
		return SLOW_NOPAGE;
	return SLOW_COMPACT;
}

/* ---- Compaction and reclaim ------------------------------------------------------------------------ */

/* Spec 8.5: compact, and try what it made. */
static struct page *direct_compact(struct slow_request *r)
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

static enum slow_state slow_compact(struct slow_request *r)
{
	r->page = direct_compact(r);
	return got_or(r, SLOW_THP_EXITS);
}

/* A huge page for a fault is not worth reclaim when compaction is busy or hopeless. */
static enum slow_state slow_thp_exits(struct slow_request *r)
{
	bool kthread = current->flags & PF_KTHREAD;

	if (is_thp(r)) {
		if (r->deferred || r->contended == COMPACT_CONTENDED_LOCK)
			return SLOW_NOPAGE;
		if (r->contended == COMPACT_CONTENDED_SCHED && !kthread)
			return SLOW_NOPAGE;
	}
	if (!is_thp(r) || kthread)
		r->mode = MIGRATE_SYNC_LIGHT;
	return SLOW_RECLAIM;
}

static unsigned long perform_reclaim(struct slow_request *r)
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

static enum slow_state slow_reclaim(struct slow_request *r)
{
	int flags = r->alloc_flags & ~ALLOC_NO_WATERMARKS;

	r->progress = perform_reclaim(r);
	if (!r->progress)
		return SLOW_OOM_GATE;
	zlc_clear_zones_full(r->ac->zonelist);
	r->page = get_page_from_freelist(r->gfp, r->order, flags, r->ac);
	if (!r->page) {
		/* What was freed may sit on the other CPUs' lists. */
		drain_all_pages();
		r->page = get_page_from_freelist(r->gfp, r->order, flags, r->ac);
	}
	return got_or(r, SLOW_OOM_GATE);
}

/* ---- The gate (spec 9.1) --------------------------------------------------------------------------- */

static struct page *may_oom(struct slow_request *r)
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

static enum slow_state slow_oom_gate(struct slow_request *r)
{
	if (r->progress || !(r->gfp & __GFP_FS) || (r->gfp & __GFP_NORETRY))
		return SLOW_RETRY;
	if (oom_killer_disabled)
		return SLOW_NOPAGE;
	if ((current->flags & PF_DUMPCORE) && !(r->gfp & __GFP_NOFAIL))
		return SLOW_NOPAGE;
	r->page = may_oom(r);
	if (r->page)
		return SLOW_GOT_PG;
	if (!(r->gfp & __GFP_NOFAIL) &&
	    (r->order > PAGE_ALLOC_COSTLY_ORDER || r->ac->high_zoneidx < ZONE_NORMAL))
		return SLOW_NOPAGE;
	return SLOW_RESTART;
}

static bool should_alloc_retry(const struct slow_request *r)
{
	if (r->gfp & __GFP_NORETRY) {
		if (r->gfp & __GFP_NOFAIL)
			pr_warn_once("%s: __GFP_NORETRY beside __GFP_NOFAIL: may fail\n", current->comm);
		return false;
	}
	if (r->gfp & __GFP_NOFAIL)
		return true;
	/* Suspended storage: no write will ever end, so waiting is no use. */
	if (!r->progress && (gfp_allowed_mask & GFP_IOFS) != GFP_IOFS)
		return false;
	if (r->order <= PAGE_ALLOC_COSTLY_ORDER)
		return true;
	return (r->gfp & __GFP_REPEAT) && r->pages_reclaimed < 1UL << r->order;
}

static enum slow_state slow_retry(struct slow_request *r)
{
	r->pages_reclaimed += r->progress;
	if (!should_alloc_retry(r))
		return SLOW_LAST_COMPACT;
	wait_iff_congested(r->ac->preferred_zone, true, HZ / 50);
	return SLOW_REBALANCE;
}

static enum slow_state slow_last_compact(struct slow_request *r)
{
	r->page = direct_compact(r);
	return got_or(r, SLOW_NOPAGE);
}

/* ---- The end --------------------------------------------------------------------------------------- */

/* Whose nodes the memory dump shows: all for those who may take from all. */
static unsigned long report_nodes(gfp_t gfp)
{
	bool anywhere = !(gfp & __GFP_WAIT) || in_interrupt();

	if (!(gfp & __GFP_NOMEMALLOC) && (test_thread_flag(TIF_MEMDIE) ||
					  (current->flags & (PF_MEMALLOC | PF_EXITING))))
		anywhere = true;
	return anywhere || !current->mems_allowed ? ~0UL : current->mems_allowed;
}

void warn_alloc_failed(gfp_t gfp, unsigned int order)
{
	static DEFINE_RATELIMIT_STATE(nopage_rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if ((gfp & __GFP_NOWARN) || !__ratelimit(&nopage_rs))
		return;
	pr_warn("%s: page allocation failure: order:%u, mode:0x%x\n", current->comm, order, gfp);
	bug_backtrace();
	show_mem(report_nodes(gfp));
}

static enum slow_state slow_nopage(struct slow_request *r)
{
	warn_alloc_failed(r->gfp, r->order);
	return SLOW_FAILED;
}

static enum slow_state (*const slow_step[NR_SLOW_STATES])(struct slow_request *r) = {
	[SLOW_ENTRY] = slow_entry,
	[SLOW_THISNODE] = slow_thisnode,
	[SLOW_RESTART] = slow_restart,
	[SLOW_ALLOC_FLAGS] = slow_alloc_flags,
	[SLOW_REBALANCE] = slow_rebalance,
	[SLOW_RESERVES] = slow_reserves,
	[SLOW_NO_WAIT] = slow_no_wait,
	[SLOW_RECURSION] = slow_recursion,
	[SLOW_DYING] = slow_dying,
	[SLOW_COMPACT] = slow_compact,
	[SLOW_THP_EXITS] = slow_thp_exits,
	[SLOW_RECLAIM] = slow_reclaim,
	[SLOW_OOM_GATE] = slow_oom_gate,
	[SLOW_RETRY] = slow_retry,
	[SLOW_LAST_COMPACT] = slow_last_compact,
	[SLOW_NOPAGE] = slow_nopage,
};

struct page *alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct alloc_context *ac)
{
	struct slow_request r = {
		.gfp = gfp,
		.order = order,
		.ac = ac,
		.mode = MIGRATE_ASYNC,
		.contended = COMPACT_CONTENDED_NONE,
	};
	enum slow_state state = SLOW_ENTRY;

	while (state != SLOW_GOT_PG && state != SLOW_FAILED)
		state = slow_step[state](&r);
	return state == SLOW_GOT_PG ? r.page : NULL;
}
