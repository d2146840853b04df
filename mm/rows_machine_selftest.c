/* SPDX-License-Identifier: MIT */
/*
 * Rows of the slow path's decision table that need the whole machine's memory, in the kernel (rows_selftest.h): all
 * zones are emptied, and what a row says is free is given back. Huge pages, __GFP_THISNODE, machine C of spec 2.7 with
 * its marks and reserves, and a cpuset of one of two nodes.
 *
 * Nobody else gets a page meanwhile. That is safe here alone: no program runs yet, and the kernel's threads that wake
 * up take nothing.
 */
#include "mm/rows_selftest.h"

#include "kernel/base/kernel.h"
#include "kernel/core/task.h"
#include "mm/internal.h"
#include "mm/swap.h"
#include "mm/vmscan.h"

/* In blocks of 1 MiB at most: no huge page. Compaction has nothing to say; contention and deferral are the host's. */
ROW(50, GFP_TRANSHUGE, 9, 2000, IN_TASK, NOTHING(LAST_COMPACT), .whole = true, .block = 8, .progress = 32,
    .reclaims = 1)
ROW(51, GFP_TRANSHUGE & ~__GFP_WAIT, 9, 2000, IN_TASK, NOTHING(NO_WAIT), .whole = true, .block = 8)

/* The trap: neither a kill nor an end. */
SELFTEST(mm_row_46)
{
	if (IS_ENABLED(CONFIG_NUMA))
		row_run(&(struct kernel_row){ GFP_KERNEL | __GFP_THISNODE, 0, 10, IN_TASK, PAGE(OOM_GATE, RESTART),
					      .rounds = 1000, .whole = true });
	else
		selftest_skip("a kernel without NUMA");
}

/* ---- Machine C --------------------------------------------------------------------------------------- */

struct row_c {
	gfp_t gfp;
	unsigned long high, normal, dma;	/* free */
	int from;				/* zone, -1: nothing */
	bool fast;
	unsigned long freed;			/* of HighMem, by each reclaim */
};

static unsigned long entries(void)
{
	return slowpath_taken(SLOW_ENTRY, SLOW_THISNODE);
}

static struct zone *high, *normal, *dma;

/* ---- Reclaim that frees so many pages of a zone, once ---------------------------------------------------- */

static struct zone *reclaim_zone;
static unsigned long reclaim_pages;

static unsigned long count_once(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return reclaim_pages != 0;
}

static unsigned long give_once(struct shrinker *s, struct shrink_control *sc)
{
	struct reclaim_state *state = current->reclaim_state;

	(void)s;
	(void)sc;
	if (!reclaim_pages || !state || (current->flags & PF_KSWAPD))
		return SHRINK_STOP;
	world_give(reclaim_zone, reclaim_pages, 0);
	state->reclaimed_slab += reclaim_pages;
	reclaim_pages = 0;
	return 1;
}

static struct page *ask_reclaiming(gfp_t gfp, struct zone *zone, unsigned long pages)
{
	static struct shrinker shrinker = { .count_objects = count_once, .scan_objects = give_once, .batch = 1 };
	struct page *page;

	reclaim_zone = zone;
	reclaim_pages = pages;
	register_shrinker(&shrinker);
	page = alloc_pages_node(0, gfp, 0);
	unregister_shrinker(&shrinker);
	EXPECT_EQ(reclaim_pages, 0);
	return page;
}

/* ---- Machine C, the rows ------------------------------------------------------------------------------- */

