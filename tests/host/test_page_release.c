/* SPDX-License-Identifier: MIT */
/* The last reference: what is given back with it, whole, and what is no longer counted. */
#include "tests/host/machine_fixture.h"

#include "mm/internal.h"

#define MACHINE .ram_mib = 16, .dma_mib = 4

static long free_pages_now(void)
{
	lru_add_drain();
	drain_all_pages();
	return exact_state(NR_FREE_PAGES);
}

/* A block of several pages lives until all references to any of its pages are gone. */
static void a_compound_page_goes_as_one(void)
{
	long before = free_pages_now();
	struct page *head = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	assert_non_null(head);
	assert_int_equal(free_pages_now(), before - 8);
	get_page(head + 5);
	assert_int_equal(page_count(head), 2);
	put_page(head);
	assert_int_equal(free_pages_now(), before - 8);
	put_page(head + 5);
	assert_int_equal(free_pages_now(), before);
}
MACHINE_TEST(a_compound_page_goes_as_one, MACHINE)

/* Among single pages, of two zones and on LRU lists or not. */
static void compound_among_others(void)
{
	long before, anon = exact_state(NR_INACTIVE_ANON);
	struct page *pages[6];

	before = free_pages_now();
	for (int i = 0; i < 6; i++) {
		gfp_t zone = i % 2 ? GFP_KERNEL : GFP_KERNEL | GFP_DMA;

		pages[i] = i == 3 ? alloc_pages(zone | __GFP_COMP, 2) : alloc_page(zone);
		assert_non_null(pages[i]);
		if (i == 2 || i == 4) {
			__SetPageSwapBacked(pages[i]);
			lru_cache_add(pages[i]);
		}
	}
	assert_int_equal(free_pages_now(), before - 9);
	assert_int_equal(exact_state(NR_INACTIVE_ANON), anon + 2);
	get_page(pages[5]);
	release_pages(pages, 6);
	assert_int_equal(free_pages_now(), before - 1); /* somebody else has the last */
	assert_int_equal(exact_state(NR_INACTIVE_ANON), anon);
	put_page(pages[5]);
	assert_int_equal(free_pages_now(), before);
}
MACHINE_TEST(compound_among_others, MACHINE)

/* A page that is freed while it counts as locked in memory counts no longer. */
static void locked_pages_are_uncounted(void)
{
	long locked = exact_state(NR_MLOCK);
	struct page *pages[2];

	for (int i = 0; i < 2; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		assert_non_null(pages[i]);
		SetPageMlocked(pages[i]);
		inc_zone_page_state(pages[i], NR_MLOCK);
	}
	assert_int_equal(exact_state(NR_MLOCK), locked + 2);
	put_page(pages[0]);
	assert_int_equal(exact_state(NR_MLOCK), locked + 1);
	release_pages(pages + 1, 1);
	assert_int_equal(exact_state(NR_MLOCK), locked);
	assert_int_equal(event(UNEVICTABLE_PGCLEARED), 2);
}
MACHINE_TEST(locked_pages_are_uncounted, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_compound_page_goes_as_one),
		machine_unit_test(compound_among_others),
		machine_unit_test(locked_pages_are_uncounted),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
