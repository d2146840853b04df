/* SPDX-License-Identifier: MIT */
/*
 * Spec 5.4, sentence by sentence: the machine's own kswapd between two requests. Its zones are full or not as their
 * high mark says, and give pages without having any. A test's name is its rule.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/reclaim_world.h"

#define MACHINE .ram_mib = 24, .lowmem_mib = 24, .dma_mib = 4
#define RULE(name) MACHINE_TEST(kswapd_5_4_##name, MACHINE)

#define NAP 10 /* HZ / 10 */

static struct pglist_data *node;
static struct zone *normal;
static unsigned long full_mark, runs, low_quickly, high_quickly;
static unsigned int order_seen; /* of the last run */
static void (*meanwhile)(void); /* what happens while it works, once */

static void not_full(void)
{
	normal->watermark[WMARK_HIGH] = 1UL << 20;
}

/* Enough for single pages, and not for a block of 8. */
static void nearly_full(void)
{
	normal->watermark[WMARK_HIGH] = zone_page_state_snapshot(normal, NR_FREE_PAGES) - 4;
}

static void full(void)
{
	normal->watermark[WMARK_HIGH] = full_mark;
}

static void fill(struct zone *zone, struct scan_control *sc)
{
	void (*then)(void) = meanwhile;

	(void)zone;
	order_seen = sc->order;
	meanwhile = NULL;
	full();
	if (then)
		then();
}

/* kswapd has slept for long, and whatever zone it shrinks gives 32 pages and is full. */
static void start(void)
{
	struct zone *zone;

	node = NODE_DATA(0);
	normal = &node->node_zones[ZONE_NORMAL];
	full_mark = high_wmark_pages(normal);
	for_each_populated_zone(zone)
		zone->lruvec.policy = &world_policy;
	zone_page_state_add(1000, normal, NR_INACTIVE_FILE); /* or it would be hopeless */
	normal->percpu_drift_mark = 1; /* where it is 0 thresholds never change */
	set_pgdat_percpu_threshold(node, calculate_normal_threshold);
	forget_log();
	host_sleep(10 * NAP);
	script.freed = 32;
	script.then = fill;
	runs = event(PAGEOUTRUN);
	low_quickly = event(KSWAPD_LOW_WMARK_HIT_QUICKLY);
	high_quickly = event(KSWAPD_HIGH_WMARK_HIT_QUICKLY);
}

static void wake(unsigned int order, enum zone_type classzone)
{
	not_full();
	wakeup_kswapd(normal, order, classzone);
}

/* => since start(): runs, and naps that ended too early, woken or not */
static void assert_counts(unsigned long nr_runs, unsigned long nr_low, unsigned long nr_high)
{
	assert_int_equal(event(PAGEOUTRUN), runs + nr_runs);
	assert_int_equal(event(KSWAPD_LOW_WMARK_HIT_QUICKLY), low_quickly + nr_low);
	assert_int_equal(event(KSWAPD_HIGH_WMARK_HIT_QUICKLY), high_quickly + nr_high);
}

static bool asleep(void)
{
	return waitqueue_active(&node->kswapd_wait);
}

static bool thresholds_are(int (*calculate)(const struct zone *zone))
{
	return normal->pageset[0].stat_threshold == calculate(normal);
}

/* Fast asleep: counters may drift as far as they like, which they may not from its waking to the end of its nap. */
static void kswapd_5_4_b_nap_and_sleep(void)
{
	start();
	assert_true(calculate_normal_threshold(normal) != calculate_pressure_threshold(normal));
	assert_true(asleep() && thresholds_are(calculate_normal_threshold));
	wake(0, ZONE_NORMAL);
	assert_false(asleep());
	host_sleep(1);
	assert_counts(1, 0, 0);
	assert_true(asleep() && thresholds_are(calculate_pressure_threshold));
	host_sleep(NAP - 3);
	assert_true(asleep() && thresholds_are(calculate_pressure_threshold));
	host_sleep(5);
	assert_true(asleep() && thresholds_are(calculate_normal_threshold));
	host_sleep(10 * NAP);
	assert_counts(1, 0, 0);
}
RULE(b_nap_and_sleep)

static void kswapd_5_4_c_woken_in_its_nap(void)
{
	start();
	wake(0, ZONE_NORMAL);
	host_sleep(NAP / 2);
	wake(0, ZONE_NORMAL);
	host_sleep(1);
	assert_counts(2, 1, 0);
	host_sleep(10 * NAP);
	assert_counts(2, 1, 0);
	assert_true(thresholds_are(calculate_normal_threshold));
}
RULE(c_woken_in_its_nap)

