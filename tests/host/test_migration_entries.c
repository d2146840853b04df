/* SPDX-License-Identifier: MIT */
/* Entries of pages that are being moved: a fault waits, fork and mprotect keep rights, exit counts them. */
#include "tests/host/machine_fixture.h"

#include "mm/vma.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

/* => the page, locked, its entry a migration entry */
static struct page *move_out(unsigned long va)
{
	struct page *page = page_at(va);

	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	lock_page(page);
	assert_int_equal(try_to_unmap(page, TTU_MIGRATION | TTU_IGNORE_ACCESS), SWAP_SUCCESS);
	return page;
}

/* What the end of a migration does, to the same page. */
static void move_back(struct page *page, unsigned long va)
{
	struct vm_area_struct *vma = find_vma(current->mm, va);
	pmd_t *pmd;
	pte_t *pte = mm_find_pte(current->mm, va, &pmd);
	bool write = swp_type(pte_to_swp_entry(*pte)) == SWP_MIGRATION_WRITE;

	spin_lock(pte_lockptr(current->mm, pmd));
	get_page(page);
	set_pte_at(current->mm, va, pte, write ? maybe_mkwrite(mk_pte(page, vma->vm_page_prot), vma)
					       : pte_wrprotect(mk_pte(page, vma->vm_page_prot)));
	page_add_anon_rmap(page, vma, va);
	spin_unlock(pte_lockptr(current->mm, pmd));
}

static void let_go(struct page *page)
{
	unlock_page(page);
	putback_lru_page(page);
}

static unsigned int type_at(unsigned long va)
{
	assert_true(is_swap_pte(entry_of(va)));
	return swp_type(pte_to_swp_entry(entry_of(va)));
}

static bool touched;
static u64 seen;

static void touch_it(void *va)
{
	seen = get((unsigned long)va);
	touched = true;
}

static void a_fault_waits(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct page *page;

	put(va, 42);
	page = move_out(va);
	assert_int_equal(type_at(va), SWP_MIGRATION_WRITE);
	assert_int_equal(swp_offset(pte_to_swp_entry(entry_of(va))), page_to_pfn(page));
	assert_int_equal(get_mm_rss(current->mm), 1); /* it is still this program's */
	atomic_inc(&current->mm->mm_users);
	assert_non_null(host_spawn("toucher", current->mm, touch_it, (void *)va));
	host_sleep(5);
	assert_false(touched);
	move_back(page, va);
	let_go(page);
	host_sleep(5);
	assert_true(touched);
	assert_int_equal(seen, 42);
	put(va, 43);
	assert_int_equal(get(va), 43);
}
MACHINE_TEST(a_fault_waits, MACHINE)

static void rights_are_kept(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct page *page;

	put(va, 7);
	page = move_out(va);
	assert_int_equal(do_mprotect(va, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(type_at(va), SWP_MIGRATION_READ);
	move_back(page, va);
	let_go(page);
	assert_int_equal(get(va), 7);
	assert_int_equal(touch(va, true), SIGSEGV);
}
MACHINE_TEST(rights_are_kept, MACHINE)

/* The child has the entry too, and neither may write the page when it comes back. */
static void forked_meanwhile(void)
{
	struct mm_struct *parent = current->mm, *child;
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct page *page;

	put(va, 7);
	page = move_out(va);
	child = dup_mm(parent);
	assert_non_null(child);
	assert_int_equal(type_at(va), SWP_MIGRATION_READ);
	assert_int_equal(get_mm_rss(child), 1);
	mmput(child); /* its counters are looked at on the way */
	assert_int_equal(vm_munmap(va + PAGE_SIZE, PAGE_SIZE), 0);
	move_back(page, va);
	let_go(page);
	assert_false(pte_write(entry_of(va)));
	assert_int_equal(get(va), 7);
	put(va, 8);
	assert_int_equal(get(va), 8);
	assert_int_equal(get_mm_rss(parent), 1);
}
MACHINE_TEST(forked_meanwhile, MACHINE)

static void unmapped_meanwhile(void)
{
	unsigned long va = map_anon(PAGE_SIZE);
	struct page *page;

	put(va, 7);
	page = move_out(va);
	assert_int_equal(vm_munmap(va, PAGE_SIZE), 0);
	assert_int_equal(get_mm_rss(current->mm), 0);
	assert_int_equal(page_count(page), 1); /* the migration's own */
	let_go(page);
}
MACHINE_TEST(unmapped_meanwhile, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_fault_waits),
		machine_unit_test(rights_are_kept),
		machine_unit_test(forked_meanwhile),
		machine_unit_test(unmapped_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
