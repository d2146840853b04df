/* SPDX-License-Identifier: MIT */
/*
 * Rows of the slow path's decision table in which somebody dies, in the kernel (mm/rows_selftest.h).
 *
 * The doomed are processes without a program: kernel threads that got an address space and wait for SIGKILL. When it
 * comes they free what the row's K says and go the ordinary way out, do_exit -> exit_mm -> exit_oom_victim. They are
 * made before memory is taken away. The reaper is off, as the table wants it.
 *
 * A kill takes time here, so a round more than in the table may pass before its memory is there (W at least 2); that
 * nobody else dies meanwhile is a part of each row.
 */
#include "mm/rows_selftest.h"

#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/sys/exec.h"
#include "kernel/sys/process.h"
#include "mm/mm.h"
#include "mm/oom.h"

#define MAX_DOOMED 12

static struct {
	unsigned long k;		/* pages a kill frees */
	unsigned int block;
	unsigned int made, ready, killed, gone;	/* [a] */
	bool dismissed;			/* the test is over: go in peace */
} doomed;

static struct zone *test_zone(void)
{
	return &NODE_DATA(0)->node_zones[ZONE_NORMAL];
}

/* => current is a process with an empty address space, which the killer may choose */
static bool become_mortal(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm || become_process(current)) {
		if (mm)
			mmput(mm);
		return false;
	}
	current->flags &= ~(unsigned int)(PF_KTHREAD | PF_NOFREEZE);
	exec_mmap(mm);
	return true;
}

static int wait_for_death(void *unused)
{
	(void)unused;
	if (!become_mortal())
		return -ENOMEM;
	__atomic_fetch_add(&doomed.ready, 1, __ATOMIC_RELAXED);
	while (!fatal_signal_pending(current) && !READ_ONCE(doomed.dismissed))
		schedule_timeout_killable(1);
	if (!READ_ONCE(doomed.dismissed)) {
		__atomic_fetch_add(&doomed.killed, 1, __ATOMIC_RELAXED);
		world_give(test_zone(), doomed.k, doomed.block);
	}
	__atomic_fetch_add(&doomed.gone, 1, __ATOMIC_RELAXED);
	do_exit(0);
}

static bool make_doomed(unsigned int n, unsigned long k, unsigned int block)
{
	memset(&doomed, 0, sizeof(doomed));
	doomed.k = k;
	doomed.block = block;
	for (unsigned int i = 0; i < n; i++)
		doomed.made += !IS_ERR(kthread_run(wait_for_death, NULL, "doomed_%u", i));
	for (int ticks = 0; ticks < 10 * HZ && READ_ONCE(doomed.ready) < n; ticks++)
		schedule_timeout_uninterruptible(1);
	EXPECT_EQ(doomed.ready, n);
	return doomed.ready == n;
}

static void dismiss(void)
{
	WRITE_ONCE(doomed.dismissed, true);
	while (READ_ONCE(doomed.gone) < doomed.ready)
		schedule_timeout_uninterruptible(1);
	schedule_timeout_uninterruptible(2); /* and out of exit_mm */
}

/* => the row with n processes that may die, of which so many did */
static void run_with(const struct kernel_row *row, unsigned int n, unsigned long k, unsigned int killed)
{
	int reaper = sysctl_oom_reaper;
	unsigned long w = slowpath_taken(SLOW_RESTART, SLOW_ALLOC_FLAGS);

	sysctl_oom_reaper = 0;
	if (make_doomed(n, k, 0) && row_run(row)) {
		if (row->enough) /* relief is another task's, and does not come at once */
			EXPECT(doomed.killed >= killed && doomed.killed < n);
		else
			EXPECT_EQ(doomed.killed, killed);
		EXPECT(slowpath_taken(SLOW_RESTART, SLOW_ALLOC_FLAGS) - w > killed);
	}
	dismiss();
	sysctl_oom_reaper = reaper;
}

