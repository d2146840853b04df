/* SPDX-License-Identifier: MIT */
/*
 * memblock: who owns which bytes of physical memory, from the firmware map until the buddy takes over.
 *
 *   memory:    [0-9f000) node 0   [100000-38000000) node 0   [38000000-...) node 1
 *   reserved:     [0-1000)  [100000-image end)   [initrd)  [page tables]  ...
 *   free        = memory without reserved
 *
 * Both are sorted lists of ranges that neither overlap nor touch (memory: of one node). Page 0 is always
 * reserved: frame 0 ends every page_list. Boot only, one CPU, no locks; mem_init() hands what is free to
 * the buddy and calls to the allocating functions are a bug afterwards.
 *
 * Order at boot: setup_memory() (firmware map, command line) -> memblock_reserve() of what lies in
 * memory already -> paging_init(max_low_pfn << PAGE_SHIFT) -> memblock_alloc() -> zones_init() ->
 * mem_init().
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "mm/range_set.h"
#include "asm/page.h"

struct boot_info;

/* tag of a memory range: its node */
extern struct range_set memblock_memory, memblock_reserved;

/* First frame without a direct mapping: end of ZONE_NORMAL; set by setup_memory(). */
extern unsigned long max_low_pfn; /* [I] */

/*
 * The firmware map of bi, the words mem=, memmap= and highmem= of its command line and the loader's
 * reservations -> memblock; max_pfn and max_low_pfn; prints the map.
 * => the image, page tables and so on are the caller's to reserve
 */
void setup_memory(const struct boot_info *bi);

/* The initrd lies in memory we use, or is copied there. => everything else reserved; early_memremap() works */
void relocate_initrd(struct boot_info *bi);

/* Give memory and CPUs to nodes: numa=fake=N, else the SRAT. => after acpi_init(), before zones_init() */
void setup_numa(void);

void memblock_init(void);	/* empty again; for host tests */
/* => ranges may overlap what is there (the node of the newer call wins for memory) */
void memblock_add_node(phys_addr_t base, phys_addr_t size, int nid);
void memblock_remove(phys_addr_t base, phys_addr_t size);
void memblock_reserve(phys_addr_t base, phys_addr_t size);
void memblock_free(phys_addr_t base, phys_addr_t size);	/* undo reserve; whole range */
void memblock_set_node(phys_addr_t base, phys_addr_t size, int nid);

static inline void memblock_add(phys_addr_t base, phys_addr_t size)
{
	memblock_add_node(base, size, 0);
}

/*
 * Reserve size bytes of free memory below max_addr (0: no limit) and return their physical address.
 * => highest place first; not zeroed; 0 when nothing fits; align is a power of two
 */
phys_addr_t memblock_alloc_phys(phys_addr_t size, phys_addr_t align, phys_addr_t max_addr);
/* The same inside [min_addr, max_addr) and one node (-1: any); bottom_up: lowest place first. */
phys_addr_t memblock_alloc_range(phys_addr_t size, phys_addr_t align, phys_addr_t min_addr,
				 phys_addr_t max_addr, int nid, bool bottom_up);
/* Zeroed lowmem by kernel address, needs the direct map. => panics when there is none */
void *memblock_alloc(size_t size, size_t align);
void *memblock_alloc_node(size_t size, size_t align, int nid); /* of that node if it has lowmem free */

/* The host has more than low memory mapped: memblock_alloc() may go so far before it panics. 0: no more. */
extern phys_addr_t memblock_mapped_end;

bool memblock_is_memory(phys_addr_t addr);
bool memblock_is_reserved(phys_addr_t addr);
phys_addr_t memblock_end_of_memory(void);
phys_addr_t memblock_memory_size(void);	/* bytes */

/* The next free range at or after *pos, on nid (-1: any). => false at the end; *pos moves on */
bool memblock_next_free(phys_addr_t *pos, int nid, phys_addr_t *start, phys_addr_t *end,
			int *out_nid);

#define for_each_free_mem_range(pos, nid, start, end, out_nid)                                     \
	for (pos = 0; memblock_next_free(&(pos), nid, start, end, out_nid);)

#endif
