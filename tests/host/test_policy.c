/* SPDX-License-Identifier: MIT */
/* Reclaim policies: each chooses as its file says, none loses a page, and they can be changed at any moment. */
#include "tests/host/machine_fixture.h"

#include "tests/host/policy_fixture.h"

#include "arch/mmu.h"
#include "tests/host/file_fixture.h"

static const char *const names[] = { "fifo", "clock", "clockpro", "mglru", "lru2" };

static void names_are_checked(void)
{
	assert_int_equal(reclaim_policy_set("belady"), -EINVAL);
	assert_int_equal(reclaim_policy_set(""), -EINVAL);
	assert_int_equal(reclaim_policy_set("lru22"), -EINVAL);
	assert_string_equal(reclaim_policy->name, "lru2");
	use("lru2");
}
MACHINE_TEST(names_are_checked, LOW)

/* First in, first out: what came first is out, however often it is used. */
static void fifo_ignores_use(void)
{
	unsigned long pages = 3000, va;

	swap_on("swap0", 16384);
	use("fifo");
	va = fill(pages);
	lru_add_drain();
	assert_int_equal(zone_page_state_snapshot(normal(), NR_ACTIVE_ANON), 0);
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long vm_flags;

		page_referenced(page_at(va + i * PAGE_SIZE), false, &vm_flags);
	}
	flush_tlb_mm(current->mm);
	for (unsigned long i = 0; i < 256; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i + 1);
	assert_true(reclaim(512) >= 512);
	assert_int_equal(count_out(va, 0, 512), 512);
	assert_true(count_out(va, 512, pages) < 512); /* a batch more than asked for */
	verify(va, pages);
	check_lists(normal());
}
MACHINE_TEST(fifo_ignores_use, LOW)

/* The hand spares once what was used since it came by. */
static void clock_gives_a_second_chance(void)
{
	unsigned long pages = 2000, va, first;

	swap_on("swap0", 16384);
	use("clock");
	va = fill(pages);
	lru_add_drain();
	/* All are marked since they were written: the hand goes round once, then takes the oldest. */
	assert_true(reclaim(64) >= 64);
	first = count_out(va, 0, pages);
	assert_true(count_out(va, 0, 400) >= 64 && first < 700);
	for (unsigned long i = 700; i < 1000; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i + 1);
	assert_true(reclaim(700) >= 700);
	assert_int_equal(count_out(va, 700, 1000), 0);
	assert_true(count_out(va, 0, pages) >= 700 + 64);
	verify(va, pages);
	check_lists(normal());
}
MACHINE_TEST(clock_gives_a_second_chance, LOW)

/* Use by calls marks a page as well: PG_referenced. */
static void clock_counts_calls(void)
{
	struct page *page;
	unsigned long va;

	use("clock");
	va = fill(1);
	page = page_at(va);
	lru_add_drain();
	assert_false(PageReferenced(page));
	mark_page_accessed(page);
	mark_page_accessed(page);
	assert_true(PageReferenced(page) && !PageActive(page));
	use("fifo");
	ClearPageReferenced(page);
	mark_page_accessed(page);
	assert_false(PageReferenced(page));
}
MACHINE_TEST(clock_counts_calls, LOW)

/* The end of a write: to the end where victims are taken, under every policy. */
static void end_of_a_write(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		unsigned long va;
		struct page *page;
		struct page_list *list;

		use(names[i]);
		va = fill(40);
		lru_add_drain();
		page = page_at(va + 20 * PAGE_SIZE);
		assert_int_equal(isolate_lru_page(page), 0);
		ClearPageActive(page);
		putback_lru_page(page);
		lru_add_drain();
		assert_true(PageLRU(page));
		ClearPageDirty(page);
		rotate_reclaimable_page(page);
		lru_add_drain();
		if (PageActive(page)) { /* clockpro, while there is room: then it is no victim */
			assert_int_equal(vm_munmap(va, 40 * PAGE_SIZE), 0);
			continue;
		}
		list = &normal()->lruvec.lists[lru_list_of(page)];
		assert_ptr_equal(page_list_last(list), page);
		assert_int_equal(vm_munmap(va, 40 * PAGE_SIZE), 0);
		check_lists(normal());
	}
}
MACHINE_TEST(end_of_a_write, LOW)

/* A page that is taken at the last moment stays: nobody is told that it is gone. */
static unsigned long nr_evicted;

static u32 count_evicted(struct zone *zone, struct page *page)
{
	assert_ptr_equal(zone, page_zone(page));
	assert_int_equal(page_count(page), 0);
	nr_evicted++;
	return 0;
}

