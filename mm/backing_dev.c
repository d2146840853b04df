/* SPDX-License-Identifier: MIT */
/*
 * The disks that files live on, as write-back sees them: their dirty pages, counted, and their share of the limit.
 *
 *   share = limit * completions of this disk / completions of all, counted over the last limit pages or so
 *
 * A disk that writes twice as fast may have twice the dirty pages, so that all of them need the same time to write
 * theirs; one that has stopped soon has no share left, and its dirty pages do not stop writers of the others.
 * The counts are halved when they have grown beyond a period: what is long ago fades.
 *
 * Locks: bdi_lock for the list; counts are atomic. Test: tests/host/test_writeback.c.
 * Linux does beyond it: bandwidth estimates and a pace for each writer, minimal and maximal ratios.
 */
#include "mm/backing_dev.h"

#include "kernel/base/kernel.h"
#include "mm/address_space.h"
#include "mm/slab.h"

#define COMPLETION_PERIOD 4096L /* pages of all disks after which the past counts half */
#define WAKE_EVERY	  32UL	/* pages written between two looks at who waits */

DEFINE_SPINLOCK(bdi_lock, LOCK_RANK_LEAF);
static LIST_HEAD(bdi_list); /* [bdi_lock], only ever grows */
static atomic_long_t total_completions;

static struct backing_dev_info *find_bdi(struct block_device *bdev)
{
	struct backing_dev_info *bdi;

	list_for_each_entry(bdi, &bdi_list, list)
		if (bdi->bdev == bdev)
			return bdi;
	return NULL;
}

struct backing_dev_info *bdi_get(struct block_device *bdev)
{
	struct backing_dev_info *fresh = NULL, *bdi;
	unsigned long flags;

	for (;;) {
		spin_lock_irqsave(&bdi_lock, flags);
		bdi = find_bdi(bdev);
		if (!bdi && fresh) {
			list_add_tail(&fresh->list, &bdi_list);
			bdi = fresh;
			fresh = NULL;
		}
		spin_unlock_irqrestore(&bdi_lock, flags);
		if (bdi)
			break;
		fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return NULL;
		fresh->bdev = bdev;
		fresh->ra_pages = DEFAULT_RA_PAGES;
		INIT_LIST_HEAD(&fresh->b_dirty);
		init_waitqueue_head(&fresh->released);
		init_waitqueue_head(&fresh->throttled);
		init_waitqueue_head(&fresh->flusher_wait);
	}
	kfree(fresh);
	return bdi;
}

struct backing_dev_info *bdi_next(struct backing_dev_info *prev)
{
	struct list_head *at;
	unsigned long flags;

	spin_lock_irqsave(&bdi_lock, flags);
	at = prev ? prev->list.next : bdi_list.next;
	spin_unlock_irqrestore(&bdi_lock, flags);
	return at == &bdi_list ? NULL : list_entry(at, struct backing_dev_info, list);
}

/* ---- Counting ------------------------------------------------------------------------------------- */

unsigned long bdi_total_dirty(void)
{
	struct backing_dev_info *bdi = NULL;
	long sum = 0;

	while ((bdi = bdi_next(bdi)) != NULL)
		sum += atomic_long_read(&bdi->nr_dirty);
	return sum > 0 ? (unsigned long)sum : 0;
}

unsigned long bdi_total_unwritten(void)
{
	struct backing_dev_info *bdi = NULL;
	unsigned long sum = 0;

	while ((bdi = bdi_next(bdi)) != NULL)
		sum += bdi_unwritten(bdi);
	return sum;
}

void bdi_account_dirty(struct address_space *mapping, int sign)
{
	if (mapping && mapping->bdi)
		atomic_long_add(sign, &mapping->bdi->nr_dirty);
}

void bdi_start_write(struct address_space *mapping)
{
	if (mapping && mapping->bdi)
		atomic_long_inc(&mapping->bdi->nr_writeback);
}

/* Old writing counts half. One CPU does it; the others go on counting meanwhile, which is as good. */
static void fade_completions(void)
{
	struct backing_dev_info *bdi;
	unsigned long flags;
	long sum = 0;

	if (!spin_trylock_irqsave(&bdi_lock, flags))
		return;
	list_for_each_entry(bdi, &bdi_list, list) {
		long half = atomic_long_read(&bdi->completions) / 2;

		atomic_long_set(&bdi->completions, half);
		sum += half;
	}
	atomic_long_set(&total_completions, sum);
	spin_unlock_irqrestore(&bdi_lock, flags);
}

void bdi_end_write(struct address_space *mapping)
{
	struct backing_dev_info *bdi = mapping ? mapping->bdi : NULL;
	long left;

	if (!bdi)
		return;
	bdi->nr_written++;
	atomic_long_inc(&bdi->completions);
	if (atomic_long_inc_return(&total_completions) > COMPLETION_PERIOD)
		fade_completions();
	left = atomic_long_dec_return(&bdi->nr_writeback);
	if ((!left || bdi->nr_written % WAKE_EVERY == 0) && waitqueue_active(&bdi->throttled))
		wake_up_all(&bdi->throttled);
}

unsigned long bdi_share(struct backing_dev_info *bdi, unsigned long limit)
{
	unsigned long mine = (unsigned long)max(atomic_long_read(&bdi->completions), 0L);
	unsigned long all = (unsigned long)max(atomic_long_read(&total_completions), 1L);

	return mine >= all ? limit : limit * mine / all;
}
