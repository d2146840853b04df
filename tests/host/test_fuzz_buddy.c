/* SPDX-License-Identifier: MIT */
/*
 * Any sequence of allocations, frees and drains, over 1-4 zones on 1-2 nodes, against a model: who has which frame.
 * After each step every invariant of spec 3.1 is checked (mm_host_check()), and that no frame is lost or given twice.
 *
 * The input: a byte for the machine's shape, then three bytes a step. TIDEMARK_ROUNDS=n inputs of 2730 steps.
 */
#include "tests/host/fixture.h"
#include "tests/host/fuzz.h"
#include "mm/slowpath.h"

#define MAX_HELD   4096
#define MAX_FRAMES 8192

/* {nodes, MiB of a node, MiB of DMA, end of Normal in MiB} */
static const struct {
	unsigned int nodes, mib, dma, normal;
} shapes[] = {
	{ 1, 8, 0, 8 }, { 1, 8, 8, 8 }, { 1, 12, 4, 12 }, { 1, 16, 4, 10 }, { 1, 12, 0, 6 },
	{ 2, 8, 0, 16 }, { 2, 8, 4, 16 }, { 2, 8, 4, 7 }, { 2, 6, 0, 9 }, { 2, 8, 8, 12 },
};

static struct {
	struct page *page;
	unsigned int order;
} held[MAX_HELD];
static unsigned int nr_held;
static unsigned long frames_held, frames_free; /* now; at the start */
static unsigned long steps;

/* libFuzzer tells its runs, not what is in them. */
__attribute__((destructor)) static void tell_steps(void)
{
	if (steps)
		printf("%lu steps\n", steps);
}

static unsigned char taken[MAX_FRAMES];

#define DEMAND(c)                                                                           \
	do {                                                                                \
		if (!(c)) {                                                                 \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #c); \
			abort();                                                            \
		}                                                                           \
	} while (0)

static unsigned long all_free(void)
{
	struct zone *zone;
	unsigned long sum = 0;

	for_each_populated_zone(zone) {
		sum += zone_page_state_snapshot(zone, NR_FREE_PAGES);
		for (int cpu = 0; cpu < nr_cpu_ids; cpu++)
			sum += (unsigned long)zone->pageset[cpu].pcp.count;
	}
	return sum;
}

static void start_shape(unsigned int n)
{
	unsigned int s = n % ARRAY_SIZE(shapes);
	u64 size = shapes[s].mib * MIB;
	/* with a hole, now and then */
	u64 hole = n & 0x80 ? size / 2 + 37 * PAGE_SIZE : size;
	struct mm_host_range ram[] = { { 0, hole, 1, 0 }, { min(hole + 5 * PAGE_SIZE, size), size, 1, 0 },
				       { size, 2 * size, 1, 1 } };
	struct mm_host_config config = { ram, shapes[s].nodes + 1, shapes[s].nodes, 1,
					 shapes[s].dma * MIB, shapes[s].normal * MIB, 0 };

	DEMAND(!mm_host_start(&config));
	memset(taken, 0, sizeof(taken));
	nr_held = 0;
	frames_held = 0;
	frames_free = all_free();
}

static void mark(struct page *page, unsigned int order, int was)
{
	unsigned long pfn = page_to_pfn(page);

	DEMAND(!(pfn & ((1UL << order) - 1)));
	for (unsigned long i = 0; i < 1UL << order; i++) {
		DEMAND(taken[pfn + i] == was);
		taken[pfn + i] = (unsigned char)!was;
	}
}

static const gfp_t kinds[] = {
	GFP_NOWAIT, GFP_ATOMIC, GFP_ATOMIC | __GFP_NOMEMALLOC, __GFP_DMA, __GFP_HIGHMEM,
	__GFP_HIGHMEM | __GFP_MOVABLE, __GFP_MOVABLE, __GFP_RECLAIMABLE, __GFP_COLD, __GFP_COMP,
	__GFP_MEMALLOC, __GFP_MEMALLOC | __GFP_RECLAIMABLE, GFP_ATOMIC | __GFP_COLD, __GFP_THISNODE,
	__GFP_NO_KSWAPD, __GFP_MEMALLOC | __GFP_HIGHMEM | __GFP_MOVABLE,
};

