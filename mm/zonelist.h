/* SPDX-License-Identifier: MIT */
/*
 * The full-zone cache of a zonelist, for get_page_from_freelist(). See zonelist.c.
 */
#ifndef MM_ZONELIST_H
#define MM_ZONELIST_H

#include "mm/zone.h"

extern spinlock_t zone_setup_lock; /* one rebuild of marks, reserves or zonelists at a time */

void zlc_setup(struct zonelist *list); /* forget what is older than a second */
bool zlc_zone_worth_trying(const struct zonelist *list, const struct zoneref *z);
void zlc_mark_zone_full(struct zonelist *list, const struct zoneref *z);

#endif
