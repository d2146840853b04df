/* SPDX-License-Identifier: MIT */
/*
 * Scarcity on order, for the rows of the slow path's decision table that run in the kernel (rows_selftest.h).
 *
 *   world_begin    every free page of ZONE_DMA, or of all zones, is taken: a list per zone and order
 *   world_give     exactly n of them are free again; a block limit leaves every second block taken, so that
 *                  nothing merges
 *   row_run        marks 64, 80, 96 -> the request in its context -> answer, reserve, way, reclaims
 *   world_end      everything back: pages, marks, reserves, per-CPU lists
 *
 * In between per-CPU lists keep nothing, and the counters' differentials are folded after each gift: "free" is exact.
 * The test stays on the boot CPU, whose node has T: the reserves are the local node's.
 *
 * Reclaim finds nothing here - no swap, no page cache - but what a shrinker of the test gives: R(p, f) of a row is
 * its report and what it frees, once in each reclaim of the asking task.
 *
 * Locks: none. Marks are written with kswapd looking on: it sees old or new ones.
 */
#include "mm/rows_selftest.h"

#include "arch/cpu.h"
#include "kernel/base/kernel.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/oom.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/vmstat.h"

#define TAKE_DMA (__GFP_DMA | __GFP_THISNODE | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_NO_KSWAPD)
#define TAKE_ALL (__GFP_HIGHMEM | __GFP_MEMALLOC | __GFP_NOWARN | __GFP_NO_KSWAPD)

/* What is taken of a zone, by order, and what the test changes in it. */
static struct taken {
	struct page_list blocks[MAX_ORDER];
	unsigned long marks[NR_WMARK], reserve[MAX_NR_ZONES];
} taken[MAX_NUMNODES][MAX_NR_ZONES];

static bool whole_world;

struct zone *world_zone(enum zone_type type)
{
	int nid;

	for_each_online_node(nid)
		if (populated_zone(&NODE_DATA(nid)->node_zones[type]))
			return &NODE_DATA(nid)->node_zones[type];
	return NULL;
}

static struct taken *taken_of(const struct zone *zone)
{
	return &taken[zone->node][zone->index];
}

static bool in_world(const struct zone *zone)
{
	return whole_world || (zone->node == 0 && zone->index == ZONE_DMA);
}

/* ---- Taking and giving ------------------------------------------------------------------------------- */

static void keep(struct page *page, unsigned int order)
{
	page_list_add(page, &taken_of(page_zone(page))->blocks[order]);
}

static struct page *pop(struct taken *t, unsigned int order)
{
	struct page *page = page_list_first(&t->blocks[order]);

	if (page)
		page_list_del(page, &t->blocks[order]);
	return page;
}

static void take_all(void)
{
	gfp_t gfp = whole_world ? TAKE_ALL : TAKE_DMA;

	drain_all_pages();
	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages_node(0, gfp, (unsigned int)order)))
			keep(page, (unsigned int)order);
	}
}

/* => how many pages became free: single ones of the first half of each pair of blocks; the second stays taken */
static unsigned long give_fragments(struct page *page, unsigned int order, unsigned long n, unsigned int block)
{
	unsigned long given = 0;

	split_page(page, order);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		if (given < n && !(i >> block & 1)) {
			__free_pages(page + i, 0);
			given++;
		} else {
			keep(page + i, 0);
		}
	}
	return given;
}

static void give_split(struct zone *zone, unsigned long n, unsigned int block)
{
	struct taken *t = taken_of(zone);

	for (unsigned int order = MAX_ORDER - 1; n && order > block;) {
		struct page *page = pop(t, order);

		if (page)
			n -= give_fragments(page, order, n, block);
		else
			order--;
	}
	EXPECT_EQ(n, 0);
}

static void fold_counters(void *unused)
{
	(void)unused;
	refresh_cpu_vm_stats(smp_processor_id());
}

