/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of reclaim, swap and the OOM killer against the numbers of the specification
 * (tests/data/spec/): the real functions, no machine around them.
 */
#include "tests/host/fixture.h"
#include "tests/host/spec_file.h"
#include "kernel/base/errno.h"
#include "mm/oom.h"
#include "mm/reclaim.h"
#include "mm/swap_internal.h"
#include "mm/vmscan.h"

/* Spec 9.7. */
static void test_badness(void)
{
	unsigned long total = 0;
	struct spec_row r;
	FILE *f = spec_open("oom_badness.txt");

	while (spec_next(f, &r)) {
		struct oom_facts facts;
		unsigned long points;

		if (!strcmp(r.word[0], "totalpages")) {
			total = (unsigned long)spec_num(&r, 1);
			continue;
		}
		facts = (struct oom_facts){
			.rss = (unsigned long)spec_num(&r, 1), .nr_ptes = (unsigned long)spec_num(&r, 2),
			.swapents = (unsigned long)spec_num(&r, 3), .has_admin = spec_num(&r, 4),
			.oom_score_adj = (int)spec_num(&r, 5),
		};
		points = oom_badness_of(&facts, total);
		CHECK_EQ(points, spec_num(&r, 6), "points of %s", r.text);
		CHECK_EQ(points * 1000 / total, spec_num(&r, 7), "score of %s", r.text);
	}
}

/* Spec 6.2. */
static void test_scan_count(void)
{
	struct spec_row r;
	FILE *f = spec_open("scan_count.txt");

	while (spec_next(f, &r)) {
		struct scan_facts facts = {
			.free = (unsigned long)spec_num(&r, 4),
			.high_wmark = (unsigned long)spec_num(&r, 5),
			.free_swap = spec_num(&r, 6),
			.swappiness = (unsigned int)spec_num(&r, 7),
			.priority = (int)spec_num(&r, 8),
			.may_swap = spec_num(&r, 9),
			.force_scan = spec_num(&r, 10),
		};
		struct zone_reclaim_stat stat = {
			.recent_scanned = { spec_num(&r, 11), spec_num(&r, 13) },
			.recent_rotated = { spec_num(&r, 12), spec_num(&r, 14) },
		};
		unsigned long nr[NR_LRU_LISTS] = { 0 };

		for (int i = 0; i < 4; i++)
			facts.size[i] = (unsigned long)spec_num(&r, i);
		scan_count(&facts, scan_balance_of(&facts), &stat, nr);
		for (int i = 0; i < 4; i++)
			CHECK_EQ(nr[i], spec_num(&r, 15 + i), "list %d of %s", i, r.text);
	}
}

static void test_scan_ageing(void)
{
	struct zone_reclaim_stat stat = { .recent_scanned = { 1001, 1000 }, .recent_rotated = { 9, 7 } };

	scan_age_stat(&stat, 4000, 4000);
	CHECK_EQ(stat.recent_scanned[0], 500, "above a quarter: halved");
	CHECK_EQ(stat.recent_rotated[0], 4, "both");
	CHECK_EQ(stat.recent_scanned[1], 1000, "a quarter exactly: kept");
	CHECK_EQ(stat.recent_rotated[1], 7, "kept");
}

/* Spec 6.7. */
static void test_shrink_slab(void)
{
	struct spec_row r;
	FILE *f = spec_open("shrink_slab.txt");

	while (spec_next(f, &r))
		CHECK_EQ(shrink_slab_total((unsigned long)spec_num(&r, 0), (unsigned long)spec_num(&r, 1),
					   (unsigned long)spec_num(&r, 2), (int)spec_num(&r, 3),
					   (unsigned long)spec_num(&r, 4)),
			 spec_num(&r, 5), "%s", r.text);
}

