/* SPDX-License-Identifier: MIT */
/*
 * ramdisk=SIZE: a disk of page frames, /dev/ram0. Requests are served by the task that submits
 * them, so a run that swaps to it repeats to the instruction.
 *
 *	queue_rq (queue locked): noted in `pending`  ->  commit (nothing locked): copied, done
 *
 * The frames are taken at start-up, from HighMem if there is some: both sides of a copy are mapped
 * for its duration. A size that is no multiple of the page size is rounded down to sectors.
 */
#include "drivers/drivers.h"
#include "asm/page.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/block.h"
#include "mm/gfp.h"
#include "mm/kmap.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"

#define RAMDISK_MAJOR 1

static u64 ramdisk_bytes;    /* of the command line */
static struct page **frames; /* [I] */
static struct block_device ramdisk;
static DEFINE_SPINLOCK(pending_lock, LOCK_RANK_DRIVER);
static LIST_HEAD(pending); /* [pending_lock] taken from the queue, not yet served */

static int ramdisk_param(char *val)
{
	char *end;
	u64 bytes;

	if (!val)
		return -EINVAL;
	bytes = memparse(val, &end);
	if (end == val || *end)
		return -EINVAL;
	ramdisk_bytes = bytes;
	return 0;
}
early_param("ramdisk", ramdisk_param);

/*
 * => copies one piece of a bio from or to the disk at byte offset `at`; pieces may cross a frame
 */
static void copy_piece(const struct bio_vec *vec, u64 at, bool write)
{
	if (vec->len == PAGE_SIZE && !vec->offset && !(at & (PAGE_SIZE - 1))) {
		struct page *frame = frames[at >> PAGE_SHIFT];

		copy_highpage(write ? frame : vec->page, write ? vec->page : frame);
		return;
	}
	for (u32 done = 0; done < vec->len;) {
		u32 in_frame = (at + done) & (PAGE_SIZE - 1);
		u32 n = min(vec->len - done, (u32)PAGE_SIZE - in_frame);
		char *disk = kmap_atomic(frames[(at + done) >> PAGE_SHIFT]);
		char *memory = kmap_atomic(vec->page);

		if (write)
			memcpy(disk + in_frame, memory + vec->offset + done, n);
		else
			memcpy(memory + vec->offset + done, disk + in_frame, n);
		kunmap_atomic(memory);
		kunmap_atomic(disk);
		done += n;
	}
}

static int ramdisk_queue_rq(struct block_device *bdev, struct request *rq)
{
	spin_lock(&pending_lock);
	list_add_tail(&rq->queuelist, &pending);
	spin_unlock(&pending_lock);
	return 0;
}

static struct request *next_pending(void)
{
	struct request *rq = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pending_lock, flags);
	if (!list_empty(&pending)) {
		rq = list_first_entry(&pending, struct request, queuelist);
		list_del_init(&rq->queuelist);
	}
	spin_unlock_irqrestore(&pending_lock, flags);
	return rq;
}

static void serve(struct request *rq)
{
	u64 at = rq->sector << SECTOR_SHIFT;

	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next) {
		for (unsigned i = 0; i < bio->bi_vcnt; i++) {
			copy_piece(&bio->bi_io_vec[i], at, rq->op == BIO_WRITE);
			at += bio->bi_io_vec[i].len;
		}
	}
	block_request_done(rq, 0);
}

static void ramdisk_commit(struct block_device *bdev)
{
	struct request *rq;

	while ((rq = next_pending()))
		serve(rq);
}

static const struct block_device_operations ramdisk_ops = {
	.queue_rq = ramdisk_queue_rq,
	.commit = ramdisk_commit,
};

static int alloc_frames(unsigned long nr)
{
	frames = vzalloc(nr * sizeof(*frames));
	if (!frames)
		return -ENOMEM;
	for (unsigned long i = 0; i < nr; i++) {
		frames[i] = alloc_page(GFP_KERNEL | __GFP_HIGHMEM | __GFP_ZERO | __GFP_NORETRY |
				       __GFP_NOWARN);
		if (!frames[i]) {
			while (i--)
				__free_page(frames[i]);
			vfree(frames);
			return -ENOMEM;
		}
	}
	return 0;
}

/* => 0, also when there is none to make or no memory for it */
int ramdisk_init(void)
{
	int error;

	if (ramdisk_bytes < SECTOR_SIZE)
		return 0;
	if (ramdisk_bytes >> PAGE_SHIFT >= totalram_pages)
		error = -ENOMEM;
	else
		error = alloc_frames(DIV_ROUND_UP(ramdisk_bytes, PAGE_SIZE));
	if (error) {
		pr_err("ramdisk: no memory for %llu KiB, there is no /dev/ram0: make ramdisk= smaller\n",
		       ramdisk_bytes >> 10);
		return 0;
	}
	strcpy(ramdisk.name, "ram0");
	ramdisk.dev = MKDEV(RAMDISK_MAJOR, 0);
	ramdisk.nr_sectors = ramdisk_bytes >> SECTOR_SHIFT;
	ramdisk.ops = &ramdisk_ops;
	ramdisk.queue = kzalloc(sizeof(*ramdisk.queue), GFP_KERNEL);
	if (!ramdisk.queue)
		return -ENOMEM;
	return block_register(&ramdisk);
}
