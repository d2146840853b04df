/* SPDX-License-Identifier: MIT */
/*
 * How many pages of each list to scan: the arithmetic of spec 6.2, without any side effect but the
 * ageing of the statistics, so that a test can call it with the numbers of the book.
 *
 *   no swap? ------------------ file only          file lists nearly empty? -- anon only
 *   last resort (priority 0)? - every list alike   inactive file plentiful? -- file only
 *   else: both kinds, weighed by swappiness and by how often a scan of the kind was in vain
 *
 *   anon : file = swappiness * scanned_anon / rotated_anon : (200 - swappiness) * scanned_file / rotated_file
 *
 * Locks: the caller holds lru_lock for stat. Test: tests/host/test_scan_rows.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/reclaim.h"

static unsigned long file_size(const struct scan_facts *f)
{
	return f->size[LRU_INACTIVE_FILE] + f->size[LRU_ACTIVE_FILE];
}

static unsigned long anon_size(const struct scan_facts *f)
{
	return f->size[LRU_INACTIVE_ANON] + f->size[LRU_ACTIVE_ANON];
}

enum scan_balance scan_balance_of(const struct scan_facts *f)
{
	if (!f->may_swap || f->free_swap <= 0)
		return SCAN_FILE;
	if (!f->priority && f->swappiness)
		return SCAN_EQUAL;
	if (file_size(f) + f->free <= f->high_wmark)
		return SCAN_ANON;
	if (f->size[LRU_INACTIVE_FILE] >= f->size[LRU_ACTIVE_FILE])
		return SCAN_FILE;
	return SCAN_FRACT;
}

enum scan_balance scan_balance_by_size(const struct scan_facts *f)
{
	enum scan_balance balance = scan_balance_of(f);

	if (balance == SCAN_FILE && f->may_swap && f->free_swap > 0)
		return SCAN_FRACT;
	return balance;
}

void scan_age_stat(struct zone_reclaim_stat *stat, unsigned long anon, unsigned long file)
{
	if (stat->recent_scanned[0] > anon / 4) {
		stat->recent_scanned[0] /= 2;
		stat->recent_rotated[0] /= 2;
	}
	if (stat->recent_scanned[1] > file / 4) {
		stat->recent_scanned[1] /= 2;
		stat->recent_rotated[1] /= 2;
	}
}

/* One list's share of its size >> priority. */
static unsigned long share(enum scan_balance balance, bool file, unsigned long scan,
			   const u64 fraction[2])
{
	switch (balance) {
	case SCAN_EQUAL:
		return scan;
	case SCAN_FRACT:
		return (unsigned long)(scan * fraction[file] / (fraction[0] + fraction[1] + 1));
	case SCAN_ANON:
		return file ? 0 : scan;
	case SCAN_FILE:
		return file ? scan : 0;
	}
	return 0;
}

void scan_count(const struct scan_facts *f, enum scan_balance balance, struct zone_reclaim_stat *stat,
		unsigned long nr[])
{
	u64 fraction[2] = { 0, 0 };
	bool any = false;

	if (balance == SCAN_FRACT) {
		scan_age_stat(stat, anon_size(f), file_size(f));
		fraction[0] = (u64)f->swappiness * (stat->recent_scanned[0] + 1) /
			      (stat->recent_rotated[0] + 1);
		fraction[1] = (u64)(200 - f->swappiness) * (stat->recent_scanned[1] + 1) /
			      (stat->recent_rotated[1] + 1);
	}
	/* The second pass only if the first came to nothing and somebody insists. */
	for (int pass = 0; pass < 2 && !any; pass++) {
		enum lru_list lru;

		for_each_evictable_lru(lru) {
			unsigned long scan = f->size[lru] >> f->priority;

			if (!scan && pass && f->force_scan)
				scan = min(f->size[lru], SWAP_CLUSTER_MAX);
			nr[lru] = share(balance, is_file_lru(lru), scan, fraction);
			any |= nr[lru] != 0;
		}
	}
}
