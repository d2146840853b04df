/* SPDX-License-Identifier: MIT */
/* The kernel reaching into programs: follow_page, get_user_pages, other processes' memory, pages for core files. */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static long gup(unsigned long va, unsigned long nr, unsigned int foll, struct page **pages)
{
	long got;

	down_read(&current->mm->mmap_sem);
	got = get_user_pages(current->mm, va, nr, foll, pages);
	up_read(&current->mm->mmap_sem);
	return got;
}

static int peek(unsigned long va, void *buf, int n)
{
	return access_process_vm(current, va, buf, n, 0);
}

static int poke(unsigned long va, const void *buf, int n)
{
	return access_process_vm(current, va, (void *)(unsigned long)buf, n, 1);
}

/* ---- Other programs' memory ---- */

static void across_pages_and_holes(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);
	char out[3 * PAGE_SIZE], in[3 * PAGE_SIZE];

	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 7);
	assert_int_equal(poke(va + 100, out, 2 * PAGE_SIZE), 2 * PAGE_SIZE);
	assert_int_equal(peek(va + 100, in, 2 * PAGE_SIZE), 2 * PAGE_SIZE);
	assert_memory_equal(in, out, 2 * PAGE_SIZE);
	assert_true(pte_dirty(entry_of(va)) || PageDirty(page_at(va)));
	assert_int_equal(vm_munmap(va + 2 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(peek(va + PAGE_SIZE, in, sizeof(in)), PAGE_SIZE); /* up to the hole */
	assert_int_equal(peek(va + 2 * PAGE_SIZE, in, 8), 0);
	assert_int_equal(gup(va + 2 * PAGE_SIZE, 1, 0, NULL), -EFAULT);
	assert_int_equal(gup(va, 4, 0, NULL), 2);
}
MACHINE_TEST(across_pages_and_holes, MACHINE)

static bool may_end, ended;
static unsigned long others_va;
static struct mm_struct *others_mm;

static void another(void *unused)
{
	(void)unused;
	others_mm = current->mm;
	others_va = map_anon(PAGE_SIZE);
	put(others_va, 41);
	while (!may_end)
		host_sleep(1);
	assert_int_equal(get(others_va), 42);
	ended = true;
}

static void another_process(void)
{
	struct task_struct *task = host_spawn("another", NULL, another, NULL);
	u64 word = 0;

	while (!others_va)
		host_sleep(1);
	host_sleep(1);
	assert_int_equal(access_process_vm(task, others_va, &word, 8, 0), 8);
	assert_int_equal(word++, 41);
	assert_int_equal(access_process_vm(task, others_va, &word, 8, 1), 8);
	may_end = true;
	while (!ended)
		host_sleep(1);
	host_use_mm(NULL);
	assert_int_equal(access_process_vm(current, others_va, &word, 8, 0), 0); /* has no memory */
}
MACHINE_TEST(another_process, MACHINE)

/* ---- Force ---- */

/* A debugger's breakpoint: the text gets a private copy, which its owner may still not write. */
static void breakpoint_in_text(void)
{
	struct test_file *f = disk_file("vda", 8 * PAGE_SIZE);
	unsigned long va = map_file(f, 4, PROT_READ | PROT_EXEC, MAP_PRIVATE);
	u64 trap = 0xcccc, word;

	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32);
	assert_int_equal(gup(va + PAGE_SIZE, 1, FOLL_WRITE, NULL), -EFAULT); /* not without force */
	assert_int_equal(poke(va + PAGE_SIZE, &trap, 8), 8);
	assert_int_equal(get(va + PAGE_SIZE), 0xcccc);
	assert_false(pte_write(entry_of(va + PAGE_SIZE)));
	assert_true(PageAnon(page_at(va + PAGE_SIZE)));
	assert_int_equal(touch(va + PAGE_SIZE, true), SIGSEGV);
	assert_int_equal(file_word(f, PAGE_SIZE), 1ULL << 32);
	trap++;
	assert_int_equal(poke(va + PAGE_SIZE, &trap, 8), 8); /* once more into the same copy */
	assert_int_equal(peek(va + PAGE_SIZE, &word, 8), 8);
	assert_int_equal(word, 0xcccd);
	assert_int_equal(do_madvise(va, 4 * PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(get(va + PAGE_SIZE), 1ULL << 32);
}
MACHINE_TEST(breakpoint_in_text, MACHINE)

static void what_force_cannot(void)
{
	struct test_file *f = disk_file("vda", 2 * PAGE_SIZE);
	unsigned long va = map_file(f, 4, PROT_READ, MAP_SHARED), none = map_anon(PAGE_SIZE);
	u64 word = 1;

	assert_int_equal(poke(va, &word, 8), 0); /* everybody's page */
	assert_int_equal(gup(va + 3 * PAGE_SIZE, 1, 0, NULL), -EFAULT); /* behind the file's end */
	put(none, 6);
	assert_int_equal(do_mprotect(none, PAGE_SIZE, PROT_NONE), 0);
	assert_int_equal(gup(none, 1, 0, NULL), -EFAULT);
	assert_int_equal(peek(none, &word, 8), 8); /* the owner could allow itself to */
	assert_int_equal(word, 6);
}
MACHINE_TEST(what_force_cannot, MACHINE)

/* ---- References, marks ---- */

static void pages_are_held(void)
{
	unsigned long va = map_anon(4 * PAGE_SIZE);
	struct page *pages[2];

	put(va, 1);
	lru_add_drain();
	assert_int_equal(gup(va, 2, FOLL_WRITE | FOLL_TOUCH, pages), 2);
	assert_ptr_equal(pages[0], page_at(va));
	assert_int_equal(page_count(pages[0]), 2);
	assert_true(PageReferenced(pages[0]) || PageActive(pages[0]));
	assert_true(pte_present(entry_of(va + PAGE_SIZE)) && pte_write(entry_of(va + PAGE_SIZE)));
	assert_int_equal(vm_munmap(va, PAGE_SIZE), 0);
	assert_int_equal(page_count(pages[0]), 1); /* ours */
	put_page(pages[0]);
	put_page(pages[1]);
	assert_int_equal(gup(va + 2 * PAGE_SIZE, 1, 0, pages), 1);
	assert_ptr_equal(pages[0], zero_page); /* reading takes no memory */
	put_page(pages[0]);
	assert_null(follow_page(find_vma(current->mm, va), va + 2 * PAGE_SIZE, FOLL_WRITE));
	assert_null(follow_page(find_vma(current->mm, va), va + 3 * PAGE_SIZE, 0));
}
MACHINE_TEST(pages_are_held, MACHINE)

/* A shared page that the kernel writes is dirty, though no entry says so. */
static void touched_for_writing(void)
{
	struct test_file *f = disk_file("vda", 4 * PAGE_SIZE);
	unsigned long va = map_file(f, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
	struct page *page;

	put(va, 9);
	assert_int_equal(filemap_write_and_wait(mapping_of(f)), 0);
	assert_false(PageDirty(page_at(va)));
	assert_int_equal(gup(va, 1, FOLL_WRITE | FOLL_TOUCH, &page), 1);
	assert_true(PageDirty(page));
	put_page(page);
}
MACHINE_TEST(touched_for_writing, MACHINE)

struct killed_gup {
	long got;
	bool done;
};

static void reach_while_dying(void *arg)
{
	struct killed_gup *k = arg;
	unsigned long va = map_anon(2 * PAGE_SIZE);

	put(va, 1);
	task_kill(current);
	k->got = gup(va + PAGE_SIZE, 1, 0, NULL);
	k->done = gup(va, 1, 0, NULL) == 1;
}

static void the_dying_do_not_fault(void)
{
	struct killed_gup k = { 0 };

	host_spawn("dying", NULL, reach_while_dying, &k);
	while (!k.done)
		host_sleep(1);
	assert_int_equal(k.got, -ERESTARTSYS);
}
MACHINE_TEST(the_dying_do_not_fault, MACHINE)

/* ---- Core files ---- */

static void pages_for_a_core_file(void)
{
	struct test_file *f = disk_file("vda", 4 * PAGE_SIZE);
	unsigned long va = map_anon(4 * PAGE_SIZE), file = map_file(f, 8, PROT_READ, MAP_PRIVATE);
	struct page *page;

	swap_on("swap0", 64);
	put(va, 1);
	put(va + PAGE_SIZE, 2);
	assert_int_equal(get(va + 2 * PAGE_SIZE), 0);
	push_out(va + PAGE_SIZE);
	page = get_dump_page(va);
	assert_ptr_equal(page, page_at(va));
	put_page(page);
	page = get_dump_page(va + PAGE_SIZE);
	assert_non_null(page); /* brought back from swap */
	put_page(page);
	assert_int_equal(get(va + PAGE_SIZE), 2);
	assert_null(get_dump_page(va + 2 * PAGE_SIZE)); /* nothing but zeroes: a hole in the core file */
	assert_null(get_dump_page(va + 3 * PAGE_SIZE));
	assert_true(pte_none(entry_of(va + 3 * PAGE_SIZE)));
	assert_null(get_dump_page(va - 16 * PAGE_SIZE));
	page = get_dump_page(file + PAGE_SIZE);
	assert_non_null(page);
	put_page(page);
	assert_null(get_dump_page(file + 6 * PAGE_SIZE)); /* behind the end */
}
MACHINE_TEST(pages_for_a_core_file, MACHINE)

/* ---- Populating ---- */

static void populated_at_once(void)
{
	unsigned long va = vm_mmap(NULL, 0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, 0);
	struct test_file *f = disk_file("vda", 2 * PAGE_SIZE);
	unsigned long file;

	for (int i = 0; i < 3; i++)
		assert_true(pte_present(entry_of(va + i * PAGE_SIZE)) && pte_write(entry_of(va + i * PAGE_SIZE)));
	file = vm_mmap(&f->file, 0, 4 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_POPULATE, 0);
	assert_true(pte_present(entry_of(file + PAGE_SIZE)));
	assert_int_equal(populate_range(file, 4 * PAGE_SIZE, false), -EFAULT); /* behind the file's end */
	assert_int_equal(populate_range(file, 4 * PAGE_SIZE, true), 0);
	assert_int_equal(vm_munmap(va + PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(do_madvise(va, PAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(mm_populate(va, 3 * PAGE_SIZE), 0);
	assert_true(pte_present(entry_of(va)));
}
MACHINE_TEST(populated_at_once, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(across_pages_and_holes),
		machine_unit_test(another_process),
		machine_unit_test(breakpoint_in_text),
		machine_unit_test(what_force_cannot),
		machine_unit_test(pages_are_held),
		machine_unit_test(touched_for_writing),
		machine_unit_test(the_dying_do_not_fault),
		machine_unit_test(pages_for_a_core_file),
		machine_unit_test(populated_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
