/* SPDX-License-Identifier: MIT */
/* flavours: numa0 */
/* The buddy: spec 3.1 vectors, fallback and stealing (3.4), RESERVE (3.3), random operations against a model. */
#include "tests/host/fixture.h"

#define BASE 2048UL /* frames [BASE, BASE + 1024) are the playground */

static struct zone *zone;

static int setup(void **state)
{
	start_machine(32, 0, 32, 1);
	zone = zone_of(0, ZONE_NORMAL);
	empty_zone(zone);
	return 0;
}

static bool is_free_block(unsigned long pfn, unsigned int order)
{
	return PageBuddy(pfn_to_page(pfn)) && page_order(pfn_to_page(pfn)) == order;
}

static unsigned long nr_blocks(void)
{
	unsigned long n = 0;

	for (unsigned int order = 0; order < MAX_ORDER; order++)
		n += zone->free_area[order].nr_free;
	return n;
}

static void check(void)
{
	assert_int_equal(buddy_check_zone(zone), 0);
}

/* tests/data/spec/buddy.txt, line by line. */
static void test_vectors(void **state)
{
	FILE *f = open_data("tests/data/spec/buddy.txt");
	unsigned long a, b, c, order[8], after[3][3];
	unsigned int nr_after = 0;
	struct page *page;
	char line[256];

	while (next_line(f, line, sizeof(line))) {
		if (sscanf(line, "buddy %lu %lu %lu", &a, &b, &c) == 3)
			assert_int_equal(buddy_pfn(a, (unsigned int)b), c);
		else if (sscanf(line, "parent %lu %lu %lu", &a, &b, &c) == 3)
			assert_int_equal(a & ~(1UL << b), c);
		else if (sscanf(line, "free %lu %lu %lu %lu %lu %lu %lu %lu", &order[0], &order[1],
				&order[2], &order[3], &order[4], &order[5], &order[6], &order[7]) == 8)
			continue;
		else if (sscanf(line, "after %lu %lu %lu", &a, &b, &c) == 3)
			memcpy(after[nr_after++], (unsigned long[]){ a, b, c }, sizeof(after[0]));
	}
	assert_int_equal(nr_after, 3);
	for (int i = 0; i < 8; i++) {
		give_block(zone, BASE + order[i], 0, MIGRATE_MOVABLE);
		check();
		for (unsigned int k = 0; k < nr_after; k++)
			if (after[k][0] == order[i])
				assert_true(is_free_block(BASE + after[k][2],
							  (unsigned int)after[k][1]));
	}
	assert_int_equal(nr_blocks(), 1);
	page = take_block(zone, 0, MIGRATE_MOVABLE);
	assert_int_equal(page_to_pfn(page), BASE); /* the lowest frame */
	for (unsigned int o = 0; o < 4; o++)
		assert_int_equal(zone->free_area[o].nr_free, o < 3);
	assert_true(is_free_block(BASE + 1, 0) && is_free_block(BASE + 2, 1) &&
		    is_free_block(BASE + 4, 2));
	check();
}

/* The top order never merges; neither do blocks across a zone's border. */
static void test_no_merge_beyond(void **state)
{
	give_block(zone, BASE, 10, MIGRATE_MOVABLE);
	give_block(zone, BASE + 1024, 10, MIGRATE_MOVABLE);
	assert_int_equal(zone->free_area[10].nr_free, 2);
	check();
}

static void test_zone_border(void **state)
{
	struct zone *high;

	mm_host_stop();
	start_machine(32, 0, 15, 1); /* a border in the middle of a largest block */
	zone = zone_of(0, ZONE_NORMAL);
	high = zone_of(0, ZONE_HIGHMEM);
	assert_int_equal(zone_end_pfn(zone), 15 * 256);
	assert_int_equal(high->zone_start_pfn, 15 * 256);
	check();
	assert_int_equal(buddy_check_zone(high), 0);
	assert_int_equal(zone->present_pages + high->present_pages, 32 * 256);
}

/* Tail insertion: order < 9 and the parent's buddy free means "use this one last". */
static void test_tail_insertion(void **state)
{
	give_block(zone, BASE + 16, 0, MIGRATE_MOVABLE);
	give_block(zone, BASE + 2, 1, MIGRATE_MOVABLE); /* buddy of BASE's parent */
	give_block(zone, BASE, 0, MIGRATE_MOVABLE);
	assert_int_equal(page_to_pfn(page_list_last(&zone->free_area[0].free_list[MIGRATE_MOVABLE])),
			 BASE);
	give_block(zone, BASE + 24, 0, MIGRATE_MOVABLE);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE + 24);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE + 16);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE);
	check();
}

/* At order 9 the head is used whatever the neighbours are. */
static void test_tail_insertion_limit(void **state)
{
	give_block(zone, BASE + 4096, 9, MIGRATE_MOVABLE);
	give_block(zone, BASE + 1024, 10, MIGRATE_MOVABLE);
	give_block(zone, BASE, 9, MIGRATE_MOVABLE);
	assert_int_equal(page_to_pfn(take_block(zone, 9, MIGRATE_MOVABLE)), BASE);
}

