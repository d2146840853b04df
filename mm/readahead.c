/* SPDX-License-Identifier: MIT */
/*
 * Readahead on demand: reading a file's next pages before they are asked for.
 *
 *   |<------------- size ------------->|
 *   |   read for the caller   |*  async_size  |      * PG_readahead: touching it starts the next window
 *   start                                              behind this one, twice as large, at most ra_pages
 *
 *   start of the file, next to the last read, larger than a window     a first window
 *   where this window ends, or its mark                                the next one
 *   a mark of another stream                                           a window behind what is there from here on
 *   a miss behind cached pages that look like a stream's traces        a window as long as the trace
 *   else                                                               random: what was asked for, no more
 *
 * With two windows in flight a sequential reader never waits once the disk is faster than it. Thrashing (the window's
 * pages were evicted before they were read) shows as a miss inside the window: next to the last read, so a
 * first window begins anew, and stays small as long as it happens. State is per open file (file_ra_state) and unlocked:
 * threads sharing a file only guess worse. FADV_RANDOM (ra->random) and ra_pages 0 turn guessing off.
 *
 * All pages of a batch are submitted under one plug, so the block layer joins them to large requests. Failed
 * allocations just end the batch (no reclaim effort for guesses). A window may be as large as half the memory
 * (read_ahead_kb): the tree is locked for LOOK_AHEAD pages at a time. Linux's algorithm of 3.16. Test: test_readahead.
 */
#include "mm/filemap.h"

#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/backing_dev.h"
#include "mm/lru.h"
#include "mm/vmstat.h"

#define NO_MARK ~0UL
#define LOOK_AHEAD 64UL /* pages looked for under one hold of the tree's lock */

static bool may_read_ahead(const struct address_space *mapping)
{
	return mapping->a_ops->readpage && !(mapping->flags >> AS_SHMEM & 1);
}

unsigned long max_sane_readahead(unsigned long nr)
{
	return min(nr, (global_page_state(NR_INACTIVE_FILE) + global_page_state(NR_FREE_PAGES)) / 2);
}

/* Nobody reads for a task that is killed, and a long range is no reason to keep others from the CPU. */
static bool go_on(void)
{
	cond_resched();
	return !fatal_signal_pending(current);
}

/* Start reading [index, index + nr), marking the page `mark`. => pages started */
static unsigned long read_pages(struct address_space *mapping, struct file *file, unsigned long index,
				unsigned long nr, unsigned long mark)
{
	unsigned long end = size_in_pages(i_size_read(mapping->host)), started = 0;
	gfp_t gfp = mapping->gfp_mask | __GFP_COLD | __GFP_NORETRY | __GFP_NOWARN;

	blk_start_plug();
	for (; nr && index < end; index++, nr--) {
		struct page *page;
		int err;

		if (!(nr % LOOK_AHEAD) && !go_on())
			break;
		page = find_get_page(mapping, index);
		if (page) {
			put_page(page);
			continue;
		}
		page = alloc_page(gfp);
		if (!page)
			break;
		err = add_to_page_cache_lru(page, mapping, index, gfp & GFP_RECLAIM_MASK);
		if (!err) {
			if (index == mark)
				SetPageReadahead(page);
			err = mapping->a_ops->readpage(file, page);
			if (!err)
				started++;
		}
		put_page(page);
		if (err && err != -EEXIST)
			break;
	}
	blk_finish_plug();
	return started;
}

unsigned long force_page_cache_readahead(struct address_space *mapping, struct file *file,
					 unsigned long index, unsigned long nr)
{
	if (!may_read_ahead(mapping))
		return 0;
	return read_pages(mapping, file, index, max_sane_readahead(nr), NO_MARK);
}

/* The first window: the request rounded up, four times as large if small, twice if medium, else the largest. */
static unsigned int first_window(unsigned long nr, unsigned long max)
{
	unsigned long size = roundup_pow_of_two(nr);

	if (size <= max / 32)
		size *= 4;
	else if (size <= max / 4)
		size *= 2;
	else
		size = max;
	return (unsigned int)size;
}

static unsigned int next_window(const struct file_ra_state *ra, unsigned long max)
{
	unsigned long size = ra->size < max / 16 ? 4UL * ra->size : 2UL * ra->size;

	return (unsigned int)min(size, max);
}

/* => pages in the cache right before index, at most max */
static unsigned long history(struct address_space *mapping, unsigned long index, unsigned long max)
{
	unsigned long seen = 0, flags, n, got;

	for (max = min(max, index); seen < max; seen += n) {
		unsigned long at = index - 1 - seen;

		n = min(max - seen, LOOK_AHEAD);
		spin_lock_irqsave(&mapping->tree_lock, flags);
		got = at - radix_tree_prev_hole(&mapping->page_tree, at, n);
		spin_unlock_irqrestore(&mapping->tree_lock, flags);
		if (got < n)
			return seen + got;
		cond_resched();
	}
	return seen;
}

