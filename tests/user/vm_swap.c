/* SPDX-License-Identifier: MIT */
/*
 * vm_swap [MiB]: more memory than there is, with swap. Every word of every page is checked, also after fork, by
 * two processes that share swapped pages and both write, after mremap, and with part of it locked.
 */
#include "tests/user/vm_check.h"

static uint64_t value(size_t page, size_t word, uint64_t seed)
{
	return (page * 512 + word + seed) * 0x9e3779b97f4a7c15UL;
}

static void fill(uint64_t *base, size_t pages, uint64_t seed)
{
	for (size_t page = 0; page < pages; page++)
		for (size_t word = 0; word < 512; word++)
			base[page * 512 + word] = value(page, word, seed);
}

static size_t wrong(const uint64_t *base, size_t pages, uint64_t seed)
{
	size_t n = 0;

	for (size_t page = 0; page < pages; page++)
		for (size_t word = 0; word < 512; word++)
			n += base[page * 512 + word] != value(page, word, seed);
	return n;
}

int main(int argc, char **argv)
{
	size_t pages = (argc > 1 ? strtoul(argv[1], NULL, 0) : 64) * 256;
	uint64_t *base = vm_anon(pages * PAGE, MAP_PRIVATE), *shared = vm_anon(64 * PAGE, MAP_SHARED);
	uint64_t *locked = vm_anon(16 * PAGE, MAP_PRIVATE);
	pid_t child;

	CHECK(base != MAP_FAILED && shared != MAP_FAILED);
	fill(locked, 16, 9);
	CHECK(!mlock(locked, 16 * PAGE));
	fill(shared, 64, 5);
	fill(base, pages, 1);
	CHECK(wrong(base, pages, 1) == 0);
	child = fork();
	if (!child) {
		size_t bad = wrong(base, pages / 2, 1);

		fill(base, pages / 2, 2);
		bad += wrong(base, pages / 2, 2) + wrong(shared, 64, 5);
		fill(shared, 64, 6);
		_exit(bad ? 1 : 0);
	}
	CHECK(child > 0); /* ENOMEM: the copy would be more than RAM and swap (overcommit) */
	fill(base + pages / 4 * 512, pages / 4, 3); /* the second quarter, while the child works on it too */
	CHECK(wrong(base, pages / 4, 1) == 0);
	CHECK(vm_reap(child) == 0);
	CHECK(wrong(base + pages / 4 * 512, pages / 4, 3) == 0);
	CHECK(wrong(shared, 64, 6) == 0);
	base = mremap(base, pages * PAGE, (pages + 512) * PAGE, MREMAP_MAYMOVE);
	CHECK(base != MAP_FAILED && wrong(base, pages / 4, 1) == 0);
	CHECK(wrong(locked, 16, 9) == 0 && !munlock(locked, 16 * PAGE));
	CHECK(!munmap(base, (pages + 512) * PAGE));
	return vm_done("vm_swap");
}
