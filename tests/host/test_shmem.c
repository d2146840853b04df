/* SPDX-License-Identifier: MIT */
/*
 * Memory files and swap: what a second task does in the windows of the first. The real fs/shmem.c and fs/shmem_swap.c,
 * with a hook at each call where a page changes place: there "another CPU" moves, truncates or looks.
 */
#include "tests/host/machine_fixture.h"

#undef RENAME_NOREPLACE /* the C library has its own */
#undef RENAME_EXCHANGE
#undef RENAME_WHITEOUT
#include "fs/internal.h"
#include "fs/shmem.h"
#include "mm/internal.h"
#include "mm/kmap.h"
#include "mm/swap_internal.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define PAGES	16UL
#define SLOTS	256U
#define AT	5UL /* the page that things happen to */

enum window { CACHE_MISSED, HOLE_CHARGED, CUT, CACHE_CLEARED, ENTRIES_FREED, LOOKED_UP, IN_CACHE, NR_WINDOWS };

static void (*in_window[NR_WINDOWS])(void); /* each once */
static void (*at_every_step)(void);
static int refuse_page_cache; /* what entering it says */

static void window(enum window w)
{
	void (*fn)(void) = in_window[w];

	in_window[w] = NULL;
	if (fn)
		fn();
}

static void step(void)
{
	if (at_every_step)
		at_every_step();
}

static struct page *charge_then_alloc(gfp_t gfp)
{
	window(HOLE_CHARGED);
	return alloc_page(gfp);
}

static struct page *miss_then(struct page *page)
{
	if (!page)
		window(CACHE_MISSED);
	return page;
}

static struct page *look_then(struct page *page)
{
	window(LOOKED_UP);
	return page;
}

static int enter_then(int err)
{
	step();
	if (!err)
		window(IN_CACHE);
	return err;
}

#define find_lock_page(mapping, index)	  miss_then(find_lock_page(mapping, index))
#undef alloc_page
#define alloc_page(gfp)			  charge_then_alloc(gfp)
#define truncate_pagecache(inode, size)	  (window(CUT), truncate_pagecache(inode, size))
#define truncate_inode_pages_range(m, a, b) (truncate_inode_pages_range(m, a, b), window(CACHE_CLEARED))
#define shmem_free_swapped(info, a, b)	  (shmem_free_swapped(info, a, b), window(ENTRIES_FREED))
#include "fs/shmem.c"
#undef find_lock_page
#undef truncate_pagecache
#undef truncate_inode_pages_range
#undef shmem_free_swapped

#define lookup_swap_cache(entry)      look_then(lookup_swap_cache(entry))
#define add_to_page_cache_locked(...) (step(), enter_then(refuse_page_cache ?: add_to_page_cache_locked(__VA_ARGS__)))
#define delete_from_page_cache(page)  (step(), delete_from_page_cache(page), step())
#define add_to_swap_cache(page, entry) (step(), add_to_swap_cache(page, entry), step())
#define delete_from_swap_cache(page)  (step(), delete_from_swap_cache(page), step())
#define swap_shmem_alloc(entry)	      (step(), swap_shmem_alloc(entry), step())
#define swap_free(entry)	      (step(), swap_free(entry), step())
#include "fs/shmem_swap.c"
#undef lookup_swap_cache
#undef add_to_page_cache_locked
#undef delete_from_page_cache
#undef add_to_swap_cache
#undef delete_from_swap_cache
#undef swap_shmem_alloc
#undef swap_free

const struct file_operations shmem_file_operations;

/* ---- A file --------------------------------------------------------------------------------------------- */

static struct tmpfs_sb sbi;
static struct super_block sb = { .s_fs_info = &sbi };
static struct inode *file;
static struct host_disk *disk;

static u64 word(unsigned long page, unsigned int at)
{
	return page << 32 | (at + 1);
}

static u64 *words_of(struct page *page)
{
	return kmap(page);
}

