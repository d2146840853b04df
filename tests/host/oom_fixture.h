/* SPDX-License-Identifier: MIT */
/*
 * A cast of processes for the OOM killer on the host machine: each has the badness that the test gives it and only
 * sleeps. What the kernel says is kept in said[]; a panic comes back to the test. Linked with -z muldefs:
 * bug_backtrace() here takes the place of arch/host's.
 *
 * A test ends its machine at once (the_end()), for what the processes claim to have is not there to be freed.
 */
#ifndef TESTS_HOST_OOM_FIXTURE_H
#define TESTS_HOST_OOM_FIXTURE_H

#include "tests/host/machine_fixture.h"

#include "mm/mm_types.h"
#include "mm/oom.h"
#include "tests/host/panic_returns.h"

#define WORLD	   .ram_mib = 24
#define RAM_PAGES  65536UL /* of the worked examples: spec 9.7 */
#define SWAP_PAGES 65536L

void bug_backtrace(void)
{
	printk("<stack>\n");
}

/* ---- The cast ---- */

struct role {
	const char *name;
	long rss, ptes, swap;
	int adj;
	bool root;
	bool ready;
};

static void act(void *arg)
{
	struct role *role = arg;
	struct mm_struct *mm = current->mm;

	if (role->rss | role->ptes | role->swap) { /* else a sharer of what others have */
		add_mm_counter(mm, MM_ANONPAGES, role->rss);
		add_mm_counter(mm, MM_SWAPENTS, role->swap);
		atomic_long_set(&mm->nr_ptes, role->ptes);
	}
	current->signal->oom_score_adj = (short)role->adj;
	current->cap_effective = role->root ? ~0ULL : 0;
	current->uid = role->root ? 0 : 1000;
	role->ready = true;
	for (;;)
		schedule_timeout_uninterruptible(1000);
}

/* => a task with this role, asleep; mm: whose memory it shares, as one more user of it. NULL: it has its own */
static inline struct task_struct *cast_into(struct mm_struct *mm, struct role role)
{
	struct role *r = malloc(sizeof(*r));
	struct task_struct *task;

	*r = role;
	if (mm)
		atomic_inc(&mm->mm_users);
	task = host_spawn(role.name, mm, act, r);
	assert_non_null(task);
	while (!r->ready)
		host_sleep(1);
	return task;
}

#define cast(...) cast_into(NULL, (struct role){ __VA_ARGS__ })

/* The tasks of spec 9.7. */
#define CAST_A cast("A", 20000, 45, 5000)
#define CAST_B cast("B", 20000, 45, 5000, .root = true)
#define CAST_C cast("C", 1000, 10, 0, 500)
#define CAST_D cast("D", 40000, 80, 0, -300)
#define CAST_E cast("E", 40000, 80, 0, -400)
#define CAST_F cast("F", 60000, 130, 30000, -1000)
#define CAST_G cast("G", 0, 3, 0, 1000)

static inline void become_child(struct task_struct *child, struct task_struct *parent)
{
	write_lock_irq(&tasklist_lock);
	list_del(&child->sibling);
	list_add_tail(&child->sibling, &parent->children);
	child->parent = child->real_parent = parent;
	write_unlock_irq(&tasklist_lock);
}

/* => task is a thread of leader's process from now on, last in its list */
static inline void become_thread(struct task_struct *task, struct task_struct *leader)
{
	write_lock_irq(&tasklist_lock);
	list_del_init(&task->tasks);
	list_del(&task->thread_node);
	list_add_tail(&task->thread_node, &leader->signal->threads);
	task->signal = leader->signal;
	task->group_leader = leader;
	task->tgid = leader->pid;
	write_unlock_irq(&tasklist_lock);
}

/* ---- Running out ---- */

static inline void opening(void)
{
	sysctl_oom_reaper = 0;
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
}

static inline void out_with(gfp_t gfp, unsigned int order, unsigned long nodemask, bool force, bool pagefault)
{
	unsigned long ram = totalram_pages, swap = (unsigned long)total_swap_pages;

	/* No memory comes back by itself: the high marks are out of reach. */
	for (struct zoneref *z = node_zonelist(0, GFP_HIGHUSER)->_zonerefs; z->zone; z++)
		z->zone->watermark[WMARK_HIGH] = 1UL << 40;
	forget_said();
	panicked = false;
	totalram_pages = RAM_PAGES;
	total_swap_pages = SWAP_PAGES;
	if (setjmp(after_panic) == 0) {
		if (pagefault)
			pagefault_out_of_memory();
		else
			out_of_memory(node_zonelist(0, gfp), gfp, order, nodemask, force);
	}
	totalram_pages = ram;
	total_swap_pages = (long)swap;
}

#define out() out_with(GFP_KERNEL, 0, 0, false, false)

static inline void __attribute__((noreturn)) the_end(void)
{
	fflush(NULL);
	_exit(0);
}

/* ---- What became of it ---- */

static inline bool killed(const struct task_struct *p)
{
	return fatal_signal_pending(p);
}

static inline bool is_victim(const struct task_struct *p)
{
	return test_tsk_thread_flag(p, TIF_MEMDIE);
}

static inline void assert_dies(const struct task_struct *p, unsigned long score)
{
	if (!says("Out of memory: Kill process %d (%s) score %lu or sacrifice child\n", p->pid, p->comm, score))
		fail_msg("%s (%d) was to be chosen with score %lu:\n%s", p->comm, p->pid, score, said);
	assert_true(killed(p) && is_victim(p));
}

#endif
