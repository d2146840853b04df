/* SPDX-License-Identifier: MIT */
/* flavours: numa0 */
/* memblock, zone limits, nodes, zonelists, the descriptors' extent. */
#include "tests/host/fixture.h"
#include "mm/memblock.h"
#include "mm/zonelist.h"

/* ---- memblock -------------------------------------------------------------------------------- */

static void test_memblock_alloc(void **state)
{
	phys_addr_t pos, start, end;
	int nid, n = 0;

	memblock_init();
	memblock_memory.nr = 0;
	memblock_add(0, 16 * MIB);
	memblock_add_node(32 * MIB, 16 * MIB, 1);
	memblock_reserve(40 * MIB, MIB);
	assert_true(memblock_is_reserved(0)); /* page 0, always */
	for_each_free_mem_range(pos, -1, &start, &end, &nid)
		n++;
	assert_int_equal(n, 3);
	assert_int_equal(memblock_alloc_phys(PAGE_SIZE, PAGE_SIZE, 0), 48 * MIB - PAGE_SIZE);
	assert_int_equal(memblock_alloc_phys(MIB, MIB, 0), 46 * MIB);
	assert_int_equal(memblock_alloc_phys(7 * MIB, PAGE_SIZE, 47 * MIB), 33 * MIB);
	assert_int_equal(memblock_alloc_phys(PAGE_SIZE, PAGE_SIZE, 32 * MIB), 16 * MIB - PAGE_SIZE);
	assert_int_equal(memblock_alloc_range(PAGE_SIZE, PAGE_SIZE, 0, 0, 0, true), PAGE_SIZE);
	assert_int_equal(memblock_alloc_range(PAGE_SIZE, PAGE_SIZE, 0, 0, 1, true), 32 * MIB);
	assert_int_equal(memblock_alloc_range(64, 64, 0x80000, 0xa0000, -1, true), 0x80000);
	assert_int_equal(memblock_alloc_phys(64 * MIB, PAGE_SIZE, 0), 0);
	memblock_free(40 * MIB, MIB);
	assert_false(memblock_is_reserved(40 * MIB));
	assert_int_equal(memblock_memory_size(), 32 * MIB);
}

#define UNITS 512

/* Random reservations against a flag per 64 KiB. */
static void test_memblock_random(void **state)
{
	static bool reserved[UNITS];

	seed_random("memblock random");
	for (int round = 0; round < 300; round++) {
		memset(reserved, 0, sizeof(reserved));
		memblock_memory.nr = memblock_reserved.nr = 0;
		memblock_add(0, UNITS << 16);
		for (int i = 0; i < 30; i++) {
			u64 start = random_below(UNITS), n = random_below(UNITS - start) / 4;
			bool take = random_below(3);

			if (take)
				memblock_reserve(start << 16, n << 16);
			else
				memblock_free(start << 16, n << 16);
			memset(reserved + start, take, n);
		}
		for (u64 u = 0; u < UNITS; u++)
			assert_int_equal(memblock_is_reserved(u << 16), reserved[u]);
		phys_addr_t got = memblock_alloc_phys(3 << 16, 1 << 16, 0);
		long want = -1;

		for (long u = 0; u + 3 <= UNITS; u++)
			if (!reserved[u] && !reserved[u + 1] && !reserved[u + 2])
				want = u;
		assert_int_equal(got, want < 0 ? 0 : (phys_addr_t)want << 16);
	}
}

/* ---- highmem= -------------------------------------------------------------------------------- */

static void pc_memory(u64 mib)
{
	memblock_init();
	memblock_memory.nr = 0;
	memblock_add(0, 0x9f000);
	memblock_add(MIB, mib * MIB - MIB);
	max_pfn = mib * 256;
	max_dma_pfn = MAX_DMA_PFN;
}

