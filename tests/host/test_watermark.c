/* SPDX-License-Identifier: MIT */
/* flavours: numa0 */
/* Watermarks, reserves and the check against the worked examples of spec 2.4, 2.5 and 2.7. */
#include "tests/host/fixture.h"

static struct pglist_data *pgdat;

/* A node whose zones have these managed pages and nothing else. */
static void make_zones(const unsigned long managed[3])
{
	static struct pglist_data storage;
	unsigned long pfn = 0;

	pgdat = node_data[0] = &storage;
	node_online_map = 1;
	cpu_online_mask = 1;
	memset(pgdat, 0, sizeof(*pgdat));
	for (int idx = 0; idx < MAX_NR_ZONES; idx++) {
		struct zone *zone = &pgdat->node_zones[idx];

		zone_init_empty(zone, pgdat, (enum zone_type)idx);
		if (idx == ZONE_MOVABLE)
			continue;
		zone->zone_start_pfn = pfn;
		zone->spanned_pages = zone->present_pages = zone->managed_pages = managed[idx];
		pfn += managed[idx];
	}
	init_per_zone_wmark_min();
	for (int idx = 0; idx < 3; idx++)
		pageset_set_high_and_batch(&pgdat->node_zones[idx]);
}

static void set_free(struct zone *zone, long free)
{
	atomic_long_set(&zone->vm_stat[NR_FREE_PAGES], free);
}

/* The least free count that passes, minus one. */
static long floor_of(struct zone *zone, unsigned long mark, int class, int flags)
{
	long free = 0;

	do
		set_free(zone, ++free);
	while (!zone_watermark_ok(zone, 0, mark, class, flags));
	return free - 1;
}

struct expected_zone {
	char name[16];
	unsigned long managed, min, low, high, reserve[2];
	long floors[3];
	int batch, pcp_high;
};

static void check_zone(const char *machine, const struct expected_zone *e)
{
	struct zone *zone = &pgdat->node_zones[zone_by_name(e->name)];

	print_message("machine %s zone %s\n", machine, e->name);
	assert_int_equal(zone->watermark[WMARK_MIN], e->min);
	assert_int_equal(zone->watermark[WMARK_LOW], e->low);
	assert_int_equal(zone->watermark[WMARK_HIGH], e->high);
	assert_int_equal(zone->lowmem_reserve[ZONE_NORMAL], e->reserve[0]);
	assert_int_equal(zone->lowmem_reserve[ZONE_HIGHMEM], e->reserve[1]);
	assert_int_equal(zone->lowmem_reserve[ZONE_MOVABLE], e->reserve[1]);
	assert_int_equal(floor_of(zone, e->min, ZONE_DMA, 0), e->min + zone->lowmem_reserve[ZONE_DMA]);
	assert_int_equal(floor_of(zone, e->min, ZONE_DMA, ALLOC_HARDER), e->floors[0]);
	assert_int_equal(floor_of(zone, e->min, ZONE_DMA, ALLOC_HIGH), e->floors[1]);
	assert_int_equal(floor_of(zone, e->min, ZONE_DMA, ALLOC_HIGH | ALLOC_HARDER), e->floors[2]);
	assert_int_equal(zone->pageset[0].pcp.batch, e->batch);
	assert_int_equal(zone->pageset[0].pcp.high, e->pcp_high);
}

static void check_machine(const char *name, int min_free, long totalreserve,
			  const struct expected_zone *zones, int nr)
{
	unsigned long managed[3] = { 0 };

	for (int i = 0; i < nr; i++)
		managed[zone_by_name(zones[i].name)] = zones[i].managed;
	make_zones(managed);
	assert_int_equal(min_free_kbytes, min_free);
	if (totalreserve >= 0)
		assert_int_equal(totalreserve_pages, totalreserve);
	for (int i = 0; i < nr; i++)
		check_zone(name, &zones[i]);
}

static void test_worked_examples(void **state)
{
	FILE *f = open_data("tests/data/spec/watermarks.txt");
	struct expected_zone zones[3];
	char line[256], name[16] = "";
	int min_free = 0, nr = 0, machines = 0;
	long totalreserve = 0;

	while (next_line(f, line, sizeof(line))) {
		struct expected_zone *e = &zones[nr];

		if (!strncmp(line, "machine", 7)) {
			if (nr)
				check_machine(name, min_free, totalreserve, zones, nr);
			assert_int_equal(sscanf(line, "machine %15s %d %ld", name, &min_free,
						&totalreserve), 3);
			nr = 0;
			machines++;
			continue;
		}
		assert_int_equal(sscanf(line, "zone %15s %lu %lu %lu %lu %lu %lu %ld %ld %ld %d %d", e->name,
					&e->managed, &e->min, &e->low, &e->high, &e->reserve[0],
					&e->reserve[1], &e->floors[0], &e->floors[1], &e->floors[2],
					&e->batch, &e->pcp_high), 12);
		nr++;
	}
	check_machine(name, min_free, totalreserve, zones, nr);
	assert_int_equal(machines, 4);
}

static void test_min_free_kbytes(void **state)
{
	FILE *f = open_data("tests/data/spec/min_free.txt");
	unsigned long mib;
	char line[256];
	int kbytes;

	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%lu %d", &mib, &kbytes), 2);
		assert_int_equal(calculate_min_free_kbytes(mib << 10), kbytes);
	}
	assert_int_equal(calculate_min_free_kbytes(1), 128);
	assert_int_equal(calculate_min_free_kbytes(1UL << 40), 65536);
}

static const unsigned long machine_c[3] = { 4096, 225280, 294912 };

