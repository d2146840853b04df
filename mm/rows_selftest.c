/* SPDX-License-Identifier: MIT */
/*
 * The rows of the slow path's decision table (spec 4.4) that ZONE_DMA alone can be brought to, each a test mm_row_NN.
 *
 * The table's test zone T is ZONE_DMA of node 0 with the row's marks (64, 80, 96). Only requests with __GFP_DMA look
 * there while the other zones have memory, so nobody else is disturbed, and the counters move for the test alone.
 * What the row says of the task is set on the testing thread itself; interrupt rows run in a softirq and under an
 * interrupt's count.
 *
 * Not here: rows that need all of memory (rows_machine_selftest.c) or a kill (kernel/sys/rows_kill_selftest.c). Not in
 * the kernel at all: row 13 panics (tests/boot/test_oom.py does); 21 and 47 to 49 want verdicts of compaction that a
 * kernel without it cannot give; the host has them all (tests/host/test_slowpath.c).
 */
#include "mm/rows_selftest.h"

#include "kernel/base/kernel.h"
#include "mm/swap.h"
#include "mm/vmstat.h"

ROW(01, GFP_KERNEL, 0, 81, IN_TASK, PAGE(ENTRY, ENTRY))
ROW(02, GFP_KERNEL, 0, 80, IN_TASK, AT_MARK)
ROW(03, GFP_KERNEL, 0, 64, IN_TASK, PAGE(RECLAIM, GOT_PG), .progress = 32, .freed = 32, .reclaims = 1)
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
ROW(17, GFP_KERNEL | __GFP_NORETRY | QUIET, 0, 10, IN_TASK, NOTHING(LAST_COMPACT), .reclaims = 1)
ROW(18, GFP_KERNEL | __GFP_NORETRY | QUIET, 0, 10, IN_TASK, NOTHING(LAST_COMPACT), .progress = 32, .freed = 10,
    .reclaims = 1)
/* Compaction is asked and has nothing to say. */
ROW(20, GFP_KERNEL | QUIET, 4, 500, IN_TASK, NOTHING(LAST_COMPACT), .block = 2, .progress = 32, .freed = 32,
    .reclaims = 1)
ROW(22, GFP_KERNEL | __GFP_REPEAT | QUIET, 10, 500, IN_TASK, NOTHING(LAST_COMPACT), .block = 2, .progress = 32,
    .reclaims = 32)
ROW(23, GFP_KERNEL | __GFP_REPEAT | QUIET, 4, 500, IN_TASK, NOTHING(LAST_COMPACT), .block = 2, .progress = 8,
    .reclaims = 2)
ROW(31, GFP_ATOMIC | __GFP_NOFAIL | QUIET, 0, 0, IN_TASK, NOTHING(NO_WAIT)) /* warns once */
ROW(32, GFP_KERNEL | __GFP_NOFAIL | __GFP_NORETRY | QUIET, 0, 10, IN_TASK, NOTHING(LAST_COMPACT), .reclaims = 1)
ROW(33, GFP_KERNEL, 0, 5, MEMALLOC, RESERVE)
ROW(34, GFP_KERNEL | QUIET, 0, 0, MEMALLOC, NOTHING(RECURSION))
ROW(35, GFP_KERNEL | __GFP_NOMEMALLOC | QUIET, 0, 40, MEMALLOC, NOTHING(RECURSION))
ROW(36, GFP_KERNEL, 0, 5, MEMDIE, RESERVE)
ROW(37, GFP_KERNEL | QUIET, 0, 0, MEMDIE, NOTHING(DYING))
ROW(38, GFP_KERNEL | __GFP_NOFAIL, 0, 0, MEMDIE, RESERVE, .ticks = 20) /* loops inside step 7 */
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
		row_run(&(struct kernel_row){ GFP_KERNEL | GFP_THISNODE, 0, 10, IN_TASK, NOTHING(THISNODE) });
	else
		selftest_skip("a kernel without NUMA");
}

/* Others' exit has freed memory between the last reclaim and the gate: seen at the high mark. */
ROW(57, GFP_KERNEL, 0, 10, IN_TASK, PAGE(OOM_GATE, GOT_PG), .freed = 87, .reclaims = 1)

/* ---- Endless: 1,000 rounds, then somebody frees memory --------------------------------------------------- */

#define AGAIN	PAGE(RETRY, REBALANCE)
#define ENDLESS .rounds = 1000

ROW(14, GFP_NOFS, 0, 10, IN_TASK, AGAIN, ENDLESS)
ROW(25, GFP_KERNEL, 3, 500, IN_TASK, AGAIN, ENDLESS, .block = 2, .progress = 32)
ROW(27, GFP_NOFS, 2, 300, IN_TASK, AGAIN, ENDLESS, .block = 1, .progress = 32)
ROW(29, GFP_NOFS | __GFP_NOFAIL, 0, 10, IN_TASK, AGAIN, ENDLESS)
ROW(43, GFP_KERNEL, 0, 10, IN_TASK, AGAIN, ENDLESS, .progress = 32)

SELFTEST(mm_row_15)
{
	unsigned long written = global_page_state(NR_VMSCAN_WRITE);

	row_run(&(struct kernel_row){ GFP_NOIO, 0, 10, IN_TASK, AGAIN, ENDLESS });
	EXPECT_EQ(global_page_state(NR_VMSCAN_WRITE), written); /* no swap-out was started */
}
