/* SPDX-License-Identifier: MIT */
/*
 * Each request for memory fails in turn, of pages and of objects, in every call that changes an address space: the call
 * says so, and leaves areas, contents, promises, page tables and locks as they were.
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "mm/internal.h"
#include "mm/slab_internal.h"
#include "mm/vma.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24
#define GIB	(1UL << 30)
#define BASE	GIB
#define PAGES	16UL
#define RW	(PROT_READ | PROT_WRITE)
#define ANON	(MAP_PRIVATE | MAP_ANONYMOUS)

/* ---- The n-th request fails ---- */

static struct task_struct *tested;
static int requests_left;

static bool nth(void)
{
	return current == tested && --requests_left == 0;
}

static bool fail_page(gfp_t gfp, unsigned int order)
{
	(void)gfp;
	(void)order;
	return nth();
}

static bool fail_object(const struct kmem_cache *cache, gfp_t gfp)
{
	(void)cache;
	(void)gfp;
	return nth();
}

/* ---- What an address space is ---- */

struct look {
	long promised, locked, total_vm;
	u64 words[PAGES];
};

static void look_at(struct look *l)
{
	struct mm_struct *mm = current->mm;

	memset(l, 0, sizeof(*l));
	l->promised = atomic_long_read(&vm_committed_as);
	l->locked = (long)mm->locked_vm;
	l->total_vm = (long)mm->total_vm;
	for (unsigned long i = 0; i < PAGES; i++)
		if (host_read(mm, BASE + i * PAGE_SIZE, &l->words[i], sizeof(u64)))
			l->words[i] = ~0ULL;
}

/* An area may have been cut in two: that is not seen by anybody. */
static void assert_same(const struct look *a, const struct look *b, const char *what, int n)
{
	if (a->promised != b->promised)
		fail_msg("%s, request %d: %ld pages promised, not %ld", what, n, b->promised, a->promised);
	if (a->locked != b->locked || a->total_vm != b->total_vm)
		fail_msg("%s, request %d: locked %ld (%ld), size %ld (%ld)", what, n, b->locked, a->locked,
			 b->total_vm, a->total_vm);
	if (memcmp(a->words, b->words, sizeof(a->words)))
		fail_msg("%s, request %d: contents differ", what, n);
}

/* ---- Calls ---- */

/* => 0 or -errno */
struct call {
	const char *name;
	long (*fn)(void);
	void (*undo)(void);
};

static long call_mmap(void)
{
	unsigned long va = vm_mmap(NULL, 3 * GIB, 8 * PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, 0);

	return IS_ERR_VALUE(va) ? (long)va : 0;
}

static void undo_mmap(void)
{
	assert_int_equal(vm_munmap(3 * GIB, GIB), 0);
}

static struct test_file *file;

static long call_mmap_file(void)
{
	unsigned long va = vm_mmap(&file->file, 3 * GIB, 8 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0);

	return IS_ERR_VALUE(va) ? (long)va : 0;
}

static long call_mprotect(void)
{
	return do_mprotect(BASE + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ);
}

static void undo_mprotect(void)
{
	assert_int_equal(do_mprotect(BASE, PAGES * PAGE_SIZE, RW), 0);
}

static long call_promise(void)
{
	return do_mprotect(2 * GIB + PAGE_SIZE, 2 * PAGE_SIZE, RW); /* a promise that was not needed so far */
}

static void undo_promise(void)
{
	assert_int_equal(vm_munmap(2 * GIB, 8 * PAGE_SIZE), 0);
	assert_int_equal(vm_mmap(NULL, 2 * GIB, 8 * PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, 0), 2 * GIB);
}

static long call_mlock(void)
{
	return do_mlock(BASE + 2 * PAGE_SIZE, 3 * PAGE_SIZE, MLOCK_ONFAULT);
}

static void undo_mlock(void)
{
	assert_int_equal(do_munlock(BASE, PAGES * PAGE_SIZE), 0);
}

static long call_madvise(void)
{
	return do_madvise(BASE + 5 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTFORK);
}

static void undo_madvise(void)
{
	assert_int_equal(do_madvise(BASE, PAGES * PAGE_SIZE, MADV_DOFORK), 0);
}

static long call_munmap(void)
{
	return vm_munmap(BASE + 6 * PAGE_SIZE, PAGE_SIZE);
}

static void undo_munmap(void)
{
	u64 word = 106;

	assert_int_equal(vm_mmap(NULL, BASE + 6 * PAGE_SIZE, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), BASE + 6 * PAGE_SIZE);
	assert_int_equal(host_write(current->mm, BASE + 6 * PAGE_SIZE, &word, 8), 0);
}

static unsigned long moved_to;

static long call_mremap(void)
{
	moved_to = do_mremap(BASE, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			     7 * GIB - 8 * PAGE_SIZE);
	return IS_ERR_VALUE(moved_to) ? (long)moved_to : 0;
}

static void undo_mremap(void)
{
	assert_int_equal(do_mremap(moved_to, PAGES * PAGE_SIZE, PAGES * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, BASE),
			 BASE);
}

static long call_fork(void)
{
	struct mm_struct *child = dup_mm(current->mm);

	if (!child)
		return -ENOMEM;
	mmput(child);
	return 0;
}

