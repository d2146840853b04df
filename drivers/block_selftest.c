/* SPDX-License-Identifier: MIT */
/*
 * Tests of the block layer against a device made of nothing: it notes what it is asked, may be
 * full, and may have one bad sector. Then real transfers on the disks the machine has; only the
 * RAM disk is written to.
 */
#include "kernel/base/errno.h"
#include "kernel/base/selftest.h"
#include "kernel/base/string.h"
#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "mm/gfp.h"
#include "mm/kmap.h"
#include "mm/slab.h"

#define NR_BIOS	  130
#define NO_SECTOR (~0ULL)

struct fake {
	struct block_device bdev;
	struct request_queue queue;
	bool full;	/* answers -EBUSY */
	u64 bad_sector; /* a request that touches it fails */
	unsigned nr_requests, nr_sectors;
	struct bio bios[NR_BIOS];
	struct bio_vec vecs[NR_BIOS];
	unsigned nr_ended, nr_failed;
	u64 failed_sector;
};

static int fake_queue_rq(struct block_device *bdev, struct request *rq)
{
	struct fake *fake = bdev->driver_data;
	u64 bad = fake->bad_sector;

	if (fake->full)
		return -EBUSY;
	fake->nr_requests++;
	fake->nr_sectors += rq->nr_sectors;
	block_request_done(rq, bad >= rq->sector && bad - rq->sector < rq->nr_sectors ? -EIO : 0);
	return 0;
}

static const struct block_device_operations fake_ops = {.queue_rq = fake_queue_rq};

static void fake_end(struct bio *bio, int error)
{
	struct fake *fake = bio->bi_private;

	fake->nr_ended++;
	if (error) {
		fake->nr_failed++;
		fake->failed_sector = bio->bi_sector;
	}
}

static struct fake *fake_new(void)
{
	struct fake *fake = kzalloc(sizeof(*fake), GFP_KERNEL);

	if (!fake)
		return NULL;
	fake->bdev.queue = &fake->queue;
	fake->bdev.ops = &fake_ops;
	fake->bdev.driver_data = fake;
	fake->bdev.nr_sectors = 1 << 20;
	fake->bad_sector = NO_SECTOR;
	fake->queue.max_vecs = BIO_MAX_VECS;
	block_queue_init(&fake->queue);
	return fake;
}

/* => bio number n for one page's worth of sectors */
static void fake_submit(struct fake *fake, unsigned n, enum bio_op op, u64 sector)
{
	struct bio *bio = &fake->bios[n];

	bio_init(bio, &fake->vecs[n], 1);
	bio_add_page(bio, NULL, PAGE_SECTORS * SECTOR_SIZE, 0);
	bio->bi_bdev = &fake->bdev;
	bio->bi_op = op;
	bio->bi_sector = sector;
	bio->bi_end_io = fake_end;
	bio->bi_private = fake;
	submit_bio(bio);
}

static void fake_release(struct fake *fake)
{
	fake->full = false;
	block_run_queue(&fake->bdev);
	local_bh_disable();
	local_bh_enable();
}

SELFTEST(block_merges_neighbours)
{
	struct fake *fake = fake_new();

	REQUIRE(fake);
	fake->full = true;
	for (unsigned i = 0; i < 4; i++)
		fake_submit(fake, i, BIO_WRITE,
			    100 * PAGE_SECTORS + i * PAGE_SECTORS); /* upwards */
	for (unsigned i = 4; i < 8; i++)
		fake_submit(fake, i, BIO_WRITE,
			    104 * PAGE_SECTORS - (i + 1) * PAGE_SECTORS); /* downwards */
	fake_submit(fake, 8, BIO_WRITE, 200 * PAGE_SECTORS);
	fake_submit(fake, 9, BIO_READ, 201 * PAGE_SECTORS); /* another direction never joins */
	EXPECT_EQ(fake->queue.count[1], 2);
	EXPECT_EQ(fake->queue.count[0], 1);
	EXPECT_EQ(fake->queue.io[1].merged, 7);
	EXPECT_EQ(fake->queue.io[1].requests, 2);
	EXPECT_EQ(fake->queue.io[0].requests, 1);
	fake_release(fake);
	EXPECT_EQ(fake->nr_requests, 3);
	EXPECT_EQ(fake->nr_sectors, 10 * PAGE_SECTORS);
	EXPECT_EQ(fake->nr_ended, 10);
	EXPECT_EQ(fake->nr_failed, 0);
	EXPECT_EQ(fake->queue.in_flight, 0);
	kfree(fake);
}

SELFTEST(block_request_has_limits)
{
	struct fake *fake = fake_new();

	REQUIRE(fake);
	fake->full = true;
	for (unsigned i = 0; i < BIO_MAX_VECS + 1; i++)
		fake_submit(fake, i, BIO_READ, i * PAGE_SECTORS);
	EXPECT_EQ(fake->queue.count[0], 2);
	fake_release(fake);
	EXPECT_EQ(fake->nr_ended, BIO_MAX_VECS + 1);
	kfree(fake);
}

/*
 * Spec 6.6: congested with the 113th request, free again with fewer than 103; the other direction
 * is not touched.
 */
