/* SPDX-License-Identifier: MIT */
/* flavours: rel numa0 */
/*
 * The observers: the diary, the buddy's self-check, kmemcheck, the boot words that switch them, counters and
 * thresholds. Linked with -z muldefs: what the machine says, and which page it hides, is the test's to see.
 */
#include "tests/host/fixture.h"

#include "arch/mmu.h"
#include "arch/trap.h"
#include "kernel/core/timer.h"
#include "mm/mm_trace.h"
#include "tests/host/boot_words.h"
#include "tests/host/said.h"

void bug_backtrace(void)
{
}

#define FRAMES (32 * MIB >> PAGE_SHIFT)
static bool hidden[FRAMES];
static bool (*hidden_page_handler)(struct pt_regs *regs, unsigned long addr, unsigned long error);

bool arch_hide_page(unsigned long pfn, bool hide)
{
	bool was = hidden[pfn];

	hidden[pfn] = hide;
	return was != hide;
}

void arch_set_hidden_page_handler(bool (*fn)(struct pt_regs *regs, unsigned long addr, unsigned long error))
{
	hidden_page_handler = fn;
}

static int setup(void **state)
{
	(void)state;
	set_alloc_special(PAGE_DEBUG, false);
	start_machine(32, 0, 32, 2);
	forget_said();
	return 0;
}

/* ---- The diary ---- */

static void test_diary(void **state)
{
	char line[200];
	u64 seq = 0;
	int n;

	while (mm_trace_read(&seq, line, sizeof(line)))
		;
	mm_trace(MM_DIRECT_BEGIN, 3, 0xd0, 17);
	mm_trace(MM_SWAP_OUT, 0x123, 1, 99);
	n = mm_trace_read(&seq, line, sizeof(line));
	assert_int_equal(n, strlen(line));
	assert_non_null(strstr(line, " direct_reclaim_begin order=3 gfp=0xd0 pid=17\n"));
	assert_int_equal(mm_trace_read(&seq, line, 30), 29); /* cut to the reader's buffer */
	assert_int_equal(mm_trace_read(&seq, line, sizeof(line)), 0);
	for (unsigned long i = 0; i < 1500; i++)
		mm_trace(MM_KSWAPD_SLEEP, i, 0, 0);
	assert_true(mm_trace_read(&seq, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, " kswapd_sleep node=477 freed=0 missed=477\n"));
	assert_true(mm_trace_read(&seq, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "node=478 freed=0\n"));
	seq = 0; /* a new reader begins with the oldest there is, and has missed nothing */
	assert_true(mm_trace_read(&seq, line, sizeof(line)) > 0);
	assert_non_null(strstr(line, "node=477 freed=0\n"));
}

/* ---- The buddy's check ---- */

static struct zone *zone;

/* => a free block of the largest order */
static struct page *large_block(void)
{
	struct page *page = page_list_first(&zone->free_area[10].free_list[MIGRATE_MOVABLE]);

	if (!page)
		abort();
	return page;
}

static void assert_found(const char *what)
{
	assert_true(mm_host_check() > 0);
	assert_said(what);
	forget_said();
}

static void assert_sound(void)
{
	if (mm_host_check())
		fail_msg("%s", said);
}

static void test_damage_is_found(void **state)
{
	unsigned long spanned;
	struct page *page, *inside;

	zone = zone_of(0, ZONE_NORMAL);
	drain_all_pages();
	assert_sound();
	page = large_block();
	inside = page + 5;

	set_page_count(inside, 1);
	assert_found("a frame inside a free block is in use (");
	set_page_count(inside, 0);
	set_page_count(page, 1);
	assert_found("a block is not marked free");
	set_page_count(page, 0);
	page->index++;
	assert_found("a block is on the wrong list");
	page->index--;
	zone->free_area[10].nr_free++;
	assert_found("nr_free is not the number of blocks");
	zone->free_area[10].nr_free--;
	zone_page_state_add(7, zone, NR_FREE_PAGES);
	assert_found("NR_FREE_PAGES is not the sum of the lists");
	zone_page_state_add(-7, zone, NR_FREE_PAGES);
	spanned = zone->spanned_pages;
	zone->spanned_pages = 1024;
	assert_found("a block lies outside its zone");
	zone->spanned_pages = spanned;
	assert_sound();
}

