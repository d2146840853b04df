/* SPDX-License-Identifier: MIT */
/* The OOM killer rule by rule: selection (spec 9.4), the kill (9.5), its words (9.5, 9.6), worked examples (9.7). */
#include "tests/host/machine_fixture.h"
#include "tests/host/oom_fixture.h"

/* ---- Worked examples ---- */

static void example_1(void)
{
	struct task_struct *a, *b, *d, *f;

	opening();
	a = CAST_A, b = CAST_B, d = CAST_D, f = CAST_F;
	out();
	assert_dies(a, 191);
	assert_false(killed(b) || killed(d) || killed(f));
	the_end();
}
MACHINE_TEST(example_1, WORLD)

static void example_2(void)
{
	struct task_struct *c;

	opening();
	CAST_A, CAST_B;
	c = CAST_C;
	CAST_D, CAST_E, CAST_F;
	out();
	assert_dies(c, 507);
	the_end();
}
MACHINE_TEST(example_2, WORLD)

static void example_3(void)
{
	struct task_struct *a, *x, *y;

	opening();
	a = CAST_A;
	x = cast("X", 300, 5, 0);
	y = cast_into(a->mm, (struct role){ "Y" });
	become_child(x, a);
	become_child(y, a);
	out();
	assert_true(says("Out of memory: Kill process %d (A) score 191 or sacrifice child\n", a->pid));
	assert_true(says("Killed process %d (X) total-vm:0kB, anon-rss:1200kB, file-rss:0kB\n", x->pid));
	assert_true(killed(x) && is_victim(x));
	assert_false(killed(a) || killed(y));
	the_end();
}
MACHINE_TEST(example_3, WORLD)

static void example_4(void)
{
	struct task_struct *e, *f;

	opening();
	e = CAST_E, f = CAST_F;
	out();
	assert_dies(e, 0);
	assert_false(killed(f));
	the_end();
}
MACHINE_TEST(example_4, WORLD)

static void example_4_nobody(void)
{
	opening();
	CAST_F;
	out();
	assert_true(panicked);
	assert_true(!strncmp(said, "test invoked oom-killer: ", 25));
	assert_said("Out of memory and no killable processes...");
	assert_false(says("Kill process"));
	the_end();
}
MACHINE_TEST(example_4_nobody, WORLD)

static void example_5(void)
{
	struct task_struct *a, *d;

	opening();
	d = CAST_D, a = CAST_A;
	mark_oom_victim(d);
	out();
	assert_string_equal(said, "");
	assert_false(killed(a) || killed(d));
	the_end();
}
MACHINE_TEST(example_5, WORLD)

/* ---- Selection ---- */

static void equals_keep_the_first_leader(void)
{
	struct task_struct *first, *second;

	opening();
	first = CAST_A, second = CAST_A;
	out();
	assert_dies(first, 191);
	assert_false(killed(second));
	the_end();
}
MACHINE_TEST(equals_keep_the_first_leader, WORLD)

/* The leader has left its memory; of the two threads the later is taken, as neither is the leader. */
static void threads_are_judged_by_their_memory(void)
{
	struct task_struct *leader, *one, *other;
	struct mm_struct *mm;

	opening();
	leader = cast("leader", 9000, 9, 0, 100);
	mm = leader->mm;
	one = cast_into(mm, (struct role){ "one" });
	other = cast_into(mm, (struct role){ "other" });
	become_thread(one, leader);
	become_thread(other, leader);
	leader->mm = NULL;
	out();
	assert_true(says("Kill process %d (other) score %d or", other->pid, (9009 + 100 * 131) * 1000 / 131072));
	assert_true(is_victim(one) || is_victim(other));
	assert_true(killed(one) && killed(other));
	the_end();
}
MACHINE_TEST(threads_are_judged_by_their_memory, WORLD)

static void exiting_by_itself_is_waited_for(void)
{
	struct task_struct *a, *d;

	opening();
	d = CAST_D, a = CAST_A;
	d->flags |= PF_EXITING;
	out();
	assert_string_equal(said, "");
	assert_false(killed(a) || is_victim(d));
	/* Past exit_mm there is nothing to wait for. */
	d->mm = NULL;
	out();
	assert_dies(a, 191);
	the_end();
}
MACHINE_TEST(exiting_by_itself_is_waited_for, WORLD)

