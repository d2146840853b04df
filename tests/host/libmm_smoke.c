/* SPDX-License-Identifier: MIT */
/* The library from outside: libmm.h and nothing else of the project. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>

#include "libmm.h"

static void *worker(void *arg)
{
	for (int i = 0; i < 10000; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, (unsigned int)i % 4);

		if (page)
			__free_pages(page, (unsigned int)i % 4);
	}
	return arg;
}

static void test_machine(void **state)
{
	struct mm_host_range ram[] = { { 0, 64ULL << 20, 1, 0 }, { 64ULL << 20, 128ULL << 20, 1, 1 } };
	struct mm_host_config config = { ram, 2, 2, 2, 16ULL << 20, 96ULL << 20, 0 };
	pthread_t threads[2];
	struct page *page;

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(mm_host_start(&config), 0);
		assert_int_equal(mm_host_zone(0, 0, MM_SPANNED), 4096);
		assert_int_equal(mm_host_zone(1, 2, MM_PRESENT), 8192);
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL), 0);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(mm_host_check(), 0);
		for (int nid = 0; nid < 2; nid++)
			for (int zone = 0; zone < 3; zone++)
				assert_int_equal(mm_host_zone(nid, zone, MM_FREE),
						 mm_host_zone(nid, zone, MM_MANAGED));
		page = alloc_pages_node(1, GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0);
		assert_non_null(page);
		assert_ptr_equal(pfn_to_page(page_to_pfn(page)), page);
		__free_pages(page, 0);
		assert_null(alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 11));
		mm_host_stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_machine) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
