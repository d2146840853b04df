/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.4, row by row: one page in the condition of the row goes through shrink_page_list, and what became of it is
 * compared; and 6.5, what lru2's reference check answers. A test's name is its row.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/file_fixture.h"

#include "arch/mmu.h"
#include "mm/policy.h"

#define SMALL .ram_mib = 24, .dma_mib = 1
#define ROW(n, name) MACHINE_TEST(row_6_4_##n##_##name, SMALL)

static struct scan_control sc;
static struct shrink_stat stat;
static unsigned long freed;

static void start(void)
{
	sc = (struct scan_control){ .gfp_mask = GFP_KERNEL, .may_writepage = true, .may_unmap = true, .may_swap = true,
				    .policy = &policy_lru2 };
	stat = (struct shrink_stat){ 0 };
	swap_on("swap0", 256);
}

/* => true: the page was kept (or activated: PG_active); false: freed or culled. It is off the lists before */
static bool shrink(struct page *page)
{
	struct reclaim_state state = { 0 };
	bool kept;
	PAGE_LIST(pages);

	ClearPageActive(page);
	page_list_add(page, &pages);
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC;
	freed = shrink_page_list(&pages, page_zone(page), &sc, &stat, false);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->reclaim_state = NULL;
	kept = !page_list_empty(&pages);
	if (kept)
		assert_ptr_equal(page_list_first(&pages), page);
	return kept;
}

static struct page *isolated(struct page *page)
{
	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	return page;
}

static struct page *victim;
static unsigned long at;

/* An anonymous page, written once; young or not. */
static void anon_victim(bool young)
{
	start();
	at = map_anon(PAGE_SIZE);
	put(at, 42);
	victim = isolated(page_at(at));
	if (!young) {
		unsigned long vm_flags;

		page_referenced(victim, false, &vm_flags);
	}
}

/* A clean file page that no table maps. */
static struct disk_file *file;

static void file_victim(void)
{
	start();
	file = disk_file_create("f", 64);
	get_pages(file, 0, 1);
	victim = find_get_page(&file->inode.i_data, 0);
	assert_non_null(victim);
	isolated(victim);
	ClearPageReferenced(victim);
	put_page(victim); /* find_get_page's: the cache's and the isolator's are left */
	assert_int_equal(page_count(victim), 2);
}

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

/* ---- 6.5 ---- */

static enum page_reference check(struct page *page)
{
	enum page_reference answer;

	lock_page(page);
	answer = page_check_references(page);
	unlock_page(page);
	return answer;
}

static void row_6_5_anonymous(void)
{
	anon_victim(true);
	assert_int_equal(check(victim), REF_ACTIVATE);
	assert_int_equal(check(victim), REF_RECLAIM); /* the bit was cleared */
	SetPageReferenced(victim);
	assert_int_equal(check(victim), REF_RECLAIM);
	assert_false(PageReferenced(victim));
	SetPageReferenced(victim);
	find_vma(current->mm, at)->vm_flags |= VM_LOCKED;
	assert_int_equal(check(victim), REF_RECLAIM);
	find_vma(current->mm, at)->vm_flags &= ~VM_LOCKED;
}
MACHINE_TEST(row_6_5_anonymous, SMALL)

static void row_6_5_file(void)
{
	start();
	file = disk_file_create("f", 64);
	at = map_file(file, 1, PROT_READ, MAP_SHARED);
	assert_int_equal(touch(at, false), 0);
	victim = page_at(at);
	ClearPageReferenced(victim);
	assert_int_equal(check(victim), REF_KEEP);
	assert_true(PageReferenced(victim));
	assert_int_equal(check(victim), REF_RECLAIM_CLEAN);
	assert_int_equal(check(victim), REF_RECLAIM);
	flush_tlb_mm(current->mm);
	assert_int_equal(touch(at, false), 0);
	SetPageReferenced(victim);
	assert_int_equal(check(victim), REF_ACTIVATE); /* used, and the flag was set */
	ClearPageReferenced(victim);
	flush_tlb_mm(current->mm);
	assert_int_equal(touch(at, false), 0);
	find_vma(current->mm, at)->vm_flags |= VM_EXEC;
	assert_int_equal(check(victim), REF_ACTIVATE); /* program text */
	ClearPageReferenced(victim);
	find_vma(current->mm, at)->vm_flags |= VM_SEQ_READ;
	flush_tlb_mm(current->mm);
	assert_int_equal(touch(at, false), 0);
	assert_int_equal(check(victim), REF_RECLAIM); /* read in order: does not count */
}
MACHINE_TEST(row_6_5_file, SMALL)

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
		machine_unit_test(row_6_4_10_dirty_file),
		machine_unit_test(row_6_4_11_clean_only),
		machine_unit_test(row_6_4_12_may_not_write),
		machine_unit_test(row_6_4_13_written),
		machine_unit_test(row_6_4_13_extra_reference),
		machine_unit_test(row_6_4_14_private),
		machine_unit_test(row_6_4_15_referenced_elsewhere),
		machine_unit_test(row_6_4_16_freed),
		machine_unit_test(row_6_5_anonymous),
		machine_unit_test(row_6_5_file),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
