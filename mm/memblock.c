/* SPDX-License-Identifier: MIT */
/*
 * The boot allocator: two range sets, and "free" is what lies in the first but not in the second.
 *
 *	memory    |-------- node 0 --------|        |-------- node 1 --------|
 *	reserved  |p0|   |image|       |initrd|                    |tables|
 *	free         |---|     |-------|            |--------------|      |--|
 *
 * Allocation is from the top down, so that low memory (DMA, the SMP trampoline) stays free, or from the
 * bottom up where asked. Nothing here is ever handed back by itself: mem_init() gives the rest to the buddy
 * and closes the shop. HighMem is never allocated for the kernel's own use except by physical address
 * (the memmap), because nobody could write to it.
 *
 * No locks: boot only, one CPU. Linux's memblock also mirrors, hot-plugs and doubles its arrays.
 * Test: tests/host/test_zone.c, tests/host/test_boot_memory.c.
 */
#include "mm/memblock.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"

#define MEMORY_RANGES	1280 /* a map of 512 entries that overlap in the worst way, split by nodes */
#define RESERVED_RANGES 512

static struct mem_range memory_ranges[MEMORY_RANGES];
static struct mem_range reserved_ranges[RESERVED_RANGES];

struct range_set memblock_memory = { .name = "memory", .max = MEMORY_RANGES,
				     .ranges = memory_ranges };
struct range_set memblock_reserved = { .name = "reserved", .max = RESERVED_RANGES,
				       .ranges = reserved_ranges };

phys_addr_t memblock_mapped_end;

void memblock_init(void)
{
	memblock_mapped_end = 0;
	memblock_memory.nr = 0;
	memblock_reserved.nr = 0;
	memblock_reserve(0, PAGE_SIZE);
}

void memblock_add_node(phys_addr_t base, phys_addr_t size, int nid)
{
	if (!range_set_assign(&memblock_memory, base, base + size, (u32)nid))
		pr_warn("memblock: too many ranges, [mem 0x%llx-0x%llx] is left alone\n", base,
			base + size - 1);
}

void memblock_remove(phys_addr_t base, phys_addr_t size)
{
	if (!range_set_remove(&memblock_memory, base, base + size))
		panic("memblock: no room to remove [mem 0x%llx-0x%llx]", base, base + size - 1);
}

void memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	if (!range_set_assign(&memblock_reserved, base, base + size, 0))
		panic("memblock: no room to reserve [mem 0x%llx-0x%llx]", base, base + size - 1);
}

void memblock_free(phys_addr_t base, phys_addr_t size)
{
	if (!range_set_remove(&memblock_reserved, base, base + size))
		pr_warn("memblock: too many ranges, [mem 0x%llx-0x%llx] stays reserved\n", base,
			base + size - 1);
}

/* Memory keeps its extent, only the node changes; a page belongs to the node of its last byte. */
void memblock_set_node(phys_addr_t base, phys_addr_t size, int nid)
{
	phys_addr_t end = ALIGN_DOWN(base + size, PAGE_SIZE), pos = base = ALIGN_DOWN(base, PAGE_SIZE);

	while (pos < end) {
		unsigned int i = range_set_find(&memblock_memory, pos);
		struct mem_range r;

		if (i == memblock_memory.nr || memblock_memory.ranges[i].start >= end)
			return;
		r = memblock_memory.ranges[i];
		r.start = max(r.start, base);
		r.end = min(r.end, end);
		memblock_add_node(r.start, r.end - r.start, nid);
		pos = r.end;
	}
}

bool memblock_is_memory(phys_addr_t addr)
{
	return range_set_lookup(&memblock_memory, addr) != NULL;
}

bool memblock_is_reserved(phys_addr_t addr)
{
	return range_set_lookup(&memblock_reserved, addr) != NULL;
}

phys_addr_t memblock_end_of_memory(void)
{
	return memblock_memory.nr ? memblock_memory.ranges[memblock_memory.nr - 1].end : 0;
}

phys_addr_t memblock_memory_size(void)
{
	const struct mem_range *r;
	phys_addr_t sum = 0;

	for_each_range(r, &memblock_memory)
		sum += r->end - r->start;
	return sum;
}

bool memblock_next_free(phys_addr_t *pos, int nid, phys_addr_t *start, phys_addr_t *end,
			int *out_nid)
{
	for (;;) {
		unsigned int m = range_set_find(&memblock_memory, *pos), r;
		const struct mem_range *memory = &memblock_memory.ranges[m], *reserved;

		if (m == memblock_memory.nr)
			return false;
		if (nid >= 0 && (int)memory->tag != nid) {
			*pos = memory->end;
			continue;
		}
		*start = max(*pos, memory->start);
		*end = memory->end;
		r = range_set_find(&memblock_reserved, *start);
		reserved = &memblock_reserved.ranges[r];
		if (r < memblock_reserved.nr && reserved->start <= *start) {
			*pos = reserved->end; /* inside a reservation: go on behind it */
			continue;
		}
		if (r < memblock_reserved.nr)
			*end = min(*end, reserved->start);
		*pos = *end;
		if (out_nid)
			*out_nid = (int)memory->tag;
		return true;
	}
}

phys_addr_t memblock_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				 phys_addr_t max_addr, int nid, bool bottom_up)
{
	phys_addr_t pos, start, end, found = 0;

	if (!max_addr)
		max_addr = ~0ULL;
	size = max(size, (phys_addr_t)1);
	for_each_free_mem_range(pos, nid, &start, &end, NULL) {
		phys_addr_t lo = ALIGN(max(start, min_addr), align), hi = min(end, max_addr);

		if (lo >= hi || hi - lo < size)
			continue;
		found = bottom_up ? lo : ALIGN_DOWN(hi - size, align);
		if (bottom_up)
			break;
	}
	if (found)
		memblock_reserve(found, size);
	return found;
}

phys_addr_t memblock_alloc_phys(phys_addr_t size, phys_addr_t align, phys_addr_t max_addr)
{
	return memblock_alloc_range(size, align, 0, max_addr, -1, false);
}

void *memblock_alloc_node(size_t size, size_t align, int nid)
{
	/* what the boot page tables reach, however far the direct map will go */
	phys_addr_t limit = min((phys_addr_t)max_low_pfn << PAGE_SHIFT, (phys_addr_t)DIRECT_MAP_MAX);
	phys_addr_t addr = memblock_alloc_range(size, align, 0, limit, nid, false);

	if (!addr && nid >= 0)
		addr = memblock_alloc_range(size, align, 0, limit, -1, false);
	if (!addr && memblock_mapped_end)
		addr = memblock_alloc_range(size, align, 0, memblock_mapped_end, -1, false);
	if (!addr)
		panic("memblock: out of low memory for %zu bytes", size);
	memset(__va(addr), 0, size);
	return __va(addr);
}

void *memblock_alloc(size_t size, size_t align)
{
	return memblock_alloc_node(size, align, -1);
}