static void test_types_merge_isolated_do_not(void **state)
{
	give_block(zone, BASE, 0, MIGRATE_MOVABLE);
	give_block(zone, BASE + 1, 0, MIGRATE_UNMOVABLE);
	assert_true(is_free_block(BASE, 1));
	assert_int_equal(pfn_to_page(BASE)->index, MIGRATE_UNMOVABLE); /* the last one's */
	check();
	empty_zone(zone);
	set_pageblock_migratetype(zone, BASE + 512, MIGRATE_ISOLATE);
	give_block(zone, BASE, 9, MIGRATE_MOVABLE);
	give_block(zone, BASE + 512, 9, MIGRATE_ISOLATE);
	assert_true(is_free_block(BASE, 9) && is_free_block(BASE + 512, 9));
	check();
}

/* ---- Fallback -------------------------------------------------------------------------------- */

/* One single frame of each listed type: they must be taken in the table's order. */
static void test_fallback_order(void **state)
{
	FILE *f = open_data("tests/data/spec/fallback.txt");
	char line[256], name[4][16];

	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%15s %15s %15s %15s", name[0], name[1], name[2],
					name[3]), 4);
		empty_zone(zone);
		for (int i = 1; i < 4; i++) {
			unsigned long pfn = BASE + 512UL * (unsigned int)i;

			set_pageblock_migratetype(zone, pfn, type_by_name(name[i]));
			give_block(zone, pfn, 0, type_by_name(name[i]));
		}
		for (int i = 1; i < 4; i++)
			assert_int_equal(page_to_pfn(take_block(zone, 0, type_by_name(name[0]))),
					 BASE + 512UL * (unsigned int)i);
		assert_null(take_block(zone, 0, type_by_name(name[0])));
	}
}

/* Largest order first, even from the second choice. */
static void test_fallback_largest_first(void **state)
{
	set_pageblock_migratetype(zone, BASE, MIGRATE_RECLAIMABLE);
	set_pageblock_migratetype(zone, BASE + 512, MIGRATE_MOVABLE);
	give_block(zone, BASE, 2, MIGRATE_RECLAIMABLE);
	give_block(zone, BASE + 512, 3, MIGRATE_MOVABLE);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_UNMOVABLE)), BASE + 512);
}

static void run_steal_case(const char *wanted, const char *from, unsigned int order,
			   unsigned int more, const char *block_type, const char *remainder)
{
	enum migratetype s = type_by_name(wanted), f = type_by_name(from);
	unsigned long first = order >= 9 ? 0 : 1UL << order;
	struct page *page;

	empty_zone(zone);
	set_pageblock_migratetype(zone, BASE, f);
	set_pageblock_migratetype(zone, BASE + 512, f);
	give_block(zone, BASE, order, f);
	for (unsigned int i = 0; i < more; i++) /* every second frame: they cannot merge */
		give_block(zone, BASE + first + 2UL * i + 1, 0, f);
	page = take_block(zone, 0, s);
	assert_int_equal(page_to_pfn(page), BASE);
	assert_int_equal(get_pageblock_migratetype(zone, BASE), type_by_name(block_type));
	if (order == 10)
		assert_int_equal(get_pageblock_migratetype(zone, BASE + 512), type_by_name(block_type));
	for (unsigned int o = 0; o < order; o++)
		assert_int_equal(pfn_to_page(BASE + (1UL << o))->index, type_by_name(remainder));
	for (unsigned int i = 0; i < more; i++)
		assert_int_equal(pfn_to_page(BASE + first + 2UL * i + 1)->index,
				 order >= 4 || s == MIGRATE_RECLAIMABLE ? s : f);
	check();
}

static void test_stealing(void **state)
{
	FILE *file = open_data("tests/data/spec/steal.txt");
	char line[256], name[4][16];
	unsigned int order, more;

	while (next_line(file, line, sizeof(line))) {
		print_message("%s\n", line);
		assert_int_equal(sscanf(line, "%15s %15s %u %u %15s %15s", name[0], name[1], &order, &more,
					name[2], name[3]), 6);
		run_steal_case(name[0], name[1], order, more, name[2], name[3]);
	}
}

/* RESERVE is tried last, smallest block first, and is not stolen. */
static void test_reserve_last(void **state)
{
	set_pageblock_migratetype(zone, BASE, MIGRATE_RESERVE);
	give_block(zone, BASE, 6, MIGRATE_RESERVE);
	give_block(zone, BASE + 128, 2, MIGRATE_RESERVE);
	set_pageblock_migratetype(zone, BASE + 512, MIGRATE_UNMOVABLE);
	give_block(zone, BASE + 512, 0, MIGRATE_UNMOVABLE);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE + 512);
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE + 128);
	assert_int_equal(get_pageblock_migratetype(zone, BASE), MIGRATE_RESERVE);
	assert_int_equal(pfn_to_page(BASE + 129)->index, MIGRATE_RESERVE);
	check();
	assert_int_equal(page_to_pfn(take_block(zone, 0, MIGRATE_MOVABLE)), BASE + 129); /* of just this order */
	assert_int_equal(page_to_pfn(take_block(zone, 1, MIGRATE_MOVABLE)), BASE + 130);
	check();
}

