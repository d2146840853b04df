/* SPDX-License-Identifier: MIT */
/* Pages of files: cut off, invalidated, written and waited for; what msync and mincore say of them. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "kernel/core/block.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define PAGES	24
#define SIZE	(PAGES * (loff_t)PAGE_SIZE)

static u64 buf[PAGES * WORDS];

static struct test_file *cached_file(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	assert_int_equal(file_get(f, buf, SIZE, 0), SIZE);
	assert_int_equal(mapping_of(f)->nrpages, PAGES);
	return f;
}

static void dirty(struct test_file *f, unsigned long page)
{
	u64 word = 0xd1d1;

	assert_int_equal(file_put(f, &word, 8, (loff_t)page << PAGE_SHIFT), 8);
}

/* ---- Truncation ---- */

static void truncated_in_a_page(void)
{
	struct test_file *f = cached_file();

	dirty(f, 20);
	f->inode.i_size = 4 * PAGE_SIZE + 16;
	truncate_pagecache(&f->inode, 4 * PAGE_SIZE + 16);
	assert_int_equal(mapping_of(f)->nrpages, 5);
	assert_int_equal(exact_state(NR_FILE_DIRTY), 1); /* page 4; what page 20 had is forgotten */
	f->inode.i_size = SIZE;
	assert_int_equal(file_word(f, 4 * PAGE_SIZE + 8), 4ULL << 32 | 1);
	assert_int_equal(file_word(f, 4 * PAGE_SIZE + 16), 0);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_int_equal(on_disk(f, 4, 1), 4ULL << 32 | 1);
	assert_int_equal(on_disk(f, 4, 2), 0);
	assert_int_equal(on_disk(f, 20, 0), 20ULL << 32);
}
MACHINE_TEST(truncated_in_a_page, MACHINE)

/* Holes: within one page; from the middle of one page to the middle of another; whole pages. */
static void holes(void)
{
	struct test_file *f = cached_file();

	truncate_inode_pages_range(mapping_of(f), PAGE_SIZE + 8, PAGE_SIZE + 15);
	assert_int_equal(mapping_of(f)->nrpages, PAGES);
	assert_int_equal(file_word(f, PAGE_SIZE), 1ULL << 32);
	assert_int_equal(file_word(f, PAGE_SIZE + 8), 0);
	assert_int_equal(file_word(f, PAGE_SIZE + 16), 1ULL << 32 | 2);

	truncate_inode_pages_range(mapping_of(f), 5 * PAGE_SIZE + 8, 8 * PAGE_SIZE + 7);
	assert_int_equal(mapping_of(f)->nrpages, PAGES - 2);
	assert_true(in_cache(f, 5) && !in_cache(f, 6) && !in_cache(f, 7) && in_cache(f, 8));
	assert_int_equal(file_word(f, 5 * PAGE_SIZE), 5ULL << 32);
	assert_int_equal(file_word(f, 6 * PAGE_SIZE - 8), 0);
	assert_int_equal(file_word(f, 8 * PAGE_SIZE), 0);
	assert_int_equal(file_word(f, 8 * PAGE_SIZE + 8), 8ULL << 32 | 1);

	truncate_inode_pages_range(mapping_of(f), 12 * PAGE_SIZE, 14 * PAGE_SIZE - 1);
	assert_true(in_cache(f, 11) && !in_cache(f, 12) && !in_cache(f, 13) && in_cache(f, 14));
	truncate_inode_pages_range(mapping_of(f), 12 * PAGE_SIZE + 8, 12 * PAGE_SIZE + 15); /* nothing there */
	assert_false(in_cache(f, 12));
}
MACHINE_TEST(holes, MACHINE)

