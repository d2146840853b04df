/* SPDX-License-Identifier: MIT */
/*
 * The page cache: pages of a file found by their offset, the page lock, dirty and writeback states.
 *
 *   absent -> added, locked, not uptodate -> readpage -> uptodate, unlocked
 *   clean -> set_page_dirty -> dirty -> clear_page_dirty_for_io -> set_page_writeback -> I/O
 *         -> end_page_writeback -> clean
 *
 * A page in the cache holds one reference for being there. Lookup returns pages with a reference more
 * (put_page). Page lock: whoever has it may change page->mapping, start I/O, or rely on neither happening.
 * Order: inode, mmap_sem -> page lock -> i_mmap, anon_vma lock -> page-table lock -> tree_lock.
 *
 * A file system needs only readpage (and writepage if it has a disk) in its a_ops; generic_file_read, filemap_read,
 * filemap_write and generic_file_mmap are the bodies of its file operations. A mapping with AS_SHMEM lives in
 * memory only: missing pages are zeroes, its pages are swap-backed and counted NR_SHMEM, and are never cleaned.
 */
#ifndef MM_PAGEMAP_H
#define MM_PAGEMAP_H

#include "kernel/base/err.h"
#include "mm/address_space.h"
#include "mm/gfp.h"
#include "mm/mm_types.h"
#include "mm/page.h"

struct file;
struct file_ra_state;
struct inode;
struct vm_area_struct;

/* => an initialised mapping of host (NULL: none) with pages of gfp; all other fields as given by ops */
void address_space_init(struct address_space *mapping, struct inode *host,
			const struct address_space_operations *ops, gfp_t gfp);

/* The mapping of a file page; NULL for anonymous pages and pages that left their cache. */
static inline struct address_space *page_mapping(const struct page *page)
{
	struct address_space *mapping = READ_ONCE(page->mapping);

	return (unsigned long)mapping & PAGE_MAPPING_ANON ? NULL : mapping;
}

/* Bytes before this page in its file. */
static inline loff_t page_offset(const struct page *page)
{
	return (loff_t)page->index << PAGE_SHIFT;
}

/* ---- Page lock and waiting (pagelock.c): may sleep, uninterruptibly unless said ------------------- */

static inline bool trylock_page(struct page *page)
{
	return likely(!TestSetPageLocked(page));
}
void __lock_page(struct page *page);
int __must_check __lock_page_killable(struct page *page);
static inline void lock_page(struct page *page)
{
	if (!trylock_page(page))
		__lock_page(page);
}
static inline int __must_check lock_page_killable(struct page *page) /* 0 or -EINTR */
{
	return trylock_page(page) ? 0 : __lock_page_killable(page);
}
void unlock_page(struct page *page);		/* any context */
void wait_on_page_locked(struct page *page);
int __must_check wait_on_page_locked_killable(struct page *page); /* 0 or -EINTR */
void wait_on_page_writeback(struct page *page);

/* ---- Dirty and writeback (page_dirty.c) ------------------------------------------------------------ */

/*
 * => true if the page was clean. File page: counted and tagged, its inode told; anonymous: the flag only.
 *    The page must not leave its mapping meanwhile: locked, or mapped with the page-table lock held.
 */
bool set_page_dirty(struct page *page);
bool set_page_dirty_lock(struct page *page);	/* takes the page lock; for pages from get_user_pages */
/* The two bodies for a_ops->set_page_dirty: with tag and counters; flag only (memory file systems). */
int set_page_dirty_tagged(struct page *page);
int set_page_dirty_no_writeback(struct page *page);
/* => true if the locked page was dirty; it is clean now in every page table too, and the caller writes it */
bool clear_page_dirty_for_io(struct page *page);
void cancel_dirty_page(struct page *page);	/* truncate: forget the dirtiness; page locked */
void set_page_writeback(struct page *page);	/* page locked; counts NR_WRITEBACK */
void end_page_writeback(struct page *page);	/* any context; wakes waiters, rotates PG_reclaim pages */

/* Writes dirty pages of the range of wbc, at most nr_to_write; wbc->sync also waits before each. 0 or -errno */
int write_cache_pages(struct address_space *mapping, struct writeback_control *wbc);
int filemap_fdatawrite_range(struct address_space *mapping, loff_t start, loff_t end); /* end inclusive */
int filemap_fdatawait_range(struct address_space *mapping, loff_t start, loff_t end);  /* 0, -EIO, -ENOSPC */
int filemap_write_and_wait_range(struct address_space *mapping, loff_t start, loff_t end);
/* => the next who waits for writes of the mapping hears of it; 0 is no error */
void mapping_set_error(struct address_space *mapping, int err);
#define filemap_fdatawrite(mapping)	filemap_fdatawrite_range(mapping, 0, LLONG_MAX)
#define filemap_fdatawait(mapping)	filemap_fdatawait_range(mapping, 0, LLONG_MAX)
#define filemap_write_and_wait(mapping) filemap_write_and_wait_range(mapping, 0, LLONG_MAX)
#ifndef LLONG_MAX
#define LLONG_MAX 0x7fffffffffffffffLL
#endif
static inline bool mapping_tagged(struct address_space *mapping, int tag)
{
	return radix_tree_tagged(&mapping->page_tree, tag);
}

/* ---- In and out of the cache (filemap.c) ------------------------------------------------------------ */

/* => locked page joins the cache with a reference of its own; 0, -EEXIST, -ENOMEM */
int __must_check add_to_page_cache_locked(struct page *page, struct address_space *mapping,
					  unsigned long index, gfp_t gfp);