static unsigned int count_blocks(enum migratetype type, unsigned long *first)
{
	unsigned int n = 0;

	for (unsigned long pfn = zone->zone_start_pfn; pfn < zone_end_pfn(zone); pfn += 512) {
		if (get_pageblock_migratetype(zone, pfn) != type)
			continue;
		if (!n++)
			*first = pfn;
	}
	return n;
}

static void test_reserve_blocks(void **state)
{
	FILE *f = open_data("tests/data/spec/reserve.txt");
	unsigned long min, first = 0;
	unsigned int blocks;
	char line[256];

	mm_host_stop();
	start_machine(32, 0, 32, 1);
	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%lu %u", &min, &blocks), 2);
		zone->watermark[WMARK_MIN] = min;
		setup_zone_migrate_reserve(zone);
		assert_int_equal(count_blocks(MIGRATE_RESERVE, &first), blocks);
		if (blocks)
			assert_int_equal(first, 512); /* block 0 has page 0, which is reserved */
		check();
	}
	zone->watermark[WMARK_MIN] = 0;
	setup_zone_migrate_reserve(zone);
	assert_int_equal(count_blocks(MIGRATE_RESERVE, &first), 0);
	check();
}

/* ---- Random operations ----------------------------------------------------------------------- */

#define FRAMES 4096UL

struct block {
	unsigned long pfn;
	unsigned int order;
};

static bool allocated[FRAMES]; /* the model: a flag per frame of [BASE, BASE + FRAMES) */

static void mark(unsigned long pfn, unsigned int order, bool taken)
{
	assert_int_equal(pfn & ((1UL << order) - 1), 0);
	assert_true(pfn >= BASE && pfn + (1UL << order) <= BASE + FRAMES);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		assert_int_equal(allocated[pfn - BASE + i], !taken);
		allocated[pfn - BASE + i] = taken;
	}
}

static unsigned long model_free(void)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < FRAMES; i++)
		n += !allocated[i];
	return n;
}

/* Is there a free aligned run of this order? Then the buddy must find one: nothing is held back. */
static bool model_has(unsigned int order)
{
	for (unsigned long pfn = 0; pfn < FRAMES; pfn += 1UL << order) {
		unsigned long i = 0;

		while (i < 1UL << order && !allocated[pfn + i])
			i++;
		if (i == 1UL << order)
			return true;
	}
	return false;
}

static void random_step(struct block *held, unsigned int *nr)
{
	if (random_below(100) < (*nr < 200 ? 60 : 40) && *nr < 4000) {
		unsigned int order = (unsigned int)min(random_below(11), random_below(11));
		struct page *page = take_block(zone, order,
					       (enum migratetype)random_below(MIGRATE_PCPTYPES));

		assert_int_equal(page != NULL, model_has(order));
		if (!page)
			return;
		mark(page_to_pfn(page), order, true);
		held[(*nr)++] = (struct block){ page_to_pfn(page), order };
	} else if (*nr) {
		unsigned int i = (unsigned int)random_below(*nr);

		mark(held[i].pfn, held[i].order, false);
		give_block(zone, held[i].pfn, held[i].order,
			   get_pageblock_migratetype(zone, held[i].pfn));
		held[i] = held[--(*nr)];
	}
}

static void test_random(void **state)
{
	static struct block held[4096];
	unsigned int nr = 0;

	seed_random("buddy random");
	memset(allocated, 0, sizeof(allocated));
	for (unsigned long pfn = BASE; pfn < BASE + FRAMES; pfn += 1024)
		give_block(zone, pfn, 10, MIGRATE_MOVABLE);
	for (int step = 0; step < 20000; step++) {
		random_step(held, &nr);
		if (step % 50 == 0) {
			check();
			assert_int_equal(zone_page_state_snapshot(zone, NR_FREE_PAGES), model_free());
		}
	}
	while (nr) {
		nr--;
		mark(held[nr].pfn, held[nr].order, false);
		give_block(zone, held[nr].pfn, held[nr].order, MIGRATE_MOVABLE);
	}
	check();
	assert_int_equal(zone->free_area[10].nr_free, FRAMES / 1024); /* everything has merged again */
	assert_int_equal(nr_blocks(), FRAMES / 1024);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, stop_machine)
	const struct CMUnitTest tests[] = {
		T(test_vectors), T(test_no_merge_beyond), T(test_zone_border), T(test_tail_insertion),
		T(test_tail_insertion_limit), T(test_types_merge_isolated_do_not),
		T(test_fallback_order), T(test_fallback_largest_first), T(test_stealing),
		T(test_reserve_last), T(test_reserve_blocks), T(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
