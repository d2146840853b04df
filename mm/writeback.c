/* SPDX-License-Identifier: MIT */
/*
 * Dirty file pages: how many there may be, and who writes them.
 *
 *   dirty pages:  0 ........ background limit ........ (middle) ........ limit
 *                            flusher thread works       writers wait      writers wait longer
 *
 * One flusher thread writes all mappings that have dirty pages: it wakes every
 * dirty_writeback_centisecs, above the background limit, or when reclaim asks. Mappings enter its
 * list with their first dirty page (filemap) and leave it when they are clean or die.
 *
 * Locks: wb_lock for the list. A mapping being written is kept from dying by wb_current:
 * writeback_mapping_gone waits until the flusher has let go.
 * Linux does beyond it: a thread and a bandwidth estimate per device, ages per inode.
 */
#include "mm/writeback.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/block.h"
#include "kernel/core/freezer.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"
#include "mm/slab.h"

int dirty_background_ratio = 10, vm_dirty_ratio = 20;
unsigned long dirty_background_bytes, vm_dirty_bytes;
int vm_highmem_is_dirtyable;
unsigned int dirty_writeback_interval = 500, dirty_expire_interval = 3000;

#define FLUSH_CHUNK   1024L /* pages of one mapping before the next has its turn */
#define RATELIMIT_PAGES 32  /* dirtied by one CPU between two looks at the limits */

static DEFINE_SPINLOCK(wb_lock, LOCK_RANK_LEAF);
static LIST_HEAD(wb_mappings);			/* [wb_lock] mapping->wb_list */
static struct address_space *wb_current;	/* [wb_lock] the flusher works on it */
static DECLARE_WAIT_QUEUE_HEAD(wb_current_wait);
static DECLARE_WAIT_QUEUE_HEAD(flusher_wait);
static bool flusher_wanted;			/* racy: a wake-up too many does no harm */
static struct task_struct *flusher_task;	/* [I] */
static DEFINE_PER_CPU(int, dirtied_here);

/* ---- Limits --------------------------------------------------------------------------------------- */

static unsigned long zone_dirtyable_memory(const struct zone *zone)
{
	return zone_page_state(zone, NR_FREE_PAGES) + zone_page_state(zone, NR_INACTIVE_FILE) +
	       zone_page_state(zone, NR_ACTIVE_FILE);
}

/* What block devices need to be written lies in lowmem, so dirty pages are limited by lowmem unless told otherwise. */
unsigned long global_dirtyable_memory(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (vm_highmem_is_dirtyable || !is_highmem(zone))
			pages += zone_dirtyable_memory(zone);
	pages -= min(pages, totalreserve_pages);
	return pages + 1; /* never 0: it is a divisor to some */
}

void global_dirty_limits(unsigned long *background, unsigned long *dirty)
{
	unsigned long memory = global_dirtyable_memory();

	*dirty = vm_dirty_bytes ? DIV_ROUND_UP(vm_dirty_bytes, PAGE_SIZE)
				: memory * (unsigned long)vm_dirty_ratio / 100;
	*background = dirty_background_bytes
			      ? DIV_ROUND_UP(dirty_background_bytes, PAGE_SIZE)
			      : memory * (unsigned long)dirty_background_ratio / 100;
	if (*background >= *dirty)
		*background = *dirty / 2;
	if (rt_task(current)) {
		*background += *background / 4;
		*dirty += *dirty / 4;
	}
}

bool zone_dirty_ok(struct zone *zone)
{
	unsigned long memory = zone_dirtyable_memory(zone);
	unsigned long limit = vm_dirty_bytes
				      ? DIV_ROUND_UP(vm_dirty_bytes, PAGE_SIZE) * memory /
						global_dirtyable_memory()
				      : memory * (unsigned long)vm_dirty_ratio / 100;

	return zone_page_state(zone, NR_FILE_DIRTY) + zone_page_state(zone, NR_UNSTABLE_NFS) +
		       zone_page_state(zone, NR_WRITEBACK) <= limit;
}

/* ---- Writers -------------------------------------------------------------------------------------- */

/* => pages that keep a writer waiting: dirty ones and those on their way */
static unsigned long nr_unwritten(void)
{
	return global_page_state(NR_FILE_DIRTY) + global_page_state(NR_WRITEBACK);
}

static void balance_dirty_pages(struct address_space *mapping)
{
	unsigned long background, dirty;

	for (;;) {
		global_dirty_limits(&background, &dirty);
		if (global_page_state(NR_FILE_DIRTY) > background)
			wakeup_flusher_threads(0);
		if (nr_unwritten() <= (background + dirty) / 2)
			return;
		/* Far above: the writer lends a hand, so that it cannot outrun the disk. */
		if (mapping->a_ops->writepage && !(current->flags & PF_MEMALLOC)) {
			struct writeback_control wbc = {
				.nr_to_write = 2 * RATELIMIT_PAGES,
				.range_end = LLONG_MAX,
			};

			write_cache_pages(mapping, &wbc);
		}
		if (nr_unwritten() <= dirty || fatal_signal_pending(current))
			return;
		congestion_wait(true, HZ / 10);
	}
}