static void test_thresholds_of_machine_c(void **state)
{
	FILE *f = open_data("tests/data/spec/thresholds.txt");
	char line[256], gfp[32], zone_name[16], class[16];
	unsigned int flags;
	int mark;
	long pages;

	make_zones(machine_c);
	while (next_line(f, line, sizeof(line))) {
		struct zone *zone;

		assert_int_equal(sscanf(line, "%31s %i %d %15s %15s %ld", gfp, (int *)&flags, &mark,
					zone_name, class, &pages), 6);
		zone = &pgdat->node_zones[zone_by_name(zone_name)];
		assert_int_equal(floor_of(zone, zone->watermark[mark], zone_by_name(class), (int)flags),
				 pages);
	}
}

/* Enough pages, but in blocks too small. */
static void test_order_check(void **state)
{
	FILE *f = open_data("tests/data/spec/order_check.txt");
	struct zone *zone;
	int order, flags, expected;
	char line[256];

	make_zones(machine_c);
	zone = &pgdat->node_zones[ZONE_NORMAL];
	zone->free_area[0].nr_free = 200;
	zone->free_area[1].nr_free = 50;
	zone->free_area[2].nr_free = 10;
	set_free(zone, 340);
	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%d %i %d", &order, &flags, &expected), 3);
		assert_int_equal(zone_watermark_ok(zone, (unsigned int)order, 192, ZONE_DMA, flags),
				 expected);
	}
}

static void test_stat_threshold(void **state)
{
	FILE *f = open_data("tests/data/spec/drift.txt");
	unsigned long managed;
	char line[256];
	int cpus, expected;

	make_zones(machine_c);
	while (next_line(f, line, sizeof(line))) {
		struct zone *zone = &pgdat->node_zones[ZONE_NORMAL];

		assert_int_equal(sscanf(line, "%d %lu %d", &cpus, &managed, &expected), 3);
		cpu_online_mask = cpus == 64 ? ~0UL : (1UL << cpus) - 1;
		zone->managed_pages = managed;
		assert_int_equal(calculate_normal_threshold(zone), expected);
	}
	cpu_online_mask = 1;
}

/* Below the drift mark kswapd's check adds the differentials, the allocator's does not. */
static void test_drift(void **state)
{
	static const unsigned long managed[3] = { 4096, 28672, 0 };
	struct zone *zone;

	make_zones(managed);
	cpu_online_mask = 0xffff;
	refresh_zone_stat_thresholds();
	zone = &pgdat->node_zones[ZONE_NORMAL];
	assert_int_equal(zone->pageset[0].stat_threshold, 2 * 5 * 1);
	assert_true(zone->percpu_drift_mark == high_wmark_pages(zone) + 16 * 10);
	set_free(zone, (long)high_wmark_pages(zone) + 5);
	for (int cpu = 0; cpu < 16; cpu++)
		zone->pageset[cpu].vm_stat_diff[NR_FREE_PAGES] = -8;
	assert_true(zone_watermark_ok(zone, 0, high_wmark_pages(zone), ZONE_DMA, 0));
	assert_false(zone_watermark_ok_safe(zone, 0, high_wmark_pages(zone), ZONE_DMA, 0));
	cpu_online_mask = 1;
}

/* A larger value set by hand is kept; writing it recomputes everything. */
/* Spec 6.3: how many active anonymous pages to an inactive one, by the size of the zone. */
static void test_inactive_ratio(void **state)
{
	static const unsigned long gib = 1UL << 18;
	static const struct { unsigned long managed; unsigned int ratio; } expected[] = {
		{ 1000, 1 }, { gib - 1, 1 }, { gib, 3 }, { 2 * gib - 1, 3 }, { 2 * gib, 4 }, { 10 * gib, 10 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		unsigned long managed[3] = { 4096, 4096, expected[i].managed };

		make_zones(managed);
		assert_int_equal(pgdat->node_zones[ZONE_HIGHMEM].inactive_ratio, expected[i].ratio);
		assert_int_equal(pgdat->node_zones[ZONE_NORMAL].inactive_ratio, 1);
	}
}

static void test_sysctl(void **state)
{
	static const int ratio[3] = { 256, 0, 64 };

	make_zones(machine_c);
	assert_int_equal(min_free_kbytes_set(-1), -EINVAL);
	assert_int_equal(min_free_kbytes_set(8192), 0);
	assert_int_equal(pgdat->node_zones[ZONE_NORMAL].watermark[WMARK_MIN],
			 2048UL * 225280 / (4096 + 225280));
	init_per_zone_wmark_min();
	assert_int_equal(min_free_kbytes, 8192);
	lowmem_reserve_ratio_set(ratio);
	assert_int_equal(sysctl_lowmem_reserve_ratio[1], 1);
	assert_int_equal(pgdat->node_zones[ZONE_NORMAL].lowmem_reserve[ZONE_HIGHMEM], 294912);
}

static int start_cpus(void **state)
{
	int error = host_cpus_start(1);
	unsigned long flags;

	local_irq_save(flags); /* takes a CPU */
	local_irq_restore(flags);
	return error;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_examples),
		cmocka_unit_test(test_min_free_kbytes),
		cmocka_unit_test(test_thresholds_of_machine_c),
		cmocka_unit_test(test_order_check),
		cmocka_unit_test(test_stat_threshold),
		cmocka_unit_test(test_drift),
		cmocka_unit_test(test_inactive_ratio),
		cmocka_unit_test(test_sysctl),
	};

	return cmocka_run_group_tests(tests, start_cpus, NULL);
}
