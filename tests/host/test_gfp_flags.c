/* SPDX-License-Identifier: MIT */
/* flavours: rel numa0 */
/*
 * What each GFP flag does on the path it touches (spec 1.1), one flag after the other, and the masks over all
 * of them. Debug, release and a build without NUMA.
 */
#include "tests/host/gfp_fixture.h"
#include "tests/host/slow_world.h"

static void flag_dma(void)
{
	three_zones(1000, 1000, 49);
	assert_int_equal(giver(__GFP_DMA), ZONE_DMA);
	assert_int_equal(giver(__GFP_DMA), -1); /* 48: the floor, and no other zone will do */
	assert_int_equal(seen.wakes, 2);
}

static void flag_highmem(void)
{
	three_zones(81, 1000, 1000);
	assert_int_equal(giver(GFP_KERNEL), ZONE_NORMAL);
	assert_int_equal(giver(GFP_HIGHUSER), ZONE_HIGHMEM);
	assert_int_equal(giver(GFP_HIGHUSER), ZONE_NORMAL);
}

static void flag_dma32(void)
{
	three_zones(1000, 1000, 1000);
	assert_int_equal(giver(GFP_KERNEL | __GFP_DMA32), ZONE_NORMAL);
}

static void flag_movable_reclaimable(void)
{
	zone_t(0);
	for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++) {
		set_pageblock_migratetype(world_zone[0], 8192 + 512 * type, type);
		give_block(world_zone[0], 8192 + 512 * type, 0, (enum migratetype)type);
	}
	check_type(GFP_KERNEL | __GFP_MOVABLE, 8192 + 512 * MIGRATE_MOVABLE);
	check_type(GFP_KERNEL | __GFP_RECLAIMABLE, 8192 + 512 * MIGRATE_RECLAIMABLE);
	check_type(GFP_KERNEL, 8192 + 512 * MIGRATE_UNMOVABLE);
}

static void flag_movable_highmem(void)
{
	three_zones(1000, 1000, 1000);
	assert_int_equal(giver(__GFP_MOVABLE | __GFP_HIGHMEM), ZONE_HIGHMEM);
	assert_int_equal(giver(__GFP_MOVABLE), ZONE_NORMAL);
}

static void flag_wait(void)
{
	assert_int_equal(floor_of(__GFP_WAIT), 64);
	assert_int_equal(floor_of(0), 48);
	zone_t(10);
	assert_null(ask(0, 0));
	assert_int_equal(seen.reclaims + seen.waits + seen.ticks, 0);
	script.progress = script.freed = 100;
	assert_non_null(ask(__GFP_WAIT, 0));
	assert_int_equal(seen.reclaims, 1);
}

static void flag_high(void)
{
	assert_int_equal(floor_of(GFP_KERNEL | __GFP_HIGH), 32);
	assert_int_equal(floor_of(__GFP_HIGH), 24);
	assert_int_equal(ALLOC_HIGH, __GFP_HIGH);
}

/* What reclaim is allowed to do is what the request allowed. */
static void flag_io_fs(void)
{
	static const gfp_t gfps[] = { GFP_NOIO, GFP_NOFS, GFP_KERNEL };

	for (unsigned int i = 0; i < ARRAY_SIZE(gfps); i++) {
		zone_t(10);
		script.progress = script.freed = 100;
		assert_non_null(ask(gfps[i], 0));
		assert_int_equal(seen.reclaim_gfp, gfps[i]);
		mm_host_stop();
	}
}

/* Nothing reclaimed: with FS somebody dies, without nobody does. */
static void flag_fs_opens_the_gate(void)
{
	zone_t(10);
	script.kill = 100;
	script.until = 3;
	assert_non_null(ask(GFP_NOFS, 0));
	assert_int_equal(seen.kills, 0);
	assert_true(seen.endless);
	mm_host_stop();
	zone_t(10);
	script.kill = 100;
	assert_non_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.kills, 1);
}

/* A task inside storage allocates as if it had said NOIO. */
static void flag_io_fs_stripped_by_the_task(void)
{
	zone_t(10);
	task.flags |= PF_MEMALLOC_NOIO;
	script.until = 3;
	assert_non_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.reclaim_gfp, GFP_NOIO);
	assert_int_equal(seen.gates, 0);
}

static void flag_cold(void)
{
	struct page *hot, *cold, *page;

	zone_t(1000);
	world_zone[0]->pageset[raw_smp_processor_id()].pcp.high = 20;
	hot = ask(GFP_KERNEL, 0);
	cold = ask(GFP_KERNEL, 0);
	__free_pages(cold, 0);
	__free_pages(hot, 0);
	page = ask(GFP_KERNEL | __GFP_COLD, 0);
	assert_ptr_equal(page, cold);
	assert_ptr_equal(ask(GFP_KERNEL, 0), hot);
	free_hot_cold_page(page, true);
}

