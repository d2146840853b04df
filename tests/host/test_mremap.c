/* SPDX-License-Identifier: MIT */
/* mremap and mmap: where areas go, what goes with them, and what is refused. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "mm/vma.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define GIB	(1UL << 30)
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

#define remap(va, from, to, flags, at) do_mremap(va, (from) * PAGE_SIZE, (to) * PAGE_SIZE, flags, at)

static unsigned long map_at(unsigned long va, unsigned long pages)
{
	assert_int_equal(vm_mmap(NULL, va, pages * PAGE_SIZE, RW, ANON | MAP_FIXED, 0), va);
	return va;
}

static void number_pages(unsigned long va, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		put(va + i * PAGE_SIZE, 100 + i);
}

static void assert_numbered(unsigned long va, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), 100 + i);
}

/* ---- mremap ---- */

static void shrunk_and_grown_in_place(void)
{
	unsigned long va = map_at(GIB, 8);
	long promised = atomic_long_read(&vm_committed_as);

	number_pages(va, 8);
	assert_int_equal(remap(va, 8, 8, 0, 0), va);
	assert_int_equal(remap(va, 8, 3, 0, 0), va);
	assert_int_equal(touch(va + 3 * PAGE_SIZE, false), SIGSEGV);
	assert_int_equal(atomic_long_read(&vm_committed_as), promised - 5);
	assert_int_equal(remap(va, 3, 6, 0, 0), va);
	assert_numbered(va, 3);
	assert_int_equal(get(va + 5 * PAGE_SIZE), 0);
	assert_int_equal(atomic_long_read(&vm_committed_as), promised - 2);
	map_at(GIB + 7 * PAGE_SIZE, 1);
	assert_int_equal(remap(va, 6, 7, 0, 0), va); /* up to the neighbour, which it joins */
	assert_int_equal(find_vma(current->mm, va)->vm_end, GIB + 8 * PAGE_SIZE);
	assert_int_equal(remap(va, 9, 9, 0, 0), -EFAULT);
	assert_int_equal(remap(va - PAGE_SIZE, 1, 1, 0, 0), -EFAULT);
	assert_int_equal(remap(va - PAGE_SIZE, 2, 4, 0, 0), -EFAULT);
}
MACHINE_TEST(shrunk_and_grown_in_place, MACHINE)

/* The entries change place; nothing is copied, and no old translation is left. */
static void moved_when_in_the_way(void)
{
	unsigned long va = map_at(GIB, 4), to, frame;

	vm_mmap(NULL, GIB + 4 * PAGE_SIZE, PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, 0);
	number_pages(va, 3);
	frame = pte_pfn(entry_of(va + PAGE_SIZE));
	assert_int_equal(remap(va, 4, 6, 0, 0), -ENOMEM);
	to = remap(va, 4, 6, MREMAP_MAYMOVE, 0);
	assert_false(IS_ERR_VALUE(to));
	assert_int_not_equal(to, va);
	assert_int_equal(pte_pfn(entry_of(to + PAGE_SIZE)), frame);
	assert_null(host_translate(current->mm, va + PAGE_SIZE, false));
	assert_int_equal(touch(va, false), SIGSEGV);
	assert_numbered(to, 3);
	assert_int_equal(get(to + 5 * PAGE_SIZE), 0);
	assert_int_equal(get_mm_rss(current->mm), 3);
}
MACHINE_TEST(moved_when_in_the_way, MACHINE)

