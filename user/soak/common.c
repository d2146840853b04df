/* SPDX-License-Identifier: MIT */
/*
 * Pages that all tasks write at once: of a tmpfs file and of shared anonymous memory, made before the tasks.
 *
 * Each task has a line of its own in every page and knows what it last wrote there: who reads a stale copy of a page
 * loses some task's line. Each word carries a mark of its place, so nobody takes another page for his. All walk
 * where the common place points, and so meet on the page that has to come from swap.
 */
#include "user/soak/soak.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE (WORDS / MAX_TASKS) /* words of a task in a page */
#define STEP 0x9e3779b97f4a7c15UL

static struct {
	uint64_t *at;
	int fd; /* -1: anonymous */
} kinds[COMMON_KINDS];
static size_t *place; /* where to walk, in shared memory; NULL: nothing is common */

static uint64_t mark(int kind, size_t page, size_t word)
{
	return ((((uint64_t)kind * COMMON_PAGES + page) * WORDS + word + 1) * STEP) & ~0xffffffffUL;
}

static void check_page(int kind, size_t p, const uint64_t *page)
{
	uint32_t mine = self.common[kind][p];
	size_t own = (size_t)self.number * LINE;

	for (size_t w = 0; w < WORDS; w++) {
		uint64_t is = __atomic_load_n(&page[w], __ATOMIC_RELAXED);

		uint64_t want = mark(kind, p, w);

		if (mine && w - own < LINE && is != (want | mine))
			fail("common page %d:%zu word %zu is %016lx, not %016lx", kind, p, w, is, want | mine);
		if (is && (is & ~0xffffffffUL) != want)
			fail("common page %d:%zu word %zu is %016lx: foreign", kind, p, w, is);
	}
}

static void write_line(int kind, size_t p)
{
	size_t own = (size_t)self.number * LINE, offset = p * PAGE + own * sizeof(uint64_t);
	uint32_t value = (uint32_t)draw() | 1;
	uint64_t line[LINE];

	for (size_t w = 0; w < LINE; w++)
		line[w] = mark(kind, p, own + w) | value;
	self.common[kind][p] = 0;
	self.written++;
	if (kinds[kind].fd < 0 || below(3)) {
		for (size_t w = 0; w < LINE; w++)
			__atomic_store_n(&kinds[kind].at[p * WORDS + own + w], line[w], __ATOMIC_RELAXED);
	} else if (pwrite(kinds[kind].fd, line, sizeof(line), (off_t)offset) != (ssize_t)sizeof(line)) {
		call_failed("pwrite to the common file");
		return;
	}
	self.common[kind][p] = value;
}

static void look(int kind, size_t p)
{
	uint64_t page[WORDS];

	if (kinds[kind].fd < 0 || below(3))
		check_page(kind, p, kinds[kind].at + p * WORDS);
	else if (pread(kinds[kind].fd, page, PAGE, (off_t)(p * PAGE)) != (ssize_t)PAGE)
		call_failed("pread of the common file");
	else
		check_page(kind, p, page);
}

void op_common(void)
{
	size_t first, n = 1 + below(64);
	int kind = (int)below(COMMON_KINDS);

	if (!place) {
		op_check();
		return;
	}
	first = __atomic_load_n(place, __ATOMIC_RELAXED) % COMMON_PAGES;
	if (!below(4) && madvise(kinds[kind].at, COMMON_PAGES * PAGE, MADV_DONTNEED)) /* only our view of them */
		fail("madvise");
	for (size_t i = 0; i < n; i++) {
		size_t p = (first + i) % COMMON_PAGES;

		look(kind, p);
		if (below(2))
			write_line(kind, p);
	}
	if (!below(4))
		__atomic_store_n(place, below(COMMON_PAGES), __ATOMIC_RELAXED);
}

void common_make(void)
{
	const char *name = "/tmp/soak.common";

	for (int kind = 0; kind < COMMON_KINDS; kind++) {
		int fd = kind ? open(name, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;

		if (kind && (fd < 0 || unlink(name) || ftruncate(fd, COMMON_PAGES * PAGE)))
			fail("%s", name);
		kinds[kind].fd = fd;
		kinds[kind].at = mmap(NULL, COMMON_PAGES * PAGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | (kind ? 0 : MAP_ANONYMOUS), fd, 0);
		if (kinds[kind].at == MAP_FAILED)
			fail("mmap");
	}
	place = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		fail("mmap");
}

void common_drop(void)
{
	for (int kind = 0; place && kind < COMMON_KINDS; kind++) {
		munmap(kinds[kind].at, COMMON_PAGES * PAGE);
		if (kinds[kind].fd >= 0)
			close(kinds[kind].fd);
	}
}
