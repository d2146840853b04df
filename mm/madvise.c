/* SPDX-License-Identifier: MIT */
/*
 * madvise: what a program says about a range.
 *
 *   changes the area     NORMAL SEQUENTIAL RANDOM  DONTFORK DOFORK  DONTDUMP DODUMP  WIPEONFORK KEEPONFORK
 *   drops pages          DONTNEED (private: zeroes or the file again)   FREE: the same, at once   REMOVE (hole)
 *   fetches pages        WILLNEED   POPULATE_READ   POPULATE_WRITE
 *   says what is cold    COLD PAGEOUT: the accessed bits go, so reclaim takes these pages first
 *   accepted, no effect  HUGEPAGE NOHUGEPAGE MERGEABLE UNMERGEABLE (no huge pages, no merging of equal pages)
 *
 * A range with holes gets the advice where it can, and -ENOMEM. Locks: mmap_sem for writing when areas change, else
 * for reading; REMOVE and WILLNEED of files work on the file with mmap_sem dropped.
 *
 * Linux's FREE leaves the pages until memory is short; here they go immediately, which the contract allows.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "mm/lru.h"
#include "mm/mman.h"
#include "mm/pagemap.h"
#include "mm/swap.h"
#include "mm/vma.h"

#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2

static bool known_advice(int behaviour)
{
	return (behaviour >= MADV_NORMAL && behaviour <= MADV_DONTNEED) ||
	       (behaviour >= MADV_FREE && behaviour <= MADV_POPULATE_WRITE);
}

static bool changes_areas(int behaviour)
{
	switch (behaviour) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
		return true;
	default:
		return false;
	}
}

/* The area's flags after the advice; ~0UL: not for such an area */
static unsigned long advised_flags(const struct vm_area_struct *vma, int behaviour)
{
	unsigned long flags = vma->vm_flags, pattern = flags & ~(VM_SEQ_READ | VM_RAND_READ);

	switch (behaviour) {
	case MADV_NORMAL:
		return pattern;
	case MADV_SEQUENTIAL:
		return pattern | VM_SEQ_READ;
	case MADV_RANDOM:
		return pattern | VM_RAND_READ;
	case MADV_DONTFORK:
		return flags | VM_DONTCOPY;
	case MADV_DOFORK:
		return flags & VM_IO ? ~0UL : flags & ~VM_DONTCOPY;
	case MADV_WIPEONFORK: /* private anonymous memory only */
		return vma->vm_file || (flags & VM_SHARED) ? ~0UL : flags | VM_WIPEONFORK;
	case MADV_KEEPONFORK:
		return flags & ~VM_WIPEONFORK;
	case MADV_DONTDUMP:
		return flags | VM_DONTDUMP;
	default:
		return flags & ~VM_DONTDUMP;
	}
}

static int change_area(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, int behaviour)
{
	unsigned long flags = advised_flags(vma, behaviour);
	int err;

	if (flags == ~0UL)
		return -EINVAL;
	if (flags == vma->vm_flags)
		return 0;
	err = vma_isolate(mm, vma, start, end);
	if (err)
		return err == -ENOMEM ? -EAGAIN : err;
	vma->vm_flags = flags;
	vma_merge_around(vma);
	return 0;
}

/* ---- Pages --------------------------------------------------------------------------------------- */

static int drop_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end, int behaviour)
{
	if (vma->vm_flags & (VM_LOCKED | VM_IO))
		return -EINVAL;
	if (behaviour == MADV_FREE && !vma_is_anonymous(vma))
		return -EINVAL;
	zap_page_range(vma, start, end);
	return 0;
}

/* Neighbouring slots that neighbouring entries name, to be read together. */
struct swap_stretch {
	swp_entry_t first;
	unsigned int nr;
};

static void read_stretch(struct swap_stretch *stretch)
{
	if (stretch->nr)
		swapin_ahead(stretch->first, stretch->nr, GFP_HIGHUSER_MOVABLE);
	stretch->nr = 0;
}

static void add_to_stretch(struct swap_stretch *stretch, swp_entry_t entry)
{
	if (stretch->nr && entry.val != swp_entry(swp_type(stretch->first),
						  swp_offset(stretch->first) + stretch->nr).val)
		read_stretch(stretch);
	if (!stretch->nr++)
		stretch->first = entry;
}

