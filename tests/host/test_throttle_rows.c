/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.6, sentence by sentence: what a batch of 32 says about its zone, who waits for what, when a queue is full. A
 * test's name is the sentence. More of waiting: test_throttle.c.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/file_fixture.h"
#include "tests/host/reclaim_world.h"

#define MACHINE .ram_mib = 24, .dma_mib = 1
#define RULE(name) MACHINE_TEST(throttle_6_6_##name, MACHINE)

#define N 32UL /* pages of a batch */

static struct disk_file *file;
static struct zone *zone;

static void plan_a_batch(struct zone *z, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS])
{
	(void)sc;
	nr[zone_lru_size(z, LRU_INACTIVE_FILE) ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON] = N;
}

static enum page_reference judge_kept(struct page *page)
{
	return PageDirty(page) || PageWriteback(page) ? REF_RECLAIM : REF_KEEP;
}

static struct reclaim_policy batch = {
	.name = "batch", .place = world_place, .plan = plan_a_batch, .judge = judge_kept,
};

static struct page *nth(unsigned long index)
{
	struct page *page = find_get_page(&file->inode.i_data, index);

	assert_non_null(page);
	put_page(page);
	return page;
}

static bool flag(enum zone_flags f)
{
	return test_bit((long)f, &zone->flags);
}

/* N clean file pages, no more and no less; whatever is done to them, they stay. */
static void start(void)
{
	dirty_writeback_interval = 0;
	zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	file = disk_file_create("f", N);
	get_pages(file, 0, N);
	lru_add_drain();
	refresh_cpu_vm_stats(0);
	assert_int_equal(zone_lru_size(zone, LRU_INACTIVE_FILE), N);
}

static void make_dirty(unsigned long from, unsigned long to)
{
	for (unsigned long i = from; i < to; i++) {
		lock_page(nth(i));
		set_page_dirty(nth(i));
		unlock_page(nth(i));
	}
}

/* As if their writes were under way. */
static void make_written(unsigned long from, unsigned long to, bool reclaim)
{
	for (unsigned long i = from; i < to; i++) {
		SetPageWriteback(nth(i));
		if (reclaim)
			SetPageReclaim(nth(i));
	}
}

/* The batch goes through reclaim by current, or as if by kswapd. => ticks */
static unsigned long shrink(unsigned int flags)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .priority = 12, .nr_to_reclaim = N, .may_writepage = true,
				   .may_unmap = true, .may_swap = true };
	struct reclaim_state state = { 0 };
	unsigned long began = jiffies;

	zone->lruvec.policy = &batch;
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC | flags;
	shrink_zone(zone, &sc);
	current->flags &= ~(PF_MEMALLOC | flags);
	current->reclaim_state = NULL;
	assert_int_equal(sc.nr_reclaimed, 0);
	return jiffies - began;
}

static void throttle_6_6_all_writeback(void)
{
	start();
	shrink(0);
	assert_int_equal(zone->flags, 0);
	make_written(0, N - 1, false);
	shrink(0);
	assert_false(flag(ZONE_WRITEBACK));
	make_written(N - 1, N, false);
	shrink(0);
	assert_true(flag(ZONE_WRITEBACK));
	assert_false(flag(ZONE_TAIL_LRU_DIRTY));
}
RULE(all_writeback)

static void throttle_6_6_all_dirty(void)
{
	start();
	make_dirty(0, N - 1);
	shrink(0);
	assert_false(flag(ZONE_TAIL_LRU_DIRTY));
	make_dirty(N - 1, N);
	SetPageWriteback(nth(0)); /* queued already */
	shrink(0);
	assert_false(flag(ZONE_TAIL_LRU_DIRTY));
	ClearPageWriteback(nth(0));
	assert_int_equal(shrink(0), 0);
	assert_true(flag(ZONE_TAIL_LRU_DIRTY));
	assert_false(flag(ZONE_WRITEBACK) || flag(ZONE_CONGESTED));
}
RULE(all_dirty)

/* Not Linux's: the flushers are told, and get a moment before kswapd writes too. */
static void throttle_6_6_kswapd_lets_flushers_begin(void)
{
	start();
	make_dirty(0, N);
	assert_int_equal(shrink(PF_KSWAPD), HZ / 50);
	assert_true(flag(ZONE_TAIL_LRU_DIRTY));
	host_sleep(10);
	assert_int_equal(state_of(NR_FILE_DIRTY), 0);
	assert_int_equal(file->writes, N);
	make_dirty(0, N);
	assert_int_equal(shrink(PF_KSWAPD), 0); /* the flag stands: it writes */
	host_sleep(10);
}
RULE(kswapd_lets_flushers_begin)

