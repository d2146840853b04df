/* SPDX-License-Identifier: MIT */
/*
 * A small world in which alloc_pages meets exactly the scarcity that a test wants. The zones, their marks, the
 * buddy, the fast path and the slow path are the kernel's; reclaim, compaction, the killer, kswapd's wake-up and the
 * waits are a script, and count what they were asked. A test that includes this is linked so that its own functions
 * come before the kernel's of the same name (Makefile: SCRIPTED_TESTS).
 *
 * one_zone() and its like take every free block off the zones; give_pages() gives some back, in blocks no larger
 * than script.block that cannot merge. Per-CPU lists keep nothing, counters have no differentials: "free" is exact.
 */
#ifndef TESTS_HOST_SLOW_WORLD_H
#define TESTS_HOST_SLOW_WORLD_H

#include "tests/host/fixture.h"

#include <sys/wait.h>

#include "kernel/base/printk.h"
#include "kernel/base/preempt.h"
#include "mm/compact.h"
#include "mm/oom.h"
#include "mm/slowpath.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"

/* ---- The row, and what has happened --------------------------------------------------------------- */

/* kernel/core/sched.h does not go with the C library's. */
long schedule_timeout_uninterruptible(long timeout);
void bug_backtrace(void);
void __might_sleep(const char *file, int line);

static inline void world_frees(unsigned long pages); /* in blocks of at most script.block */
static inline void world_compacts(void);	      /* what is free becomes blocks of script.block */
static inline unsigned long world_free(void);	      /* pages free in the zones of the test */

static struct {
	unsigned int block;			/* largest free block */
	unsigned long progress, freed;		/* R= */
	long kill;				/* K=, -1: nobody */
	const char *compact;			/* C=, what is left of it */
	unsigned long until, relief, exit_free;	/* after `until` rounds somebody frees `relief` */
	bool oom_locked;
	const struct zone *dirty;		/* this one is over its dirty limit */
} script;

static struct {
	int wakes, warns, once, reclaims, kills, waits, ticks, sleeps, gates, compacts, rounds, reserve;
	int sleep_checks, cautions;		/* might_sleep() with preemption off; "may fail" */
	bool fast, endless, panicked;
	unsigned int mode;
	gfp_t reclaim_gfp;
	int zone, node;
	char modes[16];
} seen;

static struct task_struct task;
static struct signal_struct signal_of_task;
static jmp_buf out_of_row;

/* One more round without success; `until` ends what would go on for ever. */
static void next_round(void)
{
	if (script.until && ++seen.rounds == (int)script.until) {
		seen.endless = true;
		script.block = 10;
		world_frees(script.relief);
	}
	if (seen.rounds > 2000)
		longjmp(out_of_row, 1);
}

/* ---- What the slow path calls -------------------------------------------------------------------- */

void wakeup_kswapd(struct zone *zone, unsigned int order, enum zone_type classzone_idx)
{
	if (zone->node == 0 && zone_idx(zone) == classzone_idx) /* once a round, for the preferred zone */
		seen.wakes++;
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
				unsigned long nodemask)
{
	assert_true(current->flags & PF_MEMALLOC);
	seen.reclaims++;
	seen.reclaim_gfp = gfp;
	world_frees(script.freed);
	return script.progress;
}

enum compact_result try_to_compact_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
					 unsigned long nodemask, enum migrate_mode mode,
					 enum compact_contended *contended, int alloc_flags,
					 int classzone_idx, struct zone **candidate)
{
	char answer = *script.compact;

	assert_true(current->flags & PF_MEMALLOC);
	if (seen.compacts < 15)
		seen.modes[seen.compacts] = (char)('0' + mode);
	seen.compacts++;
	if (script.compact[1])
		script.compact++;
	*contended = answer == 'l' ? COMPACT_CONTENDED_LOCK
		   : answer == 'c' ? COMPACT_CONTENDED_SCHED : COMPACT_CONTENDED_NONE;
	if (answer == 'o') {
		script.block = 10;
		world_compacts();
	}
	return answer == 's' ? COMPACT_SKIPPED : answer == 'd' ? COMPACT_DEFERRED : COMPACT_COMPLETE;
}

