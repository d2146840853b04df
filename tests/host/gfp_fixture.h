/* SPDX-License-Identifier: MIT */
/*
 * For the tests of GFP flags (spec 1): one zone T with marks 64, 80, 96, or three of them; and tests that are made in a
 * process of their own, some of them to die there.
 */
#ifndef TESTS_HOST_GFP_FIXTURE_H
#define TESTS_HOST_GFP_FIXTURE_H

#include "tests/host/slow_world.h"

#define DEBUG_BUILD IS_ENABLED(CONFIG_DEBUG)
#define NUMA	    IS_ENABLED(CONFIG_NUMA)

static inline void zone_t(unsigned long free)
{
	one_zone(ZONE_NORMAL, 64);
	give_pages(0, free);
}

/* HighMem, Normal and DMA with so many pages each. */
static inline void three_zones(unsigned long high, unsigned long normal, unsigned long dma)
{
	start_zones(1, 192, 64, 128);
	add_zone(zone_of(0, ZONE_HIGHMEM), 64, 80, 96);
	add_zone(zone_of(0, ZONE_NORMAL), 64, 80, 96);
	add_zone(zone_of(0, ZONE_DMA), 64, 80, 96);
	give_pages(0, high);
	give_pages(1, normal);
	give_pages(2, dma);
}

/* => index of the zone that gave, -1: none */
static inline int giver(gfp_t gfp)
{
	struct page *page = ask(gfp, 0);

	return page ? (int)page_zone(page)->index : -1;
}

/* => without sleeping below it: the largest number of free pages with which T gives none */
static inline long floor_of(gfp_t gfp)
{
	for (long free = 96; free > 0; free--) {
		zone_t((unsigned long)free);
		script.progress = 32; /* the first reclaim ends the request: by then it has failed */
		script.freed = 1000;
		if (!ask(gfp | __GFP_NOWARN, 0) || seen.reclaims) {
			mm_host_stop();
			return free;
		}
		mm_host_stop();
	}
	return 0;
}

/* Three blocks, one of each type: each request takes its own. */
static inline void check_type(gfp_t gfp, unsigned long pfn_of_type)
{
	struct page *page = ask(gfp | __GFP_MEMALLOC, 0);

	assert_non_null(page);
	assert_int_equal(page_to_pfn(page), pfn_of_type);
}

enum { LIVES, DIES, DIES_IN_DEBUG, WITH_NUMA };

struct flag_test {
	void (*fn)(void);
	int how;
};

static inline void in_child(void **state)
{
	const struct flag_test *test = *state;
	bool dies = test->how == DIES || (test->how == DIES_IN_DEBUG && DEBUG_BUILD);
	int status;

	if (test->how == WITH_NUMA && !NUMA)
		return;
	status = status_of_child(test->fn);
	if (dies)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	else
		assert_int_equal(status, 0);
}

#define T(name, how) { #name, in_child, NULL, NULL, &(struct flag_test){ name, how } }

#endif
