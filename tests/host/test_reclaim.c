/* SPDX-License-Identifier: MIT */
/* Taking memory back on the whole machine: every word survives, and each part does what the spec gives it. */
#include "tests/host/machine_fixture.h"

#include "mm/oom.h"
#include "mm/reclaim.h"

#define SMALL	    .ram_mib = 24, .dma_mib = 4, .lowmem_mib = 16
#define SMALL_PAGES 6144UL
#define WORDS	    (PAGE_SIZE / sizeof(u64))

static u64 word(u64 page, u64 i, u64 version)
{
	return (page * WORDS + i) * 0x9e3779b97f4a7c15ULL + version;
}

static void fill_page(unsigned long va, u64 page, u64 version)
{
	u64 data[WORDS];

	for (u64 i = 0; i < WORDS; i++)
		data[i] = word(page, i, version);
	assert_int_equal(host_write(current->mm, va, data, sizeof(data)), 0);
}

static void verify_page(unsigned long va, u64 page, u64 version)
{
	u64 data[WORDS];

	assert_int_equal(host_read(current->mm, va, data, sizeof(data)), 0);
	for (u64 i = 0; i < WORDS; i++)
		if (data[i] != word(page, i, version))
			fail_msg("page %llu word %llu is %llx", page, i, data[i]);
}

/* Everything else has to go for a moment. */
static void pressure(unsigned long pages)
{
	unsigned long va = map_anon(pages * PAGE_SIZE);

	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(touch(va + i * PAGE_SIZE, true), 0);
	assert_int_equal(vm_munmap(va, pages * PAGE_SIZE), 0);
}

static void twice_the_ram(void)
{
	unsigned long pages = 2 * SMALL_PAGES, va = map_anon(pages * PAGE_SIZE), free;

	swap_on("swap0", 16384);
	free = global_page_state(NR_FREE_PAGES);
	for (unsigned long i = 0; i < pages; i++)
		fill_page(va + i * PAGE_SIZE, i, 1);
	for (unsigned long i = 0; i < pages; i++)
		verify_page(va + i * PAGE_SIZE, i, 1);
	for (unsigned long i = 0; i < pages; i += 3)
		fill_page(va + i * PAGE_SIZE, i, 2);
	for (unsigned long i = 0; i < pages; i++)
		verify_page(va + i * PAGE_SIZE, i, i % 3 ? 1 : 2);
	assert_true(event(PSWPOUT) > SMALL_PAGES * 8 / 10);
	assert_true(event(PSWPIN) > SMALL_PAGES * 8 / 10);
	assert_true(zone_events(PGSTEAL_KSWAPD) > 0 && event(PAGEOUTRUN) > 0);
	assert_int_equal(vm_munmap(va, pages * PAGE_SIZE), 0);
	host_sleep(300);
	assert_int_equal(get_nr_swap_pages(), 16383);
	assert_int_equal(total_swapcache_pages(), 0);
	assert_true(global_page_state(NR_FREE_PAGES) + 100 > free);
}
MACHINE_TEST(twice_the_ram, SMALL)

/* ---- One page under the eye ---- */

/* A write while the page is on its way to disk stays: the dirty bit of the entry is all that tells. */
static void written_during_writeback(void)
{
	unsigned long va = map_anon(PAGE_SIZE);
	struct host_disk *disk = swap_on("swap0", 64);
	struct page *page;

	put(va, 1);
	disk->stopped = disk->eager = true;
	page = start_out(va);
	assert_true(PageWriteback(page));
	put(va, 2);
	assert_ptr_equal(page_at(va), page);
	disk->stopped = false;
	finish_out(page);
	assert_true(pte_dirty(entry_of(va)));
	finish_out(start_out(va));
	assert_int_equal(get(va), 2);
	finish_out(start_out(va));
	assert_int_equal(get(va), 2);
}
MACHINE_TEST(written_during_writeback, SMALL)

/* No CPU writes through an old TLB entry once the page is out. */
static void unmapping_flushes(void)
{
	unsigned long va = map_anon(2 * PAGE_SIZE);
	struct page *page;

	swap_on("swap0", 64);
	put(va, 1);
	put(va, 2); /* the TLB has it, dirty */
	page = start_out(va);
	assert_null(host_translate(current->mm, va, true));
	assert_null(host_translate(current->mm, va, false));
	finish_out(page);
	assert_int_equal(get(va), 2);
}
MACHINE_TEST(unmapping_flushes, SMALL)

static void write_error_keeps_the_page(void)
{
	unsigned long va = map_anon(PAGE_SIZE);
	struct host_disk *disk = swap_on("swap0", 64);
	struct page *page;

	put(va, 11);
	disk->bad_write_end = disk->bdev.nr_sectors;
	page = start_out(va);
	finish_out(page);
	assert_true(PageDirty(page) && PageSwapCache(page) && PageUptodate(page));
	assert_int_equal(get(va), 11);
	assert_ptr_equal(page_at(va), page);
	disk->bad_write_end = 0;
	finish_out(start_out(va));
	assert_true(is_swap_pte(entry_of(va)));
	assert_int_equal(get(va), 11);
}
MACHINE_TEST(write_error_keeps_the_page, SMALL)

