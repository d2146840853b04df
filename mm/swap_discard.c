/* SPDX-License-Identifier: MIT */
/*
 * Discard: telling the disk which of its sectors hold nothing of use, so that it can use them for something (a
 * flash disk for its wear levelling, a disk image of a virtual machine to give them back to the host).
 *
 *   swapon with SWAP_FLAG_DISCARD: all but the header, once        a cluster's last slot is free:
 *   scheduled (its slots count as bad: nobody takes one) -> worker or who needs a slot: told -> free
 *
 * A cluster is told about before it can be used again, so a discard never meets a write to the same slots: all
 * writes to it have ended, for a slot under I/O is not free. An error costs nothing but the discard.
 *
 * Locks: area->lock for the list and nr_discarding; given away during the I/O, whose bio lies on the stack.
 * Test: tests/host/test_swap_discard.c, tests/boot/test_swap_areas.py. Try: swapon -d
 */
#include "kernel/base/err.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/swap_internal.h"

static DECLARE_WAIT_QUEUE_HEAD(discard_wanted);
static DECLARE_WAIT_QUEUE_HEAD(discard_done);
static bool scheduled; /* racy: set after, cleared before the lists are looked at */
static struct task_struct *worker; /* [S] */

/* => area->lock held, given away: the first cluster of the list has been told about; false: there was none */
static bool discard_one(struct swap_area *area)
{
	u32 index = area->discard_head;
	int err;

	assert_spin_locked(&area->lock);
	if (index == CLUSTER_NONE)
		return false;
	area->discard_head = area->clusters[index].next;
	area->nr_discarding++;
	spin_unlock(&area->lock);
	err = blkdev_discard(area->bdev, (u64)index * SWAPFILE_CLUSTER * PAGE_SECTORS, SWAPFILE_CLUSTER * PAGE_SECTORS);
	if (err)
		pr_warn_ratelimited("swap: %s: discard failed (error %d); the area works on\n", area->path, err);
	spin_lock(&area->lock);
	area->nr_discarding--;
	memset(area->map + index * SWAPFILE_CLUSTER, 0, SWAPFILE_CLUSTER);
	swap_cluster_free(area, index);
	wake_up_all(&discard_done);
	return true;
}

void swap_discard_schedule(struct swap_area *area, u32 index)
{
	assert_spin_locked(&area->lock);
	memset(area->map + index * SWAPFILE_CLUSTER, SWAP_MAP_BAD, SWAPFILE_CLUSTER);
	area->clusters[index].next = area->discard_head;
	area->discard_head = index;
	WRITE_ONCE(scheduled, true);
	wake_up(&discard_wanted);
}

void swap_discard_wait(struct swap_area *area)
{
	while (discard_one(area))
		;
	while (area->nr_discarding) {
		spin_unlock(&area->lock);
		wait_event(discard_done, !READ_ONCE(area->nr_discarding));
		spin_lock(&area->lock);
	}
}

static int discard_worker(void *unused)
{
	(void)unused;
	for (;;) {
		wait_event_interruptible(discard_wanted, READ_ONCE(scheduled));
		WRITE_ONCE(scheduled, false);
		for (unsigned int type = 0; type < MAX_SWAPFILES; type++) {
			struct swap_area *area = swap_areas[type];

			if (!area)
				continue;
			spin_lock(&area->lock);
			while (area->max && area->clusters && discard_one(area))
				;
			spin_unlock(&area->lock);
		}
	}
	return 0;
}

bool swap_discard_start(void)
{
	struct task_struct *task;

	if (worker)
		return true;
	task = kthread_run(discard_worker, NULL, "kswapdiscard");
	if (!IS_ERR(task))
		worker = task;
	return worker;
}

unsigned int swap_discard_flags(struct block_device *bdev, int swap_flags)
{
	if (!(swap_flags & SWAP_FLAG_DISCARD) || !bdev->max_discard_sectors)
		return 0;
	if (swap_flags & SWAP_FLAG_DISCARD_ONCE)
		return SWP_DISCARDABLE | SWP_AREA_DISCARD;
	if (swap_flags & SWAP_FLAG_DISCARD_PAGES)
		return SWP_DISCARDABLE | SWP_PAGE_DISCARD;
	return SWP_DISCARDABLE | SWP_AREA_DISCARD | SWP_PAGE_DISCARD;
}

int swap_discard_area(struct block_device *bdev, const char *path, unsigned long slots)
{
	u64 end = (u64)slots * PAGE_SECTORS;
	int err = 0;

	for (u64 sector = PAGE_SECTORS; sector < end && !err; sector += DISCARD_SECTORS) {
		if (fatal_signal_pending(current))
			return -EINTR;
		err = blkdev_discard(bdev, sector, (u32)min(end - sector, (u64)DISCARD_SECTORS));
	}
	if (err)
		pr_warn("swap: %s: discard failed (error %d); the area is used all the same\n", path, err);
	return 0;
}
