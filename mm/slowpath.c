/* SPDX-License-Identifier: MIT */
/*
 * The slow path: the ladder a request climbs when no zone is above its low watermark. A state
 * machine; its table slow_steps[] says for each state its step in spec 4.2, what it does and which states
 * may follow. docs/slow-path.md's picture is printed from that table, and so is /proc/tidemark/slowpath,
 * with how often each way was taken since boot.
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
 * Read next: slowpath_engines.c, oom.c. Test: tests/host/test_slowpath.c, rows numbered as in spec 4.4.
 */
#include "arch/cpu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/oom.h"
#include "mm/slowpath_internal.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"

bool slowpath_diary;

/* How often each state was followed by each: a u32 may wrap. [this CPU, single instructions] */
static DEFINE_PER_CPU(struct { u32 to[NR_SLOW_STATES][NR_SLOW_STATES]; }, slow_taken);

static bool is_thp(const struct slow_request *r)
{
	return (r->gfp & GFP_TRANSHUGE) == GFP_TRANSHUGE;
}

/* => a page was found: out of here */
static enum slow_state got_or(struct slow_request *r, struct page *page, enum slow_state otherwise)
{
	r->page = page;
	return page ? SLOW_GOT_PG : otherwise;
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

static void wake_all_kswapds(const struct slow_request *r)
{
	struct zoneref *z;
	struct zone *zone;

	for_each_zone_zonelist(zone, z, r->ac->zonelist, r->ac->high_zoneidx)
		wakeup_kswapd(zone, r->order, zone_idx(r->ac->preferred_zone));
}

static enum slow_state slow_restart(struct slow_request *r)
{
	if (!(r->gfp & __GFP_NO_KSWAPD))
		wake_all_kswapds(r);
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
	int flags = r->alloc_flags & ~ALLOC_NO_WATERMARKS;

