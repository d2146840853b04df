/* SPDX-License-Identifier: MIT */
/* Spec 6.1 and 6.5: which list a page joins, what a use does to it, and what lru2's reference check answers. */
#include "tests/host/machine_fixture.h"

#include "tests/host/shrink_fixture.h"

/* ---- 6.1 ---- */

static void assert_on(struct page *page, enum lru_list lru)
{
	lru_add_drain();
	assert_true(PageLRU(page));
	assert_int_equal(page_lru(page), lru);
}

static void row_6_1_where_pages_begin(void)
{
	unsigned long va;

	start();
	va = map_anon(PAGE_SIZE);
	put(va, 1);
	assert_on(page_at(va), LRU_ACTIVE_ANON);
	push_out(va);
	assert_int_equal(get(va), 1);
	assert_on(page_at(va), LRU_INACTIVE_ANON); /* read back */
	va = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	find_vma(current->mm, va)->vm_flags |= VM_LOCKED;
	put(va, 1);
	assert_on(page_at(va), LRU_UNEVICTABLE);
	find_vma(current->mm, va)->vm_flags &= ~VM_LOCKED;
	file = disk_file_create("f", 64);
	file_get(file, 0);
	victim = find_get_page(&file->inode.i_data, 0);
	assert_on(victim, LRU_INACTIVE_FILE);
	put_page(victim);
}
MACHINE_TEST(row_6_1_where_pages_begin, SMALL)

static void row_6_1_fourteen_at_a_time(void)
{
	unsigned long va = map_anon(20 * PAGE_SIZE);

	lru_add_drain();
	for (unsigned long i = 1; i <= 15; i++) {
		put(va + i * PAGE_SIZE, i);
		assert_int_equal(exact_state(NR_ACTIVE_ANON), i < 14 ? 0 : 14);
	}
	lru_add_drain();
	assert_int_equal(exact_state(NR_ACTIVE_ANON), 15);
}
MACHINE_TEST(row_6_1_fourteen_at_a_time, SMALL)

static void row_6_1_accessed(void)
{
	file_victim();
	putback_lru_page(victim);
	assert_on(victim, LRU_INACTIVE_FILE);
	mark_page_accessed(victim);
	assert_true(PageReferenced(victim));
	assert_on(victim, LRU_INACTIVE_FILE);
	mark_page_accessed(victim);
	assert_false(PageReferenced(victim));
	assert_on(victim, LRU_ACTIVE_FILE);
	mark_page_accessed(victim);
	assert_true(PageReferenced(victim));
	mark_page_accessed(victim);
	assert_true(PageReferenced(victim));
	assert_on(victim, LRU_ACTIVE_FILE);
}
MACHINE_TEST(row_6_1_accessed, SMALL)

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
		machine_unit_test(row_6_1_where_pages_begin),
		machine_unit_test(row_6_1_fourteen_at_a_time),
		machine_unit_test(row_6_1_accessed),
		machine_unit_test(row_6_5_anonymous),
		machine_unit_test(row_6_5_file),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
