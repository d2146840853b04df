/* SPDX-License-Identifier: MIT */
/*
 * Readahead: reading a file's next pages before they are asked for.
 *
 *   |<------------- size ------------->|
 *   |   read for the caller   |*  async_size  |      * PG_readahead: touching it starts the next window
 *   start                                              behind this one, twice as large, at most ra_pages
 *
 * A miss at the start of the file or next to the last position opens a window; a miss elsewhere is random
 * and reads what was asked for only. With two windows in flight a sequential reader never waits once the disk is
 * faster than it. State is per open file (file_ra_state) and unlocked: threads sharing a file only guess worse.
 *
 * All pages of a batch are submitted under one plug, so the block layer joins them to large requests. Failed
 * allocations just end the batch (no reclaim effort for guesses).
 */
#include "mm/filemap.h"

#include "kernel/core/block.h"
#include "mm/lru.h"

#define DEFAULT_WINDOW DEFAULT_RA_PAGES

static bool may_read_ahead(const struct address_space *mapping)
{
	return mapping->a_ops->readpage && !(mapping->flags >> AS_SHMEM & 1);
}

/* Start reading [index, index + nr), marking the page `mark`. => pages started */
static unsigned long read_pages(struct address_space *mapping, struct file *file, unsigned long index,
				unsigned long nr, unsigned long mark)
{
	unsigned long end = size_in_pages(i_size_read(mapping->host)), started = 0;
	gfp_t gfp = mapping->gfp_mask | __GFP_COLD | __GFP_NORETRY | __GFP_NOWARN;

	blk_start_plug();
	for (; nr && index < end; index++, nr--) {
		struct page *page = find_get_page(mapping, index);

		if (page) {
			put_page(page);
			continue;
		}
		page = alloc_page(gfp);
		if (!page)
			break;
		if (!add_to_page_cache_lru(page, mapping, index, gfp & GFP_RECLAIM_MASK)) {
			if (index == mark)
				SetPageReadahead(page);
			if (mapping->a_ops->readpage(file, page)) {
				put_page(page);
				break;
			}
			started++;
		}
		put_page(page);
	}
	blk_finish_plug();
	return started;
}

unsigned long force_page_cache_readahead(struct address_space *mapping, struct file *file,
					 unsigned long index, unsigned long nr)
{
	return may_read_ahead(mapping) ? read_pages(mapping, file, index, nr, ~0UL) : 0;
}

static unsigned int window_max(const struct file_ra_state *ra)
{
	return ra->ra_pages ? ra->ra_pages : DEFAULT_WINDOW;
}

/* The first window: the request rounded up, four times as large if small, twice if medium. */
static unsigned int first_window(unsigned long nr, unsigned int max)
{
	unsigned long size = roundup_pow_of_two(nr);

	if (size <= max / 32)
		size *= 4;
	else if (size <= max / 4)
		size *= 2;
	return (unsigned int)min(size, (unsigned long)max);
}

static unsigned int next_window(const struct file_ra_state *ra, unsigned int max)
{
	return min(ra->size < max / 16 ? 4 * ra->size : 2 * ra->size, max);
}

static void submit_window(struct address_space *mapping, struct file_ra_state *ra, struct file *file)
{
	read_pages(mapping, file, ra->start, ra->size, ra->start + ra->size - ra->async_size);
}

void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
			       unsigned long index, unsigned long nr)
{
	unsigned int max = window_max(ra);
	unsigned long last = (unsigned long)(ra->prev_pos >> PAGE_SHIFT);

	if (!may_read_ahead(mapping) || !nr)
		return;
	nr = min(nr, (unsigned long)max);
	if (index && index == ra->start + ra->size && ra->size) {
		ra->start = index;
		ra->size = next_window(ra, max);
		ra->async_size = ra->size;
	} else if (!index || index - last <= 1 || nr > max / 2) {
		ra->start = index;
		ra->size = first_window(nr, max);
		ra->async_size = ra->size > nr ? ra->size - (unsigned int)nr : ra->size;
	} else {
		read_pages(mapping, file, index, nr, ~0UL); /* random */
		return;
	}
	submit_window(mapping, ra, file);
}

void page_cache_async_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
				struct page *page, unsigned long index, unsigned long nr)
{
	unsigned int max = window_max(ra);

	if (PageWriteback(page) || !may_read_ahead(mapping))
		return;
	ClearPageReadahead(page);
	if (ra->size && index == ra->start + ra->size - ra->async_size) {
		ra->start += ra->size;
		ra->size = next_window(ra, max);
	} else { /* another reader's mark, or state was lost: a window behind this page */
		ra->start = index + 1;
		ra->size = first_window(max(nr, 1UL), max);
	}
	ra->async_size = ra->size;
	submit_window(mapping, ra, file);
}