/* Mapped pages leave all page tables, a program's private copy as well. */
static void truncated_under_mappings(void)
{
	struct test_file *f = cached_file();
	unsigned long shared = map_file(f, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);
	unsigned long private = map_file(f, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	put(private + 10 * PAGE_SIZE, 7);
	put(shared + 9 * PAGE_SIZE, 8);
	assert_int_equal(touch(shared + 10 * PAGE_SIZE, false), 0);
	f->inode.i_size = 9 * PAGE_SIZE;
	truncate_pagecache(&f->inode, 9 * PAGE_SIZE);
	assert_true(pte_none(entry_of(private + 10 * PAGE_SIZE)) && pte_none(entry_of(shared + 9 * PAGE_SIZE)));
	assert_int_equal(touch(private + 10 * PAGE_SIZE, false), SIGBUS);
	assert_int_equal(touch(shared + 9 * PAGE_SIZE, true), SIGBUS);
	assert_int_equal(get(shared + 8 * PAGE_SIZE), 8ULL << 32);
}
MACHINE_TEST(truncated_under_mappings, MACHINE)

/* A page that was mapped again between the two halves of a truncation is unmapped with its own. */
static void mapped_again_while_truncated(void)
{
	struct test_file *f = cached_file();
	unsigned long va = map_file(f, PAGES, PROT_READ, MAP_SHARED);

	assert_int_equal(touch(va + 3 * PAGE_SIZE, false), 0);
	truncate_inode_pages(mapping_of(f), 0); /* the first half, unmap_mapping_range, has not been */
	assert_true(pte_none(entry_of(va + 3 * PAGE_SIZE)));
	assert_int_equal(mapping_of(f)->nrpages, 0);
	assert_int_equal(get(va + 3 * PAGE_SIZE), 3ULL << 32);
}
MACHINE_TEST(mapped_again_while_truncated, MACHINE)

/* ---- Invalidation ---- */

static int releases;

static int never_released(struct page *page, gfp_t gfp)
{
	(void)page;
	(void)gfp;
	releases++;
	return 0;
}

static void only_idle_pages_are_invalidated(void)
{
	static struct address_space_operations aops;
	struct test_file *f = cached_file();
	unsigned long va = map_file(f, 1, PROT_READ, MAP_SHARED);
	struct page *page;

	assert_int_equal(touch(va, false), 0); /* page 0 is mapped */
	dirty(f, 1);
	page = find_get_page(mapping_of(f), 2); /* somebody else has it */
	lru_add_drain();
	assert_int_equal(invalidate_mapping_pages(mapping_of(f), 0, 9), 7);
	assert_true(in_cache(f, 0) && in_cache(f, 1) && in_cache(f, 2) && !in_cache(f, 3) && in_cache(f, 10));
	lock_page(page);
	unlock_page(page);
	put_page(page);
	assert_int_equal(invalidate_mapping_pages(mapping_of(f), 2, 2), 1);
	page = locked_page(f, 10);
	assert_int_equal(invalidate_mapping_pages(mapping_of(f), 10, 10), 0);
	unlock_page(page);
	put_page(page);
	/* what a file system keeps of a page can keep the page */
	aops = disk_aops;
	aops.releasepage = never_released;
	mapping_of(f)->a_ops = &aops;
	page = locked_page(f, 11);
	SetPagePrivate(page);
	assert_false(invalidate_inode_page(page));
	assert_int_equal(releases, 1);
	truncate_inode_pages_range(mapping_of(f), 12 * PAGE_SIZE, 13 * PAGE_SIZE - 1);
	assert_int_equal(releases, 1); /* has nothing */
	ClearPagePrivate(page);
	assert_true(invalidate_inode_page(page));
	unlock_page(page);
	put_page(page);
	assert_false(in_cache(f, 11));
}
MACHINE_TEST(only_idle_pages_are_invalidated, MACHINE)

/* ---- Written and waited for ---- */

static void ranges_are_written(void)
{
	struct test_file *f = cached_file();
	struct writeback_control wbc = { .nr_to_write = 2, .range_end = LLONG_MAX };

	for (unsigned long i = 0; i < 8; i++)
		dirty(f, i);
	assert_int_equal(filemap_write_and_wait_range(mapping_of(f), 2 * PAGE_SIZE, 4 * PAGE_SIZE - 1), 0);
	assert_int_equal(f->writes, 2);
	assert_int_equal(on_disk(f, 1, 0), 1ULL << 32);
	assert_int_equal(on_disk(f, 3, 0), 0xd1d1);
	assert_int_equal(on_disk(f, 4, 0), 4ULL << 32);
	assert_int_equal(write_cache_pages(mapping_of(f), &wbc), 0);
	assert_int_equal(wbc.nr_to_write, 0);
	assert_int_equal(f->writes, 4);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_int_equal(f->writes, 8);
	assert_int_equal(exact_state(NR_WRITEBACK), 0);
}
MACHINE_TEST(ranges_are_written, MACHINE)

/* A failed write is told once, to whoever asks next. */
static void write_errors_are_told_once(void)
{
	struct test_file *f = cached_file();

	dirty(f, 3);
	f->disk->bad_write = 3 * PAGE_SECTORS;
	f->disk->bad_write_end = 4 * PAGE_SECTORS;
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), -EIO);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	f->disk->bad_write_end = 0;
	dirty(f, 4);
	f->refuse = -ENOSPC;
	assert_int_equal(filemap_fdatawrite(mapping_of(f)), -ENOSPC);
	assert_int_equal(filemap_fdatawait(mapping_of(f)), -ENOSPC);
	assert_int_equal(filemap_fdatawait(mapping_of(f)), 0);
	f->refuse = 0;
	dirty(f, 5);
	f->disk->bad_write = 5 * PAGE_SECTORS;
	f->disk->bad_write_end = 6 * PAGE_SECTORS;
	assert_int_equal(filemap_fdatawrite(mapping_of(f)), 0);
	host_sleep(2); /* the write has ended; its error waits in the mapping */
	assert_int_equal(filemap_fdatawait(mapping_of(f)), -EIO);
}
MACHINE_TEST(write_errors_are_told_once, MACHINE)