/* Nothing is to be had from the end of one thread, and it may wait for a lock whose holder is the one that asks. */
static void a_thread_that_exits_alone_is_not(void)
{
	struct task_struct *d, *thread;

	opening();
	d = CAST_D;
	thread = cast_into(d->mm, (struct role){ "thread" });
	become_thread(thread, d);
	thread->flags |= PF_EXITING;
	out();
	assert_true(killed(d) && is_victim(d));
	the_end();
}
MACHINE_TEST(a_thread_that_exits_alone_is_not, WORLD)

static void nor_a_leader_that_leaves_its_threads(void)
{
	struct task_struct *d, *thread;

	opening();
	d = CAST_D;
	thread = cast_into(d->mm, (struct role){ "thread" });
	become_thread(thread, d);
	d->flags |= PF_EXITING;
	out(); /* the leader names the process, but it is killed like any other */
	assert_true(killed(thread) && (is_victim(d) || is_victim(thread)));
	the_end();
}
MACHINE_TEST(nor_a_leader_that_leaves_its_threads, WORLD)

static void nor_a_process_that_shares_its_memory(void)
{
	struct task_struct *d, *child;

	opening();
	d = CAST_D;
	child = cast_into(d->mm, (struct role){ "child" });
	child->flags |= PF_EXITING;
	d->flags |= PF_EXITING; /* they leave together */
	out();
	assert_string_equal(said, "");
	d->flags &= ~(unsigned int)PF_EXITING;
	out();
	assert_true(killed(d) && is_victim(child));
	the_end();
}
MACHINE_TEST(nor_a_process_that_shares_its_memory, WORLD)

/* SysRq f: an earlier victim is no reason to wait, and nobody to kill no reason to panic. */
static void forced(void)
{
	struct task_struct *a, *d;

	opening();
	d = CAST_D, a = CAST_A;
	mark_oom_victim(d);
	out_with(GFP_KERNEL, 0, 0, true, false);
	assert_dies(a, 191);
	a->signal->oom_score_adj = d->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	sysctl_panic_on_oom = 2;
	out_with(GFP_KERNEL, 0, 0, true, false);
	assert_false(panicked);
	assert_string_equal(said, "OOM request ignored. No task eligible\n");
	the_end();
}
MACHINE_TEST(forced, WORLD)

static void swapoff_is_first(void)
{
	struct task_struct *small;

	opening();
	CAST_A, CAST_G;
	small = cast("swapoff", 10, 3, 0);
	small->signal->oom_origin = true;
	out();
	assert_dies(small, 1000);
	the_end();
}
MACHINE_TEST(swapoff_is_first, WORLD)

/* ---- The kill ---- */

static void the_worst_child_dies_instead(void)
{
	struct task_struct *a, *small, *large, *same, *immune;

	opening();
	a = CAST_A;
	small = cast("small", 100, 1, 0), large = cast("large", 500, 5, 0, -900);
	same = cast("same", 100, 1, 0), immune = cast("immune", 9000, 5, 0, -1000);
	become_child(immune, a);
	become_child(small, a);
	become_child(large, a); /* -900: one point, whatever its size */
	become_child(same, a);
	out();
	assert_true(says("(A) score 191 or sacrifice child"));
	assert_true(killed(small) && is_victim(small));
	assert_false(killed(a) || killed(large) || killed(same) || killed(immune));
	the_end();
}
MACHINE_TEST(the_worst_child_dies_instead, WORLD)

/* A child of a thread that is not the leader is a child of the process. */
static void children_of_all_threads(void)
{
	struct task_struct *leader, *thread, *child;

	opening();
	leader = CAST_A;
	thread = cast_into(leader->mm, (struct role){ "thread" });
	child = cast("child", 50, 1, 0);
	become_thread(thread, leader);
	become_child(child, thread);
	out();
	assert_true(is_victim(child));
	assert_false(killed(leader));
	the_end();
}
MACHINE_TEST(children_of_all_threads, WORLD)

static void sharers_die_too(void)
{
	struct task_struct *a, *sharer, *immune, *kthread;

	opening();
	a = CAST_A;
	sharer = cast_into(a->mm, (struct role){ "sharer", .adj = -500 });
	immune = cast_into(a->mm, (struct role){ "immune", .adj = -1000 });
	kthread = cast_into(a->mm, (struct role){ "kthread" });
	kthread->flags |= PF_KTHREAD;
	out();
	assert_dies(a, 191);
	assert_true(says("Kill process %d (sharer) sharing same memory\n", sharer->pid));
	assert_true(killed(sharer) && !is_victim(sharer));
	assert_false(killed(immune) || says("(immune) sharing") || says("(kthread) sharing"));
	the_end();
}
MACHINE_TEST(sharers_die_too, WORLD)