SELFTEST(block_congestion)
{
	struct fake *fake = fake_new();
	int writes = atomic_read(&nr_bdi_congested[1]), reads = atomic_read(&nr_bdi_congested[0]);

	REQUIRE(fake);
	fake->full = true;
	for (unsigned i = 0; i < QUEUE_CONGESTED_ON - 1; i++)
		fake_submit(fake, i, BIO_WRITE, i * 2 * PAGE_SECTORS);
	EXPECT(!bdev_congested(&fake->bdev, true));
	fake_submit(fake, QUEUE_CONGESTED_ON - 1, BIO_WRITE, 1000 * PAGE_SECTORS);
	EXPECT(bdev_congested(&fake->bdev, true));
	EXPECT(!bdev_congested(&fake->bdev, false));
	EXPECT_EQ(atomic_read(&nr_bdi_congested[1]), writes + 1);
	EXPECT_EQ(atomic_read(&nr_bdi_congested[0]), reads);
	fake_release(fake);
	EXPECT(!bdev_congested(&fake->bdev, true));
	EXPECT_EQ(atomic_read(&nr_bdi_congested[1]), writes);
	EXPECT_EQ(fake->nr_ended, QUEUE_CONGESTED_ON);
	EXPECT_EQ(fake->queue.count[1], 0);
	kfree(fake);
}

SELFTEST(block_error_hits_one_bio)
{
	struct fake *fake = fake_new();

	REQUIRE(fake);
	fake->full = true;
	fake->bad_sector = 5 * PAGE_SECTORS + 3;
	for (unsigned i = 0; i < 8; i++)
		fake_submit(fake, i, BIO_READ, i * PAGE_SECTORS);
	EXPECT_EQ(fake->queue.count[0], 1);
	fake_release(fake);
	EXPECT_EQ(fake->nr_requests, 9); /* all at once, then each alone */
	EXPECT_EQ(fake->nr_ended, 8);
	EXPECT_EQ(fake->nr_failed, 1);
	EXPECT_EQ(fake->failed_sector, 5 * PAGE_SECTORS);
	EXPECT_EQ(fake->queue.count[0], 0);
	kfree(fake);
}

SELFTEST(block_refuses_bad_bios)
{
	struct fake *fake = fake_new();

	REQUIRE(fake);
	fake_submit(fake, 0, BIO_READ, fake->bdev.nr_sectors - PAGE_SECTORS + 1);
	fake_submit(fake, 1, BIO_READ, ~0ULL - 2);
	fake->bdev.read_only = true;
	fake_submit(fake, 2, BIO_WRITE, 0);
	EXPECT_EQ(fake->nr_failed, 3);
	EXPECT_EQ(fake->nr_requests, 0);
	kfree(fake);
}

/* ---- Real disks --------------------------------------------------------------------- */

static int transfer(struct block_device *bdev, enum bio_op op, u64 sector, struct page *page,
		    unsigned bytes)
{
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, &vec, 1);
	bio_add_page(&bio, page, bytes, 0);
	bio.bi_bdev = bdev;
	bio.bi_op = op;
	bio.bi_sector = sector;
	return submit_bio_wait(&bio);
}

static void find_in_softirq(unsigned long seen)
{
	WRITE_ONCE(*(bool *)seen, !block_find("no such disk"));
}

/* block_stall.c looks through all devices in a timer, which may interrupt who looks through them, too. */
SELFTEST(devices_are_found_in_softirqs)
{
	struct timer_list timer;
	bool seen = false;

	setup_timer(&timer, find_in_softirq, (unsigned long)&seen);
	mod_timer(&timer, jiffies + 1);
	while (!READ_ONCE(seen)) {
		EXPECT(!block_find("no such disk"));
		schedule_timeout_uninterruptible(1);
	}
	del_timer_sync(&timer);
}

SELFTEST(disk_reads_to_its_end)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
	struct block_device *bdev = NULL;

	REQUIRE(page);
	while ((bdev = block_next(bdev))) {
		EXPECT_EQ(transfer(bdev, BIO_READ, 0, page, SECTOR_SIZE), 0);
		EXPECT_EQ(transfer(bdev, BIO_READ, bdev->nr_sectors - 1, page, SECTOR_SIZE), 0);
		EXPECT_EQ(transfer(bdev, BIO_READ, bdev->nr_sectors - 1, page, 2 * SECTOR_SIZE),
			  -EIO);
	}
	__free_page(page);
}

static void fill(struct page *page, u64 seed)
{
	u64 *word = kmap_atomic(page);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		word[i] = seed * 0x9e3779b97f4a7c15ULL + i;
	kunmap_atomic(word);
}

static bool holds(struct page *page, u64 seed)
{
	u64 *word = kmap_atomic(page);
	bool same = true;

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++)
		same = same && word[i] == seed * 0x9e3779b97f4a7c15ULL + i;
	kunmap_atomic(word);
	return same;
}

SELFTEST(ramdisk_keeps_what_is_written)
{
	struct block_device *bdev = block_find("ram0");
	struct page *page;
	int holder;

	if (!bdev || bdev->nr_sectors < 64 * PAGE_SECTORS) {
		selftest_skip("no ramdisk= of 256 KiB");
		return;
	}
	page = alloc_page(GFP_KERNEL | __GFP_HIGHMEM);
	REQUIRE(page);
	EXPECT_EQ(bdev_claim(bdev, &holder), 0);
	for (unsigned i = 0; i < 64; i++) {
		fill(page, i);
		EXPECT_EQ(transfer(bdev, BIO_WRITE, i * PAGE_SECTORS, page, PAGE_SIZE), 0);
	}
	for (unsigned i = 0; i < 64; i++) {
		EXPECT_EQ(transfer(bdev, BIO_READ, i * PAGE_SECTORS, page, PAGE_SIZE), 0);
		EXPECT(holds(page, i));
	}
	bdev_release(bdev, &holder);
	__free_page(page);
}
