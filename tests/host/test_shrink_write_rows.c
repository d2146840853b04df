/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.4, rows 10 to 16, and what stands below the table: one page in the condition of the row goes through
 * shrink_page_list, and what became of it is compared. A test's name is its row.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/shrink_fixture.h"

#define ROW(n, name) MACHINE_TEST(row_6_4_##n##_##name, SMALL)

static void row_6_4_10_dirty_file(void)
{
	unsigned long before;

	file_victim();
	lock_page(victim);
	set_page_dirty(victim);
	unlock_page(victim);
	before = state_of(NR_VMSCAN_IMMEDIATE);
	assert_true(shrink(victim));
	assert_true(PageReclaim(victim) && PageDirty(victim) && !PageActive(victim));
	assert_int_equal(state_of(NR_VMSCAN_IMMEDIATE), before + 1);
	assert_int_equal(stat.nr_dirty, 1);
	assert_int_equal(stat.nr_unqueued_dirty, 1);
	assert_int_equal(file->writes, 0);
	ClearPageReclaim(victim);
}
ROW(10, dirty_file)

static void row_6_4_11_clean_only(void)
{
	file_victim();
	lock_page(victim);
	set_page_dirty(victim);
	unlock_page(victim);
	SetPageReferenced(victim); /* used once by a call: RECLAIM_CLEAN */
	set_bit(ZONE_TAIL_LRU_DIRTY, &page_zone(victim)->flags);
	current->flags |= PF_KSWAPD;
	assert_true(shrink(victim));
	current->flags &= ~(unsigned int)PF_KSWAPD;
	assert_true(PageDirty(victim) && !PageReclaim(victim));
	assert_int_equal(file->writes, 0);
	clear_bit(ZONE_TAIL_LRU_DIRTY, &page_zone(victim)->flags);
}
ROW(11, clean_only)

static void row_6_4_12_may_not_write(void)
{
	anon_victim(false);
	sc.may_writepage = false;
	assert_true(shrink(victim));
	assert_true(PageSwapCache(victim) && PageDirty(victim) && !PageActive(victim) && !PageWriteback(victim));
	assert_true(is_swap_pte(entry_of(at)));
	putback_lru_page(victim);
	assert_int_equal(get(at), 42);
}
ROW(12, may_not_write)

static void row_6_4_13_written(void)
{
	unsigned long before;

	anon_victim(false);
	before = state_of(NR_VMSCAN_WRITE);
	assert_true(shrink(victim));
	assert_true(PageWriteback(victim) && PageReclaim(victim) && !PageDirty(victim) && !PageActive(victim));
	assert_int_equal(state_of(NR_VMSCAN_WRITE), before + 1);
	putback_lru_page(victim);
	host_sleep(10);
	assert_int_equal(get(at), 42);
}
ROW(13, written)

static void row_6_4_13_extra_reference(void)
{
	anon_victim(false);
	get_page(victim);
	assert_true(shrink(victim));
	assert_true(PageDirty(victim) && !PageWriteback(victim) && !PageActive(victim));
	put_page(victim);
	putback_lru_page(victim);
	assert_int_equal(get(at), 42);
}
ROW(13, extra_reference)

/* A dirty page of a file that kswapd may write, as the zone's tail is all dirty. */
static void dirty_file_victim(const struct address_space_operations *aops)
{
	file_victim();
	lock_page(victim);
	set_page_dirty(victim);
	unlock_page(victim);
	file->inode.i_data.a_ops = aops;
	set_bit(ZONE_TAIL_LRU_DIRTY, &page_zone(victim)->flags);
}

static bool shrink_as_kswapd(unsigned int flags)
{
	bool kept;

	current->flags |= PF_KSWAPD | flags;
	kept = shrink(victim);
	current->flags &= ~(PF_KSWAPD | flags);
	return kept;
}

static void row_6_4_13_no_writepage(void)
{
	static const struct address_space_operations aops = { .set_page_dirty = set_page_dirty_tagged };

	dirty_file_victim(&aops);
	assert_true(shrink_as_kswapd(0));
	assert_true(PageActive(victim) && PageDirty(victim) && !PageWriteback(victim));
	assert_int_equal(state_of(NR_VMSCAN_WRITE), 0);
}
ROW(13, no_writepage)

/* A full queue: only who swaps out whatever it costs joins it. */
static void row_6_4_13_congested(void)
{
	dirty_file_victim(&disk_file_aops);
	file->disk->bdev.queue->congested[1] = true;
	assert_true(shrink_as_kswapd(0));
	assert_true(PageDirty(victim) && !PageActive(victim) && !PageWriteback(victim) && !PageReclaim(victim));
	assert_int_equal(stat.nr_congested, 1);
	assert_int_equal(file->writes, 0);
	assert_true(shrink_as_kswapd(PF_SWAPWRITE));
	assert_true(PageReclaim(victim) && !PageDirty(victim));
	assert_int_equal(file->writes, 1);
	assert_int_equal(state_of(NR_VMSCAN_WRITE), 1);
}
ROW(13, congested)

