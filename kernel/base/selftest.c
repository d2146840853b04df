/* SPDX-License-Identifier: MIT */
/*
 * Runs the tests that SELFTEST() put into the section selftests, one after another, in the form
 *	ok 3 buddy_merges_neighbours
 *	not ok 4 ... / ok 5 ... # SKIP why
 * and closes with "selftest: N passed, N failed, N skipped".
 */
#include "kernel/base/selftest.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"

static int failures;		/* of the running test */
static const char *skip_reason; /* of the running test */

void selftest_fail(const char *file, int line, const char *what, long got, long want)
{
	__atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
	if (got == want)
		pr_err("# %s:%d: %s\n", file, line, what);
	else
		pr_err("# %s:%d: %s: got %ld (%#lx), want %ld (%#lx)\n", file, line, what, got, got,
		       want, want);
}

void selftest_skip(const char *why)
{
	skip_reason = why;
}

int selftest_run(const char *prefix)
{
	int nr = 0, passed = 0, failed = 0, skipped = 0;

	for (const struct selftest *t = __start_selftests; t < __stop_selftests; t++) {
		if (prefix && !strstarts(t->name, prefix))
			continue;
		failures = 0;
		skip_reason = NULL;
		t->fn();
		nr++;
		if (failures) {
			failed++;
			pr_err("not ok %d %s\n", nr, t->name);
		} else if (skip_reason) {
			skipped++;
			pr_info("ok %d %s # SKIP %s\n", nr, t->name, skip_reason);
		} else {
			passed++;
			pr_info("ok %d %s\n", nr, t->name);
		}
	}
	if (!nr)
		pr_err("selftest=%s: no test has a name that begins so\n", prefix);
	pr_info("selftest: %d passed, %d failed, %d skipped\n", passed, failed, skipped);
	return nr ? failed : 1;
}

static int note_selftest(char *val)
{
	return 0; /* asked for by selftest_wanted() */
}
early_param("selftest", note_selftest);

bool selftest_wanted(const char **prefix)
{
	const char *val = cmdline_find("selftest");

	*prefix = val && *val ? val : NULL;
	return val != NULL;
}
