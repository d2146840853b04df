/* SPDX-License-Identifier: MIT */
/*
 * The block layer: bios in, requests to the driver, completions back in softirq context.
 *
 *	submit_bio: lock queue -> join a waiting neighbour? -> else take a free request
 *	                                                        |
 *	             waiting list (FIFO) <----------------------+
 *	                  | dispatch: until the driver says -EBUSY
 *	             driver, in flight -> block_request_done (any context) -> this CPU's done list
 *	                  | BLOCK_SOFTIRQ: block_done.c; after an error, piece by piece: block_pieces.c
 *	             bi_end_io of each bio, request free again, waiters woken, dispatch
 *
 * Requests join as long as they wait: while the submitting task is plugged (block_plug.c), or while the driver has as
 * many as it takes. Reads and writes have 128 requests each, so a flood of writes leaves the reads theirs. Who finds
 * none free sleeps; block_congestion.c tells the prudent before. Devices and their names: block_devices.c; those
 * that do not answer: block_stall.c.
 *
 * Locks: queue->lock (interrupts off) for everything marked [q].
 *
 * What Linux does beyond it: several hardware queues, I/O schedulers, barriers, splitting of
 * bios, partitions.
 */
#include "kernel/core/block_internal.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "kernel/core/task.h"

/* How many of the newest waiting requests are looked at for a neighbour. */
#define MERGE_DEPTH 16

/* ---- Bios --------------------------------------------------------------------------- */

/* => end of a bio that never reached a driver; its callback expects softirq context */
static void bio_end_early(struct bio *bio, int error)
{
	bio->bi_bad = error ? ~0U : 0;
	local_bh_disable();
	bio->bi_end_io(bio, error);
	local_bh_enable();
}

/* => 0: may be queued. 1: nothing to do. Negative: why it cannot. */
static int bio_check(const struct bio *bio)
{
	const struct block_device *bdev = bio->bi_bdev;

	if (bio->bi_op == BIO_FLUSH)
		return bdev->has_flush ? 0 : 1;
	VM_BUG_ON((bio->bi_vcnt == 0) != (bio->bi_op == BIO_DISCARD) || bio->bi_size % SECTOR_SIZE);
	if (bio->bi_op != BIO_READ && bdev->read_only)
		return -EROFS;
	if (bio->bi_op == BIO_DISCARD && !bdev->max_discard_sectors)
		return -EOPNOTSUPP;
	if (bio_sectors(bio) > bdev->nr_sectors ||
	    bio->bi_sector > bdev->nr_sectors - bio_sectors(bio))
		return -EIO;
	return 0;
}

/* ---- Requests ----------------------------------------------------------------------- */

/* => rq is about the sectors of bio and its followers, of which tail is the last */
void block_fill_request(struct request *rq, struct bio *bio, struct bio *tail)
{
	rq->op = bio->bi_op;
	rq->sector = bio->bi_sector;
	rq->nr_sectors = 0;
	rq->nr_vecs = 0;
	rq->bio = bio;
	rq->biotail = tail;
	rq->error = 0;
	for (; bio; bio = bio->bi_next) {
		rq->nr_sectors += bio_sectors(bio);
		rq->nr_vecs += bio->bi_vcnt;
	}
}

/* => queue->lock held; a request for bio at the end of the waiting list, or NULL */
static struct request *take_request(struct request_queue *q, struct bio *bio)
{
	int dir = bio_dir(bio);
	struct request *rq;

	if (list_empty(&q->free[dir]))
		return NULL;
	rq = list_first_entry(&q->free[dir], struct request, queuelist);
	rq->bdev = bio->bi_bdev;
	rq->retry = NULL;
	bio->bi_next = NULL;
	block_fill_request(rq, bio, bio);
	list_move_tail(&rq->queuelist, &q->queue);
	if (++q->count[dir] >= QUEUE_CONGESTED_ON)
		block_set_congested(q, dir, true);
	return rq;
}

static bool may_join(struct request_queue *q, struct request *rq, struct bio *bio)
{
	return rq->op == bio->bi_op && !rq->retry &&
	       rq->nr_vecs + bio->bi_vcnt <= q->max_vecs &&
	       rq->nr_sectors + bio_sectors(bio) <= REQUEST_MAX_SECTORS;
}

/* => queue->lock held; true: bio is now part of a waiting request */
static __always_inline bool join_request(struct request_queue *q, struct bio *bio)
{
	struct request *rq;
	int depth = MERGE_DEPTH;

	if (bio->bi_op > BIO_WRITE)
		return false;
	list_for_each_entry_reverse(rq, &q->queue, queuelist)
	{
		if (may_join(q, rq, bio)) {
			if (rq->sector + rq->nr_sectors == bio->bi_sector) {
				bio->bi_next = NULL;
				rq->biotail->bi_next = bio;
				rq->biotail = bio;
				break;
			}
			if (bio->bi_sector + bio_sectors(bio) == rq->sector) {
				bio->bi_next = rq->bio;
				rq->bio = bio;
				rq->sector = bio->bi_sector;
				break;
			}
		}
		if (--depth == 0)
			return false;
	}
	if (&rq->queuelist == &q->queue)
		return false;
	rq->nr_sectors += bio_sectors(bio);
	rq->nr_vecs += bio->bi_vcnt;
	return true;
}

