/* SPDX-License-Identifier: MIT */
/* flavours: rel numa0 */
/*
 * Combinations of GFP flags that nobody should make (spec 1.4) and requests that cannot be served: answered, said
 * once, or fatal in a debug build. Debug, release and a build without NUMA.
 */
#include "tests/host/gfp_fixture.h"
#include "tests/host/slow_world.h"

static void two_zones_named(void)
{
	three_zones(1000, 1000, 1000);
	assert_int_equal(giver(GFP_KERNEL | __GFP_DMA | __GFP_HIGHMEM), ZONE_DMA);
	assert_int_equal(giver(GFP_KERNEL | __GFP_DMA32 | __GFP_HIGHMEM), ZONE_NORMAL);
	assert_int_equal(seen.once, 1);
}

static void movable_and_reclaimable(void)
{
	zone_t(0);
	for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
		give_block(world_zone[0], 8192 + 512 * type, 0, (enum migratetype)type);
	check_type(GFP_KERNEL | __GFP_MOVABLE | __GFP_RECLAIMABLE, 8192 + 512 * MIGRATE_UNMOVABLE);
	assert_true(seen.once > 0);
}

static void highmem_with_an_address(void)
{
	three_zones(1000, 1000, 1000);
	(void)!__get_free_pages(GFP_HIGHUSER, 0);
}

static void zeroed_highmem_in_irq(void)
{
	three_zones(1000, 1000, 1000);
	preempt_count_add(HARDIRQ_OFFSET);
	assert_non_null(ask(GFP_ATOMIC | __GFP_HIGHMEM | __GFP_ZERO, 0));
}

static void wait_in_irq(void)
{
	zone_t(1000);
	preempt_count_add(HARDIRQ_OFFSET);
	assert_non_null(ask(GFP_KERNEL, 0)); /* served all the same */
	assert_int_equal(seen.sleep_checks > 0, DEBUG_BUILD);
}

static void nofail_without_wait(void)
{
	zone_t(10);
	assert_null(ask(GFP_ATOMIC | __GFP_NOFAIL, 0));
	assert_int_equal(seen.once, 1);
	assert_int_equal(seen.warns, 1);
	assert_null(ask(GFP_ATOMIC | __GFP_NOFAIL | __GFP_NOWARN, 0));
	assert_int_equal(seen.once, 1);
	assert_int_equal(seen.warns, 1);
}

static void nofail_with_noretry(void)
{
	zone_t(10);
	for (int i = 1; i <= 2; i++) {
		assert_null(ask(GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY, 0));
		assert_int_equal(seen.warns, i);
		assert_int_equal(seen.cautions, 1);
	}
}

static void nofail_at_the_recursion_guard(void)
{
	zone_t(10);
	task.flags |= PF_MEMALLOC;
	for (int i = 0; i < 2; i++)
		assert_null(ask(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOMEMALLOC, 0));
	assert_int_equal(seen.once, 1);
	assert_int_equal(seen.reclaims, 0);
}

static void order_11(void)
{
	zone_t(5000);
	for (int i = 0; i < 2; i++)
		assert_null(ask(GFP_KERNEL, 11));
	assert_int_equal(seen.once, 1);
	assert_int_equal(seen.warns + seen.reclaims + seen.wakes, 0);
	assert_null(ask(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN, 31));
	assert_int_equal(seen.once, 1);
}

/* Never the gate, so never a kill: round and round. */
static void nofs_and_dma(void)
{
	one_zone(ZONE_DMA, 64);
	give_pages(0, 10);
	script.kill = 100;
	script.until = 1000;
	assert_non_null(ask(GFP_NOFS | __GFP_DMA, 0));
	assert_int_equal(seen.waits, 1000);
	assert_int_equal(seen.kills, 0);
}

/* Node 1 has no memory: nothing to look through, nothing to say. */
static void memoryless_node(void)
{
	struct mm_host_range ram = { 0, 64 * MIB, 1, 0 };
	struct mm_host_config config = { &ram, 1, 2, 1, 0, 64 * MIB, 0 };

	assert_int_equal(mm_host_start(&config), 0);
	new_task();
	assert_null(alloc_pages_node(1, GFP_KERNEL | __GFP_THISNODE, 0));
	assert_null(alloc_pages_node(1, GFP_KERNEL | __GFP_THISNODE, 3));
	assert_int_equal(seen.warns + seen.once + seen.wakes + seen.reclaims, 0);
	assert_int_equal(slow_entries(), 0);
	assert_non_null(alloc_pages_node(1, GFP_KERNEL, 0));
}

static gfp_t asked;

static bool fail_it(gfp_t gfp, unsigned int order)
{
	asked = gfp;
	return true;
}

static void injected(void)
{
	zone_t(1000);
	set_fail_page_alloc(fail_it);
	assert_null(ask(GFP_KERNEL, 0));
	assert_int_equal(asked, GFP_KERNEL);
	assert_int_equal(seen.warns + seen.wakes, 0);
	assert_non_null(ask(GFP_KERNEL | __GFP_NOFAIL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(two_zones_named, DIES_IN_DEBUG), T(movable_and_reclaimable, LIVES),
		T(highmem_with_an_address, DIES), T(zeroed_highmem_in_irq, DIES_IN_DEBUG),
		T(wait_in_irq, LIVES), T(nofail_without_wait, LIVES), T(nofail_with_noretry, LIVES),
		T(nofail_at_the_recursion_guard, LIVES), T(order_11, LIVES), T(nofs_and_dma, LIVES),
		T(memoryless_node, WITH_NUMA), T(injected, LIVES),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
