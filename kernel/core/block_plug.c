/* SPDX-License-Identifier: MIT */
/*
 * Two ways to use submit_bio(): one bio, waited for; and many, held back until their neighbours are there.
 *
 *	submit_bio_wait: submit, sleep until bi_end_io - or ask the devices, in a panic and with interrupts off
 *	blk_start_plug ... submit_bio ... submit_bio ... blk_finish_plug: all dispatched
 *
 * A plugged task's bios wait in the queues themselves, and other tasks' bios join them or start them: a plug only
 * keeps submit_bio() of this task from dispatching. A plugged task that goes to sleep is unplugged by the scheduler.
 */
#include "kernel/core/block_internal.h"
#include "asm/barrier.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"

/* Stands in task->plug while a task is plugged. */
#define PLUGGED ((struct block_plug *)1)

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
		if (block_polled_mode()) {
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
	block_run_own_completions();
}

void blk_finish_plug(void)
{
	current->plug = NULL;
	flush_plug(current);
}

void block_plug_init(void)
{
	sched_set_unplug(flush_plug);
}