static int write_at_once(struct page *page, struct writeback_control *wbc)
{
	(void)wbc;
	set_page_writeback(page);
	unlock_page(page);
	end_page_writeback(page);
	return 0;
}

static void row_6_4_13_finished_at_once(void)
{
	static const struct address_space_operations aops = {
		.set_page_dirty = set_page_dirty_tagged, .writepage = write_at_once,
	};

	dirty_file_victim(&aops);
	assert_false(shrink_as_kswapd(0));
	assert_int_equal(freed, 1);
	assert_false(file_cached(file, 0));
}
ROW(13, finished_at_once)

static int write_in_vain(struct page *page, struct writeback_control *wbc)
{
	(void)wbc;
	set_page_dirty(page);
	unlock_page(page);
	return -ENOMEM;
}

static void row_6_4_13_not_started(void)
{
	static const struct address_space_operations aops = {
		.set_page_dirty = set_page_dirty_tagged, .writepage = write_in_vain,
	};

	dirty_file_victim(&aops);
	assert_true(shrink_as_kswapd(0));
	assert_true(PageDirty(victim) && !PageReclaim(victim) && !PageActive(victim));
}
ROW(13, not_started)

/* Buffers that nobody can drop (the mapping has no releasepage). */
static void row_6_4_14_private(void)
{
	file_victim();
	SetPagePrivate(victim);
	assert_true(shrink(victim));
	assert_true(PageActive(victim) && file_cached(file, 0));
	ClearPagePrivate(victim);
}
ROW(14, private)

static void row_6_4_15_referenced_elsewhere(void)
{
	file_victim();
	get_page(victim);
	assert_true(shrink(victim));
	assert_false(PageActive(victim) || PageLocked(victim));
	assert_true(file_cached(file, 0));
	put_page(victim);
}
ROW(15, referenced_elsewhere)

static void row_6_4_16_freed(void)
{
	file_victim();
	assert_false(shrink(victim));
	assert_int_equal(freed, 1);
	assert_int_equal(page_count(victim), 0);
	assert_false(file_cached(file, 0));
	assert_int_equal(sc.nr_scanned, 1);
}
ROW(16, freed)

/* Below the table: a page that stays gives its slot back when swap is more than half full. */
static void row_6_4_activated_without_slot(void)
{
	for (int full = 0; full < 2; full++) {
		if (!full)
			anon_victim(true);
		putback_lru_page(victim);
		push_out(at);
		assert_int_equal(get(at), 42);
		victim = isolated(page_at(at));
		while (full && get_nr_swap_pages() * 2 >= total_swap_pages)
			get_swap_page();
		assert_true(PageSwapCache(victim));
		assert_true(shrink(victim));
		assert_true(PageActive(victim));
		assert_int_equal(PageSwapCache(victim), !full);
	}
}
MACHINE_TEST(row_6_4_activated_without_slot, SMALL)

/* A page that reclaim wanted is the next to be taken when it is clean at last. */
static void row_6_4_written_goes_to_the_tail(void)
{
	struct page_list *list;
	struct page *page;

	file_victim();
	list = &page_zone(victim)->lruvec.lists[LRU_INACTIVE_FILE];
	set_page_writeback(victim);
	SetPageReclaim(victim);
	putback_lru_page(victim);
	get_pages(file, 1, 8);
	lru_add_drain();
	end_page_writeback(victim);
	lru_add_drain();
	assert_ptr_equal(page_list_last(list), victim);
	assert_false(PageReclaim(victim));
	page = find_get_page(&file->inode.i_data, 5);
	set_page_writeback(page);
	end_page_writeback(page); /* nobody wanted this one */
	lru_add_drain();
	assert_ptr_equal(page_list_last(list), victim);
	put_page(page);
}
MACHINE_TEST(row_6_4_written_goes_to_the_tail, SMALL)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(row_6_4_10_dirty_file),
		machine_unit_test(row_6_4_11_clean_only),
		machine_unit_test(row_6_4_12_may_not_write),
		machine_unit_test(row_6_4_13_written),
		machine_unit_test(row_6_4_13_extra_reference),
		machine_unit_test(row_6_4_13_no_writepage),
		machine_unit_test(row_6_4_13_congested),
		machine_unit_test(row_6_4_13_finished_at_once),
		machine_unit_test(row_6_4_13_not_started),
		machine_unit_test(row_6_4_14_private),
		machine_unit_test(row_6_4_15_referenced_elsewhere),
		machine_unit_test(row_6_4_16_freed),
		machine_unit_test(row_6_4_activated_without_slot),
		machine_unit_test(row_6_4_written_goes_to_the_tail),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
