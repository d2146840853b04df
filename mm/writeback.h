/* SPDX-License-Identifier: MIT */
/*
 * Write-back of dirty file pages: limits, the flusher thread, and the waiting that keeps writers
 * from filling memory with dirty pages.
 *
 *   dirty > background limit: flusher wakes     dirty > limit: the writer itself writes and waits
 */
#ifndef MM_WRITEBACK_H
#define MM_WRITEBACK_H

#include "mm/address_space.h"
#include "mm/zone.h"

extern int dirty_background_ratio, vm_dirty_ratio;		/* percent of dirtyable memory */
extern unsigned long dirty_background_bytes, vm_dirty_bytes;	/* 0: the ratios count */
extern int vm_highmem_is_dirtyable;				/* 0: HighMem does not raise the limits */
extern unsigned int dirty_writeback_interval, dirty_expire_interval; /* centiseconds */

unsigned long global_dirtyable_memory(void);			/* pages */
void global_dirty_limits(unsigned long *background, unsigned long *dirty); /* pages */
bool zone_dirty_ok(struct zone *zone);				/* __GFP_WRITE, spec 4.1 */

/* A writer has dirtied a page: may sleep until there is room. */
void balance_dirty_pages_ratelimited(struct address_space *mapping);
void wakeup_flusher_threads(long nr_pages);
void writeback_init(void);		/* thread "flush"; tasks must run */

/*
 * Mappings with dirty pages, for the flusher: filemap's set_page_dirty calls it for the first dirty
 * page of a mapping, truncate of the last user takes it out. => any process context
 */
void writeback_mapping_dirty(struct address_space *mapping);
void writeback_mapping_gone(struct address_space *mapping);

/*
 * Sleep up to timeout jiffies, but only while a queue is congested and the zone is marked
 * ZONE_CONGESTED; else merely let others run. => remaining jiffies
 */
long wait_iff_congested(struct zone *zone, bool write, long timeout);

#endif
