/* SPDX-License-Identifier: MIT */
/*
 * The rows of the slow path's decision table (spec 4.4) that a living kernel can be brought to, each a test
 * mm_row_NN: the answer, whether the reserve was touched, and the way that decided (slowpath_taken()).
 *
 * The table's test zone T is ZONE_DMA of node 0: every frame of it is taken away, then exactly as many are given back
 * as the row has free, with the row's marks (64, 80, 96). Only requests with __GFP_DMA look there while the other
 * zones have memory, so nobody else is disturbed, and the counters move for the test alone. What the row says of
 * the task is set on the testing thread itself; interrupt rows run in a softirq and under an interrupt's count.
 *
 * Rows with a kill are for boot tests (tests/boot/test_oom.py); scripted reclaim for tests/host/test_slowpath.c.
 * Locks: none. The zone's marks are written with kswapd looking on: it sees old or new ones.
 */
#include "arch/cpu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/selftest.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "mm/internal.h"
#include "mm/oom.h"
#include "mm/slowpath.h"

enum {
	IN_TASK, IN_SOFTIRQ, IN_IRQ, RT, MEMALLOC, MEMDIE, DUMPCORE, OOM_DISABLED, SUSPENDED,
	SOFTIRQ_MEMALLOC, IRQ_MEMALLOC,
};

struct kernel_row {
	gfp_t gfp;
	unsigned int order;
	unsigned long free;
	int context;
	bool page, reserve;		/* expected */
	enum slow_state from, to;	/* a way that must have been taken; from == to: slow path not entered */
};

#define TAKE_ALL (__GFP_DMA | __GFP_MEMALLOC | __GFP_NOWARN)

static struct zone *t_zone;
static unsigned long saved_marks[NR_WMARK];

/* ---- The test zone ----------------------------------------------------------------------------------- */

/* What is taken away, chained through the frames themselves. */
struct taken {
	struct taken *next;
	unsigned int order;
};
static struct taken *taken;

static void take_all(void)
{
	taken = NULL;
	drain_all_pages();
	for (int order = MAX_ORDER - 1; order >= 0; order--) {
		struct page *page;

		while ((page = alloc_pages_node(0, TAKE_ALL | __GFP_THISNODE, (unsigned int)order))) {
			struct taken *t = lowmem_page_address(page);

			t->next = taken;
			t->order = (unsigned int)order;
			taken = t;
		}
	}
}

/* Single pages, so that exactly n become free. */
static void give(unsigned long n)
{
	while (n && taken) {
		struct taken *t = taken;
		unsigned int order = t->order;
		struct page *page = virt_to_page(t);

		taken = t->next;
		if (n >= 1UL << order) {
			n -= 1UL << order;
			__free_pages(page, order);
			continue;
		}
		split_page(page, order);
		for (unsigned long i = 0; i < 1UL << order; i++) {
			struct taken *single = lowmem_page_address(page + i);

			single->next = taken;
			single->order = 0;
			taken = single;
		}
	}
}

static void fold_counters(void *unused)
{
	(void)unused;
	refresh_cpu_vm_stats(smp_processor_id());
}

static bool zone_t(unsigned long free)
{
	t_zone = &NODE_DATA(0)->node_zones[ZONE_DMA];
	if (!populated_zone(t_zone) || !populated_zone(t_zone + 1)) {
		selftest_skip("no DMA zone beside another one");
		return false;
	}
	for (int i = 0; i < NR_WMARK; i++)
		saved_marks[i] = t_zone->watermark[i];
	take_all();
	t_zone->watermark[WMARK_MIN] = 64;
	t_zone->watermark[WMARK_LOW] = 80;
	t_zone->watermark[WMARK_HIGH] = 96;
	give(free);
	on_each_cpu(fold_counters, NULL, true); /* the marks are compared with the global value */
	EXPECT_EQ(zone_page_state(t_zone, NR_FREE_PAGES), free);
	return true;
}

static void zone_t_end(void)
{
	give(~0UL);
	for (int i = 0; i < NR_WMARK; i++)
		t_zone->watermark[i] = saved_marks[i];
}

/* ---- The request in its context ---------------------------------------------------------------------- */

static const struct kernel_row *softirq_row;
static struct page *softirq_page;

static struct page *ask(const struct kernel_row *row)
{
	return alloc_pages(row->gfp | __GFP_DMA, row->order);
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

static struct page *ask_as_said(const struct kernel_row *row)
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
		oom_killer_disabled = true;
		page = ask(row);
		oom_killer_disabled = false;
		return page;
	case SUSPENDED:
		pm_restrict_gfp_mask();
		page = ask(row);
		pm_restore_gfp_mask();
		return page;
	}
	return ask(row);
}

static unsigned long entries(void)
{
	return slowpath_taken(SLOW_ENTRY, SLOW_THISNODE) + slowpath_taken(SLOW_ENTRY, SLOW_FAILED);
}

static void run(struct kernel_row row)
{
	bool fast = row.from == row.to;
	unsigned long before;
	struct page *page;

	if (!zone_t(row.free))
		return;
	before = fast ? entries() : slowpath_taken(row.from, row.to);
	page = ask_as_said(&row);
	EXPECT_EQ(page != NULL, row.page);
	EXPECT_EQ((fast ? entries() : slowpath_taken(row.from, row.to)) - before, !fast);
	if (page) {
		EXPECT_EQ(PagePfMemalloc(page), row.reserve);
		EXPECT(page_zone(page) == t_zone);
		__free_pages(page, row.order);
	}
	zone_t_end();
}

/* ---- The rows ------------------------------------------------------------------------------------------ */