/* Chosen although exiting (only with force): helped along without a word. */
static void chosen_while_exiting(void)
{
	struct task_struct *a;

	opening();
	a = CAST_A;
	a->flags |= PF_EXITING;
	out_with(GFP_KERNEL, 0, 0, true, false);
	assert_string_equal(said, "");
	assert_true(is_victim(a) && !killed(a));
	the_end();
}
MACHINE_TEST(chosen_while_exiting, WORLD)

/* ---- Words ---- */

static void every_line(void)
{
	struct task_struct *a, *c;
	char text[800];

	opening();
	a = CAST_A, c = CAST_C;
	add_mm_counter(c->mm, MM_FILEPAGES, 7);
	c->mm->total_vm = 1234;
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	out_with(GFP_HIGHUSER_MOVABLE, 1, 0, false, false);
	snprintf(text, sizeof(text), "test invoked oom-killer: gfp_mask=0x%x, order=1, oom_score_adj=-1000\n"
		 "test cpuset=/ mems_allowed=0\n<stack>\nMem-Info:\n", GFP_HIGHUSER_MOVABLE);
	assert_true(!strncmp(said, text, strlen(text)));
	snprintf(text, sizeof(text),
		 "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name\n"
		 "[%5d] %5d %5d %8lu %8lu %7ld %8lu         %5hd %s\n"
		 "[%5d] %5d %5d        0    20000      45     5000             0 A\n"
		 "[%5d] %5d %5d     1234     1007      10        0           500 C\n"
		 "Out of memory: Kill process %d (C) score 507 or sacrifice child\n"
		 "Killed process %d (C) total-vm:4936kB, anon-rss:4000kB, file-rss:28kB\n",
		 current->pid, 0, current->tgid, 0UL, 0UL, 0L, 0UL, OOM_SCORE_ADJ_MIN, "test",
		 a->pid, 1000, a->pid, c->pid, 1000, c->pid, c->pid, c->pid);
	assert_said(text);
	assert_string_equal(strstr(said, "Killed process"), strstr(text, "Killed process"));
	the_end();
}
MACHINE_TEST(every_line, WORLD)

static void no_table(void)
{
	opening();
	CAST_A;
	sysctl_oom_dump_tasks = 0;
	out();
	assert_true(says("invoked oom-killer") && says("Killed process"));
	assert_false(says("[ pid ]"));
	the_end();
}
MACHINE_TEST(no_table, WORLD)

/* Ten reports in five seconds; each kill is told nevertheless. */
static void reports_are_limited(void)
{
	int headers = 0, kills = 0;
	struct task_struct *a;

	opening();
	a = CAST_A;
	for (int i = 0; i < 13; i++) {
		out();
		headers += times_said("invoked oom-killer");
		kills += times_said("Out of memory: Kill process") && times_said("Killed process");
		clear_tsk_thread_flag(a, TIF_MEMDIE);
	}
	assert_int_equal(headers, 10);
	assert_int_equal(kills, 13);
	host_sleep(6 * HZ);
	out();
	assert_int_equal(times_said("invoked oom-killer"), 1);
	the_end();
}
MACHINE_TEST(reports_are_limited, WORLD)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(example_1),
		machine_unit_test(example_2),
		machine_unit_test(example_3),
		machine_unit_test(example_4),
		machine_unit_test(example_4_nobody),
		machine_unit_test(example_5),
		machine_unit_test(equals_keep_the_first_leader),
		machine_unit_test(threads_are_judged_by_their_memory),
		machine_unit_test(exiting_by_itself_is_waited_for),
		machine_unit_test(a_thread_that_exits_alone_is_not),
		machine_unit_test(nor_a_leader_that_leaves_its_threads),
		machine_unit_test(nor_a_process_that_shares_its_memory),
		machine_unit_test(forced),
		machine_unit_test(swapoff_is_first),
		machine_unit_test(the_worst_child_dies_instead),
		machine_unit_test(children_of_all_threads),
		machine_unit_test(sharers_die_too),
		machine_unit_test(chosen_while_exiting),
		machine_unit_test(every_line),
		machine_unit_test(no_table),
		machine_unit_test(reports_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