/* All pages present and written. */
static void make_file(void)
{
	file = calloc(1, sizeof(*file));
	sbi.max_blocks = PAGES;
	file->i_sb = &sb;
	file->i_mapping = &file->i_data;
	file->i_size = PAGES * PAGE_SIZE;
	atomic_set(&file->i_count, 1);
	init_rwsem(&file->i_rwsem, LOCK_RANK_INODE);
	address_space_init(&file->i_data, file, NULL, GFP_HIGHUSER_MOVABLE);
	assert_int_equal(shmem_init_inode(file), 0);
	disk = swap_on("swap0", SLOTS);
	shmem_swap_init();
	for (unsigned long i = 0; i < PAGES; i++) {
		struct page *page;
		u64 *words;

		assert_int_equal(shmem_getpage(file, i, &page, SGP_ALLOC), 0);
		words = words_of(page);
		for (unsigned int at = 0; at < PAGE_SIZE / 8; at++)
			words[at] = word(i, at);
		kunmap(page);
		set_page_dirty(page);
		unlock_page(page);
		put_page(page);
	}
	lru_add_drain();
}

/* Reclaim takes the page out of memory. */
static void send_out(unsigned long index)
{
	struct writeback_control wbc = { .for_reclaim = true };
	struct page *page = find_lock_page(&file->i_data, index);

	assert_non_null(page);
	assert_true(clear_page_dirty_for_io(page));
	assert_int_equal(shmem_writepage(page, &wbc), 0);
	wait_on_page_writeback(page);
	lock_page(page);
	if (PageSwapCache(page) && !PageDirty(page))
		delete_from_swap_cache(page);
	unlock_page(page);
	put_page(page);
}

static void send_it_out(void)
{
	send_out(AT);
}

static void bring_it_in(void)
{
	assert_int_equal(shmem_swapin(file, AT), 0);
}

/* The page's first n words are as written, the others zeroes. */
static void expect_words(unsigned long index, unsigned int n)
{
	struct page *page;
	u64 *words;

	assert_int_equal(shmem_getpage(file, index, &page, SGP_READ), 0);
	assert_non_null(page);
	words = words_of(page);
	for (unsigned int at = 0; at < PAGE_SIZE / 8; at++)
		assert_int_equal(words[at], at < n ? word(index, at) : 0);
	kunmap(page);
	unlock_page(page);
	put_page(page);
}

/* So many pages are the file's, wherever; swap is used for those that are out. */
static void expect_pages(unsigned long nr)
{
	struct shmem_inode *info = SHMEM_I(file);

	shmem_recalc(file);
	assert_int_equal(file->i_data.nrpages + info->nr_swapped, nr);
	assert_int_equal(info->charged, nr);
	assert_int_equal(atomic_long_read(&sbi.used_blocks), nr);
	assert_int_equal(SLOTS - 1 - get_nr_swap_pages(), info->nr_swapped);
}

/* ---- Coming in ------------------------------------------------------------------------------------------- */

/* A reader finds no page; before it looks at the entries another one has brought it in. */
static void a_page_that_passes_by_is_no_hole(void)
{
	make_file();
	send_out(AT);
	assert_false(shmem_is_hole(file, AT));
	in_window[CACHE_MISSED] = bring_it_in;
	expect_words(AT, PAGE_SIZE / 8);
	assert_null(in_window[CACHE_MISSED]);
	assert_false(shmem_is_hole(file, AT));
	expect_pages(PAGES);
}
MACHINE_TEST(a_page_that_passes_by_is_no_hole, MACHINE)

/* What another task would find, at each step: a recorded slot's page in the swap cache, else the file's page. */
static void it_is_somewhere(void)
{
	swp_entry_t entry = { .val = 0 };
	void *item = lookup_item(SHMEM_I(file), AT);
	struct page *page;

	if (item)
		entry = item_to_entry(item);
	page = item ? swap_cache_find(entry) : find_get_page(&file->i_data, AT);
	assert_non_null(page);
	assert_true(PageLocked(page) && PageUptodate(page));
	put_page(page);
}

