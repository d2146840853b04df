/* SPDX-License-Identifier: MIT */
/*
 * Page faults: what the entry says decides.
 *
 *   entry          area        access         what is done
 *   empty          anonymous   read           the zero page, read-only (not counted, never freed)
 *   empty          anonymous   write          a zeroed page of our own            do_anonymous_page
 *   empty          file        read           the cache's page, shared            do_file_fault
 *   empty          file        private write  a copy of the cache's page          do_file_fault
 *   empty          file        shared write   the cache's page, now dirty         do_file_fault
 *   swap entry     -           -              read it back (fault_swap.c)         do_swap_page
 *   present        -           write, denied  copy on write, or reuse, or the first write to a clean
 *                                             shared page (fault_cow.c)           do_wp_page
 *   present        -           allowed        somebody else has cured it: accessed and dirty bits
 *
 * The entry is read without lock first and compared under page_table_lock before it is changed; if it
 * differs, another fault was faster and the access is simply tried again. mmap_sem is held for reading
 * throughout, so areas and page tables stay.
 *
 * Linux can drop mmap_sem while it waits for a disk (VM_FAULT_RETRY).
 * Read next: fault_cow.c, fault_file.c, fault_swap.c.
 */
#include "arch/mmu.h"
#include "mm/capture.h"
#include "mm/kmap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"

struct page *fault_alloc_page(bool zeroed)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | (zeroed ? __GFP_ZERO : 0));

	if (page)
		__SetPageUptodate(page);
	return page;
}

static int map_zero_page(struct fault *f)
{
	if (!fault_lock_same(f))
		return 0;
	set_pte_at(f->mm, f->address, f->pte,
		   pte_mkspecial(mk_pte(zero_page, f->vma->vm_page_prot)));
	spin_unlock(f->ptl);
	return 0;
}

int do_anonymous_page(struct fault *f)
{
	struct vm_area_struct *vma = f->vma;
	struct page *page;
	pte_t entry;

	if (!(f->flags & FAULT_FLAG_WRITE))
		return map_zero_page(f);
	if (unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	page = fault_alloc_page(true);
	if (unlikely(!page))
		return VM_FAULT_OOM;
	entry = maybe_mkwrite(pte_mkdirty(mk_pte(page, vma->vm_page_prot)), vma);
	if (unlikely(!fault_lock_same(f))) {
		__free_page(page);
		return 0;
	}
	inc_mm_counter(f->mm, MM_ANONPAGES);
	page_add_new_anon_rmap(page, vma, f->address);
	set_pte_at(f->mm, f->address, f->pte, entry);
	spin_unlock(f->ptl);
	return 0;
}

/* The entry is there: either it forbids the write, or it only wants its accessed and dirty bits. */
static int do_present_fault(struct fault *f)
{
	pte_t entry = f->orig;

	if (!fault_lock_same(f))
		return 0;
	if (f->flags & FAULT_FLAG_WRITE) {
		if (!pte_write(entry))
			return do_wp_page(f);
		entry = pte_mkdirty(entry);
	}
	entry = pte_mkuser(pte_mkyoung(entry));
	ptep_set_access_flags(f->vma, f->address, f->pte, entry, f->flags & FAULT_FLAG_WRITE);
	spin_unlock(f->ptl);
	return 0;
}

static int handle_pte_fault(struct fault *f)
{
	if (pte_none(f->orig)) {
		if (vma_is_anonymous(f->vma))
			return do_anonymous_page(f);
		if (!f->vma->vm_ops->fault)
			return VM_FAULT_SIGBUS;
		return do_file_fault(f);
	}
	if (!pte_present(f->orig))
		return do_swap_page(f);
	return do_present_fault(f);
}

static bool access_allowed(const struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & (VM_WRITE | VM_MAYWRITE);
	return true;
}

#define NOTHING_ODD (-1)

/* One test for two rare marks is all that other faults pay. => what the fault comes to, or NOTHING_ODD */
static noinline int marked_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
				    unsigned int flags)
{
	int ret;

	if (reaped(mm, vma))
		return VM_FAULT_SIGBUS;
	if (!captured() || (flags & FAULT_FLAG_CAPTURED))
		return NOTHING_ODD;
	ret = handle_mm_fault(mm, vma, address, flags | FAULT_FLAG_CAPTURED);
	if (!(ret & VM_FAULT_ERROR))
		capture_fault(vma, address, flags & FAULT_FLAG_WRITE);
	return ret;
}

int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
		    unsigned int flags)
{
	struct fault f = { .mm = mm, .vma = vma, .address = address & PAGE_MASK, .flags = flags };
	int ret;

	if (unlikely(READ_ONCE(mm->flags) & (MMF_UNSTABLE | MMF_CAPTURED))) {
		ret = marked_mm_fault(mm, vma, address, flags);
		if (ret != NOTHING_ODD)
			return ret;
	}
	count_vm_event(PGFAULT);
	if (unlikely(!access_allowed(vma, flags)))
		return VM_FAULT_SIGSEGV;
	f.pmd = pmd_find(mm, address);
	if (unlikely(!f.pmd)) {
		f.pmd = pmd_alloc_map(mm, address);
		if (!f.pmd)
			return VM_FAULT_OOM;
	}
	f.pte = pte_offset_map(f.pmd, address);
	f.ptl = pte_lockptr(mm, f.pmd);
	f.orig = ptep_get(f.pte);
	ret = handle_pte_fault(&f);
	if (unlikely(ret & VM_FAULT_ERROR))
		return ret;
	if (ret & VM_FAULT_MAJOR)
		current->maj_flt++;
	else
		current->min_flt++;
	return ret;
}

int vm_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	pmd_t *pmd = pmd_alloc_map(vma->vm_mm, addr);
	spinlock_t *ptl;
	pte_t *pte;
	int err = -EBUSY;

	if (!pmd)
		return -ENOMEM;
	ptl = pte_lockptr(vma->vm_mm, pmd);
	pte = pte_offset_map(pmd, addr);
	spin_lock(ptl);
	if (pte_none(ptep_get(pte))) {
		set_pte_at(vma->vm_mm, addr, pte,
			   pte_mkspecial(pfn_pte(pfn, vma->vm_page_prot)));
		err = 0;
	}
	spin_unlock(ptl);
	return err;
}
