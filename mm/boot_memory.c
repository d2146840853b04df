/* SPDX-License-Identifier: MIT */
/*
 * From the firmware map to memblock: what may be used, where low memory ends, and which node it is on.
 *
 *	firmware map -> mem=, memmap= -> whole pages of RAM -> memblock memory
 *
 *	0        16M                 max_low_pfn              max_pfn
 *	|- DMA --|------ Normal ----------|------- HighMem ------|
 *	         (direct map ends here) --^
 *
 * max_low_pfn is 896 MiB, or with highmem=SIZE the frame above which exactly SIZE bytes of RAM lie: holes do
 * not count. That may be higher or lower than 896 MiB, but never below 16 MiB: ZONE_DMA stays whole.
 *
 * Nodes: the SRAT's, or with numa=fake=N the RAM cut into N parts of equal size at borders of MAX_ORDER
 * blocks; CPUs are then dealt round.
 */
#include "boot/boot_info.h"
#include "arch/acpi.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/e820.h"
#include "mm/memblock.h"
#include "mm/zone.h"
#include "mm/zone_setup.h"

#define E820_MAX_RANGES (2 * BOOT_MAX_E820 + 64) /* n entries cut each other into 2n + 1 at most */

unsigned long max_low_pfn, max_pfn;
unsigned long max_dma_pfn = MAX_DMA_PFN;
static int numa_fake;

#define MIN_MEMORY (15ULL << 20) /* of the 16 MiB that a machine must have, the firmware may keep one */
#define WORD_MAX   64
#define PROBE_BIG  (1ULL << 30)
#define PROBE_STEP (64ULL << 20)

/* These words are read by setup_memory(), before and in another order than the handlers run. */
static int __init read_by_setup_memory(char *value)
{
	return 0;
}
early_param("mem", read_by_setup_memory);
early_param("memmap", read_by_setup_memory);
early_param("highmem", read_by_setup_memory);
early_param("numa", read_by_setup_memory);

/* The value of the last word name=value; false if there is none. */
static bool last_value(const char *cmdline, const char *name, char *value, size_t size)
{
	size_t len = strlen(name);
	bool found = false;
	char word[WORD_MAX + 16];

	while (cmdline_next_word(&cmdline, word, sizeof(word)) && strcmp(word, "--")) {
		if (strncmp(word, name, len) || word[len] != '=')
			continue;
		strscpy(value, word + len + 1, size);
		found = true;
	}
	return found;
}

/* The frame above which exactly pages of RAM lie, at least min_pfn. */
static unsigned long pfn_below_top(unsigned long pages, unsigned long min_pfn)
{
	for (unsigned int i = memblock_memory.nr; i-- > 0;) {
		unsigned long start = memblock_memory.ranges[i].start >> PAGE_SHIFT;
		unsigned long end = memblock_memory.ranges[i].end >> PAGE_SHIFT;

		if (pages <= end - start)
			return max(end - pages, min_pfn);
		pages -= end - start;
	}
	return min_pfn;
}

unsigned long find_max_low_pfn(const char *cmdline)
{
	unsigned long high_pages, limit = DIRECT_MAP_MAX >> PAGE_SHIFT;
	char value[WORD_MAX], *end;

	if (!last_value(cmdline, "highmem", value, sizeof(value)))
		return min(limit, max_pfn);
	high_pages = memparse(value, &end) >> PAGE_SHIFT;
	if (end == value || *end) {
		pr_warn("highmem=%s not understood: highmem=SIZE, as in 128M\n", value);
		return min(limit, max_pfn);
	}
	if (!high_pages)
		return max_pfn;
	limit = pfn_below_top(high_pages, max_dma_pfn);
	if (pfn_below_top(high_pages, 0) < max_dma_pfn)
		pr_warn("highmem=%s would leave less than 16M below it: cut\n", value);
	return min(limit, max_pfn);
}

static void reserve_loader_memory(const struct boot_info *bi)
{
	if (bi->initrd_end > bi->initrd_start) {
		u64 start = round_down(bi->initrd_start, PAGE_SIZE);

		memblock_reserve(start, round_up(bi->initrd_end, PAGE_SIZE) - start);
	}
}