/* Over page tables: some of the old are missing, the new begin elsewhere in theirs; reclaim finds the pages there. */
static void moved_over_tables(void)
{
	unsigned long va = map_at(GIB, 2048), to = 3 * GIB + 100 * PAGE_SIZE;

	swap_on("swap0", 64);
	for (unsigned long i = 0; i < 2048; i += 511)
		if (i / 512 != 1)
			put(va + i * PAGE_SIZE, 100 + i);
	assert_int_equal(remap(va, 2048, 2048, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	for (unsigned long i = 0; i < 2048; i += 511)
		assert_int_equal(get(to + i * PAGE_SIZE), i / 512 != 1 ? 100 + i : 0);
	push_out(to + 2044 * PAGE_SIZE);
	assert_int_equal(get(to + 2044 * PAGE_SIZE), 100 + 2044);
	assert_int_equal(touch(va, false), SIGSEGV);
}
MACHINE_TEST(moved_over_tables, MACHINE)

static void to_a_given_place(void)
{
	unsigned long va = map_at(GIB, 8), to = 2 * GIB;
	int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;

	number_pages(va, 8);
	map_at(to, 16);
	put(to, 5);
	assert_int_equal(remap(va, 8, 4, fixed, to), to); /* what was there goes; the tail goes too */
	assert_numbered(to, 4);
	assert_int_equal(touch(va + 5 * PAGE_SIZE, false), SIGSEGV);
	assert_int_equal(get(to + 4 * PAGE_SIZE), 0);
	assert_int_equal(remap(to, 4, 4, fixed, to + 2 * PAGE_SIZE), -EINVAL); /* over itself */
	assert_int_equal(remap(to, 4, 4, fixed, to + 1), -EINVAL);
	assert_int_equal(remap(to, 4, 4, fixed, TASK_SIZE - PAGE_SIZE), -EINVAL);
	assert_int_equal(remap(to, 4, 4, MREMAP_FIXED, va), -EINVAL);
	assert_int_equal(remap(to, 4, 4, 8, va), -EINVAL);
	assert_int_equal(remap(to, 4, 0, MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(remap(to + 1, 4, 4, 0, 0), -EINVAL);
	assert_int_equal(remap(GIB, 4, 4, fixed, 5 * GIB), -EFAULT); /* nothing is mapped there */
	assert_numbered(to, 4);
}
MACHINE_TEST(to_a_given_place, MACHINE)

static void left_behind_empty(void)
{
	struct test_file *f = disk_file("vda", 4 * PAGE_SIZE);
	unsigned long va = map_at(GIB, 4), file = map_file(f, 4, RW, MAP_PRIVATE), to;
	int flags = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

	number_pages(va, 4);
	to = remap(va, 4, 4, flags, 0);
	assert_false(IS_ERR_VALUE(to));
	assert_numbered(to, 4);
	assert_int_equal(get(va), 0);
	assert_int_equal(remap(va, 4, 5, flags, 0), -EINVAL);
	assert_int_equal(remap(file, 4, 4, flags, 0), -EINVAL);
	assert_int_equal(remap(va, 0, 4, MREMAP_MAYMOVE, 0), -EINVAL); /* a second view of private pages */
}
MACHINE_TEST(left_behind_empty, MACHINE)

/* Shared mappings: old length 0 gives a second view; a moved view begins where it began in the file. */
static void views_of_files(void)
{
	struct test_file *f = disk_file("vda", 8 * PAGE_SIZE);
	unsigned long va = map_file(f, 8, RW, MAP_SHARED), twin, moved;
	int count = atomic_read(&f->file.f_count);

	put(va, 7);
	twin = remap(va, 0, 8, MREMAP_MAYMOVE, 0);
	assert_false(IS_ERR_VALUE(twin));
	assert_int_equal(get(twin), 7);
	put(twin + PAGE_SIZE, 8);
	assert_int_equal(get(va + PAGE_SIZE), 8);
	moved = remap(twin + 3 * PAGE_SIZE, 2, 2, MREMAP_MAYMOVE | MREMAP_FIXED, GIB);
	assert_int_equal(moved, GIB);
	assert_int_equal(get(moved), 3ULL << 32);
	assert_int_equal(atomic_read(&f->file.f_count), count + 3); /* the twin is two pieces now */
	assert_int_equal(vm_munmap(va, 8 * PAGE_SIZE), 0);
	assert_int_equal(vm_munmap(twin, 8 * PAGE_SIZE), 0);
	assert_int_equal(vm_munmap(moved, 2 * PAGE_SIZE), 0);
	assert_int_equal(atomic_read(&f->file.f_count), 1);
	va = vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_SHARED, ~0UL - 1);
	assert_false(IS_ERR_VALUE(va));
	assert_int_equal(remap(va, 1, 4, MREMAP_MAYMOVE, 0), -EINVAL); /* offsets would wrap */
}
MACHINE_TEST(views_of_files, MACHINE)

static void limits_of_growth(void)
{
	unsigned long va = map_at(GIB, 4);

	number_pages(va, 4);
	current->signal->rlim[RLIMIT_AS_INDEX].rlim_cur = 6 * PAGE_SIZE;
	assert_int_equal(remap(va, 4, 8, MREMAP_MAYMOVE, 0), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, 3 * PAGE_SIZE, RW, ANON, 0), -ENOMEM);
	assert_int_equal(remap(va, 4, 6, 0, 0), va);
	current->signal->rlim[RLIMIT_AS_INDEX].rlim_cur = ~0UL;
	sysctl_max_map_count = current->mm->map_count + 2;
	assert_int_equal(remap(va, 6, 6, MREMAP_MAYMOVE | MREMAP_FIXED, 2 * GIB), -ENOMEM);
	sysctl_max_map_count = 65530;
	sysctl_overcommit_memory = 2;
	sysctl_overcommit_kbytes = 4; /* nothing more is promised */
	assert_int_equal(remap(va, 6, 6, MREMAP_MAYMOVE | MREMAP_FIXED, 2 * GIB), -ENOMEM);
	assert_int_equal(remap(va, 6, 8, 0, 0), -ENOMEM);
	sysctl_overcommit_memory = 0;
	assert_int_equal(remap(va, 6, 1UL << 40, 0, 0), -ENOMEM);
	assert_int_equal(remap(va, 6, TASK_SIZE >> PAGE_SHIFT, MREMAP_MAYMOVE, 0), -ENOMEM);
	assert_numbered(va, 4);
}
MACHINE_TEST(limits_of_growth, MACHINE)

/* ---- Where mmap puts things ---- */

static void places(void)
{
	unsigned long top = map_anon(PAGE_SIZE), hint = 4 * GIB + PAGE_SIZE, low;

	/* the highest hole that is large enough */
	map_at(top - 20 * PAGE_SIZE, 2);
	map_at(top - 10 * PAGE_SIZE, 6);
	assert_int_equal(map_anon(5 * PAGE_SIZE), top - 15 * PAGE_SIZE);
	assert_int_equal(vm_mmap(NULL, hint + 5, PAGE_SIZE, RW, ANON, 0), hint + PAGE_SIZE); /* rounded up */
	assert_int_equal(vm_mmap(NULL, hint, PAGE_SIZE, RW, ANON, 0), hint);
	assert_int_not_equal(vm_mmap(NULL, hint, PAGE_SIZE, RW, ANON, 0), hint); /* taken */
	assert_true(vm_mmap(NULL, 1, PAGE_SIZE, RW, ANON, 0) > hint); /* too low a wish is none */
	low = vm_mmap(NULL, 0, PAGE_SIZE, RW, ANON | MAP_32BIT, 0);
	assert_true(low < 0x80000000UL && low >= sysctl_mmap_min_addr);
	assert_int_equal(vm_mmap(NULL, 0, GIB * 3, RW, ANON | MAP_32BIT, 0), -ENOMEM);

	/* above mmap_base when nothing is left below */
	current->mm->mmap_base = sysctl_mmap_min_addr + PAGE_SIZE;
	assert_true(map_anon(GIB) > current->mm->mmap_base);

	assert_int_equal(vm_mmap(NULL, hint, PAGE_SIZE, RW, ANON | MAP_FIXED_NOREPLACE, 0), -EEXIST);
	assert_int_equal(vm_mmap(NULL, hint + 1, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), -EINVAL);
	assert_int_equal(vm_mmap(NULL, TASK_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), 0); /* CAP_SYS_RAWIO */
	current->cap_effective = 0;
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), -EPERM);
}
MACHINE_TEST(places, MACHINE)