/* Dirty pages of a full disk: all of them, whatever clean ones lie between. */
static void throttle_6_6_congested(void)
{
	struct request_queue *queue;

	start();
	queue = file->disk->bdev.queue;
	queue->congested[1] = true;
	shrink(0);
	assert_false(flag(ZONE_CONGESTED)); /* nothing dirty */
	make_dirty(0, 3);
	shrink(0);
	assert_true(flag(ZONE_CONGESTED));
	clear_bit(ZONE_CONGESTED, &zone->flags);
	queue->congested[1] = false;
	shrink(0);
	assert_false(flag(ZONE_CONGESTED));
	make_written(0, 3, true); /* round again before they were written: as good as a full disk */
	shrink(0);
	assert_true(flag(ZONE_CONGESTED));
	clear_bit(ZONE_CONGESTED, &zone->flags);
	make_dirty(4, 5);
	shrink(0);
	assert_false(flag(ZONE_CONGESTED)); /* one of four is not */
}
RULE(congested)

static void throttle_6_6_immediate(void)
{
	start();
	make_written(0, N, false);
	assert_int_equal(shrink(PF_KSWAPD), 0); /* marks the pages and the zone */
	assert_true(flag(ZONE_WRITEBACK) && PageReclaim(nth(0)));
	assert_int_equal(shrink(PF_KSWAPD), HZ / 10);
	assert_int_equal(shrink(0), 0);
	clear_bit(ZONE_WRITEBACK, &zone->flags);
	assert_int_equal(shrink(PF_KSWAPD), 0);
}
RULE(immediate)

/* A full disk somewhere and the zone marked: direct reclaim waits, kswapd goes on. */
static void throttle_6_6_direct_waits(void)
{
	start();
	set_bit(ZONE_CONGESTED, &zone->flags);
	assert_int_equal(shrink(0), 0);
	atomic_inc(&nr_bdi_congested[1]);
	assert_int_equal(shrink(0), HZ / 10);
	assert_int_equal(shrink(PF_KSWAPD), 0);
	clear_bit(ZONE_CONGESTED, &zone->flags);
	assert_int_equal(shrink(0), 0);
	atomic_dec(&nr_bdi_congested[1]);
}
RULE(direct_waits)

/* Anonymous pages say nothing about disks and flushers. */
static void throttle_6_6_anon(void)
{
	unsigned long va = map_anon(N * PAGE_SIZE);

	zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	swap_on("swap0", 64)->bdev.queue->congested[1] = true;
	for (unsigned long i = 0; i < N; i++) {
		put(va + i * PAGE_SIZE, i);
		lru_add_drain();
		assert_int_equal(isolate_lru_page(page_at(va + i * PAGE_SIZE)), 0);
		ClearPageActive(page_at(va + i * PAGE_SIZE));
		putback_lru_page(page_at(va + i * PAGE_SIZE));
		SetPageDirty(page_at(va + i * PAGE_SIZE));
		SetPageWriteback(page_at(va + i * PAGE_SIZE));
		SetPageReclaim(page_at(va + i * PAGE_SIZE));
	}
	lru_add_drain();
	refresh_cpu_vm_stats(0);
	assert_int_equal(zone_lru_size(zone, LRU_INACTIVE_ANON), N);
	assert_int_equal(shrink(0), 0);
	assert_false(flag(ZONE_CONGESTED) || flag(ZONE_TAIL_LRU_DIRTY));
	for (unsigned long i = 0; i < N; i++)
		ClearPageWriteback(page_at(va + i * PAGE_SIZE));
}
RULE(anon)

/* ---- The reserves ---- */

/* Half of 17 + 939, HighMem left out. */
static void throttle_6_6_half_of_min(void)
{
	make_world();
	set_free(ZONE_HIGHMEM, 100000);
	set_free(ZONE_NORMAL, 470);
	set_free(ZONE_DMA, 8);
	assert_false(pfmemalloc_watermark_ok(&world));
	set_free(ZONE_DMA, 9);
	assert_true(pfmemalloc_watermark_ok(&world));
	set_free(ZONE_DMA, 0);
	world_zone(ZONE_DMA)->pages_scanned = 6000;
	assert_false(pfmemalloc_watermark_ok(&world));
	world_zone(ZONE_NORMAL)->pages_scanned = 6000; /* kswapd could free nothing: not to be waited for */
	assert_true(pfmemalloc_watermark_ok(&world));
}
RULE(half_of_min)

/* => ticks that current was kept; whether it is to give up */
static unsigned long throttled(gfp_t gfp, bool *die)
{
	unsigned long began = jiffies;

	*die = throttle_direct_reclaim(gfp, &world_zonelist, 0);
	return jiffies - began;
}