static void read_error_is_sigbus(void)
{
	unsigned long va = map_anon(2 * PAGE_SIZE);
	struct host_disk *disk = swap_on("swap0", 64);
	u64 sector;

	page_cluster = 0;
	put(va, 1);
	put(va + PAGE_SIZE, 2);
	finish_out(start_out(va));
	finish_out(start_out(va + PAGE_SIZE));
	sector = swp_offset(pte_to_swp_entry(entry_of(va))) * PAGE_SECTORS;
	disk->bad_read = sector;
	disk->bad_read_end = sector + 1;
	assert_int_equal(touch(va, false), SIGBUS);
	assert_int_equal(touch(va, true), SIGBUS);
	assert_int_equal(get(va + PAGE_SIZE), 2);
}
MACHINE_TEST(read_error_is_sigbus, SMALL)

/* ---- Who does the work ---- */

static bool all_zones_high(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		if (zone_page_state_snapshot(zone, NR_FREE_PAGES) < high_wmark_pages(zone))
			return false;
	return true;
}

/*
 * A program that gives it time never reclaims itself: kswapd wakes at low and works to high. The disk answers within
 * fewer touches than lie between low and min, 16 in the smallest zone: else it is luck what happens when no page
 * is clean.
 */
static void kswapd_works_to_high(void)
{
	unsigned long pages = SMALL_PAGES + 1000, va = map_anon(pages * PAGE_SIZE), first_run = 0;

	swap_on("swap0", 16384)->latency_ns = 10 * HOST_TOUCH_NS;
	for (unsigned long i = 0; i < pages; i++) {
		put(va + i * PAGE_SIZE, i);
		if (!first_run && event(PAGEOUTRUN))
			first_run = i;
		if (i % 32 == 31)
			host_sleep(1);
	}
	assert_true(first_run > SMALL_PAGES / 2);
	host_sleep(100);
	assert_true(all_zones_high());
	assert_int_equal(event(ALLOCSTALL), 0);
	assert_true(zone_events(PGSTEAL_KSWAPD) > 1000);
	assert_int_equal(zone_events(PGSTEAL_DIRECT), 0);
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i);
}
MACHINE_TEST(kswapd_works_to_high, SMALL)

/* Without kswapd the program pays itself. */
static void direct_reclaim(void)
{
	unsigned long pages = SMALL_PAGES + 1000, va = map_anon(pages * PAGE_SIZE);

	swap_on("swap0", 16384);
	NODE_DATA(0)->kswapd = NULL;
	for (unsigned long i = 0; i < pages; i++)
		put(va + i * PAGE_SIZE, i);
	assert_true(event(ALLOCSTALL) > 0);
	assert_true(zone_events(PGSTEAL_DIRECT) >= 1000);
	assert_int_equal(zone_events(PGSTEAL_KSWAPD), 0);
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i);
}
MACHINE_TEST(direct_reclaim, SMALL)

/* Who frees memory may use the reserves, to the last page, and never reclaims. */
static void memalloc_does_not_recurse(void)
{
	struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	struct page *list = NULL, *page;
	unsigned long got = 0, lowest = ~0UL;

	NODE_DATA(0)->kswapd = NULL;
	current->flags |= PF_MEMALLOC;
	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN)) != NULL) {
		set_page_private(page, (unsigned long)list);
		list = page;
		got++;
		lowest = zone_page_state(zone, NR_FREE_PAGES);
	}
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	assert_true(lowest < min_wmark_pages(zone) / 4);
	assert_int_equal(event(ALLOCSTALL), 0);
	while (list) {
		page = list;
		list = (struct page *)page_private(page);
		set_page_private(page, 0);
		__free_page(page);
	}
	assert_true(got > 0);
}
MACHINE_TEST(memalloc_does_not_recurse, SMALL)

/* What is used again and again stays; what is touched once goes. */
static void second_chance(void)
{
	unsigned long nr_hot = 512, pages = 3 * SMALL_PAGES;
	unsigned long hot = map_anon(nr_hot * PAGE_SIZE), cold = map_anon(pages * PAGE_SIZE);
	unsigned long lost = 0;

	swap_on("swap0", 32768);
	for (unsigned long i = 0; i < nr_hot; i++)
		put(hot + i * PAGE_SIZE, i);
	for (unsigned long i = 0; i < pages; i++) {
		unsigned long va = hot + i % nr_hot * PAGE_SIZE;

		assert_int_equal(touch(cold + i * PAGE_SIZE, true), 0);
		if (is_swap_pte(entry_of(va)))
			lost++;
		assert_int_equal(get(va), i % nr_hot);
	}
	assert_true(event(PSWPOUT) > SMALL_PAGES);
	if (lost > pages / 20)
		fail_msg("%lu of %lu looks at a page in use found it swapped out", lost, pages);
}
MACHINE_TEST(second_chance, SMALL)