static void layout_follows_the_stack_limit(void)
{
	struct mm_struct *mm = current->mm;

	current->signal->rlim[RLIMIT_STACK_INDEX].rlim_cur = 8UL << 20;
	arch_pick_mmap_layout(mm);
	assert_int_equal(mm->mmap_base, (TASK_SIZE - (128UL << 20)) & PAGE_MASK);
	current->signal->rlim[RLIMIT_STACK_INDEX].rlim_cur = GIB;
	arch_pick_mmap_layout(mm);
	assert_int_equal(mm->mmap_base, (TASK_SIZE - GIB - STACK_GUARD_GAP) & PAGE_MASK);
	current->signal->rlim[RLIMIT_STACK_INDEX].rlim_cur = ~0UL;
	arch_pick_mmap_layout(mm);
	assert_int_equal(mm->mmap_base, (TASK_SIZE - TASK_SIZE / 6 * 5) & PAGE_MASK);
}
MACHINE_TEST(layout_follows_the_stack_limit, MACHINE)

/* ---- What mmap refuses ---- */

static int no_mmap(struct file *file, struct vm_area_struct *vma)
{
	(void)file;
	(void)vma;
	return -ENXIO;
}

static void refused(void)
{
	static const struct file_operations none, failing = { .mmap = no_mmap };
	static const struct address_space_operations unreadable;
	struct test_file *f = disk_file("vda", 4 * PAGE_SIZE);
	long promised = atomic_long_read(&vm_committed_as);

	assert_int_equal(vm_mmap(NULL, 0, 0, RW, ANON, 0), -EINVAL);
	assert_int_equal(vm_mmap(NULL, 0, ~0UL, RW, ANON, 0), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, TASK_SIZE + PAGE_SIZE, RW, ANON, 0), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, ANON | MAP_HUGETLB, 0), -ENOMEM);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, MAP_ANONYMOUS, 0), -EINVAL);
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, 0), -EINVAL);
	assert_int_equal(vm_mmap(&f->file, 0, 2 * PAGE_SIZE, RW, MAP_PRIVATE, ~0UL), -EOVERFLOW);
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, 0, 0), -EINVAL);
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_PRIVATE | MAP_GROWSDOWN, 0), -EINVAL);
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, 0), -EOPNOTSUPP);
	f->file.f_mode = FMODE_READ;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_SHARED, 0), -EACCES);
	f->file.f_mode = FMODE_WRITE;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_PRIVATE, 0), -EACCES);
	f->file.f_mode = FMODE_READ | FMODE_WRITE;
	f->file.f_op = &none;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_PRIVATE, 0), -ENODEV);
	f->file.f_op = &failing;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_PRIVATE, 0), -ENXIO);
	f->file.f_op = &host_file_fops;
	f->inode.i_data.a_ops = &unreadable;
	assert_int_equal(vm_mmap(&f->file, 0, PAGE_SIZE, RW, MAP_PRIVATE, 0), -ENOEXEC);
	assert_int_equal(atomic_read(&f->file.f_count), 1);
	sysctl_max_map_count = current->mm->map_count - 1;
	assert_int_equal(vm_mmap(NULL, 0, PAGE_SIZE, RW, ANON, 0), -ENOMEM);
	sysctl_max_map_count = 65530;
	assert_int_equal(atomic_long_read(&vm_committed_as), promised);
	assert_int_equal(vm_munmap(1, PAGE_SIZE), -EINVAL);
	assert_int_equal(vm_munmap(0, 0), -EINVAL);
	assert_int_equal(vm_munmap(TASK_SIZE, PAGE_SIZE), -EINVAL);
	assert_int_equal(vm_munmap(GIB, PAGE_SIZE), 0); /* nothing there: fine */
}
MACHINE_TEST(refused, MACHINE)

