/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.4, rows 1 to 9: one page in the condition of the row goes through shrink_page_list, and what became of it is
 * compared. A test's name is its row.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/shrink_fixture.h"

#define ROW(n, name) MACHINE_TEST(row_6_4_##n##_##name, SMALL)

static void row_6_4_01_busy(void)
{
	anon_victim(false);
	lock_page(victim);
	assert_true(shrink(victim));
	assert_false(PageActive(victim) || PageSwapCache(victim));
	assert_int_equal(sc.nr_scanned, 0);
	assert_true(PageLocked(victim));
	unlock_page(victim);
}
ROW(01, busy)

static void row_6_4_02_unevictable(void)
{
	anon_victim(false);
	SetPageMlocked(victim);
	assert_false(shrink(victim));
	assert_int_equal(freed, 0);
	assert_true(PageUnevictable(victim) && PageLRU(victim) && !PageLocked(victim));
	assert_int_equal(zone_page_state_snapshot(page_zone(victim), NR_UNEVICTABLE), 1);
	ClearPageMlocked(victim);
}
ROW(02, unevictable)

static void row_6_4_03_may_not_unmap(void)
{
	anon_victim(false);
	sc.may_unmap = false;
	assert_true(shrink(victim));
	assert_false(PageActive(victim) || PageSwapCache(victim) || PageLocked(victim));
	assert_int_equal(sc.nr_scanned, 1);
}
ROW(03, may_not_unmap)

static void row_6_4_04_writeback_immediate(void)
{
	anon_victim(false);
	SetPageWriteback(victim);
	SetPageReclaim(victim);
	set_bit(ZONE_WRITEBACK, &page_zone(victim)->flags);
	current->flags |= PF_KSWAPD;
	assert_true(shrink(victim));
	current->flags &= ~(unsigned int)PF_KSWAPD;
	assert_int_equal(stat.nr_immediate, 1);
	assert_int_equal(stat.nr_writeback, 0);
	assert_int_equal(sc.nr_scanned, 2); /* mapped: one more */
	ClearPageWriteback(victim);
	clear_bit(ZONE_WRITEBACK, &page_zone(victim)->flags);
}
ROW(04, writeback_immediate)

static void row_6_4_05_writeback(void)
{
	anon_victim(false);
	SetPageWriteback(victim);
	assert_true(shrink(victim));
	assert_true(PageReclaim(victim) && !PageActive(victim));
	assert_int_equal(stat.nr_writeback, 1);
	assert_int_equal(stat.nr_immediate, 0);
	ClearPageWriteback(victim);
	ClearPageReclaim(victim);
}
ROW(05, writeback)

static void row_6_4_06_activate(void)
{
	unsigned long before;

	anon_victim(true);
	before = event(PGACTIVATE);
	assert_true(shrink(victim));
	assert_true(PageActive(victim));
	assert_false(pte_young(entry_of(at)) || PageSwapCache(victim));
	assert_int_equal(event(PGACTIVATE), before + 1);
}
ROW(06, activate)

static void row_6_4_07_keep(void)
{
	start();
	file = disk_file_create("f", 64);
	at = map_file(file, 1, PROT_READ, MAP_SHARED);
	assert_int_equal(touch(at, false), 0);
	victim = isolated(page_at(at));
	ClearPageReferenced(victim);
	assert_true(shrink(victim));
	assert_true(PageReferenced(victim) && !PageActive(victim)); /* the second chance */
	assert_true(pte_present(entry_of(at)));
}
ROW(07, keep)

static void row_6_4_08_no_io(void)
{
	anon_victim(false);
	sc.gfp_mask = GFP_NOIO;
	assert_true(shrink(victim));
	assert_false(PageActive(victim) || PageSwapCache(victim));
}
ROW(08, no_io)

static void row_6_4_08_no_slot(void)
{
	swp_entry_t entry;

	anon_victim(false);
	while ((entry = get_swap_page()).val)
		;
	assert_true(shrink(victim));
	assert_true(PageActive(victim) && !PageSwapCache(victim));
}
ROW(08, no_slot)

static void row_6_4_09_locked_mapping(void)
{
	anon_victim(false);
	assert_true(find_vma(current->mm, at)->vm_start <= at);
	find_vma(current->mm, at)->vm_flags |= VM_LOCKED;
	assert_false(shrink(victim));
	assert_int_equal(freed, 0);
	lru_add_drain();
	assert_true(PageLRU(victim) && !PageLocked(victim) && pte_present(entry_of(at)));
	find_vma(current->mm, at)->vm_flags &= ~VM_LOCKED;
}
ROW(09, locked_mapping)

/* The policy does not ask for use, and unmapping finds it. */
static enum page_reference judge_nothing(struct page *page)
{
	(void)page;
	return REF_RECLAIM;
}

static struct reclaim_policy blind = { .name = "blind", .judge = judge_nothing };

static void row_6_4_09_used_again(void)
{
	anon_victim(true);
	sc.policy = &blind;
	assert_true(shrink(victim));
	assert_true(PageActive(victim) && pte_present(entry_of(at)));
	assert_true(PageSwapCache(victim) && PageDirty(victim)); /* 8 came first */
}
ROW(09, used_again)

/* One of its entries could not be reached. */
static void row_6_4_09_temporary(void)
{
	anon_victim(false);
	atomic_inc(&victim->_mapcount);
	assert_true(shrink(victim));
	assert_false(PageActive(victim) || PageLocked(victim) || PageWriteback(victim));
	assert_true(is_swap_pte(entry_of(at)));
	assert_null(host_translate(current->mm, at, true)); /* the entry that was reached is flushed already */
	atomic_dec(&victim->_mapcount);
	putback_lru_page(victim);
	assert_int_equal(get(at), 42);
}
ROW(09, temporary)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(row_6_4_01_busy),
		machine_unit_test(row_6_4_02_unevictable),
		machine_unit_test(row_6_4_03_may_not_unmap),
		machine_unit_test(row_6_4_04_writeback_immediate),
		machine_unit_test(row_6_4_05_writeback),
		machine_unit_test(row_6_4_06_activate),
		machine_unit_test(row_6_4_07_keep),
		machine_unit_test(row_6_4_08_no_io),
		machine_unit_test(row_6_4_08_no_slot),
		machine_unit_test(row_6_4_09_locked_mapping),
		machine_unit_test(row_6_4_09_used_again),
		machine_unit_test(row_6_4_09_temporary),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
