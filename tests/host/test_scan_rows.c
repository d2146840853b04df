/* SPDX-License-Identifier: MIT */
/*
 * Spec 6.2 and 6.3, rule by rule: how much of which list is scanned, in which order, and when a zone is left alone. The
 * figures of get_scan_count are also lines of tests/data/spec/scan_count.txt.
 */
#include "tests/host/machine_fixture.h"

#include "tests/host/file_fixture.h"
#include "tests/host/reclaim_world.h"

#include "arch/mmu.h"

#define MACHINE .ram_mib = 24, .dma_mib = 1
#define RULE(name) MACHINE_TEST(name, MACHINE)

/* ---- 6.2 ---- */

/* Nothing decides yet: fractions. */
static const struct scan_facts undecided = {
	.size = { 100000, 100000, 199999, 200000 }, .free = 5000, .high_wmark = 700, .free_swap = 1000,
	.swappiness = 60, .priority = 10, .may_swap = true,
};

#define BALANCE(...) ({ struct scan_facts f = undecided; __VA_ARGS__; scan_balance_of(&f); })

/* The first rule that applies wins. */
static void scan_6_2_which_kind(void)
{
	assert_int_equal(BALANCE(), SCAN_FRACT);
	assert_int_equal(BALANCE(f.may_swap = false, f.priority = 0), SCAN_FILE);
	assert_int_equal(BALANCE(f.free_swap = 0, f.priority = 0, f.free = 0), SCAN_FILE);
	assert_int_equal(BALANCE(f.free_swap = -1), SCAN_FILE);
	assert_int_equal(BALANCE(f.priority = 0, f.high_wmark = 1UL << 30), SCAN_EQUAL);
	assert_int_equal(BALANCE(f.priority = 0, f.swappiness = 0), SCAN_FRACT);
	assert_int_equal(BALANCE(f.high_wmark = 404999, f.size[LRU_INACTIVE_FILE] = 200001), SCAN_FILE);
	assert_int_equal(BALANCE(f.high_wmark = 404999), SCAN_ANON); /* 399999 + 5000 */
	assert_int_equal(BALANCE(f.high_wmark = 404998), SCAN_FRACT);
	assert_int_equal(BALANCE(f.high_wmark = 404999, f.swappiness = 0), SCAN_ANON);
	assert_int_equal(BALANCE(f.size[LRU_ACTIVE_FILE] = 199999), SCAN_FILE);
}
RULE(scan_6_2_which_kind)

static void counts(const struct scan_facts *f, struct zone_reclaim_stat stat, unsigned long nr[])
{
	scan_count(f, scan_balance_of(f), &stat, nr);
}

static void scan_6_2_example(void)
{
	struct zone_reclaim_stat stat = { .recent_scanned = { 1000, 1000 }, .recent_rotated = { 500, 100 } };
	struct scan_facts f = undecided;
	unsigned long nr[NR_LRU_LISTS];

	counts(&f, stat, nr);
	assert_int_equal(nr[LRU_INACTIVE_ANON], 7);
	assert_int_equal(nr[LRU_ACTIVE_ANON], 7);
	assert_int_equal(nr[LRU_ACTIVE_FILE], 179);
	f.swappiness = 0; /* then never, but by the rule "anon only" */
	counts(&f, stat, nr);
	assert_int_equal(nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON], 0);
	f.high_wmark = 1UL << 30;
	counts(&f, stat, nr);
	assert_int_equal(nr[LRU_INACTIVE_ANON], 97);
	assert_int_equal(nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE], 0);
}
RULE(scan_6_2_example)

/* Only kswapd, and only where nothing else helps, looks at 32 pages of lists too short for the priority. */
static void scan_6_2_force(void)
{
	struct scan_control sc = { .priority = 12, .may_swap = true };
	struct zone *zone;
	struct scan_facts f;

	make_world();
	zone = world_zone(ZONE_NORMAL);
	current->flags |= PF_KSWAPD;
	scan_facts_of(zone, &sc, &f);
	assert_false(f.force_scan);
	zone->pages_scanned = 6000;
	scan_facts_of(zone, &sc, &f);
	assert_true(f.force_scan);
	current->flags &= ~(unsigned int)PF_KSWAPD;
	scan_facts_of(zone, &sc, &f);
	assert_false(f.force_scan);
	assert_int_equal(f.high_wmark, 1408);
	assert_int_equal(f.size[LRU_INACTIVE_FILE], 1000);
}
RULE(scan_6_2_force)

