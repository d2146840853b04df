/* SPDX-License-Identifier: MIT */
/* From a page to its entries: counts over fork, split and mremap; young bits; unmapping everywhere. */
#include "tests/host/machine_fixture.h"

#include "arch/mmu.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define NR_MMS	4

static unsigned long young_bits(struct page *page)
{
	unsigned long vm_flags;
	int young;

	lock_page(page);
	young = page_referenced(page, true, &vm_flags);
	unlock_page(page);
	return (unsigned long)young;
}

static int count_one(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	spinlock_t *ptl;
	pte_t *pte = page_check_address(page, vma->vm_mm, addr, false, &ptl);

	if (pte) {
		assert_int_equal(pte_pfn(ptep_get(pte)), page_to_pfn(page));
		spin_unlock(ptl);
		++*(int *)arg;
	}
	return SWAP_AGAIN;
}

/* => entries the reverse map finds */
static int entries_of(struct page *page)
{
	int found = 0;

	lock_page(page);
	rmap_walk(page, count_one, &found);
	unlock_page(page);
	return found;
}

static void family_of_four(void)
{
	struct mm_struct *mms[NR_MMS] = { current->mm };
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct page *page;

	for (int i = 0; i < 4; i++)
		put(va + i * PAGE_SIZE, i);
	page = page_at(va);
	for (int i = 1; i < NR_MMS; i++) {
		host_use_mm(mms[i / 2]);
		mms[i] = dup_mm(current->mm);
		assert_non_null(mms[i]);
	}
	assert_int_equal(page_mapcount(page), NR_MMS);
	assert_int_equal(entries_of(page), NR_MMS);
	young_bits(page);
	flush_tlb_all();
	assert_int_equal(young_bits(page), 0);
	for (int i = 0; i < NR_MMS; i++) {
		host_use_mm(mms[i]);
		assert_int_equal(get(va), 0);
	}
	assert_int_equal(young_bits(page), NR_MMS);
	assert_int_equal(young_bits(page), 0);

	/* a copy leaves the page, an exit too */
	host_use_mm(mms[1]);
	put(va, 5);
	assert_int_equal(entries_of(page), NR_MMS - 1);
	host_use_mm(mms[0]);
	mmput(mms[3]);
	assert_int_equal(entries_of(page), NR_MMS - 2);
	assert_int_equal(page_mapcount(page), NR_MMS - 2);

	swap_on("swap0", 64);
	finish_out(start_out(va));
	for (int i = 0; i < 3; i++) {
		host_use_mm(mms[i]);
		assert_int_equal(is_swap_pte(entry_of(va)), i != 1);
		assert_int_equal(get(va), i == 1 ? 5 : 0);
	}
	host_use_mm(mms[0]);
	mmput(mms[1]);
	mmput(mms[2]);
}
MACHINE_TEST(family_of_four, MACHINE)

/* Areas that are cut and moved keep their pages findable. */
static void split_and_moved(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE), to = map_anon(32 * PAGE_SIZE), moved;
	struct page *pages[8];

	for (int i = 0; i < 8; i++) {
		put(va + i * PAGE_SIZE, 50 + i);
		pages[i] = page_at(va + i * PAGE_SIZE);
	}
	assert_int_equal(do_mprotect(va + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_munmap(to, 32 * PAGE_SIZE), 0);
	moved = do_mremap(va + 4 * PAGE_SIZE, 3 * PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  to);
	assert_int_equal(moved, to);
	assert_null(host_translate(current->mm, va + 4 * PAGE_SIZE, false));
	assert_int_equal(touch(va + 4 * PAGE_SIZE, false), SIGSEGV);
	for (int i = 0; i < 8; i++)
		assert_int_equal(entries_of(pages[i]), 1);
	swap_on("swap0", 64);
	for (int i = 0; i < 8; i++) {
		unsigned long at = i >= 4 && i < 7 ? to + (i - 4) * PAGE_SIZE : va + i * PAGE_SIZE;

		assert_ptr_equal(page_at(at), pages[i]);
		push_out(at);
		assert_int_equal(get(at), 50 + i);
	}
}
MACHINE_TEST(split_and_moved, MACHINE)

static unsigned long mlocked(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		pages += zone_page_state_snapshot(zone, NR_MLOCK);
	return pages;
}

/* A locked area keeps its pages off the lists and out of swap. */
static void locked_pages_stay(void)
{
	unsigned long va = map_anon(16 * PAGE_SIZE), hog = map_anon(12000 * PAGE_SIZE);

	swap_on("swap0", 16384);
	assert_int_equal(do_mlock(va, 16 * PAGE_SIZE, 0), 0);
	for (int i = 0; i < 16; i++) {
		assert_true(PageMlocked(page_at(va + i * PAGE_SIZE)));
		put(va + i * PAGE_SIZE, i);
	}
	for (int i = 0; i < 12000; i++)
		assert_int_equal(touch(hog + i * PAGE_SIZE, true), 0);
	for (int i = 0; i < 16; i++) {
		assert_true(pte_present(entry_of(va + i * PAGE_SIZE)));
		assert_int_equal(get(va + i * PAGE_SIZE), i);
	}
	assert_int_equal(mlocked(), 16);
	assert_int_equal(do_munlock(va, 16 * PAGE_SIZE), 0);
	assert_int_equal(mlocked(), 0);
	push_out(va);
}
MACHINE_TEST(locked_pages_stay, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(family_of_four),
		machine_unit_test(split_and_moved),
		machine_unit_test(locked_pages_stay),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