#define ROW(name, ...)                          \
	SELFTEST(mm_row_##name)                 \
	{                                       \
		run((struct kernel_row){ __VA_ARGS__ }); \
	}
#define PAGE(from, to)	true, false, SLOW_##from, SLOW_##to
#define RESERVE		true, true, SLOW_RESERVES, SLOW_GOT_PG
#define NOTHING(from)	false, false, SLOW_##from, SLOW_NOPAGE
#define AT_MARK		PAGE(REBALANCE, GOT_PG)
#define QUIET		__GFP_NOWARN

ROW(01, GFP_KERNEL, 0, 81, IN_TASK, PAGE(ENTRY, ENTRY))
ROW(02, GFP_KERNEL, 0, 80, IN_TASK, AT_MARK)
ROW(04_task, GFP_ATOMIC, 0, 25, IN_TASK, AT_MARK)
ROW(04_irq, GFP_ATOMIC, 0, 25, IN_IRQ, AT_MARK)
ROW(04_softirq, GFP_ATOMIC, 0, 25, IN_SOFTIRQ, AT_MARK)
ROW(05, GFP_ATOMIC, 0, 24, IN_TASK, NOTHING(NO_WAIT)) /* reports: mode:0x21 */
ROW(06, GFP_NOWAIT, 0, 49, IN_TASK, AT_MARK)
ROW(07, GFP_NOWAIT | QUIET, 0, 48, IN_TASK, NOTHING(NO_WAIT))
ROW(08_page, GFP_ATOMIC | __GFP_NOMEMALLOC, 0, 33, IN_TASK, AT_MARK)
ROW(08_null, GFP_ATOMIC | __GFP_NOMEMALLOC | QUIET, 0, 32, IN_TASK, NOTHING(NO_WAIT))
ROW(09, GFP_KERNEL | __GFP_HIGH, 0, 33, IN_TASK, AT_MARK)
ROW(10, GFP_KERNEL, 0, 49, RT, AT_MARK)
ROW(11, GFP_KERNEL | __GFP_HIGH, 0, 25, RT, AT_MARK)
ROW(16, GFP_KERNEL | __GFP_NORETRY | QUIET, 0, 10, IN_TASK, NOTHING(LAST_COMPACT))
ROW(33, GFP_KERNEL, 0, 5, MEMALLOC, RESERVE)
ROW(34, GFP_KERNEL | QUIET, 0, 0, MEMALLOC, NOTHING(RECURSION))
ROW(35, GFP_KERNEL | __GFP_NOMEMALLOC | QUIET, 0, 40, MEMALLOC, NOTHING(RECURSION))
ROW(36, GFP_KERNEL, 0, 5, MEMDIE, RESERVE)
ROW(37, GFP_KERNEL | QUIET, 0, 0, MEMDIE, NOTHING(DYING))
ROW(39, GFP_KERNEL | __GFP_NOMEMALLOC | QUIET, 0, 40, MEMDIE, NOTHING(DYING))
ROW(40_softirq, GFP_ATOMIC, 0, 5, SOFTIRQ_MEMALLOC, RESERVE)
ROW(40_irq, GFP_ATOMIC | QUIET, 0, 5, IRQ_MEMALLOC, NOTHING(NO_WAIT))
ROW(41_page, GFP_ATOMIC | __GFP_MEMALLOC, 0, 5, IN_IRQ, RESERVE)
ROW(41_null, GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOMEMALLOC | QUIET, 0, 5, IN_IRQ, NOTHING(NO_WAIT))
ROW(42, GFP_KERNEL, 0, 10, IN_TASK, NOTHING(OOM_GATE)) /* reports: mode:0xd1 */
ROW(44, QUIET, 0, 48, IN_TASK, NOTHING(NO_WAIT))
ROW(52, GFP_KERNEL | QUIET, MAX_ORDER, 100, IN_TASK, false, false, SLOW_ENTRY, SLOW_FAILED)
ROW(53, GFP_KERNEL | QUIET, 0, 10, OOM_DISABLED, NOTHING(OOM_GATE))
ROW(54, GFP_KERNEL | QUIET, 0, 10, SUSPENDED, NOTHING(LAST_COMPACT))
ROW(55, GFP_KERNEL | QUIET, 0, 10, DUMPCORE, NOTHING(OOM_GATE))

SELFTEST(mm_row_45)
{
	if (IS_ENABLED(CONFIG_NUMA))
		run((struct kernel_row){ GFP_KERNEL | GFP_THISNODE, 0, 10, IN_TASK, NOTHING(THISNODE) });
	else
		selftest_skip("a kernel without NUMA");
}

/* ---- Endless: 1,000 rounds, then somebody frees memory --------------------------------------------------- */

static unsigned long rounds_at_start;

static int free_after_rounds(void *data)
{
	while (slowpath_taken(SLOW_RETRY, SLOW_REBALANCE) - rounds_at_start < 1000 && !kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	give(200);
	while (!kthread_should_stop()) /* a thread that has ended cannot be stopped */
		schedule_timeout_uninterruptible(1);
	return 0;
}

/* NOFS never reaches the gate: no kill, no NULL. */
SELFTEST(mm_row_14)
{
	struct task_struct *helper;
	struct page *page;

	if (!zone_t(10))
		return;
	rounds_at_start = slowpath_taken(SLOW_RETRY, SLOW_REBALANCE);
	helper = kthread_run(free_after_rounds, NULL, "row_14");
	REQUIRE(!IS_ERR(helper));
	page = alloc_pages(GFP_NOFS | __GFP_DMA, 0);
	EXPECT(slowpath_taken(SLOW_RETRY, SLOW_REBALANCE) - rounds_at_start >= 1000);
	EXPECT(page);
	kthread_stop(helper);
	if (page)
		__free_pages(page, 0);
	zone_t_end();
}
