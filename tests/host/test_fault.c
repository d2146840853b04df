/* SPDX-License-Identifier: MIT */
/* Page faults on the whole machine: demand zero, copy on write, rights, break and stack, files. */
#include "tests/host/machine_fixture.h"

#include "mm/kmap.h"
#include "tests/host/host_file.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static void demand_zero(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	assert_true(pte_none(entry_of(va)));
	assert_int_equal(touch(va, false), 0);
	assert_true(pte_special(entry_of(va)));
	assert_int_equal(pte_pfn(entry_of(va)), page_to_pfn(zero_page));
	assert_int_equal(get_mm_rss(current->mm), 0);
	assert_int_equal(get(va), 0);
	put(va, 42);
	assert_int_equal(get(va), 42);
	assert_int_equal(get(va + 8), 0);
	assert_int_equal(get_mm_rss(current->mm), 1);
	assert_true(pte_dirty(entry_of(va)) && pte_young(entry_of(va)));
	assert_int_equal(get(va + PAGE_SIZE), 0);
}
MACHINE_TEST(demand_zero, MACHINE)

/* Pages of programs come from HighMem first, and nothing of the last user's is left in them. */
static void highmem_first_and_clean(void)
{
	unsigned long va = map_anon(64 * PAGE_SIZE);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 64; i++) {
			for (int at = 0; at < (int)PAGE_SIZE; at += 512)
				assert_int_equal(get(va + i * PAGE_SIZE + at), 0);
			for (int at = 0; at < (int)PAGE_SIZE; at += 512)
				put(va + i * PAGE_SIZE + at, ~0ULL);
			assert_true(PageHighMem(page_at(va + i * PAGE_SIZE)));
		}
		assert_int_equal(do_madvise(va, 64 * PAGE_SIZE, MADV_DONTNEED), 0);
	}
}
MACHINE_TEST(highmem_first_and_clean, MACHINE)

static void copy_on_write(void)
{
	struct mm_struct *parent = current->mm, *child;
	unsigned long va = map_anon(4 * PAGE_SIZE), frame;

	for (int i = 0; i < 4; i++)
		put(va + i * PAGE_SIZE, 10 + i);
	frame = pte_pfn(entry_of(va));
	child = dup_mm(parent);
	assert_non_null(child);
	assert_false(pte_write(entry_of(va)));
	put(va, 20); /* the parent's TLB was flushed: this is a fault and a copy */
	assert_int_not_equal(pte_pfn(entry_of(va)), frame);
	host_use_mm(child);
	assert_int_equal(pte_pfn(entry_of(va)), frame);
	for (int i = 0; i < 4; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 10 + i);
	put(va + PAGE_SIZE, 31);
	put(va, 30); /* the last user of the page keeps it */
	assert_int_equal(pte_pfn(entry_of(va)), frame);
	host_use_mm(parent);
	assert_int_equal(get(va), 20);
	assert_int_equal(get(va + PAGE_SIZE), 11);
	mmput(child);
	frame = pte_pfn(entry_of(va + 2 * PAGE_SIZE));
	put(va + 2 * PAGE_SIZE, 40);
	assert_int_equal(pte_pfn(entry_of(va + 2 * PAGE_SIZE)), frame);
	assert_int_equal(get_mm_rss(parent), 4);
}
MACHINE_TEST(copy_on_write, MACHINE)

/* What munmap took cannot be reached through an old TLB entry. */
static void munmap_is_the_end(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE), free;

	host_touch(current->mm, va, true); /* its tables stay */
	drain_all_pages();
	free = global_page_state(NR_FREE_PAGES);
	for (int i = 1; i < 7; i++)
		put(va + i * PAGE_SIZE, i);
	assert_int_equal(vm_munmap(va + PAGE_SIZE, 6 * PAGE_SIZE), 0);
	for (int i = 1; i < 7; i++) {
		assert_null(host_translate(current->mm, va + i * PAGE_SIZE, false));
		assert_int_equal(touch(va + i * PAGE_SIZE, false), SIGSEGV);
	}
	assert_int_equal(touch(va, true), 0);
	assert_int_equal(touch(va + 7 * PAGE_SIZE, true), 0);
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	lru_add_drain();
	drain_all_pages();
	assert_true(global_page_state(NR_FREE_PAGES) >= free);
}
MACHINE_TEST(munmap_is_the_end, MACHINE)

