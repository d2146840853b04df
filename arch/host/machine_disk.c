/* SPDX-License-Identifier: MIT */
/*
 * Disks of RAM: a request is finished, its data moved, latency_ns after it was handed over; so what mm does
 * with a page between submission and completion shows in the data. Real disks may take it at any moment
 * between: an eager disk takes it at once.
 */
#include "arch/host/libc_machine.h"

#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "mm/page.h"

struct host_disk_slot {
	struct list_head list;
	struct request *rq;
	u64 due_ns;
};

static LIST_HEAD(disks);
static unsigned int nr_disks;

/* => 0 or -EIO; the data is moved as far as it goes. submitted: the disk has just got the request */
static int transfer(struct host_disk *disk, struct request *rq, bool submitted)
{
	bool write = rq->op == BIO_WRITE;
	u64 bad = write ? disk->bad_write : disk->bad_read;
	u64 bad_end = write ? disk->bad_write_end : disk->bad_read_end;
	u64 sector = rq->sector;

	if (rq->op == BIO_DISCARD) {
		memset(disk->bytes + (sector << SECTOR_SHIFT), 0, (u64)rq->nr_sectors << SECTOR_SHIFT);
		disk->discarded += rq->nr_sectors;
	}

	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next) {
		if (sector < bad_end && sector + bio_sectors(bio) > bad)
			return -EIO;
		for (unsigned int i = 0; i < bio->bi_vcnt; i++) {
			struct bio_vec *vec = &bio->bi_io_vec[i];
			u8 *frame = host_ram + (page_to_pfn(vec->page) << PAGE_SHIFT) + vec->offset;
			u8 *bytes = disk->bytes + (sector << SECTOR_SHIFT);

			if (!write || disk->eager == submitted)
				memcpy(write ? bytes : frame, write ? frame : bytes, vec->len);
			sector += vec->len >> SECTOR_SHIFT;
		}
	}
	return 0;
}

static int queue_rq(struct block_device *bdev, struct request *rq)
{
	struct host_disk *disk = bdev->driver_data;
	struct host_disk_slot *slot = &disk->slots[rq->tag];

	BUG_ON(slot->rq);
	if (disk->eager && rq->op == BIO_WRITE)
		transfer(disk, rq, true);
	slot->rq = rq;
	slot->due_ns = host_clock_ns() + disk->latency_ns;
	list_add_tail(&slot->list, &disk->active);
	return 0;
}

static const struct block_device_operations disk_ops = { .queue_rq = queue_rq };

u64 host_next_disk_event(void)
{
	struct host_disk *disk;
	u64 next = ~0ULL;

	list_for_each_entry(disk, &disks, disks)
		if (!disk->stopped && !list_empty(&disk->active))
			next = min(next, list_first_entry(&disk->active, struct host_disk_slot,
							  list)->due_ns);
	return next;
}

void host_disk_interrupt(u64 now)
{
	struct host_disk *disk;

	list_for_each_entry(disk, &disks, disks) {
		while (!disk->stopped && !list_empty(&disk->active)) {
			struct host_disk_slot *slot =
				list_first_entry(&disk->active, struct host_disk_slot, list);
			struct request *rq = slot->rq;

			if (slot->due_ns > now)
				break;
			list_del(&slot->list);
			slot->rq = NULL;
			block_request_done(rq, rq->op == BIO_FLUSH ? 0 : transfer(disk, rq, false));
		}
	}
}

struct host_disk *host_disk_create(const char *name, unsigned long pages)
{
	struct host_disk *disk = calloc(1, sizeof(*disk));

	disk->bytes = calloc(pages, PAGE_SIZE);
	disk->slots = calloc(2 * QUEUE_NR_REQUESTS, sizeof(*disk->slots));
	disk->latency_ns = 100000;
	INIT_LIST_HEAD(&disk->active);
	snprintf(disk->bdev.name, sizeof(disk->bdev.name), "%s", name);
	disk->bdev.dev = MKDEV(250, nr_disks++);
	disk->bdev.nr_sectors = pages * PAGE_SECTORS;
	disk->bdev.ops = &disk_ops;
	disk->bdev.driver_data = disk;
	disk->bdev.queue = calloc(1, sizeof(*disk->bdev.queue));
	disk->bdev.queue->max_vecs = 64;
	if (block_register(&disk->bdev))
		panic("host_disk_create: %s cannot be registered", name);
	list_add_tail(&disk->disks, &disks);
	return disk;
}

/* The header's words at 1024: version, last page, bad pages; the signature at the page's end. */
void host_mkswap(struct host_disk *disk)
{
	u32 words[3] = { 1, (u32)(disk->bdev.nr_sectors / PAGE_SECTORS) - 1, 0 };

	memset(disk->bytes, 0, PAGE_SIZE);
	memcpy(disk->bytes + 1024, words, sizeof(words));
	memcpy(disk->bytes + PAGE_SIZE - 10, "SWAPSPACE2", 10);
}
