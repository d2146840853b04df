/* SPDX-License-Identifier: MIT */
/*
 * The allocator's slow path: what happens when no zone is above its low watermark. See slowpath.c.
 */
#ifndef MM_SLOWPATH_H
#define MM_SLOWPATH_H

#include "mm/gfp.h"
#include "mm/zone.h"

struct alloc_context; /* mm/internal.h */

/*
 * => called by alloc_pages after the fast path failed; may sleep exactly with __GFP_WAIT
 * => a page (order pages) ready for the step-19 hooks, or NULL after the failure report
 */
struct page *alloc_pages_slowpath(gfp_t gfp, unsigned int order, struct alloc_context *ac);

/* Failure report of spec 4.3, limited to 10 in 5 s. */
void warn_alloc_failed(gfp_t gfp, unsigned int order);

/* The name of a step of the machine, for traces and tests. */
const char *slowpath_state_name(unsigned int state);

/* How far below its watermark the request may go (spec 4.2 step 4); pure but for current. */
int gfp_to_alloc_flags(gfp_t gfp);

#endif