static void it_is_always_somewhere(void)
{
	struct writeback_control wbc = { .for_reclaim = true };
	struct page *page;

	make_file();
	page = find_lock_page(&file->i_data, AT);
	assert_true(clear_page_dirty_for_io(page));
	at_every_step = it_is_somewhere;
	assert_int_equal(shmem_writepage(page, &wbc), 0);
	at_every_step = NULL;
	wait_on_page_writeback(page);
	lock_page(page);
	at_every_step = it_is_somewhere;
	assert_int_equal(move_in(file, AT, lookup_item(SHMEM_I(file), AT), page), 0);
	at_every_step = NULL;
	unlock_page(page);
	put_page(page);
	expect_words(AT, PAGE_SIZE / 8);
	expect_pages(PAGES);
}
MACHINE_TEST(it_is_always_somewhere, MACHINE)

static void free_its_entry(void)
{
	shmem_free_swapped(SHMEM_I(file), AT, AT);
}

/* Truncation takes the entry of a page that is just coming in, and does not look into the cache again. */
static void truncated_while_it_comes_in(void)
{
	make_file();
	send_out(AT);
	in_window[IN_CACHE] = free_its_entry;
	assert_int_equal(shmem_swapin(file, AT), 0);
	assert_null(in_window[IN_CACHE]);
	assert_true(shmem_is_hole(file, AT));
	expect_pages(PAGES - 1); /* no slot in use: the page has given its own back */
}
MACHINE_TEST(truncated_while_it_comes_in, MACHINE)

static void no_way_in_loses_nothing(void)
{
	make_file();
	send_out(AT);
	refuse_page_cache = -ENOMEM;
	assert_int_equal(shmem_swapin(file, AT), -ENOMEM);
	refuse_page_cache = 0;
	expect_words(AT, PAGE_SIZE / 8);
	expect_pages(PAGES);
}
MACHINE_TEST(no_way_in_loses_nothing, MACHINE)

/* ---- Truncation and holes -------------------------------------------------------------------------------- */

/* The page that is cut goes out after it was looked at and before truncation comes to it. */
static void a_cut_page_ends_in_zeroes_in_swap_too(void)
{
	make_file();
	in_window[CUT] = send_it_out;
	assert_int_equal(shmem_truncate(file, AT * PAGE_SIZE + 80), 0);
	assert_null(in_window[CUT]);
	file->i_size = PAGES * PAGE_SIZE;
	expect_words(AT, 10);
	expect_pages(AT + 1);
	send_out(AT);
	assert_int_equal(shmem_punch(file, AT * PAGE_SIZE + 40, 40), 0); /* within a page that is out */
	expect_words(AT, 5);
	assert_int_equal(shmem_punch(file, AT * PAGE_SIZE - 8, PAGE_SIZE), 0); /* the ends of two */
	expect_words(AT - 1, PAGE_SIZE / 8 - 1);
	expect_words(AT, 0);
	expect_pages(AT + 1);
}
MACHINE_TEST(a_cut_page_ends_in_zeroes_in_swap_too, MACHINE)

/* A fault brings it in behind the look into the cache; behind that at the entries it goes out again. */
static void to_and_fro_does_not_outlive_truncation(void)
{
	make_file();
	send_out(AT);
	in_window[CACHE_CLEARED] = bring_it_in;
	in_window[ENTRIES_FREED] = send_it_out;
	assert_int_equal(shmem_punch(file, 0, PAGES * PAGE_SIZE), 0);
	assert_true(!in_window[CACHE_CLEARED] && !in_window[ENTRIES_FREED]);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_true(shmem_is_hole(file, i));
	expect_pages(0);
}
MACHINE_TEST(to_and_fro_does_not_outlive_truncation, MACHINE)

static void the_end_of_a_file(void)
{
	make_file();
	for (unsigned long i = 0; i < PAGES; i += 2)
		send_out(i);
	expect_pages(PAGES);
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(SHMEM_I(file)->nr_swapped, 0);
	for (unsigned long i = 0; i < PAGES; i++)
		expect_words(i, PAGE_SIZE / 8);
	assert_int_equal(do_swapon(&disk->bdev, "swap0", 0), 0);
	send_out(AT);
	shmem_evict(file);
	assert_int_equal(atomic_long_read(&sbi.used_blocks), 0);
	assert_int_equal(get_nr_swap_pages(), SLOTS - 1);
	assert_int_equal(shmem_unuse(0), 0); /* nothing of it is on the list */
}
MACHINE_TEST(the_end_of_a_file, MACHINE)