	return got_or(r, get_page_from_freelist(r->gfp, r->order, flags, r->ac), SLOW_RESERVES);
}

static enum slow_state slow_reserves(struct slow_request *r)
{
	if (!(r->alloc_flags & ALLOC_NO_WATERMARKS))
		return SLOW_NO_WAIT;
	return got_or(r, __alloc_pages_high_priority(r), SLOW_NO_WAIT);
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

static enum slow_state slow_compact(struct slow_request *r)
{
	return got_or(r, __alloc_pages_direct_compact(r), SLOW_THP_EXITS);
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

static enum slow_state slow_reclaim(struct slow_request *r)
{
	return got_or(r, __alloc_pages_direct_reclaim(r), SLOW_OOM_GATE);
}

static enum slow_state slow_oom_gate(struct slow_request *r)
{
	if (r->progress || !(r->gfp & __GFP_FS) || (r->gfp & __GFP_NORETRY))
		return SLOW_RETRY;
	if (oom_killer_disabled)
		return SLOW_NOPAGE;
	if ((current->flags & PF_DUMPCORE) && !(r->gfp & __GFP_NOFAIL))
		return SLOW_NOPAGE;
	r->page = __alloc_pages_may_oom(r);
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
	return got_or(r, __alloc_pages_direct_compact(r), SLOW_NOPAGE);
}

static enum slow_state slow_nopage(struct slow_request *r)
{
	warn_alloc_failed(r->gfp, r->order);
	return SLOW_FAILED;
}

/* ---- The machine ----------------------------------------------------------------------------------- */

#define TO(state) (1U << SLOW_##state)

static const struct slow_step slow_steps[NR_SLOW_STATES] = {
	[SLOW_ENTRY] = { 1, "entry", slow_entry, TO(THISNODE) | TO(FAILED),
			 "an order the buddy does not have: warn once, NULL" },
	[SLOW_THISNODE] = { 2, "thisnode", slow_thisnode, TO(RESTART) | TO(NOPAGE),
			    "GFP_THISNODE: the caller has a plan for a full node" },
	[SLOW_RESTART] = { 3, "restart", slow_restart, TO(ALLOC_FLAGS),
			   "wake the kswapd of every zone it could use" },
	[SLOW_ALLOC_FLAGS] = { 4, "alloc_flags", slow_alloc_flags, TO(REBALANCE),
			       "how far below the mark it may go; cpuset dropped: a new preferred zone (5)" },
	[SLOW_REBALANCE] = { 6, "rebalance", slow_rebalance, TO(GOT_PG) | TO(RESERVES),
			     "try the zonelist at the min mark, less what HIGH and HARDER allow" },
	[SLOW_RESERVES] = { 7, "reserves", slow_reserves, TO(GOT_PG) | TO(NO_WAIT),
			    "who frees memory or dies: try without any mark" },
	[SLOW_NO_WAIT] = { 8, "no_wait", slow_no_wait, TO(RECURSION) | TO(NOPAGE),
			   "it may not sleep: the end" },
	[SLOW_RECURSION] = { 9, "recursion", slow_recursion, TO(DYING) | TO(NOPAGE),
			     "it reclaims itself: no second reclaim inside the first" },
	[SLOW_DYING] = { 10, "dying", slow_dying, TO(COMPACT) | TO(NOPAGE),
			 "the OOM killer's victim: let it die" },
	[SLOW_COMPACT] = { 11, "compact", slow_compact, TO(GOT_PG) | TO(THP_EXITS),
			   "order above 0: direct compaction, and try" },
	[SLOW_THP_EXITS] = { 12, "thp_exits", slow_thp_exits, TO(RECLAIM) | TO(NOPAGE),
			     "a huge page is not worth more; else compaction may wait from now on (13)" },
	[SLOW_RECLAIM] = { 14, "reclaim", slow_reclaim, TO(GOT_PG) | TO(OOM_GATE),
			   "direct reclaim, and try; drain all CPUs, and try" },
	[SLOW_OOM_GATE] = { 15, "oom_gate", slow_oom_gate,
			    TO(RETRY) | TO(NOPAGE) | TO(GOT_PG) | TO(RESTART),
			    "no progress, FS, no NORETRY: a last look at the high mark, then a kill" },
	[SLOW_RETRY] = { 16, "retry", slow_retry, TO(REBALANCE) | TO(LAST_COMPACT),
			 "worth another round? small orders, NOFAIL, REPEAT: wait a little" },
	[SLOW_LAST_COMPACT] = { 17, "last_compact", slow_last_compact, TO(GOT_PG) | TO(NOPAGE),
				"compaction once more, and try" },
	[SLOW_NOPAGE] = { 18, "nopage", slow_nopage, TO(FAILED), "the failure report" },
	[SLOW_GOT_PG] = { 19, "got_pg", NULL, 0, "the page" },
	[SLOW_FAILED] = { 18, "failed", NULL, 0, "NULL" },
};

const struct slow_step *slowpath_step(enum slow_state state)
{
	return &slow_steps[state];
}

unsigned long slowpath_taken(enum slow_state from, enum slow_state to)
{
	unsigned long sum = 0;
	int cpu;

	for_each_online_cpu(cpu)
		sum += READ_ONCE(per_cpu(slow_taken, cpu).to[from][to]);
	return sum;
}

static enum slow_state slow_next(struct slow_request *r, enum slow_state state)
{
	enum slow_state next = slow_steps[state].run(r);

	VM_BUG_ON(!(slow_steps[state].exits >> next & 1)); /* the picture would lie */
	this_cpu_inc(slow_taken.to[state][next]);
	if (unlikely(READ_ONCE(slowpath_diary)))
		mm_trace(MM_SLOW_STEP, (unsigned long)current->pid, slow_steps[state].number,
			 slow_steps[next].number);
	return next;
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct alloc_context *ac)
{
	struct slow_request r = {
		.gfp = gfp,
		.order = order,
		.ac = ac,
		.mode = MIGRATE_ASYNC,
		.contended = COMPACT_CONTENDED_NONE,
	};
	enum slow_state state = SLOW_ENTRY;

	while (slow_steps[state].run)
		state = slow_next(&r, state);
	return state == SLOW_GOT_PG ? r.page : NULL;
}
