/* SPDX-License-Identifier: MIT */
/* Operations of a task on its own memory. Where there is no room they give some back instead. */
#include "user/soak/soak.h"

#include <string.h>
#include <sys/mman.h>

void op_unmap(void)
{
	struct region *r = some_region();

	if (!r)
		return;
	if (below(2))
		check_run(r, 0, r->pages);
	if (munmap(r->at, r->pages * PAGE))
		call_failed("munmap");
	else
		r->at = NULL;
}

void op_map(void)
{
	size_t most = self.budget / 4 < MAX_PAGES ? self.budget / 4 : MAX_PAGES;
	struct region *r = free_region();
	void *at;

	if (!r || held() >= self.budget) {
		op_unmap();
		return;
	}
	r->pages = 1 + below(below(4) ? most / 4 : most);
	if (r->pages > self.budget - held())
		r->pages = self.budget - held();
	r->shared = !below(4);
	at = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE,
		  MAP_ANONYMOUS | (r->shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	if (at == MAP_FAILED) {
		self.refused++;
		return;
	}
	r->at = at;
	memset(r->want, 0, sizeof(r->want));
	if (below(2))
		write_run(r, 0, r->pages);
}

void op_write(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 128);
	write_run(r, first, n);
}

void op_check(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 256);
	check_run(r, first, n);
}

void op_protect(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r)
		return;
	first = some_run(r, &n, 64);
	if (mprotect(r->at + first * WORDS, n * PAGE, PROT_READ)) {
		self.refused++;
		return;
	}
	check_run(r, first, n);
	if (mprotect(r->at + first * WORDS, n * PAGE, PROT_READ | PROT_WRITE))
		fail("mprotect back"); /* needs no memory: the area is cut already */
	write_run(r, first, 1);
}

void op_move(void)
{
	struct region *r = some_region();
	void *at;

	if (!r)
		return;
	at = mremap(r->at, r->pages * PAGE, r->pages * PAGE, MREMAP_MAYMOVE);
	if (at != MAP_FAILED) {
		void *hole = mmap(NULL, r->pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		at = hole == MAP_FAILED ? hole
					: mremap(r->at, r->pages * PAGE, r->pages * PAGE,
						 MREMAP_MAYMOVE | MREMAP_FIXED, hole);
		if (at == MAP_FAILED && hole != MAP_FAILED)
			munmap(hole, r->pages * PAGE);
	}
	if (at == MAP_FAILED)
		self.refused++; /* also when protections have cut it in several areas */
	else
		r->at = at;
	check_run(r, below(r->pages), 1);
}

/* Private pages only: what shared ones hold belongs to the mapping's object. */
void op_drop(void)
{
	struct region *r = free_region();
	size_t n;

	if (!r || held() + 64 > self.budget) {
		op_unmap();
		return;
	}
	r->pages = 1 + below(64);
	r->shared = 0;
	r->at = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->at == MAP_FAILED) {
		r->at = NULL;
		self.refused++;
		return;
	}
	memset(r->want, 0, sizeof(r->want));
	write_run(r, 0, r->pages);
	n = 1 + below(r->pages);
	if (madvise(r->at, n * PAGE, MADV_DONTNEED))
		fail("madvise");
	memset(r->want, 0, n * sizeof(r->want[0]));
	check_run(r, 0, r->pages);
}
