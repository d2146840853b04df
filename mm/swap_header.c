/* SPDX-License-Identifier: MIT */
/*
 * Page 0 of a swap area, as mkswap writes it: checked before anything is believed. Pure functions,
 * no locks: the host tests feed them broken headers.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/swap_internal.h"

/* A header from a machine of the other endianness is turned round in place. */
static void swap_header_to_native(struct swap_header *h)
{
	if (__builtin_bswap32(h->version) != 1)
		return;
	h->version = __builtin_bswap32(h->version);
	h->last_page = __builtin_bswap32(h->last_page);
	h->nr_badpages = __builtin_bswap32(h->nr_badpages);
	for (u32 i = 0; i < min(h->nr_badpages, MAX_SWAP_BADPAGES); i++)
		h->badpages[i] = __builtin_bswap32(h->badpages[i]);
}

unsigned long swap_header_check(struct swap_header *h, unsigned long device_pages, bool is_file,
				const char **why)
{
	unsigned long slots;

	if (memcmp(h->magic, "SWAPSPACE2", 10)) {
		*why = "Unable to find swap-space signature (mkswap makes one)";
		return 0;
	}
	swap_header_to_native(h);
	if (h->version != 1) {
		*why = "Unable to handle swap header version (only 1 is known; mkswap makes it)";
		return 0;
	}
	slots = (unsigned long)h->last_page + 1;
	if (h->last_page == 0 || slots > UINT_MAX) {
		*why = "Empty swap-file (run mkswap again)";
		return 0;
	}
	if (slots > device_pages) {
		*why = "Swap area shorter than signature indicates (run mkswap on this disk again)";
		return 0;
	}
	if (h->nr_badpages > MAX_SWAP_BADPAGES || (h->nr_badpages && is_file)) {
		*why = "Swap header names too many bad pages (at most 637 are possible; run mkswap again)";
		return 0;
	}
	return slots;
}

unsigned long swap_header_fill_map(const struct swap_header *h, unsigned char *map,
				   unsigned long max)
{
	unsigned long good = max - 1; /* slot 0 holds the header */

	for (u32 i = 0; i < h->nr_badpages; i++) {
		u32 bad = h->badpages[i];

		if (bad == 0 || bad > h->last_page)
			return 0;
		if (map[bad] != SWAP_MAP_BAD) {
			map[bad] = SWAP_MAP_BAD;
			good--;
		}
	}
	map[0] = SWAP_MAP_BAD;
	return good;
}
