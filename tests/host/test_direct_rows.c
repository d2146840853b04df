/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.7 and 6.8, sentence by sentence: how much shrinkers are asked for, how long direct reclaim goes on, and what
 * it says in the end. A test's name is its section.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/file_fixture.h"
#include "tests/host/reclaim_world.h"

#include "kernel/core/sched.h"

#define MACHINE .ram_mib = 24, .lowmem_mib = 16
#define RULE(name) MACHINE_TEST(name, MACHINE)

/* ---- 6.7 ---- */

/* => what the shrinker was asked for; the rest is in nr_deferred */
static unsigned long ask(unsigned long scanned, unsigned long lru_pages)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };

	slab_asked = 0;
	shrink_slab(&sc, scanned, lru_pages);
	return slab_asked;
}

static long deferred(void)
{
	return atomic_long_read(&slab.nr_deferred);
}

static void defer(long objects)
{
	atomic_long_set(&slab.nr_deferred, objects);
}

/* The example: 127 of 10000, less than a batch, so they are left for the next time. */
static void slab_6_7_example(void)
{
	unsigned long scanned = event(SLABS_SCANNED);

	make_slab(10000, 0, 0);
	assert_int_equal(ask(320, 50000), 0);
	assert_int_equal(deferred(), 127);
	assert_int_equal(ask(320, 50000), 128);
	assert_int_equal(deferred(), 126);
	assert_int_equal(event(SLABS_SCANNED), scanned + 128);
	defer(0);
	slab.seeks = 1; /* cheap to make again: twice as many */
	assert_int_equal(ask(320, 50000), 128);
	assert_int_equal(deferred(), 127);
	defer(0);
	slab.seeks = 8;
	assert_int_equal(ask(0, 1600), 0); /* nothing scanned counts as 32: 16 * 10000 / 1601 */
	assert_int_equal(deferred(), 99);
}
RULE(slab_6_7_example)

static void slab_6_7_caps(void)
{
	make_slab(10000, 0, 0);
	defer(1000000); /* a small request pays for half of the objects at most */
	assert_int_equal(ask(320, 50000), 39 * 128);
	assert_int_equal(deferred(), 5000 - 39 * 128);
	defer(1000000); /* 2500 objects due: a large one, twice the objects at most */
	assert_int_equal(ask(50, 399), 156 * 128);
	assert_int_equal(deferred(), 20000 - 156 * 128);
	assert_int_equal(shrink_slab_total(1UL << 28, 1UL << 24, 0, 1, LONG_MAX), 1UL << 29);
	assert_int_equal(shrink_slab_total(1UL << 28, 0, 1UL << 24, 1, LONG_MAX), 1UL << 27);
}
RULE(slab_6_7_caps)

static void slab_6_7_batches(void)
{
	make_slab(10000, 1000, 0);
	defer(2999);
	assert_int_equal(ask(1, 1UL << 20), 2000);
	assert_int_equal(deferred(), 999);
	slab_objects = 100; /* fewer than a batch: still asked for when as many are due as there are */
	defer(0);
	assert_int_equal(ask(150, 299), 100);
	assert_int_equal(deferred(), 0);
	assert_int_equal(ask(149, 299), 0);
	assert_int_equal(deferred(), 99);
	slab_objects = 0;
	assert_int_equal(ask(1000, 10), 0);
	assert_int_equal(deferred(), 99);
}
RULE(slab_6_7_batches)

static unsigned long slab_stop(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	slab_asked += sc->nr_to_scan;
	return SHRINK_STOP;
}

static void slab_6_7_stop(void)
{
	make_slab(10000, 0, 0);
	slab.scan_objects = slab_stop;
	defer(1000);
	assert_int_equal(ask(320, 50000), 128); /* asked once, and all is left for the next time */
	assert_int_equal(deferred(), 1127);
}
RULE(slab_6_7_stop)

static unsigned long while_busy;
static struct shrinker another = { .count_objects = slab_count, .scan_objects = slab_scan };

static void register_another(void *unused)
{
	(void)unused;
	register_shrinker(&another);
}

static unsigned long slab_slow(struct shrinker *s, struct shrink_control *sc)
{
	struct shrink_control inner = { .gfp_mask = GFP_KERNEL };

	(void)s;
	assert_non_null(host_spawn("another", NULL, register_another, NULL));
	host_sleep(2); /* it waits for us now, and whoever comes finds the list busy */
	while_busy = shrink_slab(&inner, 100, 100);
	return sc->nr_to_scan;
}

