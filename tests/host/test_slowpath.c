/* SPDX-License-Identifier: MIT */
/*
 * The slow path's decision table (spec 4.4) against the real slowpath.c: tests/data/spec/slowpath.txt,
 * a row a test. Everything round the slow path is replaced at link time by functions that do what the
 * row says and count: the zones are two or three numbers, reclaim, compaction and the killer are scripts.
 *
 * Each row runs in a process of its own, so that WARN_ONCE and the report's limiter start afresh.
 */
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

static struct {
	unsigned int block;			/* largest free block */
	unsigned long progress, freed;		/* R= */
	long kill;				/* K=, -1: nobody */
	const char *compact;			/* C=, what is left of it */
	unsigned long until, exit_free;
	bool oom_locked;
} script;

static struct {
	int wakes, warns, once, reclaims, kills, waits, ticks, sleeps, gates, compacts, rounds, reserve;
	bool fast, endless, panicked;
	unsigned int mode;
	int zone, node;
	char modes[16];
} seen;

static struct pglist_data node, other_node;
static struct page the_page;
static struct task_struct task;
static struct signal_struct signal_of_task;
static jmp_buf out_of_row;

static void somebody_frees(unsigned long pages)
{
	struct zone *zone = node.node_zonelists[0]._zonerefs[0].zone;

	atomic_long_add((long)pages, &zone->vm_stat[NR_FREE_PAGES]);
}

/* One more round without success; `until` ends what would go on for ever. */
static void next_round(void)
{
	if (script.until && ++seen.rounds == (int)script.until) {
		seen.endless = true;
		script.block = 10;
		somebody_frees(1000);
	}
	if (seen.rounds > 2000)
		longjmp(out_of_row, 1);
}

/* ---- What the slow path calls -------------------------------------------------------------------- */

struct page *get_page_from_freelist(gfp_t gfp, unsigned int order, int alloc_flags,
				    const struct alloc_context *ac)
{
	struct zoneref *z;
	struct zone *zone;

	for_each_zone_zonelist(zone, z, ac->zonelist, ac->high_zoneidx) {
		long free = atomic_long_read(&zone->vm_stat[NR_FREE_PAGES]);

		for (unsigned int o = 0; o < MAX_ORDER; o++)
			zone->free_area[o].nr_free = o == script.block ? (unsigned long)free >> o : 0;
		if ((alloc_flags & ALLOC_CPUSET) && !cpuset_zone_allowed(zone, gfp))
			continue;
		if (!(alloc_flags & ALLOC_NO_WATERMARKS) &&
		    !zone_watermark_ok(zone, order, zone->watermark[alloc_flags & ALLOC_WMARK_MASK],
				       ac->classzone_idx, alloc_flags))
			continue;
		if (free < 1L << order || order > script.block)
			continue;
		seen.zone = zone_idx(zone);
		seen.node = zone->node;
		seen.reserve = !!(alloc_flags & ALLOC_NO_WATERMARKS);
		atomic_long_sub(1L << order, &zone->vm_stat[NR_FREE_PAGES]);
		return &the_page;
	}
	return NULL;
}

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
	somebody_frees(script.freed);
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
	if (answer == 'o')
		script.block = 10;
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
		somebody_frees(script.exit_free -
			       (unsigned long)atomic_long_read(
				       &zonelist->_zonerefs[0].zone->vm_stat[NR_FREE_PAGES]));
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
	somebody_frees((unsigned long)script.kill);
}

void show_mem(unsigned long nodemask)
{
}

void bug_backtrace(void)
{
}

void drain_all_pages(void)
{
}

void drain_local_pages(void *unused)
{
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
	at = strstr(text, "page allocation failure: order:");
	if (at) {
		seen.warns++;
		seen.mode = (unsigned int)strtoul(strstr(at, "mode:") + 5, NULL, 16);
	}
	return 0;
}

/* ---- Setting up a row ----------------------------------------------------------------------------- */

