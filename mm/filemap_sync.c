/* SPDX-License-Identifier: MIT */
/*
 * Writing a mapping's dirty pages: fsync, msync, the flusher.
 *
 *   for each page with the DIRTY tag in the range: lock -> still ours and dirty? -> clear_page_dirty_for_io
 *   -> writepage (sets writeback, starts the I/O, unlocks)          then wait for the WRITEBACK tags
 *
 * sync writing waits for a page already under write-back first, so that what was dirty at the start of the
 * call is on disk at its end. Errors of writes that ended are kept in mapping->flags until somebody asks.
 */
#include "mm/filemap.h"

#include "kernel/core/block.h"
#include "kernel/core/sched.h"
#include "mm/lru.h"

#define BATCH PAGEVEC_SIZE

/* One page of the batch. => 0 or writepage's error */
static int write_one(struct address_space *mapping, struct page *page, struct writeback_control *wbc)
{
	lock_page(page);
	if (page_mapping(page) != mapping || !PageDirty(page))
		goto out;
	if (PageWriteback(page)) {
		if (!wbc->sync)
			goto out;
		wait_on_page_writeback(page);
	}
	if (!clear_page_dirty_for_io(page))
		goto out;
	wbc->nr_to_write--;
	return mapping->a_ops->writepage(page, wbc);
out:
	unlock_page(page);
	return 0;
}

/* The pages [index, last]. => 0 or the first error; *next is where to go on */
static int write_range(struct address_space *mapping, struct writeback_control *wbc, unsigned long index,
		       unsigned long last, unsigned long *next)
{
	struct page *pages[BATCH];
	int err = 0, ret = 0;
	unsigned int n;

	while (index <= last && wbc->nr_to_write > 0) {
		n = find_get_pages_tag(mapping, &index, PAGECACHE_TAG_DIRTY, BATCH, pages);
		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++) {
			if (pages[i]->index <= last && wbc->nr_to_write > 0) {
				*next = pages[i]->index + 1;
				err = write_one(mapping, pages[i], wbc);
			}
			if (err && !ret)
				ret = err;
			err = 0;
		}
		release_pages(pages, (int)n);
		cond_resched();
	}
	return ret;
}

int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc)
{
	unsigned long first = (unsigned long)(wbc->range_start >> PAGE_SHIFT), next = 0;
	unsigned long last = (unsigned long)(wbc->range_end >> PAGE_SHIFT);
	int err;

	if (!mapping->a_ops->writepage)
		return 0;
	if (wbc->range_cyclic) {
		first = READ_ONCE(mapping->writeback_index);
		last = ~0UL >> PAGE_SHIFT;
	}
	blk_start_plug();
	err = write_range(mapping, wbc, first, last, &next);
	if (wbc->range_cyclic) {
		if (first && wbc->nr_to_write > 0)
			err = err ?: write_range(mapping, wbc, 0, first - 1, &next);
		WRITE_ONCE(mapping->writeback_index, wbc->nr_to_write > 0 ? 0 : next);
	}
	blk_finish_plug();
	return err;
}

int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end)
{
	struct writeback_control wbc = { .nr_to_write = LONG_MAX, .range_start = start,
					 .range_end = end, .sync = true };

	return mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ? write_cache_pages(mapping, &wbc) : 0;
}

void mapping_set_error(struct address_space *mapping, int err)
{
	if (err)
		set_bit(err == -ENOSPC ? AS_ENOSPC : AS_EIO, &mapping->flags);
}

static int take_errors(struct address_space *mapping)
{
	int err = 0;

	if (test_and_clear_bit(AS_ENOSPC, &mapping->flags))
		err = -ENOSPC;
	if (test_and_clear_bit(AS_EIO, &mapping->flags))
		err = -EIO;
	return err;
}

int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	unsigned long index = (unsigned long)(start >> PAGE_SHIFT);
	unsigned long last = (unsigned long)(end >> PAGE_SHIFT);
	struct page *pages[BATCH];
	unsigned int n;
	int err = 0;

	while (index <= last) {
		n = find_get_pages_tag(mapping, &index, PAGECACHE_TAG_WRITEBACK, BATCH, pages);
		if (!n)
			break;
		for (unsigned int i = 0; i < n; i++) {
			if (pages[i]->index > last)
				continue;
			wait_on_page_writeback(pages[i]);
			if (TestClearPageError(pages[i]))
				err = -EIO;
		}
		release_pages(pages, (int)n);
		cond_resched();
	}
	return err ? (take_errors(mapping), err) : take_errors(mapping);
}

int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end)
{
	int err = filemap_fdatawrite_range(mapping, start, end);
	int waited = filemap_fdatawait_range(mapping, start, end);

	return err ? err : waited;
}
