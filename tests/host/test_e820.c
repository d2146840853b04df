/* SPDX-License-Identifier: MIT */
/* The firmware map: entries in any order and shape, the command line's words, random maps against a byte model. */
#include "tests/host/fixture.h"
#include "tests/host/fuzz.h"
#include "mm/e820.h"

#define MAX 64

static struct mem_range ranges[MAX];
static struct range_set map = { .name = "test", .max = MAX, .ranges = ranges };

struct entry {
	u64 start, end;
	u32 type;
};

static void build(const struct entry *entries, int nr)
{
	map.nr = 0;
	for (int i = 0; i < nr; i++)
		e820_add(&map, entries[i].start, entries[i].end - entries[i].start, entries[i].type);
}
#define BUILD(...)                                                                                 \
	do {                                                                                       \
		const struct entry e[] = { __VA_ARGS__ };                                          \
		build(e, ARRAY_SIZE(e));                                                           \
	} while (0)

static void expect(const struct entry *entries, unsigned int nr)
{
	assert_int_equal(map.nr, nr);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(map.ranges[i].start, entries[i].start);
		assert_int_equal(map.ranges[i].end, entries[i].end);
		assert_int_equal(map.ranges[i].tag, entries[i].type);
	}
}
#define EXPECT_MAP(...)                                                                            \
	do {                                                                                       \
		const struct entry e[] = { __VA_ARGS__ };                                          \
		expect(e, ARRAY_SIZE(e));                                                          \
	} while (0)

static void test_unsorted_and_empty(void **state)
{
	BUILD({ 0x100000, 0x200000, 1 }, { 0x5000, 0x5000, 2 }, { 0, 0x9f000, 1 });
	EXPECT_MAP({ 0, 0x9f000, 1 }, { 0x100000, 0x200000, 1 });
	assert_int_equal(e820_usable_pages(&map), 0x9f + 0x100);
	assert_int_equal(e820_end_pfn(&map), 0x200);
}

static void test_restrictive_wins_in_any_order(void **state)
{
	BUILD({ 0, 0x10000, 1 }, { 0x4000, 0x6000, 2 }, { 0x5000, 0x8000, 4 });
	EXPECT_MAP({ 0, 0x4000, 1 }, { 0x4000, 0x5000, 2 }, { 0x5000, 0x8000, 4 }, { 0x8000, 0x10000, 1 });
	BUILD({ 0x5000, 0x8000, 4 }, { 0x4000, 0x6000, 2 }, { 0, 0x10000, 1 });
	EXPECT_MAP({ 0, 0x4000, 1 }, { 0x4000, 0x5000, 2 }, { 0x5000, 0x8000, 4 }, { 0x8000, 0x10000, 1 });
	BUILD({ 0, 0x10000, 1 }, { 0, 0x10000, 99 });
	EXPECT_MAP({ 0, 0x10000, 99 });
	assert_int_equal(e820_usable_pages(&map), 0);
}

/* Usable ranges are joined first and rounded inward then. */
static void test_joining_and_rounding(void **state)
{
	BUILD({ 0x1000, 0x2800, 1 }, { 0x2800, 0x5000, 1 });
	EXPECT_MAP({ 0x1000, 0x5000, 1 });
	assert_int_equal(e820_usable_pages(&map), 4);
	BUILD({ 0x1000, 0x2800, 1 }, { 0x2800, 0x2900, 2 }, { 0x2900, 0x5000, 1 });
	assert_int_equal(e820_usable_pages(&map), 3);
	BUILD({ 0x1100, 0x1f00, 1 });
	assert_int_equal(e820_usable_pages(&map), 0);
	BUILD({ 0x1100, 0x2f00, 1 });
	assert_int_equal(e820_usable_pages(&map), 0);
	BUILD({ 0x1100, 0x3f00, 1 });
	assert_int_equal(e820_usable_pages(&map), 1);
	assert_int_equal(e820_end_pfn(&map), 3);
}