static void set_node_zone(struct pglist_data *on, enum zone_type idx, unsigned long min,
			  unsigned long low, unsigned long high)
{
	struct zone *zone = &on->node_zones[idx];

	zone->index = idx;
	zone->node = on == &other_node;
	zone->name = zone_names[idx];
	zone->zone_pgdat = on;
	zone->present_pages = zone->managed_pages = 100000;
	zone->watermark[WMARK_MIN] = min;
	zone->watermark[WMARK_LOW] = low;
	zone->watermark[WMARK_HIGH] = high;
}

static void set_zone(enum zone_type idx, unsigned long min, unsigned long low, unsigned long high)
{
	set_node_zone(&node, idx, min, low, high);
}

/* The zones named, from the highest down. */
static void set_zonelists(const enum zone_type *zones, int nr)
{
	for (int which = 0; which < MAX_ZONELISTS; which++) {
		struct zoneref *z = node.node_zonelists[which]._zonerefs;

		for (int i = 0; i < nr; i++)
			z[i] = (struct zoneref){ &node.node_zones[zones[i]], zones[i] };
		z[nr].zone = NULL;
	}
}

static void test_zone(enum zone_type idx)
{
	set_zone(idx, 64, 80, 96);
	set_zonelists(&idx, 1);
}

/* Spec 2.7, machine C. */
static void machine_c(void)
{
	static const enum zone_type order[] = { ZONE_HIGHMEM, ZONE_NORMAL, ZONE_DMA };

	set_zone(ZONE_DMA, 17, 21, 25);
	set_zone(ZONE_NORMAL, 939, 1173, 1408);
	set_zone(ZONE_HIGHMEM, 128, 435, 743);
	node.node_zones[ZONE_DMA].lowmem_reserve[ZONE_NORMAL] = 880;
	node.node_zones[ZONE_DMA].lowmem_reserve[ZONE_HIGHMEM] = 2032;
	node.node_zones[ZONE_NORMAL].lowmem_reserve[ZONE_HIGHMEM] = 9216;
	set_zonelists(order, 3);
}

/* Two nodes of the test zone; the task may use the first. */
static void machine_2(void)
{
	test_zone(ZONE_NORMAL);
	set_node_zone(&other_node, ZONE_NORMAL, 64, 80, 96);
	node_data[1] = &other_node;
	for (int which = 0; which < MAX_ZONELISTS; which++) {
		struct zoneref *z = node.node_zonelists[which]._zonerefs;

		z[1] = (struct zoneref){ &other_node.node_zones[ZONE_NORMAL], ZONE_NORMAL };
		z[2].zone = NULL;
	}
	task.mems_allowed = 1;
	set_number_of_cpusets(2);
}

static void set_free(const char *numbers)
{
	for (struct zoneref *z = node.node_zonelists[0]._zonerefs; z->zone; z++) {
		atomic_long_set(&z->zone->vm_stat[NR_FREE_PAGES], strtol(numbers, NULL, 0));
		numbers = strchr(numbers, ',') ? strchr(numbers, ',') + 1 : numbers;
	}
}

