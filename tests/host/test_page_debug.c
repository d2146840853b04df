/* SPDX-License-Identifier: MIT */
/* Bad page states (spec 3.6), poison, page_owner: what goes wrong must be seen, and named. */
#include "tests/host/fixture.h"

static FILE *captured;
static int saved_stderr;

static int setup(void **state)
{
	set_alloc_special(PAGE_DEBUG, true);
	start_machine(32, 0, 32, 1);
	return 0;
}

static void capture(void)
{
	fflush(stderr);
	captured = tmpfile();
	saved_stderr = dup(2);
	dup2(fileno(captured), 2);
}

static char *captured_text(void)
{
	static char text[65536];
	size_t n;

	fflush(stderr);
	dup2(saved_stderr, 2);
	close(saved_stderr);
	rewind(captured);
	n = fread(text, 1, sizeof(text) - 1, captured);
	text[n] = '\0';
	fclose(captured);
	return text;
}

static unsigned int count_of(const char *text, const char *what)
{
	unsigned int n = 0;

	while ((text = strstr(text, what)) != NULL) {
		n++;
		text++;
	}
	return n;
}

static void test_bad_state_at_free(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	unsigned long free = mm_host_zone(0, 1, MM_FREE);
	char *text, want[64];

	SetPageLRU(page);
	capture();
	__free_pages(page, 0);
	text = captured_text();
	snprintf(want, sizeof(want), "BUG: Bad page state in process cpu0  pfn:%05lx", page_to_pfn(page));
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, " lru"));
	assert_non_null(strstr(text, "page last allocated at (0.00 s ago):"));
	assert_int_equal(mm_host_zone(0, 1, MM_FREE), free);
	for (int i = 0; i < 100; i++)
		assert_ptr_not_equal(alloc_pages(GFP_KERNEL, 0), page); /* leaked */
}

/* Somebody marks a free page: the allocation reports it, loses it and takes another. */
static void test_bad_state_at_alloc(void **state)
{
	struct page *a = alloc_pages(GFP_KERNEL, 0), *b;
	char *text;

	__free_pages(a, 0);
	a->mapping = (struct address_space *)0x1000;
	capture();
	b = alloc_pages(GFP_KERNEL, 0);
	text = captured_text();
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_int_equal(count_of(text, "BUG: Bad page state"), 1);
	assert_non_null(strstr(text, "non-NULL mapping"));
}

static void test_reports_are_limited(void **state)
{
	char *text;

	capture();
	for (int i = 0; i < 200; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, 0);

		__SetPageReserved(page);
		__free_pages(page, 0);
	}
	text = captured_text();
	assert_in_range(count_of(text, "BUG: Bad page state"), 1, 60);
}

/* A write to memory after it was freed is found when the page is used again, with its history. */
static void test_poison(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	char *memory = lowmem_page_address(page), *text;

	__free_pages(page, 0);
	assert_true(PagePoisoned(page));
	assert_int_equal((u8)memory[100], 0xaa);
	memory[100] = 1;
	capture();
	assert_ptr_equal(alloc_pages(GFP_KERNEL, 0), page);
	text = captured_text();
	assert_non_null(strstr(text, "memory corruption"));
	assert_non_null(strstr(text, "bytes 96 to 103"));
	assert_non_null(strstr(text, "page last freed at"));
	assert_false(PagePoisoned(page));
}

static void test_poison_quiet(void **state)
{
	char *text;

	capture();
	for (int i = 0; i < 50; i++) {
		unsigned int order = (unsigned int)i % 4;
		struct page *page = alloc_pages(GFP_KERNEL, order);

		memset(lowmem_page_address(page), i, PAGE_SIZE << order);
		__free_pages(page, order);
	}
	text = captured_text();
	assert_string_equal(text, "");
}

/* Debug builds stop at a double free and name the page; in a child, because that aborts. */
static void test_double_free(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	int status = 0;
	pid_t pid;
	char *text;

	__free_pages(page, 0);
	capture();
	pid = fork();
	if (!pid) {
		signal(SIGABRT, SIG_DFL);
		__free_pages(page, 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	text = captured_text();
	assert_true(WIFSIGNALED(status));
	assert_non_null(strstr(text, "page_count(page) <= 0"));
	assert_non_null(strstr(text, "page last freed at"));
}

static void test_owner_records(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	unsigned long pfn = page_to_pfn(page);
	char text[4096], want[64];

	assert_true(page_owner_read(&pfn, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "Page allocated via order 2, mask 0x280d0\n"));
	snprintf(want, sizeof(want), "PFN %lu Block %lu type ", page_to_pfn(page), page_to_pfn(page) >> 9);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "\n [<"));
	assert_int_equal(pfn, page_to_pfn(page) + 4);
	pfn = page_to_pfn(page);
	assert_int_equal(page_owner_read(&pfn, text, 20), -ENOMEM);
	split_page(page, 2);
	pfn = page_to_pfn(page) + 1;
	assert_true(page_owner_read(&pfn, text, sizeof(text)) > 0);
	assert_non_null(strstr(text, "via order 0"));
	for (int i = 0; i < 4; i++)
		__free_pages(page + i, 0);
	pfn = 0;
	while (page_owner_read(&pfn, text, sizeof(text)) > 0)
		assert_false(pfn > page_to_pfn(page) && pfn <= page_to_pfn(page) + 4);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, stop_machine)
	const struct CMUnitTest tests[] = {
		T(test_bad_state_at_free), T(test_bad_state_at_alloc), T(test_poison),
		T(test_poison_quiet), T(test_double_free), T(test_owner_records),
		T(test_reports_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