/* Spec 7.5. */
static void test_swap_window(void)
{
	unsigned long prev = 0;
	unsigned int last = 0;
	struct spec_row r;
	FILE *f = spec_open("swap_window.txt");

	CHECK_EQ(atomic_read(&swapin_readahead_hits), 4, "hits at boot");
	while (spec_next(f, &r)) {
		if (!strcmp(r.word[0], "boot")) {
			prev = last = 0;
			continue;
		}
		CHECK_EQ(swapin_window((unsigned long)spec_num(&r, 0), 8, (int)spec_num(&r, 1), &prev,
				       &last),
			 spec_num(&r, 2), "%s", r.text);
	}
	CHECK_EQ(swapin_window(5, 1, 100, &prev, &last), 1, "page-cluster 0");
}

/* Spec 7.2: the life of a slot, the limits of a byte. */
static void test_swap_byte(void)
{
	unsigned char b = SWAP_HAS_CACHE; /* just allocated */
	u16 digit = 0;

	CHECK_EQ(swap_byte_get(&b, NULL, 1), 0, "first table unmapped");
	CHECK_EQ(swap_byte_get(&b, NULL, 1), 0, "second");
	CHECK_EQ(b, 0x42, "two mappings");
	CHECK_EQ(swap_byte_put(&b, NULL, SWAP_HAS_CACHE), 0x02, "page freed from the cache");
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), 0, "swap-in");
	CHECK_EQ(b, 0x42, "swap-in");
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), -EEXIST, "a second swap-in");
	CHECK_EQ(swap_byte_put(&b, NULL, 1), 0x41, "restored in one table");
	CHECK_EQ(swap_byte_put(&b, NULL, 1), 0x40, "in the other");
	CHECK_EQ(swap_byte_put(&b, NULL, SWAP_HAS_CACHE), 0, "free");
	CHECK_EQ(swap_byte_get(&b, NULL, 1), -ENOENT, "a free slot");
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), -ENOENT, "a free slot");

	b = SWAP_MAP_BAD;
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), -ENOENT, "a bad slot");
	b = SWAP_HAS_CACHE | SWAP_MAP_MAX;
	CHECK_EQ(swap_byte_get(&b, NULL, 1), -ENOMEM, "full, no higher digit");
	CHECK_EQ(b, SWAP_HAS_CACHE | SWAP_MAP_MAX, "unchanged");
	CHECK_EQ(swap_byte_get(&b, &digit, 1), 0, "carry");
	CHECK_EQ(b, SWAP_HAS_CACHE | COUNT_CONTINUED, "carry");
	CHECK_EQ(swap_byte_count(b, &digit), 63, "carry");
	CHECK_EQ(swap_byte_put(&b, &digit, 1), SWAP_HAS_CACHE | SWAP_MAP_MAX, "borrow");
	CHECK_EQ(digit, 0, "borrow");

	b = SWAP_HAS_CACHE; /* a memory file's */
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_MAP_SHMEM), 0, "shmem");
	CHECK_EQ(b, SWAP_HAS_CACHE | SWAP_MAP_SHMEM, "shmem");
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), -EEXIST, "shmem");
	CHECK_EQ(swap_byte_put(&b, NULL, SWAP_HAS_CACHE), SWAP_MAP_SHMEM, "shmem, out");
	CHECK_EQ(b, 0xbf, "shmem, out");
	CHECK_EQ(swap_byte_count(b, NULL), 1, "shmem");
	CHECK_EQ(swap_byte_get(&b, &digit, 1), -ENOENT, "no page table shares it");
	CHECK_EQ(swap_byte_get(&b, NULL, SWAP_HAS_CACHE), 0, "shmem, in");
	CHECK_EQ(swap_byte_put(&b, NULL, 1), SWAP_HAS_CACHE, "the file has its page again");
	CHECK_EQ(swap_byte_put(&b, NULL, SWAP_HAS_CACHE), 0, "free");
}

/* Up to a thousand uses and back: the count is right at every step. */
static void test_swap_count(void)
{
	unsigned char b = SWAP_HAS_CACHE;
	u16 digit = 0;

	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(swap_byte_count(b, &digit), i, "up");
		CHECK_EQ(swap_byte_get(&b, &digit, 1), 0, "up at %d", i);
	}
	swap_byte_put(&b, &digit, SWAP_HAS_CACHE);
	for (int i = 1000; i > 0; i--) {
		CHECK_EQ(swap_byte_count(b, &digit), i, "down");
		swap_byte_put(&b, &digit, 1);
	}
	CHECK_EQ(b, 0, "free in the end");
}