static void slab_6_7_busy(void)
{
	make_slab(10000, 0, 0);
	slab.scan_objects = slab_slow;
	while_busy = 7;
	defer(1);
	ask(320, 50000);
	assert_int_equal(while_busy, 1);
}
RULE(slab_6_7_busy)

/* ---- 6.8 ---- */

static unsigned long reclaim(gfp_t gfp, unsigned int order)
{
	struct reclaim_state state = { 0 };
	unsigned long freed;

	forget_log();
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC;
	freed = try_to_free_pages(&world_zonelist, order, gfp, 0);
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->reclaim_state = NULL;
	return freed;
}

#define HIGH   GFP_HIGHUSER_MOVABLE
#define PASSES "12:2 12:1 12:0 11:2 11:1 11:0 10:2 10:1 10:0 9:2 9:1 9:0 8:2 8:1 8:0 7:2 7:1 7:0 6:2 6:1 6:0 " \
	       "5:2 5:1 5:0 4:2 4:1 4:0 3:2 3:1 3:0 2:2 2:1 2:0 1:2 1:1 1:0 0:2 0:1 0:0"

static void direct_6_8_thirteen_passes(void)
{
	unsigned long stalls = event(ALLOCSTALL);

	make_world();
	assert_int_equal(reclaim(HIGH, 0), 1); /* nothing freed, but the zones count as reclaimable */
	assert_string_equal(shrunk, PASSES);
	assert_int_equal(event(ALLOCSTALL), stalls + 1);
	for (int i = 0; i <= ZONE_HIGHMEM; i++)
		assert_int_equal(target_of[i], 32);
}
RULE(direct_6_8_thirteen_passes)

static void direct_6_8_highest_zone(void)
{
	make_world();
	script.freed = 16;
	assert_int_equal(reclaim(GFP_KERNEL, 0), 32);
	assert_string_equal(shrunk, "12:1 12:0");
	assert_int_equal(reclaim(GFP_KERNEL | __GFP_DMA, 0), 32);
	assert_string_equal(shrunk, "12:0 11:0");
}
RULE(direct_6_8_highest_zone)

/* Looked at after each pass: 30 are not enough, and then it is 60. */
static void direct_6_8_stops_at_32(void)
{
	make_world();
	script.freed = 10;
	assert_int_equal(reclaim(HIGH, 0), 60);
	assert_string_equal(shrunk, "12:2 12:1 12:0 11:2 11:1 11:0");
	script.freed = 11;
	assert_int_equal(reclaim(HIGH, 0), 33);
	assert_string_equal(shrunk, "12:2 12:1 12:0");
}
RULE(direct_6_8_stops_at_32)

static void direct_6_8_little_is_progress(void)
{
	make_world();
	for (int i = 0; i <= ZONE_HIGHMEM; i++)
		world_zone((enum zone_type)i)->pages_scanned = 6000;
	script.freed = 1;
	assert_int_equal(reclaim(HIGH, 0), 3);
	assert_string_equal(shrunk, "12:2 12:1 12:0");
}
RULE(direct_6_8_little_is_progress)

/* Hopeless zones are polled once; if all are, the answer is 0. */
static void direct_6_8_unreclaimable(void)
{
	make_world();
	world_zone(ZONE_HIGHMEM)->pages_scanned = 6000;
	world_zone(ZONE_NORMAL)->pages_scanned = 6000;
	assert_int_equal(reclaim(HIGH, 0), 1);
	assert_string_equal(shrunk, "12:2 12:1 12:0 11:0 10:0 9:0 8:0 7:0 6:0 5:0 4:0 3:0 2:0 1:0 0:0");
	world_zone(ZONE_DMA)->pages_scanned = 6000;
	assert_int_equal(reclaim(HIGH, 0), 0);
	assert_string_equal(shrunk, "12:2 12:1 12:0");
	world_zone(ZONE_DMA)->pages_scanned = 5999;
	assert_int_equal(reclaim(HIGH, 0), 1);
}
RULE(direct_6_8_unreclaimable)

static void hopeless_in_the_end(struct zone *zone, struct scan_control *sc)
{
	if (!sc->priority)
		zone->pages_scanned = 6000;
}

