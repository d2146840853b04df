/* SPDX-License-Identifier: MIT */
/* Swap I/O in runs: neighbours in one request, errors page by page, the pool and its reserve. */
#include "tests/host/machine_fixture.h"

#include "mm/internal.h"
#include "mm/swap_internal.h"

#define NR 8U

static struct host_disk *disk;

static u64 requests(bool write)
{
	return disk->bdev.queue->io[write].requests;
}

static struct page *begin_out(unsigned long va, struct swap_run **plug)
{
	struct writeback_control wbc = { .for_reclaim = true, .swap_plug = plug };
	struct page *page = page_at(va);

	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	lock_page(page);
	assert_int_equal(add_to_swap(page), 1);
	assert_int_equal(try_to_unmap(page, TTU_IGNORE_ACCESS), SWAP_SUCCESS);
	assert_true(clear_page_dirty_for_io(page));
	assert_int_equal(swap_writepage(page, &wbc), 0);
	return page;
}

/* Pages 0 .. nr-1 of va, with their numbers in them, go out behind one plug. => for finish_out() */
static void out_together(unsigned long va, unsigned int nr, struct page *pages[])
{
	struct swap_run *plug = NULL;

	for (unsigned int i = 0; i < nr; i++)
		put(va + i * PAGE_SIZE, 100 + i);
	for (unsigned int i = 0; i < nr; i++)
		pages[i] = begin_out(va + i * PAGE_SIZE, &plug);
	swap_unplug(&plug);
	assert_null(plug);
	swap_unplug(&plug); /* nothing gathered: nothing to do */
}

static u64 slot_sector(unsigned long va)
{
	return swp_offset(pte_to_swp_entry(entry_of(va))) * PAGE_SECTORS;
}

