/* SPDX-License-Identifier: MIT */
/*
 * The firmware's memory map made usable. See e820.c; all of it is pure: no memory is touched but the map.
 */
#ifndef MM_E820_H
#define MM_E820_H

#include "mm/range_set.h"

#define E820_RAM       1
#define E820_RESERVED  2
#define E820_ACPI      3
#define E820_NVS       4
#define E820_UNUSABLE  5
#define E820_MAX_ADDR  (1ULL << 44) /* frame numbers have 32 bits: RAM from here on is left alone */

/*
 * Add one raw entry, [start, start + size). => in any order, overlapping or not: where entries disagree the
 * more restrictive type wins; false if the map is full or the entry made no sense (RAM that wraps)
 */
bool e820_add(struct range_set *map, u64 start, u64 size, u32 type);
/* Take type out of [start, end). */
void e820_remove_type(struct range_set *map, u64 start, u64 end, u32 type);

/*
 * Apply the words mem= and memmap= of a command line, in their order, up to a lone "--".
 * => number of words that changed something; wrong ones are reported and skipped
 */
int e820_apply_cmdline(struct range_set *map, const char *cmdline);

/* The range of whole pages inside r, as frame numbers. => false: not one page */
bool e820_pages(const struct mem_range *r, unsigned long *start_pfn, unsigned long *end_pfn);
unsigned long e820_usable_pages(const struct range_set *map); /* whole pages of RAM */
unsigned long e820_end_pfn(const struct range_set *map);      /* behind the last of them */

/* One line per range, Linux's text: "BIOS-e820: [mem 0x...-0x...] usable". */
void e820_print(const struct range_set *map, const char *who);

/*
 * The next word of a command line, quotes removed. => false at the end; *cursor moves on; the word is cut at
 * size - 1 characters
 */
bool cmdline_next_word(const char **cursor, char *word, size_t size);

#endif