static void relieve(void *unused)
{
	(void)unused;
	host_sleep(3 * HZ);
	set_free(ZONE_NORMAL, 1000);
	wake_up_all(&world.pfmemalloc_wait);
}

static void throttle_6_6_who_waits(void)
{
	unsigned long waits = event(PGSCAN_DIRECT_THROTTLE);
	bool die;

	make_world();
	world.kswapd = current; /* some task */
	assert_int_equal(throttled(GFP_NOFS, &die), HZ);
	assert_false(die);
	assert_int_equal(event(PGSCAN_DIRECT_THROTTLE), waits + 1);
	current->flags |= PF_KTHREAD;
	assert_int_equal(throttled(GFP_KERNEL, &die), 0);
	current->flags &= ~(unsigned int)PF_KTHREAD;
	set_thread_flag(TIF_SIGPENDING);
	current->pending |= 1UL << 8;
	assert_int_equal(throttled(GFP_KERNEL, &die), 0);
	assert_false(die);
	current->pending &= ~(1UL << 8);
	clear_thread_flag(TIF_SIGPENDING);
	assert_int_equal(event(PGSCAN_DIRECT_THROTTLE), waits + 1);
	assert_non_null(host_spawn("relieve", NULL, relieve, NULL));
	assert_in_range(throttled(GFP_KERNEL, &die), 3 * HZ, 3 * HZ + 1);
	assert_false(die);
	assert_int_equal(event(PGSCAN_DIRECT_THROTTLE), waits + 2);
	assert_int_equal(throttled(GFP_KERNEL, &die), 0);
}
RULE(who_waits)

/* ---- Queues ---- */

/* A request of its own for the page, which is answered a millisecond after the one before. */
static void write_page(unsigned long i)
{
	file->disk->latency_ns = 1000000000 + i * 1000000;
	put_pages(file, i, 1, 1);
	assert_int_equal(filemap_fdatawrite(&file->inode.i_data), 0);
}

static void new_disk(void)
{
	dirty_writeback_interval = 0;
	vm_dirty_bytes = dirty_background_bytes = 1UL << 30;
	file = disk_file_create("f", 256);
}

/* Full at 113 of 128 requests, and again free when fewer than 103 are left; reads do not count. */
static void throttle_6_6_full_queue(void)
{
	struct block_device *bdev;

	new_disk();
	bdev = &file->disk->bdev;
	for (unsigned long i = 0; i < 112; i++)
		write_page(i);
	assert_int_equal(state_of(NR_WRITEBACK), 112);
	assert_false(bdev_congested(bdev, true));
	write_page(112);
	assert_true(bdev_congested(bdev, true));
	assert_false(bdev_congested(bdev, false));
	assert_int_equal(atomic_read(&nr_bdi_congested[1]), 1);
	while (state_of(NR_WRITEBACK) > 103)
		host_advance(100000);
	assert_true(bdev_congested(bdev, true));
	while (state_of(NR_WRITEBACK) > 102)
		host_advance(100000);
	assert_int_equal(state_of(NR_WRITEBACK), 102);
	assert_false(bdev_congested(bdev, true));
	assert_int_equal(atomic_read(&nr_bdi_congested[1]), 0);
	host_sleep(2 * HZ);
}
RULE(full_queue)

/* The whole time, unless a queue of that direction has room again. */
static void throttle_6_6_congestion_wait(void)
{
	unsigned long began = jiffies;

	new_disk();
	assert_int_equal(congestion_wait(true, 7), 0);
	assert_int_equal(jiffies - began, 7);
	for (unsigned long i = 0; i < 113; i++)
		write_page(i);
	assert_int_equal(congestion_wait(false, HZ), 0);
	assert_true(bdev_congested(&file->disk->bdev, true));
	assert_true(congestion_wait(true, 10 * HZ) > 9 * HZ);
	assert_false(bdev_congested(&file->disk->bdev, true));
	host_sleep(2 * HZ);
}
RULE(congestion_wait)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(throttle_6_6_all_writeback),
		machine_unit_test(throttle_6_6_all_dirty),
		machine_unit_test(throttle_6_6_kswapd_lets_flushers_begin),
		machine_unit_test(throttle_6_6_congested),
		machine_unit_test(throttle_6_6_immediate),
		machine_unit_test(throttle_6_6_direct_waits),
		machine_unit_test(throttle_6_6_anon),
		machine_unit_test(throttle_6_6_half_of_min),
		machine_unit_test(throttle_6_6_who_waits),
		machine_unit_test(throttle_6_6_full_queue),
		machine_unit_test(throttle_6_6_congestion_wait),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