/* ---- Real pages ---- */

static struct disk_file *file;
static struct zone *zone;

/* Every page on its list, every counter exact. */
static void settle(void)
{
	lru_add_drain();
	refresh_cpu_vm_stats(0);
}

/* So many file pages read once, the oldest first; the zone's policy is the test's. */
static void read_file(unsigned long pages)
{
	file = disk_file_create("f", pages);
	get_pages(file, 0, pages);
	settle();
	zone = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	assert_int_equal(zone_lru_size(zone, LRU_INACTIVE_FILE), pages);
}

static struct page *file_page(unsigned long index)
{
	struct page *page = find_get_page(&file->inode.i_data, index);

	assert_non_null(page);
	put_page(page);
	return page;
}

static struct scan_control sc;

static void run(struct reclaim_policy *policy, int priority, unsigned int flags)
{
	struct reclaim_state state = { 0 };

	zone->lruvec.policy = policy;
	sc = (struct scan_control){ .gfp_mask = GFP_KERNEL, .priority = priority, .nr_to_reclaim = 32,
				    .may_writepage = true, .may_unmap = true, .may_swap = true };
	forget_log();
	current->reclaim_state = &state;
	current->flags |= PF_MEMALLOC | flags;
	shrink_zone(zone, &sc);
	current->flags &= ~(PF_MEMALLOC | flags);
	current->reclaim_state = NULL;
	zone->lruvec.policy = &policy_lru2;
	settle();
}

static unsigned long plan[NR_LRU_LISTS];

static void plan_as_told(struct zone *z, struct scan_control *c, unsigned long nr[NR_LRU_LISTS])
{
	(void)z;
	(void)c;
	memcpy(nr, plan, sizeof(plan));
}

static unsigned long take_files(struct zone *z, int of_file, unsigned long nr, struct page_list *dst,
				unsigned long *scanned, unsigned int mode)
{
	note(shrunk, " %s:%lu", of_file ? "file" : "anon", nr);
	*scanned = 0;
	return of_file ? isolate_lru_pages(z, LRU_INACTIVE_FILE, nr, dst, scanned, mode) : 0;
}

static void note_age(struct zone *z, int of_file, unsigned long nr, struct scan_control *c)
{
	(void)z;
	(void)c;
	note(shrunk, " age-%s:%lu", of_file ? "file" : "anon", nr);
}

static enum page_reference judge_gone(struct page *page)
{
	(void)page;
	return REF_RECLAIM;
}

static struct reclaim_policy told = { .name = "told", .place = world_place, .plan = plan_as_told, .take = take_files,
				      .age = note_age, .judge = judge_gone };

/* => what was scanned, with so many planned of each list */
static const char *scan(unsigned long inactive_anon, unsigned long active_anon, unsigned long inactive_file,
			unsigned long active_file, int priority, unsigned int flags)
{
	plan[LRU_INACTIVE_ANON] = inactive_anon;
	plan[LRU_ACTIVE_ANON] = active_anon;
	plan[LRU_INACTIVE_FILE] = inactive_file;
	plan[LRU_ACTIVE_FILE] = active_file;
	run(&told, priority, flags);
	return shrunk;
}

/* ---- 6.3 ---- */

static void scan_6_3_batches(void)
{
	read_file(1);
	assert_string_equal(scan(64, 40, 96, 10, 11, 0), "anon:32 age-anon:32 file:32 age-file:10 "
							 "anon:32 age-anon:8 file:32 file:32");
	assert_string_equal(scan(0, 64, 0, 0, 11, 0), ""); /* active anonymous pages are no end in themselves */
	assert_string_equal(scan(0, 0, 0, 33, 11, 0), "age-file:32 age-file:1");
}
RULE(scan_6_3_batches)