/* A file that was opened for reading can be mapped shared, but the rights cannot grow later. */
static void shared_for_reading(void)
{
	struct test_file *f = disk_file("vda", 4 * PAGE_SIZE);
	unsigned long va;

	f->file.f_mode = FMODE_READ;
	va = map_file(f, 4, PROT_READ, MAP_SHARED);
	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32);
	assert_int_equal(do_mprotect(va, PAGE_SIZE, RW), -EACCES);
	assert_int_equal(touch(va, true), SIGSEGV);
	f->file.f_mode |= FMODE_WRITE;
	va = map_file(f, 4, RW, MAP_SHARED_VALIDATE);
	put(va, 3);
	assert_int_equal(file_word(f, 0), 3);
}
MACHINE_TEST(shared_for_reading, MACHINE)

/* ---- Shared memory without a name ---- */

static int setups, refuse_setup;
static struct test_file *last_shmem;

static struct file *make_shmem(const char *name, loff_t size, unsigned long vm_flags)
{
	assert_string_equal(name, "dev/zero");
	assert_true(vm_flags & VM_SHARED);
	setups++;
	if (refuse_setup)
		return ERR_PTR(-ENFILE);
	last_shmem = memory_file(size);
	return &last_shmem->file;
}

static void shared_anonymous(void)
{
	struct mm_struct *parent = current->mm, *child;
	long promised = atomic_long_read(&vm_committed_as);
	unsigned long va;

	assert_int_equal(vm_mmap(NULL, 0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, 0), -ENODEV);
	mm_set_shmem_setup(make_shmem);
	refuse_setup = 1;
	assert_int_equal(vm_mmap(NULL, 0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, 0), -ENFILE);
	assert_int_equal(atomic_long_read(&vm_committed_as), promised);
	refuse_setup = 0;
	va = vm_mmap(NULL, 0, 4 * PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS, 0);
	assert_false(IS_ERR_VALUE(va));
	assert_int_equal(atomic_long_read(&vm_committed_as), promised + 4);
	put(va, 1);
	child = dup_mm(parent);
	assert_int_equal(atomic_long_read(&vm_committed_as), promised + 4); /* promised once */
	host_use_mm(child);
	assert_int_equal(get(va), 1);
	put(va, 2);
	put(va + PAGE_SIZE, 3);
	host_use_mm(parent);
	assert_int_equal(get(va), 2);
	assert_int_equal(get(va + PAGE_SIZE), 3);
	assert_int_equal(exact_state(NR_SHMEM), 2);
	mmput(child);
	assert_int_equal(last_shmem->released, 0);
	assert_int_equal(vm_munmap(va, 4 * PAGE_SIZE), 0);
	assert_int_equal(last_shmem->released, 1);
	assert_int_equal(atomic_long_read(&vm_committed_as), promised);
}
MACHINE_TEST(shared_anonymous, MACHINE)

