/* SPDX-License-Identifier: MIT */
/*
 * Tests of reclaim policies on a machine of one large zone: memory that is filled and verified, reclaim by hand, the
 * check of all lists.
 */
#ifndef TESTS_HOST_POLICY_FIXTURE_H
#define TESTS_HOST_POLICY_FIXTURE_H

#include "tests/host/machine_fixture.h"

#include "mm/policy.h"
#include "mm/reclaim.h"

#define LOW	  .ram_mib = 24, .dma_mib = 1
#define LOW_PAGES 6144UL

static inline struct zone *normal(void)
{
	return &NODE_DATA(0)->node_zones[ZONE_NORMAL];
}

/* Reclaim from the zone of most pages until about nr are free: what kswapd does, without its watermarks. */
static inline unsigned long reclaim(unsigned long nr)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_reclaim = nr, .priority = DEF_PRIORITY,
				   .may_writepage = true, .may_unmap = true, .may_swap = true };
	struct reclaim_state state = { 0 };

	lru_add_drain();
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC | PF_SWAPWRITE;
	for (int pass = 0; sc.nr_reclaimed < nr && pass < 16; pass++) {
		sc.priority = max(DEF_PRIORITY - pass, 0);
		shrink_zone(normal(), &sc);
		current->flags &= ~(unsigned int)PF_MEMALLOC;
		host_sleep(2); /* writes end */
		current->flags |= PF_MEMALLOC;
	}
	current->flags &= ~(unsigned int)(PF_MEMALLOC | PF_SWAPWRITE);
	current->reclaim_state = NULL;
	return sc.nr_reclaimed;
}

static inline unsigned long count_out(unsigned long va, unsigned long from, unsigned long to)
{
	unsigned long out = 0;

	for (unsigned long i = from; i < to; i++)
		out += is_swap_pte(entry_of(va + i * PAGE_SIZE));
	return out;
}

static inline unsigned long fill(unsigned long pages)
{
	unsigned long va = map_anon(pages * PAGE_SIZE);

	for (unsigned long i = 0; i < pages; i++)
		put(va + i * PAGE_SIZE, i + 1);
	return va;
}

static inline void verify(unsigned long va, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i + 1);
}

/* Each list has the pages its counter says, each with the flags that name it. => pages on all but unevictable */
static inline unsigned long check_lists(struct zone *zone)
{
	unsigned long sums[NR_LRU_LISTS] = { 0 }, all = 0;

	for (unsigned int list = 0; list < NR_PAGE_LISTS; list++) {
		struct page *page;
		unsigned long nr = 0;

		page_list_for_each(page, &zone->lruvec.lists[list]) {
			assert_true(PageLRU(page) && page_zone(page) == zone);
			assert_int_equal(lru_list_of(page), list);
			nr++;
		}
		if (nr && list != LRU_UNEVICTABLE)
			assert_true(zone->lruvec.policy->lists & LRU_BIT(list));
		if (list < NR_LRU_LISTS) {
			sums[list] += nr;
		} else {
			unsigned int gen = (list - NR_LRU_LISTS) / 2 + 1;

			assert_int_equal(zone->lruvec.gen_pages[list - NR_LRU_LISTS], nr);
			sums[LRU_FILE * lru_list_is_file(list) + (zone->lruvec.active_gens >> gen & 1)] += nr;
		}
	}
	for (int i = 0; i < NR_LRU_LISTS; i++) {
		assert_int_equal(zone_page_state_snapshot(zone, (enum zone_stat_item)(NR_LRU_BASE + i)), sums[i]);
		all += i == LRU_UNEVICTABLE ? 0 : sums[i];
	}
	return all;
}

static inline void use(const char *name)
{
	assert_int_equal(reclaim_policy_set(name), 0);
	assert_string_equal(reclaim_policy->name, name);
	assert_ptr_equal(normal()->lruvec.policy, reclaim_policy);
}

#endif