static void nothing(void)
{
}

static long call_stack(void)
{
	struct mm_struct *mm = mm_alloc();
	int err;

	if (!mm)
		return -ENOMEM;
	err = setup_stack_area(mm, TASK_SIZE - PAGE_SIZE, true);
	mmput(mm);
	return err;
}

static long call_populate(void)
{
	return do_madvise(4 * GIB, 4 * PAGE_SIZE, MADV_POPULATE_WRITE);
}

static void undo_populate(void)
{
	assert_int_equal(vm_munmap(4 * GIB, 8 * PAGE_SIZE), 0);
	assert_int_equal(vm_mmap(NULL, 4 * GIB, 8 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0), 4 * GIB);
}

static long call_swap_in(void)
{
	struct page *page;
	long got;

	down_read(&current->mm->mmap_sem);
	got = get_user_pages(current->mm, 5 * GIB, 1, FOLL_WRITE, &page);
	up_read(&current->mm->mmap_sem);
	if (got == 1)
		put_page(page);
	return got == 1 ? 0 : got;
}

static void undo_swap_in(void)
{
	push_out(5 * GIB);
}

static long call_cow_file(void)
{
	struct page *page;
	long got;

	down_read(&current->mm->mmap_sem);
	got = get_user_pages(current->mm, 6 * GIB, 1, FOLL_WRITE, &page);
	up_read(&current->mm->mmap_sem);
	if (got == 1)
		put_page(page);
	return got == 1 ? 0 : got;
}

static void undo_cow_file(void)
{
	assert_int_equal(do_madvise(6 * GIB, PAGE_SIZE, MADV_DONTNEED), 0);
	truncate_inode_pages(file->file.f_mapping, 0);
}

static const struct call calls[] = {
	{ "mmap", call_mmap, undo_mmap }, { "mmap of a file", call_mmap_file, undo_mmap },
	{ "mprotect", call_mprotect, undo_mprotect }, { "mprotect with a promise", call_promise, undo_promise },
	{ "mlock", call_mlock, undo_mlock }, { "madvise", call_madvise, undo_madvise },
	{ "munmap", call_munmap, undo_munmap }, { "mremap", call_mremap, undo_mremap }, { "fork", call_fork, nothing },
	{ "a new stack", call_stack, nothing }, { "populate", call_populate, undo_populate },
	{ "swap-in", call_swap_in, undo_swap_in }, { "a private copy of a file's page", call_cow_file, undo_cow_file },
};

static void arm(int n, bool objects)
{
	requests_left = n;
	tested = current;
	set_fail_page_alloc(objects ? NULL : fail_page);
	set_failslab(objects ? fail_object : NULL);
}

static void disarm(void)
{
	set_fail_page_alloc(NULL);
	set_failslab(NULL);
	tested = NULL;
}

/* => how many requests the call makes */
static int fail_each(const struct call *call, bool objects)
{
	struct look before, after;
	int n = 0, failed = 0;
	long err;

	do {
		look_at(&before);
		arm(++n, objects);
		err = call->fn();
		disarm();
		if (err && err != -ENOMEM && err != -EAGAIN)
			fail_msg("%s, request %d: error %ld", call->name, n, err);
		failed += err != 0;
		if (!err) {
			call->undo(); /* it could do without */
		} else {
			look_at(&after);
			assert_same(&before, &after, call->name, n);
		}
	} while (requests_left <= 0 && n < 200);
	assert_true(n < 200);
	return failed;
}

static void every_request_fails_once(void)
{
	int failed = 0;

	file = disk_file("vda", 16 * PAGE_SIZE);
	swap_on("swap0", 256);
	assert_int_equal(vm_mmap(NULL, BASE, PAGES * PAGE_SIZE, RW, ANON | MAP_FIXED, 0), BASE);
	for (unsigned long i = 0; i < PAGES; i++)
		put(BASE + i * PAGE_SIZE, 100 + i);
	assert_int_equal(vm_mmap(NULL, 2 * GIB, 8 * PAGE_SIZE, PROT_READ, ANON | MAP_FIXED, 0), 2 * GIB);
	assert_int_equal(vm_mmap(NULL, 4 * GIB, 8 * PAGE_SIZE, RW, ANON | MAP_FIXED, 0), 4 * GIB);
	assert_int_equal(vm_mmap(NULL, 5 * GIB, PAGE_SIZE, RW, ANON | MAP_FIXED, 0), 5 * GIB);
	assert_int_equal(vm_mmap(&file->file, 6 * GIB, 8 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, 0), 6 * GIB);
	put(5 * GIB, 55);
	push_out(5 * GIB);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		int pages = fail_each(&calls[i], false), objects = fail_each(&calls[i], true);

		if (!pages && !objects && calls[i].fn != call_swap_in) /* it asks a second time */
			fail_msg("%s never fails", calls[i].name);
		failed += pages + objects;
	}
	print_message("%d calls failed\n", failed);
	assert_true(failed > 25);
	assert_int_equal(get(5 * GIB), 55);
	for (unsigned long i = 0; i < PAGES; i++)
		assert_int_equal(get(BASE + i * PAGE_SIZE), 100 + i);
}
MACHINE_TEST(every_request_fails_once, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(every_request_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
