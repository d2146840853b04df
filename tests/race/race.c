/* SPDX-License-Identifier: MIT */
/*
 * race POLICY FRAMES TRACE [--readahead]: one trace through the real mm code on the host's machine.
 *
 *   l, s: host_touch's way (TLB, page tables, accessed and dirty bits, faults)     r, w: filemap_read, filemap_write
 *   memory: one zone; all but FRAMES pages above the high mark are taken away before the first reference
 *   swap and files: disks of RAM
 *
 * A miss is a first reference or one that has waited for the disk: a major fault, or a read that called readpage.
 * Readahead is off unless asked for, so that one miss brings one page, as with the ideal policies.
 *
 * Every page has a pattern of its own and a version that each store raises. Each reference checks the version and one
 * word more; after the last, all words of all pages are read back. A wrong word ends the program with status 2.
 *
 * Result: one line of JSON. FRAMES of the ideal policies is what the policy really had: the mean of resident pages
 * over all references after the first FRAMES misses (which fill the memory).
 */
#include "arch/host/libc_machine.h"

#include "arch/host/machine.h"
#include "fs/fs.h"
#include "kernel/base/err.h"
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/mman.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/vmstat.h"
#include "mm/zone.h"
#include "tests/race/race.h"
#include "tests/race/trace.h"

#define WORDS (PAGE_SIZE / sizeof(u64))
#define KERNEL_MIB 12 /* beside FRAMES: what the kernel itself needs, and what is taken away */
#define MIN_FREE_KB 128 /* marks of 32, 40 and 48 pages: few beside FRAMES */

static struct trace trace;
static unsigned long frames;
static const char *policy;
static bool readahead;

static struct mm_struct *mms[TRACE_TASKS];
static unsigned long maps[TRACE_TASKS][TRACE_SPACES]; /* where a task has a space */
static struct race_file *files[TRACE_SPACES];
static u64 *versions;	/* per page: stores so far */
static bool *known;	/* per page: referenced before */
static u64 wrong_words;

/* ---- Contents ---- */

static u64 word(u32 page, u64 i)
{
	return i ? (page * WORDS + i) * 0x9e3779b97f4a7c15ULL : versions[page];
}

void race_fill(u32 page, u64 *words)
{
	for (u64 i = 0; i < WORDS; i++)
		words[i] = word(page, i);
}

static void check(u32 page, u64 i, u64 found)
{
	if (found == word(page, i))
		return;
	if (wrong_words++ < 10)
		fprintf(stderr, "race: page %u word %llu is %llx, not %llx\n", page, i, found, word(page, i));
}

/* ---- One reference ---- */

static unsigned long address_of(const struct ref *ref)
{
	unsigned int s = trace_space_of(&trace, ref->page);

	return maps[ref->task][s] + (ref->page - trace.spaces[s].base) * PAGE_SIZE;
}

/* A page of memory begins with a store of all its words. */
static void first_store(const struct ref *ref, unsigned long va)
{
	u64 words[WORDS];

	race_fill(ref->page, words);
	if (host_write(current->mm, va, words, sizeof(words)))
		panic("race: a page could not be written");
}

static void mapped(const struct ref *ref, size_t nr)
{
	unsigned long va = address_of(ref);
	u64 i = 1 + nr % (WORDS - 1);

	if (ref->op == REF_STORE)
		host_put(current->mm, va, ++versions[ref->page]);
	else
		check(ref->page, 0, host_get(current->mm, va));
	check(ref->page, i, host_get(current->mm, va + i * sizeof(u64)));
}

static void through_file(const struct ref *ref)
{
	unsigned int s = trace_space_of(&trace, ref->page);
	u64 value = ref->op == REF_WRITE ? ++versions[ref->page] : 0;

	host_advance(HOST_TOUCH_NS);
	if (need_resched())
		schedule();
	if (race_file_io(files[s], ref->page - trace.spaces[s].base, &value, ref->op == REF_WRITE, readahead))
		panic("race: a file could not be read or written");
	check(ref->page, 0, value);
}

/* What a reference that has waited for the disk adds to. */
static unsigned long disk_waits(void)
{
	return this_cpu_ptr(&vm_event_states)->event[PGMAJFAULT] + race_file_reads;
}

