/* SPDX-License-Identifier: MIT */
/* Page faults on the whole machine: demand zero, copy on write, rights, the stack, where pages come from. */
#include "tests/host/machine_fixture.h"

static void demand_zero(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	assert_true(pte_none(entry_of(va)));
	assert_int_equal(touch(va, false), 0);
	assert_true(pte_special(entry_of(va)));
	assert_int_equal(pte_pfn(entry_of(va)), page_to_pfn(zero_page));
	assert_int_equal(get_mm_rss(current->mm), 0);
	assert_int_equal(get(va), 0);
	put(va, 42);
	assert_int_equal(get(va), 42);
	assert_int_equal(get(va + 8), 0);
	assert_int_equal(get_mm_rss(current->mm), 1);
	assert_true(pte_dirty(entry_of(va)) && pte_young(entry_of(va)));
	assert_int_equal(get(va + PAGE_SIZE), 0);
}
MACHINE_TEST(demand_zero, .ram_mib = 32, .lowmem_mib = 24)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(demand_zero),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
