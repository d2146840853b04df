/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: a checksum in memory of every page that is swapped out, compared when it comes back. Finds torn and
 * stale pages - a write that the disk acknowledged but lost or did by half, a slot used twice, a stale TLB entry - at
 * the moment they come in, instead of as a wrong word in some program later.
 *
 *   swap_writepage: sums[slot] = sum(page)      end of read: sum(page) == sums[slot]?  no: as after a read error
 *
 * A wrong page is never shown: it stays not uptodate, and whoever touches it gets SIGBUS. A panic would stop the
 * innocent too, and the log line says all that is known. While a page is being written a program may take it back
 * and change it; then it is dirty, is written again before it may leave memory, and is summed again.
 *
 * Locks: none; the entry of a slot belongs to who has its page in the swap cache, locked or under I/O. Any context.
 * Test: tests/host/test_swap_io.c, tests/boot/test_swap.py.
 */
#include "kernel/base/printk.h"
#include "mm/kmap.h"
#include "mm/swap_internal.h"

static u32 sum_of(struct page *page)
{
	const u64 *word = kmap_atomic(page);
	u64 sum = 0;

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		sum = (sum ^ word[i]) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 32;
	}
	kunmap_atomic((void *)word);
	return (u32)sum;
}

void swap_sum_note(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_area *area = swap_area_of(entry);

	if (area->sums)
		area->sums[swp_offset(entry)] = sum_of(page);
}

bool swap_sum_right(struct page *page)
{
	swp_entry_t entry = { page_private(page) };
	struct swap_area *area = swap_area_of(entry);
	u32 sum;

	if (!area->sums)
		return true;
	sum = sum_of(page);
	if (likely(sum == area->sums[swp_offset(entry)]))
		return true;
	pr_alert("swap: %s: slot %lu came back changed (checksum %08x, written was %08x): the disk lost or mixed up a "
		 "write. Programs that touch the page get SIGBUS; do not trust this disk\n",
		 area->path, swp_offset(entry), sum, area->sums[swp_offset(entry)]);
	return false;
}
