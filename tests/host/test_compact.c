/* SPDX-License-Identifier: MIT */
/* The arithmetic around compaction: indices of fragmentation (spec 8.3) and deferral (spec 8.6). */
#include "tests/host/machine_fixture.h"

#include "mm/compact.h"

#define MACHINE .ram_mib = 16

static struct zone *zone_with(unsigned int order, unsigned long blocks)
{
	static struct zone zone;

	memset(&zone, 0, sizeof(zone));
	zone.free_area[order].nr_free = blocks;
	return &zone;
}

/* The examples of spec 8.3. */
static void fragmentation_of_the_spec(void)
{
	struct zone *zone;

	assert_int_equal(fragmentation_index(zone_with(0, 1000), 9), 998);
	assert_int_equal(fragmentation_index(zone_with(8, 4), 9), 250);
	assert_int_equal(fragmentation_index(zone_with(4, 3), 9), 636);
	assert_int_equal(fragmentation_index(zone_with(8, 1), 9), -500);
	assert_int_equal(fragmentation_index(zone_with(0, 0), 9), 0);
	assert_int_equal(fragmentation_index(zone_with(9, 1), 9), -1000);
	assert_int_equal(fragmentation_index(zone_with(10, 1), 9), -1000);
	zone = zone_with(0, 1000);
	zone->free_area[10].nr_free = 1;
	assert_int_equal(fragmentation_index(zone, 9), -1000);
	assert_int_equal(fragmentation_index(zone, 0), -1000);
}
MACHINE_TEST(fragmentation_of_the_spec, MACHINE)

static void unusable_share(void)
{
	struct zone *zone = zone_with(0, 512);

	assert_int_equal(unusable_free_index(zone, 1), 1000);
	assert_int_equal(unusable_free_index(zone, 0), 0);
	zone->free_area[9].nr_free = 1;
	assert_int_equal(unusable_free_index(zone, 9), 500);
	assert_int_equal(unusable_free_index(zone, 10), 1000);
	zone->free_area[10].nr_free = 1;
	assert_int_equal(unusable_free_index(zone, 9), 250); /* the large one counts twice */
	assert_int_equal(unusable_free_index(zone_with(0, 0), 3), 1000);
}
MACHINE_TEST(unusable_share, MACHINE)

/* => how many requests of the order are put off before one runs */
static int put_off(struct zone *zone, unsigned int order)
{
	int n = 0;

	while (compaction_deferred(zone, order))
		n++;
	return n;
}

/* After k failures in a row 2^k - 1 requests are skipped and the next runs. */
static void failures_in_a_row(void)
{
	static const int skipped[] = { 1, 3, 7, 15, 31, 63, 63, 63 };
	struct zone *zone = zone_with(0, 0);

	assert_int_equal(put_off(zone, 9), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(skipped); i++) {
		defer_compaction(zone, 9);
		assert_int_equal(put_off(zone, 9), skipped[i]);
	}
}
MACHINE_TEST(failures_in_a_row, MACHINE)

static void orders_below_the_failed(void)
{
	struct zone *zone = zone_with(0, 0);

	compaction_defer_reset(zone, 9, true);
	assert_int_equal(zone->compact_order_failed, 10);
	defer_compaction(zone, 5);
	assert_int_equal(zone->compact_order_failed, 5);
	assert_int_equal(put_off(zone, 4), 0);
	assert_int_equal(put_off(zone, 5), 1);
	defer_compaction(zone, 7); /* the least that failed counts */
	assert_int_equal(zone->compact_order_failed, 5);
	/* the zone has enough again, but nobody got it yet: orders up to that one are not put off */
	compaction_defer_reset(zone, 6, false);
	assert_int_equal(put_off(zone, 6), 0);
	assert_int_equal(put_off(zone, 7), 3);
	/* it was got: all is forgotten */
	compaction_defer_reset(zone, 6, true);
	assert_int_equal(zone->compact_defer_shift, 0);
	assert_int_equal(put_off(zone, 7), 0);
}
MACHINE_TEST(orders_below_the_failed, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(fragmentation_of_the_spec),
		machine_unit_test(unusable_share),
		machine_unit_test(failures_in_a_row),
		machine_unit_test(orders_below_the_failed),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
