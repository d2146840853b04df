/* SPDX-License-Identifier: MIT */
/* mlock: pages stay, are counted, and come back to ordinary lists when the last locked area lets go; the limits. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static long locked(void)
{
	return exact_state(NR_MLOCK);
}

static void limit(unsigned int which, unsigned long bytes)
{
	current->signal->rlim[which].rlim_cur = bytes;
	current->cap_effective = 0;
}

#define limit_locked(pages) limit(RLIMIT_MEMLOCK_INDEX, (pages) * PAGE_SIZE)

/* ---- Pages ---- */

/* Those that are there, and those that locking faults in. */
static void locked_pages(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);
	struct page *page;

	put(va + PAGE_SIZE, 5);
	page = page_at(va + PAGE_SIZE);
	lru_add_drain();
	assert_true(PageLRU(page) && !PageUnevictable(page));
	assert_int_equal(do_mlock(va + 10, 3 * PAGE_SIZE - 20, 0), 0); /* whole pages */
	assert_int_equal(locked(), 3);
	assert_int_equal(current->mm->locked_vm, 3);
	assert_true(PageMlocked(page) && PageUnevictable(page));
	assert_true(pte_present(entry_of(va)) && pte_none(entry_of(va + 3 * PAGE_SIZE)));
	assert_int_equal(event(UNEVICTABLE_PGMLOCKED), 3);
	assert_int_equal(do_mlock(va, 3 * PAGE_SIZE, 0), 0);
	assert_int_equal(current->mm->locked_vm, 3); /* not twice */
	assert_int_equal(do_munlock(va + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(locked(), 2);
	lru_add_drain();
	assert_true(!PageMlocked(page) && !PageUnevictable(page) && PageLRU(page));
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	assert_int_equal(locked(), 0);
	assert_int_equal(current->mm->locked_vm, 0);
}
MACHINE_TEST(locked_pages, MACHINE)

/* A page is free to go when the last of the areas that lock it lets go; exit is such a letting go. */
static void locked_by_two(void)
{
	struct test_file *f = memory_file(4 * PAGE_SIZE);
	unsigned long one = map_file(f, 2, PROT_READ | PROT_WRITE, MAP_SHARED);
	unsigned long other = map_file(f, 2, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct mm_struct *child;

	put(one, 1);
	assert_int_equal(do_mlock(one, PAGE_SIZE, 0), 0);
	assert_int_equal(do_mlock(other, PAGE_SIZE, 0), 0);
	assert_int_equal(locked(), 1);
	assert_int_equal(do_munlock(one, PAGE_SIZE), 0);
	assert_int_equal(locked(), 1);
	child = dup_mm(current->mm);
	assert_int_equal(child->locked_vm, 0); /* locks are not inherited */
	assert_int_equal(do_munlock(other, PAGE_SIZE), 0);
	assert_int_equal(locked(), 0);
	mmput(child);

	child = mm_alloc();
	host_use_mm(child);
	one = map_anon(4 * PAGE_SIZE);
	assert_int_equal(do_mlock(one, 4 * PAGE_SIZE, 0), 0);
	assert_int_equal(locked(), 4);
	host_use_mm(NULL);
	mmput(child);
	assert_int_equal(locked(), 0);
}
MACHINE_TEST(locked_by_two, MACHINE)

/* Locked when touched: MLOCK_ONFAULT, for anonymous pages, pages of files and those that come from swap. */
static void locked_on_fault(void)
{
	struct test_file *f = disk_file("vda", 8 * PAGE_SIZE);
	unsigned long va = map_anon(4 * PAGE_SIZE), file = map_file(f, 4, PROT_READ, MAP_SHARED);

	swap_on("swap0", 64);
	put(va + PAGE_SIZE, 77);
	push_out(va + PAGE_SIZE);
	assert_int_equal(do_mlock(va, 4 * PAGE_SIZE, MLOCK_ONFAULT), 0);
	assert_int_equal(do_mlock(file, 4 * PAGE_SIZE, MLOCK_ONFAULT), 0);
	assert_int_equal(locked(), 0);
	assert_true(is_swap_pte(entry_of(va + PAGE_SIZE)));
	assert_int_equal(get(va + PAGE_SIZE), 77);
	assert_int_equal(locked(), 1);
	assert_int_equal(get(file), 0);
	assert_int_equal(locked(), 2); /* no neighbours with it */
	put(va, 1);
	assert_int_equal(locked(), 3);
	assert_int_equal(do_mlock(va, PAGE_SIZE, 2), -EINVAL);
	/* the file shrinks below a locked page */
	f->inode.i_size = 0;
	truncate_pagecache(&f->inode, 0);
	assert_int_equal(locked(), 2);
	assert_int_equal(event(UNEVICTABLE_PGCLEARED), 1);
}
MACHINE_TEST(locked_on_fault, MACHINE)

/* Reclaim meets a page of a locked area on an ordinary list: it is set aside, not written. */
static void reclaim_culls(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE), much = map_anon(10000 * PAGE_SIZE) - PAGE_SIZE;
	struct page *page;

	swap_on("swap0", 8192);
	assert_int_equal(vm_munmap(va - PAGE_SIZE, PAGE_SIZE), 0); /* an area of its own */
	put(va, 5);
	page = page_at(va);
	lru_add_drain();
	find_vma(current->mm, va)->vm_flags |= VM_LOCKED; /* while the page was isolated */
	for (int i = 1; i < 10000; i++)
		put(much + i * PAGE_SIZE, 1);
	assert_true(PageMlocked(page) && PageUnevictable(page));
	assert_true(pte_present(entry_of(va)));
	assert_int_equal(locked(), 1);
	assert_int_equal(event(UNEVICTABLE_PGCULLED), 1);
}
MACHINE_TEST(reclaim_culls, MACHINE)

/* ---- Limits ---- */

static void limits(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	limit_locked(4);
	assert_int_equal(do_mlock(va, 5 * PAGE_SIZE, 0), -ENOMEM);
	assert_int_equal(current->mm->locked_vm, 0);
	assert_int_equal(do_mlock(va, 3 * PAGE_SIZE, 0), 0);
	assert_int_equal(do_mlock(va, 4 * PAGE_SIZE, 0), 0); /* three of them are locked already */
	assert_int_equal(do_mlock(va + 2 * PAGE_SIZE, 4 * PAGE_SIZE, 0), -ENOMEM);
	assert_int_equal(current->mm->locked_vm, 4);
	assert_int_equal(do_mlockall(MCL_CURRENT), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, 0), -EAGAIN);
	assert_int_equal(do_mremap(va, 4 * PAGE_SIZE, 12 * PAGE_SIZE, MREMAP_MAYMOVE, 0), -EAGAIN);
	limit_locked(0);
	assert_int_equal(do_mlock(va, PAGE_SIZE, 0), -EPERM);
	assert_int_equal(do_mlockall(MCL_FUTURE), -EPERM);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, 0), -EPERM);
	assert_int_equal(do_munlock(va, 4 * PAGE_SIZE), 0);
	current->cap_effective = ~0ULL; /* with CAP_IPC_LOCK there is none */
	assert_int_equal(do_mlock(va, 8 * PAGE_SIZE, 0), 0);
	assert_int_equal(locked(), 8);
}
MACHINE_TEST(limits, MACHINE)

