/* SPDX-License-Identifier: MIT */
/*
 * Page owner: for each frame, who allocated it last (order, gfp, stack, when) and who freed it.
 *
 *	side table   [block 0: 1024 records] [block 1] ...  one per MAX_ORDER block with RAM, by pointer
 *
 * Records are made only with page_owner=on (debug builds: always unless off), from lowmem at boot: about 2 %
 * of the memory they describe. The records of a block follow its pages' owners; nobody else writes them, so
 * there is no lock; a reader may see a record change under its eyes.
 *
 * A fallback allocation (the pageblock is of another type than the request) is marked in the text.
 * Linux later: stacks kept once in a depot. Test: tests/host/test_page_debug.c, tests/boot/test_page_debug.py.
 */
#include "arch/trap.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "kernel/core/timer.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/memblock.h"
#include "mm/page_debug.h"

#define OWNER_DEPTH 6

struct owner_stack {
	u32 ips[OWNER_DEPTH]; /* low halves: all kernel text lies in one 4 GiB */
};

struct page_owner {
	struct owner_stack alloc, freed;
	gfp_t gfp;
	s8 order; /* -1: free, or never allocated */
	s8 last_order;
	u16 pid;
	u32 alloc_jiffies, free_jiffies; /* when */
};

static struct page_owner **owner_blocks; /* [I] by block, NULL: no table for it */
static unsigned long nr_owner_blocks;

static void alloc_block(unsigned long block)
{
	struct page_owner *owners;

	owners = memblock_alloc(MAX_ORDER_NR_PAGES * sizeof(*owners), PAGE_SIZE);
	for (unsigned long i = 0; i < MAX_ORDER_NR_PAGES; i++)
		owners[i].order = owners[i].last_order = -1;
	owner_blocks[block] = owners;
}

void page_owner_init(void)
{
	unsigned long used = 0, block;

	nr_owner_blocks = 0;
	if (!(alloc_special & PAGE_DEBUG_OWNER))
		return;
	nr_owner_blocks = DIV_ROUND_UP(max_pfn, MAX_ORDER_NR_PAGES);
	owner_blocks = memblock_alloc(nr_owner_blocks * sizeof(*owner_blocks), sizeof(void *));
	for (block = 0; block < nr_owner_blocks; block++) {
		if (!pfn_valid(block * MAX_ORDER_NR_PAGES))
			continue;
		/* with much HighMem the table would eat lowmem: at most an eighth of that */
		used += MAX_ORDER_NR_PAGES * sizeof(struct page_owner);
		if (used > max_low_pfn << PAGE_SHIFT >> 3) {
			pr_warn("page_owner: no records for frames from 0x%lx on\n",
				block * MAX_ORDER_NR_PAGES);
			return;
		}
		alloc_block(block);
	}
}

static struct page_owner *owner_of(unsigned long pfn)
{
	unsigned long block = pfn / MAX_ORDER_NR_PAGES;

	if (block >= nr_owner_blocks || !owner_blocks[block])
		return NULL;
	return &owner_blocks[block][pfn % MAX_ORDER_NR_PAGES];
}

static void save_stack(struct owner_stack *stack)
{
	u64 ips[OWNER_DEPTH + 4];
	int n = save_stack_trace(ips, ARRAY_SIZE(ips)), skip = min(n, 4);

	for (int i = 0; i < OWNER_DEPTH; i++) /* the first few are ours */
		stack->ips[i] = i + skip < n ? (u32)ips[i + skip] : 0;
}

static unsigned long full_ip(u32 ip)
{
	return ((unsigned long)&save_stack & ~0xffffffffUL) | ip;
}

void set_page_owner(struct page *page, unsigned int order, gfp_t gfp)
{
	struct page_owner *owner = owner_of(page_to_pfn(page));

	if (!owner)
		return;
	save_stack(&owner->alloc);
	owner->gfp = gfp;
	owner->order = owner->last_order = (s8)order;
	owner->pid = (u16)current->pid;
	owner->alloc_jiffies = (u32)jiffies;
}

void page_owner_free(struct page *page, unsigned int order)
{
	struct page_owner *owner = owner_of(page_to_pfn(page));

	if (!owner)
		return;
	save_stack(&owner->freed);
	owner->free_jiffies = (u32)jiffies;
	owner->order = -1;
}

