/* SPDX-License-Identifier: MIT */
/*
 * Congestion: a queue of which so many requests are taken that who can wait should not ask for more.
 *
 *	requests of one direction	103		 113		     128
 *	... free .......................|<--- as before --->|... congested ....| submit_bio sleeps
 *
 * Reclaim and write-back look (bdev_congested, nr_bdi_congested) and go elsewhere or sleep (congestion_wait) until
 * some queue has become free again. The gap between the marks keeps the state from changing with every request.
 *
 * Locks: queue->lock for a queue's state; the waiters' list has its own.
 *
 * What Linux does beyond it: a queue's number of requests can be set; a backing device collects the state of several.
 */
#include "kernel/core/block_internal.h"
#include "kernel/core/sched.h"

atomic_t nr_bdi_congested[2];
static wait_queue_head_t congestion_wqh[2];

/* => queue->lock held */
void block_set_congested(struct request_queue *q, int dir, bool congested)
{
	if (q->congested[dir] == congested)
		return;
	q->congested[dir] = congested;
	if (congested)
		atomic_inc(&nr_bdi_congested[dir]);
	else
		atomic_dec(&nr_bdi_congested[dir]);
}

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

/* => a queue of this direction has left congestion; no lock held */
void block_congestion_over(int dir)
{
	wake_up_all(&congestion_wqh[dir]);
}

void block_congestion_init(void)
{
	init_waitqueue_head(&congestion_wqh[0]);
	init_waitqueue_head(&congestion_wqh[1]);
}