static void test_highmem_word(void **state)
{
	pc_memory(256);
	assert_int_equal(find_max_low_pfn("quiet highmem=128M"), 128 * 256);
	assert_int_equal(find_max_low_pfn("highmem=0"), 256 * 256);
	assert_int_equal(find_max_low_pfn("highmem=4K"), 256 * 256 - 1);
	assert_int_equal(find_max_low_pfn("highmem=16M highmem=32M"), 224 * 256);
	assert_int_equal(find_max_low_pfn("highmem=250M"), MAX_DMA_PFN); /* cut */
	assert_int_equal(find_max_low_pfn("highmem=9999M"), MAX_DMA_PFN);
	assert_int_equal(find_max_low_pfn("-- highmem=128M"), 256 * 256);
	/* a hole does not count: exactly this much RAM lies above */
	memblock_remove(200 * MIB, 20 * MIB);
	assert_int_equal(find_max_low_pfn("highmem=50M"), (200 - 14) * 256);
}

/* ---- Machines -------------------------------------------------------------------------------- */

static void test_zones_of_a_pc(void **state)
{
	static const struct mm_host_range map[] = {
		{ 0, 0x9fc00, 1, 0 },	       { 0x9fc00, 0xa0000, 2, 0 },
		{ 0xf0000, 0x100000, 2, 0 },   { 0x100000, 128 * MIB, 1, 0 },
		{ 100 * MIB, 101 * MIB, 2, 0 }, { 0xfd00000000, 0x10000000000, 2, 0 },
	};
	struct mm_host_config config = { map, ARRAY_SIZE(map), 1, 1, 16 * MIB, 64 * MIB, 0 };

	assert_int_equal(mm_host_start(&config), 0);
	assert_int_equal(mm_host_zone(0, 0, MM_SPANNED), 4096);
	assert_int_equal(mm_host_zone(0, 0, MM_PRESENT), 0x9f + 4096 - 256);
	assert_int_equal(mm_host_zone(0, 1, MM_PRESENT), 48 * 256);
	assert_int_equal(mm_host_zone(0, 2, MM_SPANNED), 64 * 256);
	assert_int_equal(mm_host_zone(0, 2, MM_PRESENT), 63 * 256);
	assert_int_equal(mm_host_zone(0, 2, MM_MANAGED), 63 * 256);
	assert_true(pfn_valid(0) && pfn_valid(0xa0) && pfn_valid(128 * 256 - 1));
	assert_false(pfn_valid(128 * 256));
	assert_false(pfn_valid(0xfd00000));
	assert_true(PageReserved(pfn_to_page(0)) && PageReserved(pfn_to_page(0xa0)));
	assert_true(PageReserved(pfn_to_page(100 * 256)));
	assert_false(PageReserved(pfn_to_page(0x90)));
	assert_int_equal(mm_host_check(), 0);
	mm_host_stop();
}

static void expect_list(int nid, int which, const char *want)
{
	struct zonelist *list = &NODE_DATA(nid)->node_zonelists[which];
	char text[128] = "";

	for (struct zoneref *z = list->_zonerefs; z->zone; z++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%c%d ", z->zone->name[0],
			 z->zone->node);
	assert_string_equal(text, want);
}

/* Three nodes; 64 MiB each from 0, node 2 without HighMem. */
static int start_three_nodes(void)
{
	static const struct mm_host_range map[] = {
		{ 0, 64 * MIB, 1, 0 }, { 64 * MIB, 96 * MIB, 1, 1 }, { 96 * MIB, 112 * MIB, 1, 2 },
		{ 112 * MIB, 128 * MIB, 1, 0 }, { 128 * MIB, 160 * MIB, 1, 1 },
	};
	struct mm_host_config config = { map, ARRAY_SIZE(map), 3, 6, 16 * MIB, 112 * MIB, 0 };

	return mm_host_start(&config);
}