/* The largest block that is not too large. => its order, -1: all are larger */
static int fitting(const struct taken *t, unsigned long n)
{
	for (int order = min((int)ilog2(n), MAX_ORDER - 1); order >= 0; order--)
		if (!page_list_empty(&t->blocks[order]))
			return order;
	return -1;
}

static void give_any(struct zone *zone, unsigned long n)
{
	struct taken *t = taken_of(zone);

	while (n) {
		int order = fitting(t, n);
		unsigned int larger = 0;

		if (order >= 0) {
			__free_pages(pop(t, (unsigned int)order), (unsigned int)order);
			n -= 1UL << order;
			continue;
		}
		while (larger < MAX_ORDER && page_list_empty(&t->blocks[larger]))
			larger++;
		if (larger == MAX_ORDER)
			break;
		give_fragments(pop(t, larger), larger, 0, 0); /* into single pages, all kept */
	}
	EXPECT_EQ(n, 0);
}

void world_give(struct zone *zone, unsigned long n, unsigned int block)
{
	if (block)
		give_split(zone, n, block);
	else
		give_any(zone, n);
	on_each_cpu(fold_counters, NULL, true); /* the marks are compared with the global value */
}

/* ---- Beginning and end ------------------------------------------------------------------------------- */

void world_set_marks(struct zone *zone, unsigned long min, unsigned long low, unsigned long high)
{
	zone->watermark[WMARK_MIN] = min;
	zone->watermark[WMARK_LOW] = low;
	zone->watermark[WMARK_HIGH] = high;
}

static void zone_begin(struct zone *zone)
{
	struct taken *t = taken_of(zone);

	for (int i = 0; i < MAX_ORDER; i++)
		page_list_init(&t->blocks[i]);
	for (int i = 0; i < NR_WMARK; i++)
		t->marks[i] = zone->watermark[i];
	for (int i = 0; i < MAX_NR_ZONES; i++) {
		t->reserve[i] = zone->lowmem_reserve[i];
		zone->lowmem_reserve[i] = 0;
	}
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		zone->pageset[cpu].pcp.high = 0;
		zone->pageset[cpu].pcp.batch = 1;
	}
}

/* => this task runs there and nowhere else, or anywhere again */
static void boot_cpu_only(bool on)
{
	set_cpus_allowed(current, on ? CPU_MASK_CPU(0) : CPU_MASK_ALL);
	while (on && raw_smp_processor_id())
		schedule_timeout_uninterruptible(1);
}

bool world_begin(bool whole)
{
	struct zone *zone;

	whole_world = whole;
	if (!populated_zone(&NODE_DATA(0)->node_zones[ZONE_DMA]) ||
	    !populated_zone(&NODE_DATA(0)->node_zones[ZONE_NORMAL])) {
		selftest_skip("no DMA zone beside another one");
		return false;
	}
	boot_cpu_only(true);
	drop_slab(); /* stacks of the dead: reclaim would give them back in the middle of a row */
	for_each_populated_zone(zone)
		if (in_world(zone))
			zone_begin(zone);
	take_all();
	for_each_populated_zone(zone)
		if (in_world(zone))
			world_set_marks(zone, 64, 80, 96);
	return true;
}

static void zone_end(struct zone *zone)
{
	struct taken *t = taken_of(zone);

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		struct page *page;

		while ((page = pop(t, order)))
			__free_pages(page, order);
	}
	for (int i = 0; i < NR_WMARK; i++)
		zone->watermark[i] = t->marks[i];
	for (int i = 0; i < MAX_NR_ZONES; i++)
		zone->lowmem_reserve[i] = t->reserve[i];
	pageset_set_high_and_batch(zone);
}

void world_end(void)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		if (in_world(zone))
			zone_end(zone);
	boot_cpu_only(false);
}

/* ---- Reclaim, as the row says ------------------------------------------------------------------------ */

