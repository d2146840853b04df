/* SPDX-License-Identifier: MIT */
/*
 * The allocator's slow path: what happens when no zone is above its low watermark. See slowpath.c.
 */
#ifndef MM_SLOWPATH_H
#define MM_SLOWPATH_H

#include "mm/gfp.h"
#include "mm/zone.h"

struct alloc_context; /* mm/internal.h */
struct slow_request;

/* The states; their numbers in spec 4.2 are in slow_steps[]. */
enum slow_state {
	SLOW_ENTRY,
	SLOW_THISNODE,
	SLOW_RESTART,
	SLOW_ALLOC_FLAGS,
	SLOW_REBALANCE,
	SLOW_RESERVES,
	SLOW_NO_WAIT,
	SLOW_RECURSION,
	SLOW_DYING,
	SLOW_COMPACT,
	SLOW_THP_EXITS,
	SLOW_RECLAIM,
	SLOW_OOM_GATE,
	SLOW_RETRY,
	SLOW_LAST_COMPACT,
	SLOW_NOPAGE,
	SLOW_GOT_PG,		/* an end: the page */
	SLOW_FAILED,		/* an end: NULL */
	NR_SLOW_STATES
};

/* [I] One row of the machine's table. */
struct slow_step {
	unsigned int number;				/* step of spec 4.2 */
	const char *name;
	enum slow_state (*run)(struct slow_request *r); /* => what follows; NULL: an end */
	u32 exits;					/* states that may follow, a bit each */
	const char *does;
};
const struct slow_step *slowpath_step(enum slow_state state);
/* => how often `to` followed `from` since boot, over all CPUs */
unsigned long slowpath_taken(enum slow_state from, enum slow_state to);
/* Each step goes to the diary too (mm_trace.h); /proc/tidemark/slowpath sets it. [any CPU, a flag] */
extern bool slowpath_diary;

/*
 * => called by alloc_pages after the fast path failed; may sleep exactly with __GFP_WAIT
 * => a page (order pages) ready for the step-19 hooks, or NULL after the failure report
 */
struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct alloc_context *ac);

/* Failure report of spec 4.3, limited to 10 in 5 s. */
void warn_alloc_failed(gfp_t gfp, unsigned int order);

/* How far below its watermark the request may go (spec 4.2 step 4); pure but for current. */
int gfp_to_alloc_flags(gfp_t gfp);

#endif
