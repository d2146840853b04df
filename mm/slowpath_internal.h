/* SPDX-License-Identifier: MIT */
/* Between slowpath.c (the machine), slowpath_engines.c (what its steps start) and alloc_report.c (the report). */
#ifndef MM_SLOWPATH_INTERNAL_H
#define MM_SLOWPATH_INTERNAL_H

#include "mm/compact.h"
#include "mm/internal.h"
#include "mm/slowpath.h"

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

/* Each => a page, or NULL to climb on. */

/* Without any watermark, from the whole machine; with __GFP_NOFAIL again and again. => may sleep with NOFAIL */
struct page *__alloc_pages_high_priority(struct slow_request *r);
/* Compact (spec 8.5) and try what that made; sets contended and deferred. => may sleep */
struct page *__alloc_pages_direct_compact(struct slow_request *r);
/* Reclaim and try what that freed; sets progress. => may sleep */
struct page *__alloc_pages_direct_reclaim(struct slow_request *r);
/* The gate (spec 9.1): one killer at a time, a last look at the high mark, then the kill. => may sleep */
struct page *__alloc_pages_may_oom(struct slow_request *r);

#endif
