/* SPDX-License-Identifier: MIT */
/* flavours: numa0 */
/* gfp tables (spec 1.2, 1.3), per-CPU lists (3.5), the fast path, counters, random requests. */
#include "tests/host/fixture.h"
#include "tests/host/gfp_groups.h"
#include "mm/slowpath.h"

static struct zone *zone;

static int setup(void **state)
{
	start_machine(256, 16, 256, 2);
	zone = zone_of(0, ZONE_NORMAL);
	set_alloc_special(PAGE_DEBUG, false); /* its own test */
	__free_pages(alloc_pages(GFP_KERNEL, 0), 0); /* takes a CPU */
	drain_local_pages(NULL);
	return 0;
}

/* ---- gfp ------------------------------------------------------------------------------------- */

/* Each page comes from the list of its request's type; single pages and blocks. */
static void test_every_type_by_every_way(void **state)
{
	static const gfp_t masks[] = { GFP_KERNEL, GFP_ATOMIC, GFP_TEMPORARY, GFP_USER | __GFP_MOVABLE,
				       GFP_HIGHUSER_MOVABLE };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(masks); i++) {
		gfp_t gfp = masks[i / 2];
		struct page *page = alloc_pages(gfp, i % 2);

		assert_non_null(page);
		assert_int_equal(page->index, allocflags_to_migratetype(gfp));
		__free_pages(page, i % 2);
	}
}

static void test_gfp_zones(void **state)
{
	FILE *f = open_data("tests/data/spec/gfp_zone.txt");
	char line[256], a[16], b[16] = "";
	unsigned int bits, seen = 0;

	while (next_line(f, line, sizeof(line))) {
		int n = sscanf(line, "%i %15s %15s", (int *)&bits, a, b);
		bool illegal = n == 3;

		assert_true(n >= 2);
		assert_int_equal(GFP_ZONE_ILLEGAL >> bits & 1, illegal);
		assert_int_equal(GFP_ZONE_TABLE >> 2 * bits & 3, zone_by_name(illegal ? b : a));
		if (!illegal)
			assert_int_equal(gfp_zone(bits | GFP_KERNEL), zone_by_name(a));
		seen |= 1U << bits;
	}
	assert_int_equal(seen, 0xffff);
}

static void test_gfp_groups(void **state)
{
	FILE *f = open_data("tests/data/spec/gfp_groups.txt");
	char line[256], name[32];
	unsigned int value, flags, seen = 0;

	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%31s %i %i", name, (int *)&value, (int *)&flags), 3);
		for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++) {
			if (strcmp(groups[i].name, name))
				continue;
			assert_int_equal(groups[i].gfp, value);
			assert_int_equal(gfp_to_alloc_flags(value), flags);
			seen++;
		}
	}
	assert_int_equal(seen, ARRAY_SIZE(groups));
	assert_int_equal(GFP_THISNODE, IS_ENABLED(CONFIG_NUMA) ? 0x41200 : 0);
}