/* 32 freed: 49 % of the smaller kind is left, so the other goes on to 51 % of its plan, 163 pages. */
static void scan_6_3_in_proportion(void)
{
	read_file(512);
	assert_string_equal(scan(64, 0, 320, 0, 11, 0), "anon:32 file:32 file:32 file:32 file:32 file:32 file:3");
	assert_int_equal(sc.nr_reclaimed, 163);
	assert_string_equal(scan(320, 0, 64, 0, 11, 0), /* and the other way round */
			    "anon:32 file:32 anon:32 anon:32 anon:32 anon:32 anon:3");
	assert_string_equal(scan(0, 0, 320, 0, 11, 0), "file:32"); /* one kind alone: enough */
	assert_string_equal(scan(0, 0, 64, 0, 12, PF_KSWAPD), "file:32");
}
RULE(scan_6_3_in_proportion)

static void scan_6_3_direct_at_12_finishes(void)
{
	read_file(320);
	assert_string_equal(scan(64, 0, 160, 0, 12, 0), "anon:32 file:32 anon:32 file:32 file:32 file:32 file:32");
	assert_int_equal(sc.nr_reclaimed, 160);
}
RULE(scan_6_3_direct_at_12_finishes)

/* => pages of the active list that lru2 moved when asked for 32 */
static long deactivated(int of_file)
{
	long before = exact_state(of_file ? NR_ACTIVE_FILE : NR_ACTIVE_ANON);

	sc = (struct scan_control){ .gfp_mask = GFP_KERNEL, .may_unmap = true };
	policy_lru2.age(zone, of_file, 32, &sc);
	return before - exact_state(of_file ? NR_ACTIVE_FILE : NR_ACTIVE_ANON);
}

static void activate(unsigned long from, unsigned long to)
{
	for (unsigned long i = from; i < to; i++)
		activate_page(file_page(i));
	settle();
}

static void scan_6_3_inactive_file_low(void)
{
	read_file(80);
	activate(0, 40);
	assert_int_equal(deactivated(1), 0); /* as many active as inactive */
	activate(40, 41);
	assert_int_equal(deactivated(1), 32);
}
RULE(scan_6_3_inactive_file_low)

static void scan_6_3_inactive_anon_low(void)
{
	make_world();
	zone = world_zone(ZONE_NORMAL);
	zone->inactive_ratio = 3;
	set_lru(ZONE_NORMAL, LRU_INACTIVE_ANON, 100);
	set_lru(ZONE_NORMAL, LRU_ACTIVE_ANON, 301);
	assert_false(inactive_anon_is_low(zone)); /* there is no swap */
	swap_on("swap0", 64);
	assert_true(inactive_anon_is_low(zone));
	set_lru(ZONE_NORMAL, LRU_ACTIVE_ANON, 300);
	assert_false(inactive_anon_is_low(zone));
}
RULE(scan_6_3_inactive_anon_low)

static struct reclaim_policy only_balance = { .name = "only_balance", .place = world_place, .plan = plan_as_told };

static void scan_6_3_32_more_after_each_zone(void)
{
	unsigned long va = map_anon(100 * PAGE_SIZE);

	read_file(1);
	for (unsigned long i = 0; i < 100; i++)
		put(va + i * PAGE_SIZE, i);
	settle();
	only_balance.balance = policy_lru2.balance;
	run(&only_balance, 12, 0);
	assert_int_equal(exact_state(NR_ACTIVE_ANON), 100);
	swap_on("swap0", 256);
	run(&only_balance, 12, 0);
	assert_int_equal(exact_state(NR_ACTIVE_ANON), 68);
	run(&only_balance, 12, 0);
	assert_int_equal(exact_state(NR_ACTIVE_ANON), 36);
	run(&only_balance, 12, 0); /* 36 to 64 */
	assert_int_equal(exact_state(NR_ACTIVE_ANON), 36);
}
RULE(scan_6_3_32_more_after_each_zone)

/* Program text in use stays, other pages in use only count as such, unevictable ones leave. 6.2: rotated, scanned. */
static void scan_6_3_active_pages(void)
{
	struct zone_reclaim_stat *stat;
	unsigned long text, data;

	read_file(32);
	stat = &zone->lruvec.reclaim_stat;
	text = map_file(file, 2, PROT_READ | PROT_EXEC, MAP_SHARED);
	assert_int_equal(touch(text, false), 0);
	data = map_file(file, 4, PROT_READ, MAP_SHARED);
	assert_int_equal(touch(data + 2 * PAGE_SIZE, false), 0);
	activate(0, 32);
	SetPageMlocked(file_page(3));
	stat->recent_scanned[1] = stat->recent_rotated[1] = 0;
	zone->pages_scanned = 0;
	assert_int_equal(deactivated(1), 31);
	assert_true(PageActive(file_page(0)) && PageLRU(file_page(0)));
	assert_false(PageActive(file_page(1)) || PageActive(file_page(2)));
	assert_true(PageUnevictable(file_page(3)));
	assert_int_equal(stat->recent_scanned[1], 32);
	assert_true(stat->recent_rotated[1] >= 2);
	assert_int_equal(zone->pages_scanned, 32); /* 5.5: active pages count too */
	ClearPageMlocked(file_page(3));
}
RULE(scan_6_3_active_pages)

