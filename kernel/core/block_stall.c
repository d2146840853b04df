/* SPDX-License-Identifier: MIT */
/*
 * Disks that do not answer: a request that is with the driver for too long is reported, and waited for.
 *
 *   dispatch: rq->started = now, the timer runs --> every 10 s: the oldest request of each queue
 *        30 s without an answer: a message, again after twice the time; all late ones answered: one more message
 *
 * A request cannot be taken back: the device may write into its pages at any moment, so they cannot be used for
 * anything else, and a read that is "over" without data would be a lie. So nothing is failed (Linux's virtio_blk
 * does the same). Who waits killably - reads, faults, swap-in - can be killed; others sleep on. Other disks and
 * tasks that need none do not notice, and switching off does not wait (user/init.c).
 *
 * Locks: queue->lock for everything; the timer's function runs in softirq context.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/block_internal.h"
#include "kernel/core/timer.h"

#define LOOK_EVERY (10UL * HZ)
#define PATIENCE   (30UL * HZ)

static void look_at_all(unsigned long unused);

struct timer_list block_stall_timer = TIMER_INITIALIZER(look_at_all, 0, 0);

static struct request *oldest_in_flight(struct request_queue *q)
{
	struct request *oldest = NULL;

	for (int dir = 0; dir < 2; dir++) {
		for (int i = 0; i < QUEUE_NR_REQUESTS; i++) {
			struct request *rq = &q->requests[dir][i];

			if (rq->started && (!oldest || time_before(rq->started, oldest->started)))
				oldest = rq;
		}
	}
	return oldest;
}

/* => seconds without an answer, to be reported now; 0: nothing to say. *rq: a copy of the request. Lock held */
static unsigned long stalled_for(struct request_queue *q, struct request *rq)
{
	struct request *oldest = oldest_in_flight(q);
	unsigned long waited;

	if (!oldest)
		return 0;
	if (time_before(jiffies, oldest->started)) /* an even tick was rounded up: 0 means not started */
		return 0;
	waited = jiffies - oldest->started;
	if (waited < max(q->stall_said * 2, PATIENCE))
		return 0;
	q->stall_said = waited;
	*rq = *oldest;
	return waited / HZ;
}

/* => the device has requests */
static bool look_at(struct block_device *bdev)
{
	static const char *const what[] = { "read", "write", "flush", "discard" };
	struct request_queue *q = bdev->queue;
	struct request rq;
	unsigned long flags, seconds;
	unsigned int in_flight;

	spin_lock_irqsave(&q->lock, flags);
	seconds = stalled_for(q, &rq);
	in_flight = q->in_flight;
	spin_unlock_irqrestore(&q->lock, flags);
	if (seconds)
		pr_err("%s: a %s of %u sectors from sector %llu has waited %lu s: the disk does not answer. %u "
		       "requests are with it and cannot be taken back: programs that need them wait (kill -9 ends "
		       "those that read), the others go on, poweroff works.\n",
		       bdev->name, what[rq.op], rq.nr_sectors, rq.sector, seconds, in_flight);
	return in_flight;
}

static void look_at_all(unsigned long unused)
{
	struct block_device *bdev = NULL;
	bool busy = false;

	(void)unused;
	while ((bdev = block_next(bdev)))
		busy |= look_at(bdev);
	if (busy)
		mod_timer(&block_stall_timer, jiffies + LOOK_EVERY);
}

void block_stall_watch(void)
{
	mod_timer(&block_stall_timer, jiffies + LOOK_EVERY);
}

/* => a request has come back after a report; others may still be late. No lock held */
void block_stall_over(struct block_device *bdev)
{
	struct request_queue *q = bdev->queue;
	struct request *oldest;
	unsigned long flags;
	bool over = false;

	spin_lock_irqsave(&q->lock, flags);
	oldest = oldest_in_flight(q);
	if (q->stall_said && (!oldest || jiffies - oldest->started < PATIENCE)) {
		q->stall_said = 0;
		over = true;
	}
	spin_unlock_irqrestore(&q->lock, flags);
	if (over)
		pr_err("%s: the disk answers again\n", bdev->name);
}