static void test_wrapping(void **state)
{
	map.nr = 0;
	assert_true(e820_add(&map, 0, 0x100000, 1));
	assert_false(e820_add(&map, 0x10000000, ~0ULL - 0x1000, 1)); /* RAM past the end of addresses */
	EXPECT_MAP({ 0, 0x100000, 1 });
	assert_true(e820_add(&map, 0x80000, ~0ULL, 2));
	EXPECT_MAP({ 0, 0x80000, 1 }, { 0x80000, ~0ULL, 2 });
	assert_int_equal(e820_usable_pages(&map), 0x80);
}

/* The 12 GiB hole that QEMU reserves near 1 TiB, and RAM above 4 GiB. */
static void test_large_addresses(void **state)
{
	BUILD({ 0, 0x80000000, 1 }, { 0xfd00000000, 0x10000000000, 2 },
	      { 0x100000000, 0x280000000, 1 });
	assert_int_equal(e820_usable_pages(&map), 0x80000 + 0x180000);
	assert_int_equal(e820_end_pfn(&map), 0x280000);
	BUILD({ E820_MAX_ADDR - 0x1000, E820_MAX_ADDR + 0x100000, 1 });
	assert_int_equal(e820_usable_pages(&map), 1);
}

/* A full map refuses; what it has stays true. */
static void test_full(void **state)
{
	map.nr = 0;
	for (u64 i = 0; i < MAX; i++)
		assert_true(e820_add(&map, i * 0x10000, 0x1000, 1));
	assert_false(e820_add(&map, 0x900000, 0x1000, 1));
	assert_int_equal(map.nr, MAX);
	assert_true(e820_add(&map, 0x1000, 0xf000, 1)); /* joins two */
	assert_int_equal(map.nr, MAX - 1);
}

static void test_cmdline(void **state)
{
	BUILD({ 0, 0x9f000, 1 }, { 0x100000, 0x10000000, 1 }, { 0xf0000000, 0xf1000000, 2 });
	assert_int_equal(e820_apply_cmdline(&map, "quiet mem=64M init=/x"), 1);
	assert_int_equal(e820_end_pfn(&map), 0x4000);
	assert_int_equal(map.ranges[map.nr - 1].tag, 2); /* only RAM is cut */

	BUILD({ 0, 0x9f000, 1 }, { 0x100000, 0x10000000, 1 });
	assert_int_equal(e820_apply_cmdline(&map, "memmap=1M$0x200000 \"memmap=4K#0x400000\""), 2);
	EXPECT_MAP({ 0, 0x9f000, 1 }, { 0x100000, 0x200000, 1 }, { 0x200000, 0x300000, 2 },
		   { 0x300000, 0x400000, 1 }, { 0x400000, 0x401000, 3 }, { 0x401000, 0x10000000, 1 });

	assert_int_equal(e820_apply_cmdline(&map, "memmap=exactmap,640K@0,63M@1M mem=32M"), 4);
	EXPECT_MAP({ 0, 0xa0000, 1 }, { 0x100000, 0x2000000, 1 });

	assert_int_equal(e820_apply_cmdline(&map, "memmap=8M@64M -- mem=1M"), 1);
	assert_int_equal(e820_end_pfn(&map), 72 * 256);
	assert_int_equal(e820_apply_cmdline(&map, "mem=0 mem=x memmap=9@ memmap=$5 memory=1"), 0);
	assert_int_equal(e820_end_pfn(&map), 72 * 256);
}

/* Usable memory asked for where the firmware says reserved stays reserved. */
static void test_cmdline_cannot_unreserve(void **state)
{
	BUILD({ 0x100000, 0x200000, 1 }, { 0x200000, 0x300000, 2 });
	e820_apply_cmdline(&map, "memmap=4M@0x100000");
	EXPECT_MAP({ 0x100000, 0x200000, 1 }, { 0x200000, 0x300000, 2 }, { 0x300000, 0x500000, 1 });
}

static void test_words(void **state)
{
	const char *p = "  a=\"b c\"  d\"e\"f\tlonger ";
	char word[6];

	assert_true(cmdline_next_word(&p, word, sizeof(word)));
	assert_string_equal(word, "a=b c");
	assert_true(cmdline_next_word(&p, word, sizeof(word)));
	assert_string_equal(word, "def");
	assert_true(cmdline_next_word(&p, word, sizeof(word)));
	assert_string_equal(word, "longe");
	assert_false(cmdline_next_word(&p, word, sizeof(word)));
}