static void test_zonelists(void **state)
{
	if (!IS_ENABLED(CONFIG_NUMA))
		skip();
	assert_int_equal(start_three_nodes(), 0);
	expect_list(0, ZONELIST_FALLBACK, "H0 N0 D0 H1 N1 N2 ");
	expect_list(0, ZONELIST_NOFALLBACK, "H0 N0 D0 ");
	/* nodes 0 and 2 are equally far from 1; node 2 is not below it and not loaded less: it wins */
	expect_list(1, ZONELIST_FALLBACK, "H1 N1 N2 H0 N0 D0 ");
	expect_list(2, ZONELIST_NOFALLBACK, "N2 ");
	assert_int_equal(numa_zonelist_order_set("zone"), 0);
	expect_list(1, ZONELIST_FALLBACK, "H1 H0 N1 N2 N0 D0 ");
	assert_string_equal(numa_zonelist_order_name(), "zone");
	assert_int_equal(numa_zonelist_order_set("sideways"), -EINVAL);
	assert_int_equal(numa_zonelist_order_set("default"), 0);
	assert_int_equal(mm_host_check(), 0);
	mm_host_stop();
}

static void test_node_of_pages(void **state)
{
	struct page *page;

	if (!IS_ENABLED(CONFIG_NUMA))
		skip();
	assert_int_equal(start_three_nodes(), 0);
	for (int nid = 0; nid < 3; nid++) {
		page = alloc_pages_node(nid, GFP_KERNEL | GFP_THISNODE, 0);
		assert_non_null(page);
		assert_int_equal(page_to_nid(page), nid);
		assert_int_equal(page_zone(page)->index, ZONE_NORMAL);
		__free_pages(page, 0);
	}
	/* used up: the own node only says no, without it the next node gives */
	while ((page = alloc_pages_node(2, GFP_THISNODE, 0)) != NULL)
		assert_int_equal(page_to_nid(page), 2);
	page = alloc_pages_node(2, GFP_KERNEL, 0);
	assert_non_null(page);
	assert_int_not_equal(page_to_nid(page), 2);
	assert_true(zone_page_state(page_zone(page), NUMA_MISS) > 0);
	assert_true(zone_page_state(zone_of(2, ZONE_NORMAL), NUMA_FOREIGN) > 0);
	assert_int_equal(mm_host_check(), 0);
	mm_host_stop();
}

/* A node without memory: its own list is empty (silent NULL), the other one is not. */
static void test_memoryless_node(void **state)
{
	static const struct mm_host_range map[] = { { 0, 32 * MIB, 1, 0 } };
	struct mm_host_config config = { map, 1, 2, 1, 16 * MIB, 64 * MIB, 0 };

	if (!IS_ENABLED(CONFIG_NUMA))
		skip();
	assert_int_equal(mm_host_start(&config), 0);
	assert_null(alloc_pages_node(1, GFP_KERNEL | __GFP_THISNODE, 0));
	assert_non_null(alloc_pages_node(1, GFP_KERNEL, 0));
	mm_host_stop();
}

static void test_fake_nodes(void **state)
{
	u64 sizes[MAX_NUMNODES] = { 0 };
	const struct mem_range *r;

	for (int n = 1; n <= 4; n++) {
		pc_memory(256);
		memblock_remove(100 * MIB, 50 * MIB);
		memset(sizes, 0, sizeof(sizes));
		numa_fake_split(n);
		for_each_range(r, &memblock_memory)
			sizes[r->tag] += r->end - r->start;
		for (int i = 0; i < MAX_NUMNODES; i++)
			assert_true(i < n ? sizes[i] + 5 * MIB > 206 * MIB / (unsigned int)n &&
						    sizes[i] < 206 * MIB / (unsigned int)n + 5 * MIB :
					    !sizes[i]);
	}
}

