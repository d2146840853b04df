/* SPDX-License-Identifier: MIT */
/*
 * Tests on the whole machine (arch/host/machine.h): each runs in a child of the test program, as a machine
 * cannot be started twice in a process.
 *
 *	static void test_x(void) { ... host_touch(current->mm, ...) ... assert_int_equal(...) }
 *	MACHINE_TEST(test_x, .ram_mib = 16)
 *
 * A failed assertion leaves the machine for cmocka's report; the child then ends instead of starting the next
 * test, and the parent sees its status.
 */
#ifndef TESTS_HOST_MACHINE_FIXTURE_H
#define TESTS_HOST_MACHINE_FIXTURE_H

#include "arch/host/libc_machine.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/mman.h"
#include "mm/lru.h"
#include "mm/page.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vmstat.h"
#include "mm/zone.h"
#include "asm/pgtable.h"
#include "tests/host/random.h"

#define MIB (1ULL << 20)

static int test_child; /* this process is one: it runs a single test */

static inline void machine_fn(void *fn)
{
	((void (*)(void))fn)();
}

/* A failed assertion has left a task's stack behind: AddressSanitizer must not be asked about stacks now. */
static inline void end_child(void)
{
	if (test_child) {
		fflush(NULL);
		syscall(SYS_exit_group, 1);
	}
}

static inline void machine_test(void (*fn)(void), const struct host_machine *config)
{
	int status;
	pid_t pid;

	end_child();
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		test_child = 1;
		alarm(600); /* a machine that hangs */
		host_machine_run(config, machine_fn, fn);
		fflush(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("the machine ended with status 0x%x", status);
}

/*
 * The same for what must end the machine: the test calls about_to_die() first, and must not come back. What it
 * says on the way is not shown.
 */
static int *death_note;

static inline void about_to_die(void)
{
	*death_note = 1;
	fflush(NULL);
	if (!getenv("TIDEMARK_SHOW_DEATHS")) {
		close(1);
		close(2);
	}
}

static inline void machine_death(void (*fn)(void), const struct host_machine *config)
{
	int status;
	pid_t pid;

	end_child();
	fflush(NULL);
	death_note = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*death_note = 0;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		test_child = 1;
		alarm(600);
		host_machine_run(config, machine_fn, fn);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(*death_note, 1);
	assert_int_not_equal(status, 0);
}

static inline int machine_group_end(void **state)
{
	(void)state;
	end_child();
	return 0;
}

#define MACHINE_TEST(name, ...)                                            \
	static void machine_##name(void **state)                           \
	{                                                                  \
		static const struct host_machine config = { __VA_ARGS__ }; \
		(void)state;                                               \
		machine_test(name, &config);                               \
	}
#define MACHINE_DEATH_TEST(name, ...)                                      \
	static void machine_##name(void **state)                           \
	{                                                                  \
		static const struct host_machine config = { __VA_ARGS__ }; \
		(void)state;                                               \
		machine_death(name, &config);                              \
	}
#define machine_unit_test(name) { #name, machine_##name, NULL, NULL, NULL }

/* ---- What programs do ---- */

/* => anonymous private memory of current */
static inline unsigned long map_anon(unsigned long bytes)
{
	unsigned long va = vm_mmap(NULL, 0, bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);

	assert_false(IS_ERR_VALUE(va));
	return va;
}

/* => the entry of va in current's tables, 0 if there is no table */
static inline pte_t entry_of(unsigned long va)
{
	pte_t *pte = mm_find_pte(current->mm, va, NULL);

	return pte ? ptep_get(pte) : __pte(0);
}

static inline struct page *page_at(unsigned long va)
{
	assert_true(pte_present(entry_of(va)));
	return pte_page(entry_of(va));
}

static inline unsigned long event(enum vm_event_item item)
{
	unsigned long sums[NR_VM_EVENT_ITEMS];

	all_vm_events(sums);
	return sums[item];
}

/* => the counter with what CPUs have not folded yet */
static inline long exact_state(enum zone_stat_item item)
{
	struct zone *zone;
	long sum = 0;

	for_each_populated_zone(zone)
		sum += (long)zone_page_state_snapshot(zone, item);
	return sum;
}

/* An event of all zones. */
#define zone_events(item) (event(item##_DMA) + event(item##_NORMAL) + event(item##_HIGH))

/* => a disk of that many pages, swapped on */
static inline struct host_disk *swap_on(const char *name, unsigned long pages)
{
	struct host_disk *disk = host_disk_create(name, pages);

	host_mkswap(disk);
	assert_int_equal(do_swapon(&disk->bdev, name, 0), 0);
	return disk;
}

/* ---- What reclaim does to one page, step by step ---- */

/* => the page isolated and unmapped, its write under way if it was dirty */
static inline struct page *start_out(unsigned long va)
{
	struct writeback_control wbc = { .for_reclaim = true };
	struct page *page = page_at(va);

	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	lock_page(page);
	if (!PageSwapCache(page))
		assert_int_equal(add_to_swap(page), 1);
	assert_int_equal(try_to_unmap(page, TTU_IGNORE_ACCESS), SWAP_SUCCESS);
	assert_true(is_swap_pte(entry_of(va)));
	if (clear_page_dirty_for_io(page))
		assert_int_equal(swap_writepage(page, &wbc), 0);
	else
		unlock_page(page);
	return page;
}

/* => the write is over; the page leaves memory if nobody uses it */
static inline void finish_out(struct page *page)
{
	wait_on_page_writeback(page);
	lock_page(page);
	if (!page_mapped(page) && !PageDirty(page) && PageSwapCache(page))
		delete_from_swap_cache(page);
	unlock_page(page);
	putback_lru_page(page);
}

static inline void push_out(unsigned long va)
{
	finish_out(start_out(va));
	assert_true(is_swap_pte(entry_of(va)));
}

#define touch(va, write) host_touch(current->mm, va, write)
#define get(va)		 host_get(current->mm, va)
#define put(va, value)	 host_put(current->mm, va, value)

#endif
