/* SPDX-License-Identifier: MIT */
/*
 * Boot word `bench`: what the allocator costs, in instructions, measured inside the kernel.
 *
 * Under `-icount shift=0` one instruction is one nanosecond, so the clock counts instructions and the
 * figures repeat exactly; scripts/bench starts the machine that way. Each figure is the second of two
 * rounds (the first warms per-CPU lists and slabs), divided by its repetitions, less the empty loop. The flags come
 * from a volatile and the allocator is called out of line, as its real callers do. While pairs are measured the
 * buddy of a free block of their order is held: that block is taken without splitting a larger one, and once freed
 * finds nothing to merge with. For the _split figures every smaller block that would do is held instead, so that
 * each pair splits a block of order 10 all the way down and unites it again.
 *
 * With two CPUs only what they do to one another: order-0 pairs by both at once, in percent of what one CPU alone
 * needs for one; order-1 pairs, each of which takes zone->lock twice, instructions for one (the clock counts
 * both CPUs'); and how many of those that took zone->lock had to wait for it, in parts per million: for order-0
 * pairs, and for single pages taken and given back CROWD at a time, where every batch of the per-CPU lists takes it.
 *
 * Output, one line each: bench NAME VALUE
 */
#include "kernel/bench.h"

#include "arch/cpu.h"
#include "arch/time.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/completion.h"
#include "kernel/core/kthread.h"
#include "mm/buddy.h"
#include "mm/gfp.h"
#include "mm/slab.h"
#include "mm/zone.h"

#define PAIRS	 10000
#define BATCH	 10000
#define STORM_OPS 20000
#define HELD	 64
#define CROWD	 1000

static volatile gfp_t gfp_kernel = GFP_KERNEL;
static struct page *batch[BATCH];

static void report(const char *name, u64 total, u64 per)
{
	pr_alert("bench %s %lu\n", name, (unsigned long)((total + per / 2) / per));
}

static u64 empty_loop(unsigned int n)
{
	u64 start = arch_clock_ns();

	for (unsigned int i = 0; i < n; i++) {
		gfp_t gfp = gfp_kernel;

		asm volatile("" : : "r"(gfp));
	}
	return arch_clock_ns() - start;
}

static u64 pairs_of(unsigned int order)
{
	u64 start = arch_clock_ns();

	for (unsigned int i = 0; i < PAIRS; i++)
		__free_pages(alloc_pages(gfp_kernel, order), order);
	return arch_clock_ns() - start - empty_loop(PAIRS);
}

static bool has_buddy(struct page *const *blocks, unsigned int nr, const struct page *page, unsigned int order)
{
	for (unsigned int i = 0; i < nr; i++)
		if (page_to_pfn(blocks[i]) == buddy_pfn(page_to_pfn(page), order))
			return true;
	return false;
}

/* Take blocks until two of them are buddies; give the later one back. => how many are held */
static unsigned int hold(struct page **blocks, unsigned int order)
{
	for (unsigned int nr = 0; nr < HELD; nr++) {
		blocks[nr] = alloc_pages(GFP_KERNEL, order);
		if (!blocks[nr])
			return nr;
		if (order == MAX_ORDER - 1)
			return 1; /* such blocks never merge */
		if (has_buddy(blocks, nr, blocks[nr], order)) {
			__free_pages(blocks[nr], order);
			return nr;
		}
	}
	return HELD;
}

/* Take every block of just this order that a GFP_KERNEL request would find. => how many are held */
static unsigned int hold_all(struct page **blocks, unsigned int order)
{
	const struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	unsigned int nr = 0;

	while (nr < HELD && !page_list_empty(&zone->free_area[order].free_list[MIGRATE_UNMOVABLE])) {
		blocks[nr] = alloc_pages(GFP_KERNEL, order);
		if (!blocks[nr])
			break;
		nr++;
	}
	return nr;
}

