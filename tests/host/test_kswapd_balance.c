/* SPDX-License-Identifier: MIT */
/* Spec 5.2, step by step: which zone kswapd works on, at which priority, when it is done. The names are the steps. */
#include "tests/host/machine_fixture.h"

#include "tests/host/reclaim_world.h"

#define MACHINE .ram_mib = 24, .lowmem_mib = 16
#define RULE(name) MACHINE_TEST(kswapd_##name, MACHINE)

/* ---- 5.2 ---- */

static unsigned int order_left; /* what balance_pgdat achieved */
static int classzone_left;

static void balance(unsigned int order)
{
	struct reclaim_state state = { 0 };
	unsigned int flags = current->flags;

	forget_log();
	classzone_left = ZONE_HIGHMEM;
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD;
	order_left = balance_pgdat(&world, order, &classzone_left);
	current->flags = flags;
	current->reclaim_state = NULL;
}

static void world_at_rest(void)
{
	make_world();
	set_free(ZONE_DMA, 4000);
	set_free(ZONE_NORMAL, 200000);
	set_free(ZONE_HIGHMEM, 200000);
}

/* From 12 to 1, all zones from the lowest up. */
static void kswapd_5_2_priorities(void)
{
	unsigned long runs = event(PAGEOUTRUN);

	make_world();
	balance(0);
	assert_string_equal(shrunk, "12:0 12:1 12:2 11:0 11:1 11:2 10:0 10:1 10:2 9:0 9:1 9:2 8:0 8:1 8:2 7:0 7:1 7:2 "
				    "6:0 6:1 6:2 5:0 5:1 5:2 4:0 4:1 4:2 3:0 3:1 3:2 2:0 2:1 2:2 1:0 1:1 1:2");
	assert_int_equal(event(PAGEOUTRUN), runs + 1);
	assert_int_equal(order_left, 0);
	assert_int_equal(classzone_left, ZONE_HIGHMEM);
}
RULE(5_2_priorities)

static void normal_is_full(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	(void)sc;
	set_free(ZONE_NORMAL, 200000);
}

/* The highest zone that lacks pages ends the work: those above lose their flags, those below have theirs still. */
static void kswapd_5_2_1_end_zone(void)
{
	world_at_rest();
	set_free(ZONE_NORMAL, 1408);
	for (int i = 0; i <= ZONE_HIGHMEM; i++)
		world_zone((enum zone_type)i)->flags = 1UL << ZONE_CONGESTED | 1UL << ZONE_TAIL_LRU_DIRTY;
	script.then = normal_is_full;
	balance(0);
	assert_string_equal(shrunk, "12:1"); /* DMA is full enough for class Normal */
	assert_string_equal(aged, "2 1 1");  /* on the way down, and once more after the zone */
	assert_int_equal(classzone_left, ZONE_NORMAL);
	assert_int_equal(world_zone(ZONE_HIGHMEM)->flags, 0);
	assert_int_equal(world_zone(ZONE_NORMAL)->flags, 0); /* step 3: balanced now */
	assert_int_not_equal(world_zone(ZONE_DMA)->flags, 0);
}
RULE(5_2_1_end_zone)

static void kswapd_5_2_1_none(void)
{
	world_at_rest();
	balance(2);
	assert_string_equal(shrunk, "");
	assert_string_equal(aged, "2 1 0");
	assert_int_equal(order_left, 2);
}
RULE(5_2_1_none)

/* Hopeless zones are polled at 12; a zone without pages never is looked at. */
static void kswapd_5_2_1_unreclaimable(void)
{
	world_at_rest();
	set_free(ZONE_DMA, 0);
	set_free(ZONE_HIGHMEM, 0);
	world_zone(ZONE_HIGHMEM)->pages_scanned = 6000;
	script.scanned = 32; /* too little to stay at a priority: HighMem's target is 743, DMA's 32 */
	balance(0);
	assert_string_equal(shrunk, "12:0 12:2 11:0 10:0 9:0 8:0 7:0 6:0 5:0 4:0 3:0 2:0 1:0");
	assert_int_equal(strncmp(aged, "2 0 2 1 0 0 1 0 0 ", 18), 0);
}
RULE(5_2_1_unreclaimable)

static bool wrote_at_12;

static void look_at_writes(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	if (sc->priority == 12)
		wrote_at_12 = sc->may_writepage;
}

/* No laptop mode: pages may be written from the first round on, not only below 10. */
static void kswapd_5_2_2_may_write(void)
{
	make_world();
	script.then = look_at_writes;
	balance(0);
	assert_true(wrote_at_12);
}
RULE(5_2_2_may_write)

static void kswapd_5_2_3_target(void)
{
	make_world();
	balance(0);
	assert_int_equal(target_of[ZONE_DMA], 32); /* high is 25 */
	assert_int_equal(target_of[ZONE_NORMAL], 1408);
	assert_int_equal(target_of[ZONE_HIGHMEM], 743);
}
RULE(5_2_3_target)

static void highmem_is_full(struct zone *zone, struct scan_control *sc)
{
	(void)sc;
	if (zone_idx(zone) == ZONE_HIGHMEM)
		set_free(ZONE_HIGHMEM, 200000);
}

/* => the zones that were shrunk when HighMem was the highest to lack pages */
static const char *shrunk_below_highmem(long dma, long normal)
{
	make_world();
	script.then = highmem_is_full;
	set_free(ZONE_DMA, dma);
	set_free(ZONE_NORMAL, normal);
	set_free(ZONE_HIGHMEM, 743);
	balance(0);
	return shrunk;
}

