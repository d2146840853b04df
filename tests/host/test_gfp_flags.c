/* SPDX-License-Identifier: MIT */
/* flavours: rel numa0 */
/*
 * What each GFP flag does on the path it touches (spec 1.1), what the groups get (1.2,
 * tests/data/spec/gfp_behaviour.txt), and the answers to illegal combinations (1.4). One zone T with marks 64, 80,
 * 96 unless a test says otherwise; each test in a process of its own. Debug, release and a build without NUMA.
 */
#include "tests/host/gfp_groups.h"
#include "tests/host/slow_world.h"

#define DEBUG_BUILD IS_ENABLED(CONFIG_DEBUG)
#define NUMA	    IS_ENABLED(CONFIG_NUMA)

static void zone_t(unsigned long free)
{
	one_zone(ZONE_NORMAL, 64);
	give_pages(0, free);
}

/* HighMem, Normal and DMA with so many pages each. */
static void three_zones(unsigned long high, unsigned long normal, unsigned long dma)
{
	start_zones(1, 192, 64, 128);
	add_zone(zone_of(0, ZONE_HIGHMEM), 64, 80, 96);
	add_zone(zone_of(0, ZONE_NORMAL), 64, 80, 96);
	add_zone(zone_of(0, ZONE_DMA), 64, 80, 96);
	give_pages(0, high);
	give_pages(1, normal);
	give_pages(2, dma);
}

/* => index of the zone that gave, -1: none */
static int giver(gfp_t gfp)
{
	struct page *page = ask(gfp, 0);

	return page ? (int)page_zone(page)->index : -1;
}

/* => without sleeping below it: the largest number of free pages with which T gives none */
static long floor_of(gfp_t gfp)
{
	for (long free = 96; free > 0; free--) {
		zone_t((unsigned long)free);
		script.progress = 32; /* the first reclaim ends the request: by then it has failed */
		script.freed = 1000;
		if (!ask(gfp | __GFP_NOWARN, 0) || seen.reclaims) {
			mm_host_stop();
			return free;
		}
		mm_host_stop();
	}
	return 0;
}

/* ---- 1.1: one flag after the other -------------------------------------------------------------------- */

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

/* Three blocks, one of each type: each request takes its own. */
static void check_type(gfp_t gfp, unsigned long pfn_of_type)
{
	struct page *page = ask(gfp | __GFP_MEMALLOC, 0);

	assert_non_null(page);
	assert_int_equal(page_to_pfn(page), pfn_of_type);
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

/* ---- 1.4: combinations that nobody should make --------------------------------------------------------- */

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

/* Without NUMA the group is nothing: an ordinary request, which reclaims. */
static void group_thisnode(void)
{
	zone_t(10);
	script.progress = script.freed = 100;
	assert_int_equal(GFP_THISNODE, NUMA ? 0x41200 : 0);
	assert_int_equal(ask(GFP_KERNEL | GFP_THISNODE, 0) != NULL, !NUMA);
	assert_int_equal(seen.reclaims, !NUMA);
}

/* ---- 1.2: what each group gets ------------------------------------------------------------------------- */

static const char *group_line;

/* => NULL, endless, kill (the killer was asked) or reclaim (one round, then NULL) */
static const char *answer(gfp_t gfp, enum zone_type zone, unsigned int order)
{
	static const char *const words[] = { "NULL", "endless", "kill", "reclaim" };
	struct page *page;
	int what;

	one_zone(zone, 64);
	script.block = 2;
	give_pages(0, order ? 500 : 10);
	script.kill = 1000;
	script.until = 20;
	script.compact = "f";
	page = ask(gfp, order);
	what = seen.kills ? 2 : page ? 1 : seen.reclaims ? 3 : 0;
	assert_int_equal(seen.warns, !page && !(gfp & __GFP_NOWARN));
	mm_host_stop();
	return words[what];
}

static void group(void)
{
	char name[32], small[16], large[16];
	enum zone_type zone;
	gfp_t gfp = ~0U;
	long floor;

	assert_int_equal(sscanf(group_line, "%31s %ld %15s %15s", name, &floor, small, large), 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, name))
			gfp = groups[i].gfp;
	assert_int_not_equal(gfp, ~0U);
	zone = gfp & __GFP_DMA ? ZONE_DMA : ZONE_NORMAL;
	if (zone == ZONE_NORMAL)
		assert_int_equal(floor_of(gfp), floor);
	assert_string_equal(answer(gfp, zone, 0), small);
	assert_string_equal(answer(gfp, zone, 3), small);
	assert_string_equal(answer(gfp, zone, 4), large);
}

static void groups_of_the_data_file(void **state)
{
	FILE *f = open_data("tests/data/spec/gfp_behaviour.txt");
	unsigned int lines = 0;
	char line[128];

	(void)state;
	while (next_line(f, line, sizeof(line))) {
		group_line = line;
		if (status_of_child(group))
			fail_msg("group %s", line);
		lines++;
	}
	assert_int_equal(lines, ARRAY_SIZE(groups));
}

/* ---- The list ------------------------------------------------------------------------------------------ */

enum { LIVES, DIES, DIES_IN_DEBUG, WITH_NUMA };

struct flag_test {
	void (*fn)(void);
	int how;
};

static void in_child(void **state)
{
	const struct flag_test *test = *state;
	bool dies = test->how == DIES || (test->how == DIES_IN_DEBUG && DEBUG_BUILD);
	int status;

	if (test->how == WITH_NUMA && !NUMA)
		return;
	status = status_of_child(test->fn);
	if (dies)
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	else
		assert_int_equal(status, 0);
}

int main(void)
{
#define T(name, how) { #name, in_child, NULL, NULL, &(struct flag_test){ name, how } }
	const struct CMUnitTest tests[] = {
		T(flag_dma, LIVES), T(flag_highmem, LIVES), T(flag_dma32, LIVES),
		T(flag_movable_reclaimable, LIVES), T(flag_movable_highmem, LIVES), T(flag_wait, LIVES),
		T(flag_high, LIVES), T(flag_io_fs, LIVES), T(flag_fs_opens_the_gate, LIVES),
		T(flag_io_fs_stripped_by_the_task, LIVES), T(flag_cold, LIVES), T(flag_nowarn, LIVES),
		T(flag_repeat, LIVES), T(flag_nofail, LIVES), T(flag_noretry, LIVES), T(flag_memalloc, LIVES),
		T(flag_nomemalloc, LIVES), T(flag_comp, LIVES), T(flag_zero, LIVES),
		T(flag_hardwall, WITH_NUMA), T(flag_thisnode, WITH_NUMA), T(flag_no_kswapd, LIVES),
		T(flag_other_node, WITH_NUMA), T(flag_write, LIVES), T(mask_of_early_boot, LIVES),
		T(mask_of_suspend, LIVES), T(two_zones_named, DIES_IN_DEBUG),
		T(movable_and_reclaimable, LIVES), T(highmem_with_an_address, DIES),
		T(zeroed_highmem_in_irq, DIES_IN_DEBUG), T(wait_in_irq, LIVES), T(nofail_without_wait, LIVES),
		T(nofail_with_noretry, LIVES), T(nofail_at_the_recursion_guard, LIVES), T(order_11, LIVES),
		T(nofs_and_dma, LIVES), T(memoryless_node, WITH_NUMA), T(injected, LIVES),
		T(group_thisnode, LIVES), cmocka_unit_test(groups_of_the_data_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
