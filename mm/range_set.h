/* SPDX-License-Identifier: MIT */
/*
 * A set of address ranges, each with a tag: the firmware map (tag: e820 type), memblock's memory (tag:
 * node) and reservations (tag 0). See range_set.c.
 */
#ifndef MM_RANGE_SET_H
#define MM_RANGE_SET_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct mem_range {
	u64 start, end;	/* bytes, end exclusive; never empty */
	u32 tag;
};

struct range_set {
	const char *name;
	unsigned int nr, max;
	struct mem_range *ranges; /* sorted, disjoint; neighbours that touch differ in tag */
};

#define for_each_range(r, set) for (r = (set)->ranges; r < (set)->ranges + (set)->nr; r++)

/* => [start, end) has this tag now, whatever was there; false (nothing changed): no room for the result */
bool __must_check range_set_assign(struct range_set *set, u64 start, u64 end, u32 tag);
/* => nothing is left in [start, end) */
bool __must_check range_set_remove(struct range_set *set, u64 start, u64 end);
/* => index of the first range that ends above addr; nr if there is none */
unsigned int range_set_find(const struct range_set *set, u64 addr);
const struct mem_range *range_set_lookup(const struct range_set *set, u64 addr);

#endif