/* /dev/zero: private is anonymous memory, shared a nameless file of its own. */
static void device_of_zeroes(void)
{
	static const struct file_operations zero_fops = { .mmap = mmap_zero };
	struct test_file *zero = memory_file(0);
	unsigned long va;

	zero->file.f_op = &zero_fops;
	va = vm_mmap(&zero->file, 0, 4 * PAGE_SIZE, RW, MAP_PRIVATE, 0);
	assert_int_equal(get(va), 0);
	put(va, 1);
	assert_true(PageAnon(page_at(va)));
	assert_int_equal(vm_mmap(&zero->file, 0, PAGE_SIZE, RW, MAP_SHARED, 0), -ENODEV);
	mm_set_shmem_setup(make_shmem);
	refuse_setup = 1;
	assert_int_equal(vm_mmap(&zero->file, 0, PAGE_SIZE, RW, MAP_SHARED, 0), -ENFILE);
	refuse_setup = 0;
	va = vm_mmap(&zero->file, 0, 2 * PAGE_SIZE, RW, MAP_SHARED, 5);
	assert_false(IS_ERR_VALUE(va));
	put(va + PAGE_SIZE, 9);
	assert_int_equal(file_word(last_shmem, PAGE_SIZE), 9);
	assert_ptr_equal(find_vma(current->mm, va)->vm_file, &last_shmem->file);
	assert_int_equal(atomic_read(&zero->file.f_count), 2); /* ours, and the private area's */
}
MACHINE_TEST(device_of_zeroes, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(shrunk_and_grown_in_place),
		machine_unit_test(moved_when_in_the_way),
		machine_unit_test(moved_over_tables),
		machine_unit_test(to_a_given_place),
		machine_unit_test(left_behind_empty),
		machine_unit_test(views_of_files),
		machine_unit_test(limits_of_growth),
		machine_unit_test(places),
		machine_unit_test(layout_follows_the_stack_limit),
		machine_unit_test(refused),
		machine_unit_test(shared_for_reading),
		machine_unit_test(shared_anonymous),
		machine_unit_test(device_of_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
