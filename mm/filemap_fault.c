/* SPDX-License-Identifier: MIT */
/*
 * Faults of file mappings: bring the page of the offset into the cache, locked and uptodate.
 *
 *   behind the end of the file: SIGBUS       in the cache: minor fault
 *   not in the cache: read a window around the address (programs jump), a major fault; a file whose faults keep
 *                     missing is left alone, and MADV_SEQUENTIAL and MADV_RANDOM are obeyed
 *   memory file: a zeroed page, minor
 *
 * The page is handed on locked; fault_file.c maps it and unlocks. Its place in the file and the file's size
 * are checked under the lock, so truncation either sees the mapping or has been seen.
 */
#include "mm/filemap.h"

#include "kernel/core/task.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/vmstat.h"

#define MMAP_LOTSAMISS 100 /* so many more misses than hits: reading around is in vain */

static void read_around(struct vm_area_struct *vma, struct file *file, unsigned long index)
{
	struct file_ra_state *ra = &file->f_ra;
	unsigned int pages = (unsigned int)max_sane_readahead(ra->ra_pages);

	if ((vma->vm_flags & VM_RAND_READ) || !pages)
		return;
	if (vma->vm_flags & VM_SEQ_READ) {
		page_cache_sync_readahead(file->f_mapping, ra, file, index, pages);
		return;
	}
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return;
	ra->start = index - min(index, (unsigned long)pages / 2);
	ra->size = pages;
	ra->async_size = pages / 4;
	ra_submit(ra, file->f_mapping, file);
}

static void found_cached(struct vm_area_struct *vma, struct file *file, struct page *page, unsigned long index)
{
	if (vma->vm_flags & VM_RAND_READ)
		return;
	if (file->f_ra.mmap_miss > 0)
		file->f_ra.mmap_miss--;
	if (PageReadahead(page))
		page_cache_async_readahead(file->f_mapping, &file->f_ra, file, page, index, file->f_ra.ra_pages);
}

/* => the page of index, locked and still in the file, perhaps not uptodate; ERR_PTR(-ENOMEM, -EINTR) */
static struct page *lock_for_fault(struct vm_area_struct *vma, unsigned long index, int *ret)
{
	struct file *file = vma->vm_file;
	struct address_space *mapping = file->f_mapping;
	bool shmem = mapping->flags >> AS_SHMEM & 1;
	struct page *page = find_get_page(mapping, index);
	int err;

	if (page) {
		if (!*ret) /* and not the page that this fault has just read */
			found_cached(vma, file, page, index);
		err = lock_page_of(mapping, page);
		if (!err)
			return page;
		put_page(page);
		if (err == -EINTR)
			return ERR_PTR(err);
	} else if (!shmem) {
		*ret = VM_FAULT_MAJOR;
		count_vm_event(PGMAJFAULT);
		read_around(vma, file, index);
	}
	/* A disk fills it: it need not be one that a CPU's cache has. */
	return find_or_create_page_killable(mapping, index, mapping->gfp_mask | (shmem ? 0 : __GFP_COLD));
}

int filemap_fault(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	struct address_space *mapping = vma->vm_file->f_mapping;
	struct page *page;
	int ret = 0, err;

	for (;;) {
		if (page_beyond_end(mapping, vmf->pgoff))
			return VM_FAULT_SIGBUS;
		page = lock_for_fault(vma, vmf->pgoff, &ret);
		if (IS_ERR(page))
			return VM_FAULT_OOM; /* or killed: then nobody looks */
		if (PageUptodate(page))
			break;
		err = filemap_fill_page(vma->vm_file, mapping, page); /* unlocks */
		put_page(page);
		if (err)
			return err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	if (page_beyond_end(mapping, vmf->pgoff)) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return ret | VM_FAULT_LOCKED;
}

const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault,
};

int generic_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!file->f_mapping->a_ops->readpage)
		return -ENOEXEC;
	vma->vm_ops = &generic_file_vm_ops;
	return 0;
}
