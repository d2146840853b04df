/* SPDX-License-Identifier: MIT */
/*
 * Block devices by name and number, and who has claimed one; queues and bios at their beginning.
 *
 * Drivers register at start-up and never go, so a pointer to a device stays good. A claim keeps two users of the
 * whole device (two swap areas, say) apart.
 *
 * Locks: block_devices_lock for the list and bd_holder; softirqs off, since block_stall.c looks at all devices in one.
 */
#include "kernel/core/block.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"

static DEFINE_SPINLOCK(block_devices_lock, LOCK_RANK_LEAF);
static LIST_HEAD(block_devices); /* [block_devices_lock], only ever grows */

void block_queue_init(struct request_queue *q)
{
	spin_lock_init(&q->lock, LOCK_RANK_QUEUE);
	INIT_LIST_HEAD(&q->queue);
	for (int dir = 0; dir < 2; dir++) {
		init_waitqueue_head(&q->wait[dir]);
		INIT_LIST_HEAD(&q->free[dir]);
		for (int i = 0; i < QUEUE_NR_REQUESTS; i++) {
			q->requests[dir][i].tag = dir * QUEUE_NR_REQUESTS + i;
			list_add_tail(&q->requests[dir][i].queuelist, &q->free[dir]);
		}
	}
	if (!q->max_vecs)
		q->max_vecs = BIO_MAX_VECS;
}

/*
 * => bdev->queue: zeroed memory of the driver's, max_vecs set. The device may be used on return.
 * => 0, or -EEXIST when the name is taken
 */
int block_register(struct block_device *bdev)
{
	if (block_find(bdev->name))
		return -EEXIST;
	block_queue_init(bdev->queue);
	spin_lock_bh(&block_devices_lock);
	list_add_tail(&bdev->list, &block_devices);
	spin_unlock_bh(&block_devices_lock);
	pr_info("%s: %llu sectors of 512 bytes (%llu MiB)%s\n", bdev->name, bdev->nr_sectors,
		bdev->nr_sectors >> 11, bdev->read_only ? ", read-only" : "");
	return 0;
}

struct block_device *block_next(struct block_device *prev)
{
	struct block_device *next = NULL;
	struct list_head *at;

	spin_lock_bh(&block_devices_lock);
	at = prev ? prev->list.next : block_devices.next;
	if (at != &block_devices)
		next = list_entry(at, struct block_device, list);
	spin_unlock_bh(&block_devices_lock);
	return next;
}

struct block_device *block_find(const char *name)
{
	struct block_device *bdev = NULL;

	while ((bdev = block_next(bdev)))
		if (strcmp(bdev->name, name) == 0)
			return bdev;
	return NULL;
}

struct block_device *block_find_dev(dev_t dev)
{
	struct block_device *bdev = NULL;

	while ((bdev = block_next(bdev)))
		if (bdev->dev == dev)
			return bdev;
	return NULL;
}

/* => holder: any non-NULL pointer; the same holder may claim once more */
int bdev_claim(struct block_device *bdev, void *holder)
{
	int error = 0;

	spin_lock_bh(&block_devices_lock);
	if (bdev->bd_holder && bdev->bd_holder != holder)
		error = -EBUSY;
	else
		bdev->bd_holder = holder;
	spin_unlock_bh(&block_devices_lock);
	return error;
}

void bdev_release(struct block_device *bdev, void *holder)
{
	spin_lock_bh(&block_devices_lock);
	WARN_ON(bdev->bd_holder != holder);
	bdev->bd_holder = NULL;
	spin_unlock_bh(&block_devices_lock);
}

void bdev_hand_over(struct block_device *bdev, void *holder, void *to)
{
	spin_lock_bh(&block_devices_lock);
	WARN_ON(bdev->bd_holder != holder);
	bdev->bd_holder = to;
	spin_unlock_bh(&block_devices_lock);
}