/* => queue->lock held. What a device has been asked for: a bio that joins a request is not one more. */
static void count_bio(struct request_queue *q, const struct bio *bio, bool joined)
{
	struct io_count *count = &q->io[bio_dir(bio)];

	if (bio->bi_op > BIO_WRITE)
		return;
	count->sectors += bio_sectors(bio);
	if (joined)
		count->merged++;
	else
		count->requests++;
}

/*
 * => queue->lock held, interrupts off. Hands the driver what it takes.
 * => true: something was handed over, to be started by block_commit() once the lock is free
 */
bool block_dispatch(struct block_device *bdev)
{
	struct request_queue *q = bdev->queue;
	bool started = false;

	while (!list_empty(&q->queue)) {
		struct request *rq = list_first_entry(&q->queue, struct request, queuelist);
		int error;

		list_del_init(&rq->queuelist);
		q->in_flight++;
		rq->started = jiffies | 1;
		error = bdev->ops->queue_rq(bdev, rq);
		if (error == -EBUSY) {
			q->in_flight--;
			rq->started = 0;
			list_add(&rq->queuelist, &q->queue);
			break;
		}
		if (error)
			block_request_done(rq, error);
		started = true;
	}
	if (started && unlikely(!timer_pending(&block_stall_timer)))
		block_stall_watch();
	return started;
}

/*
 * Outside the lock: telling the hardware is slow, and other CPUs want to queue meanwhile. A driver that
 * completes at once has its completions run at local_bh_enable(), without waking ksoftirqd.
 */
void block_commit(struct block_device *bdev)
{
	if (!bdev->ops->commit)
		return;
	local_bh_disable();
	bdev->ops->commit(bdev);
	local_bh_enable();
}

void block_run_queue(struct block_device *bdev)
{
	unsigned long flags;
	bool started;

	spin_lock_irqsave(&bdev->queue->lock, flags);
	started = block_dispatch(bdev);
	spin_unlock_irqrestore(&bdev->queue->lock, flags);
	if (started)
		block_commit(bdev);
}

/* ---- Submission --------------------------------------------------------------------- */

/* => true: nobody will interrupt or schedule us, completions have to be fetched */
bool block_polled_mode(void)
{
	return panic_in_progress || irqs_disabled();
}

static void wait_for_request(struct block_device *bdev, int dir)
{
	struct request_queue *q = bdev->queue;

	block_run_queue(bdev);
	if (block_polled_mode()) {
		block_poll_all();
		return;
	}
	block_run_own_completions();
	___wait_event(q->wait[dir], READ_ONCE(q->count[dir]) < QUEUE_NR_REQUESTS,
		      TASK_UNINTERRUPTIBLE, true, io_schedule());
}

/* => queue->lock held, given back; the bio is in the queue */
static inline void start_bio(struct bio *bio, bool joined, unsigned long flags)
{
	struct block_device *bdev = bio->bi_bdev;
	struct request_queue *q = bdev->queue;
	bool started = false;

	count_bio(q, bio, joined);
	if (!current->plug)
		started = block_dispatch(bdev);
	spin_unlock_irqrestore(&q->lock, flags);
	if (started) {
		block_commit(bdev);
		block_run_own_completions();
	}
}

/* No request is free: sleeps until one is. */
static noinline void submit_slowly(struct bio *bio)
{
	struct request_queue *q = bio->bi_bdev->queue;
	int dir = bio_dir(bio);
	unsigned long flags;
	bool joined;

	for (;;) {
		wait_for_request(bio->bi_bdev, dir);
		spin_lock_irqsave(&q->lock, flags);
		joined = join_request(q, bio);
		if (joined || take_request(q, bio))
			break;
		spin_unlock_irqrestore(&q->lock, flags);
	}
	start_bio(bio, joined, flags);
	if (joined) /* woken for a request it did not need: the next in line may have it */
		wake_up(&q->wait[dir]);
}

void submit_bio(struct bio *bio)
{
	struct request_queue *q = bio->bi_bdev->queue;
	int error = bio_check(bio);
	unsigned long flags;
	bool joined;

	if (unlikely(error)) {
		bio_end_early(bio, min(error, 0));
		return;
	}
	spin_lock_irqsave(&q->lock, flags);
	joined = join_request(q, bio);
	if (likely(joined || take_request(q, bio))) {
		start_bio(bio, joined, flags);
		return;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	submit_slowly(bio);
}

void block_init(void)
{
	block_done_init();
	block_congestion_init();
	block_plug_init();
}
