/* SPDX-License-Identifier: MIT */
/* The race's yardsticks (tests/race/optimal.c) against exhaustive search, and the reader of traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/race/trace.h"

#define MOST_REFS  40
#define MOST_PAGES 6

static uint64_t random_state;

static unsigned int random_below(unsigned int n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (unsigned int)((random_state * 0x2545f4914f6cdd1dULL >> 33) % n);
}

/* ---- The fewest misses, by trying every victim at every miss ---- */

static int best[MOST_REFS + 1][1 << MOST_PAGES]; /* misses from reference i on with that set in memory; -1: not known */

static int fewest(const struct trace *t, size_t i, unsigned int set, unsigned int frames)
{
	unsigned int bit;
	int least = 1 << 20;

	if (i == t->nr_refs)
		return 0;
	if (best[i][set] >= 0)
		return best[i][set];
	bit = 1U << t->refs[i].page;
	if (set & bit) {
		least = fewest(t, i + 1, set, frames);
	} else if ((unsigned int)__builtin_popcount(set) < frames) {
		least = 1 + fewest(t, i + 1, set | bit, frames);
	} else {
		for (unsigned int victim = 0; victim < t->nr_pages; victim++) {
			int n = set >> victim & 1 ? 1 + fewest(t, i + 1, (set & ~(1U << victim)) | bit, frames) : least;

			least = n < least ? n : least;
		}
	}
	return best[i][set] = least;
}

/* LRU as its name says: of the pages in memory the one whose last use is longest ago. */
static unsigned int slow_lru(const struct trace *t, unsigned int frames)
{
	int used[MOST_PAGES];
	unsigned int in = 0, misses = 0;

	memset(used, -1, sizeof(used)); /* not in memory */
	for (size_t i = 0; i < t->nr_refs; i++) {
		unsigned int page = t->refs[i].page, oldest = 0;

		if (used[page] < 0) {
			misses++;
			if (in == frames) {
				for (unsigned int p = 0; p < t->nr_pages; p++)
					if (used[p] >= 0 && (used[oldest] < 0 || used[p] < used[oldest]))
						oldest = p;
				used[oldest] = -1;
			} else {
				in++;
			}
		}
		used[page] = (int)i;
	}
	return misses;
}

/* The best fixed set, by trying all. */
static unsigned int slow_static(const struct trace *t, unsigned int frames)
{
	unsigned int least = ~0U;

	for (unsigned int set = 0; set < 1U << t->nr_pages; set++) {
		unsigned int misses = 0, loaded = 0;

		if ((unsigned int)__builtin_popcount(set) > frames)
			continue;
		for (size_t i = 0; i < t->nr_refs; i++) {
			unsigned int bit = 1U << t->refs[i].page;

			misses += !(set & bit) || !(loaded & bit);
			loaded |= bit;
		}
		least = misses < least ? misses : least;
	}
	return least;
}

static void against_search(void **state)
{
	const char *given = getenv("TIDEMARK_SEED");
	struct ref refs[MOST_REFS];
	uint8_t hot[MOST_PAGES] = { 0 };
	uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);

	print_message("TIDEMARK_SEED=%llu\n", (unsigned long long)seed);
	random_state = seed * 2654435761u | 1;
	for (int round = 0; round < 3000; round++) {
		struct trace t = { .refs = refs, .hot = hot, .nr_refs = 1 + random_below(MOST_REFS),
				   .nr_pages = 1 + random_below(MOST_PAGES) };
		unsigned int frames = 1 + random_below(4);

		for (size_t i = 0; i < t.nr_refs; i++)
			refs[i] = (struct ref){ .page = random_below(t.nr_pages) };
		memset(best, -1, sizeof(best));
		assert_int_equal(misses_opt(&t, frames).all, fewest(&t, 0, 0, frames));
		assert_int_equal(misses_lru(&t, frames).all, slow_lru(&t, frames));
		assert_int_equal(misses_static(&t, frames).all, slow_static(&t, frames));
	}
}

/* ---- Traces ---- */

/* => trace_read()'s answer to that text; t is for the caller to free */
static bool read_text(struct trace *t, const char *text)
{
	char path[] = "/tmp/tidemark-trace-XXXXXX";
	int fd = mkstemp(path);
	bool good;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	good = trace_read(t, path); /* says what it does not understand */
	unlink(path);
	return good;
}

static void a_trace(void **state)
{
	static const char text[] = "# two tasks and a file\n"
				   "space 0 anon 10 task 0\nspace 1 file 20\nspace 2 anon 5 task 1\nhot 1 3 2\n\n"
				   "l 0 7\ns 0 8 2\ntask 1\nw 1 4\nr 1 3\nl 2 0\nl 1 19\nl 2 0\n";
	static const struct ref refs[] = { { 7, REF_LOAD, 0 },	  { 8, REF_STORE, 0 }, { 9, REF_STORE, 0 },
					   { 14, REF_WRITE, 1 }, { 13, REF_READ, 1 }, { 30, REF_LOAD, 1 },
					   { 29, REF_LOAD, 1 },	 { 30, REF_LOAD, 1 } };
	struct trace t;

	assert_true(read_text(&t, text));
	assert_int_equal(t.nr_refs, sizeof(refs) / sizeof(refs[0]));
	for (size_t i = 0; i < t.nr_refs; i++) {
		assert_int_equal(t.refs[i].page, refs[i].page);
		assert_int_equal(t.refs[i].op, refs[i].op);
		assert_int_equal(t.refs[i].task, refs[i].task);
	}
	assert_int_equal(t.nr_tasks, 2);
	assert_int_equal(t.nr_pages, 35);
	assert_int_equal(t.nr_distinct, 7);
	assert_int_equal(trace_space_of(&t, 9), 0);
	assert_int_equal(trace_space_of(&t, 10), 1);
	assert_int_equal(trace_space_of(&t, 34), 2);
	assert_int_equal(misses_opt(&t, 100).all, 7);
	assert_int_equal(misses_opt(&t, 100).hot, 2);
	trace_free(&t);
}

static void bad_traces(void **state)
{
	static const char *const bad[] = {
		"",					 /* no references */
		"l 0 0\n",				 /* no space */
		"space 1 anon 4\nl 1 0\n",		 /* not numbered from 0 */
		"space 0 disk 4\nl 0 0\n",		 /* what is a disk? */
		"space 0 anon 0\nl 0 0\n",
		"space 0 anon 4\nl 0 4\n",		 /* outside */
		"space 0 anon 4\nl 0 3 2\n",
		"space 0 anon 4\nl 0 1 4294967295\n",	 /* wraps */
		"space 0 anon 4\nr 0 0\n",		 /* memory is not read by a call */
		"space 0 anon 4 task 1\nl 0 0\n",	 /* another task's */
		"space 0 anon 4\nl 0 0\nspace 1 anon 4\n", /* too late */
		"space 0 anon 4\ntask 99\nl 0 0\n",
		"space 0 anon 4\nhot 0 3 2\nl 0 0\n",
		"space 0 anon 4\nload 0 0\n",
		"space 0 anon 4\nl 0\n",
	};
	struct trace t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_text(&t, bad[i]))
			fail_msg("taken for a trace: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_search),
		cmocka_unit_test(a_trace),
		cmocka_unit_test(bad_traces),
	};

	return cmocka_run_group_tests_name("optimal", tests, NULL, NULL);
}
