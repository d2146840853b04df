/* SPDX-License-Identifier: MIT */
/*
 * Completion: from the driver's word to the end of each bio.
 *
 *	block_request_done (any context) -> this CPU's done list -> BLOCK_SOFTIRQ
 *	    -> bi_end_io of each bio, request free again, next ones dispatched, those woken who wait for a request
 *	       or for the end of a congestion
 *
 * A request of several pieces that failed is not over yet: block_pieces.c.
 *
 * Locks: the done list belongs to its CPU with interrupts off. bi_end_io runs without any lock.
 */
#include "kernel/core/block_internal.h"
#include "asm/barrier.h"
#include "kernel/core/softirq.h"
#include "kernel/core/task.h"
#include "kernel/core/watchdog.h"

static DEFINE_PER_CPU(struct list_head, block_done); /* completed requests, [irqs off] */

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

static void end_bios(struct bio *bio, int error)
{
	while (bio) {
		struct bio *next = bio->bi_next;

		bio->bi_bad = error ? ~0U : 0;
		block_end_bio(bio, error);
		bio = next;
	}
}

/* => true: the request is over, its bios have ended */
static bool request_ended(struct request *rq)
{
	note_progress();
	if (rq->retry)
		return !block_next_piece(rq);
	if (rq->error && rq->nr_vecs > 1) {
		block_begin_pieces(rq);
		return false;
	}
	end_bios(rq->bio, rq->error);
	return true;
}

/* => queue->lock held; true: this ended a congestion; its waiters are to be woken without the lock */
static bool put_request(struct request_queue *q, struct request *rq)
{
	int dir = rq->op != BIO_READ;

	list_add(&rq->queuelist, &q->free[dir]);
	if (--q->count[dir] >= QUEUE_CONGESTED_OFF || !q->congested[dir])
		return false;
	block_set_congested(q, dir, false);
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
		relieved = put_request(q, rq);
	else
		list_add(&rq->queuelist, &q->queue);
	started = block_dispatch(bdev);
	spin_unlock_irqrestore(&q->lock, flags);
	if (started)
		block_commit(bdev);
	if (unlikely(q->stall_said))
		block_stall_over(bdev);
	smp_mb(); /* the free request before the look at the sleepers */
	if (ended && waitqueue_active(&q->wait[dir]))
		wake_up(&q->wait[dir]);
	if (relieved)
		block_congestion_over(dir);
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

/* A driver that completes at once leaves a softirq pending that no interrupt will run. */
void block_run_own_completions(void)
{
	if (!list_empty(this_cpu_ptr(&block_done)) && !irqs_disabled() && !in_interrupt()) {
		local_bh_disable();
		local_bh_enable();
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

void block_done_init(void)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		INIT_LIST_HEAD(per_cpu_ptr(&block_done, cpu));
	open_softirq(BLOCK_SOFTIRQ, block_softirq);
}
