/* SPDX-License-Identifier: MIT */
/* clockpro does as its file says: loops, scans, phases, the first use told from the second. */
#include "tests/host/machine_fixture.h"

#include "arch/mmu.h"
#include "mm/ghosts.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/vmalloc.h"

/* One zone, of which programs get about 2800 pages. */
#define MACHINE .ram_mib = 12, .dma_mib = 12
#define ROOM	2800UL

static void begin(void)
{
	swap_on("swap0", 16384);
	page_cluster = 0; /* a fault brings in one page */
	assert_int_equal(reclaim_policy_set("clockpro"), 0);
	assert_string_equal(reclaim_policy->name, "clockpro");
}

static void touch_all(unsigned long va, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(touch(va + i * PAGE_SIZE, false), 0);
}

static unsigned long fill(unsigned long pages)
{
	unsigned long va = map_anon(pages * PAGE_SIZE);

	for (unsigned long i = 0; i < pages; i++)
		put(va + i * PAGE_SIZE, va + i);
	return va;
}

static void verify(unsigned long va, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		assert_int_equal(get(va + i * PAGE_SIZE), va + i);
}

static unsigned long nr_out(unsigned long va, unsigned long pages)
{
	unsigned long out = 0;

	for (unsigned long i = 0; i < pages; i++)
		out += is_swap_pte(entry_of(va + i * PAGE_SIZE));
	return out;
}

/* LRU would miss every time. Here time stands still while the kernel reclaims: tests/race shows what it can do. */
static void a_loop_keeps_most_pages(void)
{
	unsigned long pages = ROOM * 5 / 4, va, before;

	begin();
	va = fill(pages);
	for (int round = 0; round < 3; round++)
		touch_all(va, pages);
	before = event(PGMAJFAULT);
	for (int round = 0; round < 8; round++)
		touch_all(va, pages);
	assert_in_range((event(PGMAJFAULT) - before) / 8, 1, pages * 2 / 3);
	verify(va, pages);
}
MACHINE_TEST(a_loop_keeps_most_pages, MACHINE)

static void a_scan_spares_what_is_used(void)
{
	unsigned long hot, scan;

	begin();
	hot = fill(400);
	scan = map_anon(3 * ROOM * PAGE_SIZE);
	touch_all(hot, 400);
	for (unsigned long i = 0; i < 3 * ROOM; i++) {
		put(scan + i * PAGE_SIZE, i);
		assert_int_equal(touch(hot + i % 400 * PAGE_SIZE, false), 0);
	}
	assert_in_range(nr_out(hot, 400), 0, 20);
	verify(hot, 400);
	for (unsigned long i = 0; i < 3 * ROOM; i++)
		assert_int_equal(get(scan + i * PAGE_SIZE), i);
}
MACHINE_TEST(a_scan_spares_what_is_used, MACHINE)

/* => the page of va, in memory and on its list */
static struct page *listed(unsigned long va)
{
	lru_add_drain();
	assert_true(PageLRU(page_at(va)));
	return page_at(va);
}

/* The use that brings a page in says nothing; a call's second one is a use. */
static void the_second_use_counts(void)
{
	unsigned long va;
	struct page *page;

	begin();
	va = fill(1);
	page = listed(va);
	assert_int_equal(page_lru_tier(page), 1);
	assert_false(PageReferenced(page));
	mark_page_accessed(page);
	assert_int_equal(page_lru_tier(page), 0);
	assert_false(PageReferenced(page));
	mark_page_accessed(page);
	assert_true(PageReferenced(page));
	mark_page_accessed(page);
	assert_true(PageReferenced(page));
}
MACHINE_TEST(the_second_use_counts, MACHINE)

/* A new page is judged twice before it goes: its bit is from the fault. Used in between it stays. */
static void a_new_page_goes_round_once_more(void)
{
	unsigned long va;
	struct page *page;

	begin();
	va = fill(2);
	page = listed(va);
	lock_page(page);
	assert_int_equal(policy_clockpro.judge(page), REF_KEEP);
	assert_int_equal(policy_clockpro.judge(page), REF_RECLAIM);
	flush_tlb_all(); /* a TLB that knows the page would not set the bit again */
	assert_int_equal(touch(va, false), 0);
	assert_int_equal(policy_clockpro.judge(page), REF_ACTIVATE);
	unlock_page(page);
}
MACHINE_TEST(a_new_page_goes_round_once_more, MACHINE)

/* The page was to go, and somebody has used it meanwhile. => it is hot now */
static bool saved_by_use(struct page *page)
{
	struct zone *zone = page_zone(page);
	PAGE_LIST(pages);
	PAGE_LIST(freed);

	spin_lock_irq(&zone->lru_lock);
	assert_true(lru_isolate(zone, page, &pages, 0));
	SetPageActive(page);
	putback_inactive_pages(zone, &pages, &freed);
	__mod_zone_page_state(zone, NR_ISOLATED_ANON, -1);
	spin_unlock_irq(&zone->lru_lock);
	assert_true(page_list_empty(&freed) && PageLRU(page));
	return PageActive(page);
}