/* The full-zone cache: marks last for the first pass and a second at most. */
static void test_full_zone_cache(void **state)
{
	struct zonelist *list;

	if (!IS_ENABLED(CONFIG_NUMA))
		skip();
	assert_int_equal(start_three_nodes(), 0);
	list = &NODE_DATA(0)->node_zonelists[ZONELIST_FALLBACK];
	zlc_setup(list);
	zlc_mark_zone_full(list, &list->_zonerefs[1]);
	assert_false(zlc_zone_worth_trying(list, &list->_zonerefs[1]));
	assert_true(zlc_zone_worth_trying(list, &list->_zonerefs[0]));
	zlc_setup(list); /* less than a second later */
	assert_false(zlc_zone_worth_trying(list, &list->_zonerefs[1]));
	list->zlc_last_sweep -= HZ;
	zlc_setup(list);
	assert_true(zlc_zone_worth_trying(list, &list->_zonerefs[1]));
	mm_host_stop();
}

static void test_start_twice(void **state)
{
	struct mm_host_range map = { 0, 32 * MIB, 1, 0 };
	struct mm_host_config config = { &map, 1, 1, 1, 16 * MIB, 64 * MIB, 0 };
	struct page *page;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(mm_host_start(&config), 0);
		assert_int_equal(mm_host_start(&config), -EBUSY);
		page = alloc_pages(GFP_KERNEL, 0);
		assert_non_null(page);
		assert_int_equal(mm_host_zone(0, 1, MM_MANAGED), mm_host_zone(0, 1, MM_FREE) +
			zone_of(0, ZONE_NORMAL)->pageset[0].pcp.count + 1);
		assert_int_equal(mm_host_check(), 0);
		mm_host_stop();
	}
	config.nr_cpus = 0;
	assert_int_equal(mm_host_start(&config), -EINVAL);
	map.type = 2;
	config.nr_cpus = 1;
	assert_int_equal(mm_host_start(&config), -EINVAL);
}

/* Random maps of nodes, holes and limits: every invariant, and every usable page is somewhere. */
static void test_random_machines(void **state)
{
	seed_random("zone random");
	for (int round = 0; round < 60; round++) {
		struct mm_host_range map[24];
		unsigned int nr = 1 + (unsigned int)random_below(24), nodes = 1;
		struct mm_host_config config = { map, nr, 1, 1, 0, 0, 0 };
		unsigned long present = 0, managed = 0;
		u64 end = 64 << 8;

		if (IS_ENABLED(CONFIG_NUMA))
			nodes = config.nr_nodes = 1 + (unsigned int)random_below(MAX_NUMNODES);
		for (unsigned int i = 0; i < nr; i++) {
			u64 start = random_below(end);

			map[i].start = (start << 12) + random_below(3) * 256;
			map[i].end = map[i].start + ((u64)random_below(end / 4) << 12);
			map[i].type = i ? 1 + (u32)random_below(3) % 2 : 1;
			map[i].nid = (int)random_below(nodes);
		}
		map[0].end = map[0].start + 8 * MIB;
		config.dma_end = (u64)random_below(end) << 12;
		config.normal_end = config.dma_end + ((u64)(4096 + random_below(end)) << 12);
		if (mm_host_start(&config))
			continue; /* everything reserved */
		for (int nid = 0; nid < (int)nodes; nid++)
			for (int idx = 0; idx < 3; idx++) {
				present += mm_host_zone(nid, idx, MM_PRESENT);
				managed += mm_host_zone(nid, idx, MM_MANAGED);
			}
		assert_int_equal(present, memblock_memory_size() >> PAGE_SHIFT);
		assert_true(managed <= present);
		assert_int_equal(mm_host_check(), 0);
		mm_host_stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memblock_alloc),
		cmocka_unit_test(test_memblock_random),
		cmocka_unit_test(test_highmem_word),
		cmocka_unit_test(test_zones_of_a_pc),
		cmocka_unit_test(test_zonelists),
		cmocka_unit_test(test_node_of_pages),
		cmocka_unit_test(test_memoryless_node),
		cmocka_unit_test(test_fake_nodes),
		cmocka_unit_test(test_full_zone_cache),
		cmocka_unit_test(test_start_twice),
		cmocka_unit_test(test_random_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
