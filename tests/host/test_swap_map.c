/* SPDX-License-Identifier: MIT */
/* Slots and their counts on a swapped-on disk: the transitions of spec 7.2, carries, exhaustion, bad headers. */
#include "tests/host/machine_fixture.h"

#include "mm/swap_internal.h"

static unsigned int byte_of(swp_entry_t entry)
{
	return swap_area_of(entry)->map[swp_offset(entry)];
}

/* One page, two page tables: 40 -> 42 -> 02 -> 41 -> 40 -> 00. */
static void life_of_a_slot(void)
{
	struct writeback_control wbc = { .for_reclaim = true };
	unsigned long va = map_anon(PAGE_SIZE);
	struct mm_struct *parent = current->mm, *child;
	struct page *page;
	swp_entry_t entry;

	swap_on("swap0", 64);
	put(va, 7);
	child = dup_mm(parent);
	assert_non_null(child);
	page = page_at(va);
	assert_int_equal(page_mapcount(page), 2);

	lru_add_drain();
	assert_int_equal(isolate_lru_page(page), 0);
	lock_page(page);
	assert_int_equal(add_to_swap(page), 1);
	entry.val = page_private(page);
	assert_int_equal(byte_of(entry), 0x40);
	assert_int_equal(try_to_unmap(page, TTU_IGNORE_ACCESS), SWAP_SUCCESS);
	assert_int_equal(byte_of(entry), 0x42);
	assert_int_equal(pte_val(entry_of(va)), pte_val(swp_entry_to_pte(entry)));
	assert_int_equal(get_mm_counter(parent, MM_SWAPENTS), 1);
	assert_int_equal(get_mm_counter(child, MM_SWAPENTS), 1);
	assert_int_equal(get_mm_rss(parent), 0);

	assert_true(clear_page_dirty_for_io(page));
	assert_int_equal(swap_writepage(page, &wbc), 0);
	wait_on_page_writeback(page);
	lock_page(page);
	delete_from_swap_cache(page);
	unlock_page(page);
	assert_int_equal(byte_of(entry), 0x02);
	putback_lru_page(page);

	assert_int_equal(get(va), 7);
	assert_int_equal(byte_of(entry), 0x41);
	assert_int_equal(get_mm_counter(parent, MM_SWAPENTS), 0);
	host_use_mm(child);
	assert_int_equal(get(va), 7);
	assert_int_equal(byte_of(entry), 0x40);
	assert_ptr_equal(page_at(va), swap_cache_find(entry));
	page = page_at(va);
	put_page(page);
	host_use_mm(parent);
	lock_page(page);
	assert_int_equal(try_to_free_swap(page), 1);
	unlock_page(page);
	assert_int_equal(byte_of(entry), 0);
	mmput(child);
	assert_int_equal(get(va), 7);
	assert_int_equal(page_mapcount(page), 1);
}
MACHINE_TEST(life_of_a_slot, .ram_mib = 32)

/* Uses beyond 62 need a continuation; counts come back exactly. */
static void counts_carry(void)
{
	swp_entry_t entry;

	swap_on("swap0", 64);
	entry = get_swap_page();
	assert_int_not_equal(entry.val, 0);
	for (int i = 1; i <= SWAP_MAP_MAX; i++)
		assert_int_equal(swap_duplicate(entry), 0);
	assert_int_equal(byte_of(entry), 0x40 | SWAP_MAP_MAX);
	assert_int_equal(swap_duplicate(entry), -ENOMEM);
	assert_int_equal(add_swap_count_continuation(entry, GFP_KERNEL), 0);
	for (int i = SWAP_MAP_MAX + 1; i <= 300; i++) {
		assert_int_equal(swap_duplicate(entry), 0);
		assert_int_equal(swp_swapcount(entry), i);
	}
	for (int i = 299; i >= 0; i--) {
		swap_free(entry);
		assert_int_equal(swp_swapcount(entry), i);
	}
	assert_int_equal(byte_of(entry), 0x40);
	assert_int_equal(swapcache_prepare(entry), -EEXIST);
	swapcache_free(entry);
	assert_int_equal(byte_of(entry), 0);
	assert_int_equal(swapcache_prepare(entry), -ENOENT);
	assert_int_equal(swap_duplicate(entry), -ENOENT);
}
MACHINE_TEST(counts_carry, .ram_mib = 32)

/* Every slot once, none that is bad, then none at all. */
static void slots_run_out(void)
{
	struct host_disk *disk = host_disk_create("swap0", 600);
	static bool seen[600];
	swp_entry_t entry, entries[600];
	u32 bad[2] = { 5, 300 }, nr_bad = 2;
	int nr = 0;

	host_mkswap(disk);
	memcpy(disk->bytes + 1032, &nr_bad, 4);
	memcpy(disk->bytes + 1536, bad, sizeof(bad));
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	assert_int_equal(total_swap_pages, 597);
	while ((entry = get_swap_page()).val) {
		unsigned long slot = swp_offset(entry);

		assert_in_range(slot, 1, 599);
		assert_true(slot != 5 && slot != 300 && !seen[slot]);
		seen[slot] = true;
		entries[nr++] = entry;
	}
	assert_int_equal(nr, 597);
	assert_int_equal(get_nr_swap_pages(), 0);
	while (nr)
		swapcache_free(entries[--nr]);
	assert_int_equal(get_nr_swap_pages(), 597);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(total_swap_pages, 0);
}
MACHINE_TEST(slots_run_out, .ram_mib = 32)

static void headers_are_checked(void)
{
	struct host_disk *disk = host_disk_create("swap0", 64);
	u32 words[2] = { 1, 64 };

	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), -EINVAL);
	host_mkswap(disk);
	memcpy(disk->bytes + 1024, words, sizeof(words)); /* one page more than there is */
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), -EINVAL);
	host_mkswap(disk);
	disk->bad_read_end = PAGE_SECTORS;
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), -EIO);
	disk->bad_read_end = 0;
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), -EBUSY);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(do_swapoff(&disk->bdev), -EINVAL);
}
MACHINE_TEST(headers_are_checked, .ram_mib = 32)

/* fork of a swapped-out page counts its slot; the end of both gives it back. */
static void fork_counts_slots(void)
{
	unsigned long va = map_anon(16 * PAGE_SIZE);
	struct mm_struct *child;
	swp_entry_t entry;

	swap_on("swap0", 64);
	for (int i = 0; i < 16; i++)
		put(va + i * PAGE_SIZE, 100 + i);
	for (int i = 0; i < 16; i++)
		push_out(va + i * PAGE_SIZE);
	entry = pte_to_swp_entry(entry_of(va));
	assert_int_equal(swp_swapcount(entry), 1);
	child = dup_mm(current->mm);
	assert_non_null(child);
	assert_int_equal(swp_swapcount(entry), 2);
	assert_int_equal(vm_munmap(va, 16 * PAGE_SIZE), 0);
	assert_int_equal(swp_swapcount(entry), 1);
	mmput(child);
	assert_int_equal(swp_swapcount(entry), 0);
	host_sleep(2);
	assert_int_equal(get_nr_swap_pages(), 63);
}
MACHINE_TEST(fork_counts_slots, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(life_of_a_slot),
		machine_unit_test(counts_carry),
		machine_unit_test(slots_run_out),
		machine_unit_test(headers_are_checked),
		machine_unit_test(fork_counts_slots),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