/* => the first index from index on that is not in the cache; index + max: all of max are */
static unsigned long next_hole(struct address_space *mapping, unsigned long index, unsigned long max)
{
	unsigned long end = index + max, flags, hole, n;

	for (; index < end; index += n) {
		n = min(end - index, LOOK_AHEAD);
		spin_lock_irqsave(&mapping->tree_lock, flags);
		hole = radix_tree_next_hole(&mapping->page_tree, index, n);
		spin_unlock_irqrestore(&mapping->tree_lock, flags);
		if (hole < index + n)
			return hole;
		cond_resched();
	}
	return end;
}

/* => false: what is cached before index does not look like a stream's */
static bool context_window(struct address_space *mapping, struct file_ra_state *ra, unsigned long index,
			   unsigned long nr, unsigned long max)
{
	unsigned long size = history(mapping, index, max);

	if (size <= nr)
		return false;
	if (size >= index) /* from the start of the file: it will go on for long */
		size *= 2;
	ra->start = index;
	ra->size = (unsigned int)min(size + nr, max);
	ra->async_size = 1;
	return true;
}

/* A mark of a stream nobody remembers. => false: too far ahead already */
static bool window_behind_mark(struct address_space *mapping, struct file_ra_state *ra, unsigned long index,
			       unsigned long nr, unsigned long max)
{
	unsigned long start = next_hole(mapping, index + 1, max);

	if (start - index > max)
		return false;
	ra->start = start;
	ra->size = (unsigned int)(start - index + nr);
	ra->size = next_window(ra, max);
	ra->async_size = ra->size;
	return true;
}

static void first(struct file_ra_state *ra, unsigned long index, unsigned long nr, unsigned long max)
{
	ra->start = index;
	ra->size = first_window(nr, max);
	ra->async_size = ra->size > nr ? ra->size - (unsigned int)nr : ra->size;
}

void ra_submit(struct file_ra_state *ra, struct address_space *mapping, struct file *file)
{
	if (may_read_ahead(mapping))
		read_pages(mapping, file, ra->start, ra->size, ra->start + ra->size - ra->async_size);
}

/* marked: the reader has come to a PG_readahead page; else to a page that is not there */
static void ondemand(struct address_space *mapping, struct file_ra_state *ra, struct file *file, bool marked,
		     unsigned long index, unsigned long nr)
{
	unsigned long max = max_sane_readahead(ra->ra_pages);

	if (!max)
		return;
	if (index && (index == ra->start + ra->size || index == ra->start + ra->size - ra->async_size)) {
		ra->start += ra->size;
		ra->size = next_window(ra, max);
		ra->async_size = ra->size;
	} else if (index && marked) {
		if (!window_behind_mark(mapping, ra, index, nr, max))
			return;
	} else if (!index || nr > max || index - (unsigned long)(ra->prev_pos >> PAGE_SHIFT) <= 1) {
		first(ra, index, nr, max);
	} else if (!context_window(mapping, ra, index, nr, max)) {
		read_pages(mapping, file, index, min(nr, max), NO_MARK);
		return;
	}
	/* Its own mark would be met at once: the next window comes along. */
	if (index == ra->start && ra->size == ra->async_size) {
		ra->async_size = next_window(ra, max);
		ra->size += ra->async_size;
	}
	ra_submit(ra, mapping, file);
}

void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
			       unsigned long index, unsigned long nr)
{
	if (!ra->ra_pages || !may_read_ahead(mapping) || !nr)
		return;
	if (ra->random)
		force_page_cache_readahead(mapping, file, index, nr);
	else
		ondemand(mapping, ra, file, false, index, nr);
}

void page_cache_async_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
				struct page *page, unsigned long index, unsigned long nr)
{
	if (!ra->ra_pages || PageWriteback(page) || !may_read_ahead(mapping))
		return;
	ClearPageReadahead(page);
	/* Guesses do not queue up behind others' requests. */
	if (mapping->bdev && bdev_congested(mapping->bdev, false))
		return;
	ondemand(mapping, ra, file, true, index, max(nr, 1UL));
}

void file_ra_state_init(struct file_ra_state *ra, const struct address_space *mapping)
{
	*ra = (struct file_ra_state){ .prev_pos = -1,
				      .ra_pages = mapping->bdi ? READ_ONCE(mapping->bdi->ra_pages) : DEFAULT_RA_PAGES };
}
