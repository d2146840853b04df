/* SPDX-License-Identifier: MIT */
/*
 * The block layer: bios in, requests to the driver, completions back in softirq context.
 *
 *	submit_bio: lock queue -> join a waiting neighbour? -> else take a free request
 *	                                                        |
 *	             waiting list (FIFO) <----------------------+
 *	                  | dispatch: until the driver says -EBUSY
 *	             driver, in flight -> block_request_done (any context) -> this CPU's done list
 *	                  | BLOCK_SOFTIRQ
 *	             bi_end_io of each bio, request free again, waiters woken, dispatch
 *
 * Requests join as long as they wait: while the submitting task is plugged, or while the driver
 * has as many as it takes. Reads and writes are counted apart, so a flood of writes leaves the
 * reads their 128 requests.
 *
 * A failed request of several pieces is tried again piece by piece: a bad sector then fails the page
 * it belongs to and not its neighbours. bi_bad tells a bio's owner which of its pieces failed.
 *
 * Locks: queue->lock (interrupts off) for everything marked [q]; the done list belongs to its CPU
 * with interrupts off. bi_end_io runs without any of them. Devices and their names: block_devices.c.
 *
 * What Linux does beyond it: several hardware queues, I/O schedulers, barriers, splitting of
 * bios, partitions.
 */
#include "kernel/core/block_internal.h"
#include "asm/barrier.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "kernel/core/task.h"
#include "kernel/core/watchdog.h"

/* How many of the newest waiting requests are looked at for a neighbour. */
#define MERGE_DEPTH 16

static DEFINE_PER_CPU(struct list_head, block_done); /* completed requests, [irqs off] */

atomic_t nr_bdi_congested[2];
static wait_queue_head_t congestion_wqh[2];

/* Stands in task->plug while a task is plugged; its bios wait in the queues themselves. */
#define PLUGGED ((struct block_plug *)1)

static inline int bio_dir(const struct bio *bio)
{
	return bio->bi_op != BIO_READ;
}

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

static void set_congested(struct request_queue *q, int dir, bool congested)
{
	if (q->congested[dir] == congested)
		return;
	q->congested[dir] = congested;
	if (congested)
		atomic_inc(&nr_bdi_congested[dir]);
	else
		atomic_dec(&nr_bdi_congested[dir]);
}

static void request_from_bios(struct request *rq, struct bio *bio, struct bio *tail)
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
static struct request *request_get(struct request_queue *q, struct bio *bio)
{
	int dir = bio_dir(bio);
	struct request *rq;

	if (list_empty(&q->free[dir]))
		return NULL;
	rq = list_first_entry(&q->free[dir], struct request, queuelist);
	rq->bdev = bio->bi_bdev;
	rq->retry = NULL;
	bio->bi_next = NULL;
	request_from_bios(rq, bio, bio);
	list_move_tail(&rq->queuelist, &q->queue);
	if (++q->count[dir] >= QUEUE_CONGESTED_ON)
		set_congested(q, dir, true);
	return rq;
}

/* => queue->lock held; returns true when this ended a congestion */
static bool request_put(struct request_queue *q, struct request *rq)
{
	int dir = rq->op != BIO_READ;

	list_add(&rq->queuelist, &q->free[dir]);
	if (--q->count[dir] >= QUEUE_CONGESTED_OFF || !q->congested[dir])
		return false;
	set_congested(q, dir, false);
	return true;
}

static bool may_join(struct request_queue *q, struct request *rq, struct bio *bio)
{
	return rq->op == bio->bi_op && !rq->retry &&
	       rq->nr_vecs + bio->bi_vcnt <= q->max_vecs &&
	       rq->nr_sectors + bio_sectors(bio) <= REQUEST_MAX_SECTORS;
}

/* => queue->lock held; true: bio is now part of a waiting request */
static __always_inline bool merge_bio(struct request_queue *q, struct bio *bio)
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

/*
 * => queue->lock held, interrupts off. Hands the driver what it takes.
 * => true: something was handed over, to be started by commit() once the lock is free
 */
static bool dispatch(struct block_device *bdev)
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
static void commit(struct block_device *bdev)
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
	started = dispatch(bdev);
	spin_unlock_irqrestore(&bdev->queue->lock, flags);
	if (started)
		commit(bdev);
}

/* A driver that completes at once leaves a softirq pending that no interrupt will run. */
static void run_own_completions(void)
{
	if (!list_empty(this_cpu_ptr(&block_done)) && !irqs_disabled() && !in_interrupt()) {
		local_bh_disable();
		local_bh_enable();
	}
}