static void neighbours_share_a_request(void)
{
	unsigned long va = map_anon(40 * PAGE_SIZE);
	struct page *pages[40];

	disk = swap_on("swap0", 4096);
	out_together(va, 40, pages);
	assert_int_equal(requests(true), 2); /* 32 pages and 8 */
	assert_int_equal(disk->bdev.queue->io[1].sectors, 40 * PAGE_SECTORS);
	for (unsigned int i = 0; i < 40; i++)
		finish_out(pages[i]);
	page_cluster = 5;
	atomic_set(&swapin_readahead_hits, 30);
	assert_int_equal(slot_sector(va) % (32 * PAGE_SECTORS), 0);
	assert_int_equal(get(va + 20 * PAGE_SIZE), 120);
	assert_int_equal(requests(false), 2); /* the header, and a window of 32 slots */
	for (unsigned int i = 0; i < 32; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
	assert_int_equal(requests(false), 2);
	assert_int_equal(atomic_read(&swapin_readahead_hits), 31);
}
MACHINE_TEST(neighbours_share_a_request, .ram_mib = 32)

/* A device that takes three pieces at most is given no more. */
static void a_device_sets_the_limit(void)
{
	unsigned long va = map_anon(NR * PAGE_SIZE);
	struct page *pages[NR];

	disk = swap_on("swap0", 4096);
	disk->bdev.queue->max_vecs = 3;
	out_together(va, NR, pages);
	assert_int_equal(requests(true), 3);
	for (unsigned int i = 0; i < NR; i++)
		finish_out(pages[i]);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
}
MACHINE_TEST(a_device_sets_the_limit, .ram_mib = 32)

/* One bad sector amid a run: that page stays, the others are on the disk. */
static void one_page_of_a_run_is_not_written(void)
{
	unsigned long va = map_anon(NR * PAGE_SIZE);
	struct page *pages[NR];

	disk = swap_on("swap0", 4096);
	disk->bad_write = (256 + 3) * PAGE_SECTORS + 5;
	disk->bad_write_end = disk->bad_write + 1;
	out_together(va, NR, pages);
	assert_int_equal(slot_sector(va), 256 * PAGE_SECTORS);
	for (unsigned int i = 0; i < NR; i++) {
		finish_out(pages[i]);
		if (i == 3)
			assert_true(PageDirty(pages[i]) && PageSwapCache(pages[i]) && PageError(pages[i]));
		else
			assert_null(swap_cache_find(pte_to_swp_entry(entry_of(va + i * PAGE_SIZE))));
	}
	assert_int_equal(requests(true), 1);
	assert_int_equal(atomic_long_read(&swap_writeback_pages), 0);
	for (unsigned int i = 0; i < NR; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
}
MACHINE_TEST(one_page_of_a_run_is_not_written, .ram_mib = 32)

/* The same when reading: the window's other pages are good. */
static void one_page_of_a_window_is_not_read(void)
{
	unsigned long va = map_anon(NR * PAGE_SIZE);
	struct page *pages[NR];

	disk = swap_on("swap0", 4096);
	out_together(va, NR, pages);
	for (unsigned int i = 0; i < NR; i++)
		finish_out(pages[i]);
	disk->bad_read = slot_sector(va + 6 * PAGE_SIZE);
	disk->bad_read_end = disk->bad_read + 1;
	assert_int_equal(get(va), 100);
	assert_int_equal(requests(false), 2);
	assert_int_equal(touch(va + 6 * PAGE_SIZE, false), SIGBUS);
	for (unsigned int i = 0; i < NR; i++)
		if (i != 6)
			assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
	assert_int_equal(requests(false), 2);
	disk->bad_read_end = 0;
	assert_int_equal(touch(va + 6 * PAGE_SIZE, false), SIGBUS); /* it is not tried again */
}
MACHINE_TEST(one_page_of_a_window_is_not_read, .ram_mib = 32)

/* madvise(MADV_WILLNEED): everything at once, however far it reaches. */
static void willneed_reads_in_runs(void)
{
	unsigned long va = map_anon(100 * PAGE_SIZE);
	struct page *pages[100];

	disk = swap_on("swap0", 4096);
	out_together(va, 100, pages);
	for (unsigned int i = 0; i < 100; i++)
		finish_out(pages[i]);
	assert_int_equal(do_madvise(va, 100 * PAGE_SIZE, MADV_WILLNEED), 0);
	assert_int_equal(requests(false), 1 + 4); /* 32 + 32 + 32 + 4 */
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
	assert_int_equal(requests(false), 1 + 4);
	assert_int_equal(event(PGMAJFAULT), 0);
}
MACHINE_TEST(willneed_reads_in_runs, .ram_mib = 32)

/* With many pages under way others than kswapd wait before they begin more, and with very many everybody. */
static unsigned long far;
static struct page *out[300];
static struct swap_run *none;
static bool may, all_out;

static void asks(void *unused)
{
	(void)unused;
	may = swap_may_write(&none);
}

static void sends(void *unused)
{
	(void)unused;
	out_together(far, 300, out);
	all_out = true;
}

static void many_pages_under_way(void)
{
	struct mm_struct *mm = current->mm;

	far = map_anon(300 * PAGE_SIZE);
	disk = swap_on("swap0", 4096);
	disk->stopped = true;
	mmget(mm);
	assert_non_null(host_spawn("sends", mm, sends, NULL));
	host_sleep(10);
	assert_false(all_out);
	assert_int_equal(requests(true), 8);
	assert_int_equal(atomic_long_read(&swap_writeback_pages), 257); /* one waits for a run */
	assert_non_null(host_spawn("asks", NULL, asks, NULL));
	host_sleep(10);
	assert_false(may);
	disk->stopped = false;
	host_sleep(10);
	assert_true(may && all_out);
	assert_int_equal(atomic_long_read(&swap_writeback_pages), 0);
	for (unsigned int i = 0; i < 300; i++)
		finish_out(out[i]);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(get(far + i * PAGE_SIZE), 100 + i);
}
MACHINE_TEST(many_pages_under_way, .ram_mib = 32)

/* ---- A disk that misbehaves ---- */

static unsigned int byte_at(unsigned long slot)
{
	return swap_areas[0]->map[slot];
}

/* The page keeps its slot; its last user gone the slot is bad, is never taken again, and ends with the area. */
static void a_failed_slot_becomes_bad(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE), slots = 0;
	swp_entry_t entry, taken[63];
	struct page *page;
	struct swap_row row;

	disk = swap_on("swap0", 64);
	put(va, 5);
	disk->bad_write_end = disk->bdev.nr_sectors;
	page = start_out(va);
	entry.val = page_private(page);
	finish_out(page);
	disk->bad_write_end = 0;
	assert_int_equal(byte_at(swp_offset(entry)), SWAP_HAS_CACHE | 1);
	assert_true(test_bit((long)swp_offset(entry), swap_areas[0]->failed));
	assert_int_equal(get(va), 5);
	finish_out(start_out(va)); /* now it can be written, but once is enough */
	assert_int_equal(get(va), 5);
	assert_int_equal(byte_at(swp_offset(entry)), SWAP_HAS_CACHE);
	put(va, 6); /* the last user writes: the slot is dropped */
	page = page_at(va);
	lock_page(page);
	try_to_free_swap(page);
	unlock_page(page);
	assert_false(PageSwapCache(page));
	assert_int_equal(byte_at(swp_offset(entry)), SWAP_MAP_BAD);
	assert_int_equal(swap_areas[0]->nr_bad, 1);
	assert_int_equal(get_nr_swap_pages(), 62);
	assert_true(swap_get_row(0, &row));
	assert_int_equal(row.used_kb, 4);
	assert_int_equal(swap_duplicate(entry), -ENOENT);
	while ((taken[slots] = get_swap_page()).val) {
		assert_int_not_equal(swp_offset(taken[slots]), swp_offset(entry));
		slots++;
	}
	assert_int_equal(slots, 62);
	while (slots)
		swapcache_free(taken[--slots]);
	push_out(va);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(get(va), 6);
	assert_int_equal(get_nr_swap_pages(), 0);
	assert_int_equal(total_swap_pages, 0);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	assert_int_equal(get_nr_swap_pages(), 63);
}
MACHINE_TEST(a_failed_slot_becomes_bad, .ram_mib = 32)

/* One byte changed on the disk, a page of another slot, a write that never arrived: never shown to anybody. */
static void what_the_disk_changed(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct mm_struct *parent = current->mm, *child;
	u8 *slot[4], old[PAGE_SIZE];

	page_cluster = 0;
	disk = swap_on("swap0", 64);
	for (unsigned int i = 0; i < 4; i++) {
		put(va + i * PAGE_SIZE, 1000 + i);
		push_out(va + i * PAGE_SIZE);
		slot[i] = disk->bytes + slot_sector(va + i * PAGE_SIZE) * SECTOR_SIZE;
	}
	child = dup_mm(parent);
	assert_non_null(child);
	slot[0][4095] ^= 1;
	memcpy(slot[1], slot[3], PAGE_SIZE);
	assert_int_equal(touch(va, false), SIGBUS);
	assert_int_equal(touch(va, true), SIGBUS);
	assert_int_equal(touch(va + PAGE_SIZE, false), SIGBUS);
	host_use_mm(child);
	assert_int_equal(touch(va, false), SIGBUS);
	host_use_mm(parent);
	mmput(child);
	assert_int_equal(get(va + 3 * PAGE_SIZE), 1003);

	memcpy(old, slot[2], PAGE_SIZE);
	assert_int_equal(get(va + 2 * PAGE_SIZE), 1002);
	put(va + 2 * PAGE_SIZE, 2002);
	push_out(va + 2 * PAGE_SIZE);
	memcpy(disk->bytes + slot_sector(va + 2 * PAGE_SIZE) * SECTOR_SIZE, old, PAGE_SIZE); /* stale */
	assert_int_equal(touch(va + 2 * PAGE_SIZE, false), SIGBUS);
	assert_int_equal(do_swapoff(&disk->bdev), -EIO); /* the area stays, and what is in it */
	assert_int_equal(get(va + 3 * PAGE_SIZE), 1003);
	assert_int_equal(vm_munmap(va, 3 * PAGE_SIZE), 0);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(get(va + 3 * PAGE_SIZE), 1003);
}
MACHINE_TEST(what_the_disk_changed, .ram_mib = 32)

/* Writing out needs no memory at all: every allocation fails meanwhile. */
static bool fail_everything(gfp_t gfp, unsigned int order)
{
	(void)gfp;
	(void)order;
	return true;
}

static void out_without_memory(void)
{
	unsigned long va = map_anon(200 * PAGE_SIZE);
	struct page *pages[200];

	disk = swap_on("swap0", 4096);
	for (unsigned int i = 0; i < 200; i++)
		put(va + i * PAGE_SIZE, 100 + i);
	set_fail_page_alloc(fail_everything);
	out_together(va, 200, pages);
	for (unsigned int i = 0; i < 200; i++)
		finish_out(pages[i]);
	assert_null(alloc_page(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY));
	set_fail_page_alloc(NULL);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
}
MACHINE_TEST(out_without_memory, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(neighbours_share_a_request),
		machine_unit_test(a_device_sets_the_limit),
		machine_unit_test(one_page_of_a_run_is_not_written),
		machine_unit_test(one_page_of_a_window_is_not_read),
		machine_unit_test(willneed_reads_in_runs),
		machine_unit_test(many_pages_under_way),
		machine_unit_test(a_failed_slot_becomes_bad),
		machine_unit_test(what_the_disk_changed),
		machine_unit_test(out_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