/* => true: a miss */
static bool reference(const struct ref *ref, size_t nr)
{
	bool first = !known[ref->page], file = trace.spaces[trace_space_of(&trace, ref->page)].file;
	unsigned long before = disk_waits();

	host_use_mm(mms[ref->task]);
	known[ref->page] = true;
	if (first && !file)
		first_store(ref, address_of(ref));
	if (ref->op == REF_LOAD || ref->op == REF_STORE)
		mapped(ref, nr);
	else
		through_file(ref);
	return first || disk_waits() != before;
}

/* ---- The machine of the race ---- */

/* => pages that hold nothing, on the per-CPU lists too */
static unsigned long pages_free(void)
{
	struct zone *zone;
	unsigned long n = 0;

	for_each_populated_zone(zone)
		n += zone_page_state_snapshot(zone, NR_FREE_PAGES) +
		     (unsigned long)zone->pageset[0].pcp.count;
	return n;
}

static unsigned long kernel_pages(void)
{
	return global_page_state(NR_SLAB_RECLAIMABLE) + global_page_state(NR_SLAB_UNRECLAIMABLE) +
	       global_page_state(NR_PAGETABLE);
}

static void take_away(void)
{
	struct zone *zone;
	unsigned long mark = 0, keep;

	min_free_kbytes_set(MIN_FREE_KB);
	for_each_populated_zone(zone)
		mark += high_wmark_pages(zone);
	for (keep = frames + mark; pages_free() > keep;)
		if (!alloc_page(GFP_KERNEL))
			panic("race: no page to take away");
}

static void make_swap(void)
{
	unsigned long pages = 1024;
	struct host_disk *disk;

	for (unsigned int s = 0; s < trace.nr_spaces; s++)
		pages += trace.spaces[s].file ? 0 : 3 * trace.spaces[s].pages;
	disk = host_disk_create("swap0", pages);
	host_mkswap(disk);
	if (do_swapon(&disk->bdev, "swap0", 0))
		panic("race: swapon failed");
	if (!readahead)
		page_cluster = 0;
}

static void map_space(unsigned int task, unsigned int s)
{
	const struct space *space = &trace.spaces[s];
	unsigned long bytes = space->pages * PAGE_SIZE, va;

	if (!space->file && space->task != task)
		return;
	va = vm_mmap(space->file ? race_file_struct(files[s]) : NULL, 0, bytes, PROT_READ | PROT_WRITE,
		     space->file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		     space->file ? RACE_FILE_FIRST : 0);
	if (IS_ERR_VALUE(va))
		panic("race: mmap failed");
	if (space->file && !readahead && do_madvise(va, bytes, MADV_RANDOM))
		panic("race: madvise failed");
	maps[task][s] = va;
}

static void make_spaces(void)
{
	for (unsigned int s = 0; s < trace.nr_spaces; s++)
		if (trace.spaces[s].file)
			files[s] = race_file_create(trace.spaces[s].base, trace.spaces[s].pages);
	for (unsigned int task = 0; task < trace.nr_tasks; task++) {
		mms[task] = task ? mm_alloc() : current->mm;
		if (!mms[task])
			panic("race: no address space");
		host_use_mm(mms[task]);
		for (unsigned int s = 0; s < trace.nr_spaces; s++)
			map_space(task, s);
	}
}

/* All words of all pages, after the race. */
static void verify_all(void)
{
	for (u32 page = 0; page < trace.nr_pages; page++) {
		const struct space *space = &trace.spaces[trace_space_of(&trace, page)];
		struct ref ref = { page, REF_LOAD, (u8)space->task };
		u64 words[WORDS];

		if (!space->file && !known[page])
			continue;
		host_use_mm(mms[ref.task]);
		if (host_read(current->mm, address_of(&ref), words, sizeof(words)))
			panic("race: a page could not be read");
		for (u64 i = 0; i < WORDS; i++)
			check(page, i, words[i]);
	}
}

/*
 * The host's clock stands still while the kernel works. A reclaimer would look at pages that are being written a
 * thousand times in no time and conclude that nothing can be freed: so each page it looks at costs what it does on
 * the machine.
 * (The linker puts this function in front of shrink_zone.)
 */
#define SCAN_NS 1500

bool __real_shrink_zone(struct zone *zone, struct scan_control *sc);
bool __wrap_shrink_zone(struct zone *zone, struct scan_control *sc);