/* 6.2: scanned are those isolated, rotated those put back as active. 5.5: pages_scanned grows by what was looked at. */
static void scan_6_2_history(void)
{
	struct zone_reclaim_stat *stat;
	unsigned long va;

	read_file(32);
	stat = &zone->lruvec.reclaim_stat;
	va = map_file(file, 8, PROT_READ | PROT_EXEC, MAP_SHARED);
	for (unsigned long i = 0; i < 8; i++)
		assert_int_equal(touch(va + i * PAGE_SIZE, false), 0);
	plan[LRU_INACTIVE_ANON] = plan[LRU_ACTIVE_ANON] = plan[LRU_ACTIVE_FILE] = 0;
	plan[LRU_INACTIVE_FILE] = 32;
	only_balance.judge = page_check_references;
	only_balance.balance = NULL;
	stat->recent_scanned[1] = stat->recent_rotated[1] = 0;
	zone->pages_scanned = 0;
	for (unsigned long i = 8; i < 32; i++)
		get_page(file_page(i)); /* nothing is freed: that would set pages_scanned back */
	run(&only_balance, 12, 0);
	assert_int_equal(exact_state(NR_ACTIVE_FILE), 8);
	assert_int_equal(stat->recent_scanned[1], 32);
	assert_int_equal(stat->recent_rotated[1], 8);
	assert_int_equal(zone->pages_scanned, 32);
	for (unsigned long i = 8; i < 32; i++)
		put_page(file_page(i));
}
RULE(scan_6_2_history)

static bool too_many(gfp_t gfp, long isolated)
{
	sc = (struct scan_control){ .gfp_mask = gfp };
	set_state(ZONE_NORMAL, NR_ISOLATED_FILE, isolated);
	return too_many_isolated(zone, true, &sc);
}

static void scan_6_3_too_many_isolated(void)
{
	unsigned long start;

	make_world();
	zone = world_zone(ZONE_NORMAL);
	assert_false(too_many(GFP_KERNEL, 125)); /* an eighth of 1000 */
	assert_true(too_many(GFP_KERNEL, 126));
	assert_false(too_many(GFP_NOFS, 1000));
	assert_false(too_many(GFP_NOIO, 1000));
	assert_true(too_many(GFP_NOFS, 1001));
	current->flags |= PF_KSWAPD;
	assert_false(too_many(GFP_KERNEL, 1001));
	current->flags &= ~(unsigned int)PF_KSWAPD;
	/* It waits, HZ/10 each time; who is to die says 32 and goes. */
	set_thread_flag(TIF_SIGPENDING);
	current->pending |= 1UL << 8;
	start = jiffies;
	assert_string_equal(scan(0, 0, 32, 0, 12, 0), "");
	assert_int_equal(sc.nr_reclaimed, 32);
	assert_int_equal(jiffies - start, HZ / 10);
	current->pending &= ~(1UL << 8);
	clear_thread_flag(TIF_SIGPENDING);
}
RULE(scan_6_3_too_many_isolated)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(scan_6_2_which_kind),
		machine_unit_test(scan_6_2_example),
		machine_unit_test(scan_6_2_force),
		machine_unit_test(scan_6_3_batches),
		machine_unit_test(scan_6_3_in_proportion),
		machine_unit_test(scan_6_3_direct_at_12_finishes),
		machine_unit_test(scan_6_3_inactive_file_low),
		machine_unit_test(scan_6_3_inactive_anon_low),
		machine_unit_test(scan_6_3_32_more_after_each_zone),
		machine_unit_test(scan_6_3_active_pages),
		machine_unit_test(scan_6_2_history),
		machine_unit_test(scan_6_3_too_many_isolated),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
