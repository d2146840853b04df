/* SPDX-License-Identifier: MIT */
/* Who needs memory waits: for a full disk, for what is being written, for reserves that swap-out needs (spec 6.6). */
#include "tests/host/machine_fixture.h"
#include "tests/host/files.h"

#include "kernel/core/block.h"
#include "mm/mm_trace.h"
#include "mm/reclaim.h"
#include "mm/vmscan.h"

#define MACHINE .ram_mib = 48, .lowmem_mib = 32
#define SIZE	(2000 * (loff_t)PAGE_SIZE)

static u64 buf[WORDS];

static void dirty_pages(struct test_file *f, unsigned long nr)
{
	vm_dirty_ratio = 100;
	dirty_background_ratio = 90;
	for (unsigned long i = 0; i < nr; i++)
		assert_int_equal(file_put(f, buf, PAGE_SIZE, (loff_t)i << PAGE_SHIFT), PAGE_SIZE);
}

static unsigned long ticks_of(void (*fn)(void))
{
	unsigned long start = jiffies;

	fn();
	return jiffies - start;
}

static void limit_of_a_zone(void)
{
	struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_HIGHMEM];
	unsigned long memory = zone_page_state(zone, NR_FREE_PAGES);

	assert_true(zone_dirty_ok(zone));
	zone_page_state_add((long)memory / 5, zone, NR_FILE_DIRTY);
	assert_true(zone_dirty_ok(zone));
	zone_page_state_add(2, zone, NR_WRITEBACK);
	assert_false(zone_dirty_ok(zone));
	vm_dirty_ratio = 100;
	assert_true(zone_dirty_ok(zone));
	vm_dirty_bytes = 16 * PAGE_SIZE;
	assert_false(zone_dirty_ok(zone));
	zone_page_state_add(-((long)memory / 5), zone, NR_FILE_DIRTY);
	zone_page_state_add(-2, zone, NR_WRITEBACK);
	assert_true(zone_dirty_ok(zone));
}
MACHINE_TEST(limit_of_a_zone, MACHINE)

static void wait_two_ticks(void)
{
	wait_iff_congested(&NODE_DATA(0)->node_zones[ZONE_NORMAL], true, HZ / 50);
}

static void waits_for_congestion_only(void)
{
	struct test_file *f = disk_file("vda", SIZE);
	struct zone *zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	bool told = false;
	char line[200];
	u64 seq = 0;

	assert_int_equal(ticks_of(wait_two_ticks), 0);
	set_bit(ZONE_CONGESTED, &zone->flags);
	assert_int_equal(ticks_of(wait_two_ticks), 0); /* no queue is full */
	f->disk->stopped = true;
	f->disk->bdev.queue->max_vecs = 1; /* a request for each page */
	dirty_pages(f, 120);
	assert_int_equal(filemap_fdatawrite(mapping_of(f)), 0);
	assert_true(bdev_congested(&f->disk->bdev, true));
	assert_int_equal(ticks_of(wait_two_ticks), 2);
	clear_bit(ZONE_CONGESTED, &zone->flags);
	assert_int_equal(ticks_of(wait_two_ticks), 0);
	while (mm_trace_read(&seq, line, sizeof(line)))
		told = told || strstr(line, "congested_wait zone=");
	assert_true(told);
	f->disk->stopped = false;
}
MACHINE_TEST(waits_for_congestion_only, MACHINE)

static void throttle_kernel(void)
{
	throttle_vm_writeout(GFP_KERNEL);
}

static void throttle_noio(void)
{
	throttle_vm_writeout(GFP_NOIO);
}

static void too_much_under_way(void)
{
	struct test_file *f = disk_file("vda", SIZE);

	dirty_pages(f, 100);
	assert_int_equal(ticks_of(throttle_kernel), 0);
	f->disk->latency_ns = 500000000; /* half a second */
	assert_int_equal(filemap_fdatawrite(mapping_of(f)), 0);
	vm_dirty_bytes = 110 * PAGE_SIZE;
	assert_int_equal(ticks_of(throttle_kernel), 0);
	vm_dirty_bytes = 50 * PAGE_SIZE;
	assert_int_equal(ticks_of(throttle_noio), HZ / 10); /* one step: it may hold what they wait for */
	assert_in_range(ticks_of(throttle_kernel), 20, 60);
	assert_int_equal(exact_state(NR_WRITEBACK), 0);
}
MACHINE_TEST(too_much_under_way, MACHINE)

/* ---- The reserves ---- */

static struct zone *lowmem_zone(int i)
{
	return &NODE_DATA(0)->node_zones[i];
}

static bool throttle_with(gfp_t gfp)
{
	return throttle_direct_reclaim(gfp, node_zonelist(0, gfp), 0);
}

/* Half of the reserves gone is a reason to wait for kswapd, unless it has nothing that it could take. */
static void half_of_the_reserves(void)
{
	struct task_struct *kswapd = NODE_DATA(0)->kswapd;

	assert_false(throttle_with(GFP_KERNEL));
	NODE_DATA(0)->kswapd = NULL; /* stays asleep */
	for (int i = 0; i < 2; i++) {
		lowmem_zone(i)->watermark[WMARK_MIN] = 1UL << 20;
		lowmem_zone(i)->pages_scanned = 0;
		zone_page_state_add(100, lowmem_zone(i), NR_INACTIVE_FILE);
	}
	assert_false(pfmemalloc_watermark_ok(NODE_DATA(0)));
	assert_false(throttle_with(GFP_KERNEL)); /* there is nobody to wait for */
	for (int i = 0; i < 2; i++)
		lowmem_zone(i)->pages_scanned = 1UL << 30;
	assert_true(pfmemalloc_watermark_ok(NODE_DATA(0)));
	for (int i = 0; i < 2; i++) {
		lowmem_zone(i)->watermark[WMARK_MIN] = 10;
		lowmem_zone(i)->pages_scanned = 0;
		zone_page_state_add(-100, lowmem_zone(i), NR_INACTIVE_FILE);
	}
	assert_true(pfmemalloc_watermark_ok(NODE_DATA(0)));
	NODE_DATA(0)->kswapd = kswapd;
}
MACHINE_TEST(half_of_the_reserves, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(limit_of_a_zone),
		machine_unit_test(waits_for_congestion_only),
		machine_unit_test(too_much_under_way),
		machine_unit_test(half_of_the_reserves),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
