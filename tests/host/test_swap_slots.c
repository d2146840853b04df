/* SPDX-License-Identifier: MIT */
/* The search for a slot: what only the cache uses is given back on the way, and others have their turn meanwhile. */
#include "tests/host/machine_fixture.h"

#include "mm/policy.h"
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

/* ---- Slots at hand for each CPU, several areas ---- */

#define MANY 4096U

/* => the slot of one more page: like get_swap_page, but from any area */
static swp_entry_t take_any(void)
{
	swp_entry_t entry = get_swap_page();

	assert_int_not_equal(entry.val, 0);
	return entry;
}

static unsigned long used_kb(unsigned int type)
{
	struct swap_row row;

	assert_true(swap_get_row(type, &row));
	return row.used_kb;
}

/* A batch of 64 is taken at once and counts as free; near the end there are no batches, so no slot is out of reach. */
static void a_cpu_has_slots_at_hand(void)
{
	swp_entry_t *taken = calloc(MANY, sizeof(*taken)), entry;
	unsigned int nr = 0;

	disk = swap_on("swap0", MANY);
	taken[nr++] = take_any();
	assert_int_equal(swap_slots_cached(0), 63);
	assert_int_equal(swap_areas[0]->inuse_pages, 64);
	assert_int_equal(get_nr_swap_pages(), MANY - 2);
	assert_int_equal(used_kb(0), 4);
	for (; nr < 64; nr++) { /* side by side */
		taken[nr] = take_any();
		assert_int_equal(swp_offset(taken[nr]), swp_offset(taken[0]) + nr);
	}
	assert_int_equal(swap_slots_cached(0), 0);
	taken[nr++] = take_any();
	assert_int_equal(swap_slots_cached(0), 63);
	swap_slot_caches_drain();
	assert_int_equal(swap_slots_cached(0), 0);
	assert_int_equal(swap_areas[0]->inuse_pages, 65);
	assert_int_equal(get_nr_swap_pages(), MANY - 1 - 65);
	while ((entry = get_swap_page()).val) {
		assert_int_equal(swap_areas[swp_type(entry)]->map[swp_offset(entry)], SWAP_HAS_CACHE);
		taken[nr++] = entry;
		if (get_nr_swap_pages() < 900)
			assert_int_equal(swap_slots_cached(0), 0);
	}
	assert_int_equal(nr, MANY - 1);
	while (nr)
		swapcache_free(taken[--nr]);
	assert_int_equal(used_kb(0), 0);
	assert_int_equal(get_nr_swap_pages(), MANY - 1);
	taken[0] = take_any(); /* swapoff does not wait for the slots at hand, only for those in use */
	swapcache_free(taken[0]);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	free(taken);
}
MACHINE_TEST(a_cpu_has_slots_at_hand, .ram_mib = 32)

/* Batches from the highest priority; equals in turn; lower ones when those are full. */
static void equals_take_turns(void)
{
	struct host_disk *low = host_disk_create("low", MANY), *a = host_disk_create("a", MANY),
			 *b = host_disk_create("b", MANY);
	unsigned int of[3] = { 0 };

	host_mkswap(low);
	host_mkswap(a);
	host_mkswap(b);
	assert_int_equal(do_swapon(&low->bdev, "low", 0), 0);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(swp_type(take_any()), 0);
	take_any();
	assert_int_equal(do_swapon(&a->bdev, "a", SWAP_FLAG_PREFER | 5), 0);
	assert_int_equal(swp_type(take_any()), 1); /* not one of those that were at hand */
	assert_int_equal(do_swapon(&b->bdev, "b", SWAP_FLAG_PREFER | 5), 0);
	for (unsigned int i = 0; i < 10 * 64; i++)
		of[swp_type(take_any())]++;
	assert_int_equal(of[0], 0);
	assert_int_equal(of[1], 5 * 64);
	assert_int_equal(of[2], 5 * 64);
	for (unsigned int i = 0; i < 2 * (MANY - 1) - 641; i++)
		of[swp_type(take_any())]++;
	assert_int_equal(of[1], MANY - 2);
	assert_int_equal(of[2], MANY - 1);
	assert_int_equal(of[0], 0);
	assert_int_equal(swp_type(take_any()), 0);
}
MACHINE_TEST(equals_take_turns, .ram_mib = 32)

static u32 note; /* of the policy about the page that goes */

static u32 evicted(struct zone *zone, struct page *page)
{
	assert_true(PageLocked(page) && PageSwapCache(page) && !page_count(page));
	assert_ptr_equal(zone, page_zone(page));
	return note;
}

/* Reclaim's last step: the page leaves memory, the policy's note about it stays with the slot. => the slot */
static swp_entry_t evict(unsigned long va, struct reclaim_policy *policy)
{
	struct page *page = start_out(va);
	swp_entry_t entry = { page_private(page) };

	wait_on_page_writeback(page);
	lock_page(page);
	assert_int_equal(swap_shadow(entry), 0);
	assert_int_equal(page_count(page), 2);
	assert_true(swap_cache_remove_mapping(page, policy));
	page->mapping = NULL;
	ClearPageActive(page);
	__ClearPageLocked(page);
	page_unfreeze_refs(page, 1);
	put_page(page);
	assert_int_equal(total_swapcache_pages(), 0);
	return entry;
}

static u32 told; /* to the policy about a page that is back */

static void refault(struct zone *zone, struct page *page, u32 shadow)
{
	(void)zone;
	assert_true(PageLocked(page) && PageSwapCache(page) && !PageLRU(page));
	told = shadow;
}

static void shadows_stay_with_the_slot(void)
{
	struct reclaim_policy policy = *reclaim_policy;
	unsigned long va = map_anon(PAGE_SIZE);
	struct zone *zone;
	swp_entry_t entry;

	policy.evicted = evicted;
	policy.refault = refault;
	policy.id = 7;
	for_each_populated_zone(zone)
		zone->lruvec.policy = &policy;
	disk_on(false, SLOTS);
	put(va, 3);
	note = 0xabcdef1;
	entry = evict(va, &policy);
	assert_int_equal(swap_shadow(entry), 0x7abcdef1);
	assert_int_equal(get(va), 3);
	assert_int_equal(told, 0xabcdef1);
	assert_int_equal(swap_shadow(entry), 0); /* it is in memory */
	put(va, 4);
	note = 5;
	entry = evict(va, &policy);
	assert_int_equal(swap_shadow(entry), 0x70000005);
	assert_int_equal(vm_munmap(va, PAGE_SIZE), 0);
	assert_int_equal(byte_of((unsigned int)swp_offset(entry)), 0);
	assert_int_equal(swap_shadow(entry), 0);
	for_each_populated_zone(zone)
		zone->lruvec.policy = reclaim_policy;
}
MACHINE_TEST(shadows_stay_with_the_slot, .ram_mib = 32)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(cached_slots_are_given_back),
		machine_unit_test(slots_in_use_stay),
		machine_unit_test(an_emptied_cluster_is_opened),
		machine_unit_test(a_search_lets_others_run),
		machine_unit_test(a_swapoff_amid_a_search),
		machine_unit_test(a_cpu_has_slots_at_hand),
		machine_unit_test(equals_take_turns),
		machine_unit_test(shadows_stay_with_the_slot),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
