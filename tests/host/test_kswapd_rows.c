/* SPDX-License-Identifier: MIT */
/*
 * Spec 5.1, 5.3 and 5.5, rule by rule: whom kswapd listens to, what it takes for balanced, and which zone it gives up.
 * A test's name is its rule.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/reclaim_world.h"

#include "kernel/core/sched.h"
#include "mm/internal.h"

#define MACHINE .ram_mib = 24, .lowmem_mib = 16
#define RULE(name) MACHINE_TEST(kswapd_##name, MACHINE)

/* ---- 5 ---- */

static void kswapd_5_thread(void)
{
	const unsigned int flags = PF_MEMALLOC | PF_SWAPWRITE | PF_KSWAPD;

	host_sleep(HZ);
	assert_string_equal(NODE_DATA(0)->kswapd->comm, "kswapd0");
	assert_int_equal(NODE_DATA(0)->kswapd->flags & flags, flags);
	assert_int_equal(NODE_DATA(0)->kswapd_max_order, 0);
	assert_int_equal(NODE_DATA(0)->classzone_idx, ZONE_HIGHMEM);
}
RULE(5_thread)

/* ---- 5.1 ---- */

static wait_queue_t sleeper;
static bool woken;

static int note_wake(wait_queue_t *wait, unsigned int state, int flags, void *key)
{
	(void)wait;
	(void)flags;
	(void)key;
	assert_true(state & TASK_INTERRUPTIBLE);
	woken = true;
	return 1;
}

/* A world whose kswapd sleeps. */
static void make_sleeper(void)
{
	make_world();
	world.kswapd = current;
	init_waitqueue_func_entry(&sleeper, note_wake);
	add_wait_queue(&world.kswapd_wait, &sleeper);
}

static void kswapd_5_1_1_zone_without_pages(void)
{
	make_sleeper();
	wakeup_kswapd(world_zone(ZONE_MOVABLE), 3, ZONE_DMA);
	assert_false(woken);
	assert_int_equal(world.kswapd_max_order, 0);
	assert_int_equal(world.classzone_idx, ZONE_HIGHMEM);
}
RULE(5_1_1_zone_without_pages)

static void kswapd_5_1_1_zone_outside_the_cpuset(void)
{
	unsigned long allowed = current->mems_allowed;

	make_sleeper();
	number_of_cpusets = 2;
	current->mems_allowed = 1; /* node 0 alone */
	wakeup_kswapd(world_zone(ZONE_NORMAL), 3, ZONE_DMA);
	assert_false(woken);
	assert_int_equal(world.kswapd_max_order, 0);
	current->mems_allowed = allowed;
	number_of_cpusets = 1;
}
RULE(5_1_1_zone_outside_the_cpuset)

/* The larger order stays, and the lower zone; an order-0 wake lowers nothing. */
static void kswapd_5_1_2_notes(void)
{
	make_sleeper();
	wakeup_kswapd(world_zone(ZONE_NORMAL), 0, ZONE_DMA);
	assert_int_equal(world.kswapd_max_order, 0);
	assert_int_equal(world.classzone_idx, ZONE_HIGHMEM);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 2, ZONE_NORMAL);
	assert_int_equal(world.kswapd_max_order, 2);
	assert_int_equal(world.classzone_idx, ZONE_NORMAL);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 2, ZONE_DMA); /* not larger */
	assert_int_equal(world.classzone_idx, ZONE_NORMAL);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 3, ZONE_HIGHMEM); /* larger, but not tighter */
	assert_int_equal(world.kswapd_max_order, 3);
	assert_int_equal(world.classzone_idx, ZONE_NORMAL);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 1, ZONE_DMA);
	assert_int_equal(world.kswapd_max_order, 3);
	assert_int_equal(world.classzone_idx, ZONE_NORMAL);
}
RULE(5_1_2_notes)

/* While it works nobody looks at the zone, but the note is left. */
static void kswapd_5_1_3_nobody_sleeps(void)
{
	make_sleeper();
	remove_wait_queue(&world.kswapd_wait, &sleeper);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 1, ZONE_NORMAL);
	assert_int_equal(world.kswapd_max_order, 1);
	assert_false(woken);
}
RULE(5_1_3_nobody_sleeps)

/* Class 0: a reserve of 9216 pages for others is no reason to wake. */
static void kswapd_5_1_4_balanced(void)
{
	make_sleeper();
	set_free(ZONE_NORMAL, 1409);
	wakeup_kswapd(world_zone(ZONE_NORMAL), 0, ZONE_HIGHMEM);
	assert_false(woken);
	assert_false(zone_balanced(world_zone(ZONE_NORMAL), 0, 0, ZONE_HIGHMEM));
	set_free(ZONE_NORMAL, 1408); /* the mark itself is not enough */
	wakeup_kswapd(world_zone(ZONE_NORMAL), 0, ZONE_HIGHMEM);
	assert_true(woken); /* 5 */
}
RULE(5_1_4_balanced)