long wait_iff_congested(struct zone *zone, bool write, long timeout)
{
	assert_int_equal(timeout, HZ / 50);
	seen.waits++;
	next_round();
	return 0;
}

long schedule_timeout_uninterruptible(long timeout)
{
	seen.ticks += (int)timeout;
	return 0;
}

bool try_set_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
	if (script.oom_locked) {
		script.oom_locked = false;
		return false;
	}
	if (script.exit_free)
		world_frees(script.exit_free - world_free());
	return true;
}

void clear_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
	seen.gates++;
	next_round();
}

void out_of_memory(struct zonelist *zonelist, gfp_t gfp, unsigned int order, unsigned long nodemask,
		   bool force)
{
	if (fatal_signal_pending(current)) {
		set_thread_flag(TIF_MEMDIE);
		return;
	}
	if (script.kill < 0) {
		seen.panicked = true;
		longjmp(out_of_row, 1);
	}
	seen.kills++;
	if (script.kill)
		script.block = 10;
	world_frees((unsigned long)script.kill);
}

void bug_backtrace(void)
{
}

void __might_sleep(const char *file, int line)
{
	seen.sleep_checks += preempt_count() != 0;
}

bool zone_dirty_ok(struct zone *zone)
{
	return zone != script.dirty;
}

void __warn(const char *file, int line, const char *func, const char *fmt, ...)
{
	seen.once++;
}

int printk(const char *fmt, ...)
{
	char text[256], *at;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	seen.cautions += strstr(text, "may fail") != NULL;
	at = strstr(text, "page allocation failure: order:");
	if (at) {
		seen.warns++;
		seen.mode = (unsigned int)strtoul(strstr(at, "mode:") + 5, NULL, 16);
	}
	return 0;
}

/* ---- The zones ------------------------------------------------------------------------------------- */

#define MAX_WORLD_ZONES 4
static struct zone *world_zone[MAX_WORLD_ZONES];	/* from the most preferred on */
static unsigned long next_frame[MAX_WORLD_ZONES];	/* frames from here down are nobody's */
static int nr_world_zones;
static bool world_backing;				/* the next machine's frames have memory */

/* => zone i has n more free pages, none of them in a block above script.block */
static void give_pages(int i, unsigned long n)
{
	struct zone *zone = world_zone[i];

	while (n) {
		unsigned int order = min((unsigned int)ilog2(n), script.block);

		/* every second block of its order: no two are buddies */
		next_frame[i] = round_down(next_frame[i], 2UL << order) - (2UL << order);
		if (next_frame[i] < zone->zone_start_pfn + zone->spanned_pages / 4)
			fail_msg("the test's zone %s is too small", zone->name);
		give_block(zone, next_frame[i], order, MIGRATE_MOVABLE);
		n -= 1UL << order;
	}
}

static inline void world_frees(unsigned long pages)
{
	give_pages(0, pages);
}

static inline unsigned long world_free(void)
{
	return zone_page_state(world_zone[0], NR_FREE_PAGES);
}

static inline void world_compacts(void)
{
	unsigned long free = world_free();

	empty_zone(world_zone[0]);
	give_pages(0, free);
}

/* The marks, no reserve for other classes, and nothing free. */
static void add_zone(struct zone *zone, unsigned long min, unsigned long low, unsigned long high)
{
	assert_true(populated_zone(zone) && nr_world_zones < MAX_WORLD_ZONES);
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		zone->pageset[cpu].stat_threshold = 0;
		zone->pageset[cpu].pcp.batch = 1;
		zone->pageset[cpu].pcp.high = 0;
	}
	empty_zone(zone);
	zone->watermark[WMARK_MIN] = min;
	zone->watermark[WMARK_LOW] = low;
	zone->watermark[WMARK_HIGH] = high;
	memset(zone->lowmem_reserve, 0, sizeof(zone->lowmem_reserve));
	next_frame[nr_world_zones] = zone_end_pfn(zone);
	while (page_count(pfn_to_page(next_frame[nr_world_zones] - 1)))
		next_frame[nr_world_zones]--; /* allocated while booting */
	world_zone[nr_world_zones++] = zone;
}

