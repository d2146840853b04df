/* SPDX-License-Identifier: MIT */
/*
 * The swap map: one byte per slot says how often it is used.
 *
 *   0x00 free      0x01..0x3e uses by page tables      0x3f bad
 *   0x40 | uses    the swap cache holds a page for it too
 *   0x80 | uses    more uses: count = uses + 63 * digit, digit in a side array of 4096 slots
 *   0xbf           used by shmem, whose uses are not counted
 *
 *   allocated 40 -> unmapped from two tables 41, 42 -> cache lets go 02 -> read back 42
 *   -> tables have the page again 41, 40 -> cache lets go 00
 *
 * Linux chains whole pages of further digits; one digit of 16 bits counts four million uses here.
 *
 * Locks: area->lock for every byte and digit.
 * Read next: swap_slots.c. Test: tests/host/test_swap_map.c.
 */
#include "kernel/base/err.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/pagemap.h"
#include "mm/slab.h"
#include "mm/swap_internal.h"

static int count_up(unsigned char *byte, u16 *digit)
{
	unsigned char uses = *byte & SWAP_MAP_COUNT;

	if (uses < SWAP_MAP_MAX) {
		(*byte)++;
		return 0;
	}
	if (!digit || *digit == U16_MAX)
		return -ENOMEM;
	/* Carry: the low digit starts again at 0, COUNT_CONTINUED tells of the higher one. */
	*byte = (unsigned char)((*byte & ~SWAP_MAP_COUNT) | COUNT_CONTINUED);
	(*digit)++;
	return 0;
}

int swap_byte_get(unsigned char *byte, u16 *digit, unsigned char usage)
{
	unsigned char count = *byte & (unsigned char)~SWAP_HAS_CACHE;
	bool has_cache = *byte & SWAP_HAS_CACHE;

	if (*byte == SWAP_MAP_SHMEM && usage == SWAP_HAS_CACHE) {
		*byte |= SWAP_HAS_CACHE;
		return 0;
	}
	if (count == SWAP_MAP_BAD || count == SWAP_MAP_SHMEM)
		return usage == SWAP_HAS_CACHE && has_cache ? -EEXIST : -ENOENT;
	if (usage == SWAP_HAS_CACHE) {
		if (has_cache)
			return -EEXIST;
		if (!count)
			return -ENOENT;
		*byte |= SWAP_HAS_CACHE;
		return 0;
	}
	if (!count && !has_cache)
		return -ENOENT;
	if (usage == SWAP_MAP_SHMEM) {
		*byte = (unsigned char)(SWAP_MAP_SHMEM | (has_cache ? SWAP_HAS_CACHE : 0));
		return 0;
	}
	return count_up(byte, digit);
}

unsigned char swap_byte_put(unsigned char *byte, u16 *digit, unsigned char usage)
{
	unsigned char has_cache = *byte & SWAP_HAS_CACHE;
	unsigned char count = *byte & (unsigned char)~SWAP_HAS_CACHE;

	if (usage == SWAP_HAS_CACHE) {
		VM_BUG_ON(!has_cache);
		has_cache = 0;
	} else if (count == SWAP_MAP_SHMEM) {
		count = 0;
	} else if (count == COUNT_CONTINUED) {
		/* Borrow from the higher digit. */
		BUG_ON(!digit || !*digit);
		count = --*digit ? COUNT_CONTINUED | SWAP_MAP_MAX : SWAP_MAP_MAX;
	} else {
		VM_BUG_ON(!(count & SWAP_MAP_COUNT));
		count--;
	}
	*byte = count | has_cache;
	return *byte;
}

int swap_byte_count(unsigned char byte, const u16 *digit)
{
	unsigned char count = byte & (unsigned char)~SWAP_HAS_CACHE;

	if (count == SWAP_MAP_SHMEM || !(byte & COUNT_CONTINUED))
		return count == SWAP_MAP_SHMEM ? 1 : count & SWAP_MAP_COUNT;
	return (count & SWAP_MAP_COUNT) + (int)(SWAP_CONT_BASE * (digit ? *digit : 0U));
}

u16 *swap_digit(struct swap_area *area, unsigned long offset)
{
	u16 *array = area->continuation[offset / SWAP_CONT_SLOTS];

	return array ? &array[offset % SWAP_CONT_SLOTS] : NULL;
}

/* => 0 or an error of swap_byte_get */
static int swap_get(swp_entry_t entry, unsigned char usage)
{
	struct swap_area *area = swap_area_lock(entry);
	unsigned long offset = swp_offset(entry);
	int err;

	if (!area)
		return -ENOENT;
	err = swap_byte_get(&area->map[offset], swap_digit(area, offset), usage);
	spin_unlock(&area->lock);
	return err;
}

/* => the byte afterwards */
static unsigned char swap_put(swp_entry_t entry, unsigned char usage)
{
	struct swap_area *area = swap_area_lock(entry);
	unsigned long offset = swp_offset(entry);
	unsigned char left;

	if (unlikely(!area || !area->map[offset])) {
		if (area)
			spin_unlock(&area->lock);
		pr_err("swap_free: bad or unused swap entry %08lx\n", entry.val);
		return 0;
	}
	left = swap_byte_put(&area->map[offset], swap_digit(area, offset), usage);
	if (!left)
		swap_slot_release(area, (unsigned int)offset);
	spin_unlock(&area->lock);
	return left;
}

int swap_duplicate(swp_entry_t entry)
{
	if (non_swap_entry(entry))
		return 0;
	return swap_get(entry, 1);
}

void swap_shmem_alloc(swp_entry_t entry)
{
	swap_get(entry, SWAP_MAP_SHMEM);
}

int swapcache_prepare(swp_entry_t entry)
{
	return swap_get(entry, SWAP_HAS_CACHE);
}

void swap_free(swp_entry_t entry)
{
	swap_put(entry, 1);
}

void swapcache_free(swp_entry_t entry)
{
	swap_put(entry, SWAP_HAS_CACHE);
}

int add_swap_count_continuation(swp_entry_t entry, gfp_t gfp)
{
	unsigned long chunk = swp_offset(entry) / SWAP_CONT_SLOTS;
	u16 *array = kzalloc(SWAP_CONT_SLOTS * sizeof(*array), gfp);
	struct swap_area *area;

	if (!array)
		return -ENOMEM;
	area = swap_area_lock(entry);
	if (area) {
		if (!area->continuation[chunk])
			swap(area->continuation[chunk], array);
		spin_unlock(&area->lock);
	}
	kfree(array);
	return 0;
}

int swp_swapcount(swp_entry_t entry)
{
	struct swap_area *area = swap_area_lock(entry);
	unsigned long offset = swp_offset(entry);
	int count;

	if (!area)
		return 0;
	count = swap_byte_count(area->map[offset], swap_digit(area, offset));
	spin_unlock(&area->lock);
	return count;
}

void swap_free_cached_page(swp_entry_t entry)
{
	struct page *page = swap_cache_find(entry);

	if (!page)
		return;
	if (trylock_page(page)) {
		if (PageSwapCache(page) && page_private(page) == entry.val &&
		    (!page_mapped(page) || vm_swap_full()))
			try_to_free_swap(page);
		unlock_page(page);
	}
	put_page(page);
}

int free_swap_and_cache(swp_entry_t entry)
{
	if (non_swap_entry(entry))
		return 1;
	if (swap_put(entry, 1) == SWAP_HAS_CACHE)
		swap_free_cached_page(entry);
	return 1;
}