/* => a new page: locks it, joins cache and LRU; 0 (locked), -EEXIST, -ENOMEM (unlocked) */
int __must_check add_to_page_cache_lru(struct page *page, struct address_space *mapping,
				       unsigned long index, gfp_t gfp);
/* => locked page leaves the cache; drops the cache's reference */
void delete_from_page_cache(struct page *page);
/* The same with tree_lock held and the reference left to the caller (reclaim); shadow (or NULL) stays in its place. */
void __delete_from_page_cache(struct page *page, void *shadow);
/* => shadow entries of evicted pages in [first, last] are forgotten */
void forget_shadows(struct address_space *mapping, unsigned long first, unsigned long last);

/* => page with a reference or NULL */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* => page locked and referenced, still in the mapping, or NULL */
struct page *find_lock_page(struct address_space *mapping, unsigned long index);
/* => the same, a new not-uptodate page being added when none is there; NULL: no memory */
struct page *find_or_create_page(struct address_space *mapping, unsigned long index, gfp_t gfp);
/* => a referenced page locked and still in the mapping: 0; -EINTR: killed; -EAGAIN: it has left, look again */
static inline int __must_check lock_page_of(struct address_space *mapping, struct page *page)
{
	int err = lock_page_killable(page);

	if (unlikely(err) || likely(page_mapping(page) == mapping))
		return err;
	unlock_page(page);
	return -EAGAIN;
}
/* As above for readers, whom a signal that kills them need not let wait: ERR_PTR(-EINTR, -ENOMEM) */
struct page *find_or_create_page_killable(struct address_space *mapping, unsigned long index, gfp_t gfp);
struct page *grab_cache_page_write_begin(struct address_space *mapping, unsigned long index);
/*
 * => number of pages (referenced) with offsets in [start, end], ascending; 0: there are none. The second: only those
 *    with tag, from *index on, which advances
 */
unsigned find_get_pages(struct address_space *mapping, unsigned long start, unsigned long end, unsigned nr,
			struct page **pages);
unsigned find_get_pages_tag(struct address_space *mapping, unsigned long *index, int tag, unsigned nr,
			    struct page **pages);
/* => the page uptodate (read if needed, waited for), referenced, unlocked; ERR_PTR(-EIO, -ENOMEM, -EINTR) */
struct page *read_mapping_page(struct address_space *mapping, unsigned long index, struct file *file);

/* ---- Files (filemap_rw.c, filemap_fault.c, readahead.c) ---------------------------------------------- */

/* => bytes or -errno; moves *pos. user: buf is user memory; else a kernel buffer */
ssize_t filemap_read(struct file *file, void *buf, size_t len, loff_t *pos, bool user);
static inline ssize_t generic_file_read(struct file *file, char *ubuf, size_t len, loff_t *pos)
{
	return filemap_read(file, ubuf, len, pos, true);
}
/*
 * => the same for writing; grows i_size, dirties pages, may wait for write-back (balance_dirty_pages). The caller holds
 *    i_rwsem for writing and has applied O_APPEND and the limits (generic_write_checks)
 */
ssize_t filemap_write(struct file *file, const void *buf, size_t len, loff_t *pos, bool user);
/* write_begin and write_end for file systems whose page is the unit: reads the page if it is written in part */
int simple_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		       struct page **pagep);
int simple_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
		     unsigned copied, struct page *page);
int simple_readpage(struct file *file, struct page *page); /* zeroes: memory file systems */

int filemap_fault(struct vm_area_struct *vma, struct vm_fault *vmf);
extern const struct vm_operations_struct generic_file_vm_ops;
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);

/* Read ahead of a miss at index (the caller wants nr pages), or behind a PG_readahead page. */
void page_cache_sync_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
			       unsigned long index, unsigned long nr);
void page_cache_async_readahead(struct address_space *mapping, struct file_ra_state *ra, struct file *file,
				struct page *page, unsigned long index, unsigned long nr);
/* => nr, or less: guesses may take half of what is free or cheap to free */
unsigned long max_sane_readahead(unsigned long nr);
/* => the window of ra is read, its mark set */
void ra_submit(struct file_ra_state *ra, struct address_space *mapping, struct file *file);
/* => the state of a file just opened, with the window of its disk */
void file_ra_state_init(struct file_ra_state *ra, const struct address_space *mapping);
/* => starts reading nr pages that are not in the cache; number started */
unsigned long force_page_cache_readahead(struct address_space *mapping, struct file *file,
					 unsigned long index, unsigned long nr);

/* posix_fadvise(2), readahead(2) (fadvise.c): 0 or -EINVAL */
int generic_fadvise(struct file *file, loff_t offset, loff_t len, int advice);
int generic_readahead(struct file *file, loff_t offset, size_t count);

/* ---- Truncation (truncate.c): may sleep; the caller holds the inode's lock ------------------------------ */

/* Every page from byte lstart on leaves; the page lstart lies in is zeroed behind it. */
void truncate_inode_pages(struct address_space *mapping, loff_t lstart);
void truncate_inode_pages_range(struct address_space *mapping, loff_t lstart, loff_t lend); /* end inclusive */
/* ftruncate: unmap behind newsize, drop the pages; i_size has been set by the caller */
void truncate_pagecache(struct inode *inode, loff_t newsize);
/* => clean, unmapped, unlocked pages of [start, end] dropped (drop_caches, fadvise); number */
unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start,
				       unsigned long end);
/* => a locked clean page leaves its mapping if nobody else uses it; false: in use */
bool invalidate_inode_page(struct page *page);

#endif