/* ---- Submission --------------------------------------------------------------------- */

/* => true: nobody will interrupt or schedule us, completions have to be fetched */
static bool polled_mode(void)
{
	return panic_in_progress || irqs_disabled();
}

static void wait_for_request(struct block_device *bdev, int dir)
{
	struct request_queue *q = bdev->queue;

	block_run_queue(bdev);
	if (polled_mode()) {
		block_poll_all();
		return;
	}
	run_own_completions();
	___wait_event(q->wait[dir], READ_ONCE(q->count[dir]) < QUEUE_NR_REQUESTS,
		      TASK_UNINTERRUPTIBLE, true, io_schedule());
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

/* => queue->lock held, given back; the bio is in the queue */
static inline void start_bio(struct bio *bio, bool joined, unsigned long flags)
{
	struct block_device *bdev = bio->bi_bdev;
	struct request_queue *q = bdev->queue;
	bool started = false;

	count_bio(q, bio, joined);
	if (!current->plug)
		started = dispatch(bdev);
	spin_unlock_irqrestore(&q->lock, flags);
	if (started) {
		commit(bdev);
		run_own_completions();
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
		joined = merge_bio(q, bio);
		if (joined || request_get(q, bio))
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
	joined = merge_bio(q, bio);
	if (likely(joined || request_get(q, bio))) {
		start_bio(bio, joined, flags);
		return;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	submit_slowly(bio);
}

struct wait_bio {
	bool done; /* written last, by the callback */
	int error;
	struct task_struct *task;
};

static void wait_bio_end(struct bio *bio, int error)
{
	struct wait_bio *wait = bio->bi_private;
	struct task_struct *task = wait->task;

	wait->error = error;
	get_task_struct(task);
	smp_store_release(&wait->done, true); /* wait is gone from here on */
	wake_up_process(task);
	put_task_struct(task);
}

/*
 * => replaces bi_end_io and bi_private; in panic or with interrupts off it polls instead of
 *    sleeping
 */
int submit_bio_wait(struct bio *bio)
{
	struct wait_bio wait = {.task = current};

	bio->bi_private = &wait;
	bio->bi_end_io = wait_bio_end;
	submit_bio(bio);
	while (!smp_load_acquire(&wait.done)) {
		if (polled_mode()) {
			block_run_queue(bio->bi_bdev);
			block_poll_all();
			continue;
		}
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!smp_load_acquire(&wait.done))
			io_schedule();
		__set_current_state(TASK_RUNNING);
	}
	return wait.error;
}

int blkdev_discard(struct block_device *bdev, u64 sector, u32 nr_sectors)
{
	u64 end = sector + nr_sectors;
	int error = 0;

	while (sector < end && !error) {
		u32 nr = (u32)min(end - sector, (u64)max(bdev->max_discard_sectors, 1U));
		struct bio bio = {
			.bi_bdev = bdev, .bi_op = BIO_DISCARD, .bi_sector = sector, .bi_size = nr << SECTOR_SHIFT,
		};

		error = submit_bio_wait(&bio);
		sector += nr;
	}
	return error;
}

/* ---- Plugging ----------------------------------------------------------------------- */

/* => from here to blk_finish_plug the bios of this task wait for their neighbours. Does not nest:
 * the first finish (or sleep) starts what waits, which is always correct and at worst early. */
void blk_start_plug(void)
{
	current->plug = PLUGGED;
}

/*
 * => schedule() calls it for a plugged task that is about to sleep: it may wait for the very bios
 *    it holds back
 */
static void flush_plug(struct task_struct *task)
{
	struct block_device *bdev = NULL;

	while ((bdev = block_next(bdev)))
		if (!list_empty(&bdev->queue->queue))
			block_run_queue(bdev);
	run_own_completions();
}

void blk_finish_plug(void)
{
	current->plug = NULL;
	flush_plug(current);
}

/* ---- Completion --------------------------------------------------------------------- */

/* => driver, any context; queue->lock may be held. error: 0 or -errno for the whole request */
void block_request_done(struct request *rq, int error)
{
	unsigned long flags;

	rq->error = error;
	local_irq_save(flags);
	list_add_tail(&rq->queuelist, this_cpu_ptr(&block_done));
	raise_softirq_irqoff(BLOCK_SOFTIRQ);
	local_irq_restore(flags);
}

static void end_bio(struct bio *bio, int error)
{
	bio->bi_next = NULL;
	bio->bi_end_io(bio, error);
}

static void end_bios(struct bio *bio, int error)
{
	while (bio) {
		struct bio *next = bio->bi_next;

		bio->bi_bad = error ? ~0U : 0;
		end_bio(bio, error);
		bio = next;
	}
}

/* The next piece alone becomes what the request is about. */
static void set_piece(struct request *rq)
{
	struct bio *bio = rq->retry, *piece = &rq->piece;
	u64 sector = bio->bi_sector;

	for (unsigned int i = 0; i < rq->piece_nr; i++)
		sector += bio->bi_io_vec[i].len >> SECTOR_SHIFT;
	bio_init(piece, &bio->bi_io_vec[rq->piece_nr], 1);
	piece->bi_bdev = bio->bi_bdev;
	piece->bi_op = bio->bi_op;
	piece->bi_sector = sector;
	piece->bi_vcnt = 1;
	piece->bi_size = bio->bi_io_vec[rq->piece_nr].len;
	request_from_bios(rq, piece, piece);
}

/* => rq, which failed as a whole, is to be tried piece by piece from here on */
static void begin_pieces(struct request *rq)
{
	rq->retry = rq->bio;
	rq->piece_nr = 0;
	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next)
		bio->bi_bad = 0;
	set_piece(rq);
}

/* One piece has been tried. => true: another one is to be; a bio that had its last one is over */
static bool next_piece(struct request *rq)
{
	struct bio *bio = rq->retry;

	if (rq->error)
		bio->bi_bad |= 1U << rq->piece_nr;
	if (++rq->piece_nr == bio->bi_vcnt) {
		rq->retry = bio->bi_next;
		rq->piece_nr = 0;
		end_bio(bio, bio->bi_bad ? -EIO : 0);
	}
	if (rq->retry)
		set_piece(rq);
	return rq->retry;
}

/* => true: the request is over, its bios have ended */
static bool request_ended(struct request *rq)
{
	note_progress();
	if (rq->retry)
		return !next_piece(rq);
	if (rq->error && rq->nr_vecs > 1) {
		begin_pieces(rq);
		return false;
	}
	end_bios(rq->bio, rq->error);
	return true;
}

/* => takes the request's bios off it if they are over, and frees it or starts it again */
static void finish_request(struct request *rq)
{
	struct block_device *bdev = rq->bdev;
	struct request_queue *q = bdev->queue;
	bool ended = request_ended(rq), relieved = false, started;
	int dir = rq->op != BIO_READ;
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->in_flight--;
	rq->started = 0;
	if (ended)
		relieved = request_put(q, rq);
	else
		list_add(&rq->queuelist, &q->queue);
	started = dispatch(bdev);
	spin_unlock_irqrestore(&q->lock, flags);
	if (started)
		commit(bdev);
	if (unlikely(q->stall_said))
		block_stall_over(bdev);
	smp_mb(); /* the free request before the look at the sleepers */
	if (ended && waitqueue_active(&q->wait[dir]))
		wake_up(&q->wait[dir]);
	if (relieved)
		wake_up_all(&congestion_wqh[dir]);
}

static void block_softirq(void)
{
	LIST_HEAD(done);
	unsigned long flags;

	local_irq_save(flags);
	list_splice_init(this_cpu_ptr(&block_done), &done);
	local_irq_restore(flags);
	while (!list_empty(&done)) {
		struct request *rq = list_first_entry(&done, struct request, queuelist);

		list_del_init(&rq->queuelist);
		finish_request(rq);
	}
}

/*
 * => completes what the devices have done, here and now; for panic and for waiting with
 *    interrupts off
 */
void block_poll_all(void)
{
	struct block_device *bdev = NULL;

	while ((bdev = block_next(bdev)))
		if (bdev->ops->poll)
			bdev->ops->poll(bdev);
	block_softirq();
}

/* ---- Congestion --------------------------------------------------------------------- */

bool bdev_congested(struct block_device *bdev, bool write)
{
	return READ_ONCE(bdev->queue->congested[write]);
}

long congestion_wait(bool write, long timeout)
{
	DEFINE_WAIT(wait);
	long left;

	prepare_to_wait(&congestion_wqh[write], &wait, TASK_UNINTERRUPTIBLE);
	left = io_schedule_timeout(timeout);
	finish_wait(&congestion_wqh[write], &wait);
	return left;
}

void block_init(void)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		INIT_LIST_HEAD(per_cpu_ptr(&block_done, cpu));
	init_waitqueue_head(&congestion_wqh[0]);
	init_waitqueue_head(&congestion_wqh[1]);
	open_softirq(BLOCK_SOFTIRQ, block_softirq);
	sched_set_unplug(flush_plug);
}
