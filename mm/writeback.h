/* SPDX-License-Identifier: MIT */
/*
 * Write-back of dirty file pages: limits, flusher threads, and the waiting that keeps writers from filling memory
 * with dirty pages.
 *
 *   dirty > background limit: flushers write     dirty > limit: who dirties pages waits for the disk
 */
#ifndef MM_WRITEBACK_H
#define MM_WRITEBACK_H

#include "mm/address_space.h"
#include "mm/backing_dev.h"
#include "mm/zone.h"

extern int dirty_background_ratio, vm_dirty_ratio;		/* percent of dirtyable memory */
extern unsigned long dirty_background_bytes, vm_dirty_bytes;	/* 0: the ratios count */
extern int vm_highmem_is_dirtyable;				/* 0: HighMem does not raise the limits */
extern unsigned int dirty_writeback_interval, dirty_expire_interval; /* centiseconds */

/* ---- Limits and writers (writeback.c) ---- */

/* Pages one CPU dirties between two looks at the limits. */
#define RATELIMIT_PAGES 32
/* So many pages a disk may always have dirty, however little it has written lately. */
#define BDI_FLOOR_PAGES 32

unsigned long global_dirtyable_memory(void);			/* pages */
void global_dirty_limits(unsigned long *background, unsigned long *dirty); /* pages */
bool over_background_limit(void);
bool zone_dirty_ok(struct zone *zone);				/* __GFP_WRITE, spec 4.1 */

/* A writer has dirtied a page: may sleep until there is room; SIGKILL ends the wait. */
void balance_dirty_pages_ratelimited(struct address_space *mapping);

/*
 * Sleep up to timeout jiffies, but only while a queue is congested and the zone is marked
 * ZONE_CONGESTED; else merely let others run. => remaining jiffies
 */
long wait_iff_congested(struct zone *zone, bool write, long timeout);

/* ---- Flushers (flusher.c) ---- */

/* => the disk has a flusher from now on: 0 or -ENOMEM. Before the first page of it becomes dirty. May sleep. */
int __must_check bdi_start_flusher(struct backing_dev_info *bdi);
/* => every flusher writes nr_pages, 0: all it has. Any context. */
void wakeup_flusher_threads(long nr_pages);
void bdi_start_background(struct backing_dev_info *bdi); /* until below the background limit */
void flusher_interval_changed(void);			 /* dirty_writeback_interval */

/*
 * Mappings with dirty pages, for the flusher: filemap's set_page_dirty calls it for the first dirty
 * page of a mapping, truncate of the last user takes it out. => any process context
 */
void writeback_mapping_dirty(struct address_space *mapping);
void writeback_mapping_gone(struct address_space *mapping);

#endif
