/* SPDX-License-Identifier: MIT */
/* Between buddy.c and fallback.c. => zone->lock held for all. */
#ifndef MM_FALLBACK_H
#define MM_FALLBACK_H

#include "mm/zone.h"

/* Take page's block of order high off its list and split it; the remainder goes to that type's lists. */
void buddy_take(struct zone *zone, struct page *page, unsigned int low, unsigned int high,
		enum migratetype remainder);
/* From the type's own lists only, smallest block first. */
struct page *buddy_alloc_smallest(struct zone *zone, unsigned int order,
				  enum migratetype migratetype);
/* From other types' lists, largest block first; at last from RESERVE. */
struct page *buddy_alloc_fallback(struct zone *zone, unsigned int order,
				  enum migratetype migratetype);

#endif