static int evicted;

static void evict(void *unused)
{
	(void)unused;
	shmem_evict(file);
	free(file);
	evicted++;
}

static void unmount(void)
{
	assert_non_null(host_spawn("umount", NULL, evict, NULL));
	host_sleep(5);
	assert_int_equal(evicted, 0);
}

/* swapoff is in the middle of a file when its file system is unmounted: the file ends when swapoff has left it. */
static void the_end_of_a_file_that_swapoff_is_in(void)
{
	make_file();
	send_out(AT);
	send_out(AT + 2);
	in_window[LOOKED_UP] = unmount;
	assert_int_equal(shmem_unuse(0), 0);
	assert_int_equal(evicted, 0);
	assert_int_equal(SHMEM_I(file)->nr_swapped, 1); /* only the page at hand was brought in */
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	host_sleep(5);
	assert_int_equal(evicted, 1);
	assert_int_equal(atomic_long_read(&sbi.used_blocks), 0);
	assert_int_equal(shmem_unuse(0), 0);
}
MACHINE_TEST(the_end_of_a_file_that_swapoff_is_in, MACHINE)

/* It has begun to end: swapoff leaves it alone, and its slots are free when it is gone. */
static void swapoff_waits_for_the_end_of_a_file(void)
{
	make_file();
	send_out(AT);
	shmem_end_visits(SHMEM_I(file));
	assert_int_equal(shmem_unuse(0), 0);
	assert_int_equal(SHMEM_I(file)->nr_swapped, 1);
	assert_non_null(host_spawn("umount", NULL, evict, NULL));
	assert_int_equal(do_swapoff(&disk->bdev), 0);
	assert_int_equal(evicted, 1);
}
MACHINE_TEST(swapoff_waits_for_the_end_of_a_file, MACHINE)

/* ---- Charges ------------------------------------------------------------------------------------------------ */

static void look_at_charges(void)
{
	shmem_recalc(file);
}

static bool no_page(gfp_t gfp, unsigned int order)
{
	(void)gfp;
	(void)order;
	return true;
}

static void look_and_have_no_memory(void)
{
	shmem_recalc(file);
	set_fail_page_alloc(no_page);
}

/* While one task fills a hole another one corrects the charge: it must not take what is not there yet. */
static void a_charge_is_counted_with_its_page(void)
{
	struct page *page;

	make_file();
	assert_int_equal(shmem_punch(file, AT * PAGE_SIZE, PAGE_SIZE), 0);
	in_window[HOLE_CHARGED] = look_at_charges;
	assert_int_equal(shmem_getpage(file, AT, &page, SGP_ALLOC), 0);
	unlock_page(page);
	put_page(page);
	expect_pages(PAGES);
	assert_int_equal(shmem_getpage(file, PAGES, &page, SGP_ALLOC), -ENOSPC);
	assert_int_equal(shmem_punch(file, AT * PAGE_SIZE, PAGE_SIZE), 0);
	in_window[HOLE_CHARGED] = look_and_have_no_memory;
	assert_int_equal(shmem_getpage(file, AT, &page, SGP_ALLOC), -ENOMEM);
	set_fail_page_alloc(NULL);
	expect_pages(PAGES - 1);
}
MACHINE_TEST(a_charge_is_counted_with_its_page, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_page_that_passes_by_is_no_hole),
		machine_unit_test(it_is_always_somewhere),
		machine_unit_test(truncated_while_it_comes_in),
		machine_unit_test(no_way_in_loses_nothing),
		machine_unit_test(a_cut_page_ends_in_zeroes_in_swap_too),
		machine_unit_test(to_and_fro_does_not_outlive_truncation),
		machine_unit_test(the_end_of_a_file),
		machine_unit_test(the_end_of_a_file_that_swapoff_is_in),
		machine_unit_test(swapoff_waits_for_the_end_of_a_file),
		machine_unit_test(a_charge_is_counted_with_its_page),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
