/* SPDX-License-Identifier: MIT */
/* Discard: the area once, clusters as they become free, never a slot that somebody uses. */
#include "tests/host/machine_fixture.h"

#include "mm/swap_internal.h"

#define PAGES 4096UL
#define FILL  600U /* pages of ours: more than two clusters */

static struct host_disk *disk;
static unsigned long va;

static int disk_on(int flags, u32 max_sectors)
{
	disk = host_disk_create("swap0", PAGES);
	disk->bdev.max_discard_sectors = max_sectors;
	memset(disk->bytes, 0xee, PAGES * PAGE_SIZE);
	host_mkswap(disk);
	return do_swapon(&disk->bdev, "swap0", flags);
}

static bool all_of(unsigned long page, unsigned long nr, u8 byte)
{
	for (unsigned long i = page * PAGE_SIZE; i < (page + nr) * PAGE_SIZE; i++)
		if (disk->bytes[i] != byte)
			return false;
	return true;
}

static void the_whole_area_once(void)
{
	assert_int_equal(disk_on(SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_ONCE, 1000), 0);
	assert_true(all_of(1, PAGES - 1, 0));
	assert_int_equal(disk->discarded, (PAGES - 1) * PAGE_SECTORS);
	assert_memory_equal(disk->bytes + PAGE_SIZE - 10, "SWAPSPACE2", 10);
	assert_int_equal(swap_areas[0]->flags & SWP_PAGE_DISCARD, 0);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0); /* the header is as it was */
}
MACHINE_TEST(the_whole_area_once, .ram_mib = 32)

/* What is no swap area is not touched, nor is anything when nobody asks or the device cannot. */
static void nothing_else(void)
{
	disk = host_disk_create("data", PAGES);
	disk->bdev.max_discard_sectors = 1000;
	memset(disk->bytes, 0xee, PAGES * PAGE_SIZE);
	assert_int_equal(do_swapon(&disk->bdev, "data", SWAP_FLAG_DISCARD), -EINVAL);
	assert_true(all_of(0, PAGES, 0xee));
	assert_int_equal(disk_on(0, 1000), 0);
	assert_true(all_of(1, PAGES - 1, 0xee));
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	disk->bdev.max_discard_sectors = 0;
	assert_int_equal(do_swapon(&disk->bdev, "swap0", SWAP_FLAG_DISCARD), 0);
	assert_int_equal(disk->discarded, 0);
	assert_int_equal(blkdev_discard(&disk->bdev, 8, 8), -EOPNOTSUPP);
}
MACHINE_TEST(nothing_else, .ram_mib = 32)

static void fill(void)
{
	va = map_anon(FILL * PAGE_SIZE);
	for (unsigned int i = 0; i < FILL; i++) {
		put(va + i * PAGE_SIZE, 5000 + i);
		push_out(va + i * PAGE_SIZE);
	}
}

static void clusters_as_they_become_free(void)
{
	unsigned long first;

	assert_int_equal(disk_on(SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_PAGES, 1000), 0);
	assert_true(all_of(1, PAGES - 1, 0xee));
	fill();
	first = swp_offset(pte_to_swp_entry(entry_of(va)));
	assert_int_equal(first % SWAPFILE_CLUSTER, 0);
	assert_int_equal(vm_munmap(va, 300 * PAGE_SIZE), 0);
	assert_int_equal(swap_areas[0]->map[first], SWAP_MAP_BAD); /* nobody takes it before it is told about */
	assert_int_equal(swap_areas[0]->map[first + SWAPFILE_CLUSTER], 0); /* not all of that one is free */
	host_sleep(20);
	assert_int_equal(disk->discarded, SWAPFILE_CLUSTER * PAGE_SECTORS);
	assert_true(all_of(first, SWAPFILE_CLUSTER, 0));
	assert_int_equal(swap_areas[0]->map[first], 0);
	for (unsigned int i = 300; i < FILL; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 5000 + i);
	assert_int_equal(get_nr_swap_pages(), (long)(PAGES - 1 - (FILL - 300)));
}
MACHINE_TEST(clusters_as_they_become_free, .ram_mib = 32)

/* Who needs a slot when all free clusters are still to be told about tells them himself; swapoff waits for it too. */
static void needed_before_they_are_told_about(void)
{
	swp_entry_t entry;
	unsigned int nr = 0;

	assert_int_equal(disk_on(SWAP_FLAG_DISCARD | SWAP_FLAG_DISCARD_PAGES, 1000), 0);
	fill();
	while (get_swap_page().val)
		nr++;
	assert_int_equal(nr, PAGES - 1 - FILL);
	assert_int_equal(vm_munmap(va, FILL * PAGE_SIZE), 0);
	assert_int_equal(get_nr_swap_pages(), FILL);
	nr = 0;
	while ((entry = get_swap_page()).val) {
		nr++;
		assert_int_equal(swap_areas[0]->map[swp_offset(entry)], SWAP_HAS_CACHE);
	}
	assert_int_equal(nr, FILL);
	assert_int_equal(disk->discarded, 2 * SWAPFILE_CLUSTER * PAGE_SECTORS);
	for (unsigned int slot = 1; slot < PAGES; slot++)
		swapcache_free(swp_entry(0, slot));
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(disk->discarded, (2 + 15) * SWAPFILE_CLUSTER * PAGE_SECTORS); /* not the header's cluster */
	assert_int_equal(get_nr_swap_pages(), 0);
}
MACHINE_TEST(needed_before_they_are_told_about, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(the_whole_area_once),
		machine_unit_test(nothing_else),
		machine_unit_test(clusters_as_they_become_free),
		machine_unit_test(needed_before_they_are_told_about),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