#define KILL_ROW(name, n, k, killed, ...)                                                        \
	SELFTEST(mm_row_##name)                                                                 \
	{                                                                                       \
		run_with(&(struct kernel_row){ __VA_ARGS__, .whole = true }, n, k, killed); \
	}
#define AFTER_A_KILL PAGE(OOM_GATE, RESTART)

KILL_ROW(12, 2, 100, 1, GFP_KERNEL, 0, 10, IN_TASK, AFTER_A_KILL)
KILL_ROW(28, 2, 100, 1, GFP_KERNEL | __GFP_NOFAIL, 0, 10, IN_TASK, AFTER_A_KILL)
KILL_ROW(30, 2, 300, 1, GFP_KERNEL | __GFP_NOFAIL, 4, 10, IN_TASK, AFTER_A_KILL) /* warns once: order above 1 */
KILL_ROW(55_nofail, 2, 100, 1, GFP_KERNEL | __GFP_NOFAIL, 0, 10, DUMPCORE, AFTER_A_KILL)

/* Somebody could be killed, and is not. */
KILL_ROW(19, 1, 100, 0, GFP_KERNEL | QUIET, 4, 500, IN_TASK, NOTHING(OOM_GATE), .block = 2, .reclaims = 1)
KILL_ROW(24, 1, 100, 0, GFP_KERNEL | __GFP_REPEAT | QUIET, 4, 500, IN_TASK, NOTHING(OOM_GATE), .block = 2,
	 .reclaims = 1)

/* Nothing comes of a kill: one after the other dies. The table's thousand would take a thousand processes. */
static bool four_died(void)
{
	return READ_ONCE(doomed.killed) >= 4;
}

KILL_ROW(26, MAX_DOOMED, 0, 4, GFP_KERNEL, 3, 500, IN_TASK, AFTER_A_KILL, .block = 2, .rounds = 4,
	 .enough = four_died)

/* ---- Another CPU is at it ------------------------------------------------------------------------------ */

static bool oom_lock_held;
static unsigned int killed_under_lock;

/* Holds the zonelist's OOM lock until somebody has been turned away. */
static int hold_oom_lock(void *unused)
{
	struct zonelist *zonelist = node_zonelist(0, GFP_KERNEL);
	unsigned long restarts = slowpath_taken(SLOW_OOM_GATE, SLOW_RESTART);

	(void)unused;
	oom_lock_held = try_set_zonelist_oom(zonelist, GFP_KERNEL);
	while (!kthread_should_stop() && slowpath_taken(SLOW_OOM_GATE, SLOW_RESTART) == restarts)
		schedule_timeout_uninterruptible(1);
	killed_under_lock = READ_ONCE(doomed.killed);
	if (oom_lock_held)
		clear_zonelist_oom(zonelist, GFP_KERNEL);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

SELFTEST(mm_row_56)
{
	struct task_struct *holder = kthread_run(hold_oom_lock, NULL, "oom_lock");

	REQUIRE(!IS_ERR(holder));
	for (int ticks = 0; ticks < 10 * HZ && !READ_ONCE(oom_lock_held); ticks++)
		schedule_timeout_uninterruptible(1);
	EXPECT(oom_lock_held);
	run_with(&(struct kernel_row){ GFP_KERNEL, 0, 10, IN_TASK, AFTER_A_KILL, .whole = true }, 2, 100, 1);
	EXPECT_EQ(killed_under_lock, 0);
	kthread_stop(holder);
}

/* ---- The one that asks has been killed already ----------------------------------------------------------- */

static struct {
	const struct kernel_row *row;
	struct page *page;
	bool ready, victim, done;
} dying;

static int ask_dying(void *unused)
{
	(void)unused;
	if (!become_mortal())
		return -ENOMEM;
	WRITE_ONCE(dying.ready, true);
	while (!READ_ONCE(dying.row))
		schedule_timeout_uninterruptible(1);
	read_lock(&tasklist_lock);
	task_kill(current);
	read_unlock(&tasklist_lock);
	dying.page = row_ask(dying.row);
	dying.victim = test_thread_flag(TIF_MEMDIE);
	WRITE_ONCE(dying.done, true);
	do_exit(0);
}

static struct page *ask_as_the_dying(const struct kernel_row *row)
{
	WRITE_ONCE(dying.row, row);
	while (!READ_ONCE(dying.done))
		schedule_timeout_uninterruptible(1);
	return dying.page;
}

SELFTEST(mm_row_58)
{
	REQUIRE(!IS_ERR(kthread_run(ask_dying, NULL, "dying")));
	while (!READ_ONCE(dying.ready)) /* what it needs for its life it takes while there is memory */
		schedule_timeout_uninterruptible(1);
	run_with(&(struct kernel_row){ GFP_KERNEL, 0, 10, IN_TASK, RESERVE, .whole = true, .ask = ask_as_the_dying },
		 1, 100, 0);
	EXPECT(dying.victim);
}