static void bench_pairs(const char *name, unsigned int order, bool split)
{
	static struct page *held[MAX_ORDER][HELD];
	unsigned int nr_held[MAX_ORDER] = { 0 };
	u64 total = 0;

	for (unsigned int o = split ? order : 0; o < (split ? MAX_ORDER - 1 : MAX_ORDER); o++)
		nr_held[o] = split ? hold_all(held[o], o) : hold(held[o], o);
	for (int round = 0; round < 2; round++)
		total = pairs_of(order);
	for (unsigned int o = 0; o < MAX_ORDER; o++)
		while (nr_held[o])
			__free_pages(held[o][--nr_held[o]], o);
	report(name, total, PAIRS);
}

static void bench_batch(void)
{
	u64 start, taken = 0, freed = 0;

	for (int round = 0; round < 2; round++) {
		start = arch_clock_ns();
		for (unsigned int i = 0; i < BATCH; i++)
			batch[i] = alloc_pages(gfp_kernel, 0);
		taken = arch_clock_ns() - start;
		start = arch_clock_ns();
		for (unsigned int i = 0; i < BATCH; i++)
			__free_pages(batch[i], 0);
		freed = arch_clock_ns() - start;
	}
	report("alloc.batch_alloc", taken, BATCH);
	report("alloc.batch_free", freed, BATCH);
}

/* A fixed random sequence: at each step one of HELD places is emptied or filled with a block of order 0 to 5. */
static u64 storm_round(void)
{
	static struct page *blocks[HELD];
	static unsigned int orders[HELD];
	u64 start = arch_clock_ns();
	u32 random = 12345;

	for (unsigned int i = 0; i < STORM_OPS; i++) {
		unsigned int place;

		random = random * 1664525 + 1013904223;
		place = random >> 26;
		if (blocks[place]) {
			__free_pages(blocks[place], orders[place]);
			blocks[place] = NULL;
		} else {
			orders[place] = (random >> 16 & 0xff) % 6;
			blocks[place] = alloc_pages(gfp_kernel, orders[place]);
		}
	}
	for (unsigned int i = 0; i < HELD; i++)
		if (blocks[i])
			__free_pages(blocks[i], orders[i]);
	memset(blocks, 0, sizeof(blocks));
	return arch_clock_ns() - start;
}

static void bench_storm(void)
{
	u64 total = 0;

	for (int round = 0; round < 2; round++)
		total = storm_round();
	report("alloc.storm", total, STORM_OPS);
}

static void bench_kmalloc(const char *name, size_t size)
{
	u64 total = 0, start;

	for (int round = 0; round < 2; round++) {
		start = arch_clock_ns();
		for (unsigned int i = 0; i < PAIRS; i++)
			kfree(kmalloc(size, gfp_kernel));
		total = arch_clock_ns() - start - empty_loop(PAIRS);
	}
	report(name, total, PAIRS);
}

bool bench_wanted(void)
{
	return cmdline_find("bench") != NULL;
}

static int accept_bench(char *val)
{
	(void)val;
	return 0;
}
early_param("bench", accept_bench);

/* ---- Two CPUs -------------------------------------------------------------------------------- */

struct pairs_thread {
	unsigned int order;
	u64 start, end;
	struct completion done;
};
static atomic_t threads_to_come;

static int pairs_thread(void *data)
{
	struct pairs_thread *t = data;

	atomic_dec(&threads_to_come);
	while (atomic_read(&threads_to_come))
		cpu_relax();
	t->start = arch_clock_ns();
	for (unsigned int i = 0; i < PAIRS; i++)
		__free_pages(alloc_pages(gfp_kernel, t->order), t->order);
	t->end = arch_clock_ns();
	complete(&t->done);
	return 0;
}

/* Each of nr CPUs does its pairs at the same time. => from the first one's start to the last one's end */
static u64 pairs_on_cpus(unsigned int order, int nr)
{
	static struct pairs_thread threads[2];
	u64 start = U64_MAX, end = 0;

	atomic_set(&threads_to_come, nr);
	for (int cpu = 0; cpu < nr; cpu++) {
		struct task_struct *p = kthread_create(pairs_thread, &threads[cpu], "bench/%d", cpu);

		if (IS_ERR(p))
			return 0;
		threads[cpu].order = order;
		init_completion(&threads[cpu].done);
		kthread_bind(p, (unsigned int)cpu);
		wake_up_process(p);
	}
	for (int cpu = 0; cpu < nr; cpu++) {
		wait_for_completion(&threads[cpu].done);
		start = min(start, threads[cpu].start);
		end = max(end, threads[cpu].end);
	}
	return end - start;
}

