/* SPDX-License-Identifier: MIT */
/*
 * Flushers: one thread per disk that is open for writing, which writes the disk's dirty file pages.
 *
 *   asked         wakeup_flusher_threads(): so many pages (reclaim found dirty pages at the end of its list)
 *   background    while more pages are dirty than the background limit allows
 *   periodic      every dirty_writeback_centisecs: mappings whose first page became dirty dirty_expire_centisecs ago
 *
 * A mapping joins its disk's b_dirty with its first dirty page (set_page_dirty) and leaves it when it is clean or
 * dies. It is written in pieces of FLUSH_CHUNK pages, each going on where the last one ended (writeback_index). So a
 * disk that stalls holds up its own flusher, and nobody else.
 *
 * Locks: bdi_lock for the lists. A mapping being written is kept from dying by bdi->writing: writeback_mapping_gone
 * waits until the flusher has let go. Linux (3.16) has the same per disk as a work item, and lists of inodes.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/block.h"
#include "kernel/core/freezer.h"
#include "kernel/core/kthread.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"
#include "mm/writeback.h"

unsigned int dirty_writeback_interval = 500, dirty_expire_interval = 3000;

#define FLUSH_CHUNK 1024L /* pages of one mapping before the next has its turn */

/* ---- Mappings --------------------------------------------------------------------------------------- */

/* => bdi_lock held */
static void enlist(struct address_space *mapping)
{
	if (mapping->wb_listed)
		return;
	mapping->wb_listed = true;
	list_add_tail(&mapping->wb_list, &mapping->bdi->b_dirty);
}

void writeback_mapping_dirty(struct address_space *mapping)
{
	unsigned long flags;

	if (!mapping->bdi)
		return;
	spin_lock_irqsave(&bdi_lock, flags);
	mapping->dirtied_when = jiffies; /* on the list already: what was dirty has been written by somebody else */
	enlist(mapping);
	spin_unlock_irqrestore(&bdi_lock, flags);
}

/* A mapping that lives on and is dirty again stays: nobody would list it before it is clean. => the flusher has it */
static bool unlist(struct address_space *mapping)
{
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&bdi_lock, flags);
	if (mapping->wb_listed && !mapping_tagged(mapping, PAGECACHE_TAG_DIRTY)) {
		list_del(&mapping->wb_list);
		mapping->wb_listed = false;
	}
	busy = mapping->bdi->writing == mapping;
	spin_unlock_irqrestore(&bdi_lock, flags);
	return busy;
}

void writeback_mapping_gone(struct address_space *mapping)
{
	struct backing_dev_info *bdi = mapping->bdi;

	/* The flusher may have put it back on the list just before it let go: hence once more. */
	while (bdi && unlist(mapping))
		wait_event(bdi->released, READ_ONCE(bdi->writing) != mapping);
}

/*
 * => the mapping that has waited longest of those dirty since `before` (NULL: any), off the list and marked as being
 *    worked on; NULL: none
 */
static struct address_space *take_mapping(struct backing_dev_info *bdi, const unsigned long *before)
{
	struct address_space *mapping, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&bdi_lock, flags);
	list_for_each_entry(mapping, &bdi->b_dirty, wb_list) {
		if (before && time_after(mapping->dirtied_when, *before))
			continue;
		list_del(&mapping->wb_list);
		mapping->wb_listed = false;
		found = bdi->writing = mapping;
		break;
	}
	spin_unlock_irqrestore(&bdi_lock, flags);
	return found;
}

/* complete: all that was dirty has been written, what is dirty now is new */
static void release_mapping(struct backing_dev_info *bdi, struct address_space *mapping, bool complete)
{
	unsigned long flags;

	spin_lock_irqsave(&bdi_lock, flags);
	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY)) {
		if (complete)
			mapping->dirtied_when = jiffies;
		enlist(mapping);
	}
	bdi->writing = NULL;
	spin_unlock_irqrestore(&bdi_lock, flags);
	wake_up_all(&bdi->released);
}

/* ---- Writing ---------------------------------------------------------------------------------------- */

/* => pages written, at most max; complete is told whether the whole mapping was gone through */
static long flush_mapping(struct address_space *mapping, long max, bool *complete)
{
	struct writeback_control wbc = { .nr_to_write = min(max, FLUSH_CHUNK), .range_end = LLONG_MAX,
					 .range_cyclic = true };
	long asked = wbc.nr_to_write;

	write_cache_pages(mapping, &wbc);
	*complete = wbc.nr_to_write > 0;
	return asked - wbc.nr_to_write;
}

