/* SPDX-License-Identifier: MIT */
/*
 * The firmware map: entries (start, size, type) in no order, overlapping, empty, unaligned, with holes.
 *
 *	firmware   |---- 1 ----|                |-- 1 --|-- 1 --|      |--- 12 ---|
 *	                   |-- 2 --|                  (both unaligned)
 *	map        |-- 1 --|-- 2 --|            |------ 1 ------|      |--- 12 ---|
 *	pages      [ whole ]                    [ whole pages   ]      never
 *
 * Only type 1 is memory; everything else - 2, 3, 4, types nobody knows, gaps - is never allocated. Where
 * entries overlap the more restrictive type wins: RAM loses to all others, among these the larger number
 * wins (Linux's rule). Type-1 ranges that touch are one range before their ends are rounded inward, so a
 * border in the middle of a page costs nothing. An entry whose end wraps is clipped at the top of the
 * address space, unless it claims to be RAM: then nothing in it can be trusted.
 *
 * Linux beyond this: EFI maps, persistent memory (type 7, 12), the setup_data list, MTRR trimming.
 * Test: tests/host/test_e820.c, scripts/check-maps.
 */
#include "mm/e820.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "asm/page.h"

/* Restrictiveness: the larger wins. */
static u64 rank(u32 type)
{
	return type == E820_RAM ? 0 : 1 + (u64)type;
}

bool e820_add(struct range_set *map, u64 start, u64 size, u32 type)
{
	u64 end = start + size;

	if (!size)
		return true;
	if (end < start) { /* wraps */
		if (type == E820_RAM && end)
			return false;
		end = ~0ULL;
	}
	if (type == E820_RAM)
		end = min(end, (u64)E820_MAX_ADDR);
	/* Piece by piece between the ranges that outrank us. */
	while (start < end) {
		unsigned int i = range_set_find(map, start);
		u64 stop = end;

		while (i < map->nr && rank(map->ranges[i].tag) <= rank(type))
			i++;
		if (i < map->nr && map->ranges[i].start <= start) {
			start = map->ranges[i].end;
			continue;
		}
		if (i < map->nr)
			stop = min(stop, map->ranges[i].start);
		if (!range_set_assign(map, start, stop, type))
			return false;
		start = stop;
	}
	return true;
}

void e820_remove_type(struct range_set *map, u64 start, u64 end, u32 type)
{
	unsigned int i = range_set_find(map, start);

	while (i < map->nr && map->ranges[i].start < end) {
		struct mem_range r = map->ranges[i];

		if (r.tag == type && !range_set_remove(map, max(r.start, start), min(r.end, end)))
			return; /* full: leave the rest, it is only more memory than asked for */
		i = range_set_find(map, r.end);
	}
}

bool e820_pages(const struct mem_range *r, unsigned long *start_pfn, unsigned long *end_pfn)
{
	u64 limit = min(r->end, (u64)E820_MAX_ADDR);

	*start_pfn = (r->start >> PAGE_SHIFT) + ((r->start & ~PAGE_MASK) != 0);
	*end_pfn = limit >> PAGE_SHIFT;
	return r->tag == E820_RAM && *start_pfn < *end_pfn;
}

unsigned long e820_usable_pages(const struct range_set *map)
{
	unsigned long start, end, pages = 0;
	const struct mem_range *r;

	for_each_range(r, map)
		if (e820_pages(r, &start, &end))
			pages += end - start;
	return pages;
}

unsigned long e820_end_pfn(const struct range_set *map)
{
	unsigned long start, end, last = 0;
	const struct mem_range *r;

	for_each_range(r, map)
		if (e820_pages(r, &start, &end))
			last = end;
	return last;
}

static const char *type_name(u32 type)
{
	static const char *const names[] = { NULL, "usable", "reserved", "ACPI data", "ACPI NVS",
					     "unusable" };

	return type < ARRAY_SIZE(names) ? names[type] : NULL;
}

void e820_print(const struct range_set *map, const char *who)
{
	const struct mem_range *r;

	for_each_range(r, map) {
		if (type_name(r->tag))
			printk(KERN_INFO "%s: [mem 0x%016llx-0x%016llx] %s\n", who, r->start,
			       r->end - 1, type_name(r->tag));
		else
			printk(KERN_INFO "%s: [mem 0x%016llx-0x%016llx] type %u\n", who, r->start,
			       r->end - 1, r->tag);
	}
}

/* ---- Command line ---------------------------------------------------------------------------- */

bool cmdline_next_word(const char **cursor, char *word, size_t size)
{
	const char *p = *cursor;
	bool quoted = false;
	size_t n = 0;

	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	if (!*p)
		return false;
	for (; *p && (quoted || (*p != ' ' && *p != '\t' && *p != '\n')); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (n + 1 < size)
			word[n++] = *p;
	}
	word[n] = '\0';
	*cursor = p;
	return true;
}

/* mem=SIZE, memmap=SIZE: no RAM at or above that address. */
static bool apply_limit(struct range_set *map, const char *value)
{
	char *end;
	u64 limit = memparse(value, &end);

	if (end == value || *end || !limit)
		return false;
	e820_remove_type(map, limit, ~0ULL, E820_RAM);
	return true;
}

/* One item of memmap=: exactmap, nn@ss, nn#ss, nn$ss, nn. */
static bool apply_memmap(struct range_set *map, const char *item)
{
	char *end;
	u64 size, start;
	u32 type;

	if (!strcmp(item, "exactmap")) {
		map->nr = 0;
		return true;
	}
	size = memparse(item, &end);
	if (end == item)
		return false;
	switch (*end) {
	case '@':
		type = E820_RAM;
		break;
	case '#':
		type = E820_ACPI;
		break;
	case '$':
		type = E820_RESERVED;
		break;
	default:
		return apply_limit(map, item);
	}
	item = end + 1;
	start = memparse(item, &end);
	return end != item && !*end && e820_add(map, start, size, type);
}

static int apply_memmap_list(struct range_set *map, char *list)
{
	int applied = 0;
	char *item;

	while ((item = strsep(&list, ",")) != NULL) {
		if (apply_memmap(map, item))
			applied++;
		else
			pr_warn("e820: memmap=%s not understood: exactmap, nn@ss, nn#ss, nn$ss or nn\n", item);
	}
	return applied;
}

int e820_apply_cmdline(struct range_set *map, const char *cmdline)
{
	static char word[COMMAND_LINE_SIZE]; /* a list of memmap= may be all of it */
	int applied = 0;

	while (cmdline_next_word(&cmdline, word, sizeof(word)) && strcmp(word, "--")) {
		if (!strncmp(word, "memmap=", 7)) {
			applied += apply_memmap_list(map, word + 7);
		} else if (!strncmp(word, "mem=", 4)) {
			if (apply_limit(map, word + 4))
				applied++;
			else
				pr_warn("e820: %s not understood: mem=SIZE, as in 64M\n", word);
		}
	}
	return applied;
}