/* Spec 7.1: one broken header after the other. */
static struct swap_header good_header(void)
{
	struct swap_header h = { .version = 1, .last_page = 999 };

	memcpy(h.magic, "SWAPSPACE2", 10);
	return h;
}

static void test_swap_header(void)
{
	static unsigned char map[1000];
	struct swap_header h = good_header();
	const char *why;

	CHECK_EQ(swap_header_check(&h, 1000, false, &why), 1000, "good");
	CHECK_EQ(swap_header_fill_map(&h, map, 1000), 999, "slot 0 is not usable");
	CHECK_EQ(map[0], SWAP_MAP_BAD, "slot 0");
	CHECK_EQ(swap_header_check(&h, 999, false, &why), 0, "device too short");
	h.version = 2;
	CHECK_EQ(swap_header_check(&h, 1000, false, &why), 0, "version");
	h = good_header();
	h.last_page = 0;
	CHECK_EQ(swap_header_check(&h, 1000, false, &why), 0, "empty");
	h = good_header();
	memcpy(h.magic, "SWAP-SPACE", 10);
	CHECK_EQ(swap_header_check(&h, 1000, false, &why), 0, "old magic");
	h = good_header();
	h.nr_badpages = 638;
	CHECK_EQ(swap_header_check(&h, 1000, false, &why), 0, "too many bad pages");
	h.nr_badpages = 1;
	CHECK_EQ(swap_header_check(&h, 1000, true, &why), 0, "bad pages in a file");
	h.badpages[0] = 0;
	CHECK_EQ(swap_header_fill_map(&h, map, 1000), 0, "bad page 0");
	h.badpages[0] = 1000;
	CHECK_EQ(swap_header_fill_map(&h, map, 1000), 0, "bad page behind the end");
	h.badpages[0] = 999;
	CHECK_EQ(swap_header_fill_map(&h, map, 1000), 998, "last page bad");
	CHECK_EQ(map[999], SWAP_MAP_BAD, "last page bad");
}

static void test_swap_header_endian(void)
{
	struct swap_header h = good_header();
	const char *why;

	h.version = __builtin_bswap32(1);
	h.last_page = __builtin_bswap32(262143);
	h.nr_badpages = __builtin_bswap32(1);
	h.badpages[0] = __builtin_bswap32(7);
	CHECK_EQ(swap_header_check(&h, 262144, false, &why), 262144, "other endianness");
	CHECK_EQ(h.badpages[0], 7, "turned round");
}

/* A test of this file is a function that counts what does not hold. */
#define COUNTED(name)                                                                              \
	static void name##_counted(void **state)                                                   \
	{                                                                                          \
		int before = spec_failures;                                                        \
	                                                                                           \
		(void)state;                                                                       \
		name();                                                                            \
		assert_int_equal(spec_failures, before);                                           \
	}

COUNTED(test_badness)
COUNTED(test_scan_count)
COUNTED(test_scan_ageing)
COUNTED(test_shrink_slab)
COUNTED(test_swap_window)
COUNTED(test_swap_byte)
COUNTED(test_swap_count)
COUNTED(test_swap_header)
COUNTED(test_swap_header_endian)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_badness_counted),
		cmocka_unit_test(test_scan_count_counted),
		cmocka_unit_test(test_scan_ageing_counted),
		cmocka_unit_test(test_shrink_slab_counted),
		cmocka_unit_test(test_swap_window_counted),
		cmocka_unit_test(test_swap_byte_counted),
		cmocka_unit_test(test_swap_count_counted),
		cmocka_unit_test(test_swap_header_counted),
		cmocka_unit_test(test_swap_header_endian_counted),
	};

	static_assert(offsetof(struct swap_header, version) == 1024 &&
		      offsetof(struct swap_header, badpages) == 1536 &&
		      offsetof(struct swap_header, magic) == 4086, "spec 7.1");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
