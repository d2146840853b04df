/* SPDX-License-Identifier: MIT */
/* The court (/proc/oom): a trial without a kill names whom the killer would choose, with the terms of each score. */
#include "tests/host/machine_fixture.h"
#include "tests/host/oom_fixture.h"

static int heard;
static struct oom_verdict of[64];

static void witness(const struct oom_verdict *v, void *arg)
{
	assert_ptr_equal(arg, of);
	if (heard < (int)ARRAY_SIZE(of))
		of[heard++] = *v;
}

static const struct oom_verdict *verdict_on(const struct task_struct *p)
{
	for (int i = 0; i < heard; i++)
		if (of[i].pid == p->pid)
			return &of[i];
	fail_msg("nothing was said of %s", p->comm);
	return NULL;
}

static struct oom_trial hold_trial(void)
{
	struct oom_trial trial = { .witness = witness, .arg = of };
	unsigned long ram = totalram_pages, swap = (unsigned long)total_swap_pages;

	heard = 0;
	totalram_pages = RAM_PAGES;
	total_swap_pages = SWAP_PAGES;
	oom_dry_run(&trial);
	totalram_pages = ram;
	total_swap_pages = swap;
	return trial;
}

static void nobody_dies(void)
{
	struct task_struct *a, *b, *c, *f, *x;
	struct oom_trial trial;

	opening();
	a = CAST_A, b = CAST_B, c = CAST_C, f = CAST_F;
	x = cast("X", 300, 5, 0);
	become_child(x, c);
	trial = hold_trial();
	assert_int_equal(trial.totalpages, RAM_PAGES + SWAP_PAGES);
	assert_false(trial.abort);
	assert_int_equal(trial.chosen.pid, c->pid);
	assert_int_equal(trial.chosen.points, 66510);
	assert_int_equal(trial.victim.pid, x->pid); /* the child goes first */
	assert_int_equal(verdict_on(a)->points, 25045);
	assert_int_equal(verdict_on(b)->points, 24294);
	assert_true(verdict_on(b)->facts.has_admin);
	assert_int_equal(verdict_on(f)->points, 0);
	assert_int_equal(verdict_on(f)->standing, OOM_CANDIDATE);
	assert_string_equal(verdict_on(a)->comm, "A");
	assert_false(killed(a) || killed(b) || killed(c) || killed(f) || killed(x));
	the_end();
}
MACHINE_TEST(nobody_dies, WORLD)

/* One is dying: the trial goes on to the end, for the reader, and chooses nobody. */
static void while_one_dies(void)
{
	struct task_struct *a, *d, *e;
	struct oom_trial trial;

	opening();
	a = CAST_A, d = CAST_D, e = CAST_E;
	mark_oom_victim(d);
	e->flags |= PF_EXITING;
	trial = hold_trial();
	assert_true(trial.abort);
	assert_int_equal(trial.chosen.pid, 0);
	assert_int_equal(verdict_on(d)->standing, OOM_DYING);
	assert_int_equal(verdict_on(e)->standing, OOM_EXITING);
	assert_int_equal(verdict_on(a)->points, 25045);
	the_end();
}
MACHINE_TEST(while_one_dies, WORLD)

/* What /proc/PID/oom_score says, of all memory and swap there is. */
static void scores_of_processes(void)
{
	struct task_struct *a, *f;
	unsigned long ram, swap;

	opening();
	a = CAST_A, f = CAST_F;
	ram = totalram_pages, swap = (unsigned long)total_swap_pages;
	totalram_pages = RAM_PAGES;
	total_swap_pages = SWAP_PAGES;
	assert_int_equal(proc_oom_score(a), 191);
	assert_int_equal(proc_oom_score(f), 0);
	totalram_pages = ram;
	total_swap_pages = swap;
	oom_killer_disable();
	assert_true(oom_killer_disabled);
	oom_killer_enable();
	assert_false(oom_killer_disabled);
	the_end();
}
MACHINE_TEST(scores_of_processes, WORLD)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(nobody_dies),
		machine_unit_test(while_one_dies),
		machine_unit_test(scores_of_processes),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