/* This thread becomes a task of a machine in which nothing has happened. */
static void new_task(void)
{
	unsigned long flags;

	local_irq_save(flags); /* this thread takes a CPU */
	local_irq_restore(flags);
	memset(&task, 0, sizeof(task));
	memset(&script, 0, sizeof(script));
	memset(&seen, 0, sizeof(seen));
	task.signal = &signal_of_task;
	strcpy(task.comm, "row");
	host_self.task = &task;
	script.block = 10;
	script.kill = -1;
	script.compact = "s";
	script.relief = 1000;
	gfp_allowed_mask = GFP_BITS_MASK;
	oom_killer_disabled = false;
	set_number_of_cpusets(1);
}

static void start_zones(unsigned int nodes, u64 node_mib, u64 dma_mib, u64 normal_mib)
{
	struct mm_host_range ram[2] = { { 0, node_mib * MIB, 1, 0 },
					{ node_mib * MIB, 2 * node_mib * MIB, 1, 1 } };
	struct mm_host_config config = { ram, nodes, nodes, 1, dma_mib * MIB, normal_mib * MIB,
					 world_backing };

	assert_int_equal(mm_host_start(&config), 0);
	nr_world_zones = 0;
	new_task();
}

/* One zone T of spec 4.4: DMA, Normal or HighMem (which also has an empty Normal), marks 64, 80, 96. */
static inline void one_zone(enum zone_type idx, u64 mib)
{
	if (idx == ZONE_HIGHMEM) {
		start_zones(1, 2 * mib, 0, mib);
		add_zone(zone_of(0, ZONE_HIGHMEM), 64, 80, 96);
		add_zone(zone_of(0, ZONE_NORMAL), 64, 80, 96);
		return;
	}
	start_zones(1, mib, idx == ZONE_DMA ? mib : 0, mib);
	add_zone(zone_of(0, idx), 64, 80, 96);
}

/* Spec 2.7, machine C. Its DMA zone is larger here: a row wants more pages there than a real one has. */
static inline void machine_c(void)
{
	start_zones(1, 2048, 128, 896);
	add_zone(zone_of(0, ZONE_HIGHMEM), 128, 435, 743);
	add_zone(zone_of(0, ZONE_NORMAL), 939, 1173, 1408);
	add_zone(zone_of(0, ZONE_DMA), 17, 21, 25);
	world_zone[2]->lowmem_reserve[ZONE_NORMAL] = 880;
	world_zone[2]->lowmem_reserve[ZONE_HIGHMEM] = 2032;
	world_zone[1]->lowmem_reserve[ZONE_HIGHMEM] = 9216;
}

/* Two nodes of the test zone; the task may use the first. */
static inline void machine_2(void)
{
	start_zones(2, 64, 0, 128);
	add_zone(zone_of(0, ZONE_NORMAL), 64, 80, 96);
	add_zone(zone_of(1, ZONE_NORMAL), 64, 80, 96);
	task.mems_allowed = 1;
	set_number_of_cpusets(2);
}

/* => the page, or NULL; a panic for want of anybody to kill ends the request */
static inline struct page *ask(gfp_t gfp, unsigned int order)
{
	return setjmp(out_of_row) ? NULL : alloc_pages(gfp, order);
}

/* => how often the slow path was entered */
static inline unsigned long slow_entries(void)
{
	return slowpath_taken(SLOW_ENTRY, SLOW_THISNODE) + slowpath_taken(SLOW_ENTRY, SLOW_FAILED);
}

/* ---- A process of its own ---------------------------------------------------------------------------- */

static bool is_child;

/* => the status of a child that ran fn, which may die of a BUG or fail an assertion */
static inline int status_of_child(void (*fn)(void))
{
	int status;
	pid_t pid;

	if (is_child)
		_exit(1); /* an assertion has failed in the child: it goes no further */
	pid = fork();
	is_child = !pid;
	if (is_child) {
		fn();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return status;
}

#endif
