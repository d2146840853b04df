/* SPDX-License-Identifier: MIT */
/* madvise: what each piece of advice does to areas, to pages, and at the next fork. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static unsigned long flags_at(unsigned long va)
{
	struct vm_area_struct *vma = find_vma(current->mm, va);

	assert_true(vma && vma->vm_start <= va);
	return vma->vm_flags;
}

#define advise(page, nr, advice) do_madvise(va + (page) * PAGE_SIZE, (nr) * PAGE_SIZE, advice)

/* ---- Areas ---- */

static void flags_of_areas(void)
{
	static const struct {
		int advice;
		unsigned long set, clear;
	} steps[] = {
		{ MADV_SEQUENTIAL, VM_SEQ_READ, VM_RAND_READ }, { MADV_RANDOM, VM_RAND_READ, VM_SEQ_READ },
		{ MADV_NORMAL, 0, VM_SEQ_READ | VM_RAND_READ }, { MADV_DONTFORK, VM_DONTCOPY, 0 },
		{ MADV_DOFORK, 0, VM_DONTCOPY }, { MADV_WIPEONFORK, VM_WIPEONFORK, 0 },
		{ MADV_KEEPONFORK, 0, VM_WIPEONFORK }, { MADV_DONTDUMP, VM_DONTDUMP, 0 },
		{ MADV_DODUMP, 0, VM_DONTDUMP },
	};
	unsigned long va = map_anon(8 * PAGE_SIZE), before = flags_at(va);
	int areas = current->mm->map_count;

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(advise(2, 3, steps[i].advice), 0);
		assert_int_equal(flags_at(va + 3 * PAGE_SIZE) & (steps[i].set | steps[i].clear), steps[i].set);
		assert_int_equal(flags_at(va + PAGE_SIZE), before);
		assert_int_equal(flags_at(va + 5 * PAGE_SIZE), before);
		assert_int_equal(current->mm->map_count, flags_at(va + 3 * PAGE_SIZE) == before ? areas : areas + 2);
		assert_int_equal(advise(2, 3, steps[i].advice), 0); /* twice is once */
	}
}
MACHINE_TEST(flags_of_areas, MACHINE)

static void children_get_what_was_advised(void)
{
	struct mm_struct *parent = current->mm, *child;
	unsigned long va = map_anon(4 * PAGE_SIZE), total = parent->total_vm;

	for (int i = 0; i < 4; i++)
		put(va + i * PAGE_SIZE, 10 + i);
	assert_int_equal(advise(1, 1, MADV_DONTFORK), 0);
	assert_int_equal(advise(2, 1, MADV_WIPEONFORK), 0);
	child = dup_mm(parent);
	assert_non_null(child);
	assert_int_equal(child->total_vm, total - 1);
	host_use_mm(child);
	assert_int_equal(get(va), 10);
	assert_int_equal(touch(va + PAGE_SIZE, false), SIGSEGV);
	assert_int_equal(get(va + 2 * PAGE_SIZE), 0);
	put(va + 2 * PAGE_SIZE, 5);
	host_use_mm(parent);
	assert_int_equal(get(va + 2 * PAGE_SIZE), 12);
	assert_int_equal(get(va + PAGE_SIZE), 11);
	mmput(child);
}
MACHINE_TEST(children_get_what_was_advised, MACHINE)

static int map_device(struct file *file, struct vm_area_struct *vma)
{
	static const struct vm_operations_struct none;

	(void)file;
	vma->vm_flags |= VM_IO | VM_DONTEXPAND | VM_DONTCOPY;
	vma->vm_ops = &none;
	return vm_insert_pfn(vma, vma->vm_start, 1);
}