static void flag_nowarn(void)
{
	zone_t(10);
	assert_null(ask(GFP_NOWAIT | __GFP_NOWARN, 0));
	assert_int_equal(seen.warns, 0);
	assert_null(ask(GFP_NOWAIT, 0));
	assert_int_equal(seen.warns, 1);
}

/* Order 4 ends after one reclaim; with REPEAT when 16 pages have been reclaimed. */
static void flag_repeat(void)
{
	for (int repeat = 0; repeat < 2; repeat++) {
		one_zone(ZONE_NORMAL, 64);
		script.block = 2;
		give_pages(0, 500);
		script.progress = 5;
		assert_null(ask(GFP_KERNEL | (repeat ? __GFP_REPEAT : 0), 4));
		assert_int_equal(seen.reclaims, repeat ? 4 : 1);
		mm_host_stop();
	}
}

static void flag_nofail(void)
{
	one_zone(ZONE_NORMAL, 64);
	script.block = 2;
	give_pages(0, 500);
	script.progress = 5;
	script.until = 50;
	assert_non_null(ask(GFP_KERNEL | __GFP_NOFAIL, 4));
	assert_true(seen.endless);
	assert_int_equal(seen.once, 1); /* the buddy: order above 1 */
}

static void flag_noretry(void)
{
	zone_t(10);
	script.progress = 1;
	script.kill = 100;
	assert_null(ask(GFP_KERNEL | __GFP_NORETRY, 0));
	assert_int_equal(seen.reclaims, 1);
	assert_int_equal(seen.kills + seen.waits, 0);
}

static void flag_memalloc(void)
{
	struct page *page;

	zone_t(1);
	preempt_count_add(HARDIRQ_OFFSET);
	assert_null(ask(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC, 0));
	page = ask(GFP_ATOMIC | __GFP_MEMALLOC, 0);
	assert_non_null(page);
	assert_true(PagePfMemalloc(page));
}

static void flag_nomemalloc(void)
{
	assert_int_equal(floor_of(GFP_ATOMIC | __GFP_NOMEMALLOC), 32);
	assert_int_equal(floor_of(__GFP_NOMEMALLOC), 64);
	zone_t(40);
	task.flags |= PF_MEMALLOC;
	assert_null(ask(GFP_KERNEL | __GFP_NOMEMALLOC, 0));
	set_thread_flag(TIF_MEMDIE);
	assert_null(ask(GFP_KERNEL | __GFP_NOMEMALLOC, 0));
	assert_non_null(ask(GFP_KERNEL, 0));
}

static void flag_comp(void)
{
	struct page *page;

	zone_t(1000);
	page = ask(GFP_KERNEL | __GFP_COMP, 3);
	assert_true(PageHead(page) && PageTail(page + 7));
	__free_pages(page, 3);
	assert_int_equal(world_free(), 1000);
	page = ask(GFP_KERNEL, 3);
	assert_false(PageCompound(page) || PageCompound(page + 7));
}

/* Also on the slow path, and every page of the block. */
static void flag_zero(void)
{
	world_backing = true;
	zone_t(78);
	for (int round = 0; round < 2; round++) {
		struct page *page = ask(GFP_KERNEL | (round ? __GFP_ZERO : 0), 1);
		unsigned char *bytes;

		assert_non_null(page);
		bytes = lowmem_page_address(page);
		assert_true(slow_entries() > 0);
		for (unsigned long i = 0; round && i < 2 * PAGE_SIZE; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0x5a, 2 * PAGE_SIZE);
		__free_pages(page, 1);
	}
}

/* The first attempt stays in the cpuset whatever the flags; the slow path obeys HARDWALL. */
static void flag_hardwall(void)
{
	machine_2();
	give_pages(0, 70);
	give_pages(1, 1000);
	assert_int_equal(page_zone(ask(GFP_USER, 0))->node, 0);
	assert_int_equal(seen.wakes, 1); /* below the low mark, but no page of node 1 */
	for (int i = 0; i < 5; i++)
		assert_int_equal(page_zone(ask(GFP_USER, 0))->node, 0);
	assert_int_equal(world_free(), 64);
	script.freed = script.progress = 32;
	assert_int_equal(page_zone(ask(GFP_USER, 0))->node, 0);
	assert_int_equal(seen.reclaims, 1);
	for (int i = 0; i < 31; i++)
		assert_int_equal(page_zone(ask(GFP_USER, 0))->node, 0);
	assert_int_equal(page_zone(ask(GFP_KERNEL, 0))->node, 1);
	assert_int_equal(page_zone(ask(GFP_ATOMIC, 0))->node, 0); /* takes what its floor allows, nearest first */
}