/* ---- Random maps: every 256-byte unit has the most restrictive type that covers it ---------------- */

#define UNITS 4096 /* of 256 bytes: 256 pages */

static unsigned long model_usable(const u32 *best)
{
	unsigned long pages = 0;

	for (int page = 0; page < UNITS / 16; page++) {
		int unit = 0;

		while (unit < 16 && best[page * 16 + unit] == 1)
			unit++;
		pages += unit == 16;
	}
	return pages;
}

static void test_random(void **state)
{
	static const u32 types[] = { 1, 1, 1, 2, 3, 4, 5, 12, 20 };
	static u32 best[UNITS];

	seed_random("e820 random");
	for (int round = 0; round < 2000; round++) {
		memset(best, 0, sizeof(best));
		map.nr = 0;
		for (int n = (int)random_below(20); n >= 0; n--) {
			u64 start = random_below(UNITS), size = random_below(UNITS - start + 1);
			u32 type = types[random_below(ARRAY_SIZE(types))];

			assert_true(e820_add(&map, start * 256, size * 256, type));
			for (u64 u = start; u < start + size; u++)
				if (!best[u] || best[u] == 1 || (type != 1 && type > best[u]))
					best[u] = type;
		}
		for (unsigned int i = 1; i < map.nr; i++) {
			assert_true(map.ranges[i - 1].end <= map.ranges[i].start);
			assert_false(map.ranges[i - 1].end == map.ranges[i].start &&
				     map.ranges[i - 1].tag == map.ranges[i].tag);
		}
		for (u64 u = 0; u < UNITS; u++) {
			const struct mem_range *r = range_set_lookup(&map, u * 256 + 128);

			assert_int_equal(r ? r->tag : 0, best[u]);
		}
		assert_int_equal(e820_usable_pages(&map), model_usable(best));
	}
}

/* ---- Random bytes: two entries, the rest is a command line ------------------------------------------ */

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	static const char words[] = "mem=64M memmap=exactmap,640K@0,63M@1M memmap=4K#0x400000 \"memmap=1M$2M\" -- x";
	u64 entries[2][3] = { { 0, 0x9f000, 1 }, { 0x100000, 0x10000000, 1 } };

	memcpy(to, entries, sizeof(entries));
	memcpy(to + sizeof(entries), words, sizeof(words));
	return sizeof(entries) + sizeof(words) - (n & 1);
}

static void check_map(void)
{
	for (unsigned int i = 0; i < map.nr; i++)
		if (map.ranges[i].start >= map.ranges[i].end || (i && map.ranges[i].start < map.ranges[i - 1].end) ||
		    (map.ranges[i].tag == E820_RAM && map.ranges[i].end > E820_MAX_ADDR))
			abort();
	if (map.nr > map.max || e820_usable_pages(&map) > E820_MAX_ADDR >> PAGE_SHIFT)
		abort();
}

static void fuzz_one(const unsigned char *data, size_t size)
{
	static char text[FUZZ_MAX + 1];
	u64 entry[3];

	map.nr = 0;
	host_loglevel = 0;
	for (int i = 0; i < 2 && size >= sizeof(entry); i++, data += sizeof(entry), size -= sizeof(entry)) {
		memcpy(entry, data, sizeof(entry));
		e820_add(&map, entry[0], entry[1], (u32)entry[2]);
		check_map();
	}
	size = size < FUZZ_MAX ? size : FUZZ_MAX;
	memcpy(text, data, size);
	text[size] = '\0';
	e820_apply_cmdline(&map, text);
	check_map();
}

#ifndef LIBFUZZER
static void test_random_bytes(void **state)
{
	int level = host_loglevel;

	fuzz_loop(20000);
	host_loglevel = level;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsorted_and_empty),
		cmocka_unit_test(test_restrictive_wins_in_any_order),
		cmocka_unit_test(test_joining_and_rounding),
		cmocka_unit_test(test_wrapping),
		cmocka_unit_test(test_large_addresses),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_cmdline),
		cmocka_unit_test(test_cmdline_cannot_unreserve),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