static void kswapd_5_1_zone_balanced(void)
{
	struct zone *zone;

	make_world();
	zone = world_zone(ZONE_NORMAL);
	set_free(ZONE_NORMAL, 1408 + 1173 + 9216);
	assert_false(zone_balanced(zone, 0, 1173, ZONE_HIGHMEM));
	set_free(ZONE_NORMAL, 1408 + 1173 + 9216 + 1);
	assert_true(zone_balanced(zone, 0, 1173, ZONE_HIGHMEM));
	/* Order 1: one page less, then single pages do not count, and half the mark is to be exceeded. */
	set_free(ZONE_NORMAL, 1410);
	zone->free_area[0].nr_free = 705;
	assert_false(zone_balanced(zone, 1, 0, ZONE_DMA));
	zone->free_area[0].nr_free = 704;
	assert_true(zone_balanced(zone, 1, 0, ZONE_DMA));
	/* The exact counter: differentials count below the drift mark. */
	set_free(ZONE_NORMAL, 1410);
	zone->free_area[0].nr_free = 0;
	zone->percpu_drift_mark = 2000;
	zone->pageset[0].vm_stat_diff[NR_FREE_PAGES] = -2;
	assert_false(zone_balanced(zone, 0, 0, ZONE_DMA));
	zone->percpu_drift_mark = 0;
	assert_true(zone_balanced(zone, 0, 0, ZONE_DMA));
}
RULE(5_1_zone_balanced)

/* ---- 5.3 ---- */

static bool balanced(long dma, long normal, long high, unsigned int order, enum zone_type classzone)
{
	set_free(ZONE_DMA, dma);
	set_free(ZONE_NORMAL, normal);
	set_free(ZONE_HIGHMEM, high);
	return pgdat_balanced(&world, order, classzone);
}

static void kswapd_5_3_order_0(void)
{
	make_world();
	assert_true(balanced(26, 1409, 744, 0, ZONE_HIGHMEM)); /* each for its own class: no reserves */
	assert_false(balanced(25, 1409, 744, 0, ZONE_HIGHMEM));
	assert_false(balanced(26, 1408, 744, 0, ZONE_HIGHMEM));
	assert_false(balanced(26, 1409, 743, 0, ZONE_HIGHMEM));
	assert_true(balanced(26, 1409, 0, 0, ZONE_NORMAL));
	assert_true(balanced(26, 0, 0, 0, ZONE_DMA));
	world_zone(ZONE_NORMAL)->pages_scanned = 6000;
	assert_true(balanced(26, 0, 744, 0, ZONE_HIGHMEM)); /* nothing can be got from it */
}
RULE(5_3_order_0)

static void kswapd_5_3_a_quarter_is_enough(void)
{
	make_world();
	assert_false(balanced(4000, 0, 0, 2, ZONE_HIGHMEM)); /* 4096 of 524288 */
	assert_true(balanced(0, 2000, 0, 2, ZONE_HIGHMEM));
	assert_true(balanced(0, 0, 2000, 2, ZONE_HIGHMEM));
	assert_false(balanced(4000, 0, 2000, 2, ZONE_NORMAL)); /* 4096 of 229376 */
	world_zone(ZONE_NORMAL)->managed_pages = 3 * 4096;
	assert_true(balanced(4000, 0, 0, 2, ZONE_NORMAL)); /* a quarter exactly */
	world_zone(ZONE_NORMAL)->managed_pages += 4;
	assert_false(balanced(4000, 0, 0, 2, ZONE_NORMAL));
	world_zone(ZONE_NORMAL)->pages_scanned = 6000;
	assert_true(balanced(0, 0, 0, 2, ZONE_NORMAL));
}
RULE(5_3_a_quarter_is_enough)

/* ---- 5.5 ---- */

static void kswapd_5_5_reclaimable(void)
{
	struct zone *zone;

	make_world();
	zone = world_zone(ZONE_NORMAL);
	set_lru(ZONE_NORMAL, LRU_INACTIVE_FILE, 10);
	set_lru(ZONE_NORMAL, LRU_ACTIVE_FILE, 20);
	set_lru(ZONE_NORMAL, LRU_INACTIVE_ANON, 30);
	set_lru(ZONE_NORMAL, LRU_ACTIVE_ANON, 40);
	set_lru(ZONE_NORMAL, LRU_UNEVICTABLE, 50);
	assert_int_equal(zone_reclaimable_pages(zone), 30);
	zone->pages_scanned = 179;
	assert_true(zone_reclaimable(zone));
	zone->pages_scanned = 180;
	assert_false(zone_reclaimable(zone));
	swap_on("swap0", 64);
	assert_int_equal(zone_reclaimable_pages(zone), 100);
	zone->pages_scanned = 599;
	assert_true(zone_reclaimable(zone));
	zone->pages_scanned = 600;
	assert_false(zone_reclaimable(zone));
	while (get_swap_page().val)
		;
	assert_int_equal(zone_reclaimable_pages(zone), 30); /* full swap is no swap */
	set_lru(ZONE_NORMAL, LRU_INACTIVE_FILE, 0);
	set_lru(ZONE_NORMAL, LRU_ACTIVE_FILE, 0);
	zone->pages_scanned = 0;
	assert_false(zone_reclaimable(zone)); /* at once */
}
RULE(5_5_reclaimable)

/* A page that goes back to the buddy is news. */
static void kswapd_5_5_freed(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 4);
	struct zone *zone = page_zone(page);

	zone->pages_scanned = 1000;
	__free_pages(page, 4);
	assert_int_equal(zone->pages_scanned, 0);
}
RULE(5_5_freed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(kswapd_5_thread),
		machine_unit_test(kswapd_5_1_1_zone_without_pages),
		machine_unit_test(kswapd_5_1_1_zone_outside_the_cpuset),
		machine_unit_test(kswapd_5_1_2_notes),
		machine_unit_test(kswapd_5_1_3_nobody_sleeps),
		machine_unit_test(kswapd_5_1_4_balanced),
		machine_unit_test(kswapd_5_1_zone_balanced),
		machine_unit_test(kswapd_5_3_order_0),
		machine_unit_test(kswapd_5_3_a_quarter_is_enough),
		machine_unit_test(kswapd_5_5_reclaimable),
		machine_unit_test(kswapd_5_5_freed),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