static void devices_and_files_refuse(void)
{
	static const struct file_operations device_fops = { .mmap = map_device };
	struct test_file *f = disk_file("vda", 8 * PAGE_SIZE), *device = memory_file(0);
	unsigned long va = map_file(f, 4, PROT_READ | PROT_WRITE, MAP_SHARED);

	assert_int_equal(advise(0, 4, MADV_WIPEONFORK), -EINVAL);
	assert_int_equal(advise(0, 4, MADV_FREE), -EINVAL);
	va = map_file(f, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	assert_int_equal(advise(0, 4, MADV_FREE), -EINVAL);
	device->file.f_op = &device_fops;
	va = map_file(device, 1, PROT_READ, MAP_SHARED);
	assert_true(pte_present(entry_of(va)) && pte_special(entry_of(va)));
	assert_int_equal(vm_insert_pfn(find_vma(current->mm, va), va, 2), -EBUSY);
	assert_int_equal(advise(0, 1, MADV_DOFORK), -EINVAL);
	assert_int_equal(advise(0, 1, MADV_DONTNEED), -EINVAL);
	assert_int_equal(advise(0, 1, MADV_COLD), -EINVAL);
	assert_int_equal(advise(0, 1, MADV_POPULATE_READ), -EFAULT);
}
MACHINE_TEST(devices_and_files_refuse, MACHINE)

static void bad_requests(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	assert_int_equal(advise(0, 1, 5), -EINVAL);
	assert_int_equal(advise(0, 1, 26), -EINVAL);
	assert_int_equal(do_madvise(va + 1, PAGE_SIZE, MADV_NORMAL), -EINVAL);
	assert_int_equal(do_madvise(va, -2 * PAGE_SIZE, MADV_NORMAL), -EINVAL);
	assert_int_equal(do_madvise(va, ~0UL, MADV_NORMAL), -EINVAL);
	assert_int_equal(do_madvise(va, 0, MADV_DONTNEED), 0);
	assert_int_equal(advise(0, 8, MADV_HUGEPAGE), 0);
	assert_int_equal(advise(0, 8, MADV_MERGEABLE), 0);
	assert_int_equal(vm_munmap(va + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	put(va + 5 * PAGE_SIZE, 1);
	assert_int_equal(advise(0, 8, MADV_DONTNEED), -ENOMEM);
	assert_int_equal(get(va + 5 * PAGE_SIZE), 0); /* behind the hole all the same */
	assert_int_equal(advise(0, 8, MADV_RANDOM), -ENOMEM);
	assert_true(flags_at(va + 7 * PAGE_SIZE) & VM_RAND_READ);
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	assert_int_equal(advise(0, 8, MADV_RANDOM), -ENOMEM);
}
MACHINE_TEST(bad_requests, MACHINE)

/* ---- Pages ---- */

static void dropped_pages(void)
{
	struct test_file *f = disk_file("vda", 8 * PAGE_SIZE);
	unsigned long va = map_file(f, 4, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	put(va + PAGE_SIZE, 99);
	assert_int_equal(advise(0, 4, MADV_DONTNEED), 0);
	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32); /* the file again */
	va = map_anon(4 * PAGE_SIZE);
	put(va, 1);
	assert_int_equal(advise(0, 4, MADV_FREE), 0);
	assert_int_equal(get(va), 0);
	assert_int_equal(do_mlock(va, PAGE_SIZE, 0), 0);
	assert_int_equal(advise(0, 1, MADV_DONTNEED), -EINVAL);
	assert_int_equal(advise(0, 1, MADV_COLD), -EINVAL);
	assert_int_equal(advise(0, 1, MADV_REMOVE), -EINVAL);
}
MACHINE_TEST(dropped_pages, MACHINE)

static void wanted_pages(void)
{
	struct test_file *f = disk_file("vda", 64 * PAGE_SIZE);
	unsigned long va = map_file(f, 64, PROT_READ, MAP_SHARED);
	swp_entry_t slots[2];
	struct page *page;

	assert_int_equal(advise(10, 20, MADV_WILLNEED), 0);
	assert_true(!in_cache(f, 9) && in_cache(f, 10) && in_cache(f, 29) && !in_cache(f, 30));
	assert_true(pte_none(entry_of(va + 10 * PAGE_SIZE)));

	swap_on("swap0", 64);
	va = map_anon(8 * PAGE_SIZE);
	for (int i = 0; i < 2; i++) {
		put(va + 4 * i * PAGE_SIZE, 70 + i);
		push_out(va + 4 * i * PAGE_SIZE);
		slots[i] = pte_to_swp_entry(entry_of(va + 4 * i * PAGE_SIZE));
		assert_null(swap_cache_find(slots[i]));
	}
	put(va + PAGE_SIZE, 3);
	assert_int_equal(advise(0, 8, MADV_WILLNEED), 0);
	host_sleep(2);
	for (int i = 0; i < 2; i++) {
		page = swap_cache_find(slots[i]);
		assert_true(page && PageUptodate(page));
		put_page(page);
		assert_true(is_swap_pte(entry_of(va + 4 * i * PAGE_SIZE))); /* not mapped for it */
		assert_int_equal(get(va + 4 * i * PAGE_SIZE), 70 + i);
	}
}
MACHINE_TEST(wanted_pages, MACHINE)

static void cold_pages(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	for (int i = 0; i < 4; i++)
		put(va + i * PAGE_SIZE, i);
	lru_add_drain();
	mark_page_accessed(page_at(va));
	assert_true(PageReferenced(page_at(va)));
	assert_int_equal(advise(0, 2, MADV_COLD), 0);
	assert_int_equal(advise(2, 1, MADV_PAGEOUT), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(!!pte_young(entry_of(va + i * PAGE_SIZE)), i == 3);
	assert_false(PageReferenced(page_at(va)));
	assert_int_equal(get(va + PAGE_SIZE), 1); /* the TLB has been told: the bit is set again */
	assert_true(pte_young(entry_of(va + PAGE_SIZE)));
}
MACHINE_TEST(cold_pages, MACHINE)

static void populated_pages(void)
{
	unsigned long va = map_anon(8 * PAGE_SIZE);

	assert_int_equal(advise(0, 3, MADV_POPULATE_READ), 0);
	assert_true(pte_special(entry_of(va)) && pte_none(entry_of(va + 3 * PAGE_SIZE)));
	assert_int_equal(get_mm_rss(current->mm), 0);
	assert_int_equal(advise(1, 4, MADV_POPULATE_WRITE), 0);
	assert_int_equal(get_mm_rss(current->mm), 4);
	assert_true(pte_special(entry_of(va)) && pte_write(entry_of(va + 4 * PAGE_SIZE)));
	assert_int_equal(do_mprotect(va + 6 * PAGE_SIZE, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(advise(5, 3, MADV_POPULATE_WRITE), -EFAULT);
	assert_int_equal(get_mm_rss(current->mm), 5);
}
MACHINE_TEST(populated_pages, MACHINE)

static int punched_mode;

static long punch(struct file *file, int mode, loff_t offset, loff_t len)
{
	punched_mode = mode;
	unmap_mapping_range(file->f_mapping, (unsigned long)(offset >> PAGE_SHIFT),
			    (unsigned long)((offset + len) >> PAGE_SHIFT) - 1, true);
	truncate_inode_pages_range(file->f_mapping, offset, offset + len - 1);
	return 0;
}

static void removed_pages(void)
{
	static struct file_operations fops;
	struct test_file *f = memory_file(8 * PAGE_SIZE);
	unsigned long va, private;

	va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	put(va + 2 * PAGE_SIZE, 2);
	put(va + 3 * PAGE_SIZE, 3);
	assert_int_equal(advise(0, 8, MADV_REMOVE), -EINVAL); /* such a file has no holes */
	fops = host_file_fops;
	fops.fallocate = punch;
	f->file.f_op = &fops;
	assert_int_equal(advise(2, 1, MADV_REMOVE), 0);
	assert_int_equal(punched_mode, 3); /* a hole, and the size stays */
	assert_int_equal(get(va + 2 * PAGE_SIZE), 0);
	assert_int_equal(get(va + 3 * PAGE_SIZE), 3);
	private = va;
	va = map_file(f, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	assert_int_equal(advise(3, 1, MADV_REMOVE), -EACCES);
	va = map_anon(PAGE_SIZE);
	assert_int_equal(advise(0, 1, MADV_REMOVE), -EINVAL);
	assert_int_equal(get(private + 3 * PAGE_SIZE), 3);
}
MACHINE_TEST(removed_pages, MACHINE)

/* A fault reads around itself, on and on, or one page, as the program has said it will read. */
static void faults_follow_the_advice(void)
{
	struct test_file *f = disk_file("vda", 128 * PAGE_SIZE);
	unsigned long va = map_file(f, 128, PROT_READ, MAP_SHARED);

	assert_int_equal(get(va + 20 * PAGE_SIZE), 20ULL << 32);
	/* 16 pages before, 15 behind */
	assert_true(in_cache(f, 4) && in_cache(f, 35) && !in_cache(f, 3) && !in_cache(f, 36));
	assert_int_equal(advise(0, 128, MADV_RANDOM), 0);
	assert_int_equal(get(va + 40 * PAGE_SIZE), 40ULL << 32);
	assert_true(in_cache(f, 40) && !in_cache(f, 39) && !in_cache(f, 41));
	assert_int_equal(advise(0, 128, MADV_SEQUENTIAL), 0);
	assert_int_equal(get(va), 0);
	assert_true(in_cache(f, 15));
	for (unsigned long i = 1; i < 128; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), i << 32);
	assert_int_equal(mapping_of(f)->nrpages, 128);
	assert_true(current->maj_flt < 30); /* the marks fetched the rest before it was wanted */
}
MACHINE_TEST(faults_follow_the_advice, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(flags_of_areas),
		machine_unit_test(children_get_what_was_advised),
		machine_unit_test(devices_and_files_refuse),
		machine_unit_test(bad_requests),
		machine_unit_test(dropped_pages),
		machine_unit_test(wanted_pages),
		machine_unit_test(cold_pages),
		machine_unit_test(populated_pages),
		machine_unit_test(removed_pages),
		machine_unit_test(faults_follow_the_advice),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
