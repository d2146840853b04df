/* SPDX-License-Identifier: MIT */
/*
 * The memmap: descriptors for the frames that exist, and only for these.
 *
 *	pfn     0        1024       2048       3072      ...
 *	RAM     |####  ##|##########|          |   ###
 *	blocks  [ valid ][  valid  ]            [ valid ]      of MAX_ORDER_NR_PAGES frames
 *	vmemmap [48 KiB ][ 48 KiB  ]  unmapped  [ 48 KiB]
 *
 * A block with any RAM in it has all its descriptors, so the buddy never meets a missing one while it
 * merges inside a block. Frames without RAM there are reserved for ever. The memory for the descriptors
 * comes from the top of the node they describe - HighMem where there is some - in 2 MiB pages where at
 * least three quarters of one are needed, else in 4 KiB pages.
 *
 * Linux: sections of 128 MiB, 64-byte descriptors, 16 MiB of descriptors for each GiB of RAM; here 12.
 */
#include "arch/mmu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/internal.h"
#include "mm/memblock.h"
#include "mm/zone_setup.h"

#define BLOCK_SHIFT	    (MAX_ORDER - 1)
#define MEMMAP_BYTES(block) ((unsigned long)(block) * MAX_ORDER_NR_PAGES * sizeof(struct page))
#define LARGE_PAGES	    (PMD_SIZE / PAGE_SIZE)

static_assert(MEMMAP_BYTES(1) % PAGE_SIZE == 0, "a block's descriptors are whole pages");

static unsigned long *valid_blocks; /* [I] a bit per block */
static unsigned long nr_blocks;

bool pfn_valid(unsigned long pfn)
{
	return pfn >> BLOCK_SHIFT < nr_blocks && test_bit((long)(pfn >> BLOCK_SHIFT), valid_blocks);
}

/* The node of the first RAM at or above pfn; of the last RAM if there is none. */
static int nid_near(unsigned long pfn)
{
	unsigned int i = range_set_find(&memblock_memory, (u64)pfn << PAGE_SHIFT);

	return (int)memblock_memory.ranges[min(i, memblock_memory.nr - 1)].tag;
}

static void find_valid_blocks(void)
{
	const struct mem_range *r;

	nr_blocks = (max_pfn + MAX_ORDER_NR_PAGES - 1) >> BLOCK_SHIFT;
	valid_blocks = memblock_alloc(BITS_TO_LONGS(nr_blocks) * sizeof(long), sizeof(long));
	for_each_range(r, &memblock_memory) {
		unsigned long first = r->start >> PAGE_SHIFT >> BLOCK_SHIFT;
		unsigned long last = (r->end - 1) >> PAGE_SHIFT >> BLOCK_SHIFT;

		for (; first <= last; first++)
			__set_bit((long)first, valid_blocks);
	}
}

/* ---- Backing the array with memory ----------------------------------------------------------- */

static void map_small(unsigned long va, unsigned long pages, int nid)
{
	phys_addr_t phys = memblock_alloc_range(pages << PAGE_SHIFT, PAGE_SIZE, 0, 0, nid, false);

	if (!phys)
		phys = memblock_alloc_phys(pages << PAGE_SHIFT, PAGE_SIZE, 0);
	for (unsigned long i = 0; phys && i < pages; i++)
		if (arch_vmemmap_map(va + i * PAGE_SIZE, (phys >> PAGE_SHIFT) + i, false))
			phys = 0;
	if (!phys)
		panic("no memory for the descriptors at 0x%lx", va);
}

static bool map_large(unsigned long va, int nid)
{
	phys_addr_t phys = memblock_alloc_range(PMD_SIZE, PMD_SIZE, 0, 0, nid, false);

	return phys && !arch_vmemmap_map(va, phys >> PAGE_SHIFT, true);
}

/* Is any valid block's descriptor in the page of the array that starts at byte offset off? */
static bool page_needed(unsigned long off)
{
	return pfn_valid(off / MEMMAP_BYTES(1) << BLOCK_SHIFT);
}

/* One 2 MiB piece of the array, from byte offset off. */
static void map_piece(unsigned long off)
{
	unsigned long needed = 0, i, run;
	int nid = nid_near(off / sizeof(struct page));

	for (i = 0; i < LARGE_PAGES; i++)
		needed += page_needed(off + i * PAGE_SIZE);
	if (needed >= LARGE_PAGES * 3 / 4 && map_large(VMEMMAP_START + off, nid))
		return;
	for (i = 0; i < LARGE_PAGES; i += run + 1) {
		for (run = 0; i + run < LARGE_PAGES && page_needed(off + (i + run) * PAGE_SIZE);)
			run++;
		if (run)
			map_small(VMEMMAP_START + off + i * PAGE_SIZE, run, nid);
	}
}

static void map_memmap(void)
{
	for (unsigned long off = 0; off < MEMMAP_BYTES(nr_blocks); off += PMD_SIZE) {
		unsigned long last = (off + PMD_SIZE - 1) / MEMMAP_BYTES(1);
		unsigned long block =
			find_next_bit(valid_blocks, nr_blocks, off / MEMMAP_BYTES(1));

		if (block < nr_blocks && block <= last)
			map_piece(off);
	}
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

void memmap_init_page(struct page *page, unsigned long pfn, const struct zone *zone)
{
	page->flags = (unsigned long)zone->index << ZONES_SHIFT |
		      (unsigned long)zone->node << NODES_SHIFT | 1UL << PG_reserved;
	page->mapping = NULL;
	page->index = 0;
	page->private = 0;
	page->next = page->prev = PAGE_LIST_END;
	atomic_set(&page->_mapcount, -1);
	set_page_count(page, 1);
}

/* Up to where the frames from pfn on have one zone and one node; those of a hole go with what follows. */
static unsigned long uniform_end(unsigned long pfn, unsigned long end, int nid)
{
	const struct mem_range *r = memblock_memory.ranges;
	unsigned int i = range_set_find(&memblock_memory, (u64)pfn << PAGE_SHIFT);
	unsigned long limit = zone_limit_pfn[zone_of_pfn(pfn)];

	while (i + 1 < memblock_memory.nr && (int)r[i + 1].tag == nid &&
	       r[i].end >> PAGE_SHIFT < end)
		i++;
	if (i + 1 < memblock_memory.nr)
		end = min(end, (unsigned long)(r[i].end >> PAGE_SHIFT));
	return pfn < limit ? min(end, limit) : end;
}

static void init_block(unsigned long block)
{
	unsigned long pfn = block << BLOCK_SHIFT, end = pfn + MAX_ORDER_NR_PAGES;

	while (pfn < end) {
		int nid = nid_near(pfn);
		unsigned long stop = uniform_end(pfn, end, nid);
		const struct zone *zone = &NODE_DATA(nid)->node_zones[zone_of_pfn(pfn)];

		for (; pfn < stop; pfn++)
			memmap_init_page(pfn_to_page(pfn), pfn, zone);
	}
}

void memmap_init(void)
{
	unsigned long block;

	find_valid_blocks();
	if (!ARCH_VMEMMAP_PREMAPPED)
		map_memmap();
	for_each_set_bit(block, valid_blocks, nr_blocks)
		init_block(block);
}
