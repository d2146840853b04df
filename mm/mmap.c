/* SPDX-License-Identifier: MIT */
/*
 * mmap and munmap: making and removing areas.
 *
 *   do_mmap: check the request -> find the place -> flags from prot, flags and file -> mmap_region
 *   mmap_region: limits -> remove what is there (MAP_FIXED) -> promise (overcommit) -> merge or new area
 *                -> file's mmap -> into the tree
 *   do_munmap: cut at both ends -> take the areas out -> clear entries -> free tables -> close areas
 *
 * Check everything, then change: what is removed for MAP_FIXED is removed after all checks but the promise and
 * the file's own mmap, as in Linux.
 *
 * Locks: mmap_sem of the mm for writing; vm_*() take it.
 */
#include "mm/mmap.h"

#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "mm/rmap.h"
#include "mm/vma.h"

static shmem_setup_fn shmem_setup;

void mm_set_shmem_setup(shmem_setup_fn setup)
{
	shmem_setup = setup;
}

/* ---- Unmapping --------------------------------------------------------------------------------- */

/* Take the chain first..last (already cut) out of mm; it ends with NULL afterwards. */
static void detach_areas(struct mm_struct *mm, struct vm_area_struct *first, unsigned long end)
{
	struct vm_area_struct *vma = first, *next, *tail = NULL;

	for (; vma && vma->vm_start < end; vma = next) {
		next = vma->vm_next;
		vma_unlink(mm, vma);
		vma->vm_prev = tail;
		if (tail)
			tail->vm_next = vma;
		tail = vma;
	}
	tail->vm_next = NULL;
}

static void unmap_detached(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			   unsigned long end, unsigned long floor, unsigned long ceiling)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm, false);
	unmap_vmas(&tlb, vma, start, end);
	free_pgtables(&tlb, vma, floor, ceiling);
	tlb_finish_mmu(&tlb);
}

static void close_areas(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next;

	for (; vma; vma = next) {
		long pages = (long)vma_pages(vma);

		next = vma->vm_next;
		if (vma->vm_flags & VM_ACCOUNT)
			vm_unacct_memory(pages);
		vm_stat_account(mm, vma->vm_flags, vma->vm_file, -pages);
		vma_remove(vma);
	}
}

static void munlock_areas(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long end)
{
	for (; vma && vma->vm_start < end; vma = vma->vm_next) {
		if (!(vma->vm_flags & VM_LOCKED))
			continue;
		mm->locked_vm -= vma_pages(vma);
		munlock_vma_pages_range(vma, vma->vm_start, vma->vm_end);
	}
}

int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	struct vm_area_struct *first, *last, *prev;
	unsigned long end;
	int err;

	if ((start & ~PAGE_MASK) || start > TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	end = start + ALIGN(len, PAGE_SIZE);
	if (end == start)
		return -EINVAL;
	first = find_vma(mm, start);
	if (!first || first->vm_start >= end)
		return 0;
	if (start > first->vm_start) {
		err = split_vma(mm, first, start, true);
		if (err)
			return err;
	}
	last = find_vma(mm, end - 1);
	if (last && last->vm_start < end && end < last->vm_end) {
		err = split_vma(mm, last, end, true);
		if (err)
			return err;
		first = find_vma(mm, start); /* first may have been the one that was cut */
	}
	prev = first->vm_prev;
	if (mm->locked_vm)
		munlock_areas(mm, first, end);
	detach_areas(mm, first, end);
	last = prev ? prev->vm_next : mm->mmap;
	unmap_detached(mm, first, start, end, prev ? prev->vm_end : 0, last ? last->vm_start : 0);
	close_areas(mm, first);
	return 0;
}

/* ---- Mapping ------------------------------------------------------------------------------------ */

/* The file's part of a new area: reference and vm_ops. => 0 or -errno with the area unchanged */
static int attach_file(struct vm_area_struct *vma, struct file *file)
{
	int err;

	vma->vm_file = get_file(file);
	err = file->f_op->mmap(file, vma);
	if (err) {
		fput(vma->vm_file);
		vma->vm_file = NULL;
	}
	return err;
}

/* Shared memory without a file gets a nameless one, so that its pages have an owner apart from this mm. */
static int attach_shmem(struct vm_area_struct *vma)
{
	struct file *file;
	int err;

	if (!shmem_setup)
		return -ENODEV;
	file = shmem_setup("dev/zero", (loff_t)(vma->vm_end - vma->vm_start), vma->vm_flags);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	err = attach_file(vma, file);
	fput(file);
	return err;
}

static struct vm_area_struct *new_area(struct mm_struct *mm, struct file *file, unsigned long addr,
				       unsigned long len, unsigned long vm_flags, unsigned long pgoff)
{
	struct vm_area_struct *vma = vma_alloc(mm);
	int err = 0;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_pgoff = pgoff;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	if (file)
		err = attach_file(vma, file);
	else if (vm_flags & VM_SHARED)
		err = attach_shmem(vma);
	if (err) {
		vma_free(vma);
		return ERR_PTR(err);
	}
	vma_set_page_prot(vma);
	return vma;
}

/*
 * Shared areas that may be written count (i_mmap_writable) from before the file is asked: who forbids writing
 * (F_SEAL_WRITE) either sees one coming, or the file's mmap sees that it is forbidden.
 */
static void count_coming_writer(struct file *file, unsigned long vm_flags, int by)
{
	struct address_space *mapping;

	if (!file || (vm_flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE))
		return;
	mapping = file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	mapping->i_mmap_writable += (unsigned int)by;
	spin_unlock(&mapping->i_mmap_lock);
}

/* What lies in the way goes. => 0 or -errno */
static int clear_place(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	if (!find_vma_intersection(mm, addr, addr + len))
		return 0;
	return do_munmap(mm, addr, len);
}