static void rights(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);

	put(va, 5);
	assert_int_equal(do_mprotect(va, PAGE_SIZE, PROT_READ), 0);
	assert_int_equal(touch(va, true), SIGSEGV);
	assert_int_equal(get(va), 5);
	assert_int_equal(do_mprotect(va, 2 * PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(touch(va, false), SIGSEGV);
	assert_int_equal(touch(va + PAGE_SIZE, false), SIGSEGV);
	assert_int_equal(do_mprotect(va, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(get(va), 5);
	put(va, 6);
	put(va + PAGE_SIZE, 7);
	assert_int_equal(get(va), 6);
	assert_int_equal(touch(0, false), SIGSEGV);
	assert_int_equal(touch(TASK_SIZE + PAGE_SIZE, true), SIGSEGV);
}
MACHINE_TEST(rights, MACHINE)

static void break_and_stack(void)
{
	unsigned long brk = 0x10000000, top = TASK_SIZE - PAGE_SIZE;

	current->mm->start_brk = current->mm->brk = brk;
	assert_int_equal(vm_brk(brk + 3 * PAGE_SIZE + 1), brk + 3 * PAGE_SIZE + 1);
	put(brk, 1);
	put(brk + 3 * PAGE_SIZE, 2);
	assert_int_equal(touch(brk + 4 * PAGE_SIZE, true), SIGSEGV);
	assert_int_equal(vm_brk(brk + PAGE_SIZE), brk + PAGE_SIZE);
	assert_int_equal(touch(brk + PAGE_SIZE, false), SIGSEGV);
	assert_int_equal(vm_brk(brk + 4 * PAGE_SIZE), brk + 4 * PAGE_SIZE);
	assert_int_equal(get(brk + 3 * PAGE_SIZE), 0);
	assert_int_equal(get(brk), 1);

	assert_int_equal(setup_stack_area(current->mm, top, false), 0);
	put(top - 8, 3);
	put(top - 20 * PAGE_SIZE, 4);
	assert_int_equal(get(top - 10 * PAGE_SIZE), 0);
	assert_int_equal(get(top - 8), 3);
}
MACHINE_TEST(break_and_stack, MACHINE)

/* ---- A file that lives in an array ---- */

#define FILE_PAGES 16

static u64 store[FILE_PAGES][PAGE_SIZE / 8];
static int nr_writes;

static int file_readpage(struct file *file, struct page *page)
{
	void *to = kmap_atomic(page);

	memcpy(to, store[page->index], PAGE_SIZE);
	kunmap_atomic(to);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static int file_writepage(struct page *page, struct writeback_control *wbc)
{
	void *from = kmap_atomic(page);

	memcpy(store[page->index], from, PAGE_SIZE);
	kunmap_atomic(from);
	nr_writes++;
	set_page_writeback(page);
	unlock_page(page);
	end_page_writeback(page);
	return 0;
}

static const struct address_space_operations file_aops = {
	.readpage = file_readpage,
	.writepage = file_writepage,
	.set_page_dirty = set_page_dirty_tagged,
};

static struct file *make_file(void)
{
	static struct inode inode;
	static struct file file;

	host_file_init(&inode, &file, FILE_PAGES * PAGE_SIZE - 100, &file_aops);
	for (u64 i = 0; i < FILE_PAGES; i++)
		for (u64 j = 0; j < PAGE_SIZE / 8; j++)
			store[i][j] = i << 32 | j;
	return &file;
}

static unsigned long map_file(struct file *file, unsigned long flags)
{
	unsigned long va = vm_mmap(file, 0, (FILE_PAGES + 1) * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, 0);

	assert_false(IS_ERR_VALUE(va));
	return va;
}

static void file_mapping(void)
{
	struct file *file = make_file();
	unsigned long shared = map_file(file, MAP_SHARED), private = map_file(file, MAP_PRIVATE);

	for (u64 i = 0; i < FILE_PAGES - 1; i++)
		assert_int_equal(get(shared + i * PAGE_SIZE + 8), i << 32 | 1);
	assert_int_equal(touch(shared + FILE_PAGES * PAGE_SIZE, false), SIGBUS);
	put(private, 99);
	assert_int_equal(get(shared), 0);
	put(shared + PAGE_SIZE, 77);
	assert_int_equal(get(private + PAGE_SIZE), 77);
	assert_int_equal(store[1][0], 1ULL << 32);

	assert_int_equal(do_msync(shared, FILE_PAGES * PAGE_SIZE, MS_SYNC), 0);
	assert_int_equal(store[1][0], 77);
	assert_int_equal(nr_writes, 1);
	put(shared + PAGE_SIZE, 78); /* clean again, so this write must be noticed */
	assert_int_equal(do_msync(shared, FILE_PAGES * PAGE_SIZE, MS_SYNC), 0);
	assert_int_equal(store[1][0], 78);
	assert_int_equal(nr_writes, 2);
	assert_int_equal(store[0][0], 0);

	file->f_inode->i_size = 2 * PAGE_SIZE;
	truncate_pagecache(file->f_inode, 2 * PAGE_SIZE);
	assert_int_equal(touch(shared + 2 * PAGE_SIZE, false), SIGBUS);
	assert_int_equal(get(shared + PAGE_SIZE), 78);
	assert_int_equal(get(private), 99);
	assert_int_equal(vm_munmap(shared, (FILE_PAGES + 1) * PAGE_SIZE), 0);
	assert_int_equal(vm_munmap(private, (FILE_PAGES + 1) * PAGE_SIZE), 0);
	truncate_inode_pages(file->f_mapping, 0);
	assert_int_equal(file->f_mapping->nrpages, 0);
}
MACHINE_TEST(file_mapping, MACHINE)

/* Reclaim takes clean file pages, and writes dirty ones first. */
static void file_pages_are_reclaimed(void)
{
	struct file *file = make_file();
	unsigned long va = map_file(file, MAP_SHARED), anon;

	for (u64 i = 0; i < FILE_PAGES; i += 2)
		put(va + i * PAGE_SIZE, 1000 + i);
	swap_on("swap0", 16384);
	anon = map_anon(12000 * PAGE_SIZE);
	for (u64 i = 0; i < 12000; i++)
		assert_int_equal(touch(anon + i * PAGE_SIZE, true), 0);
	assert_true(nr_writes > 0);
	assert_true(file->f_mapping->nrpages < FILE_PAGES);
	for (u64 i = 0; i < FILE_PAGES; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i % 2 ? i << 32 : 1000 + i);
}
MACHINE_TEST(file_pages_are_reclaimed, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(demand_zero),
		machine_unit_test(highmem_first_and_clean),
		machine_unit_test(copy_on_write),
		machine_unit_test(munmap_is_the_end),
		machine_unit_test(rights),
		machine_unit_test(break_and_stack),
		machine_unit_test(file_mapping),
		machine_unit_test(file_pages_are_reclaimed),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