/* The last pass alone decides. */
static void direct_6_8_last_pass(void)
{
	make_world();
	script.then = hopeless_in_the_end;
	assert_int_equal(reclaim(HIGH, 0), 0);
	assert_string_equal(shrunk, PASSES);
}
RULE(direct_6_8_last_pass)

/* What a cpuset forbids is not shrunk, and does not count as memory beside which slab is weighed. */
static void direct_6_8_cpuset(void)
{
	unsigned long allowed = current->mems_allowed;

	make_world();
	world_zone(ZONE_HIGHMEM)->node = 0;
	set_lru(ZONE_HIGHMEM, LRU_INACTIVE_FILE, 50000);
	number_of_cpusets = 2;
	current->mems_allowed = 2;
	script.scanned = 200;
	script.freed = 16;
	make_slab(4000, 1, 0);
	assert_int_equal(reclaim(HIGH, 0), 32);
	assert_string_equal(shrunk, "12:1 12:0");
	assert_int_equal(slab_asked, 800 * 4000 / 2001);
	current->mems_allowed = 4;
	assert_int_equal(reclaim(HIGH, 0), 0);
	assert_string_equal(shrunk, "");
	current->mems_allowed = allowed;
	number_of_cpusets = 1;
}
RULE(direct_6_8_cpuset)

/* Once a pass, after the zones, and what it frees counts. */
static void direct_6_8_slab(void)
{
	make_world();
	script.scanned = 100;
	make_slab(4000, 4000, 33);
	defer(4000);
	assert_int_equal(reclaim(HIGH, 0), 1); /* half of the objects, less than a batch: left again and again */
	assert_int_equal(slab_counts, 13);
	slab_counts = 0;
	slab.batch = 600 * 4000 / 3001;
	defer(0);
	assert_int_equal(reclaim(HIGH, 0), 33);
	assert_string_equal(shrunk, "12:2 12:1 12:0");
	assert_int_equal(slab_counts, 1);
	assert_int_equal(slab_asked, slab.batch);
}
RULE(direct_6_8_slab)

static void scan_once(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	script.scanned = 0;
	script.then = NULL;
	assert_true(sc->may_writepage); /* from the first pass on: there is no laptop mode */
}

/* More than 48 pages scanned wake the flushers. */
static void direct_6_8_flushers(void)
{
	struct disk_file *file = disk_file_create("f", 64);

	dirty_writeback_interval = 0;
	put_pages(file, 0, 8, 1);
	for (unsigned long scanned = 48; scanned <= 49; scanned++) {
		make_world();
		script.scanned = scanned;
		script.then = scan_once;
		reclaim(HIGH, 0);
		host_sleep(20);
		assert_int_equal(state_of(NR_FILE_DIRTY), scanned == 48 ? 8 : 0);
	}
}
RULE(direct_6_8_flushers)

static void only_dirty(struct zone *zone, struct scan_control *sc)
{
	(void)zone;
	sc->nr_unqueued_dirty++;
}

/* Not Linux's: a pass that met dirty pages and freed nothing is followed by a moment for the flushers. */
static void direct_6_8_waits_for_flushers(void)
{
	unsigned long start = jiffies;

	make_world();
	reclaim(HIGH, 0);
	assert_int_equal(jiffies - start, 0);
	script.then = only_dirty;
	reclaim(HIGH, 0);
	assert_int_equal(jiffies - start, 13 * (HZ / 50));
}
RULE(direct_6_8_waits_for_flushers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(slab_6_7_example),
		machine_unit_test(slab_6_7_caps),
		machine_unit_test(slab_6_7_batches),
		machine_unit_test(slab_6_7_stop),
		machine_unit_test(slab_6_7_busy),
		machine_unit_test(direct_6_8_thirteen_passes),
		machine_unit_test(direct_6_8_highest_zone),
		machine_unit_test(direct_6_8_stops_at_32),
		machine_unit_test(direct_6_8_little_is_progress),
		machine_unit_test(direct_6_8_unreclaimable),
		machine_unit_test(direct_6_8_last_pass),
		machine_unit_test(direct_6_8_cpuset),
		machine_unit_test(direct_6_8_slab),
		machine_unit_test(direct_6_8_flushers),
		machine_unit_test(direct_6_8_waits_for_flushers),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
