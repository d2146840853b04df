/* SPDX-License-Identifier: MIT */
/*
 * Copy on write beside swap-in: another process takes its copy of a page out of swap in the middle of our question
 * whether we are alone. The real mm/fault_cow.c, with that other CPU's step where the mappings have just been counted.
 */
#include "tests/host/machine_fixture.h"

#include "arch/mmu.h"
#include "mm/vma.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static void (*mappings_counted)(struct page *page);

static int count_then(struct page *page)
{
	int count = page_mapcount(page);

	if (mappings_counted)
		mappings_counted(page);
	mappings_counted = NULL;
	return count;
}

#define page_mapcount count_then
#include "mm/fault_cow.c"
#undef page_mapcount

static struct mm_struct *child;
static unsigned long va;

/* What do_swap_page() does for the child, up to the end, on a CPU that stands still nowhere. */
static void child_swaps_in(struct page *page)
{
	pte_t *pte = mm_find_pte(child, va, NULL);
	swp_entry_t entry = pte_to_swp_entry(ptep_get(pte));

	assert_true(is_swap_pte(ptep_get(pte)) && trylock_page(page));
	assert_true(PageSwapCache(page) && page_private(page) == entry.val);
	get_page(page);
	page_dup_rmap(page);
	inc_mm_counter(child, MM_ANONPAGES);
	dec_mm_counter(child, MM_SWAPENTS);
	set_pte_at(child, va, pte, pte_wrprotect(mk_pte(page, find_vma(child, va)->vm_page_prot)));
	swap_free(entry);
	assert_int_equal(try_to_free_swap(page), 1); /* swap is half full */
	unlock_page(page);
}

/* A page of parent and child: ours is mapped, the child's is an entry of the swap cache's slot. */
static struct mm_struct *half_out(void)
{
	swap_on("swap0", 256);
	va = map_anon(PAGE_SIZE);
	put(va, 1);
	child = dup_mm(current->mm);
	assert_non_null(child);
	putback_lru_page(start_out(va));
	lru_add_drain();
	assert_int_equal(get(va), 1);
	wait_on_page_writeback(page_at(va));
	assert_true(PageSwapCache(page_at(va)) && page_mapcount(page_at(va)) == 1);
	return current->mm;
}

static void expect_in_child(u64 value)
{
	struct mm_struct *parent = current->mm;

	host_use_mm(child);
	assert_int_equal(get(va), value);
	host_use_mm(parent);
	mmput(child);
}

static void mapped_by_another_while_we_count(void)
{
	half_out();
	mappings_counted = child_swaps_in;
	put(va, 2);
	assert_null(mappings_counted);
	assert_int_equal(get(va), 2);
	expect_in_child(1);
}
MACHINE_TEST(mapped_by_another_while_we_count, MACHINE)

static void its_entry_is_a_user_too(void)
{
	half_out();
	put(va, 2);
	expect_in_child(1);
	assert_int_equal(get(va), 2);
}
MACHINE_TEST(its_entry_is_a_user_too, MACHINE)

/* The child is gone and somebody else, reclaim perhaps, holds a reference: the page lock tells; nothing is copied. */
static void a_reference_is_no_user(void)
{
	struct page *page;

	half_out();
	mmput(child);
	page = page_at(va);
	get_page(page);
	put(va, 2);
	assert_ptr_equal(page_at(va), page);
	assert_false(PageSwapCache(page));
	put_page(page);
	assert_int_equal(get(va), 2);
}
MACHINE_TEST(a_reference_is_no_user, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(mapped_by_another_while_we_count),
		machine_unit_test(its_entry_is_a_user_too),
		machine_unit_test(a_reference_is_no_user),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
