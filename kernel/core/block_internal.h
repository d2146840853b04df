/* SPDX-License-Identifier: MIT */
/* Between the files of the block layer. */
#ifndef KERNEL_CORE_BLOCK_INTERNAL_H
#define KERNEL_CORE_BLOCK_INTERNAL_H

#include "kernel/core/block.h"
#include "kernel/core/timer.h"

static inline int bio_dir(const struct bio *bio)
{
	return bio->bi_op != BIO_READ;
}

static inline void block_end_bio(struct bio *bio, int error)
{
	bio->bi_next = NULL;
	bio->bi_end_io(bio, error);
}

/* block.c */
void block_fill_request(struct request *rq, struct bio *bio, struct bio *tail);
bool block_dispatch(struct block_device *bdev); /* => queue->lock held, interrupts off; what it started waits for: */
void block_commit(struct block_device *bdev);
bool block_polled_mode(void);

/* block_congestion.c */
void block_set_congested(struct request_queue *q, int dir, bool congested);
void block_congestion_over(int dir);
void block_congestion_init(void);

/* block_pieces.c: of a request that was completed and not yet started again */
void block_begin_pieces(struct request *rq);
bool block_next_piece(struct request *rq);

/* block_plug.c */
void block_plug_init(void);

/* block_done.c */
void block_run_own_completions(void);
void block_done_init(void);

/* block_stall.c */
extern struct timer_list block_stall_timer;

void block_stall_watch(void);			   /* => a request is with a driver and the timer does not run */
void block_stall_over(struct block_device *bdev); /* => one came back, and q->stall_said was set */

#endif