void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	if (!mapping->bdev)
		return;
	this_cpu_inc(dirtied_here);
	if (likely(this_cpu_read(dirtied_here) < RATELIMIT_PAGES))
		return;
	this_cpu_write(dirtied_here, 0);
	balance_dirty_pages(mapping);
}

/* ---- The flusher ---------------------------------------------------------------------------------- */

void wakeup_flusher_threads(long nr_pages)
{
	(void)nr_pages;
	if (list_empty(&wb_mappings) || !flusher_task)
		return;
	WRITE_ONCE(flusher_wanted, true);
	wake_up(&flusher_wait);
}

void writeback_mapping_dirty(struct address_space *mapping)
{
	unsigned long flags;

	if (READ_ONCE(mapping->wb_listed))
		return;
	spin_lock_irqsave(&wb_lock, flags);
	if (!mapping->wb_listed) {
		mapping->wb_listed = true;
		list_add_tail(&mapping->wb_list, &wb_mappings);
	}
	spin_unlock_irqrestore(&wb_lock, flags);
}

static bool unlist(struct address_space *mapping)
{
	unsigned long flags;
	bool busy;

	spin_lock_irqsave(&wb_lock, flags);
	if (mapping->wb_listed)
		list_del(&mapping->wb_list);
	mapping->wb_listed = false;
	busy = wb_current == mapping;
	spin_unlock_irqrestore(&wb_lock, flags);
	return busy;
}

void writeback_mapping_gone(struct address_space *mapping)
{
	/* The flusher may have put it back on the list just before it let go: hence once more. */
	while (unlist(mapping))
		wait_event(wb_current_wait, READ_ONCE(wb_current) != mapping);
}

/* => the next mapping, off the list and marked as being worked on; NULL: none */
static struct address_space *take_mapping(void)
{
	struct address_space *mapping = NULL;
	unsigned long flags;

	spin_lock_irqsave(&wb_lock, flags);
	if (!list_empty(&wb_mappings)) {
		mapping = list_first_entry(&wb_mappings, struct address_space, wb_list);
		list_del(&mapping->wb_list);
		mapping->wb_listed = false;
		wb_current = mapping;
	}
	spin_unlock_irqrestore(&wb_lock, flags);
	return mapping;
}

static void release_mapping(void)
{
	unsigned long flags;

	spin_lock_irqsave(&wb_lock, flags);
	wb_current = NULL;
	spin_unlock_irqrestore(&wb_lock, flags);
	wake_up_all(&wb_current_wait);
}

/* => pages written */
static long flush_mapping(struct address_space *mapping)
{
	struct writeback_control wbc = { .nr_to_write = FLUSH_CHUNK, .range_end = LLONG_MAX };

	if (!mapping->a_ops->writepage)
		return 0;
	write_cache_pages(mapping, &wbc);
	if (mapping_tagged(mapping, PAGECACHE_TAG_DIRTY))
		writeback_mapping_dirty(mapping); /* more to do, after the others */
	return FLUSH_CHUNK - wbc.nr_to_write;
}

static void flush_all(void)
{
	struct address_space *mapping;
	long written = 1;

	/* A round that wrote nothing would only find the same locked pages again. */
	while (written > 0) {
		struct address_space *first = NULL;

		written = 0;
		while ((mapping = take_mapping()) != NULL && mapping != first) {
			if (!first)
				first = mapping;
			written += flush_mapping(mapping);
			release_mapping();
			cond_resched();
		}
		if (mapping) { /* back at the first: put it back and begin the next round */
			writeback_mapping_dirty(mapping);
			release_mapping();
		} else {
			break;
		}
	}
}

static int flusher(void *unused)
{
	(void)unused;
	set_freezable();
	while (!kthread_should_stop()) {
		long interval = dirty_writeback_interval * HZ / 100;

		wait_event_interruptible_timeout(flusher_wait,
						 READ_ONCE(flusher_wanted) || kthread_should_stop() ||
							 freezing(current),
						 interval ? interval : MAX_SCHEDULE_TIMEOUT);
		if (try_to_freeze())
			continue;
		WRITE_ONCE(flusher_wanted, false);
		flush_all();
	}
	return 0;
}

void writeback_init(void)
{
	struct task_struct *task = kthread_run(flusher, NULL, "flush");

	if (IS_ERR(task))
		pr_err("flush: not started: %ld\n", PTR_ERR(task));
	else
		flusher_task = task;
}