/* Dirty again while it is being written: fsync writes the new contents too, a passer-by does not wait. */
static void dirty_again_under_writeback(void)
{
	struct test_file *f = cached_file();
	struct writeback_control passer_by = { .nr_to_write = 100, .range_end = LLONG_MAX };
	u64 word = 0xeeee;

	f->disk->latency_ns = 50000000;
	dirty(f, 6);
	assert_int_equal(filemap_fdatawrite(mapping_of(f)), 0);
	assert_int_equal(exact_state(NR_WRITEBACK), 1);
	assert_int_equal(file_put(f, &word, 8, 6 * PAGE_SIZE), 8);
	assert_int_equal(write_cache_pages(mapping_of(f), &passer_by), 0);
	assert_int_equal(f->writes, 1);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_int_equal(f->writes, 2);
	assert_int_equal(on_disk(f, 6, 0), 0xeeee);
	assert_int_equal(exact_state(NR_FILE_DIRTY) + exact_state(NR_WRITEBACK), 0);
}
MACHINE_TEST(dirty_again_under_writeback, MACHINE)

/*
 * A munmap on another CPU has taken the entry and uncounted the mapping; its flush comes with the interrupt of a disk.
 * Until then it holds the lock of the page table, and write-back has to wait for that.
 */
static spinlock_t *held;

static void flushed(struct bio *bio, int error)
{
	assert_int_equal(error, 0);
	raw_unlock(&held->raw);
	held = NULL;
	put_page(bio->bi_private);
}

static void write_back_waits_for_munmap(void)
{
	struct test_file *f = cached_file();
	unsigned long va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	static struct bio bio;
	struct bio_vec vec;
	struct page *page;
	pmd_t *pmd;
	pte_t *pte;

	put(va + 2 * PAGE_SIZE, 5);
	page = page_at(va + 2 * PAGE_SIZE);
	bio_init(&bio, &vec, 1);
	bio.bi_bdev = &f->disk->bdev;
	bio.bi_end_io = flushed;
	bio.bi_private = alloc_page(GFP_KERNEL);
	bio_add_page(&bio, bio.bi_private, PAGE_SIZE, 0);
	f->disk->latency_ns = 5000000;
	lock_page(page);
	pte = mm_find_pte(current->mm, va + 2 * PAGE_SIZE, &pmd);
	held = pte_lockptr(current->mm, pmd);
	submit_bio(&bio);
	assert_true(raw_trylock(&held->raw));
	ptep_get_and_clear(current->mm, va + 2 * PAGE_SIZE, pte);
	page_remove_rmap(page);
	dec_mm_counter(current->mm, MM_FILEPAGES);
	assert_true(clear_page_dirty_for_io(page));
	assert_null(held);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page); /* the entry's */
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_int_equal(on_disk(f, 2, 0), 5);
}
MACHINE_TEST(write_back_waits_for_munmap, MACHINE)

static int syncs;
static loff_t synced_from, synced_to;

static int sync_op(struct file *file, loff_t start, loff_t end, bool datasync)
{
	assert_true(datasync);
	syncs++;
	synced_from = start;
	synced_to = end;
	return start ? filemap_write_and_wait_range(file->f_mapping, start, end) : -EIO;
}