static void evicted_is_gone(void)
{
	struct disk_file *f = disk_file_create("f", 16);
	struct page *held[2];
	unsigned long va;

	swap_on("swap0", 4096);
	policy_fifo.evicted = count_evicted;
	use("fifo");
	va = fill(16);
	assert_true(reclaim(16) >= 16);
	assert_int_equal(nr_evicted, 16);
	verify(va, 16); /* in the swap cache now, clean; and clean pages of a file */
	get_pages(f, 0, 16);
	lru_add_drain();
	held[0] = page_at(va + 3 * PAGE_SIZE);
	held[1] = find_get_page(&f->inode.i_data, 3);
	get_page(held[0]);
	nr_evicted = 0;
	reclaim(64);
	assert_int_equal(nr_evicted, 30);
	assert_true(PageSwapCache(held[0]) && file_cached(f, 3));
	put_page(held[0]);
	put_page(held[1]);
	reclaim(2);
	assert_in_range(nr_evicted, 31, 32);
	verify(va, 16);
	policy_fifo.evicted = NULL;
}
MACHINE_TEST(evicted_is_gone, LOW)

/* Every page is on a list of the policy at each moment, and what was active stays the younger. */
static void changing_moves_all(void)
{
	unsigned long pages = 3000, va, before, active;

	swap_on("swap0", 16384);
	va = fill(pages);
	lru_add_drain();
	before = check_lists(normal());
	active = zone_page_state_snapshot(normal(), NR_ACTIVE_ANON);
	assert_true(before >= pages && active >= pages);
	for (unsigned int round = 0; round < 3 * ARRAY_SIZE(names); round++) {
		use(names[round % ARRAY_SIZE(names)]);
		assert_int_equal(check_lists(normal()), before);
	}
	assert_int_equal(count_out(va, 0, pages), 0);
	verify(va, pages);
	assert_int_equal(vm_munmap(va, pages * PAGE_SIZE), 0);
	assert_true(check_lists(normal()) < before - pages + 100);
}
MACHINE_TEST(changing_moves_all, LOW)

/* Pages in somebody's hand while the policy changes come back to lists of the new one. */
static void isolated_meanwhile(void)
{
	unsigned long va = fill(100);
	struct page *page;

	lru_add_drain();
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(names); i++) {
		page = page_at(va + i * PAGE_SIZE);
		assert_int_equal(isolate_lru_page(page), 0);
		use(names[i % ARRAY_SIZE(names)]);
		putback_lru_page(page);
		lru_add_drain();
		assert_true(PageLRU(page));
		check_lists(normal());
	}
	verify(va, 100);
}
MACHINE_TEST(isolated_meanwhile, LOW)

/* A change waits for the run of reclaim that began under the old policy, and for nobody else. */
static volatile int changed;

static void changer(void *unused)
{
	assert_int_equal(reclaim_policy_set("fifo"), 0);
	changed = 1;
}

static void change_waits_for_runs(void)
{
	struct reclaim_policy *old = policy_get(normal());

	assert_non_null(host_spawn("changer", NULL, changer, NULL));
	host_sleep(20);
	assert_false(changed);
	assert_string_equal(normal()->lruvec.policy->name, "fifo"); /* in force already */
	policy_put(old);
	host_sleep(20);
	assert_true(changed);
}
MACHINE_TEST(change_waits_for_runs, LOW)

/* Programs work on twice the RAM while the policy changes. */
static void worker(void *seed)
{
	unsigned long pages = LOW_PAGES, va = map_anon(pages * PAGE_SIZE);
	u64 *version = calloc(pages, sizeof(*version)), id = (unsigned long)seed;

	for (unsigned long step = 0; step < 30000; step++) {
		unsigned long i = step & 1 ? random_below(pages) : step / 2 % pages;

		if (version[i])
			assert_int_equal(get(va + i * PAGE_SIZE), version[i] ^ i << 20 ^ id);
		if (random_below(4)) {
			version[i] = step + 1;
			put(va + i * PAGE_SIZE, version[i] ^ i << 20 ^ id);
		}
	}
	for (unsigned long i = 0; i < pages; i++)
		if (version[i])
			assert_int_equal(get(va + i * PAGE_SIZE), version[i] ^ i << 20 ^ id);
	free(version);
}

static void changing_under_load(void)
{
	unsigned int rounds = 0;

	seed_random("test_policy: changing_under_load");
	swap_on("swap0", 32768);
	for (unsigned long i = 1; i <= 2; i++)
		assert_non_null(host_spawn("worker", NULL, worker, (void *)(i << 50)));
	while (host_tasks() > 1) {
		host_sleep(1 + random_below(20));
		use(names[random_below(ARRAY_SIZE(names))]);
		rounds++;
	}
	host_sleep(100);
	lru_add_drain();
	check_lists(normal());
	assert_true(rounds > 10 && event(PSWPOUT) > LOW_PAGES && event(PSWPIN) > LOW_PAGES / 2);
	assert_int_equal(global_page_state(NR_ISOLATED_ANON), 0);
	print_message("%u changes, %lu pages out, %lu in\n", rounds, event(PSWPOUT), event(PSWPIN));
}
MACHINE_TEST(changing_under_load, LOW)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(names_are_checked),
		machine_unit_test(fifo_ignores_use),
		machine_unit_test(clock_gives_a_second_chance),
		machine_unit_test(clock_counts_calls),
		machine_unit_test(end_of_a_write),
		machine_unit_test(evicted_is_gone),
		machine_unit_test(changing_moves_all),
		machine_unit_test(isolated_meanwhile),
		machine_unit_test(change_waits_for_runs),
		machine_unit_test(changing_under_load),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