static void flag_thisnode(void)
{
	machine_2();
	set_number_of_cpusets(1);
	give_pages(0, 20);
	give_pages(1, 1000);
	assert_int_equal(page_zone(ask(GFP_KERNEL, 0))->node, 1);
	assert_null(ask(GFP_NOWAIT | __GFP_THISNODE, 0));
	assert_null(ask(GFP_KERNEL | __GFP_THISNODE | __GFP_NORETRY, 0));
}

/* Short of memory, only others wake kswapd; and what cannot sleep is not "atomic". */
static void flag_no_kswapd(void)
{
	assert_int_equal(floor_of(__GFP_NO_KSWAPD), 64);
	zone_t(70);
	assert_non_null(ask(GFP_KERNEL | __GFP_NO_KSWAPD, 0));
	assert_int_equal(seen.wakes, 0);
	assert_non_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.wakes, 1);
}

/* A page of node 1 for a task of node 1, asked for by a CPU of node 0. */
static void flag_other_node(void)
{
	struct zone *zone;

	machine_2();
	set_number_of_cpusets(1);
	give_pages(1, 1000);
	zone = world_zone[1];
	assert_non_null(alloc_pages_node(1, GFP_KERNEL, 0));
	assert_int_equal(zone_page_state_snapshot(zone, NUMA_OTHER), 1);
	assert_non_null(alloc_pages_node(1, GFP_KERNEL | __GFP_OTHER_NODE, 0));
	assert_int_equal(zone_page_state_snapshot(zone, NUMA_OTHER), 1);
	assert_int_equal(zone_page_state_snapshot(zone, NUMA_LOCAL), 1);
	assert_int_equal(zone_page_state_snapshot(zone, NUMA_HIT), 2);
}

static void flag_write(void)
{
	three_zones(0, 1000, 1000);
	script.dirty = world_zone[1];
	assert_int_equal(giver(GFP_KERNEL), ZONE_NORMAL);
	assert_int_equal(giver(GFP_KERNEL | __GFP_WRITE), ZONE_DMA);
	empty_zone(world_zone[2]);
	assert_int_equal(giver(GFP_KERNEL | __GFP_WRITE), ZONE_NORMAL); /* the low mark's pass only */
	assert_int_equal(seen.wakes, 1);
}

/* Until the scheduler runs nobody may sleep, whatever he says. */
static void mask_of_early_boot(void)
{
	assert_int_equal(GFP_BOOT_MASK & (__GFP_WAIT | __GFP_IO | __GFP_FS), 0);
	zone_t(49);
	gfp_allowed_mask = GFP_BOOT_MASK;
	assert_non_null(ask(GFP_KERNEL, 0));
	assert_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.mode, 0);
	assert_int_equal(seen.warns, 1);
	assert_int_equal(seen.reclaims + seen.waits + seen.kills, 0);
}

static void mask_of_suspend(void)
{
	zone_t(10);
	script.kill = 100;
	pm_restrict_gfp_mask();
	assert_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.mode, GFP_NOIO);
	pm_restore_gfp_mask();
	assert_non_null(ask(GFP_KERNEL, 0));
	assert_int_equal(seen.kills, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(flag_dma, LIVES), T(flag_highmem, LIVES), T(flag_dma32, LIVES),
		T(flag_movable_reclaimable, LIVES), T(flag_movable_highmem, LIVES), T(flag_wait, LIVES),
		T(flag_high, LIVES), T(flag_io_fs, LIVES), T(flag_fs_opens_the_gate, LIVES),
		T(flag_io_fs_stripped_by_the_task, LIVES), T(flag_cold, LIVES), T(flag_nowarn, LIVES),
		T(flag_repeat, LIVES), T(flag_nofail, LIVES), T(flag_noretry, LIVES),
		T(flag_memalloc, LIVES), T(flag_nomemalloc, LIVES), T(flag_comp, LIVES),
		T(flag_zero, LIVES), T(flag_hardwall, WITH_NUMA), T(flag_thisnode, WITH_NUMA),
		T(flag_no_kswapd, LIVES), T(flag_other_node, WITH_NUMA), T(flag_write, LIVES),
		T(mask_of_early_boot, LIVES), T(mask_of_suspend, LIVES),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