/*
 * How often zone->lock was taken, seen by the lengths of this CPU's lists (a refill makes them longer, an overflow
 * shorter), and how often somebody drew a ticket to wait for it, which the first CPU counts for both.
 */
struct crowd_thread {
	unsigned int cpu, crowd, rounds;
	unsigned long locked, waited;
	u8 tickets;
	struct completion done;
};

static void count_locks(struct crowd_thread *t, const struct zone *zone, int expected)
{
	u8 tickets = READ_ONCE(zone->lock.raw.next);

	if (per_cpu_pageset_of(zone)->pcp.count != expected)
		t->locked++;
	t->waited += (u8)(tickets - t->tickets);
	t->tickets = tickets;
}

static int crowd_thread(void *data)
{
	struct crowd_thread *t = data;
	const struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	struct page **pages = batch + t->cpu * CROWD;

	atomic_dec(&threads_to_come);
	while (atomic_read(&threads_to_come))
		cpu_relax();
	t->tickets = READ_ONCE(zone->lock.raw.next);
	for (unsigned int round = 0; round < t->rounds; round++) {
		for (unsigned int i = 0; i < t->crowd; i++) {
			int count = per_cpu_pageset_of(zone)->pcp.count;

			pages[i] = alloc_pages(gfp_kernel, 0);
			count_locks(t, zone, count - 1);
		}
		for (unsigned int i = 0; i < t->crowd; i++) {
			int count = per_cpu_pageset_of(zone)->pcp.count;

			__free_pages(pages[i], 0);
			count_locks(t, zone, count + 1);
		}
	}
	complete(&t->done);
	return 0;
}

/* Both CPUs at once. */
static void bench_contention(const char *name, unsigned int crowd)
{
	static struct crowd_thread threads[2];
	unsigned long locked = 0;

	atomic_set(&threads_to_come, 2);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		struct task_struct *p = kthread_create(crowd_thread, &threads[cpu], "bench/%u", cpu);

		if (IS_ERR(p))
			return;
		threads[cpu] = (struct crowd_thread){ .cpu = cpu, .crowd = crowd, .rounds = 200 * CROWD / crowd };
		init_completion(&threads[cpu].done);
		kthread_bind(p, cpu);
		wake_up_process(p);
	}
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		wait_for_completion(&threads[cpu].done);
		locked += threads[cpu].locked;
	}
	pr_alert("bench %s_taken %lu\n", name, locked);
	pr_alert("bench %s_ppm %lu\n", name, locked ? threads[0].waited * 1000000 / locked : 0);
}

static void bench_two_cpus(void)
{
	u64 one = 0, two = 0, contended = 0;

	for (int round = 0; round < 2; round++) {
		one = pairs_on_cpus(0, 1);
		two = pairs_on_cpus(0, 2);
		contended = pairs_on_cpus(1, 2);
	}
	report("alloc.cpus2_insn_percent", two * 100, 2 * one);
	report("alloc.cpus2_contended", contended, 2 * PAIRS);
	bench_contention("alloc.cpus2_pairs_waited", 1);
	bench_contention("alloc.cpus2_crowd_waited", CROWD);
}

void bench_run(void)
{
	if (num_online_cpus() > 1) {
		bench_two_cpus();
		return;
	}
	bench_pairs("alloc.order0_pair", 0, false);
	bench_batch();
	bench_pairs("alloc.order1_pair", 1, false);
	bench_pairs("alloc.order3_pair", 3, false);
	bench_pairs("alloc.order1_pair_split", 1, true);
	bench_pairs("alloc.order3_pair_split", 3, true);
	bench_pairs("alloc.order9_pair", 9, false);
	bench_storm();
	bench_kmalloc("alloc.kmalloc64_pair", 64);
	bench_kmalloc("alloc.kmalloc4096_pair", 4096);
	pr_alert("bench mem.struct_page_bytes %lu\n", (unsigned long)sizeof(struct page));
}
