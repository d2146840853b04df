/* SPDX-License-Identifier: MIT */
/*
 * What of spec 5 and 6.8 is about compaction: reclaim compiled with it configured (Makefile: COMPACTION_SRC), and a
 * compactor that says what the test wants. Linked with -z muldefs: its functions come before those of mm/compact.c.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/reclaim_world.h"

#include "mm/compact.h"

#define MACHINE .ram_mib = 24, .lowmem_mib = 24, .dma_mib = 4
#define RULE(name) MACHINE_TEST(name, MACHINE)

static struct {
	enum compact_result suitable;
	bool deferred;
	int runs, resets;
	unsigned int order; /* of the last run */
} compactor;

enum compact_result compaction_suitable(struct zone *zone, unsigned int order)
{
	(void)zone;
	(void)order;
	return compactor.suitable;
}

bool compaction_deferred(struct zone *zone, unsigned int order)
{
	(void)zone;
	(void)order;
	return compactor.deferred;
}

void compact_pgdat(struct pglist_data *pgdat, unsigned int order)
{
	assert_ptr_equal(pgdat, &world);
	compactor.runs++;
	compactor.order = order;
}

void reset_isolation_suitable(struct pglist_data *pgdat)
{
	(void)pgdat;
	compactor.resets++;
}

static void start(enum compact_result suitable)
{
	make_world();
	compactor.suitable = suitable;
	compactor.deferred = false;
	compactor.runs = 0;
}

/* All zones full of single pages. */
static void fill_with_single_pages(void)
{
	for (int i = 0; i <= ZONE_HIGHMEM; i++) {
		set_free((enum zone_type)i, 100000);
		world_zone((enum zone_type)i)->free_area[0].nr_free = 100000;
	}
}

/* ---- kswapd ---- */

static unsigned int balance(unsigned int order)
{
	struct reclaim_state state = { 0 };
	int classzone = ZONE_HIGHMEM;

	forget_log();
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD;
	order = balance_pgdat(&world, order, &classzone);
	current->flags &= ~(unsigned int)(PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD);
	current->reclaim_state = NULL;
	return order;
}

/* Enough blocks are not enough, if compaction says that it cannot make one. */
static void kswapd_5_1_compaction_skipped(void)
{
	start(COMPACT_SKIPPED);
	set_free(ZONE_NORMAL, 100000);
	assert_false(zone_balanced(world_zone(ZONE_NORMAL), 3, 0, ZONE_DMA));
	assert_true(zone_balanced(world_zone(ZONE_NORMAL), 0, 0, ZONE_DMA));
	compactor.suitable = COMPACT_CONTINUE;
	assert_true(zone_balanced(world_zone(ZONE_NORMAL), 3, 0, ZONE_DMA));
}
RULE(kswapd_5_1_compaction_skipped)

/* Where compaction can make the block only single pages are looked for. */
static void kswapd_5_2_3_single_pages_will_do(void)
{
	start(COMPACT_CONTINUE);
	fill_with_single_pages();
	assert_false(zone_balanced(world_zone(ZONE_HIGHMEM), 3, 0, ZONE_DMA));
	balance(3);
	assert_string_equal(shrunk, "");
	compactor.suitable = COMPACT_SKIPPED;
	balance(3);
	assert_int_equal(strncmp(shrunk, "12:0 12:1 12:2 11:0", 19), 0);
}
RULE(kswapd_5_2_3_single_pages_will_do)

static void first_round_only(struct zone *zone, struct scan_control *sc)
{
	if (sc->priority < 12)
		sc->nr_reclaimed = 0;
	if (zone_idx(zone) == ZONE_HIGHMEM)
		script.freed = 0;
}

/* => runs of the compactor when each zone frees so much, the last one a little more, in one round */
static int runs_after(unsigned long freed)
{
	script.freed = freed;
	script.then = first_round_only;
	compactor.runs = 0;
	balance(3);
	return compactor.runs;
}

/* 5: more freed than attempted, which is 32 + 1408 + 743; the block that was asked for is what it is about. */
static void kswapd_5_2_5_compacts(void)
{
	start(COMPACT_SKIPPED);
	assert_int_equal(runs_after(727), 0);
	assert_int_equal(runs_after(728), 1);
	assert_int_equal(compactor.order, 3);
	compactor.runs = 0;
	script.freed = 2000;
	balance(0);
	assert_int_equal(compactor.runs, 0); /* single pages */
}
RULE(kswapd_5_2_5_compacts)

/* 2: not while one of the zones has the block above its low mark. */
static void kswapd_5_2_2_has_the_block(void)
{
	start(COMPACT_SKIPPED);
	set_free(ZONE_DMA, 21 + 7);
	assert_int_equal(runs_after(728), 1);
	set_free(ZONE_DMA, 21 + 8);
	assert_int_equal(runs_after(728), 0);
}
RULE(kswapd_5_2_2_has_the_block)