/* Two buddies, each freed as if it had none. */
static void test_buddies_left_apart(void **state)
{
	struct page *page;
	unsigned long flags;

	zone = zone_of(0, ZONE_NORMAL);
	drain_all_pages();
	page = take_block(zone, 4, MIGRATE_MOVABLE);
	give_block(zone, page_to_pfn(page), 3, MIGRATE_MOVABLE);
	assert_sound();
	spin_lock_irqsave(&zone->lock, flags);
	page += 8;
	page->private = 3;
	page->index = MIGRATE_MOVABLE;
	atomic_set(&page->_mapcount, PAGE_BUDDY_MAPCOUNT_VALUE);
	page_list_add(page, &zone->free_area[3].free_list[MIGRATE_MOVABLE]);
	zone->free_area[3].nr_free++;
	zone_page_state_add(8, zone, NR_FREE_PAGES);
	spin_unlock_irqrestore(&zone->lock, flags);
	assert_found("two free buddies were not united");
}

static void test_cpu_lists(void **state)
{
	struct page *pages[6];
	struct per_cpu_pages *pcp;
	int high;

	zone = zone_of(0, ZONE_NORMAL);
	for (int i = 0; i < 6; i++)
		pages[i] = alloc_pages(GFP_KERNEL, 0);
	pcp = &zone->pageset[host_self.id].pcp;
	high = pcp->high;
	pcp->high = 1000;
	for (int i = 0; i < 6; i++)
		__free_pages(pages[i], 0);
	assert_sound();
	pcp->high = pcp->count - pcp->batch - 1;
	assert_found("a per-CPU list is too long");
	pcp->high = high > pcp->count ? high : pcp->count;
	set_page_count(pages[3], 1);
	assert_found("a per-CPU page is in use");
	set_page_count(pages[3], 0);
	pcp->count--;
	assert_found("a per-CPU list's count is wrong");
	pcp->count++;
	assert_sound();
}

/* ---- kmemcheck ---- */

static struct pt_regs regs;

static unsigned long address(const struct page *page)
{
	return (unsigned long)lowmem_page_address(page);
}

static void test_kmemcheck(void **state)
{
	static const gfp_t shown[] = { __GFP_ZERO, __GFP_NOTRACK, __GFP_HIGHMEM };
	struct page *page;

	assert_int_equal(boot_word("kmemcheck", "perhaps"), -EINVAL);
	assert_int_equal(boot_word("kmemcheck", NULL), -EINVAL);
	assert_int_equal(boot_word("kmemcheck", "on"), 0);
	if (!IS_ENABLED(CONFIG_DEBUG)) {
		assert_said("kmemcheck: only debug builds have it (make DEBUG=1)\n");
		assert_false(kmemcheck_enabled);
		return;
	}
	assert_ptr_equal(hidden_page_handler, kmemcheck_fault);
	for (unsigned int i = 0; i < ARRAY_SIZE(shown); i++) {
		page = alloc_pages(GFP_KERNEL | shown[i], 1);
		assert_false(hidden[page_to_pfn(page)] || hidden[page_to_pfn(page) + 1]);
		__free_pages(page, 1);
	}
	page = alloc_pages(GFP_KERNEL, 1);
	assert_true(hidden[page_to_pfn(page)] && hidden[page_to_pfn(page) + 1]);
	assert_false(kmemcheck_fault(&regs, address(page), FAULT_PRESENT)); /* rights: not ours */
	assert_false(kmemcheck_fault(&regs, 0x1000, 0));
	assert_false(kmemcheck_fault(&regs, PAGE_OFFSET + 64 * MIB, 0));
	forget_said();
	assert_true(kmemcheck_fault(&regs, address(page), FAULT_WRITE));
	assert_string_equal(said, "");
	assert_false(hidden[page_to_pfn(page)]);
	assert_false(kmemcheck_fault(&regs, address(page), 0)); /* somebody else has shown it */
	assert_true(kmemcheck_fault(&regs, address(page) + PAGE_SIZE + 9, 0));
	assert_said("kmemcheck: read of uninitialised page pfn 0");
	assert_said(", byte 9, by ");
	__free_pages(page, 1);
	page = alloc_pages(GFP_KERNEL, 0);
	kmemcheck_mark_initialized(page);
	assert_false(hidden[page_to_pfn(page)]);
	__free_pages(page, 0);
	page = alloc_pages(GFP_KERNEL, 0);
	__free_pages(page, 0);
	assert_false(hidden[page_to_pfn(page)]); /* free pages are the allocator's to write */
	forget_said();
	page = alloc_pages(GFP_KERNEL, 0);
	for (int i = 0; i < 200; i++) {
		hidden[page_to_pfn(page)] = true;
		assert_true(kmemcheck_fault(&regs, address(page), 0));
	}
	{
		int reports = 0;

		for (const char *at = said; (at = strstr(at, "kmemcheck: read")); at++)
			reports++;
		assert_int_equal(reports, 99); /* a hundred with the one above */
	}
	assert_int_equal(boot_word("kmemcheck", "off"), 0);
	assert_null(hidden_page_handler);
}

