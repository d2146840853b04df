/* SPDX-License-Identifier: MIT */
/* Windows onto HighMem: shared and counted, atomic and nested; without one there is no way in. */
#include "tests/host/machine_fixture.h"

#include "mm/kmap.h"

#define MACHINE .ram_mib = 40, .lowmem_mib = 24

static struct page *high_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	assert_non_null(page);
	assert_true(PageHighMem(page));
	return page;
}

static void one_window_for_all(void)
{
	struct page *page = high_page(), *low = alloc_page(GFP_KERNEL);
	u64 *a = kmap(page), *b = kmap(page);

	assert_ptr_equal(a, b);
	assert_ptr_equal(page_address(page), a);
	a[7] = 77;
	kunmap(page);
	assert_int_equal(b[7], 77);
	kunmap(page);
	assert_ptr_equal(kmap(page), a);
	kunmap(page);
	assert_ptr_equal(kmap(low), lowmem_page_address(low));
	kunmap(low);
	__free_page(page);
	__free_page(low);
}
MACHINE_TEST(one_window_for_all, MACHINE)

/* More pages than windows, one after the other: windows are used again after a flush. */
static void windows_go_round(void)
{
	enum { NR = 3 * LAST_PKMAP };
	static struct page *pages[NR];

	for (int round = 0; round < 2; round++) {
		for (u64 i = 0; i < NR; i++) {
			u64 *p;

			if (!round)
				pages[i] = high_page();
			p = kmap(pages[i]);
			if (round)
				assert_int_equal(p[i % 512], i);
			p[i % 512] = i;
			kunmap(pages[i]);
		}
	}
	for (int i = 0; i < NR; i++)
		__free_page(pages[i]);
}
MACHINE_TEST(windows_go_round, MACHINE)

static struct page *waiter_page;
static void *waiter_got;

static void waiter(void *unused)
{
	waiter_got = kmap(waiter_page);
	kunmap(waiter_page);
}

/* With every window in use the next one waits for the first that is given back. */
static void last_window_is_waited_for(void)
{
	static struct page *pages[LAST_PKMAP];
	void *address;

	for (int i = 0; i < LAST_PKMAP; i++)
		kmap(pages[i] = high_page());
	waiter_page = high_page();
	assert_non_null(host_spawn("waiter", NULL, waiter, NULL));
	host_sleep(10);
	assert_null(waiter_got);
	address = page_address(pages[100]);
	kunmap(pages[100]);
	host_sleep(10);
	assert_ptr_equal(waiter_got, address);
	assert_int_equal(host_tasks(), 1);
}
MACHINE_TEST(last_window_is_waited_for, MACHINE)

static void atomic_windows_nest(void)
{
	struct page *pages[4];
	u64 *at[4];

	for (int i = 0; i < 4; i++)
		pages[i] = high_page();
	for (u64 i = 0; i < 4; i++) {
		at[i] = kmap_atomic(pages[i]);
		at[i][0] = i;
	}
	assert_true(in_atomic());
	for (int i = 3; i >= 0; i--) {
		assert_int_equal(at[i][0], i);
		kunmap_atomic(at[i]);
	}
	assert_false(in_atomic());
	clear_highpage(pages[1]);
	copy_highpage(pages[2], pages[3]);
	at[0] = kmap(pages[1]);
	at[1] = kmap(pages[2]);
	assert_int_equal(at[0][0], 0);
	assert_int_equal(at[1][0], 3);
}
MACHINE_TEST(atomic_windows_nest, MACHINE)

static void without_a_window(void)
{
	struct page *page = high_page();
	volatile u64 *direct = lowmem_page_address(page);

	about_to_die();
	*direct = 1;
}
MACHINE_DEATH_TEST(without_a_window, MACHINE)

static void after_kunmap_atomic(void)
{
	volatile u64 *window = kmap_atomic(high_page());

	*window = 1;
	kunmap_atomic((void *)window);
	about_to_die();
	*window = 2;
}
MACHINE_DEATH_TEST(after_kunmap_atomic, MACHINE)

static void sleeping_with_a_window(void)
{
	kmap_atomic(high_page());
	about_to_die();
	host_sleep(1);
}
MACHINE_DEATH_TEST(sleeping_with_a_window, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(one_window_for_all),
		machine_unit_test(windows_go_round),
		machine_unit_test(last_window_is_waited_for),
		machine_unit_test(atomic_windows_nest),
		machine_unit_test(without_a_window),
		machine_unit_test(after_kunmap_atomic),
		machine_unit_test(sleeping_with_a_window),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