bool __wrap_shrink_zone(struct zone *zone, struct scan_control *sc)
{
	unsigned long before = sc->nr_scanned;
	bool freed = __real_shrink_zone(zone, sc);

	host_advance(SCAN_NS * (1 + sc->nr_scanned - before));
	return freed;
}

/* ---- The race ---- */

struct result {
	struct misses misses;
	unsigned long swapped_out, scanned, refilled;
	unsigned long resident_max;
	u64 resident_sum, resident_samples;
};

static void sample_resident(struct result *r, unsigned long start)
{
	unsigned long now = pages_free() + kernel_pages(), resident = start > now ? start - now : 0;

	r->resident_max = max(r->resident_max, resident);
	if (r->misses.all < frames)
		return;
	r->resident_sum += resident;
	r->resident_samples++;
}

static unsigned long events(enum vm_event_item item)
{
	return this_cpu_ptr(&vm_event_states)->event[item];
}

#define zone_events(item) (events(item##_DMA) + events(item##_NORMAL) + events(item##_HIGH))

static void run(struct result *r)
{
	unsigned long start = pages_free() + kernel_pages();

	for (size_t i = 0; i < trace.nr_refs; i++) {
		if (reference(&trace.refs[i], i)) {
			r->misses.all++;
			r->misses.hot += trace.hot[trace.refs[i].page];
		}
		sample_resident(r, start);
	}
	r->swapped_out = events(PSWPOUT);
	r->scanned = zone_events(PGSCAN_KSWAPD) + zone_events(PGSCAN_DIRECT);
	r->refilled = zone_events(PGREFILL);
}

static void print_misses(const char *name, struct misses m)
{
	printf(", \"%s\": %llu, \"%s_hot\": %llu", name, (u64)m.all, name, (u64)m.hot);
}

static void print(const struct result *r)
{
	u64 resident = r->resident_samples ? (r->resident_sum + r->resident_samples / 2) / r->resident_samples :
					     r->resident_max;

	printf("{\"policy\": \"%s\", \"frames\": %lu, \"refs\": %zu, \"pages\": %u", policy, frames, trace.nr_refs,
	       trace.nr_distinct);
	printf(", \"resident\": %llu, \"resident_max\": %lu", resident, r->resident_max);
	print_misses("misses", r->misses);
	print_misses("opt", misses_opt(&trace, (u32)resident));
	print_misses("lru", misses_lru(&trace, (u32)resident));
	print_misses("static", misses_static(&trace, (u32)resident));
	printf(", \"writes\": %lu, \"scanned\": %lu, \"wrong_words\": %llu}\n",
	       r->swapped_out + race_file_writes, r->scanned + r->refilled, wrong_words);
}

static void race(void *unused)
{
	struct result r = { 0 };

	(void)unused;
	if (reclaim_policy_set(policy)) {
		fprintf(stderr, "race: no policy %s\n", policy);
		exit(1);
	}
	make_swap();
	make_spaces();
	take_away();
	run(&r);
	verify_all();
	print(&r);
	fflush(stdout);
	_exit(wrong_words ? 2 : 0); /* the machine holds pages that nobody gives back */
}

int main(int argc, char **argv)
{
	struct host_machine config = { 0 };

	if (argc == 2 && !strcmp(argv[1], "--policies")) {
		for (unsigned int i = 0; reclaim_policy_number(i); i++)
			printf("%s\n", reclaim_policy_number(i)->name);
		return 0;
	}
	readahead = argc == 5 && !strcmp(argv[4], "--readahead");
	if (argc != 4 && !readahead) {
		fprintf(stderr, "usage: race POLICY FRAMES TRACE [--readahead]\n");
		return 1;
	}
	policy = argv[1];
	frames = strtoul(argv[2], NULL, 10);
	if (frames < 64 || frames > 1UL << 18) {
		fprintf(stderr, "race: 64 to 262144 frames, not %s\n", argv[2]);
		return 1;
	}
	if (!trace_read(&trace, argv[3]))
		return 1;
	versions = calloc(trace.nr_pages, sizeof(*versions));
	known = calloc(trace.nr_pages, sizeof(*known));
	config.ram_mib = config.dma_mib = (unsigned int)(frames >> (20 - PAGE_SHIFT)) + KERNEL_MIB;
	host_machine_run(&config, race, NULL);
	return 1;
}