static void test_words_of_instruments(void **state)
{
	assert_int_not_equal(boot_word("page_poison", NULL), 0);
	assert_int_not_equal(boot_word("page_owner", "yes"), 0);
	assert_false(alloc_special & (PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER));
	assert_int_equal(boot_word("page_poison", "on"), 0);
	assert_int_equal(boot_word("page_owner", "on"), 0);
	assert_int_equal(alloc_special & (PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER), PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER);
	assert_int_equal(boot_word("page_poison", "off"), 0);
	assert_int_equal(boot_word("page_owner", "off"), 0);
	assert_false(alloc_special & (PAGE_DEBUG_POISON | PAGE_DEBUG_OWNER));
}

static void free_badly(int times)
{
	for (int i = 0; i < times; i++) {
		struct page *page = alloc_pages(GFP_KERNEL, 0);

		__SetPageReserved(page);
		__free_pages(page, 0);
	}
}

/* Sixty reports in a minute; the next minute begins with how many there were besides. */
static void test_reports_in_a_minute(void **state)
{
	jiffies = 1000;
	free_badly(100);
	assert_int_equal(times_said("BUG: Bad page state in process"), 60);
	jiffies += 61 * HZ;
	forget_said();
	free_badly(1);
	assert_said("BUG: Bad page state: 40 messages suppressed\n");
	assert_int_equal(times_said("BUG: Bad page state in process"), 1);
}

/* ---- Freeing ---- */

static void test_freeing_many(void **state)
{
	struct page *pages[200];
	unsigned long free;

	zone = zone_of(0, ZONE_NORMAL);
	drain_all_pages();
	free = zone_page_state_snapshot(zone, NR_FREE_PAGES);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		pages[i] = alloc_pages(GFP_KERNEL, 0);
		assert_non_null(pages[i]);
		set_page_count(pages[i], 0); /* as whoever drops the last reference hands it over */
	}
	free_hot_pages(pages, ARRAY_SIZE(pages));
	assert_sound();
	drain_all_pages();
	assert_int_equal(zone_page_state_snapshot(zone, NR_FREE_PAGES), free);
	pages[0] = alloc_pages(GFP_KERNEL, 0);
	pages[1] = alloc_pages(GFP_KERNEL, 3);
	pages[2] = alloc_pages(GFP_KERNEL, 0);
	set_page_count(pages[0], 0);
	set_page_count(pages[1], 0);
	free_pages_ok(pages[0], 0);
	free_pages_ok(pages[1], 3);
	/* a page of an isolated block does not stay on a CPU's list */
	set_pageblock_migratetype(zone, page_to_pfn(pages[2]), MIGRATE_ISOLATE);
	set_page_count(pages[2], 0);
	free_hot_pages(&pages[2], 1);
	assert_true(PageBuddy(pages[2]) || !page_count(pages[2]));
	drain_all_pages();
	assert_int_equal(zone_page_state_snapshot(zone, NR_FREE_PAGES), free);
	assert_sound();
}

/* ---- Counters and marks ---- */

