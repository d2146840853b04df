/* SPDX-License-Identifier: MIT */
/*
 * A fault that had to wait, for a page's lock or for memory, finds another world: the entry has changed, the page has
 * left the swap cache, another thread was faster. It must notice, give back what it took, and begin again.
 */
#include "tests/host/machine_fixture.h"

#include "mm/internal.h"
#include "mm/vma.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static unsigned long va;
static int threads;

/* => a task with current's memory */
static void thread(const char *name, void (*fn)(void *), void *arg)
{
	mmget(current->mm);
	threads++;
	assert_non_null(host_spawn(name, current->mm, fn, arg));
}

static void all_ended(void)
{
	while (threads)
		host_sleep(1);
}

/* ---- For the lock of a page ---- */

static void (*meanwhile)(struct page *page); /* what is done under the lock before it is released */

static void locker(void *arg)
{
	struct page *page = arg;

	lock_page(page);
	host_sleep(3); /* the fault begins */
	if (meanwhile)
		meanwhile(page);
	unlock_page(page);
	put_page(page);
	threads--;
}

/* => another task holds the lock for some ticks */
static void lock_by_another(struct page *page, void (*does)(struct page *page))
{
	meanwhile = does;
	get_page(page);
	thread("locker", locker, page);
	host_sleep(1);
	assert_true(PageLocked(page));
}

static void take_mapping(struct page *page)
{
	assert_int_equal(try_to_unmap(page, TTU_IGNORE_ACCESS), SWAP_SUCCESS);
}

static void take_from_cache(struct page *page)
{
	assert_true(PageSwapCache(page) && !PageDirty(page) && !PageWriteback(page));
	delete_from_swap_cache(page);
}

/* => a page in swap and in the swap cache, and mapped by nobody */
static struct page *page_of_the_swap_cache(void)
{
	struct page *page;

	swap_on("swap0", 256);
	va = map_anon(PAGE_SIZE);
	put(va, 1);
	page = start_out(va);
	wait_on_page_writeback(page);
	putback_lru_page(page);
	lru_add_drain();
	assert_true(PageSwapCache(page) && !page_mapped(page));
	return page;
}

static void expect(u64 value, unsigned long swapped)
{
	all_ended();
	assert_int_equal(get(va), value);
	assert_int_equal(get_mm_counter(current->mm, MM_ANONPAGES), 1);
	assert_int_equal(get_mm_counter(current->mm, MM_SWAPENTS), swapped);
	assert_int_equal(do_munmap(current->mm, va, PAGE_SIZE), 0);
	assert_int_equal(get_mm_counter(current->mm, MM_ANONPAGES), 0);
}

static void cow_waits_for_the_lock(void)
{
	struct page *page = page_of_the_swap_cache();

	assert_int_equal(get(va), 1);
	lock_by_another(page, NULL);
	put(va, 2);
	assert_ptr_equal(page_at(va), page); /* nobody else uses it: not copied */
	expect(2, 0);
}
MACHINE_TEST(cow_waits_for_the_lock, MACHINE)

static void cow_loses_its_mapping(void)
{
	struct page *page = page_of_the_swap_cache();

	assert_int_equal(get(va), 1);
	lock_by_another(page, take_mapping);
	put(va, 2);
	expect(2, 0);
}
MACHINE_TEST(cow_loses_its_mapping, MACHINE)

static void swap_in_loses_the_cache(void)
{
	struct page *page = page_of_the_swap_cache();

	lock_by_another(page, take_from_cache);
	assert_int_equal(event(PSWPIN), 0);
	assert_int_equal(get(va), 1);
	assert_int_equal(event(PSWPIN), 1);
	expect(1, 0);
}
MACHINE_TEST(swap_in_loses_the_cache, MACHINE)

static void reader(void *seen)
{
	*(u64 *)seen = get(va);
	threads--;
}

