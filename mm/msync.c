/* SPDX-License-Identifier: MIT */
/*
 * msync and mincore: asking about, and writing, what is mapped.
 *
 * msync(MS_SYNC) writes the dirty pages of the files behind the range and waits. Pages made dirty through page tables
 * are found because the first write to each was seen (dirty tag), and the write-back takes the write right away
 * again. mincore tells for each page whether an access would find it in memory: present, in the page cache, or
 * in the swap cache. Locks: mmap_sem for reading, dropped while a file is written.
 */
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "mm/mman.h"
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "arch/uaccess.h"

/* Write the part [start, end) of a shared mapping's file; mmap_sem held for reading, dropped and taken again. */
static int sync_area(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end)
{
	struct file *file = get_file(vma->vm_file);
	loff_t from = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	loff_t to = from + (loff_t)(end - start) - 1;
	int err;

	up_read(&mm->mmap_sem);
	err = file->f_op->fsync ? file->f_op->fsync(file, from, to, true)
				: filemap_write_and_wait_range(file->f_mapping, from, to);
	fput(file);
	down_read(&mm->mmap_sem);
	return err;
}

static int sync_range(struct mm_struct *mm, unsigned long start, unsigned long end, int flags)
{
	int err, holes = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma_from(mm, &start, end, &holes);
		unsigned long to;

		if (!vma)
			return -ENOMEM;
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			return -EBUSY;
		to = min(end, vma->vm_end);
		if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED)) {
			err = sync_area(mm, vma, start, to);
			if (err)
				return err;
		}
		start = to;
	}
	return holes;
}

int do_msync(unsigned long start, unsigned long len, int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	int err;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & ~PAGE_MASK) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	len = ALIGN(len, PAGE_SIZE);
	end = start + len;
	if (end < start)
		return -ENOMEM;
	if (end == start)
		return 0;
	down_read(&mm->mmap_sem);
	err = sync_range(mm, start, end, flags);
	up_read(&mm->mmap_sem);
	return err;
}

/* ---- mincore --------------------------------------------------------------------------------------- */

static bool cached(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page;
	bool uptodate;

	if (!vma->vm_file || vma_is_anonymous(vma))
		return false;
	page = find_get_page(vma->vm_file->f_mapping, linear_page_index(vma, addr));
	if (!page)
		return false;
	uptodate = PageUptodate(page);
	put_page(page);
	return uptodate;
}

static bool page_in_core(struct vm_area_struct *vma, unsigned long addr)
{
	pte_t *pte = mm_find_pte(vma->vm_mm, addr, NULL), entry;
	struct page *page;

	if (!pte)
		return cached(vma, addr);
	entry = ptep_get(pte);
	if (pte_present(entry))
		return true;
	if (pte_none(entry))
		return cached(vma, addr);
	if (non_swap_entry(pte_to_swp_entry(entry)))
		return true;
	page = swap_cache_find(pte_to_swp_entry(entry));
	if (page)
		put_page(page);
	return page;
}

/* => pages answered in vec, or -ENOMEM: not mapped */
static long mincore_some(struct mm_struct *mm, unsigned long addr, unsigned long pages, unsigned char *vec)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	unsigned long n;

	if (!vma || addr < vma->vm_start)
		return -ENOMEM;
	n = min(pages, (vma->vm_end - addr) >> PAGE_SHIFT);
	for (unsigned long i = 0; i < n; i++)
		vec[i] = page_in_core(vma, addr + (i << PAGE_SHIFT));
	return (long)n;
}

int do_mincore(unsigned long start, unsigned long len, unsigned char *user_vec)
{
	struct mm_struct *mm = current->mm;
	unsigned long pages = ALIGN(len, PAGE_SIZE) >> PAGE_SHIFT;
	unsigned char buf[256];

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (start > TASK_SIZE || len > TASK_SIZE - start)
		return -ENOMEM;
	while (pages) {
		long got;

		down_read(&mm->mmap_sem);
		got = mincore_some(mm, start, min(pages, (unsigned long)sizeof(buf)), buf);
		up_read(&mm->mmap_sem);
		if (got < 0)
			return (int)got;
		if (copy_to_user(user_vec, buf, (unsigned long)got))
			return -EFAULT;
		user_vec += got;
		start += (unsigned long)got << PAGE_SHIFT;
		pages -= (unsigned long)got;
	}
	return 0;
}
