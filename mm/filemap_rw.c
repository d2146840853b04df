/* SPDX-License-Identifier: MIT */
/*
 * read and write through the page cache.
 *
 *   read:  for each page: find it, else read ahead, else read it; uptodate -> copy out -> mark accessed
 *   write: for each page: touch the user's buffer -> write_begin (page locked, uptodate where it is not
 *          overwritten) -> copy in -> write_end (dirty, i_size) -> wait if too much is dirty
 *
 * The copy in a write happens with the page locked. If the user's buffer faulted then, its fault might need
 * that same page's lock (a file written from a mapping of itself): so user faults are off during the copy, and a
 * short copy is repeated after touching the buffer again.
 *
 * Locks: write: the caller has i_rwsem. Read: none; a read beside a write may see part of it, page by page.
 */
#include "fs/fs.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/capture.h"
#include "mm/filemap.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/writeback.h"
#include "arch/uaccess.h"

/* ---- Reading --------------------------------------------------------------------------------------- */

/* => bytes copied of [offset, offset + n) of the page */
static size_t copy_out(struct page *page, unsigned int offset, size_t n, void *buf, bool user)
{
	char *from = kmap(page);
	size_t left = 0;

	if (user)
		left = copy_to_user(buf, from + offset, n);
	else
		memcpy(buf, from + offset, n);
	kunmap(page);
	return n - left;
}

/* Make a page that was found uptodate. => 0, -EINTR, -EIO; -EAGAIN: it has left the file, look again */
static int make_uptodate(struct file *file, struct address_space *mapping, struct page *page)
{
	int err = lock_page_of(mapping, page);

	if (err)
		return err;
	if (PageUptodate(page)) {
		unlock_page(page);
		return 0;
	}
	return filemap_fill_page(file, mapping, page);
}

/* => the page of index, uptodate and referenced; NULL: a hole of a memory file; ERR_PTR */
static struct page *get_read_page(struct file *file, unsigned long index, unsigned long nr)
{
	struct address_space *mapping = file->f_mapping;
	bool shmem = mapping->flags >> AS_SHMEM & 1;
	struct page *page;
	int err;

	do {
		page = find_get_page(mapping, index);
		if (!page && shmem)
			return NULL;
		if (!page) {
			page_cache_sync_readahead(mapping, &file->f_ra, file, index, nr);
			page = find_get_page(mapping, index);
		}
		if (!page)
			return read_mapping_page(mapping, index, file);
		if (PageReadahead(page))
			page_cache_async_readahead(mapping, &file->f_ra, file, page, index, nr);
		if (PageUptodate(page))
			return page;
		err = make_uptodate(file, mapping, page);
		if (err)
			put_page(page);
	} while (err == -EAGAIN);
	return err ? ERR_PTR(err) : page;
}

/* One page's part. => bytes copied, 0 at the end of the file, -errno */
static ssize_t read_step(struct file *file, void *buf, size_t len, loff_t pos, bool user)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	unsigned int offset = (unsigned int)(pos & ~PAGE_MASK);
	unsigned long nr = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	struct page *page;
	size_t n = min(len, (size_t)(PAGE_SIZE - offset));
	loff_t size;

	if (pos >= i_size_read(file->f_mapping->host))
		return 0;
	page = get_read_page(file, index, nr);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (captured())
		capture_call(file->f_mapping, index, false);
	/* The size is looked at after the page has become uptodate: what was cut off meanwhile is not shown. */
	size = i_size_read(file->f_mapping->host);
	n = pos >= size ? 0 : min(n, (size_t)(size - pos));
	if (n) {
		size_t done = copy_out(page ? page : zero_page, offset, n, buf, user);

		if (page && (pos ^ file->f_ra.prev_pos) & PAGE_MASK)
			mark_page_accessed(page);
		file->f_ra.prev_pos = pos;
		if (page)
			put_page(page);
		return done ? (ssize_t)done : -EFAULT;
	}
	if (page)
		put_page(page);
	return 0;
}

