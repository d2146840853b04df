/* SPDX-License-Identifier: MIT */
/* The search for a slot: what only the cache uses is given back on the way, and others have their turn meanwhile. */
#include "tests/host/machine_fixture.h"

#include "mm/swap_internal.h"

#define SLOTS 600U
#define PAGES 100U

static swp_entry_t held[SLOTS]; /* by slot; val 0: not ours */

/* No readahead: it would wait for the page of a slot that a test holds without one. */
static struct host_disk *disk_on(bool rotational, unsigned long slots)
{
	struct host_disk *disk = host_disk_create("swap0", slots);

	page_cluster = 0;
	disk->bdev.rotational = rotational;
	host_mkswap(disk);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	return disk;
}

static unsigned int byte_of(unsigned int slot)
{
	return swap_areas[0]->map[slot];
}

/* => the slot, 0 when there is none */
static unsigned int take(void)
{
	swp_entry_t entry = get_swap_page();
	unsigned int slot = (unsigned int)swp_offset(entry);

	if (!entry.val)
		return 0;
	assert_in_range(slot, 1, SLOTS - 1);
	assert_int_equal(held[slot].val, 0);
	assert_int_equal(byte_of(slot), SWAP_HAS_CACHE);
	held[slot] = entry;
	return slot;
}

static unsigned int take_all(void)
{
	unsigned int nr = 0;

	while (take())
		nr++;
	assert_int_equal(get_nr_swap_pages(), 0);
	return nr;
}

static void give(unsigned int slot)
{
	swapcache_free(held[slot]);
	held[slot].val = 0;
}

/* Out and back in, below half of swap: page and slot stay together. */
static void make_cached(unsigned long va, u64 value)
{
	put(va, value);
	push_out(va);
	assert_int_equal(get(va), value);
}

/*
 * Disk with seeks. slot 1 ours, 2..101 cached pages, 102.. ours. With 1 and 102 given back the search starts
 * at 1 and comes past the cached ones before 102: it ends with all of them.
 */
static void cached_slots_are_given_back(void)
{
	unsigned long va = map_anon(PAGES * PAGE_SIZE), out;

	disk_on(true, SLOTS);
	assert_int_equal(take(), 1);
	for (unsigned int i = 0; i < PAGES; i++)
		make_cached(va + i * PAGE_SIZE, 1000 + i);
	for (unsigned int slot = 2; slot < 2 + PAGES; slot++)
		assert_int_equal(byte_of(slot), SWAP_HAS_CACHE);
	assert_int_equal(total_swapcache_pages(), PAGES);
	assert_int_equal(take_all(), SLOTS - 1 - 1 - PAGES);
	give(1);
	give(102);
	out = event(PSWPOUT);
	assert_int_equal(take_all(), 2 + PAGES);
	assert_int_equal(total_swapcache_pages(), 0);
	assert_int_equal(event(PSWPOUT), out);
	for (unsigned int i = 0; i < PAGES; i++) {
		assert_false(PageSwapCache(page_at(va + i * PAGE_SIZE)));
		assert_true(PageDirty(page_at(va + i * PAGE_SIZE)));
		assert_int_equal(get(va + i * PAGE_SIZE), 1000 + i);
	}
}
MACHINE_TEST(cached_slots_are_given_back, .ram_mib = 32)

/* Below half, and for a page that is busy, the slot stays. */
static void slots_in_use_stay(void)
{
	unsigned long va = map_anon(2 * PAGE_SIZE);
	struct page *page;

	disk_on(true, SLOTS);
	assert_int_equal(take(), 1);
	make_cached(va, 7);
	make_cached(va + PAGE_SIZE, 8);
	give(1);
	assert_int_equal(take(), 4); /* cluster_next; nothing is looked at again */
	swap_areas[0]->cluster_next = 2;
	assert_int_equal(take(), 5);
	assert_true(PageSwapCache(page_at(va)));

	while (!vm_swap_full())
		assert_int_not_equal(take(), 0);
	page = page_at(va);
	lock_page(page);
	swap_areas[0]->cluster_next = 2;
	assert_int_equal(take(), 3);
	assert_true(PageSwapCache(page));
	assert_int_equal(byte_of(2), SWAP_HAS_CACHE);
	unlock_page(page);
	assert_int_equal(get(va), 7);
	assert_int_equal(get(va + PAGE_SIZE), 8);
}
MACHINE_TEST(slots_in_use_stay, .ram_mib = 32)

/*
 * Disk without seeks. One cached page keeps the only whole cluster (256..511) from being free; when its slot is
 * given back the cluster is free again, and must be taken as such.
 */
static void an_emptied_cluster_is_opened(void)
{
	unsigned long va = map_anon(PAGE_SIZE);
	struct swap_area *area;

	disk_on(false, SLOTS);
	area = swap_areas[0];
	make_cached(va, 9);
	assert_int_equal(byte_of(256), SWAP_HAS_CACHE);
	assert_int_equal(take_all(), SLOTS - 2);
	for (unsigned int slot = 257; slot < 512; slot++)
		give(slot);
	give(255);
	assert_int_equal(area->clusters[1].count, 1);
	area->cluster_next = 1;
	assert_int_equal(take(), 255);
	assert_int_equal(take(), 256);
	assert_false(PageSwapCache(page_at(va)));
	assert_int_equal(area->clusters[1].count, 1);
	assert_false(area->clusters[1].is_free);
	assert_int_equal(take_all(), 255);
	assert_int_equal(area->clusters[1].count, 256);
	assert_int_equal(get(va), 9);
}
MACHINE_TEST(an_emptied_cluster_is_opened, .ram_mib = 32)

static struct host_disk *disk;
static bool other_ran, switch_off;

static void other(void *unused)
{
	(void)unused;
	if (switch_off) {
		for (unsigned int slot = 1; slot < SLOTS; slot++)
			if (held[slot].val)
				give(slot);
		assert_int_equal(do_swapoff(&disk->bdev), 0);
	}
	other_ran = true;
}

/* A search that has to pass 598 slots lets another task run on its way, which may even end the area. */
static void search_beside(bool off)
{
	disk = disk_on(true, SLOTS);
	assert_int_equal(take_all(), SLOTS - 1);
	give(SLOTS - 1);
	swap_areas[0]->lowest_bit = swap_areas[0]->cluster_next = 1;
	switch_off = off;
	assert_non_null(host_spawn("other", NULL, other, NULL));
	assert_false(other_ran);
	set_thread_flag(TIF_NEED_RESCHED);
	assert_int_equal(take(), off ? 0 : SLOTS - 1);
	assert_true(other_ran);
	assert_int_equal(get_nr_swap_pages(), 0);
}

static void a_search_lets_others_run(void)
{
	search_beside(false);
}
MACHINE_TEST(a_search_lets_others_run, .ram_mib = 32)

static void a_swapoff_amid_a_search(void)
{
	search_beside(true);
	assert_int_equal(total_swap_pages, 0);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	assert_int_equal(take_all(), SLOTS - 1);
}
MACHINE_TEST(a_swapoff_amid_a_search, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(cached_slots_are_given_back),
		machine_unit_test(slots_in_use_stay),
		machine_unit_test(an_emptied_cluster_is_opened),
		machine_unit_test(a_search_lets_others_run),
		machine_unit_test(a_swapoff_amid_a_search),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
