/* SPDX-License-Identifier: MIT */
/*
 * Sorted arrays of disjoint ranges.
 *
 *	assign [b, e) tag 2:   |--- 1 ---|    |-- 1 --|        before
 *	                            b---------e
 *	                       |-1--|--- 2 ---|-- 1 --|        after
 *
 * Invariants after every call: sorted by start, no overlap, no empty range, and two ranges that touch have
 * different tags (so "joined" needs no step of its own). All operations are O(n) array moves: maps have
 * a dozen entries, at worst some hundreds, and are built once.
 *
 * No locks: boot only. Linux's memblock and e820 code do this twice, each in its own way.
 */
#include "mm/range_set.h"
#include "kernel/base/string.h"

unsigned int range_set_find(const struct range_set *set, u64 addr)
{
	unsigned int lo = 0, hi = set->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (set->ranges[mid].end > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct mem_range *range_set_lookup(const struct range_set *set, u64 addr)
{
	unsigned int i = range_set_find(set, addr);

	return i < set->nr && set->ranges[i].start <= addr ? &set->ranges[i] : NULL;
}

/* Replace the old ranges at i by the nr_new ones. */
static void replace(struct range_set *set, unsigned int i, unsigned int nr_old,
		    const struct mem_range *new, unsigned int nr_new)
{
	memmove(set->ranges + i + nr_new, set->ranges + i + nr_old,
		(set->nr - i - nr_old) * sizeof(*set->ranges));
	memcpy(set->ranges + i, new, nr_new * sizeof(*new));
	set->nr = set->nr - nr_old + nr_new;
}

static void append_joined(struct mem_range *list, unsigned int *n, struct mem_range r)
{
	if (r.start == r.end)
		return;
	if (*n && list[*n - 1].end == r.start && list[*n - 1].tag == r.tag)
		list[*n - 1].end = r.end;
	else
		list[(*n)++] = r;
}

/* The common part: what is in [start, end) goes; if add, a range with tag takes its place. */
static bool rewrite(struct range_set *set, u64 start, u64 end, bool add, u32 tag)
{
	struct mem_range new[5];
	unsigned int first = range_set_find(set, start), last = first, n = 0;

	if (start >= end)
		return true;
	while (last < set->nr && set->ranges[last].start < end)
		last++;
	/* ranges[first..last-1] overlap; with the neighbours that touch, to join with them */
	if (first > 0 && set->ranges[first - 1].end == start)
		append_joined(new, &n, set->ranges[--first]);
	if (first < last && set->ranges[first].start < start && set->ranges[first].end > start)
		append_joined(new, &n, (struct mem_range){ set->ranges[first].start, start,
							    set->ranges[first].tag });
	if (add)
		append_joined(new, &n, (struct mem_range){ start, end, tag });
	if (first < last && set->ranges[last - 1].end > end)
		append_joined(new, &n, (struct mem_range){ end, set->ranges[last - 1].end,
							    set->ranges[last - 1].tag });
	else if (last < set->nr && set->ranges[last].start == end)
		append_joined(new, &n, set->ranges[last++]);
	if (set->nr - (last - first) + n > set->max)
		return false;
	replace(set, first, last - first, new, n);
	return true;
}

bool range_set_assign(struct range_set *set, u64 start, u64 end, u32 tag)
{
	return rewrite(set, start, end, true, tag);
}

bool range_set_remove(struct range_set *set, u64 start, u64 end)
{
	return rewrite(set, start, end, false, 0);
}