/*
 * Write up to nr pages of mappings dirty since `before`, background: only while there is too much. => pages written.
 * A round over all mappings that wrote nothing would only find the same locked pages again: it is the last.
 */
static long flush(struct backing_dev_info *bdi, long nr, const unsigned long *before, bool background)
{
	struct address_space *mapping, *idle = NULL;
	long done = 0;

	while (done < nr && !(background && !over_background_limit())) {
		bool complete;
		long n;

		mapping = take_mapping(bdi, before);
		if (!mapping)
			break;
		n = flush_mapping(mapping, nr - done, &complete);
		release_mapping(bdi, mapping, complete);
		if (!n && mapping == idle)
			break;
		idle = n ? NULL : idle ?: mapping;
		done += n;
		cond_resched();
	}
	return done;
}

/* What has been dirty for long. What becomes dirty meanwhile is left for the next time. */
static void flush_old(struct backing_dev_info *bdi)
{
	unsigned long before = jiffies - (unsigned long)READ_ONCE(dirty_expire_interval) * HZ / 100;

	flush(bdi, max(atomic_long_read(&bdi->nr_dirty), 0L), &before, false);
}

static bool has_work(struct backing_dev_info *bdi)
{
	return READ_ONCE(bdi->background) || atomic_long_read(&bdi->nr_wanted) > 0;
}

/* => jiffies until the next periodic round, which began last at *last */
static long until_periodic(unsigned long last)
{
	long interval = (long)READ_ONCE(dirty_writeback_interval) * HZ / 100, past = (long)(jiffies - last);

	if (!interval)
		return MAX_SCHEDULE_TIMEOUT;
	return past >= interval ? 0 : interval - past;
}

static int flusher(void *data)
{
	struct backing_dev_info *bdi = data;
	unsigned long last = jiffies;

	set_freezable();
	while (!kthread_should_stop()) {
		unsigned int interval = READ_ONCE(dirty_writeback_interval);
		long left = until_periodic(last);

		if (left)
			wait_event_interruptible_timeout(bdi->flusher_wait,
							 has_work(bdi) || kthread_should_stop() || freezing(current) ||
								 READ_ONCE(dirty_writeback_interval) != interval,
							 left);
		if (try_to_freeze())
			continue;
		WRITE_ONCE(bdi->background, false);
		flush(bdi, atomic_long_xchg(&bdi->nr_wanted, 0), NULL, false);
		if (!until_periodic(last)) {
			last = jiffies;
			flush_old(bdi);
		}
		/* Too much is dirty and nothing can be written now: not at once again. */
		if (over_background_limit() && !flush(bdi, LONG_MAX, NULL, true))
			schedule_timeout_interruptible(HZ / 50);
	}
	return 0;
}

int bdi_start_flusher(struct backing_dev_info *bdi)
{
	static DEFINE_MUTEX(start_mutex, LOCK_RANK_MM_SLEEP);
	struct task_struct *task;
	int err = 0;

	if (READ_ONCE(bdi->flusher))
		return 0;
	mutex_lock(&start_mutex);
	if (!bdi->flusher) {
		task = kthread_run(flusher, bdi, "flush-%s", bdi->bdev->name);
		if (IS_ERR(task))
			err = (int)PTR_ERR(task);
		else
			bdi->flusher = task;
	}
	mutex_unlock(&start_mutex);
	return err;
}

/* ---- Asking ------------------------------------------------------------------------------------------ */

void bdi_start_background(struct backing_dev_info *bdi)
{
	if (READ_ONCE(bdi->background))
		return;
	WRITE_ONCE(bdi->background, true);
	wake_up(&bdi->flusher_wait);
}

void wakeup_flusher_threads(long nr_pages)
{
	struct backing_dev_info *bdi = NULL;

	while ((bdi = bdi_next(bdi)) != NULL) {
		long dirty = atomic_long_read(&bdi->nr_dirty);

		if (dirty <= 0 || atomic_long_read(&bdi->nr_wanted) >= dirty)
			continue;
		atomic_long_set(&bdi->nr_wanted, nr_pages && nr_pages < dirty ? nr_pages : dirty);
		wake_up(&bdi->flusher_wait);
	}
}

void flusher_interval_changed(void)
{
	struct backing_dev_info *bdi = NULL;

	while ((bdi = bdi_next(bdi)) != NULL)
		wake_up(&bdi->flusher_wait);
}
