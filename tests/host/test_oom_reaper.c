/* SPDX-License-Identifier: MIT */
/*
 * The OOM reaper: whose memory it takes and whose not, what it says, how long it waits for mmap_sem, and the end of
 * TIF_MEMDIE. The victims have real memory; what is said is kept (oom_fixture.h).
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/oom_fixture.h"

#define MACHINE .ram_mib = 32
#define PAGES	200UL

struct victim {
	bool has_locked, leave_when_killed;
	unsigned long anon, locked; /* addresses of PAGES each */
	bool ready, left;
	struct mm_struct *mm;
};

static unsigned long map(unsigned long flags)
{
	unsigned long va = vm_mmap(NULL, 0, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, 0);

	assert_false(IS_ERR_VALUE(va));
	for (unsigned long i = 0; i < PAGES; i++)
		host_put(current->mm, va + i * PAGE_SIZE, i);
	return va;
}

/* Has memory of several kinds and sleeps, whatever happens, or until it is killed. */
static void live(void *arg)
{
	struct victim *v = arg;

	v->mm = current->mm;
	current->signal->oom_score_adj = 0;
	v->anon = map(MAP_PRIVATE);
	if (v->has_locked)
		v->locked = map(MAP_PRIVATE | MAP_LOCKED);
	v->ready = true;
	while (!v->leave_when_killed || !fatal_signal_pending(current))
		schedule_timeout_uninterruptible(1);
	v->left = true;
}

static struct task_struct *make(const char *name, struct victim *v)
{
	struct task_struct *p = host_spawn(name, NULL, live, v);

	assert_non_null(p);
	while (!v->ready)
		host_sleep(1);
	return p;
}

static unsigned long anon_of(const struct mm_struct *mm)
{
	return (unsigned long)get_mm_counter((struct mm_struct *)mm, MM_ANONPAGES);
}

static void begin(void)
{
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	assert_int_equal(sysctl_oom_reaper, 1);
	host_sleep(2); /* the reaper's thread is there */
}

/* ---- What is taken --------------------------------------------------------------------------------- */

static void takes_private_memory(void)
{
	struct victim v = { .has_locked = true };
	struct task_struct *p;

	begin();
	p = make("victim", &v);
	assert_int_equal(anon_of(v.mm), 2 * PAGES);
	out();
	assert_true(killed(p));
	host_sleep(2);
	assert_int_equal(anon_of(v.mm), PAGES); /* what is mlocked stays */
	assert_true(says("oom_reaper: reaped process %d (victim), now anon-rss:%lukB, file-rss:0kB\n", p->pid,
			 PAGES * 4));
	assert_true(v.mm->flags & MMF_OOM_REAPED);
	assert_false(is_victim(p)); /* nothing more is to be had from it */
	/* No fault brings a page back: a write(2) under way ends short instead of passing on zeros. */
	assert_true(handle_mm_fault(v.mm, find_vma(v.mm, v.anon), v.anon, FAULT_FLAG_WRITE) & VM_FAULT_ERROR);
	the_end();
}
MACHINE_TEST(takes_private_memory, MACHINE)

/* A reaped process is no candidate any more: the next shortage takes another, though it is smaller. */
static void the_next_one_may_die(void)
{
	struct victim one = { 0 }, other = { 0 };
	struct task_struct *p, *q;

	begin();
	p = make("one", &one);
	q = make("other", &other);
	q->signal->oom_score_adj = -1;
	out();
	assert_true(killed(p) && !killed(q));
	host_sleep(2);
	out();
	assert_true(killed(q));
	host_sleep(2);
	assert_int_equal(anon_of(one.mm) + anon_of(other.mm), 0);
	the_end();
}
MACHINE_TEST(the_next_one_may_die, MACHINE)

/* With 0 everything is as in 3.18: the victim keeps its memory until it leaves, and blocks further kills. */
static void off(void)
{
	struct victim v = { 0 };
	struct task_struct *p;

	begin();
	sysctl_oom_reaper = 0;
	p = make("victim", &v);
	out();
	host_sleep(20);
	assert_int_equal(anon_of(v.mm), PAGES);
	assert_true(is_victim(p) && !says("oom_reaper:"));
	out();
	assert_string_equal(said, "");
	the_end();
}
MACHINE_TEST(off, MACHINE)

