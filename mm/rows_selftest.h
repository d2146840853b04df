/* SPDX-License-Identifier: MIT */
/*
 * The slow path's decision table (spec 4.4) inside the running kernel: what a row is, and the scarcity it is asked in.
 * rows_world_selftest.c makes the scarcity; the rows are rows_selftest.c (ZONE_DMA alone), rows_machine_selftest.c (all
 * of memory) and kernel/sys/rows_kill_selftest.c (somebody dies).
 */
#ifndef MM_ROWS_SELFTEST_H
#define MM_ROWS_SELFTEST_H

#include "kernel/base/selftest.h"
#include "mm/gfp.h"
#include "mm/slowpath.h"
#include "mm/zone.h"

enum row_context {
	IN_TASK, IN_SOFTIRQ, IN_IRQ, RT, MEMALLOC, MEMDIE, DUMPCORE, OOM_DISABLED, SUSPENDED,
	SOFTIRQ_MEMALLOC, IRQ_MEMALLOC,
};

struct kernel_row {
	gfp_t gfp;
	unsigned int order;
	unsigned long free;		/* pages of the test zone T */
	enum row_context context;
	bool page, reserve;		/* expected */
	enum slow_state from, to;	/* a way that must have been taken; from == to: slow path not entered */

	/* What most rows leave out. */
	bool whole;			/* T is ZONE_NORMAL and nothing else is free; else ZONE_DMA */
	unsigned int block;		/* free memory lies in blocks of at most this order; 0: of any */
	unsigned long progress, freed;	/* R: what each reclaim reports, what it frees */
	unsigned long reclaims;		/* expected, if not 0 */
	unsigned long rounds;		/* the way is gone so often before somebody else frees memory */
	long ticks;			/* ... or so long */
	bool (*enough)(void);		/* ... or until this is true */
	struct page *(*ask)(const struct kernel_row *row); /* instead of alloc_pages() in that context */
};

#define PAGE(from, to)	true, false, SLOW_##from, SLOW_##to
#define RESERVE		true, true, SLOW_RESERVES, SLOW_GOT_PG
#define NOTHING(from)	false, false, SLOW_##from, SLOW_NOPAGE
#define AT_MARK		PAGE(REBALANCE, GOT_PG)
#define QUIET		__GFP_NOWARN

/* SELFTEST(mm_row_NAME) of one row. */
#define ROW(name, ...)                                     \
	SELFTEST(mm_row_##name)                            \
	{                                                  \
		row_run(&(struct kernel_row){ __VA_ARGS__ }); \
	}

/* => the row is asked, its answer and its way compared; false: skipped. May sleep; leaves memory as it was */
bool row_run(const struct kernel_row *row);
/* => what the row's request gets in its context, by the current task */
struct page *row_ask(const struct kernel_row *row);

/* ---- The world ---- */

/* => all free pages of ZONE_DMA of node 0, or of every zone, are taken away; false: the test is skipped */
bool world_begin(bool whole);
void world_set_marks(struct zone *zone, unsigned long min, unsigned long low, unsigned long high);
/* => n more pages of the zone are free, in blocks of at most this order (0: any); one caller at a time */
void world_give(struct zone *zone, unsigned long n, unsigned int block);
void world_end(void);
/* => zone type of the first node that has one, NULL: none has */
struct zone *world_zone(enum zone_type type);

#endif