static const struct {
	const char *name;
	gfp_t bits;
} gfp_words[] = {
	{ "KERNEL", GFP_KERNEL }, { "USER", GFP_USER }, { "ATOMIC", GFP_ATOMIC }, { "NOWAIT", GFP_NOWAIT },
	{ "NOFS", GFP_NOFS }, { "NOIO", GFP_NOIO }, { "DMA", __GFP_DMA }, { "HIGH", __GFP_HIGH },
	{ "HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE }, { "TRANSHUGE", GFP_TRANSHUGE },
	{ "NOMEMALLOC", __GFP_NOMEMALLOC }, { "MEMALLOC", __GFP_MEMALLOC },
	{ "NORETRY", __GFP_NORETRY }, { "NOWARN", __GFP_NOWARN }, { "REPEAT", __GFP_REPEAT },
	{ "NOFAIL", __GFP_NOFAIL }, { "THISNODE", __GFP_THISNODE }, { "WAIT", __GFP_WAIT },
	{ "GFP_THISNODE", GFP_THISNODE },
};

static gfp_t parse_gfp(const char *text)
{
	gfp_t gfp = 0;

	while (*text) {
		bool minus = *text == '-';
		size_t len, i;

		text += *text == '+' || minus;
		len = strcspn(text, "+-");
		for (i = 0; i < ARRAY_SIZE(gfp_words); i++)
			if (strlen(gfp_words[i].name) == len && !strncmp(text, gfp_words[i].name, len))
				break;
		if (i == ARRAY_SIZE(gfp_words))
			fail_msg("no flag %s", text);
		gfp = minus ? gfp & ~gfp_words[i].bits : gfp | gfp_words[i].bits;
		text += len;
	}
	return gfp;
}

/* => the value of key=value, or NULL if word is something else */
static const char *value_of(const char *word, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(word, key, len) && word[len] == '=' ? word + len + 1 : NULL;
}

static void set_context(const char *word)
{
	const char *v;

	if ((v = value_of(word, "machine")) && *v == '2')
		machine_2();
	else if (v)
		machine_c();
	else if ((v = value_of(word, "zone")))
		test_zone(zone_by_name(v));
	else if ((v = value_of(word, "free")))
		set_free(v);
	else if ((v = value_of(word, "block")))
		script.block = (unsigned int)atoi(v);
	else if ((v = value_of(word, "R"))) {
		script.progress = strtoul(v, NULL, 0);
		script.freed = strtoul(strchr(v, ',') + 1, NULL, 0);
	} else if ((v = value_of(word, "K")))
		script.kill = atol(v);
	else if ((v = value_of(word, "C")))
		script.compact = v;
	else if ((v = value_of(word, "until")))
		script.until = strtoul(v, NULL, 0);
	else if ((v = value_of(word, "exit")))
		script.exit_free = strtoul(v, NULL, 0);
	else if (!strcmp(word, "oomlocked"))
		script.oom_locked = true;
	else if (!strcmp(word, "rt"))
		task.policy = SCHED_FIFO;
	else if (!strcmp(word, "irq"))
		preempt_count_add(HARDIRQ_OFFSET);
	else if (!strcmp(word, "softirq"))
		preempt_count_add(SOFTIRQ_OFFSET);
	else if (!strcmp(word, "memalloc"))
		task.flags |= PF_MEMALLOC;
	else if (!strcmp(word, "dumpcore"))
		task.flags |= PF_DUMPCORE;
	else if (!strcmp(word, "kthread"))
		task.flags |= PF_KTHREAD;
	else if (!strcmp(word, "memdie"))
		set_thread_flag(TIF_MEMDIE);
	else if (!strcmp(word, "sigkill")) {
		set_thread_flag(TIF_SIGPENDING);
		task.pending = 1ULL << 8;
	} else if (!strcmp(word, "oomdisabled"))
		oom_killer_disabled = true;
	else if (!strcmp(word, "suspended"))
		gfp_allowed_mask &= ~GFP_IOFS;
	else
		fail_msg("no context %s", word);
}

/* The fast path of spec 4.1 on the numbers, then the real slow path. */
static struct page *request(gfp_t gfp, unsigned int order)
{
	struct alloc_context ac = { .zonelist = node_zonelist(0, gfp) };
	struct page *page;

	gfp &= gfp_allowed_mask;
	ac.high_zoneidx = gfp_zone(gfp);
	set_preferred_zone(&ac, gfp, true);
	page = order < MAX_ORDER ? get_page_from_freelist(gfp | __GFP_HARDWALL, order,
							  ALLOC_WMARK_LOW | ALLOC_CPUSET, &ac)
				 : NULL;
	seen.fast = page;
	return page ? page : __alloc_pages_slowpath(gfp, order, &ac);
}

/* ---- Comparing ------------------------------------------------------------------------------------ */

static int check(const char *row, const char *what, long got, long want)
{
	if (got == want)
		return 0;
	print_error("row %s: %s is %ld, not %ld\n", row, what, got, want);
	return 1;
}

static int check_word(const char *row, const char *word, const struct page *page)
{
	const struct {
		const char *key;
		long got;
	} numbers[] = {
		{ "W", seen.wakes }, { "warn", seen.warns }, { "once", seen.once },
		{ "reclaim", seen.reclaims }, { "kill", seen.kills }, { "wait", seen.waits },
		{ "tick", seen.ticks }, { "gate", seen.gates }, { "compact", seen.compacts },
		{ "reserve", seen.reserve }, { "in", seen.zone }, { "node", seen.node },
		{ "fast", seen.fast },
		{ "sleep", seen.ticks + seen.waits + seen.reclaims }, { "mode", seen.mode },
	};
	const char *v;

	if (!strcmp(word, "page") || !strcmp(word, "NULL"))
		return check(row, word, page != NULL, word[0] == 'p') | check(row, "panic", seen.panicked, 0);
	if (!strcmp(word, "panic"))
		return check(row, word, seen.panicked, 1);
	if (!strcmp(word, "fast"))
		return check(row, word, seen.fast, 1);
	if (!strcmp(word, "endless"))
		return check(row, word, seen.endless, 1);
	if ((v = value_of(word, "modes")))
		return check(row, word, strcmp(seen.modes, v), 0);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if ((v = value_of(word, numbers[i].key)))
			return check(row, numbers[i].key, numbers[i].got, strtol(v, NULL, 0));
	print_error("row %s: no such expectation: %s\n", row, word);
	return 1;
}

/* => the page, or NULL when the row ends in a panic */
static struct page *request_or_panic(gfp_t gfp, unsigned int order)
{
	return setjmp(out_of_row) ? NULL : request(gfp, order);
}

/* => number of expectations that do not hold */
static int run_row(char *line)
{
	char *row = strtok(line, " "), *gfp_text = strtok(NULL, " "), *order = strtok(NULL, " "), *word;
	unsigned long flags;
	struct page *page;
	int failed = 0;

	local_irq_save(flags); /* this thread takes a CPU */
	local_irq_restore(flags);
	task.signal = &signal_of_task;
	strcpy(task.comm, "row");
	host_self.task = &task;
	node_data[0] = &node;
	script.block = 10;
	script.kill = -1;
	script.compact = "s";
	test_zone(ZONE_NORMAL);
	while ((word = strtok(NULL, " ")) && strcmp(word, "->"))
		set_context(word);
	page = request_or_panic(parse_gfp(gfp_text), (unsigned int)atoi(order));
	while ((word = strtok(NULL, " ")))
		failed += check_word(row, word, page);
	return failed;
}

#define NR_ROWS 64

/* All lines of one row of the table, each in a process of its own. */
static void row(void **state)
{
	FILE *f = open_data("tests/data/spec/slowpath.txt");
	int number = *(int *)*state, failed = 0, lines = 0, status;
	char line[512];

	start_machine(64, 16, 896, 1);
	while (next_line(f, line, sizeof(line))) {
		pid_t pid;

		if (atoi(line) != number)
			continue;
		pid = fork();
		if (!pid)
			_exit(run_row(line) ? 1 : 0);
		waitpid(pid, &status, 0);
		if (status)
			print_error("failed: %s (status %x)\n", line, status);
		failed += status != 0;
		lines++;
	}
	mm_host_stop();
	assert_int_equal(failed, 0);
	assert_true(lines > 0);
}

/* The table is whole: a way leads to every state, from every state but the ends, and each has its words. */
static void table_is_whole(void **state)
{
	u32 reached = 1U << SLOW_ENTRY;

	(void)state;
	for (enum slow_state s = 0; s < NR_SLOW_STATES; s++) {
		const struct slow_step *step = slowpath_step(s);

		assert_non_null(step->name);
		assert_non_null(step->does);
		assert_in_range(step->number, 1, 19);
		assert_int_equal(!step->run, !step->exits);
		reached |= step->exits;
	}
	assert_int_equal(reached, (1U << NR_SLOW_STATES) - 1);
}

int main(void)
{
	static struct CMUnitTest tests[NR_ROWS + 1];
	static char names[NR_ROWS][16];
	static int numbers[NR_ROWS];

	for (int i = 0; i < NR_ROWS; i++) {
		numbers[i] = i + 1;
		snprintf(names[i], sizeof(names[i]), "row_%02d", i + 1);
		tests[i] = (struct CMUnitTest){ .name = names[i], .test_func = row,
						.initial_state = &numbers[i] };
	}
	tests[NR_ROWS] = (struct CMUnitTest)cmocka_unit_test(table_is_whole);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
