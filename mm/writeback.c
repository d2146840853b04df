/* SPDX-License-Identifier: MIT */
/*
 * Dirty file pages: how many there may be, and who waits when there are more.
 *
 *   dirty or being written:  0 ...... background ...... freerun = (background + limit) / 2 ...... limit
 *                            flushers write              writers wait if their disk has more    everybody waits
 *                                                        than its share
 *
 * Writers write nothing themselves: their flusher does, in the order of the file. Who waits sleeps until pages of his
 * disk have been written, or HZ/10. How far above the limit can it get? By what is dirtied between two looks: 32 pages
 * a CPU, and one a writer; and by BDI_FLOOR_PAGES for each disk beside, which a stopped disk's dirty pages shall not
 * stop. The limit itself follows the memory that is free or file cache, so it may also sink below what is dirty.
 *
 * Pages of disks are counted exactly (backing_dev.c). Pages on their way to swap do not count: their number is
 * reclaim's business (throttle.c). Locks: none. Test: tests/host/test_writeback.c. Read next: flusher.c.
 * Linux does beyond it: bandwidth estimates, by which each writer gets a pace of his own.
 */
#include "mm/writeback.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/pagemap.h"

int dirty_background_ratio = 10, vm_dirty_ratio = 20;
unsigned long dirty_background_bytes, vm_dirty_bytes;
int vm_highmem_is_dirtyable;

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

bool over_background_limit(void)
{
	unsigned long background, dirty;

	global_dirty_limits(&background, &dirty);
	return bdi_total_dirty() > background;
}

/* => true: whoever dirties a page of the disk has to wait */
static bool must_wait(struct backing_dev_info *bdi)
{
	unsigned long background, limit, unwritten = bdi_total_unwritten(), mine = bdi_unwritten(bdi);

	global_dirty_limits(&background, &limit);
	/*
	 * What others wait for through this task ends only if it goes on: it does not wait for their pages to get
	 * fewer, but for those of its own disk, which do so without it (Linux 5.8: PF_LOCAL_THROTTLE).
	 */
	if (current->flags & PF_LESS_THROTTLE)
		return mine > max(limit, (unsigned long)BDI_FLOOR_PAGES);
	if (unwritten <= (background + limit) / 2)
		return false;
	if (mine <= min((unsigned long)BDI_FLOOR_PAGES, limit / 2))
		return false;
	return unwritten > limit || mine > bdi_share(bdi, limit);
}

static void balance_dirty_pages(struct backing_dev_info *bdi)
{
	DEFINE_WAIT(wait);

	if (over_background_limit())
		bdi_start_background(bdi);
	while (must_wait(bdi) && !fatal_signal_pending(current)) {
		bdi_start_background(bdi);
		prepare_to_wait(&bdi->throttled, &wait, TASK_KILLABLE);
		if (must_wait(bdi))
			schedule_timeout(HZ / 10);
		finish_wait(&bdi->throttled, &wait);
	}
}

void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	if (!mapping->bdi)
		return;
	this_cpu_inc(dirtied_here);
	if (likely(this_cpu_read(dirtied_here) < RATELIMIT_PAGES))
		return;
	this_cpu_write(dirtied_here, 0);
	balance_dirty_pages(mapping->bdi);
}