static void test_migratetypes(void **state)
{
	assert_int_equal(allocflags_to_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	assert_int_equal(allocflags_to_migratetype(GFP_TEMPORARY), MIGRATE_RECLAIMABLE);
	assert_int_equal(allocflags_to_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	assert_int_equal(allocflags_to_migratetype(__GFP_MOVABLE | __GFP_RECLAIMABLE),
			 MIGRATE_UNMOVABLE); /* warns */
	page_group_by_mobility_disabled = true;
	assert_int_equal(allocflags_to_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_UNMOVABLE);
	page_group_by_mobility_disabled = false;
}

/* ---- Per-CPU lists --------------------------------------------------------------------------- */

static void test_pcp_sizes(void **state)
{
	FILE *f = open_data("tests/data/spec/pcp.txt");
	unsigned long managed, saved = zone->managed_pages;
	char line[256];
	int batch, high;

	while (next_line(f, line, sizeof(line))) {
		assert_int_equal(sscanf(line, "%lu %d %d", &managed, &batch, &high), 3);
		zone->managed_pages = managed;
		pageset_set_high_and_batch(zone);
		assert_int_equal(zone->pageset[1].pcp.batch, batch);
		assert_int_equal(zone->pageset[1].pcp.high, high);
	}
	zone->managed_pages = saved;
	assert_int_equal(percpu_pagelist_fraction_set(7), -EINVAL);
	assert_int_equal(percpu_pagelist_fraction_set(8), 0);
	assert_int_equal(zone->pageset[0].pcp.high, saved / 8);
	assert_int_equal(zone->pageset[0].pcp.batch, 96);
	assert_int_equal(percpu_pagelist_fraction_set(0), 0);
	assert_int_equal(zone->pageset[0].pcp.batch, 15);
}

static struct per_cpu_pages *pcp(void)
{
	return &zone->pageset[smp_processor_id()].pcp;
}

/* A refill brings batch pages, in the order of their frames from the end that is taken from. */
static void test_pcp_refill(void **state)
{
	unsigned long free = zone_page_state_snapshot(zone, NR_FREE_PAGES), pfn;
	struct page *page[15];

	for (int cold = 0; cold < 2; cold++) {
		pfn = 0;
		for (int i = 0; i < 15; i++) {
			page[i] = alloc_pages(GFP_KERNEL | (cold ? __GFP_COLD : 0), 0);
			if (i)
				assert_int_equal(page_to_pfn(page[i]), pfn + 1);
			pfn = page_to_pfn(page[i]);
			assert_int_equal(pcp()->count, 14 - i);
			assert_int_equal(zone_page_state_snapshot(zone, NR_FREE_PAGES), free - 15);
		}
		for (int i = 0; i < 15; i++)
			__free_pages(page[i], 0);
		assert_int_equal(pcp()->count, 15);
		drain_local_pages(NULL);
	}
}

/* Hot pages come back first, cold ones last. */
static void test_pcp_hot_cold(void **state)
{
	struct page *a = alloc_pages(GFP_KERNEL, 0), *b = alloc_pages(GFP_KERNEL, 0), *got;

	set_page_count(a, 0);
	set_page_count(b, 0);
	free_hot_cold_page(a, false);
	free_hot_cold_page(b, true);
	got = alloc_pages(GFP_KERNEL, 0);
	assert_ptr_equal(got, a);
	__free_pages(got, 0);
	got = alloc_pages(GFP_KERNEL | __GFP_COLD, 0);
	assert_ptr_equal(got, b);
	__free_pages(got, 0);
}

/* count reaches high: batch pages go back, from the tails. */
static void test_pcp_high(void **state)
{
	static struct page *pages[200];
	int n = pcp()->high + 10;

	for (int i = 0; i < n; i++)
		pages[i] = alloc_pages(GFP_KERNEL, 0);
	drain_local_pages(NULL);
	for (int i = 0; i < n; i++) {
		__free_pages(pages[i], 0);
		assert_int_equal(pcp()->count, i < 89 ? i + 1 : i + 1 - 15);
	}
	assert_int_equal(mm_host_check(), 0);
}

/* With two types on the lists, both give; RESERVE pages lie with the movable ones and find home again. */
static void test_pcp_round_robin(void **state)
{
	struct page *page[90];
	int movable = 0;

	for (int i = 0; i < 90; i++)
		page[i] = alloc_pages(i % 2 ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE, 0);
	drain_local_pages(NULL);
	for (int i = 0; i < 90; i++)
		__free_pages(page[i], 0);
	assert_int_equal(pcp()->count, 75);
	for (struct page *p = page_list_first(&pcp()->lists[MIGRATE_MOVABLE]); p; p = page_list_next(p))
		movable++;
	assert_in_range(movable, 35, 40);
	assert_int_equal(mm_host_check(), 0);
}

static void test_reserve_through_pcp(void **state)
{
	unsigned long pfn = 0;
	struct page *page;

	for (pfn = zone->zone_start_pfn; get_pageblock_migratetype(zone, pfn) != MIGRATE_RESERVE;)
		pfn += 512;
	drain_all_pages();
	empty_zone(zone);
	give_block(zone, pfn, 0, MIGRATE_RESERVE);
	page = get_page_from_freelist(GFP_KERNEL, 0, ALLOC_NO_WATERMARKS,
				      &(struct alloc_context){
					      .zonelist = node_zonelist(0, 0),
					      .preferred_zone = zone,
					      .classzone_idx = ZONE_NORMAL,
					      .high_zoneidx = ZONE_NORMAL,
					      .migratetype = MIGRATE_UNMOVABLE,
				      });
	assert_int_equal(page_to_pfn(page), pfn);
	assert_true(PagePfMemalloc(page));
	__free_pages(page, 0);
	assert_int_equal(page->index, MIGRATE_RESERVE);
	assert_ptr_equal(page_list_first(&pcp()->lists[MIGRATE_MOVABLE]), page);
	drain_local_pages(NULL);
	assert_ptr_equal(page_list_first(&zone->free_area[0].free_list[MIGRATE_RESERVE]), page);
	assert_false(PagePfMemalloc(page));
}

static void test_isolated_goes_to_the_buddy(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	int count = pcp()->count;

	set_pageblock_migratetype(zone, page_to_pfn(page), MIGRATE_ISOLATE);
	__free_pages(page, 0);
	assert_int_equal(pcp()->count, count);
	assert_true(PageBuddy(page));
	assert_int_equal(page->index, MIGRATE_ISOLATE);
}

/* ---- The fast path --------------------------------------------------------------------------- */

static void test_counters(void **state)
{
	unsigned long before[NR_VM_EVENT_ITEMS], after[NR_VM_EVENT_ITEMS];
	unsigned long hit = zone_page_state(zone, NUMA_HIT), local = zone_page_state(zone, NUMA_LOCAL);
	struct page *a, *b;

	all_vm_events(before);
	a = alloc_pages(GFP_KERNEL, 0);
	b = alloc_pages(GFP_KERNEL, 3);
	__free_pages(a, 0);
	__free_pages(b, 3);
	all_vm_events(after);
	assert_int_equal(after[PGALLOC_NORMAL] - before[PGALLOC_NORMAL], 9);
	assert_int_equal(after[PGFREE] - before[PGFREE], 9);
	if (IS_ENABLED(CONFIG_NUMA)) {
		assert_int_equal(zone_page_state(zone, NUMA_HIT) - hit, 2);
		assert_int_equal(zone_page_state(zone, NUMA_LOCAL) - local, 2);
	}
}

static void test_state_of_a_new_page(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 2);
	unsigned long *word = lowmem_page_address(page);

	assert_int_equal(page_count(page), 1);
	assert_int_equal(page_mapcount(page), 0);
	assert_int_equal(page->private, 0);
	assert_null(page->mapping);
	for (unsigned int i = 0; i < 4 * PAGE_SIZE / sizeof(long); i++)
		assert_int_equal(word[i], 0);
	word[7] = 7;
	get_page(page);
	__free_pages(page, 2);
	assert_int_equal(page_count(page), 1); /* somebody else still has it */
	__free_pages(page, 2);
	assert_true(PageBuddy(page) || page_counts(page) == COUNTS_UNUSED);
}

static void test_compound(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 4);

	assert_true(PageHead(page) && PageTail(page + 15));
	assert_ptr_equal(compound_head(page + 9), page);
	assert_int_equal(compound_order(page), 4);
	__free_pages(page, 4);
	assert_false(PageCompound(page) || PageCompound(page + 9));
	assert_int_equal(page[9].private, 0);
	assert_int_equal(mm_host_check(), 0);
}