static struct {
	const struct kernel_row *row;
	struct zone *zone;		/* T */
	struct task_struct *asker;
	unsigned long told;		/* reclaims answered so far */
	unsigned long before;		/* way_taken() of the row's way */
} now;

static unsigned long reclaims(void)
{
	return slowpath_taken(SLOW_THP_EXITS, SLOW_RECLAIM);
}

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return now.asker == current && now.told != reclaims();
}

static unsigned long scan_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct reclaim_state *state = current->reclaim_state;

	if (!count_objects(s, sc))
		return SHRINK_STOP;
	now.told = reclaims();
	world_give(now.zone, now.row->freed, now.row->block);
	state->reclaimed_slab += now.row->progress;
	return now.row->progress;
}

static struct shrinker row_shrinker = { .count_objects = count_objects, .scan_objects = scan_objects, .batch = 1 };

/* ---- The request in its context ---------------------------------------------------------------------- */

static const struct kernel_row *softirq_row;
static struct page *softirq_page;

static struct page *ask(const struct kernel_row *row)
{
	return alloc_pages_node(0, row->gfp | (row->whole ? 0 : __GFP_DMA), row->order);
}

static void ask_in_softirq(void)
{
	softirq_page = ask(softirq_row);
}

static struct page *ask_in_irq(const struct kernel_row *row, int count)
{
	struct page *page;
	unsigned long flags;

	if (count == SOFTIRQ_OFFSET) {
		softirq_row = row;
		open_softirq(HI_SOFTIRQ, ask_in_softirq);
		local_bh_disable();
		raise_softirq(HI_SOFTIRQ);
		local_bh_enable(); /* runs it here, on this thread */
		return softirq_page;
	}
	local_irq_save(flags);
	preempt_count_add(count);
	page = ask(row);
	preempt_count_sub(count);
	local_irq_restore(flags);
	return page;
}

static struct page *ask_as_task(const struct kernel_row *row, unsigned int pf)
{
	struct page *page;

	current->flags |= pf;
	page = row->context == SOFTIRQ_MEMALLOC ? ask_in_irq(row, SOFTIRQ_OFFSET)
	     : row->context == IRQ_MEMALLOC	 ? ask_in_irq(row, HARDIRQ_OFFSET)
						 : ask(row);
	current->flags &= ~pf;
	return page;
}

static struct page *ask_while_set(const struct kernel_row *row, bool *flag)
{
	struct page *page;

	*flag = true;
	page = ask(row);
	*flag = false;
	return page;
}

struct page *row_ask(const struct kernel_row *row)
{
	struct page *page;

	switch (row->context) {
	case IN_SOFTIRQ:
		return ask_in_irq(row, SOFTIRQ_OFFSET);
	case IN_IRQ:
		return ask_in_irq(row, HARDIRQ_OFFSET);
	case MEMALLOC:
	case SOFTIRQ_MEMALLOC:
	case IRQ_MEMALLOC:
		return ask_as_task(row, PF_MEMALLOC);
	case DUMPCORE:
		return ask_as_task(row, PF_DUMPCORE);
	case RT:
		sched_setscheduler(current, SCHED_FIFO, 1);
		page = ask(row);
		sched_setscheduler(current, SCHED_NORMAL, 0);
		return page;
	case MEMDIE:
		set_thread_flag(TIF_MEMDIE);
		page = ask(row);
		clear_thread_flag(TIF_MEMDIE);
		return page;
	case OOM_DISABLED:
		return ask_while_set(row, &oom_killer_disabled);
	case SUSPENDED:
		pm_restrict_gfp_mask();
		page = ask(row);
		pm_restore_gfp_mask();
		return page;
	case IN_TASK:
		break;
	}
	return ask(row);
}

/* ---- A row ------------------------------------------------------------------------------------------- */

static bool is_fast(const struct kernel_row *row)
{
	return row->from == row->to;
}