static void bad_ranges(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);

	assert_int_equal(vm_munmap(va + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(do_mlock(va, 4 * PAGE_SIZE, 0), -ENOMEM);
	assert_int_equal(do_mlock(va + PAGE_SIZE, PAGE_SIZE, 0), -ENOMEM);
	assert_int_equal(do_mlock(va, ~0UL, 0), -EINVAL);
	assert_int_equal(do_munlock(va, ~0UL), -EINVAL);
	assert_int_equal(do_mlock(va, 0, 0), 0);
	assert_int_equal(do_mprotect(va, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(do_mlock(va, PAGE_SIZE, 0), 0); /* nothing to fault in */
}
MACHINE_TEST(bad_ranges, MACHINE)

/* ---- mlockall ---- */

static void all_present_and_future(void)
{
	unsigned long old = map_anon(3 * PAGE_SIZE), new, brk = 0x10000000;

	assert_int_equal(do_mlockall(0), -EINVAL);
	assert_int_equal(do_mlockall(MCL_ONFAULT), -EINVAL);
	assert_int_equal(do_mlockall(8), -EINVAL);
	assert_int_equal(do_mlockall(MCL_CURRENT), 0);
	assert_int_equal(locked(), 3);
	new = map_anon(2 * PAGE_SIZE);
	assert_int_equal(locked(), 3);
	assert_int_equal(do_mlockall(MCL_CURRENT | MCL_FUTURE), 0);
	assert_int_equal(locked(), 5);
	new = map_anon(2 * PAGE_SIZE);
	assert_int_equal(locked(), 7);
	assert_true(pte_present(entry_of(new)));
	current->mm->start_brk = current->mm->brk = brk;
	assert_int_equal(vm_brk(brk + 2 * PAGE_SIZE), brk + 2 * PAGE_SIZE);
	assert_int_equal(locked(), 9);
	new = do_mremap(new, 2 * PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	assert_false(IS_ERR_VALUE(new));
	assert_int_equal(locked(), 11);
	assert_int_equal(current->mm->locked_vm, 11);
	limit_locked(12);
	assert_int_equal(vm_brk(brk + 5 * PAGE_SIZE), brk + 2 * PAGE_SIZE);
	assert_int_equal(do_munlockall(), 0);
	assert_int_equal(locked(), 0);
	assert_int_equal(current->mm->locked_vm, 0);
	map_anon(2 * PAGE_SIZE);
	assert_int_equal(locked(), 0); /* the future is over, too */
	assert_int_equal(get(old), 0);
}
MACHINE_TEST(all_present_and_future, MACHINE)

/* A locked stack grows within the limit, and what it grows by is counted. */
static void locked_stack(void)
{
	unsigned long top = TASK_SIZE - PAGE_SIZE;

	assert_int_equal(setup_stack_area(current->mm, top, false), 0);
	assert_int_equal(do_mlockall(MCL_CURRENT), 0);
	put(top - 3 * PAGE_SIZE, 1);
	assert_int_equal(current->mm->locked_vm, 3);
	limit_locked(5);
	put(top - 5 * PAGE_SIZE, 1);
	assert_int_equal(touch(top - 6 * PAGE_SIZE, true), SIGSEGV);
	assert_int_equal(current->mm->locked_vm, 5);
	limit_locked(0);
	assert_int_equal(touch(top - 6 * PAGE_SIZE, true), SIGSEGV);
}
MACHINE_TEST(locked_stack, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(locked_pages),
		machine_unit_test(locked_by_two),
		machine_unit_test(locked_on_fault),
		machine_unit_test(reclaim_culls),
		machine_unit_test(limits),
		machine_unit_test(bad_ranges),
		machine_unit_test(all_present_and_future),
		machine_unit_test(locked_stack),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