static void msync_asks_the_file(void)
{
	static struct file_operations fops;
	struct test_file *f = cached_file();
	unsigned long va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_SHARED);

	fops = host_file_fops;
	fops.fsync = sync_op;
	f->file.f_op = &fops;
	put(va + 2 * PAGE_SIZE, 5);
	assert_int_equal(do_msync(va + 2 * PAGE_SIZE, PAGE_SIZE + 1, MS_SYNC), 0);
	assert_int_equal(synced_from, 2 * PAGE_SIZE);
	assert_int_equal(synced_to, 4 * PAGE_SIZE - 1);
	assert_int_equal(on_disk(f, 2, 0), 5);
	assert_int_equal(do_msync(va, 8 * PAGE_SIZE, MS_SYNC), -EIO);
	assert_int_equal(do_msync(va, 8 * PAGE_SIZE, MS_ASYNC), 0);
	assert_int_equal(syncs, 2);

	assert_int_equal(do_msync(va + 1, PAGE_SIZE, MS_SYNC), -EINVAL);
	assert_int_equal(do_msync(va, PAGE_SIZE, MS_SYNC | MS_ASYNC), -EINVAL);
	assert_int_equal(do_msync(va, ~0UL - PAGE_SIZE, MS_ASYNC), -ENOMEM);
	assert_int_equal(do_msync(va, 0, MS_SYNC), 0);
	assert_int_equal(vm_munmap(va + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(do_msync(va + PAGE_SIZE, 7 * PAGE_SIZE, MS_SYNC), -ENOMEM);
	assert_int_equal(syncs, 4); /* both sides of the hole all the same */
	assert_int_equal(do_mlock(va, PAGE_SIZE, 0), 0);
	assert_int_equal(do_msync(va, PAGE_SIZE, MS_INVALIDATE), -EBUSY);
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	assert_int_equal(do_msync(va, PAGE_SIZE, MS_SYNC), -ENOMEM);
}
MACHINE_TEST(msync_asks_the_file, MACHINE)

/* ---- mincore ---- */

static void assert_core(unsigned long va, const char *expected)
{
	unsigned long vec = map_anon(PAGE_SIZE);
	size_t n = strlen(expected);

	assert_int_equal(do_mincore(va, n * PAGE_SIZE, (unsigned char *)vec), 0);
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = 2;

		assert_int_equal(host_read(current->mm, vec + i, &byte, 1), 0);
		if (byte != expected[i] - '0')
			fail_msg("page %zu: %u, not %c", i, byte, expected[i]);
	}
	assert_int_equal(vm_munmap(vec, PAGE_SIZE), 0);
}

static void mincore_of_files(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	unsigned long va = map_file(f, PAGES, PROT_READ, MAP_SHARED);
	struct page *page;

	assert_core(va, "000");
	file_word(f, 0); /* reads 0..3; nothing is mapped */
	assert_core(va, "111100");
	lru_add_drain();
	assert_int_equal(invalidate_mapping_pages(mapping_of(f), 3, 3), 1);
	assert_int_equal(touch(va, false), 0);
	page = locked_page(f, 5); /* there, but not yet what the file has */
	assert_core(va, "111000");
	unlock_page(page);
	put_page(page);
}
MACHINE_TEST(mincore_of_files, MACHINE)

static void mincore_of_memory(void)
{
	unsigned long va = map_anon(600 * PAGE_SIZE), vec = map_anon(PAGE_SIZE);
	struct page *page;

	swap_on("swap0", 64);
	assert_core(va, "000");
	put(va, 1);
	put(va + PAGE_SIZE, 2);
	put(va + 2 * PAGE_SIZE, 3);
	push_out(va + PAGE_SIZE);
	assert_core(va, "1010");
	page = start_out(va + 2 * PAGE_SIZE); /* in the swap cache still */
	assert_core(va, "1010");
	finish_out(page);
	assert_core(va, "1000");

	assert_int_equal(do_mincore(va, 600 * PAGE_SIZE, (unsigned char *)vec), 0); /* more than one go */
	assert_int_equal(get(vec), 1);
	assert_int_equal(do_mincore(va + 1, PAGE_SIZE, (unsigned char *)vec), -EINVAL);
	assert_int_equal(do_mincore(va, ~0UL, (unsigned char *)vec), -ENOMEM);
	assert_int_equal(vm_munmap(va + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(do_mincore(va, PAGE_SIZE, (unsigned char *)va + PAGE_SIZE), -EFAULT);
	assert_int_equal(do_mincore(va, 3 * PAGE_SIZE, (unsigned char *)vec), -ENOMEM);
}
MACHINE_TEST(mincore_of_memory, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(truncated_in_a_page),
		machine_unit_test(holes),
		machine_unit_test(truncated_under_mappings),
		machine_unit_test(mapped_again_while_truncated),
		machine_unit_test(only_idle_pages_are_invalidated),
		machine_unit_test(ranges_are_written),
		machine_unit_test(write_errors_are_told_once),
		machine_unit_test(dirty_again_under_writeback),
		machine_unit_test(write_back_waits_for_munmap),
		machine_unit_test(msync_asks_the_file),
		machine_unit_test(mincore_of_files),
		machine_unit_test(mincore_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
