/* SPDX-License-Identifier: MIT */
/* What a task holds, what each page must contain, and the numbers it draws. */
#include "user/soak/soak.h"

#define STEP 0x100000001b3UL

static uint64_t draws; /* the state of this process's random numbers */

void draw_from(uint64_t seed, uint64_t stream)
{
	draws = (seed * 0x9e3779b97f4a7c15UL ^ (stream + 1) * 0xff51afd7ed558ccdUL) | 1;
	for (int i = 0; i < 8; i++)
		draw();
}

uint64_t draw(void)
{
	draws ^= draws << 13;
	draws ^= draws >> 7;
	draws ^= draws << 17;
	return draws * 0x2545f4914f6cdd1dUL;
}

size_t below(size_t n)
{
	return n ? (draw() >> 11) % n : 0;
}

void page_fill(uint64_t *page, uint64_t first)
{
	for (size_t i = 0; i < WORDS; i++)
		page[i] = first ? first + i * STEP : 0;
}

void page_check(const uint64_t *page, uint64_t first, size_t number)
{
	for (size_t i = 0; i < WORDS; i++) {
		uint64_t want = first ? first + i * STEP : 0;

		if (page[i] != want)
			fail("page %zu at %p word %zu is %016lx, not %016lx", number, (void *)page, i, page[i], want);
	}
}

uint64_t fresh(void)
{
	return draw() | 1;
}

size_t held(void)
{
	size_t pages = 0;

	for (int i = 0; i < MAX_REGIONS; i++)
		pages += self.regions[i].at ? self.regions[i].pages : 0;
	return pages;
}

struct region *some_region(void)
{
	for (int tries = 0; tries < 16; tries++) {
		struct region *r = &self.regions[below(MAX_REGIONS)];

		if (r->at)
			return r;
	}
	return NULL;
}

/* A run of pages of r. => its first page, *n pages */
size_t some_run(const struct region *r, size_t *n, size_t most)
{
	size_t first = below(r->pages);

	*n = 1 + below(most);
	if (*n > r->pages - first)
		*n = r->pages - first;
	return first;
}

void write_run(struct region *r, size_t first, size_t n)
{
	for (size_t p = first; p < first + n; p++) {
		r->want[p] = fresh();
		self.written++;
		page_fill(r->at + p * WORDS, r->want[p]);
	}
}

void check_run(const struct region *r, size_t first, size_t n)
{
	for (size_t p = first; p < first + n; p++)
		page_check(r->at + p * WORDS, r->want[p], p);
}

void check_everything(void)
{
	for (int i = 0; i < MAX_REGIONS; i++)
		if (self.regions[i].at)
			check_run(&self.regions[i], 0, self.regions[i].pages);
}

struct region *free_region(void)
{
	for (int i = 0; i < MAX_REGIONS; i++)
		if (!self.regions[i].at)
			return &self.regions[i];
	return NULL;
}
