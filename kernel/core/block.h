/* SPDX-License-Identifier: MIT */
/*
 * Block requests: how mm and fs ask a disk for sectors and hear when it is done.
 *
 *   submit_bio(bio) -> queue: merge with a waiting neighbour or start a request -> driver
 *   interrupt -> block_request_done(request, error) -> BLOCK_SOFTIRQ -> bio->bi_end_io(bio, error)
 *
 * A bio is one contiguous run of sectors and the page pieces it is read into or written from. Its
 * memory is the submitter's (swap keeps a preallocated pool): the submit path allocates nothing.
 * Requests come from the queue's own array; when one direction has none left, submit_bio sleeps.
 *
 * A failed request of several pieces is tried again piece by piece, so that only the bad ones fail.
 *
 * Limits (spec 6.6): 128 requests a queue; congested from 113 queued, free again below 103; reads
 * and writes are counted apart.
 *
 * Locks by letter: [q] queue->lock (irq), [I] set at registration, [s] the submitter until
 * submit, the block layer until bi_end_io.
 */
#ifndef KERNEL_CORE_BLOCK_H
#define KERNEL_CORE_BLOCK_H

#include "kernel/base/atomic.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/types.h"
#include "kernel/core/wait.h"

struct page;
struct bio;
struct block_device;

#define SECTOR_SHIFT	    9
#define SECTOR_SIZE	    (1U << SECTOR_SHIFT)
#define PAGE_SECTORS	    8U
#define BIO_MAX_VECS	    32
#define QUEUE_NR_REQUESTS   128
#define QUEUE_CONGESTED_ON  113
#define QUEUE_CONGESTED_OFF 103
#define REQUEST_MAX_SECTORS 1024
#define DISCARD_SECTORS	    (1U << 20)

/* A discard has no pieces, only a range: its data is of no use any more. */
enum bio_op { BIO_READ, BIO_WRITE, BIO_FLUSH, BIO_DISCARD };

struct bio_vec {
	struct page *page; /* may be HighMem: drivers use its physical address */
	u32 len;	   /* bytes */
	u32 offset;	   /* in the page */
};

struct bio {
	struct block_device *bi_bdev; /* [s] */
	enum bio_op bi_op;	      /* [s] */
	u64 bi_sector;		      /* [s] first 512-byte sector */
	u32 bi_size;		      /* [s] bytes, a multiple of 512 */
	u16 bi_vcnt;		      /* [s] */
	u16 bi_max_vecs;	      /* [s] */
	struct bio_vec *bi_io_vec;    /* [s] */
	/* Called once, in softirq context (or polled, in panic); 0 or -errno. May free the bio. */
	void (*bi_end_io)(struct bio *bio, int error);
	void *bi_private;
	struct bio *bi_next; /* [q] next in the same request */
	u32 bi_bad;	     /* at an error: the pieces that failed, bit by bit; the others were moved */
};

static inline u32 bio_sectors(const struct bio *bio)
{
	return bio->bi_size >> SECTOR_SHIFT;
}

/* What a driver works on: bios of one direction whose sectors follow one another. */
struct request {
	struct list_head queuelist; /* [q] */
	struct block_device *bdev;
	enum bio_op op;
	u64 sector;
	u32 nr_sectors;
	u32 nr_vecs;
	struct bio *bio, *biotail;
	struct bio *retry; /* bios of a failed request still to be tried piece by piece, NULL: not that way */
	struct bio piece;  /* the piece that is tried alone; its number: */
	unsigned int piece_nr;
	int error;	   /* from completion to softirq */
	unsigned long started; /* [q] jiffies when the driver got it, never 0; 0: the driver has it not */
	u16 tag;	   /* index in the queue's array, for the driver */
};

struct block_device_operations {
	/*
	 * Start request on the hardware. => called with queue->lock held, interrupts off
	 * => 0, or -EBUSY: hardware ring full, will be asked again after the next completion
	 * => may complete it (block_request_done) before it returns
	 */
	int (*queue_rq)(struct block_device *bdev, struct request *rq);
	/* => starts what queue_rq took; without the lock, perhaps on several CPUs at once */
	void (*commit)(struct block_device *bdev);
	/* Calls of its own, on an open file of it: -ENOIOCTLCMD for others. May be NULL. */
	long (*ioctl)(struct block_device *bdev, unsigned int cmd, unsigned long arg);
	void (*poll)(struct block_device *bdev); /* complete what is done, without interrupts */
};

