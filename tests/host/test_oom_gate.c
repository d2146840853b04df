/* SPDX-License-Identifier: MIT */
/* Whether anybody dies, and by what measure: zonelist lock (spec 9.1), out_of_memory() (9.2), constraints (9.3) */
#include "tests/host/machine_fixture.h"
#include "tests/host/oom_fixture.h"

/* ---- The zonelist lock ---- */

static bool zone_locked(enum zone_type type)
{
	return test_bit(ZONE_OOM_LOCKED, &NODE_DATA(0)->node_zones[type].flags);
}

/* All zones up to the request's highest, or none. */
static void one_kill_at_a_time(void)
{
	struct zonelist *zl = node_zonelist(0, GFP_KERNEL);

	assert_true(try_set_zonelist_oom(zl, GFP_DMA));
	assert_true(zone_locked(ZONE_DMA) && !zone_locked(ZONE_NORMAL));
	assert_false(try_set_zonelist_oom(zl, GFP_KERNEL));
	assert_false(zone_locked(ZONE_NORMAL));
	clear_zonelist_oom(zl, GFP_DMA);
	assert_true(try_set_zonelist_oom(zl, GFP_KERNEL));
	assert_true(zone_locked(ZONE_DMA) && zone_locked(ZONE_NORMAL) && !zone_locked(ZONE_HIGHMEM));
	assert_false(try_set_zonelist_oom(zl, GFP_DMA));
	clear_zonelist_oom(zl, GFP_KERNEL);
	assert_false(zone_locked(ZONE_DMA) || zone_locked(ZONE_NORMAL));
}
MACHINE_TEST(one_kill_at_a_time, .ram_mib = 24, .dma_mib = 4, .lowmem_mib = 16)

/* A fault that found no memory has no zonelist to tell of; while another is at it, nobody dies. */
static void page_fault(void)
{
	struct zonelist *zl = node_zonelist(0, GFP_KERNEL);
	struct task_struct *a;

	opening();
	a = CAST_A;
	assert_true(try_set_zonelist_oom(zl, GFP_KERNEL));
	out_with(GFP_KERNEL, 0, 0, false, true);
	assert_string_equal(said, "");
	clear_zonelist_oom(zl, GFP_KERNEL);
	out_with(GFP_KERNEL, 0, 0, false, true);
	assert_true(says("test invoked oom-killer: gfp_mask=0x0, order=0, oom_score_adj=-1000\n"));
	assert_dies(a, 191);
	assert_false(zone_locked(ZONE_NORMAL));
	the_end();
}
MACHINE_TEST(page_fault, WORLD)

/* ---- Before anybody is chosen ---- */

static unsigned long notified, give;

static void notify(struct oom_notifier *n, unsigned long *freed)
{
	notified++;
	*freed += give;
}

static void notifiers_first(void)
{
	static struct oom_notifier one = { .notify = notify }, other = { .notify = notify };
	struct task_struct *a;

	opening();
	a = CAST_A;
	register_oom_notifier(&one);
	register_oom_notifier(&other);
	give = 1;
	sysctl_panic_on_oom = 2;
	out();
	assert_int_equal(notified, 2);
	assert_false(killed(a) || panicked);
	assert_string_equal(said, "");
	sysctl_panic_on_oom = 0;
	give = 0;
	out();
	assert_int_equal(notified, 4);
	assert_dies(a, 191);
	clear_tsk_thread_flag(a, TIF_MEMDIE);
	unregister_oom_notifier(&one);
	unregister_oom_notifier(&other);
	out();
	assert_int_equal(notified, 4);
	the_end();
}
MACHINE_TEST(notifiers_first, WORLD)

static void dying_current_gets_the_reserves(void)
{
	struct task_struct *a;

	opening();
	a = CAST_A;
	sysctl_panic_on_oom = 2;
	current->flags |= PF_EXITING;
	out();
	current->flags &= ~(unsigned int)PF_EXITING;
	assert_true(is_victim(current) && !panicked);
	exit_oom_victim();
	assert_false(is_victim(current));
	task_kill(current);
	out();
	assert_true(is_victim(current) && !killed(a));
	assert_string_equal(said, "");
	the_end();
}
MACHINE_TEST(dying_current_gets_the_reserves, WORLD)