/* ... and there is enough again when it gets to look: somebody met the low mark all the same. */
static void kswapd_5_4_c_woken_for_nothing(void)
{
	start();
	wake(0, ZONE_NORMAL);
	host_sleep(NAP / 2);
	wake(0, ZONE_NORMAL);
	full();
	forget_log();
	host_sleep(1);
	assert_counts(2, 1, 0);
	assert_string_equal(shrunk, "");
}
RULE(c_woken_for_nothing)

static void kswapd_5_4_c_used_up_in_its_nap(void)
{
	start();
	wake(0, ZONE_NORMAL);
	host_sleep(NAP / 2);
	not_full(); /* and nobody wakes it */
	host_sleep(1);
	assert_counts(1, 0, 0);
	host_sleep(NAP);
	assert_counts(2, 0, 1);
	host_sleep(10 * NAP);
	assert_counts(2, 0, 1);
}
RULE(c_used_up_in_its_nap)

/* The first run frees 32 pages, once it is at priority 1, and they are not enough. */
static void fill_in_run_2(struct zone *zone, struct scan_control *sc)
{
	static bool given;

	if (event(PAGEOUTRUN) >= runs + 2)
		fill(zone, sc);
	else if (given || sc->priority > 1)
		sc->nr_reclaimed = 0;
	else
		given = true;
}

/* Not balanced after the last round at priority 1: no nap, another run at once. */
static void kswapd_5_4_a_no_nap(void)
{
	start();
	script.then = fill_in_run_2;
	wake(0, ZONE_NORMAL);
	host_sleep(1);
	assert_counts(2, 0, 1);
	assert_true(strstr(shrunk, "1:1 12:") != NULL);
}
RULE(a_no_nap)

static int max_order_seen, classzone_seen;

static void look_at_notes(void)
{
	max_order_seen = node->kswapd_max_order;
	classzone_seen = (int)node->classzone_idx;
}

static void kswapd_5_4_wake_takes_the_notes(void)
{
	start();
	max_order_seen = classzone_seen = -1;
	meanwhile = look_at_notes;
	wake(2, ZONE_DMA);
	assert_int_equal(node->kswapd_max_order, 2);
	assert_int_equal(node->classzone_idx, ZONE_DMA);
	host_sleep(1);
	assert_int_equal(order_seen, 2);
	assert_int_equal(max_order_seen, 0);
	assert_int_equal(classzone_seen, ZONE_NORMAL); /* the highest there is */
}
RULE(wake_takes_the_notes)

static void larger_order(void)
{
	wake(3, ZONE_NORMAL);
	full();
}

static void same_order(void)
{
	wake(0, ZONE_NORMAL);
	full();
}

/* A larger order that comes while it works is served without a nap, the same order is not. */
static void kswapd_5_4_larger_order(void)
{
	start();
	meanwhile = same_order;
	wake(0, ZONE_NORMAL);
	host_sleep(1);
	assert_counts(1, 0, 0);
	host_sleep(10 * NAP);
	start();
	meanwhile = larger_order;
	wake(0, ZONE_NORMAL);
	host_sleep(1);
	assert_counts(2, 0, 0);
	assert_int_equal(node->kswapd_max_order, 0);
}
RULE(larger_order)

/* Single pages are there, the block is not: it sleeps on that, and the note waits for the next to wake it. */
static void kswapd_5_4_sleeps_on_what_was_achieved(void)
{
	start();
	meanwhile = nearly_full;
	wake(3, ZONE_NORMAL);
	host_sleep(1);
	assert_int_equal(order_seen, 3);
	assert_true(pgdat_balanced(node, 0, ZONE_NORMAL) && !pgdat_balanced(node, 3, ZONE_NORMAL));
	host_sleep(3 * NAP);
	assert_counts(1, 0, 0);
	assert_true(asleep() && thresholds_are(calculate_normal_threshold));
	full();
}
RULE(sleeps_on_what_was_achieved)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(kswapd_5_4_b_nap_and_sleep),
		machine_unit_test(kswapd_5_4_c_woken_in_its_nap),
		machine_unit_test(kswapd_5_4_c_woken_for_nothing),
		machine_unit_test(kswapd_5_4_c_used_up_in_its_nap),
		machine_unit_test(kswapd_5_4_a_no_nap),
		machine_unit_test(kswapd_5_4_wake_takes_the_notes),
		machine_unit_test(kswapd_5_4_larger_order),
		machine_unit_test(kswapd_5_4_sleeps_on_what_was_achieved),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