/* Before the long sleep, not before the nap. */
static void kswapd_5_4_resets_skip_bits(void)
{
	struct pglist_data *node = NODE_DATA(0);

	host_sleep(100);
	compactor.resets = 0;
	wake_up_interruptible(&node->kswapd_wait);
	host_sleep(3);
	assert_int_equal(compactor.resets, 0);
	host_sleep(30);
	assert_int_equal(compactor.resets, 1);
}
RULE(kswapd_5_4_resets_skip_bits)

/* ---- Direct reclaim ---- */

static unsigned long reclaim(unsigned int order, gfp_t more)
{
	struct reclaim_state state = { 0 };
	unsigned long freed;

	forget_log();
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC;
	freed = try_to_free_pages(&world_zonelist, order, GFP_HIGHUSER_MOVABLE | more, 0);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->reclaim_state = NULL;
	return freed;
}

/* high + gap + (2 << order): 743 + 435 + 32. The zone is left alone, the others are not, and that was the last pass. */
static void direct_6_8_compaction_ready(void)
{
	start(COMPACT_CONTINUE);
	set_free(ZONE_HIGHMEM, 1210);
	reclaim(4, 0);
	assert_int_equal(strncmp(shrunk, "12:2 12:1 12:0 11:2", 19), 0);
	set_free(ZONE_HIGHMEM, 1211);
	assert_int_equal(reclaim(4, 0), 1);
	assert_string_equal(shrunk, "12:1 12:0");
	for (int i = 0; i < ZONE_HIGHMEM; i++)
		world_zone((enum zone_type)i)->pages_scanned = 6000;
	assert_int_equal(reclaim(4, 0), 1); /* progress, though no zone is reclaimable */
	reclaim(3, 0);
	assert_int_equal(strncmp(shrunk, "12:2", 4), 0); /* small blocks are waited for */
}
RULE(direct_6_8_compaction_ready)

static void direct_6_8_compaction_deferred(void)
{
	start(COMPACT_SKIPPED);
	set_free(ZONE_HIGHMEM, 1211);
	reclaim(4, 0);
	assert_int_equal(strncmp(shrunk, "12:2", 4), 0);
	compactor.deferred = true;
	reclaim(4, 0);
	assert_string_equal(shrunk, "12:1 12:0");
}
RULE(direct_6_8_compaction_deferred)

static unsigned long freed_once;

static void free_as_told(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	sc->nr_reclaimed += freed_once;
	sc->nr_scanned++;
}

/* A zone is shrunk again and again while it gives pages: until two blocks' worth is freed, or compaction can begin. */
static void direct_6_8_repeats_a_zone(void)
{
	start(COMPACT_SKIPPED);
	script.then = free_as_told;
	freed_once = 10;
	assert_int_equal(reclaim(4, 0), 60); /* 40 of HighMem, and then 10 of each */
	assert_string_equal(shrunk, "12:2 12:2 12:2 12:2 12:1 12:0");
	compactor.suitable = COMPACT_CONTINUE;
	assert_int_equal(reclaim(4, 0), 60);
	assert_string_equal(shrunk, "12:2 12:1 12:0 11:2 11:1 11:0");
	compactor.suitable = COMPACT_SKIPPED;
	assert_int_equal(reclaim(3, 0), 60); /* not for small blocks, */
	assert_string_equal(shrunk, "12:2 12:1 12:0 11:2 11:1 11:0");
}
RULE(direct_6_8_repeats_a_zone)

static void free_one_below_10(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	sc->nr_reclaimed += sc->priority < 10;
}

/* ... but for these too when reclaim is in trouble. */
static void direct_6_8_repeats_below_10(void)
{
	start(COMPACT_SKIPPED);
	script.then = free_one_below_10;
	assert_int_equal(reclaim(1, 0), 32 + 1);
	assert_int_equal(strncmp(strstr(shrunk, "10:0"), "10:0 9:2 9:2 9:2 9:2 9:1 9:0 8:2 8:1", 36), 0);
}
RULE(direct_6_8_repeats_below_10)

static void scan_three_times(struct zone *zone, struct scan_control *sc)
{
	static int left = 3;

	(void)zone;
	if (left-- > 0)
		sc->nr_scanned++;
}

/* No progress, no repetition; __GFP_REPEAT takes scanning for progress. */
static void direct_6_8_no_progress(void)
{
	start(COMPACT_SKIPPED);
	reclaim(4, 0);
	assert_int_equal(strncmp(shrunk, "12:2 12:1", 9), 0);
	script.then = scan_three_times;
	reclaim(4, __GFP_REPEAT);
	assert_int_equal(strncmp(shrunk, "12:2 12:2 12:2 12:2 12:1", 24), 0);
}
RULE(direct_6_8_no_progress)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(kswapd_5_1_compaction_skipped),
		machine_unit_test(kswapd_5_2_3_single_pages_will_do),
		machine_unit_test(kswapd_5_2_5_compacts),
		machine_unit_test(kswapd_5_2_2_has_the_block),
		machine_unit_test(kswapd_5_4_resets_skip_bits),
		machine_unit_test(direct_6_8_compaction_ready),
		machine_unit_test(direct_6_8_compaction_deferred),
		machine_unit_test(direct_6_8_repeats_a_zone),
		machine_unit_test(direct_6_8_repeats_below_10),
		machine_unit_test(direct_6_8_no_progress),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