/* A refusal must have its reason: no zone it may use is above the floor that it may go down to. */
static void check_refusal(int nid, gfp_t gfp)
{
	struct zonelist *list = node_zonelist(nid, gfp);
	struct zoneref *first = first_zones_zonelist(list, gfp_zone(gfp), 0), *z;
	int flags = gfp_to_alloc_flags(gfp);
	struct zone *zone;

	for_each_zone_zonelist(zone, z, list, gfp_zone(gfp)) {
		if (flags & ALLOC_NO_WATERMARKS)
			DEMAND(!zone_page_state_snapshot(zone, NR_FREE_PAGES));
		else
			DEMAND(!zone_watermark_ok(zone, 0, min_wmark_pages(zone), first->zone_idx, flags));
	}
}

static void step_alloc(unsigned int kind, unsigned int order, unsigned int nid)
{
	gfp_t gfp = kinds[kind % ARRAY_SIZE(kinds)] | __GFP_NOWARN;
	struct page *page;

	if (nr_held == MAX_HELD)
		return;
	nid %= (unsigned int)nr_node_ids;
	page = nid ? alloc_pages_node((int)nid, gfp, order) : alloc_pages(gfp, order);
	if (!page) {
		if (order == 0)
			check_refusal((int)nid, gfp);
		return;
	}
	DEMAND(page_count(page) == 1);
	DEMAND(page_zone(page)->index <= gfp_zone(gfp));
	if (gfp & __GFP_THISNODE)
		DEMAND(page_zone(page)->node == (int)nid);
	DEMAND(PageHead(page) == ((gfp & __GFP_COMP) && order));
	mark(page, order, 0);
	frames_held += 1UL << order;
	held[nr_held].page = page;
	held[nr_held++].order = order;
}

static void step_free(unsigned int which, bool cold)
{
	unsigned int i, order;
	struct page *page;

	if (!nr_held)
		return;
	i = which % nr_held;
	page = held[i].page;
	order = held[i].order;
	held[i] = held[--nr_held];
	mark(page, order, 1);
	frames_held -= 1UL << order;
	if (cold && !order && put_page_testzero(page))
		free_hot_cold_page(page, true);
	else if (!cold || order)
		__free_pages(page, order);
}

/* A block becomes single pages. */
static void step_split(unsigned int which)
{
	unsigned int i = nr_held ? which % nr_held : 0, order;
	struct page *page;

	if (!nr_held)
		return;
	page = held[i].page;
	order = held[i].order;
	if (PageCompound(page) || nr_held + (1U << order) > MAX_HELD)
		return;
	split_page(page, order);
	held[i].order = 0;
	for (unsigned int k = 1; k < 1U << order; k++) {
		held[nr_held].page = page + k;
		held[nr_held++].order = 0;
	}
}

static void step(const unsigned char *in)
{
	unsigned int n = in[1] | in[2] << 8;

	steps++;
	switch (in[0] >> 4) {
	case 0 ... 4:
		step_alloc(in[1], 0, in[0] & 1);
		break;
	case 5 ... 7:
		step_alloc(in[1], in[2] % MAX_ORDER, in[0] & 1);
		break;
	case 8 ... 12:
		step_free(n, false);
		break;
	case 13:
		step_free(n, true);
		break;
	case 14:
		step_split(n);
		break;
	default:
		if (in[1] % 8 == 0)
			drain_all_pages();
		else if (in[1] % 8 == 1)
			drain_local_pages(NULL);
		else
			step_free(nr_held - 1, false);
	}
	DEMAND(!mm_host_check());
	DEMAND(all_free() + frames_held == frames_free);
}

static void fuzz_one(const unsigned char *data, size_t size)
{
	if (!size)
		return;
	host_loglevel = 0;
	start_shape(*data++);
	for (size--; size >= 3; data += 3, size -= 3)
		step(data);
	while (nr_held)
		step_free(0, false);
	drain_all_pages();
	DEMAND(!mm_host_check());
	DEMAND(all_free() == frames_free);
	mm_host_stop();
}

/* Phases that mostly take and phases that mostly give back. */
static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	to[0] = (unsigned char)fuzz_random();
	for (unsigned int i = 1; i + 3 <= FUZZ_MAX; i += 3) {
		unsigned int what = fuzz_random() % 256;

		if (fuzz_random() % 4 == 0)
			what = i / 600 % 2 ? 0x80 : 0x10;
		to[i] = (unsigned char)what;
		to[i + 1] = (unsigned char)fuzz_random();
		to[i + 2] = (unsigned char)(n % 2 ? fuzz_random() : fuzz_random() % 4);
	}
	return FUZZ_MAX - 1;
}

#ifndef LIBFUZZER
static void test_sequences(void **state)
{
	const char *rounds = getenv("TIDEMARK_ROUNDS");

	(void)state;
	fuzz_loop(rounds ? (unsigned int)atoi(rounds) : 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_sequences) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
