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
 * A page that moves is in both places for a moment. Still, who looks into one place and then into the other may
 * miss it twice while it passes by: a hole is only what shmem_is_hole() says, which holds info->lock meanwhile.
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
#include "mm/kmap.h"
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

/* ---- Limits ---- */

/* One page of the mount's; it is the file's with charged() only, when it is there. => 0 or -ENOSPC */
static int charge(struct inode *inode)
{
	struct tmpfs_sb *sbi = TMPFS_SB(inode->i_sb);

	if ((unsigned long)atomic_long_inc_return(&sbi->used_blocks) <= sbi->max_blocks || !sbi->max_blocks)
		return 0;
	atomic_long_dec(&sbi->used_blocks);
	return -ENOSPC;
}

static void uncharge(struct inode *inode)
{
	atomic_long_dec(&TMPFS_SB(inode->i_sb)->used_blocks);
}

/* => the page is in the cache and locked: from now on shmem_recalc() looks for it */
static void charged(struct inode *inode)
{
	struct shmem_inode *info = SHMEM_I(inode);

	spin_lock(&info->lock);
	info->charged++;
	inode->i_blocks = info->charged * PAGE_SECTORS;
	spin_unlock(&info->lock);
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
	int err = charge(inode);

	if (err) {
		shmem_recalc(inode);
		err = charge(inode);
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
		uncharge(inode);
		return err;
	}
	charged(inode);
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
		} else if (how == SGP_ALLOC) {
			err = fill_hole(inode, index, pagep);
		} else if (shmem_is_hole(inode, index)) {
			*pagep = NULL;
			return 0;
		} else {
			err = -EEXIST; /* it came in behind our back */
		}
	} while (err == -EEXIST);
	return err;
}

/* ---- Size ---- */

/*
 * A page goes from the cache to swap while we look, and is found there; but one that comes in meanwhile could have left
 * again before the cache is looked at once more. So it ends with a round in which none came in.
 */
static void drop_range(struct inode *inode, loff_t start, loff_t end) /* end inclusive */
{
	unsigned long first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT, swapins;
	unsigned long last = end == (loff_t)(~0UL >> 1) ? ~0UL : ((unsigned long)(end + 1) >> PAGE_SHIFT) - 1;
	struct shmem_inode *info = SHMEM_I(inode);

	do {
		swapins = READ_ONCE(info->swapins);
		truncate_inode_pages_range(&inode->i_data, start, end);
		if (last == ~0UL || last + 1 > first)
			shmem_free_swapped(info, first, last);
	} while (swapins != READ_ONCE(info->swapins));
	shmem_recalc(inode);
}

/*
 * Zeroes for the part [from, to) of the page at pos, wherever it is: when truncation comes to it, it may be in swap.
 * => 0, or an error of shmem_getpage(): nothing has changed
 */
static int zero_part(struct inode *inode, loff_t pos, unsigned int from, unsigned int to)
{
	struct page *page;
	int err;

	if (from == to)
		return 0;
	err = shmem_getpage(inode, pos >> PAGE_SHIFT, &page, SGP_READ);
	if (err || !page)
		return err;
	zero_user_segment(page, from, to);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	return 0;
}

int shmem_truncate(struct inode *inode, loff_t size)
{
	unsigned int cut = size & ~PAGE_MASK;
	loff_t old = i_size_read(inode);
	int err;

	if (size != old && (SHMEM_I(inode)->seals & (size > old ? F_SEAL_GROW : F_SEAL_SHRINK)))
		return -EPERM;
	if (size >= old) {
		i_size_write(inode, size);
		return 0;
	}
	err = zero_part(inode, size, cut, cut ? PAGE_SIZE : 0);
	if (err)
		return err;
	i_size_write(inode, size);
	truncate_pagecache(inode, size);
	drop_range(inode, size, (loff_t)(~0UL >> 1));
	return 0;
}

void shmem_evict(struct inode *inode)
{
	shmem_end_visits(SHMEM_I(inode));
	drop_range(inode, 0, (loff_t)(~0UL >> 1));
	shmem_forget(SHMEM_I(inode));
	kfree(inode->i_private);
	inode->i_private = NULL;
}

int shmem_punch(struct inode *inode, loff_t offset, loff_t len)
{
	unsigned long first = (offset + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long end = (offset + len) >> PAGE_SHIFT;
	unsigned int from = offset & ~PAGE_MASK, to = (offset + len) & ~PAGE_MASK;
	int err;

	if (first > end)
		return zero_part(inode, offset, from, to);
	err = zero_part(inode, offset, from, from ? PAGE_SIZE : 0) ?: zero_part(inode, offset + len, 0, to);
	if (err || first == end)
		return err;
	unmap_mapping_range(&inode->i_data, first, end - 1, false);
	drop_range(inode, (loff_t)first << PAGE_SHIFT, ((loff_t)end << PAGE_SHIFT) - 1);
	return 0;
}