/* => hot pages that the hot hand looks at when it is asked */
static unsigned long looked_at(struct zone *zone)
{
	struct scan_control sc = { .gfp_mask = GFP_KERNEL, .priority = DEF_PRIORITY, .may_unmap = true };
	unsigned long before = event(PGREFILL_DMA);

	policy_clockpro.balance(zone, &sc);
	return event(PGREFILL_DMA) - before;
}

/* Who is less than half as old as the oldest hot page becomes hot, and the hot hand moves on by one for it. */
static void becoming_hot(void)
{
	unsigned long va;
	struct zone *zone;

	begin();
	va = fill(100);
	zone = page_zone(listed(va));
	assert_int_equal(looked_at(zone), 0); /* there is room for cold pages */
	assert_false(saved_by_use(page_at(va + 40 * PAGE_SIZE)));
	assert_int_equal(looked_at(zone), 0);
	assert_true(saved_by_use(page_at(va + 60 * PAGE_SIZE)));
	assert_true(saved_by_use(page_at(va + 70 * PAGE_SIZE)));
	assert_int_equal(looked_at(zone), 2);
	assert_int_equal(looked_at(zone), 0);
	verify(va, 100);
}
MACHINE_TEST(becoming_hot, MACHINE)

/* Hot pages of a phase that is over make room. */
static void a_new_phase_takes_over(void)
{
	unsigned long old, new, before;

	begin();
	old = fill(ROOM * 3 / 4);
	for (int round = 0; round < 6; round++)
		touch_all(old, ROOM * 3 / 4);
	new = fill(ROOM * 3 / 4);
	seed_random("a_new_phase_takes_over");
	for (unsigned long i = 0; i < 20 * ROOM; i++)
		assert_int_equal(touch(new + random_below(ROOM * 3 / 4) * PAGE_SIZE, false), 0);
	before = event(PGMAJFAULT);
	for (unsigned long i = 0; i < 4 * ROOM; i++)
		assert_int_equal(touch(new + random_below(ROOM * 3 / 4) * PAGE_SIZE, false), 0);
	assert_in_range(event(PGMAJFAULT) - before, 0, 40);
	verify(old, ROOM * 3 / 4);
	verify(new, ROOM * 3 / 4);
}
MACHINE_TEST(a_new_phase_takes_over, MACHINE)

/* The table of ghosts: what is added is there once, the oldest of a full set makes room, stamps may wrap. */
static void ghosts_remember(void)
{
	struct ghosts g;
	unsigned long there = 0;
	u32 stamp;

	assert_int_equal(ghosts_alloc(&g, 1000), 0);
	assert_false(ghost_take(&g, 7, &stamp));
	ghost_add(&g, 7, 1);
	ghost_add(&g, 7, 2);
	assert_true(ghost_take(&g, 7, &stamp));
	assert_int_equal(stamp, 2);
	assert_false(ghost_take(&g, 7, &stamp));
	/* Keys of one set: with 4 places the last 4 stay, whatever the order of the places. */
	for (u32 i = 0; i < 10; i++)
		ghost_add(&g, 1 + i * 2 * g.nr_sets, (1U << GHOST_STAMP_BITS) - 5 + i);
	for (u32 i = 0; i < 10; i++)
		assert_int_equal(ghost_take(&g, 1 + i * 2 * g.nr_sets, &stamp), i >= 6);
	for (u32 i = 0; i < 1000; i++)
		ghost_add(&g, i << 1 | 1, i);
	for (u32 i = 0; i < 1000; i++)
		there += ghost_take(&g, i << 1 | 1, &stamp) && stamp == i;
	assert_int_equal(there, 1000);
	ghosts_free(&g);
	assert_true(stamp_younger(3, (1U << GHOST_STAMP_BITS) - 3));
	assert_false(stamp_younger(5, 5));
}
MACHINE_TEST(ghosts_remember, MACHINE)

/* Its memory comes and goes with it. */
static void leaves_nothing_behind(void)
{
	unsigned long used, largest, then;

	begin();
	assert_int_equal(reclaim_policy_set("lru2"), 0);
	vmalloc_info(&used, &largest);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(reclaim_policy_set("clockpro"), 0);
		vmalloc_info(&then, &largest);
		assert_true(then > used);
		assert_int_equal(reclaim_policy_set("lru2"), 0);
	}
	vmalloc_info(&then, &largest);
	assert_int_equal(then, used);
}
MACHINE_TEST(leaves_nothing_behind, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(a_loop_keeps_most_pages),
		machine_unit_test(a_scan_spares_what_is_used),
		machine_unit_test(the_second_use_counts),
		machine_unit_test(a_new_page_goes_round_once_more),
		machine_unit_test(becoming_hot),
		machine_unit_test(a_new_phase_takes_over),
		machine_unit_test(ghosts_remember),
		machine_unit_test(leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("clockpro", tests, NULL, machine_group_end);
}