/* Two threads wait for the same page: one maps it, the other finds it mapped. */
static void swap_in_by_two(void)
{
	struct page *page = page_of_the_swap_cache();
	u64 seen = 0;

	lock_by_another(page, NULL);
	thread("reader", reader, &seen);
	assert_int_equal(get(va), 1);
	all_ended();
	assert_int_equal(seen, 1);
	assert_int_equal(page_mapcount(page), 1);
	expect(1, 0);
}
MACHINE_TEST(swap_in_by_two, MACHINE)

/* ---- For memory ---- */

static struct task_struct *slow;
static bool refuse;
static int refused;

/* The allocator lets this task wait, so that others come first, or has nothing for it. */
static bool slow_page(gfp_t gfp, unsigned int order)
{
	(void)order;
	if (current != slow || !(gfp & __GFP_WAIT))
		return false;
	if (refuse)
		return ++refused;
	slow = NULL;
	host_sleep(3);
	return false;
}

static void writer(void *value)
{
	put(va, (u64)value);
	threads--;
}

/* => the value after two threads have written, this one having begun first and waited for memory */
static u64 write_by_two(void)
{
	thread("writer", writer, (void *)3UL);
	slow = current;
	set_fail_page_alloc(slow_page);
	put(va, 2);
	set_fail_page_alloc(NULL);
	assert_null(slow);
	all_ended();
	return get(va);
}

static void zero_page_copied_by_two(void)
{
	long before;

	va = map_anon(PAGE_SIZE);
	assert_int_equal(get(va), 0);
	before = exact_state(NR_ANON_PAGES);
	assert_int_equal(write_by_two(), 2);
	assert_int_equal(exact_state(NR_ANON_PAGES), before + 1);
	expect(2, 0);
}
MACHINE_TEST(zero_page_copied_by_two, MACHINE)

/* A page shared with a child, whose value stays. */
static void page_copied_by_two(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	va = map_anon(PAGE_SIZE);
	put(va, 1);
	page = page_at(va);
	child = dup_mm(parent);
	assert_non_null(child);
	assert_int_equal(write_by_two(), 2);
	assert_ptr_not_equal(page_at(va), page);
	assert_int_equal(page_mapcount(page), 1);
	expect(2, 0);
	host_use_mm(child);
	assert_int_equal(get(va), 1);
	put(va, 4);
	assert_ptr_equal(page_at(va), page); /* and no reference to it is left */
	host_use_mm(parent);
	mmput(child);
}
MACHINE_TEST(page_copied_by_two, MACHINE)

/* => what a write to va comes to when there is no page for it */
static int write_without_memory(void)
{
	int ret;

	slow = current;
	refuse = true;
	lru_add_drain(); /* no reference but those that count */
	set_fail_page_alloc(slow_page);
	ret = handle_mm_fault(current->mm, find_vma(current->mm, va), va, FAULT_FLAG_WRITE);
	set_fail_page_alloc(NULL);
	assert_true(refused);
	return ret;
}

static void no_memory_for_a_copy(void)
{
	struct mm_struct *child;

	va = map_anon(PAGE_SIZE);
	put(va, 1);
	child = dup_mm(current->mm);
	assert_non_null(child);
	assert_true(write_without_memory() & VM_FAULT_OOM);
	assert_int_equal(get(va), 1);
	assert_int_equal(page_count(page_at(va)), 2);
	mmput(child);
	expect(1, 0);
}
MACHINE_TEST(no_memory_for_a_copy, MACHINE)

static void no_memory_to_swap_in(void)
{
	swap_on("swap0", 256);
	va = map_anon(PAGE_SIZE);
	put(va, 1);
	push_out(va);
	assert_true(write_without_memory() & VM_FAULT_OOM);
	assert_int_equal(get_mm_counter(current->mm, MM_SWAPENTS), 1);
	expect(1, 0);
}
MACHINE_TEST(no_memory_to_swap_in, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(cow_waits_for_the_lock),
		machine_unit_test(cow_loses_its_mapping),
		machine_unit_test(swap_in_loses_the_cache),
		machine_unit_test(swap_in_by_two),
		machine_unit_test(zero_page_copied_by_two),
		machine_unit_test(page_copied_by_two),
		machine_unit_test(no_memory_for_a_copy),
		machine_unit_test(no_memory_to_swap_in),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
