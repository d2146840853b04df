/* SPDX-License-Identifier: MIT */
/*
 * address_space: the page cache of one object (a file, a block device, the swap areas).
 *
 *   page_tree[offset in pages] -> page, page->mapping -> address_space; or what is remembered of an evicted page
 *   i_mmap: the areas that map it, so that reclaim can find the page-table entries (rmap)
 *
 * Locks by letter: [t] tree_lock (taken with interrupts off: I/O completion uses it),
 * [m] i_mmap_lock, [a] atomic, [I] set when the object is made.
 */
#ifndef MM_ADDRESS_SPACE_H
#define MM_ADDRESS_SPACE_H

#include "kernel/base/list.h"
#include "kernel/base/radix_tree.h"
#include "kernel/base/spinlock.h"
#include "mm/gfp.h"

struct inode;
struct file;
struct page;
struct backing_dev_info;
struct block_device;
struct address_space;
struct swap_run;

/* How much to write and how hard to wait (spec 6.4 line 13; fsync). */
struct writeback_control {
	long nr_to_write;
	loff_t range_start, range_end;
	bool range_cyclic;	/* instead of the range: from where the last one stopped, once round the file */
	bool sync;		/* wait for each page: fsync, msync */
	bool for_reclaim;	/* called from reclaim: do not wait, set PG_reclaim */
	struct swap_run **swap_plug; /* where pages for neighbouring slots gather (swap_io.c); NULL: each goes alone */
};

struct address_space_operations {
	/* Fill the locked page, unlock it when done (perhaps by interrupt). 0 or -errno at start. */
	int (*readpage)(struct file *file, struct page *page);
	/* Start writing the locked dirty page; unlocks it. 0, -errno; NULL: has no backing store. */
	int (*writepage)(struct page *page, struct writeback_control *wbc);
	int (*set_page_dirty)(struct page *page); /* 1 when it was clean before */
	int (*write_begin)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			   struct page **pagep);
	int (*write_end)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			 unsigned copied, struct page *page);
	int (*releasepage)(struct page *page, gfp_t gfp); /* drop private data; 1: done */
	void (*freepage)(struct page *page);
};

enum mapping_flags {
	AS_EIO,		/* a write failed since fsync asked last */
	AS_ENOSPC,
	AS_UNEVICTABLE,
	AS_SHMEM,	/* memory is the only store: pages are swap-backed, zeroes when missing */
};

#define DEFAULT_RA_PAGES 32 /* 128 KiB */

/* radix tree tags */
#define PAGECACHE_TAG_DIRTY	0
#define PAGECACHE_TAG_WRITEBACK 1

struct address_space {
	struct inode *host;			/* [I] NULL for swap */
	struct radix_tree_root page_tree;	/* [t] */
	spinlock_t tree_lock;
	spinlock_t i_mmap_lock;
	struct list_head i_mmap;		/* [m] vma->shared_node */
	unsigned int i_mmap_writable;		/* [m] shared writable areas */
	unsigned long nrpages;			/* [t] */
	unsigned long nrshadows;		/* [t] shadow entries of evicted pages (mm/workingset.c) */
	unsigned long writeback_index;		/* racy: where the flusher goes on */
	const struct address_space_operations *a_ops; /* [I] */
	unsigned long flags;			/* [a] enum mapping_flags */
	gfp_t gfp_mask;				/* [I] for its pages */
	struct block_device *bdev;		/* [I] device behind it, for congestion; may be NULL */
	void *private_data;			/* [I] */
	struct backing_dev_info *bdi;		/* [I] the disk's write-back and readahead; NULL: memory alone */
	struct list_head wb_list;		/* on bdi->b_dirty; this and the next two: bdi_lock */
	bool wb_listed;
	unsigned long dirtied_when;		/* jiffies, of the first page that is still dirty */
};

#endif
