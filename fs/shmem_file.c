/* SPDX-License-Identifier: MIT */
/*
 * shmem files: what programs do with the contents that shmem.c keeps.
 *
 *   read       hole: zeroes, no page           write     page by page, i_rwsem held
 *   fault      hole: a page, whatever access   fallocate pages for a range, or holes
 *
 * Locks: i_rwsem for writing, size and seals; the page lock while a page is filled or written into. User memory
 * is copied with faults disabled under the page lock, and faulted in without it when that fails.
 */
#include "arch/uaccess.h"
#include "fs/internal.h"
#include "fs/shmem.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/pagemap.h"

/* ---- Seals: promises about a memory file that its user can check (memfd) ---- */

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
	if ((READ_ONCE(SHMEM_I(file_inode(file))->seals) & F_SEAL_WRITE) && (vma->vm_flags & VM_SHARED)) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		vma->vm_flags &= ~VM_MAYWRITE;
	}
	file_accessed(file);
	vma->vm_ops = &shmem_vm_ops;
	return 0;
}

#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2

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
		err = SHMEM_I(inode)->seals & F_SEAL_WRITE ? -EPERM : shmem_punch(inode, offset, len);
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
		if (shmem_is_hole(inode, first) != data)
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

/* => [w] held for writing; 0 or -EBUSY: shared mappings may write. Who maps it is counted, then reads the seals */
static int seal(struct inode *inode, unsigned int seals)
{
	struct shmem_inode *info = SHMEM_I(inode);
	int err = 0;

	spin_lock(&inode->i_data.i_mmap_lock);
	if ((seals & F_SEAL_WRITE) && !(info->seals & F_SEAL_WRITE) && inode->i_data.i_mmap_writable)
		err = -EBUSY;
	else
		WRITE_ONCE(info->seals, info->seals | seals);
	spin_unlock(&inode->i_data.i_mmap_lock);
	return err;
}

int shmem_add_seals(struct file *file, unsigned int seals)
{
	struct inode *inode = file_inode(file);
	int err;

	if (file->f_op != &shmem_file_operations || (seals & ~F_SEAL_ALL))
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	down_write(&inode->i_rwsem);
	err = SHMEM_I(inode)->seals & F_SEAL_SEAL ? -EPERM : seal(inode, seals);
	up_write(&inode->i_rwsem);
	return err;
}