/* The figures of the spec: high + min(low, 1 %) + reserve for class HighMem. */
static void kswapd_5_2_3_skip(void)
{
	assert_string_equal(shrunk_below_highmem(2079, 11798), "12:2");
	assert_string_equal(shrunk_below_highmem(2078, 11798), "12:0 12:2");
	assert_string_equal(shrunk_below_highmem(2079, 11797), "12:1 12:2");
}
RULE(5_2_3_skip)

static long highmem_meanwhile;

static void highmem_gets_some(struct zone *zone, struct scan_control *sc)
{
	(void)sc;
	set_free(zone_idx(zone), 200000);
	if (zone_idx(zone) == ZONE_DMA)
		set_free(ZONE_HIGHMEM, highmem_meanwhile);
}

static void kswapd_5_2_3_skip_highmem(void)
{
	for (highmem_meanwhile = 1178; highmem_meanwhile <= 1179; highmem_meanwhile++) {
		make_world();
		script.then = highmem_gets_some;
		balance(0);
		assert_string_equal(shrunk, highmem_meanwhile == 1178 ? "12:0 12:1 12:2" : "12:0 12:1");
	}
}
RULE(5_2_3_skip_highmem)

static unsigned long flags_seen[3];

static void flags_after_12(struct zone *zone, struct scan_control *sc)
{
	if (sc->priority == 11)
		flags_seen[zone_idx(zone)] = zone->flags;
	if (sc->priority == 12 && zone_idx(zone) == ZONE_DMA)
		set_free(ZONE_DMA, 25 + 2032 + 1); /* balanced, but below the gap: it is shrunk again */
	if (sc->priority == 12 && zone_idx(zone) == ZONE_HIGHMEM) {
		set_free(ZONE_HIGHMEM, 744); /* balanced, but hopeless */
		zone->pages_scanned = 6000;
	}
}

static void kswapd_5_2_3_flags(void)
{
	const unsigned long slow = 1UL << ZONE_CONGESTED | 1UL << ZONE_TAIL_LRU_DIRTY;
	const unsigned long all = slow | 1UL << ZONE_WRITEBACK;

	make_world();
	script.then = flags_after_12;
	for (int i = 0; i <= ZONE_HIGHMEM; i++)
		world_zone((enum zone_type)i)->flags = all;
	balance(0);
	assert_int_equal(flags_seen[ZONE_DMA], 0);
	assert_int_equal(flags_seen[ZONE_NORMAL], slow);
	assert_int_equal(world_zone(ZONE_HIGHMEM)->flags, slow);
}
RULE(5_2_3_flags)

/* Slab is asked after each zone, in proportion to what was scanned there. */
static void kswapd_5_2_3_slab(void)
{
	world_at_rest();
	set_free(ZONE_HIGHMEM, 0);
	script.scanned = 743;
	script.then = highmem_is_full;
	make_slab(3000, 1, 8);
	balance(0);
	unregister_shrinker(&slab);
	assert_string_equal(shrunk, "12:2");
	assert_int_equal(slab_counts, 1);
	assert_int_equal(slab_asked, 4 * 743 / 2 * 3000 / 3001);
}
RULE(5_2_3_slab)

static void kswapd_5_2_4_order_falls_to_0(void)
{
	make_world();
	script.freed = 5;
	balance(3);
	assert_int_equal(order_left, 3); /* 15 a round */
	make_world();
	script.freed = 6;
	balance(3);
	assert_int_equal(order_left, 0);
}
RULE(5_2_4_order_falls_to_0)

static int rounds_left;

static void full_after_some_rounds(struct zone *zone, struct scan_control *sc)
{
	(void)sc;
	if (zone_idx(zone) == ZONE_HIGHMEM && !--rounds_left)
		set_free(ZONE_HIGHMEM, 200000);
}

/* => what was shrunk in three rounds */
static const char *three_rounds(unsigned long scanned, unsigned long freed)
{
	world_at_rest();
	set_free(ZONE_DMA, 0); /* never done: a target of 32 */
	set_free(ZONE_NORMAL, 1409); /* balanced, not above the gap: its target is 1408 */
	world_zone(ZONE_DMA)->pages_scanned = 6000;
	set_free(ZONE_HIGHMEM, 0);
	rounds_left = 3;
	script.then = full_after_some_rounds;
	script.scanned = scanned;
	script.freed = freed;
	balance(0);
	return shrunk;
}

/* A zone was done, and something freed: the same priority again. */
static void kswapd_5_2_6_priority(void)
{
	assert_string_equal(three_rounds(743, 1), "12:0 12:1 12:2 12:0 12:1 12:2 12:0 12:1 12:2");
	assert_string_equal(three_rounds(743, 0), "12:0 12:1 12:2 11:1 11:2 10:1 10:2"); /* nothing freed */
	assert_string_equal(three_rounds(31, 1), "12:0 12:1 12:2 11:1 11:2 10:1 10:2"); /* nobody done */
}
RULE(5_2_6_priority)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(kswapd_5_2_priorities),
		machine_unit_test(kswapd_5_2_1_end_zone),
		machine_unit_test(kswapd_5_2_1_none),
		machine_unit_test(kswapd_5_2_1_unreclaimable),
		machine_unit_test(kswapd_5_2_2_may_write),
		machine_unit_test(kswapd_5_2_3_target),
		machine_unit_test(kswapd_5_2_3_skip),
		machine_unit_test(kswapd_5_2_3_skip_highmem),
		machine_unit_test(kswapd_5_2_3_flags),
		machine_unit_test(kswapd_5_2_3_slab),
		machine_unit_test(kswapd_5_2_4_order_falls_to_0),
		machine_unit_test(kswapd_5_2_6_priority),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