ssize_t filemap_read(struct file *file, void *buf, size_t len, loff_t *pos, bool user)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read_step(file, (char *)buf + done, len - done, *pos, user);

		if (n <= 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n;
		*pos += n;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return (ssize_t)done;
}

/* ---- Writing --------------------------------------------------------------------------------------- */

int simple_readpage(struct file *file, struct page *page)
{
	clear_highpage(page);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

int simple_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		       struct page **pagep)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	bool beyond = page_beyond_end(mapping, index);
	struct page *page;
	int err;

	for (;;) {
		page = grab_cache_page_write_begin(mapping, index);
		if (!page)
			return -ENOMEM;
		if (PageUptodate(page) || len == PAGE_SIZE)
			break;
		if (beyond) { /* nothing of the page is in the file yet */
			clear_highpage(page);
			SetPageUptodate(page);
			break;
		}
		err = filemap_fill_page(file, mapping, page); /* unlocks */
		put_page(page);
		if (err)
			return err;
	}
	*pagep = page;
	return 0;
}

int simple_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		     unsigned copied, struct page *page)
{
	struct inode *inode = mapping->host;

	if (!PageUptodate(page)) {
		if (copied < len) { /* only a full page could have been begun not uptodate: start over */
			copied = 0;
			goto out;
		}
		SetPageUptodate(page);
	}
	if (pos + copied > i_size_read(inode))
		i_size_write(inode, pos + copied);
	set_page_dirty(page);
out:
	unlock_page(page);
	put_page(page);
	return (int)copied;
}

static unsigned int copy_in(struct page *page, unsigned int offset, unsigned int n, const void *buf,
			    bool user)
{
	char *to = kmap_atomic(page);
	unsigned int left = 0;

	if (user) {
		current->pagefault_disabled++;
		left = (unsigned int)copy_from_user(to + offset, buf, n);
		current->pagefault_disabled--;
	} else {
		memcpy(to + offset, buf, n);
	}
	kunmap_atomic(to);
	return n - left;
}

/* Fault the source in, so that the copy under the page lock succeeds. => false: not readable */
static bool touch_source(const void *buf, unsigned int n)
{
	const char *p = buf;
	char c;

	if (get_user(c, p) || get_user(c, p + n - 1))
		return false;
	(void)c;
	return true;
}

static ssize_t write_step(struct file *file, const void *buf, size_t len, loff_t pos, bool user)
{
	struct address_space *mapping = file->f_mapping;
	const struct address_space_operations *ops = mapping->a_ops;
	unsigned int offset = (unsigned int)(pos & ~PAGE_MASK);
	unsigned int n = (unsigned int)min(len, (size_t)(PAGE_SIZE - offset)), copied;
	struct page *page;
	int err;

	if (user && !touch_source(buf, n))
		return -EFAULT;
	err = ops->write_begin ? ops->write_begin(file, mapping, pos, n, &page)
			       : simple_write_begin(file, mapping, pos, n, &page);
	if (err)
		return err;
	copied = copy_in(page, offset, n, buf, user);
	mark_page_accessed(page);
	err = ops->write_end ? ops->write_end(file, mapping, pos, n, copied, page)
			     : simple_write_end(file, mapping, pos, n, copied, page);
	if (err > 0 && captured())
		capture_call(mapping, (unsigned long)(pos >> PAGE_SHIFT), true);
	if (err > 0)
		balance_dirty_pages_ratelimited(mapping);
	return err;
}

ssize_t filemap_write(struct file *file, const void *buf, size_t len, loff_t *pos, bool user)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write_step(file, (const char *)buf + done, len - done, *pos, user);

		if (n < 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n; /* 0: the source was paged out again between touch and copy */
		*pos += n;
		if (fatal_signal_pending(current))
			return done ? (ssize_t)done : -EINTR;
		cond_resched();
	}
	return (ssize_t)done;
}