/* => the three zones have machine C's marks and reserves, and so much free; world_end() undoes it */
static bool machine_c(const struct row_c *row)
{
	high = world_zone(ZONE_HIGHMEM);
	normal = world_zone(ZONE_NORMAL);
	dma = world_zone(ZONE_DMA);
	if (nr_online_nodes > 1 || !high || zone_page_state(normal, NR_FREE_PAGES) < row->normal ||
	    zone_page_state(dma, NR_FREE_PAGES) < row->dma) {
		selftest_skip("machine C has one node, three zones and 41 MiB free");
		return false;
	}
	if (!world_begin(true))
		return false;
	world_set_marks(high, 128, 435, 743);
	world_set_marks(normal, 939, 1173, 1408);
	world_set_marks(dma, 17, 21, 25);
	dma->lowmem_reserve[ZONE_NORMAL] = 880;
	dma->lowmem_reserve[ZONE_HIGHMEM] = 2032;
	normal->lowmem_reserve[ZONE_HIGHMEM] = 9216;
	world_give(high, row->high, 0);
	world_give(normal, row->normal, 0);
	world_give(dma, row->dma, 0);
	return true;
}

static void run_c(const struct row_c *row)
{
	unsigned long before;
	struct page *page;

	if (!machine_c(row))
		return;
	before = entries();
	page = ask_reclaiming(row->gfp, high, row->freed);
	EXPECT_EQ(entries() - before, !row->fast);
	EXPECT_EQ(page ? (int)zone_idx(page_zone(page)) : -1, row->from);
	if (page)
		__free_pages(page, 0);
	world_end();
}

#define ROW_C(name, ...)                                 \
	SELFTEST(mm_row_##name)                          \
	{                                                \
		run_c(&(struct row_c){ __VA_ARGS__ }); \
	}

ROW_C(59, GFP_HIGHUSER_MOVABLE, 435, 10390, 2049, ZONE_NORMAL, true)
ROW_C(60, GFP_HIGHUSER_MOVABLE, 128, 10389, 2053, ZONE_NORMAL, false)
ROW_C(61, GFP_HIGHUSER_MOVABLE, 128, 10155, 2049, ZONE_HIGHMEM, false, .freed = 32)
ROW_C(62, GFP_KERNEL, 128, 1173, 902, ZONE_DMA, true)
ROW_C(63_null, GFP_ATOMIC | QUIET, 128, 353, 887, -1, false)
ROW_C(63_page, GFP_ATOMIC, 128, 354, 887, ZONE_NORMAL, false)

/* ---- A cpuset of node 0, which is full; node 1 is not -------------------------------------------------- */

static void run_cpuset(gfp_t gfp, int node, unsigned long freed)
{
	unsigned long mems = current->mems_allowed, before;
	struct page *page;

	if (nr_online_nodes < 2 || !populated_zone(&NODE_DATA(1)->node_zones[ZONE_NORMAL])) {
		selftest_skip("a machine of one node, or with none but HighMem on the other");
		return;
	}
	if (!world_begin(true))
		return;
	world_give(&NODE_DATA(0)->node_zones[ZONE_NORMAL], 10, 0);
	world_give(&NODE_DATA(1)->node_zones[ZONE_NORMAL], 1000, 0);
	current->mems_allowed = 1;
	set_number_of_cpusets(2);
	before = slowpath_taken(SLOW_THP_EXITS, SLOW_RECLAIM);
	page = ask_reclaiming(gfp, &NODE_DATA(0)->node_zones[ZONE_NORMAL], freed);
	set_number_of_cpusets(1);
	current->mems_allowed = mems;
	EXPECT_EQ(page ? page_zone(page)->node : -1, node);
	EXPECT_EQ(slowpath_taken(SLOW_THP_EXITS, SLOW_RECLAIM) - before, freed != 0);
	if (page)
		__free_pages(page, 0);
	world_end();
}

/* The first attempt always stays in the cpuset; then USER reclaims, KERNEL asks the ancestor, ATOMIC asks nobody. */
SELFTEST(mm_row_64_user)
{
	run_cpuset(GFP_USER, 0, 100);
}

SELFTEST(mm_row_64_kernel)
{
	run_cpuset(GFP_KERNEL, 1, 0);
}

SELFTEST(mm_row_64_atomic)
{
	run_cpuset(GFP_ATOMIC, 1, 0);
}