static void test_split_page(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	split_page(page, 3);
	for (int i = 7; i >= 0; i--)
		__free_pages(page + i, 0);
	drain_local_pages(NULL);
	assert_int_equal(mm_host_check(), 0);
}

static void test_too_large(void **state)
{
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOWARN, 11));
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOWARN, 40));
	assert_non_null(alloc_pages(GFP_KERNEL, 10));
}

static bool fail_all(gfp_t gfp, unsigned int order)
{
	return true;
}

static void test_injection(void **state)
{
	struct page *page;

	set_fail_page_alloc(fail_all);
	assert_null(alloc_pages(GFP_KERNEL, 0));
	page = alloc_pages(GFP_KERNEL | __GFP_NOFAIL, 0);
	assert_non_null(page);
	__free_pages(page, 0);
	set_fail_page_alloc(NULL);
}

/* Exactly at the low mark plus reserve the fast path of one zone ends and the next zone gives. */
static void test_spill_to_dma(void **state)
{
	static struct page *pages[65536];
	unsigned int n = 0;

	do
		pages[n] = alloc_pages(GFP_KERNEL | __GFP_NORETRY, 0);
	while (page_zone(pages[n++]) == zone);
	assert_int_equal(page_zone(pages[n - 1])->index, ZONE_DMA);
	assert_true(zone_page_state(zone, NR_FREE_PAGES) <= low_wmark_pages(zone));
	assert_true(zone_page_state(zone, NR_FREE_PAGES) + 16 > low_wmark_pages(zone));
	while (n)
		__free_pages(pages[--n], 0);
	assert_int_equal(mm_host_check(), 0);
}