/* The firmware's map, the user's wishes, and what this CPU can reach at all. */
static void read_map(const struct boot_info *bi, struct range_set *map)
{
	u64 limit = min(arch_phys_limit(), (u64)E820_MAX_ADDR), seen;

	for (unsigned int i = 0; i < bi->nr_map; i++)
		if (!e820_add(map, bi->map[i].addr, bi->map[i].size, bi->map[i].type))
			pr_warn("e820: entry %u makes no sense: start 0x%llx size 0x%llx type %u\n", i,
				bi->map[i].addr, bi->map[i].size, bi->map[i].type);
	pr_info("e820: BIOS-provided physical RAM map:\n");
	e820_print(map, "BIOS-e820");
	if (e820_apply_cmdline(map, bi->cmdline)) {
		pr_info("e820: user-defined physical RAM map:\n");
		e820_print(map, "user");
	}
	seen = e820_usable_pages(map);
	e820_remove_type(map, limit, ~0ULL, E820_RAM);
	if (seen != e820_usable_pages(map))
		pr_warn("e820: %llu KiB of RAM lie above 0x%llx, which this CPU cannot address: not used\n",
			(seen - e820_usable_pages(map)) << (PAGE_SHIFT - 10), limit);
}

/* => a word there keeps what is written to it; nothing changes */
static bool page_answers(unsigned long pfn)
{
	u64 phys = ((u64)pfn << PAGE_SHIFT) + PAGE_SIZE - sizeof(u64), old;
	volatile u64 *word;
	bool ok;

	if (phys + sizeof(u64) > boot_image_start() && phys < boot_image_end())
		return true;
	word = early_memremap(phys, sizeof(u64));
	BUG_ON(!word);
	old = *word;
	*word = ~old;
	ok = *word == ~old;
	*word = old;
	early_memunmap((void *)word, sizeof(u64));
	return ok;
}

/* => where the piece ends that begins at `at`, at a border of step or at limit; *answers: whether its last page does */
static u64 probe_piece(u64 at, u64 limit, u64 step, bool *answers)
{
	u64 end = min(round_down(at, step) + step, limit);

	*answers = page_answers((end >> PAGE_SHIFT) - 1);
	return end;
}

/*
 * RAM that a map promises but that is not there would be given out like any other. => each piece of PROBE_BIG bytes
 * whose last page answers stays; of the others, each of PROBE_STEP bytes whose last page does not is taken out of
 * the map. Few words are tried because the host may give two megabytes for each.
 */
static void drop_absent(struct range_set *map)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		struct mem_range r = map->ranges[i];
		u64 gone = 0, end, limit = round_down(r.end, PAGE_SIZE);
		bool answers;

		if (r.tag != E820_RAM)
			continue;
		for (u64 at = round_up(r.start, PAGE_SIZE); at + PAGE_SIZE <= r.end; at = end) {
			end = probe_piece(at, limit, PROBE_BIG, &answers);
			if (!answers)
				end = probe_piece(at, limit, PROBE_STEP, &answers);
			if (answers)
				continue;
			e820_remove_type(map, at, end, E820_RAM);
			gone += end - at;
		}
		if (!gone)
			continue;
		pr_warn("e820: %llu KiB of the memory that the map has at 0x%llx are not there: not used\n", gone >> 10,
			r.start);
		i = range_set_find(map, r.end - 1) - 1; /* go on behind r, whatever is left of it */
	}
}

static void require_memory(const struct boot_info *bi, unsigned long pages)
{
	if (!bi->nr_map && !pages)
		panic("No memory map from the loader: boot through GRUB's multiboot2 or QEMU's -kernel, or say "
		      "memmap=nn@ss. (A command line over 4 KiB makes QEMU lose the map)");
	if (pages < MIN_MEMORY >> PAGE_SHIFT)
		panic("%lu KiB of usable memory are too little: Tidemark needs a machine of 16 MiB. Give it more "
		      "(QEMU: -m 32M); the words mem= and memmap= take memory away",
		      pages << (PAGE_SHIFT - 10));
}

static void read_numa_word(const char *cmdline)
{
	char value[WORD_MAX];

	if (!last_value(cmdline, "numa", value, sizeof(value)))
		return;
	if (strncmp(value, "fake=", 5) || kstrtoint(value + 5, 10, &numa_fake) || numa_fake < 0) {
		pr_warn("numa=%s not understood: numa=fake=N cuts the memory into N nodes\n", value);
		numa_fake = 0;
	} else if (numa_fake > MAX_NUMNODES) {
		pr_warn("numa=%s: there can be %d nodes at most\n", value, MAX_NUMNODES);
	}
}