/* Somebody who may not be killed has the memory too: it is not taken from him. */
static void not_from_the_immune(void)
{
	struct victim v = { 0 };
	struct task_struct *p, *immune;

	begin();
	p = make("victim", &v);
	immune = cast_into(v.mm, (struct role){ "immune", .adj = -1000 });
	out();
	assert_true(killed(p) && !killed(immune));
	host_sleep(5);
	assert_int_equal(anon_of(v.mm), PAGES);
	assert_true(is_victim(p) && !says("oom_reaper:"));
	the_end();
}
MACHINE_TEST(not_from_the_immune, MACHINE)

/* ---- The lock, the queue, the end ---------------------------------------------------------------------- */

/* => is killed, and somebody has its mmap_sem for writing */
static struct task_struct *kill_while_mapping(struct victim *v)
{
	struct task_struct *p;

	begin();
	p = make("victim", v);
	down_write(&v->mm->mmap_sem);
	out();
	return p;
}

/* Ten tries, a tenth of a second apart. */
static void waits_for_mmap_sem(void)
{
	struct victim v = { 0 };
	struct task_struct *p = kill_while_mapping(&v);

	host_sleep(5 * HZ / 10);
	assert_int_equal(anon_of(v.mm), PAGES);
	assert_true(is_victim(p));
	up_write(&v.mm->mmap_sem);
	host_sleep(HZ / 10 + 2);
	assert_int_equal(anon_of(v.mm), 0);
	assert_false(is_victim(p));
	the_end();
}
MACHINE_TEST(waits_for_mmap_sem, MACHINE)

static void gives_up(void)
{
	struct victim v = { 0 };
	struct task_struct *p = kill_while_mapping(&v);

	host_sleep(8 * HZ / 10);
	assert_true(is_victim(p));
	host_sleep(4 * HZ / 10);
	assert_false(is_victim(p)); /* hopeless: the next may be chosen */
	assert_true(v.mm->flags & MMF_OOM_REAPED);
	assert_int_equal(anon_of(v.mm), PAGES);
	assert_false(says("oom_reaper:"));
	up_write(&v.mm->mmap_sem);
	the_end();
}
MACHINE_TEST(gives_up, MACHINE)

/* Two victims, one of them told of twice: each is reaped once. */
static void a_queue(void)
{
	struct victim one = { 0 }, other = { 0 };
	struct task_struct *p, *q;

	begin();
	p = make("one", &one);
	q = make("other", &other);
	forget_said();
	mark_oom_victim(p);
	mark_oom_victim(q);
	wake_oom_reaper(p);
	wake_oom_reaper(q);
	wake_oom_reaper(p);
	host_sleep(3);
	assert_int_equal(anon_of(one.mm) + anon_of(other.mm), 0);
	assert_int_equal(times_said("oom_reaper: reaped"), 2);
	assert_false(is_victim(p) || is_victim(q));
	the_end();
}
MACHINE_TEST(a_queue, MACHINE)

/* The victim ends by itself while the reaper has its memory in hand: it waits, and nothing is lost or freed twice. */
static void the_victim_leaves(void)
{
	struct victim v = { .leave_when_killed = true };
	long free_before, tasks;

	begin();
	drain_all_pages();
	free_before = exact_state(NR_FREE_PAGES);
	tasks = host_tasks();
	make("victim", &v);
	out();
	for (int i = 0; i < 50 && host_tasks() > tasks; i++)
		host_sleep(1);
	assert_true(v.left);
	assert_int_equal(host_tasks(), tasks);
	drain_all_pages();
	assert_in_range(exact_state(NR_FREE_PAGES), free_before - 40, free_before + 40);
}
MACHINE_TEST(the_victim_leaves, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(takes_private_memory), machine_unit_test(the_next_one_may_die),
		machine_unit_test(off),			 machine_unit_test(not_from_the_immune),
		machine_unit_test(waits_for_mmap_sem),	 machine_unit_test(gives_up),
		machine_unit_test(a_queue),		 machine_unit_test(the_victim_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