static void the_one_that_asks(void)
{
	struct task_struct *a;

	opening();
	a = CAST_A;
	sysctl_oom_kill_allocating_task = 1;
	out(); /* it may not die: oom_score_adj -1000 */
	assert_dies(a, 191);
	clear_tsk_thread_flag(a, TIF_MEMDIE);
	current->signal->oom_score_adj = 0;
	out();
	assert_true(says("Out of memory (oom_kill_allocating_task): Kill process %d (test) score 0 or sacrifice ",
			 current->pid));
	assert_true(killed(current) && is_victim(current));
	the_end();
}
MACHINE_TEST(the_one_that_asks, WORLD)

/* ---- Constraints ---- */

#define NODE0 1UL
#define NODE1 2UL

/* A second node that is full: it has no free zone to look at, only a size. */
static void second_node(void)
{
	static struct pglist_data node = { .node_id = 1, .node_spanned_pages = 20000 };

	for (int i = 0; i < MAX_NR_ZONES; i++) {
		node.node_zones[i].zone_pgdat = &node;
		node.node_zones[i].node = 1;
		node.node_zones[i].index = i;
	}
	node_data[1] = &node;
	node_online_map = NODE0 | NODE1;
}

static unsigned long score_in(long pages, long adj, unsigned long spanned)
{
	unsigned long total = (unsigned long)SWAP_PAGES + spanned;

	return (unsigned long)(pages + adj * (long)(total / 1000)) * 1000 / total;
}

/* A policy of one node: its memory is the measure, and tasks that have none there are no candidates. */
static void policy(void)
{
	struct task_struct *a, *b, *c;

	opening();
	a = CAST_A, b = cast("b", 3000, 5, 0, 100), c = cast("c", 4000, 5, 0, 0);
	second_node();
	a->mems_allowed = c->mems_allowed = NODE0;
	b->mems_allowed = NODE0 | NODE1;
	out_with(GFP_KERNEL, 0, NODE1, false, false);
	assert_dies(b, score_in(3005, 100, 20000));
	assert_false(says("0 A\n"));
	assert_true(says(" b\n"));
	clear_tsk_thread_flag(b, TIF_MEMDIE);
	/* All nodes: no constraint. */
	out_with(GFP_KERNEL, 0, NODE0 | NODE1, false, false);
	assert_dies(a, 191);
	clear_tsk_thread_flag(a, TIF_MEMDIE);
	out_with(GFP_KERNEL | __GFP_THISNODE, 0, NODE1, false, false);
	assert_dies(a, 191);
	the_end();
}
MACHINE_TEST(policy, WORLD)

static bool cpuset_full;

bool __cpuset_node_allowed(int nid, gfp_t gfp)
{
	return !cpuset_full || (current->mems_allowed >> nid & 1);
}

static void cpuset(void)
{
	struct task_struct *a, *b;

	opening();
	a = CAST_A, b = cast("b", 3000, 5, 0, 100);
	second_node();
	a->mems_allowed = NODE0;
	b->mems_allowed = NODE1;
	current->mems_allowed = NODE1;
	number_of_cpusets = 2;
	cpuset_full = true;
	out();
	assert_true(says("test cpuset=/ mems_allowed=1\n"));
	assert_dies(b, score_in(3005, 100, 20000));
	assert_false(killed(a));
	cpuset_full = false;
	clear_tsk_thread_flag(b, TIF_MEMDIE);
	a->mems_allowed = b->mems_allowed = 0;
	out();
	assert_dies(a, 191);
	the_end();
}
MACHINE_TEST(cpuset, WORLD)

/* ---- panic_on_oom ---- */

static void panic_unless_constrained(void)
{
	struct task_struct *a;

	opening();
	a = CAST_A;
	second_node();
	sysctl_panic_on_oom = 1;
	out_with(GFP_KERNEL, 0, NODE0, false, false);
	assert_true(!panicked && killed(a));
	clear_tsk_thread_flag(a, TIF_MEMDIE);
	out();
	assert_true(panicked);
	assert_true(says("invoked oom-killer") && says("Out of memory: system-wide panic_on_oom is enabled"));
	sysctl_panic_on_oom = 2;
	out_with(GFP_KERNEL, 0, NODE0, false, false);
	assert_true(panicked);
	assert_true(says("Out of memory: compulsory panic_on_oom is enabled"));
	the_end();
}
MACHINE_TEST(panic_unless_constrained, WORLD)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(one_kill_at_a_time),
		machine_unit_test(page_fault),
		machine_unit_test(notifiers_first),
		machine_unit_test(dying_current_gets_the_reserves),
		machine_unit_test(the_one_that_asks),
		machine_unit_test(policy),
		machine_unit_test(cpuset),
		machine_unit_test(panic_unless_constrained),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
