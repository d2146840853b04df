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
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "fs/shmem.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
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

/* ---- Seals: promises about a memory file that its user can check (memfd) ---- */

#define F_SEAL_SEAL   0x01
#define F_SEAL_SHRINK 0x02
#define F_SEAL_GROW   0x04
#define F_SEAL_WRITE  0x08
#define F_SEAL_ALL    0x0f

/* => [w] held: may bytes [pos, pos + count) be written? */
static int check_seals(const struct inode *inode, loff_t pos, size_t count)
{
	unsigned int seals = SHMEM_I(inode)->seals;

	if (seals & F_SEAL_WRITE)
		return -EPERM;
	return (seals & F_SEAL_GROW) && pos + (loff_t)count > i_size_read(inode) ? -EPERM : 0;
}

/* ---- read and write ---- */

static ssize_t shmem_rw_read(struct file *file, char *buf, size_t count, loff_t *pos, bool kernel)
{
	struct inode *inode = file_inode(file);
	ssize_t done = 0;
	int err = 0;

	while (count && *pos < i_size_read(inode)) {
		unsigned int offset = *pos & ~PAGE_MASK;
		size_t n = min(count, (size_t)(PAGE_SIZE - offset)), copied;
		struct page *page;

		if ((loff_t)n > i_size_read(inode) - *pos)
			n = i_size_read(inode) - *pos;
		err = shmem_getpage(inode, *pos >> PAGE_SHIFT, &page, SGP_READ);
		if (err)
			break;
		if (page) {
			unlock_page(page);
			mark_page_accessed(page);
			copied = page_copy_out(page, offset, buf, n, kernel);
			put_page(page);
		} else if (kernel) {
			memset(buf, 0, n);
			copied = n;
		} else {
			copied = n - clear_user(buf, n);
		}
		buf += copied;
		count -= copied;
		*pos += copied;
		done += copied;
		if (copied < n) {
			err = -EFAULT;
			break;
		}
		cond_resched();
	}
	file_accessed(file);
	return done ? done : err;
}

/* Part of one page. => bytes; fewer when the user's memory has to be faulted in first */
static ssize_t write_page(struct inode *inode, const char *buf, size_t n, loff_t pos, bool kernel)
{
	struct page *page;
	size_t left = 0;
	char *to;
	int err = check_seals(inode, pos, n);

	if (!err)
		err = shmem_getpage(inode, pos >> PAGE_SHIFT, &page, SGP_ALLOC);
	if (err)
		return err;
	to = kmap_atomic(page);
	if (kernel)
		memcpy(to + (pos & ~PAGE_MASK), buf, n);
	else
		left = copy_from_user(to + (pos & ~PAGE_MASK), buf, n);
	kunmap_atomic(to);
	if (pos + (loff_t)(n - left) > i_size_read(inode))
		i_size_write(inode, pos + (n - left));
	set_page_dirty(page);
	unlock_page(page);
	mark_page_accessed(page);
	put_page(page);
	return n - left;
}

static int fault_in_readable(const char *ubuf)
{
	char probe;
	int err = get_user(probe, ubuf);

	(void)probe;
	return err;
}

static ssize_t shmem_rw_write(struct file *file, const char *buf, size_t count, loff_t *pos, bool kernel)
{
	struct inode *inode = file_inode(file);
	ssize_t done = 0, n = 0;

	down_write(&inode->i_rwsem);
	n = generic_write_checks(file, pos, &count);
	if (!n && count)
		file_update_time(file);
	while (n >= 0 && count) {
		size_t part = min(count, (size_t)(PAGE_SIZE - (*pos & ~PAGE_MASK)));

		n = write_page(inode, buf, part, *pos, kernel);
		if (n < 0)
			break;
		buf += n;
		count -= n;
		*pos += n;
		done += n;
		if (n < (ssize_t)part && fault_in_readable(buf)) {
			n = -EFAULT;
			break;
		}
		if (fatal_signal_pending(current)) {
			n = -EINTR;
			break;
		}
		cond_resched();
	}
	up_write(&inode->i_rwsem);
	return done ? done : n;
}

static ssize_t shmem_read(struct file *file, char *ubuf, size_t count, loff_t *pos)
{
	return shmem_rw_read(file, ubuf, count, pos, false);
}

static ssize_t shmem_write(struct file *file, const char *ubuf, size_t count, loff_t *pos)
{
	return shmem_rw_write(file, ubuf, count, pos, false);
}

static ssize_t shmem_kernel_read(struct file *file, void *buf, size_t count, loff_t *pos)
{
	return shmem_rw_read(file, buf, count, pos, true);
}

static ssize_t shmem_kernel_write(struct file *file, const void *buf, size_t count, loff_t *pos)
{
	return shmem_rw_write(file, buf, count, pos, true);
}

/* ---- mmap ---- */

