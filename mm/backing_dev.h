/* SPDX-License-Identifier: MIT */
/*
 * backing_dev_info: what write-back and readahead know about one disk.
 *
 *   block_device --bdi_get()--> backing_dev_info <-- mapping->bdi of every file on it
 *
 * Pages of its files that are dirty or being written are counted here, exactly. Its flusher (flusher.c) writes the
 * mappings on b_dirty; writers that have to wait (writeback.c) wait on `throttled` for the disk to get on.
 *
 * Locks by letter: [w] bdi_lock, [a] atomic, [I] set when made.
 */
#ifndef MM_BACKING_DEV_H
#define MM_BACKING_DEV_H

#include "kernel/base/atomic.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/wait.h"

struct address_space;
struct block_device;
struct task_struct;

struct backing_dev_info {
	struct block_device *bdev;		/* [I] */
	unsigned int ra_pages;			/* racy: largest readahead window of its files, a knob */
	atomic_long_t nr_dirty, nr_writeback;	/* [a] pages */
	atomic_long_t completions;		/* [a] pages written lately, see bdi_share() */
	unsigned long nr_written;		/* racy statistics: pages */

	struct list_head b_dirty;		/* [w] mappings with dirty pages, mapping->wb_list */
	struct address_space *writing;		/* [w] the flusher works on it */
	wait_queue_head_t released;		/* for writing to change */
	wait_queue_head_t throttled;		/* writers, until pages have been written */

	struct task_struct *flusher;		/* [I] once it runs */
	wait_queue_head_t flusher_wait;
	atomic_long_t nr_wanted;		/* [a] pages somebody asked the flusher to write */
	bool background;			/* racy: look at the background limit */

	struct list_head list;			/* [w] all of them; none ever goes */
};

extern spinlock_t bdi_lock;

/* => the device's, made at the first call with a window of DEFAULT_RA_PAGES; NULL: no memory. May sleep. */
struct backing_dev_info *bdi_get(struct block_device *bdev);
/* NULL starts, NULL ends. */
struct backing_dev_info *bdi_next(struct backing_dev_info *prev);

static inline unsigned long bdi_unwritten(const struct backing_dev_info *bdi)
{
	long n = atomic_long_read(&bdi->nr_dirty) + atomic_long_read(&bdi->nr_writeback);

	return n > 0 ? (unsigned long)n : 0;
}

/* Pages of all disks: dirty, dirty or being written. Exact, unlike NR_FILE_DIRTY. */
unsigned long bdi_total_dirty(void);
unsigned long bdi_total_unwritten(void);

/* => any context; mapping may be NULL or have no disk. sign: 1 or -1 */
void bdi_account_dirty(struct address_space *mapping, int sign);
void bdi_start_write(struct address_space *mapping);
void bdi_end_write(struct address_space *mapping); /* wakes writers now and then */

/* => the disk's part of limit pages, by how much of the latest writing was its */
unsigned long bdi_share(struct backing_dev_info *bdi, unsigned long limit);

#endif
