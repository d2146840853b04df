/* SPDX-License-Identifier: MIT */
/*
 * The allocator's own doors: between the fast path (page_alloc.c), the slow path (slowpath.c), the
 * buddy and the per-CPU lists. Nobody above mm includes this.
 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include "mm/zone.h"

/* One request, as every part of the allocator sees it. */
struct alloc_context {
	struct zonelist *zonelist;	/* zones in order of preference */
	unsigned long nodemask;		/* allowed nodes, a bit each; 0: all */
	struct zone *preferred_zone;	/* first usable zone of the list */
	int classzone_idx;		/* its index: column of lowmem_reserve */
	enum zone_type high_zoneidx;	/* from the flags: highest zone allowed */
	enum migratetype migratetype;	/* from the flags */
};

/*
 * Walk the zonelist once with the given ALLOC_ flags (spec 4.1, F3): the first zone that passes its
 * checks gives the page.
 * => page with _refcount 1, zeroed and compound as gfp wants, the counters done; NULL if no zone has it
 * => any context; the step-19 hooks are alloc_pages' business
 */
struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, int alloc_flags,
				    const struct alloc_context *ac);

/* preferred_zone and classzone_idx again: the cpuset of current counts (true) or not (step 5). */
void set_preferred_zone(struct alloc_context *ac, gfp_t gfp, bool use_cpuset);

/* The full-zone cache of a zonelist's node forgets everything: reclaim has freed pages (step 14). */
void zlc_clear_zones_full(struct zonelist *zonelist);

/* A frame nobody uses that is not in the buddy: _mapcount -1, _refcount 0 as one word. */
#define COUNTS_UNUSED ((u64)(u32)-1)

/* Spec 3.6, the test: everything that must be clear, in one word. => the page is nobody's but ours; 0: all is well */
static inline unsigned long page_state_word(const struct page *page, unsigned long forbidden_flags)
{
	return (page->flags & forbidden_flags) | (unsigned long)page->mapping |
	       (COUNTS_UNUSED ^ *(const u64 *)&page->_mapcount);
}

static inline bool page_state_bad(const struct page *page, unsigned long forbidden_flags)
{
	return page_state_word(page, forbidden_flags) != 0;
}

/* The report, at most 60 a minute; the page stays out of circulation. (page_check.c) */
void bad_page(struct page *page, unsigned long forbidden_flags);

/* alloc_pages() without its short cut. */
struct page *alloc_pages_local(gfp_t gfp, unsigned int order);
/* The short cut's page is in a bad state or needs more than a reference. => that page prepared, another one or NULL */
struct page *finish_page(struct page *page, unsigned int order, gfp_t gfp);

/* A block whose last reference is gone, any order: checks, then the per-CPU list or the buddy. */
void free_pages_ok(struct page *page, unsigned int order);

void prep_compound_page(struct page *page, unsigned int order);

/*
 * Reasons for alloc_pages and __free_pages to leave their short cut, a bit each: one test for all. 0 in an
 * ordinary release kernel; PAGE_DEBUG_* (page_debug.h) are 1, 2 and 64.
 */
#define ALLOC_SPECIAL_INJECT	4UL
#define ALLOC_SPECIAL_CPUSETS	8UL
#define ALLOC_SPECIAL_UNGROUPED 16UL
#define ALLOC_SPECIAL_FAILSLAB	32UL /* for kmalloc and kmem_cache_alloc */
extern unsigned long alloc_special;

static inline void set_alloc_special(unsigned long bit, bool on)
{
	if (on)
		__atomic_fetch_or(&alloc_special, bit, __ATOMIC_RELAXED);
	else
		__atomic_fetch_and(&alloc_special, ~bit, __ATOMIC_RELAXED);
}

/* Fault injection: fn is asked before every allocation but NOFAIL ones; true fails it. NULL: off. */
void set_fail_page_alloc(bool (*fn)(gfp_t gfp, unsigned int order));

/* A page descriptor as it is at boot: reserved (memmap.c). */
void memmap_init_page(struct page *page, unsigned long pfn, const struct zone *zone);

/* Changed whenever some task's mems_allowed changes: a failed attempt is repeated (spec 4.1, F6). */
extern atomic_t mems_allowed_seq;

/* The memory dump of the failure report and the OOM killer (spec 4.3); nodes outside the mask are left out. */
void show_mem(unsigned long nodemask);

#endif