void setup_memory(const struct boot_info *bi)
{
	static struct mem_range ranges[E820_MAX_RANGES];
	struct range_set map = { .name = "e820", .max = E820_MAX_RANGES, .ranges = ranges };
	const struct mem_range *r;
	unsigned long start, end;

	read_map(bi, &map);
	drop_absent(&map);
	require_memory(bi, e820_usable_pages(&map));
	memblock_init();
	for_each_range(r, &map)
		if (e820_pages(r, &start, &end))
			memblock_add((u64)start << PAGE_SHIFT, (u64)(end - start) << PAGE_SHIFT);
	reserve_loader_memory(bi);
	max_pfn = memblock_end_of_memory() >> PAGE_SHIFT;
	max_low_pfn = find_max_low_pfn(bi->cmdline);
	read_numa_word(bi->cmdline);
	pr_info("e820: last_pfn = 0x%lx, direct map up to 0x%lx\n", max_pfn, max_low_pfn);
}

/*
 * mem= and memmap= may have taken away the memory that the loader put the initrd in. It has no descriptors then:
 * copy it into memory that is ours.
 */
void relocate_initrd(struct boot_info *bi)
{
	u64 size = bi->initrd_end - bi->initrd_start, done = 0, n, to;
	const struct mem_range *r = range_set_lookup(&memblock_memory, bi->initrd_start);

	if (!size || (r && r->end >= bi->initrd_end))
		return;
	if (bi->initrd_end > arch_phys_limit()) {
		pr_err("initrd: the loader says it is at 0x%llx, which this CPU cannot address: ignored\n",
		       bi->initrd_start);
		bi->initrd_end = bi->initrd_start;
		return;
	}
	to = memblock_alloc_phys(round_up(size, PAGE_SIZE), PAGE_SIZE, 0);
	if (!to)
		panic("no memory for the initrd (%llu KiB): mem= or memmap= leave too little", size >> 10);
	for (; done < size; done += n) {
		void *src, *dst;

		n = min(size - done, (u64)(EARLY_REMAP_MAX - PAGE_SIZE));
		src = early_memremap(bi->initrd_start + done, n);
		dst = early_memremap(to + done, n);
		BUG_ON(!src || !dst);
		memcpy(dst, src, n);
		early_memunmap(dst, n);
		early_memunmap(src, n);
	}
	pr_info("initrd: moved from 0x%llx to 0x%llx\n", bi->initrd_start, to);
	bi->initrd_start = to;
	bi->initrd_end = to + size;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

static int nodes_seen;

static void add_srat_range(int nid, u64 start, u64 end)
{
	if (nid >= MAX_NUMNODES) {
		pr_warn("numa: node %d is one too many, its memory goes to node 0\n", nid);
		return;
	}
	nodes_seen = max(nodes_seen, nid + 1);
	memblock_set_node(start, end - start, nid);
}

/* Cut all RAM into nr parts of equal size, at borders of the largest blocks. */
void numa_fake_split(int nr)
{
	u64 share = memblock_memory_size() / (unsigned int)nr, seen = 0;
	u64 block = MAX_ORDER_NR_PAGES << PAGE_SHIFT, begin = 0;
	int nid = 0;

	for (unsigned int i = 0; i < memblock_memory.nr && nid < nr - 1; i++) {
		struct mem_range r = memblock_memory.ranges[i];

		while (nid < nr - 1 && seen + (r.end - r.start) >= share * (unsigned int)(nid + 1)) {
			u64 cut = round_down(r.start + share * (unsigned int)(nid + 1) - seen, block);

			if (cut > begin)
				memblock_set_node(begin, cut - begin, nid);
			begin = max(begin, cut);
			nid++;
		}
		seen += r.end - r.start;
		i = range_set_find(&memblock_memory, r.end - 1);
	}
	memblock_set_node(begin, memblock_end_of_memory() - begin, nid);
}

void setup_numa(void)
{
	nodes_seen = 1;
	if (IS_ENABLED(CONFIG_NUMA) && numa_fake > 0) {
		nodes_seen = min(numa_fake, MAX_NUMNODES);
		numa_fake_split(nodes_seen);
	} else if (IS_ENABLED(CONFIG_NUMA)) {
		acpi_numa_ranges(add_srat_range);
	}
	nr_node_ids = nodes_seen;
	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		int nid = numa_fake > 0 ? cpu % nodes_seen : arch_cpu_to_node(cpu);

		cpu_to_node_map[cpu] = (u8)(nid < nodes_seen ? nid : 0);
	}
}