/* cpusets: HARDWALL obeys, plain KERNEL may use an ancestor's node, interrupts ignore them. */
static void test_cpuset_rules(void **state)
{
	set_number_of_cpusets(2);
	current->mems_allowed = 1;
	assert_true(__cpuset_node_allowed(0, GFP_USER));
	assert_false(__cpuset_node_allowed(1, GFP_USER));
	assert_true(__cpuset_node_allowed(1, GFP_KERNEL));
	assert_true(__cpuset_node_allowed(1, GFP_USER | __GFP_THISNODE));
	set_thread_flag(TIF_MEMDIE);
	assert_true(__cpuset_node_allowed(1, GFP_USER));
	clear_thread_flag(TIF_MEMDIE);
	__free_pages(alloc_pages(GFP_KERNEL, 0), 0);
	current->mems_allowed = ~0UL;
	set_number_of_cpusets(1);
}

/* ---- Random requests ------------------------------------------------------------------------- */

static u8 *owners; /* the model: a byte per frame */

static void check_block(struct page *page, unsigned int order, bool taken)
{
	unsigned long pfn = page_to_pfn(page);

	assert_int_equal(pfn & ((1UL << order) - 1), 0);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		assert_int_equal(owners[pfn + i], !taken);
		owners[pfn + i] = taken;
	}
}

static void test_random(void **state)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_ATOMIC, GFP_HIGHUSER_MOVABLE, GFP_TEMPORARY,
				      GFP_KERNEL | __GFP_DMA, GFP_NOWAIT | __GFP_COLD,
				      GFP_KERNEL | __GFP_COMP };
	static struct {
		struct page *page;
		unsigned int order;
	} held[8192];
	unsigned int nr = 0, target = 4000;

	seed_random("page_alloc random");
	owners = calloc(65536, 1);
	for (int step = 0; step < 60000; step++) {
		if (step % 10000 == 0)
			target = 500 + (unsigned int)random_below(7000);
		if (random_below(2 * target) >= nr && nr < 8192) {
			unsigned int order = random_below(3) ? 0 : (unsigned int)random_below(8);
			gfp_t gfp = gfps[random_below(ARRAY_SIZE(gfps))] | __GFP_NORETRY | __GFP_NOWARN;
			struct page *page = alloc_pages(gfp, order);

			if (!page)
				continue;
			check_block(page, order, true);
			if (gfp & __GFP_DMA)
				assert_int_equal(page_zone(page)->index, ZONE_DMA);
			held[nr].page = page;
			held[nr++].order = order;
		} else if (nr) {
			unsigned int i = (unsigned int)random_below(nr);

			check_block(held[i].page, held[i].order, false);
			__free_pages(held[i].page, held[i].order);
			held[i] = held[--nr];
		}
		if (step % 1000 == 0)
			assert_int_equal(mm_host_check(), 0);
	}
	while (nr--)
		__free_pages(held[nr].page, held[nr].order);
	drain_all_pages();
	assert_int_equal(mm_host_check(), 0);
	for (int idx = 0; idx < 2; idx++)
		assert_int_equal(mm_host_zone(0, idx, MM_FREE), mm_host_zone(0, idx, MM_MANAGED));
	free(owners);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, stop_machine)
	const struct CMUnitTest tests[] = {
		T(test_every_type_by_every_way), T(test_gfp_zones), T(test_gfp_groups), T(test_migratetypes),
		T(test_pcp_sizes),
		T(test_pcp_refill), T(test_pcp_hot_cold), T(test_pcp_high), T(test_pcp_round_robin),
		T(test_reserve_through_pcp), T(test_isolated_goes_to_the_buddy), T(test_counters),
		T(test_state_of_a_new_page), T(test_compound), T(test_split_page), T(test_too_large),
		T(test_injection), T(test_spill_to_dma), T(test_cpuset_rules), T(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
