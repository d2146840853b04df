/* SPDX-License-Identifier: MIT */
/*
 * shmem: the contents of files that live in memory: tmpfs, shared anonymous mappings, memfd.
 *
 *   index -> page in the page cache         (present)
 *         -> swap entry in info->swapped    (written out, shmem_swap.c)
 *         -> neither                        (hole: reads as zeroes, costs nothing)
 *
 * Pages are ordinary page-cache pages with PG_swapbacked: they stand on the anonymous LRU lists and reclaim
 * sends them to swap. Everything goes through shmem_getpage(): read, write, fault, fallocate. An index is changed
 * from one state to another with its page locked; who adds a page looks at info->swapped once more afterwards.
 *
 * Limits: each present or swapped page is charged to the mount. Reclaim may drop clean pages of zeroes behind our
 * back, so the charge is corrected when the file is looked at (shmem_recalc), as in Linux.
 *
 * Locks: i_rwsem (write, truncate), page lock, info->lock. Beyond this Linux has: huge pages, seals, NUMA policy.
 */
#include "fs/internal.h"
#include "fs/shmem.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "kernel/core/block.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/pagemap.h"
#include "mm/slab.h"

static const struct address_space_operations shmem_aops = {
	.writepage = shmem_writepage,
	.set_page_dirty = set_page_dirty_no_writeback,
};

int shmem_init_inode(struct inode *inode)
{
	struct shmem_inode *info = kzalloc(sizeof(*info), GFP_KERNEL);

	if (!info)
		return -ENOMEM;
	spin_lock_init(&info->lock, LOCK_RANK_SPIN_OUTER);
	INIT_RADIX_TREE(&info->swapped, GFP_NOWAIT | __GFP_NOWARN);
	INIT_LIST_HEAD(&info->list);
	info->inode = inode;
	inode->i_private = info;
	inode->i_fop = &shmem_file_operations;
	inode->i_data.a_ops = &shmem_aops;
	set_bit(AS_SHMEM, &inode->i_data.flags);
	return 0;
}

static int charge(struct inode *inode, unsigned long pages)
{
	struct tmpfs_sb *sbi = TMPFS_SB(inode->i_sb);
	struct shmem_inode *info = SHMEM_I(inode);

	if (sbi->max_blocks &&
	    (unsigned long)atomic_long_add_return(pages, &sbi->used_blocks) > sbi->max_blocks) {
		atomic_long_sub(pages, &sbi->used_blocks);
		return -ENOSPC;
	}
	if (!sbi->max_blocks)
		atomic_long_add(pages, &sbi->used_blocks);
	spin_lock(&info->lock);
	info->charged += pages;
	inode->i_blocks = info->charged * PAGE_SECTORS;
	spin_unlock(&info->lock);
	return 0;
}

static void uncharge(struct inode *inode, unsigned long pages)
{
	struct shmem_inode *info = SHMEM_I(inode);

	spin_lock(&info->lock);
	info->charged -= pages;
	inode->i_blocks = info->charged * PAGE_SECTORS;
	spin_unlock(&info->lock);
	atomic_long_sub(pages, &TMPFS_SB(inode->i_sb)->used_blocks);
}

void shmem_recalc(struct inode *inode)
{
	struct shmem_inode *info = SHMEM_I(inode);
	unsigned long there, freed = 0;

	spin_lock(&info->lock);
	there = READ_ONCE(inode->i_data.nrpages) + info->nr_swapped;
	if (info->charged > there)
		freed = info->charged - there;
	info->charged -= freed;
	inode->i_blocks = info->charged * PAGE_SECTORS;
	spin_unlock(&info->lock);
	if (freed)
		atomic_long_sub(freed, &TMPFS_SB(inode->i_sb)->used_blocks);
}

/* A zeroed page for a hole. => 0 locked, -EEXIST: somebody else put something there */
static int fill_hole(struct inode *inode, unsigned long index, struct page **pagep)
{
	struct address_space *mapping = &inode->i_data;
	struct page *page;
	int err = charge(inode, 1);

	if (err) {
		shmem_recalc(inode);
		err = charge(inode, 1);
	}
	if (err)
		return err;
	page = alloc_page(mapping->gfp_mask | __GFP_ZERO);
	err = page ? add_to_page_cache_lru(page, mapping, index, mapping->gfp_mask) : -ENOMEM;
	if (!err && shmem_is_swapped(SHMEM_I(inode), index)) {
		delete_from_page_cache(page);
		unlock_page(page);
		err = -EEXIST;
	}
	if (err) {
		if (page)
			put_page(page);
		uncharge(inode, 1);
		return err;
	}
	SetPageUptodate(page);
	*pagep = page;
	return 0;
}

int shmem_getpage(struct inode *inode, unsigned long index, struct page **pagep, enum shmem_get how)
{
	int err = 0;

	do {
		struct page *page = find_lock_page(&inode->i_data, index);

		if (page) {
			*pagep = page;
			return 0;
		}
		if (shmem_is_swapped(SHMEM_I(inode), index)) {
			err = shmem_swapin(inode, index) ?: -EEXIST;
		} else if (how == SGP_READ) {
			*pagep = NULL;
			return 0;
		} else {
			err = fill_hole(inode, index, pagep);
		}
	} while (err == -EEXIST);
	return err;
}

/* ---- Size ---- */

static void drop_range(struct inode *inode, loff_t start, loff_t end) /* end inclusive */
{
	unsigned long first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long last = end == (loff_t)(~0UL >> 1) ? ~0UL : ((unsigned long)(end + 1) >> PAGE_SHIFT) - 1;

	truncate_inode_pages_range(&inode->i_data, start, end);
	if (last == ~0UL || last + 1 > first)
		shmem_free_swapped(SHMEM_I(inode), first, last);
	truncate_inode_pages_range(&inode->i_data, start, end); /* came in from swap meanwhile */
	shmem_recalc(inode);
}

/* The page that is cut in two must be present for its tail to be zeroed. */
static int bring_in(struct inode *inode, loff_t pos)
{
	struct page *page;
	int err;

	if (!(pos & ~PAGE_MASK) || !shmem_is_swapped(SHMEM_I(inode), pos >> PAGE_SHIFT))
		return 0;
	err = shmem_getpage(inode, pos >> PAGE_SHIFT, &page, SGP_READ);
	if (err || !page)
		return err;
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	return 0;
}

int shmem_truncate(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);
	int err;

	if (size != old && (SHMEM_I(inode)->seals & (size > old ? F_SEAL_GROW : F_SEAL_SHRINK)))
		return -EPERM;
	if (size >= old) {
		i_size_write(inode, size);
		return 0;
	}
	err = bring_in(inode, size);
	if (err)
		return err;
	i_size_write(inode, size);
	truncate_pagecache(inode, size);
	drop_range(inode, size, (loff_t)(~0UL >> 1));
	return 0;
}

void shmem_evict(struct inode *inode)
{
	drop_range(inode, 0, (loff_t)(~0UL >> 1));
	shmem_forget(SHMEM_I(inode));
	kfree(inode->i_private);
	inode->i_private = NULL;
}

int shmem_punch(struct inode *inode, loff_t offset, loff_t len)
{
	unsigned long first = (offset + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long end = (offset + len) >> PAGE_SHIFT;
	int err = bring_in(inode, offset) ?: bring_in(inode, offset + len);

	if (err)
		return err;
	if (end > first)
		unmap_mapping_range(&inode->i_data, first, end - 1, false);
	drop_range(inode, offset, offset + len - 1);
	return 0;
}