static void test_counters(void **state)
{
	unsigned long node, local;
	struct page *page;

	zone = zone_of(0, ZONE_NORMAL);
	node = node_page_state(0, NR_FREE_PAGES);
	assert_int_equal(node, zone_page_state(zone, NR_FREE_PAGES));
	local = global_page_state(NUMA_LOCAL);
	page = alloc_pages(GFP_KERNEL, 2);
	assert_int_equal(global_page_state(NUMA_LOCAL), local + IS_ENABLED(CONFIG_NUMA));
	assert_int_equal(zone_page_state_snapshot(zone, NUMA_LOCAL), local + IS_ENABLED(CONFIG_NUMA));
	__free_pages(page, 2);
}

/* Under pressure differentials are folded as soon as they could hide the gap between low and min. */
static void test_pressure_threshold(void **state)
{
	zone = zone_of(0, ZONE_NORMAL);
	zone->watermark[WMARK_MIN] = 100;
	zone->watermark[WMARK_LOW] = 110;
	zone->watermark[WMARK_HIGH] = 120;
	assert_int_equal(calculate_pressure_threshold(zone), 5); /* 10 pages for 2 CPUs */
	zone->watermark[WMARK_LOW] = 1100;
	assert_int_equal(calculate_pressure_threshold(zone), 125);
	zone->watermark[WMARK_LOW] = 101;
	assert_int_equal(calculate_pressure_threshold(zone), 1);
	zone->percpu_drift_mark = 200;
	set_pgdat_percpu_threshold(NODE_DATA(0), calculate_pressure_threshold);
	assert_int_equal(zone->pageset[1].stat_threshold, 1);
	set_pgdat_percpu_threshold(NODE_DATA(0), calculate_normal_threshold);
	assert_int_equal(zone->pageset[1].stat_threshold, calculate_normal_threshold(zone));
	zone->percpu_drift_mark = 0; /* the CPUs cannot hide so much: left as they are */
	set_pgdat_percpu_threshold(NODE_DATA(0), calculate_pressure_threshold);
	assert_int_equal(zone->pageset[1].stat_threshold, calculate_normal_threshold(zone));
}

/* The marks follow from the managed pages, whatever was in their place before. */
static void test_marks_again(void **state)
{
	unsigned long min, high, reserve;

	zone = zone_of(0, ZONE_NORMAL);
	min = min_wmark_pages(zone), high = high_wmark_pages(zone);
	reserve = zone->lowmem_reserve[ZONE_HIGHMEM];
	zone->watermark[WMARK_MIN] = zone->watermark[WMARK_HIGH] = 7;
	setup_per_zone_wmarks();
	assert_int_equal(min_wmark_pages(zone), min);
	assert_int_equal(high_wmark_pages(zone), high);
	zone->lowmem_reserve[ZONE_HIGHMEM] = 12345;
	setup_per_zone_lowmem_reserve();
	assert_int_equal(zone->lowmem_reserve[ZONE_HIGHMEM], reserve);
}

static void test_skip_bits(void **state)
{
	zone = zone_of(0, ZONE_NORMAL);
	set_pageblock_migratetype(zone, 1024, MIGRATE_RECLAIMABLE);
	assert_false(get_pageblock_skip(zone, 1024));
	set_pageblock_skip(zone, 1024 + 511, true);
	assert_true(get_pageblock_skip(zone, 1024));
	assert_false(get_pageblock_skip(zone, 1536) || get_pageblock_skip(zone, 1023));
	assert_int_equal(get_pageblock_migratetype(zone, 1024), MIGRATE_RECLAIMABLE);
	set_pageblock_skip(zone, 1024, false);
	assert_false(get_pageblock_skip(zone, 1024));
	assert_int_equal(get_pageblock_migratetype(zone, 1024), MIGRATE_RECLAIMABLE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, stop_machine)
	const struct CMUnitTest tests[] = {
		T(test_diary), T(test_damage_is_found), T(test_buddies_left_apart), T(test_cpu_lists),
		T(test_kmemcheck), T(test_words_of_instruments), T(test_reports_in_a_minute),
		T(test_freeing_many), T(test_counters), T(test_pressure_threshold), T(test_marks_again),
		T(test_skip_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
