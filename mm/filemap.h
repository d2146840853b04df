/* SPDX-License-Identifier: MIT */
/* What the files of the page cache share among themselves. */
#ifndef MM_FILEMAP_H
#define MM_FILEMAP_H

#include "fs/fs.h"
#include "kernel/base/kernel.h"
#include "mm/pagemap.h"

/* => locked page not uptodate: read it and wait; 0, -EIO or what readpage said. Unlocked on return. */
int filemap_fill_page(struct file *file, struct address_space *mapping, struct page *page);

/* Pages a file of size bytes has. */
static inline unsigned long size_in_pages(loff_t size)
{
	return (unsigned long)((size + (loff_t)PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* Does the page lie wholly behind the end of its file? */
static inline bool page_beyond_end(const struct address_space *mapping, unsigned long index)
{
	return index >= size_in_pages(i_size_read(mapping->host));
}

#endif
