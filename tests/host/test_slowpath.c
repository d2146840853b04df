/* SPDX-License-Identifier: MIT */
/*
 * The slow path's decision table (spec 4.4): tests/data/spec/slowpath.txt, a row a test, against the real
 * allocator - fast path, zonelists, marks, buddy, slow path - on a small machine of real zones shaped to the row.
 * Scripted are only its neighbours: slow_world.h.
 *
 * Each row runs in a process of its own, so that WARN_ONCE and the report's limiter start afresh; the ways
 * taken are added up in memory that all share, and at the end each way of the table must have been gone.
 */
#include "tests/host/slow_world.h"

#include <sys/mman.h>

/* ---- Setting up a row ------------------------------------------------------------------------------ */

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
	{ "GFP_THISNODE", GFP_THISNODE }, { "HARDWALL", __GFP_HARDWALL },
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

	if ((v = value_of(word, "block")))
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

/* ---- The ways taken by all rows ------------------------------------------------------------------- */

static unsigned long (*edges)[NR_SLOW_STATES]; /* shared with the children */

static void edges_start(void)
{
	edges = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(edges, MAP_FAILED);
}

static void edges_add(void)
{
	for (enum slow_state from = 0; from < NR_SLOW_STATES; from++)
		for (enum slow_state to = 0; to < NR_SLOW_STATES; to++)
			__atomic_fetch_add(&edges[from][to], slowpath_taken(from, to), __ATOMIC_RELAXED);
}

/* The rows have gone every way that the table allows, and no other. */
static void every_edge_is_taken(void **state)
{
	int missing = 0;

	(void)state;
	for (enum slow_state from = 0; from < NR_SLOW_STATES; from++)
		for (enum slow_state to = 0; to < NR_SLOW_STATES; to++) {
			bool allowed = slowpath_step(from)->exits >> to & 1;

			if (allowed == !!edges[from][to])
				continue;
			print_error("%s -> %s: %lu times\n", slowpath_step(from)->name,
				    slowpath_step(to)->name, edges[from][to]);
			missing++;
		}
	assert_int_equal(missing, 0);
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

static void start_world(const char *machine, const char *zone, const char *free_pages)
{
	if (machine && *machine == '2')
		machine_2();
	else if (machine)
		machine_c();
	else
		one_zone(zone ? zone_by_name(zone) : ZONE_NORMAL, atol(free_pages) > 20000 ? 1536 : 64);
}

/* numbers: pages of each zone, from the most preferred on */
static void shape_world(const char *numbers)
{
	for (int i = 0; i < nr_world_zones; i++) {
		give_pages(i, strtoul(numbers, NULL, 0));
		numbers = strchr(numbers, ',') ? strchr(numbers, ',') + 1 : numbers;
	}
}

/* What can be read off the answer. */
static void look_at(struct page *page, unsigned long entries)
{
	seen.fast = page && slow_entries() == entries;
	if (!page)
		return;
	seen.zone = page_zone(page)->index;
	seen.node = page_zone(page)->node;
	seen.reserve = PagePfMemalloc(page);
}

#define MAX_WORDS 24

/* => number of expectations that do not hold */
static int run_row(char *line)
{
	char *row = strtok(line, " "), *gfp_text = strtok(NULL, " "), *order = strtok(NULL, " "), *word;
	const char *machine = NULL, *zone = NULL, *free_pages = "0", *v, *context[MAX_WORDS];
	unsigned long entries;
	struct page *page;
	int failed = 0, nr = 0;

	while ((word = strtok(NULL, " ")) && strcmp(word, "->")) {
		if ((v = value_of(word, "machine")))
			machine = v;
		else if ((v = value_of(word, "zone")))
			zone = v;
		else if ((v = value_of(word, "free")))
			free_pages = v;
		else if (nr < MAX_WORDS)
			context[nr++] = word;
	}
	start_world(machine, zone, free_pages);
	for (int i = 0; i < nr; i++)
		set_context(context[i]);
	shape_world(free_pages);
	entries = slow_entries();
	page = ask(parse_gfp(gfp_text), (unsigned int)atoi(order));
	look_at(page, entries);
	while ((word = strtok(NULL, " ")))
		failed += check_word(row, word, page);
	edges_add();
	return failed + mm_host_check();
}

#define NR_ROWS 64

/* All lines of one row of the table, each in a process of its own. Row 0: ways beside the table's rows. */
static void row(void **state)
{
	FILE *f = open_data("tests/data/spec/slowpath.txt");
	int number = *(int *)*state, failed = 0, lines = 0, status;
	char line[512];

	if (is_child)
		_exit(1); /* an assertion failed in a row */
	while (next_line(f, line, sizeof(line))) {
		pid_t pid;

		if (atoi(line) != number)
			continue;
		pid = fork();
		is_child = !pid;
		if (is_child)
			_exit(run_row(line) ? 1 : 0);
		waitpid(pid, &status, 0);
		if (status)
			print_error("failed: %s (status %x)\n", line, status);
		failed += status != 0;
		lines++;
	}
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
	static struct CMUnitTest tests[NR_ROWS + 3];
	static char names[NR_ROWS + 1][16];
	static int numbers[NR_ROWS + 1];

	for (int i = 0; i <= NR_ROWS; i++) {
		numbers[i] = i;
		snprintf(names[i], sizeof(names[i]), "row_%02d", i);
		tests[i] = (struct CMUnitTest){ .name = names[i], .test_func = row,
						.initial_state = &numbers[i] };
	}
	edges_start();
	tests[NR_ROWS + 1] = (struct CMUnitTest)cmocka_unit_test(every_edge_is_taken);
	tests[NR_ROWS + 2] = (struct CMUnitTest)cmocka_unit_test(table_is_whole);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