/*
 * Shared anonymous memory is promised once, by the area that made it; copies of fork do not count again
 * (fork.c). Linux ties the promise to the file behind it.
 */
static bool promises_shmem(const struct file *file, unsigned long vm_flags)
{
	return !file && (vm_flags & (VM_SHARED | VM_NORESERVE)) == VM_SHARED;
}

unsigned long mmap_region(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, unsigned long pgoff)
{
	long pages = (long)(len >> PAGE_SHIFT);
	struct vm_area_struct *vma;
	int err;

	if (!may_expand_vm(mm, (unsigned long)pages))
		return -ENOMEM;
	err = clear_place(mm, addr, len);
	if (err)
		return err;
	if (accountable_mapping(file, vm_flags) || promises_shmem(file, vm_flags)) {
		if (security_vm_enough_memory(mm, pages))
			return -ENOMEM;
		vm_flags |= VM_ACCOUNT;
	}
	vma = NULL;
	if (file || !(vm_flags & VM_SHARED))
		vma = vma_merge_new(mm, addr, addr + len, vm_flags, file, pgoff);
	if (!vma) {
		count_coming_writer(file, vm_flags, 1);
		vma = new_area(mm, file, addr, len, vm_flags, pgoff);
		if (!IS_ERR(vma))
			vma_insert(mm, vma);
		count_coming_writer(file, vm_flags, -1); /* it counts itself now, or is not to be */
		if (IS_ERR(vma)) {
			if (vm_flags & VM_ACCOUNT)
				vm_unacct_memory(pages);
			return PTR_ERR(vma);
		}
	}
	vm_stat_account(mm, vm_flags, vma->vm_file, pages);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
	return addr;
}

static unsigned long flags_from_request(unsigned long prot, unsigned long flags)
{
	return (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) |
	       (flags & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) | (flags & MAP_LOCKED ? VM_LOCKED : 0) |
	       (flags & MAP_NORESERVE && sysctl_overcommit_memory != 2 ? VM_NORESERVE : 0) | VM_MAYREAD |
	       VM_MAYWRITE | VM_MAYEXEC;
}

/* MAP_SHARED and MAP_PRIVATE of a file: what its open mode allows. => 0 or -errno */
static int check_file_request(const struct file *file, unsigned long prot, unsigned long flags,
			      unsigned long *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (flags & MAP_SYNC)
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED:
		if ((prot & PROT_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	if (!file->f_op || !file->f_op->mmap)
		return -ENODEV;
	if (*vm_flags & VM_GROWSDOWN)
		return -EINVAL;
	return 0;
}

static int check_anon_request(unsigned long flags, unsigned long *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (*vm_flags & VM_GROWSDOWN)
			return -EINVAL;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		return 0;
	default:
		return -EINVAL;
	}
}

/* Room under RLIMIT_MEMLOCK for a locked area. => 0, -EPERM, -EAGAIN */
static int check_locked(const struct mm_struct *mm, unsigned long vm_flags, unsigned long flags,
			unsigned long len)
{
	if (!(vm_flags & VM_LOCKED))
		return 0;
	if ((flags & MAP_LOCKED) && !can_do_mlock())
		return -EPERM;
	if ((mm->locked_vm << PAGE_SHIFT) + len > rlimit(RLIMIT_MEMLOCK_INDEX) && !can_lock_any())
		return -EAGAIN;
	return 0;
}

unsigned long do_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	unsigned long vm_flags;
	int err;

	if (!len)
		return -EINVAL;
	len = ALIGN(len, PAGE_SIZE);
	if (!len || len > TASK_SIZE)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > sysctl_max_map_count || (flags & MAP_HUGETLB))
		return -ENOMEM;
	addr = get_unmapped_area(file, addr, len, pgoff, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;
	vm_flags = flags_from_request(prot, flags) | mm->def_flags;
	err = check_locked(mm, vm_flags, flags, len);
	if (!err)
		err = file ? check_file_request(file, prot, flags, &vm_flags)
			   : check_anon_request(flags, &vm_flags);
	if (err)
		return err;
	if (!file)
		pgoff = vm_flags & VM_SHARED ? 0 : addr >> PAGE_SHIFT;
	return mmap_region(mm, file, addr, len, vm_flags, pgoff);
}

unsigned long vm_mmap(struct file *file, unsigned long addr, unsigned long len, unsigned long prot,
		      unsigned long flags, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;
	bool populate;

	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	ret = do_mmap(file, addr, len, prot, flags, pgoff);
	populate = (flags & MAP_LOCKED) || (mm->def_flags & VM_LOCKED) ||
		   ((flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE);
	up_write(&mm->mmap_sem);
	if (!IS_ERR_VALUE(ret) && populate)
		mm_populate(ret, len);
	return ret;
}

int vm_munmap(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	int err;

	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	err = do_munmap(mm, addr, len);
	up_write(&mm->mmap_sem);
	return err;
}

int mmap_zero(struct file *file, struct vm_area_struct *vma)
{
	struct file *shmem;
	int err;

	if (!(vma->vm_flags & VM_SHARED)) {
		vma->vm_ops = NULL;
		return 0;
	}
	if (!shmem_setup)
		return -ENODEV;
	shmem = shmem_setup("dev/zero", (loff_t)(vma->vm_end - vma->vm_start), vma->vm_flags);
	if (IS_ERR(shmem))
		return (int)PTR_ERR(shmem);
	err = shmem->f_op->mmap(shmem, vma);
	if (err) {
		fput(shmem);
		return err;
	}
	vma->vm_file = shmem; /* in place of /dev/zero, whose reference the caller took */
	vma->vm_pgoff = 0;
	fput(file);
	return 0;
}
