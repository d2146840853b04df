/* SPDX-License-Identifier: MIT */
/*
 * What frames can do at best, and two yardsticks that need no look into the future of single pages: exact LRU, and
 * the set of pages that would have been the best to keep all the time.
 *
 * All count alike: the first reference to a page is a miss, memory starts empty, and reads and writes are equal.
 */
#include "tests/race/trace.h"

#include <stdlib.h>
#include <string.h>

#define NEVER UINT32_MAX

static void count_miss(const struct trace *t, struct misses *m, uint32_t page)
{
	m->all++;
	m->hot += t->hot[page];
}

/* ---- OPT: a heap of (next reference, page), the furthest on top; entries that a hit has outdated stay in it ---- */

struct future {
	uint32_t next, page;
};

struct heap {
	struct future *at; /* from 1 */
	size_t nr;
};

static void heap_push(struct heap *h, struct future f)
{
	size_t i = ++h->nr;

	for (; i > 1 && h->at[i / 2].next < f.next; i /= 2)
		h->at[i] = h->at[i / 2];
	h->at[i] = f;
}

static struct future heap_pop(struct heap *h)
{
	struct future top = h->at[1], last = h->at[h->nr--];
	size_t i = 1, child;

	for (; (child = 2 * i) <= h->nr; i = child) {
		if (child < h->nr && h->at[child + 1].next > h->at[child].next)
			child++;
		if (h->at[child].next <= last.next)
			break;
		h->at[i] = h->at[child];
	}
	h->at[i] = last;
	return top;
}

/* => for each reference the index of the next one to its page, or NEVER */
static uint32_t *next_references(const struct trace *t)
{
	uint32_t *next = malloc(t->nr_refs * sizeof(*next));
	uint32_t *seen = malloc(t->nr_pages * sizeof(*seen));

	memset(seen, 0xff, t->nr_pages * sizeof(*seen));
	for (size_t i = t->nr_refs; i-- > 0;) {
		next[i] = seen[t->refs[i].page];
		seen[t->refs[i].page] = (uint32_t)i;
	}
	free(seen);
	return next;
}

struct misses misses_opt(const struct trace *t, uint32_t frames)
{
	struct heap heap = { malloc((t->nr_refs + 2) * sizeof(struct future)), 0 };
	uint32_t *next = next_references(t), used = 0;
	uint32_t *awaited = malloc(t->nr_pages * sizeof(*awaited)); /* next reference of a page in memory */
	bool *in_memory = calloc(t->nr_pages, sizeof(*in_memory));
	struct misses m = { 0 };

	for (size_t i = 0; i < t->nr_refs; i++) {
		uint32_t page = t->refs[i].page;

		if (!in_memory[page]) {
			count_miss(t, &m, page);
			while (used == frames) {
				struct future victim = heap_pop(&heap);

				if (in_memory[victim.page] && awaited[victim.page] == victim.next) {
					in_memory[victim.page] = false;
					used--;
				}
			}
			in_memory[page] = true;
			used++;
		}
		awaited[page] = next[i];
		heap_push(&heap, (struct future){ next[i], page });
	}
	free(heap.at);
	free(next);
	free(awaited);
	free(in_memory);
	return m;
}

/* ---- LRU: a ring through the pages in memory, the one used last behind the head ---- */

struct link {
	uint32_t before, after;
};

static void unlink_page(struct link *ring, uint32_t page)
{
	ring[ring[page].before].after = ring[page].after;
	ring[ring[page].after].before = ring[page].before;
}

static void link_first(struct link *ring, uint32_t head, uint32_t page)
{
	ring[page] = (struct link){ head, ring[head].after };
	ring[ring[head].after].before = page;
	ring[head].after = page;
}

struct misses misses_lru(const struct trace *t, uint32_t frames)
{
	uint32_t head = t->nr_pages, used = 0;
	struct link *ring = malloc((t->nr_pages + 1) * sizeof(*ring));
	bool *in_memory = calloc(t->nr_pages, sizeof(*in_memory));
	struct misses m = { 0 };

	ring[head] = (struct link){ head, head };
	for (size_t i = 0; i < t->nr_refs; i++) {
		uint32_t page = t->refs[i].page;

		if (in_memory[page]) {
			unlink_page(ring, page);
		} else {
			count_miss(t, &m, page);
			if (used == frames) {
				uint32_t victim = ring[head].before;

				unlink_page(ring, victim);
				in_memory[victim] = false;
				used--;
			}
			in_memory[page] = true;
			used++;
		}
		link_first(ring, head, page);
	}
	free(ring);
	free(in_memory);
	return m;
}

/* ---- The best set of pages that never change ---- */

struct use {
	uint32_t count, page;
};

static int more_used_first(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return x->page < y->page ? -1 : x->page > y->page;
}

struct misses misses_static(const struct trace *t, uint32_t frames)
{
	struct use *uses = calloc(t->nr_pages, sizeof(*uses));
	struct misses m = { 0 };

	for (uint32_t page = 0; page < t->nr_pages; page++)
		uses[page].page = page;
	for (size_t i = 0; i < t->nr_refs; i++)
		uses[t->refs[i].page].count++;
	qsort(uses, t->nr_pages, sizeof(*uses), more_used_first);
	for (uint32_t i = 0; i < t->nr_pages; i++) {
		uint64_t n = i < frames && uses[i].count ? 1 : uses[i].count;

		m.all += n;
		m.hot += t->hot[uses[i].page] ? n : 0;
	}
	free(uses);
	return m;
}