void page_owner_split(struct page *page, unsigned int order)
{
	struct page_owner *owner = owner_of(page_to_pfn(page));

	if (!owner)
		return;
	owner->order = owner->last_order = 0;
	for (unsigned long i = 1; i < 1UL << order; i++)
		owner[i] = *owner;
}

static void print_stack(const char *what, u32 when, const struct owner_stack *stack)
{
	u32 ago = (u32)jiffies - when;

	pr_alert("page last %s at (%u.%02u s ago):\n", what, ago / HZ, ago % HZ * 100 / HZ);
	for (int i = 0; i < OWNER_DEPTH && stack->ips[i]; i++)
		pr_alert(" %pS\n", (void *)full_ip(stack->ips[i]));
}

void page_owner_dump(const struct page *page)
{
	const struct page_owner *owner = owner_of(page_to_pfn(page));

	if (!owner || owner->last_order < 0) {
		pr_alert("page_owner: no record of an allocation\n");
		return;
	}
	pr_alert("page_owner: last allocated via order %d, mask 0x%x, pid %u, now %s\n",
		 owner->last_order, owner->gfp, owner->pid,
		 owner->order < 0 ? "free" : "allocated");
	print_stack("allocated", owner->alloc_jiffies, &owner->alloc);
	if (owner->freed.ips[0])
		print_stack("freed", owner->free_jiffies, &owner->freed);
}

/* ---- /sys/kernel/debug/page_owner ------------------------------------------------------------- */

/* Text into buf; counts on when it is full, so that the end can tell. */
static __printf(4, 5) void add(char *buf, size_t size, size_t *len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	*len += (size_t)vsnprintf(*len < size ? buf + *len : NULL, *len < size ? size - *len : 0, fmt,
				  args);
	va_end(args);
}

/* The twelve letters of spec 10.1. */
static void flag_letters(const struct page *page, char letters[13])
{
	static const struct {
		char letter;
		u8 bit;
	} flags[12] = {
		{ 'K', PG_locked }, { 'E', PG_error }, { 'R', PG_referenced }, { 'U', PG_uptodate },
		{ 'D', PG_dirty }, { 'L', PG_lru }, { 'A', PG_active }, { 'S', PG_slab },
		{ 'W', PG_writeback }, { 'C', PG_head }, { 'B', PG_swapcache },
		{ 'M', PG_mappedtodisk },
	};

	for (int i = 0; i < 12; i++)
		letters[i] = page->flags >> flags[i].bit & 1 ? flags[i].letter : ' ';
	letters[12] = '\0';
}

static int print_record(char *buf, size_t size, unsigned long pfn, const struct page_owner *owner)
{
	const struct page *page = pfn_to_page(pfn);
	enum migratetype block = get_pageblock_migratetype(page_zone(page), pfn);
	enum migratetype wanted = allocflags_to_migratetype(owner->gfp);
	char letters[13];
	size_t len = 0;

	flag_letters(page, letters);
	add(buf, size, &len, "Page allocated via order %d, mask 0x%x\n", owner->order, owner->gfp);
	add(buf, size, &len, "PFN %lu Block %lu type %d %s Flags %s\n", pfn,
	    pfn >> pageblock_order, block, block != wanted ? "Fallback" : "        ", letters);
	for (int i = 0; i < OWNER_DEPTH && owner->alloc.ips[i]; i++)
		add(buf, size, &len, " [<%016lx>] %pS\n", full_ip(owner->alloc.ips[i]),
		    (void *)full_ip(owner->alloc.ips[i]));
	add(buf, size, &len, "\n");
	return len < size ? (int)len : -ENOMEM;
}

int page_owner_read(unsigned long *pfn, char *buf, size_t size)
{
	for (; *pfn < max_pfn; (*pfn)++) {
		const struct page_owner *owner;
		int len;

		if (!pfn_valid(*pfn)) {
			*pfn |= MAX_ORDER_NR_PAGES - 1;
			continue;
		}
		owner = owner_of(*pfn);
		if (!owner || owner->order < 0)
			continue;
		len = print_record(buf, size, *pfn, owner);
		*pfn += 1UL << owner->order;
		return len;
	}
	return 0;
}