/* => how often the row's way has been gone; of a row without one, how often the slow path was entered */
static unsigned long way_taken(const struct kernel_row *row)
{
	if (!is_fast(row))
		return slowpath_taken(row->from, row->to);
	return slowpath_taken(SLOW_ENTRY, SLOW_THISNODE) + slowpath_taken(SLOW_ENTRY, SLOW_FAILED);
}

static unsigned long wakes(void)
{
	return slowpath_taken(SLOW_RESTART, SLOW_ALLOC_FLAGS);
}

static bool is_endless(const struct kernel_row *row)
{
	return row->rounds || row->ticks || row->enough;
}

static bool enough(const struct kernel_row *row)
{
	return way_taken(row) - now.before >= row->rounds && (!row->enough || row->enough());
}

/* Endless: after so many rounds, or ticks, somebody frees memory. */
static int relief(void *began)
{
	while (!kthread_should_stop() && !READ_ONCE(*(bool *)began))
		schedule_timeout_uninterruptible(1);
	if (!kthread_should_stop() && now.row->ticks)
		schedule_timeout_uninterruptible(now.row->ticks);
	while (!kthread_should_stop() && !enough(now.row))
		schedule_timeout_uninterruptible(1);
	if (!kthread_should_stop())
		world_give(now.zone, 1000, 0);
	while (!kthread_should_stop()) /* a thread that has ended cannot be stopped */
		schedule_timeout_uninterruptible(1);
	return 0;
}

/* In a world of its own the way was gone once; in one that others share, and in endless rows, that often at least. */
static void compare(const struct kernel_row *row, const struct page *page, unsigned long w, unsigned long r)
{
	unsigned long times = way_taken(row) - now.before;

	EXPECT_EQ(page != NULL, row->page);
	if (row->rounds)
		EXPECT(times >= row->rounds);
	else if (row->whole && !is_fast(row))
		EXPECT(times >= 1);
	else
		EXPECT_EQ(times, !is_fast(row));
	if (row->reclaims)
		EXPECT_EQ(reclaims() - r, row->reclaims);
	if (!row->whole && !(row->gfp & __GFP_NO_KSWAPD)) /* W: rounds of waking kswapd */
		EXPECT_EQ(wakes() - w, !is_fast(row) && row->from != SLOW_ENTRY && row->from != SLOW_THISNODE);
	if (page) {
		EXPECT_EQ(PagePfMemalloc(page), row->reserve);
		EXPECT(page_zone(page) == now.zone);
	}
}

bool row_run(const struct kernel_row *row)
{
	struct task_struct *helper = NULL;
	unsigned long w, r;
	struct page *page;
	bool began = false;

	if (is_endless(row)) {
		helper = kthread_run(relief, &began, "row_relief");
		if (IS_ERR(helper)) {
			selftest_fail(__FILE__, __LINE__, "relief", PTR_ERR(helper), 0);
			return false;
		}
	}
	if (!world_begin(row->whole)) {
		if (helper)
			kthread_stop(helper);
		return false;
	}
	now.row = row;
	now.zone = &NODE_DATA(0)->node_zones[row->whole ? ZONE_NORMAL : ZONE_DMA];
	world_give(now.zone, row->free, row->block);
	if (!row->whole)
		EXPECT_EQ(zone_page_state(now.zone, NR_FREE_PAGES), row->free);
	now.before = way_taken(row);
	w = wakes();
	now.told = r = reclaims();
	if (row->progress || row->freed)
		register_shrinker(&row_shrinker);
	now.asker = current;
	WRITE_ONCE(began, true);
	page = row->ask ? row->ask(row) : row_ask(row);
	now.asker = NULL;
	if (row->progress || row->freed)
		unregister_shrinker(&row_shrinker);
	compare(row, page, w, r);
	if (helper)
		kthread_stop(helper);
	if (page)
		__free_pages(page, row->order);
	world_end();
	return true;
}