static void swapoff_brings_all_back(void)
{
	unsigned long pages = SMALL_PAGES / 2, va = map_anon(pages * PAGE_SIZE), out = 0;
	struct host_disk *disk = swap_on("swap0", 16384);

	for (unsigned long i = 0; i < pages; i++)
		fill_page(va + i * PAGE_SIZE, i, 5);
	pressure(SMALL_PAGES);
	for (unsigned long i = 0; i < pages; i++)
		out += is_swap_pte(entry_of(va + i * PAGE_SIZE));
	assert_true(out > pages / 4);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	for (unsigned long i = 0; i < pages; i++)
		assert_true(pte_present(entry_of(va + i * PAGE_SIZE)));
	assert_int_equal(total_swapcache_pages(), 0);
	for (unsigned long i = 0; i < pages; i++)
		verify_page(va + i * PAGE_SIZE, i, 5);
}
MACHINE_TEST(swapoff_brings_all_back, SMALL)

/* Programs that write and verify by chance, while disks come and go under them. */
static void worker(void *seed)
{
	unsigned long pages = SMALL_PAGES / 2, va = map_anon(pages * PAGE_SIZE);
	u64 *version = calloc(pages, sizeof(*version)), id = (unsigned long)seed;

	for (unsigned long step = 0; step < 20000; step++) {
		unsigned long i = random_below(pages);

		if (version[i] && random_below(2)) {
			verify_page(va + i * PAGE_SIZE, id * pages + i, version[i]);
		} else {
			version[i] = step + 1;
			fill_page(va + i * PAGE_SIZE, id * pages + i, version[i]);
		}
		if (random_below(500) == 0)
			host_sleep(1 + random_below(3));
	}
	for (unsigned long i = 0; i < pages; i++)
		if (version[i])
			verify_page(va + i * PAGE_SIZE, id * pages + i, version[i]);
	free(version);
}

static void four_programs_and_two_disks(void)
{
	struct host_disk *disks[2] = { swap_on("swap0", 16384), swap_on("swap1", 16384) };
	unsigned int rounds = 0;

	seed_random("test_reclaim: four_programs_and_two_disks");
	for (unsigned long i = 0; i < 4; i++)
		assert_non_null(host_spawn("worker", NULL, worker, (void *)i));
	while (host_tasks() > 1) {
		struct host_disk *disk = disks[rounds++ % 2];

		host_sleep(10);
		disk->latency_ns = 1000 + random_below(2000000);
		assert_int_equal(do_swapoff(&disk->bdev), 0);
		host_sleep(5);
		assert_int_equal(do_swapon(&disk->bdev, disk->bdev.name, 0), 0);
	}
	if (event(PSWPOUT) < SMALL_PAGES || event(PSWPIN) < SMALL_PAGES || !rounds)
		fail_msg("%lu pages out, %lu in, %u rounds: too little for a test", event(PSWPOUT),
			 event(PSWPIN), rounds);
	print_message("%lu pages out, %lu in, %u times a disk taken away, clock %llu\n", event(PSWPOUT),
		      event(PSWPIN), rounds, host_clock_ns());
	host_sleep(100);
	assert_int_equal(get_nr_swap_pages() + (long)total_swapcache_pages(), 2 * 16383);
}
MACHINE_TEST(four_programs_and_two_disks, SMALL)

/* ---- Nothing left ---- */

static int hog_signal;

static void hog(void *unused)
{
	unsigned long pages = 2 * SMALL_PAGES;
	unsigned long va = vm_mmap(NULL, 0, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, 0);

	for (unsigned long i = 0; i < pages && !hog_signal; i++)
		hog_signal = touch(va + i * PAGE_SIZE, true);
}

static void oom_kills_the_hog(void)
{
	unsigned long pages = SMALL_PAGES / 8, va = map_anon(pages * PAGE_SIZE), free;

	for (unsigned long i = 0; i < pages; i++)
		fill_page(va + i * PAGE_SIZE, i, 9);
	free = global_page_state(NR_FREE_PAGES);
	host_loglevel = 0; /* its report is long */
	assert_non_null(host_spawn("hog", NULL, hog, NULL));
	while (host_tasks() > 1)
		host_sleep(1);
	assert_int_equal(hog_signal, SIGKILL);
	host_sleep(100);
	assert_true(global_page_state(NR_FREE_PAGES) + 200 > free);
	assert_true(event(PAGEOUTRUN) > 0 && event(ALLOCSTALL) > 0);
	for (unsigned long i = 0; i < pages; i++)
		verify_page(va + i * PAGE_SIZE, i, 9);
}
MACHINE_TEST(oom_kills_the_hog, SMALL)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(twice_the_ram),
		machine_unit_test(written_during_writeback),
		machine_unit_test(unmapping_flushes),
		machine_unit_test(write_error_keeps_the_page),
		machine_unit_test(read_error_is_sigbus),
		machine_unit_test(kswapd_works_to_high),
		machine_unit_test(direct_reclaim),
		machine_unit_test(memalloc_does_not_recurse),
		machine_unit_test(second_chance),
		machine_unit_test(swapoff_brings_all_back),
		machine_unit_test(four_programs_and_two_disks),
		machine_unit_test(oom_kills_the_hog),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
