/* SPDX-License-Identifier: MIT */
/*
 * The hooks of step 19 run exactly once for each page that alloc_pages gives, whichever way it came: the short cut, the
 * second stage, the slow path with and without reserves, a retry after a page in a bad state. Linked in place of the
 * real hooks (-z muldefs), these count.
 */
#include "tests/host/fixture.h"
#include "mm/page_debug.h"
#include "mm/slowpath.h"

static unsigned int calls, checked;
static struct page *last_page;
static unsigned int last_order;
static gfp_t last_gfp;

void set_page_owner(struct page *page, unsigned int order, gfp_t gfp)
{
	calls++;
	last_page = page;
	last_order = order;
	last_gfp = gfp;
}

void kmemcheck_pagealloc_alloc(struct page *page, unsigned int order, gfp_t gfp)
{
	assert_ptr_equal(page, last_page);
	checked++;
}

static int setup(void **state)
{
	set_alloc_special(PAGE_DEBUG_OWNER | PAGE_DEBUG_KMEMCHECK, true);
	start_machine(32, 0, 32, 1);
	return 0;
}

/* One request, seen once by both hooks with what was asked for. */
static struct page *once(gfp_t gfp, unsigned int order)
{
	struct page *page;

	calls = checked = 0;
	page = alloc_pages(gfp, order);
	assert_int_equal(calls, page ? 1 : 0);
	assert_int_equal(checked, calls);
	if (page) {
		assert_ptr_equal(last_page, page);
		assert_int_equal(last_order, order);
		assert_int_equal(last_gfp & gfp, gfp);
	}
	return page;
}

static void test_fast(void **state)
{
	static const gfp_t more[] = { 0, __GFP_ZERO, __GFP_COMP, __GFP_COLD, __GFP_WRITE, __GFP_MOVABLE };

	for (unsigned int order = 0; order < 5; order++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
			struct page *page = once(GFP_KERNEL | more[i], order);

			assert_non_null(page);
			__free_pages(page, order);
		}
	}
}

static unsigned long slow_pages(void)
{
	return slowpath_taken(SLOW_REBALANCE, SLOW_GOT_PG) + slowpath_taken(SLOW_RESERVES, SLOW_GOT_PG);
}

/* To the last page: low mark, min mark, reserves. */
static void test_slow(void **state)
{
	unsigned long slow = slow_pages(), reserves = slowpath_taken(SLOW_RESERVES, SLOW_GOT_PG), n = 0;

	while (once(GFP_ATOMIC | __GFP_NOWARN, 0))
		n++;
	assert_true(n > 1000);
	assert_true(slow_pages() - slow > 100); /* some hundred of them came by the slow path */
	while (once(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN, 0))
		;
	assert_true(slowpath_taken(SLOW_RESERVES, SLOW_GOT_PG) - reserves > 50);
}

static void test_retry(void **state)
{
	struct page *bad = alloc_pages(GFP_KERNEL, 0), *page;

	__free_pages(bad, 0);
	bad->mapping = (struct address_space *)0x1000;
	page = once(GFP_KERNEL, 0);
	assert_non_null(page);
	assert_ptr_not_equal(page, bad);
}

static bool fail_all(gfp_t gfp, unsigned int order)
{
	return true;
}

/* A request that fails on purpose has no page to show. */
static void test_injected(void **state)
{
	set_fail_page_alloc(fail_all);
	assert_null(once(GFP_KERNEL, 0));
	assert_non_null(once(GFP_KERNEL | __GFP_NOFAIL, 0));
	set_fail_page_alloc(NULL);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, stop_machine)
	const struct CMUnitTest tests[] = { T(test_fast), T(test_slow), T(test_retry), T(test_injected) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