/* Start reading what of the range is in swap. */
static void willneed_swap(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct swap_stretch stretch = { .nr = 0 };
	unsigned long addr = start;
	pmd_t *pmd;

	while ((pmd = next_pmd(vma->vm_mm, &addr, end)) != NULL) {
		for (unsigned long stop = pmd_addr_end(addr, end); addr < stop; addr += PAGE_SIZE) {
			pte_t entry = ptep_get(pte_offset_map(pmd, addr));

			if (is_swap_pte(entry) && !non_swap_entry(pte_to_swp_entry(entry)))
				add_to_stretch(&stretch, pte_to_swp_entry(entry));
		}
		read_stretch(&stretch);
		cond_resched();
	}
}

static int willneed(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct file *file = vma->vm_file;

	willneed_swap(vma, start, end);
	if (file && !vma_is_anonymous(vma))
		force_page_cache_readahead(file->f_mapping, file, linear_page_index(vma, start),
					   (end - start) >> PAGE_SHIFT);
	return 0;
}

/* Forget that the pages were used; reclaim looks at accessed bits and list order only. */
static int make_cold(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr = start;
	pmd_t *pmd;

	if (vma->vm_flags & (VM_LOCKED | VM_IO))
		return -EINVAL;
	while ((pmd = next_pmd(vma->vm_mm, &addr, end)) != NULL) {
		spinlock_t *ptl = pte_lockptr(vma->vm_mm, pmd);
		pte_t *pte = pte_offset_map(pmd, addr);

		spin_lock(ptl);
		for (unsigned long stop = pmd_addr_end(addr, end); addr < stop; addr += PAGE_SIZE, pte++) {
			pte_t entry = ptep_get(pte);
			struct page *page = pte_present(entry) ? vm_normal_page(entry) : NULL;

			if (!page)
				continue;
			ptep_test_and_clear_young(vma, addr, pte);
			ClearPageReferenced(page);
		}
		spin_unlock(ptl);
		cond_resched();
	}
	flush_tlb_range(vma->vm_mm, start, end);
	return 0;
}

static int populate(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write)
{
	unsigned int foll = FOLL_TOUCH | (write ? FOLL_WRITE : 0);

	while (start < end) {
		long got = get_user_pages(vma->vm_mm, start, (end - start) >> PAGE_SHIFT, foll, NULL);

		if (got <= 0)
			return got ? (int)got : -EFAULT;
		start += (unsigned long)got << PAGE_SHIFT;
	}
	return 0;
}

/* A hole in the file. mmap_sem is dropped meanwhile: the file's lock comes before it. */
static int remove_pages(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			unsigned long end)
{
	struct file *file = vma->vm_file;
	loff_t offset = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;
	long err;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	if (!file || !file->f_op->fallocate)
		return -EINVAL;
	if ((vma->vm_flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	get_file(file);
	up_read(&mm->mmap_sem);
	err = file->f_op->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
				    (loff_t)(end - start));
	fput(file);
	down_read(&mm->mmap_sem);
	return (int)err;
}

static int advise_area(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, int behaviour)
{
	switch (behaviour) {
	case MADV_DONTNEED:
	case MADV_FREE:
		return drop_pages(vma, start, end, behaviour);
	case MADV_WILLNEED:
		return willneed(vma, start, end);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return make_cold(vma, start, end);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return populate(vma, start, end, behaviour == MADV_POPULATE_WRITE);
	case MADV_REMOVE:
		return remove_pages(mm, vma, start, end);
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return 0;
	default:
		return change_area(mm, vma, start, end, behaviour);
	}
}

/* => 0; -ENOMEM at the end if there were holes; the first other error at once */
static int advise_range(struct mm_struct *mm, unsigned long start, unsigned long end, int behaviour)
{
	int err, holes = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma_from(mm, &start, end, &holes);
		unsigned long to;

		if (!vma)
			return -ENOMEM;
		to = min(end, vma->vm_end);
		err = advise_area(mm, vma, start, to, behaviour);
		if (err)
			return err;
		start = to;
	}
	return holes;
}

int do_madvise(unsigned long start, unsigned long len, int behaviour)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	int err;

	if (!known_advice(behaviour) || (start & ~PAGE_MASK))
		return -EINVAL;
	end = start + ALIGN(len, PAGE_SIZE);
	if (end < start || (len && end == start))
		return -EINVAL;
	if (end == start)
		return 0;
	if (changes_areas(behaviour)) {
		if (down_write_killable(&mm->mmap_sem))
			return -EINTR;
		err = advise_range(mm, start, end, behaviour);
		up_write(&mm->mmap_sem);
	} else {
		down_read(&mm->mmap_sem);
		err = advise_range(mm, start, end, behaviour);
		up_read(&mm->mmap_sem);
	}
	return err;
}