static int shmem_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vma->vm_file);
	struct page *page;
	int err;

	if (vmf->pgoff >= (unsigned long)(i_size_read(inode) + PAGE_SIZE - 1) >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	err = shmem_getpage(inode, vmf->pgoff, &page, SGP_ALLOC);
	if (err)
		return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	/* The file may have shrunk meanwhile; who truncates takes the page lock after changing the size. */
	if (vmf->pgoff >= (unsigned long)(i_size_read(inode) + PAGE_SIZE - 1) >> PAGE_SHIFT) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct shmem_vm_ops = { .fault = shmem_fault };

static int shmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* A file sealed against writing may be mapped shared for reading, and never be made writable. */
	if ((SHMEM_I(file_inode(file))->seals & F_SEAL_WRITE) && (vma->vm_flags & VM_SHARED)) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	file_accessed(file);
	vma->vm_ops = &shmem_vm_ops;
	return 0;
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

#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2

static long punch_hole(struct inode *inode, loff_t offset, loff_t len)
{
	unsigned long first = (offset + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long end = (offset + len) >> PAGE_SHIFT;
	int err = SHMEM_I(inode)->seals & F_SEAL_WRITE ? -EPERM :
		  bring_in(inode, offset) ?: bring_in(inode, offset + len);

	if (err)
		return err;
	if (end > first)
		unmap_mapping_range(&inode->i_data, first, end - 1, false);
	drop_range(inode, offset, offset + len - 1);
	return 0;
}

static long allocate(struct inode *inode, int mode, loff_t offset, loff_t len)
{
	unsigned long index = offset >> PAGE_SHIFT;
	unsigned long end = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 limit = current->signal->rlim[1].rlim_cur; /* RLIMIT_FSIZE */
	struct tmpfs_sb *sbi = TMPFS_SB(inode->i_sb);
	int err = 0;

	if ((u64)(offset + len) > limit && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EFBIG;
	if (!(mode & FALLOC_FL_KEEP_SIZE) && (SHMEM_I(inode)->seals & F_SEAL_GROW) &&
	    offset + len > i_size_read(inode))
		return -EPERM;
	if (sbi->max_blocks && end - index > sbi->max_blocks)
		return -ENOSPC;
	for (; index < end && !err; index++) {
		struct page *page;

		if (signal_pending(current))
			return -EINTR;
		err = shmem_getpage(inode, index, &page, SGP_ALLOC);
		if (err)
			break;
		set_page_dirty(page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && offset + len > i_size_read(inode))
		i_size_write(inode, offset + len);
	return err;
}

static long shmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	long err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (mode == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	down_write(&inode->i_rwsem);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		err = punch_hole(inode, offset, len);
	else
		err = allocate(inode, mode, offset, len);
	if (!err)
		file_update_time(file);
	up_write(&inode->i_rwsem);
	return err;
}

/* The next index from first on (up to end) that has data, or that has none. */
static unsigned long seek_index(struct inode *inode, unsigned long first, unsigned long end, bool data)
{
	for (; first < end; first++) {
		struct page *page = find_get_page(&inode->i_data, first);
		bool there = page || shmem_is_swapped(SHMEM_I(inode), first);

		if (page)
			put_page(page);
		if (there == data)
			break;
		cond_resched();
	}
	return first;
}

static loff_t shmem_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);
	loff_t size = i_size_read(inode), found;
	unsigned long end = (unsigned long)(size + PAGE_SIZE - 1) >> PAGE_SHIFT, index;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek(file, offset, whence);
	if (offset < 0 || offset >= size)
		return -ENXIO;
	index = seek_index(inode, offset >> PAGE_SHIFT, end, whence == SEEK_DATA);
	found = (loff_t)index << PAGE_SHIFT;
	if (found < offset)
		found = offset;
	if (found >= size) {
		if (whence == SEEK_DATA)
			return -ENXIO;
		found = size;
	}
	return file->f_pos = found;
}

const struct file_operations shmem_file_operations = {
	.llseek = shmem_llseek,
	.read = shmem_read,
	.write = shmem_write,
	.kernel_read = shmem_kernel_read,
	.kernel_write = shmem_kernel_write,
	.mmap = shmem_mmap,
	.fallocate = shmem_fallocate,
};

int shmem_get_seals(struct file *file)
{
	return file->f_op == &shmem_file_operations ? (int)SHMEM_I(file_inode(file))->seals : -EINVAL;
}

/* => [w] held for writing: writable shared mappings exist? */
static bool mapped_writable(struct inode *inode)
{
	bool writable;

	spin_lock(&inode->i_data.i_mmap_lock);
	writable = inode->i_data.i_mmap_writable != 0;
	spin_unlock(&inode->i_data.i_mmap_lock);
	return writable;
}

int shmem_add_seals(struct file *file, unsigned int seals)
{
	struct inode *inode = file_inode(file);
	struct shmem_inode *info;
	int err = 0;

	if (file->f_op != &shmem_file_operations || (seals & ~F_SEAL_ALL))
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	info = SHMEM_I(inode);
	down_write(&inode->i_rwsem);
	if (info->seals & F_SEAL_SEAL)
		err = -EPERM;
	else if ((seals & F_SEAL_WRITE) && !(info->seals & F_SEAL_WRITE) && mapped_writable(inode))
		err = -EBUSY;
	else
		info->seals |= seals;
	up_write(&inode->i_rwsem);
	return err;
}
