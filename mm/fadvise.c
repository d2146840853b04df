/* SPDX-License-Identifier: MIT */
/*
 * posix_fadvise and readahead(2): what a program says of how it will read a file.
 *
 *   NORMAL  the disk's window      SEQUENTIAL  twice that      RANDOM  no guessing
 *   WILLNEED  start reading now    DONTNEED  start writing, drop what is clean and used by nobody    NOREUSE  nothing
 *
 * Locks: none; readahead state is racy by design. Linux's mm/fadvise.c is the same.
 */
#include "mm/filemap.h"

#include "kernel/core/block.h"
#include "mm/backing_dev.h"
#include "mm/lru.h"

#define POSIX_FADV_NORMAL     0
#define POSIX_FADV_RANDOM     1
#define POSIX_FADV_SEQUENTIAL 2
#define POSIX_FADV_WILLNEED   3
#define POSIX_FADV_DONTNEED   4
#define POSIX_FADV_NOREUSE    5

static unsigned int window_of(const struct address_space *mapping)
{
	return mapping->bdi ? READ_ONCE(mapping->bdi->ra_pages) : DEFAULT_RA_PAGES;
}

/* Whole pages of [offset, end] only. */
static void dont_need(struct address_space *mapping, loff_t offset, loff_t end)
{
	unsigned long first = size_in_pages(offset), last = (unsigned long)((end >> PAGE_SHIFT) - 1);
	struct writeback_control wbc = { .nr_to_write = LONG_MAX, .range_start = offset, .range_end = end };

	if (((end + 1) & ~PAGE_MASK) == 0 || end == LLONG_MAX)
		last++;
	if (!mapping->bdev || !bdev_congested(mapping->bdev, true))
		write_cache_pages(mapping, &wbc);
	if (last + 1 <= first)
		return;
	/* Pages that were just added or moved wait in the CPUs' vectors, which hold them. */
	if (invalidate_mapping_pages(mapping, first, last) < last - first + 1) {
		lru_add_drain_all();
		invalidate_mapping_pages(mapping, first, last);
	}
}

int generic_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	struct address_space *mapping = file->f_mapping;
	loff_t end = len && offset + len > offset ? offset + len - 1 : LLONG_MAX;

	if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (!mapping->a_ops)
		return 0; /* it keeps no pages: /proc's files, devices */
	switch (advice) {
	case POSIX_FADV_NORMAL:
		file->f_ra.ra_pages = window_of(mapping);
		file->f_ra.random = false;
		break;
	case POSIX_FADV_RANDOM:
		file->f_ra.random = true;
		break;
	case POSIX_FADV_SEQUENTIAL:
		file->f_ra.ra_pages = 2 * window_of(mapping);
		file->f_ra.random = false;
		break;
	case POSIX_FADV_WILLNEED:
		if (offset >= 0)
			force_page_cache_readahead(mapping, file, (unsigned long)(offset >> PAGE_SHIFT),
						   (unsigned long)((end >> PAGE_SHIFT) - (offset >> PAGE_SHIFT) + 1));
		break;
	case POSIX_FADV_DONTNEED:
		if (offset >= 0)
			dont_need(mapping, offset, end);
		break;
	}
	return 0;
}

int generic_readahead(struct file *file, loff_t offset, size_t count)
{
	struct address_space *mapping = file->f_mapping;
	unsigned long first = (unsigned long)(offset >> PAGE_SHIFT);

	if (!mapping || !mapping->a_ops || !mapping->a_ops->readpage || offset < 0)
		return -EINVAL;
	if (count)
		force_page_cache_readahead(mapping, file, first,
					   (unsigned long)((offset + (loff_t)count - 1) >> PAGE_SHIFT) - first + 1);
	return 0;
}