/* Since start, as /proc/diskstats tells it. */
struct io_count {
	u64 requests, merged, sectors; /* merged: bios that joined a request */
};

struct request_queue {
	spinlock_t lock;
	struct list_head queue;	   /* [q] waiting, not yet with the driver */
	unsigned int count[2];	   /* [q] allocated requests: reads, writes */
	bool congested[2];	   /* [q] */
	unsigned int in_flight;	   /* [q] */
	wait_queue_head_t wait[2]; /* for a free request */
	unsigned int max_vecs;	   /* [I] pieces the hardware takes in one request */
	unsigned long stall_said;  /* [q] ticks without an answer at the last report, 0: none */
	struct io_count io[2];	   /* [q] reads, writes */
	struct request requests[2][QUEUE_NR_REQUESTS];
	struct list_head free[2]; /* [q] */
};

struct block_device {
	char name[16];	 /* [I] "vda" */
	dev_t dev;	 /* [I] major << 20 | minor; MKDEV of kernel/base/types.h */
	u64 nr_sectors;	 /* [I], but for loop devices: bdev_set_size() */
	bool read_only;	 /* [I], but for loop devices */
	bool over_memory; /* what it stores lies in memory that is swapped: no place to swap to. As above */
	bool rotational; /* [I] false for virtio and RAM disks */
	bool has_flush;	 /* [I] write cache: BIO_FLUSH means something */
	u32 max_discard_sectors; /* [I] of one BIO_DISCARD, 0: the device takes none */
	const struct block_device_operations *ops;
	void *driver_data;
	struct request_queue *queue;
	struct list_head list; /* all devices [block_devices_lock] */
	void *bd_holder;       /* exclusive user (swap): claim with bdev_claim() */
	void *bd_inode;	       /* fs: the inode whose page cache caches this device */
};

/*
 * Registration: name, sizes and ops filled in, queue allocated by the driver and initialised
 * here.
 */
int block_register(struct block_device *bdev);
void block_queue_init(
	struct request_queue *q); /* zeroed memory with max_vecs set; block_register does it */
struct block_device *block_find(const char *name); /* "vda"; NULL: none */
struct block_device *block_find_dev(dev_t dev);
struct block_device *block_next(struct block_device *prev); /* NULL starts; NULL ends */
int bdev_claim(struct block_device *bdev, void *holder);    /* 0 or -EBUSY */
void bdev_release(struct block_device *bdev, void *holder);
void bdev_hand_over(struct block_device *bdev, void *holder, void *to); /* holder's claim is to's, without a gap */

static inline void bio_init(struct bio *bio, struct bio_vec *vecs, unsigned int max_vecs)
{
	*bio = (struct bio){.bi_io_vec = vecs, .bi_max_vecs = (u16)max_vecs};
}

/* => len, or 0 when the bio is full */
static inline int bio_add_page(struct bio *bio, struct page *page, unsigned int len, unsigned int offset)
{
	if (bio->bi_vcnt == bio->bi_max_vecs)
		return 0;
	bio->bi_io_vec[bio->bi_vcnt++] = (struct bio_vec){page, len, offset};
	bio->bi_size += len;
	return (int)len;
}

/*
 * => may sleep when the queue has no free request of this direction
 * => errors (beyond the end, read-only) arrive through bi_end_io like any other
 */
void submit_bio(struct bio *bio);
int submit_bio_wait(struct bio *bio); /* 0 or -errno; sleeps until done */
/* => tells the device that it may forget these sectors, at most DISCARD_SECTORS; 0 or -errno; sleeps until done */
int blkdev_discard(struct block_device *bdev, u64 sector, u32 nr_sectors);

/* Plugging: between the two calls this task's bios are collected so that neighbours merge. */
void blk_start_plug(void);
void blk_finish_plug(void); /* also done when the task sleeps */

void block_request_done(struct request *rq,
			int error); /* driver: => any context, queue->lock may be held */
void block_run_queue(struct block_device *bdev);
void block_poll_all(void); /* panic and polled mode */

bool bdev_congested(struct block_device *bdev, bool write);
long congestion_wait(
	bool write, long timeout); /* jiffies; remaining; sleeps unless a queue leaves congestion */
extern atomic_t nr_bdi_congested[2];

void block_init(void);

#endif
