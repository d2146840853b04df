/* SPDX-License-Identifier: MIT */
/*
 * mprotect: new rights for a range of areas and for the entries below them.
 *
 *   cut the area to the range -> new vm_flags and vm_page_prot -> rewrite present entries -> merge again
 *   -> one TLB flush per area
 *
 * An entry's rights are vm_page_prot's with its frame, accessed and dirty bits kept. Write is never given to an
 * entry here that could need copy on write or a notice: vm_page_prot of such areas has no write, and the next write
 * faults. A private writable area becomes a promise (VM_ACCOUNT) at this point.
 *
 * Locks: mmap_sem for writing, page_table_lock per table.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "mm/mman.h"
#include "mm/swap.h"
#include "mm/vma.h"

bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	if (!vma->vm_file || (vma->vm_flags & VM_IO))
		return false;
	return !(READ_ONCE(vma->vm_file->f_mapping->flags) >> AS_SHMEM & 1);
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;

	if (vma_wants_writenotify(vma))
		flags &= ~VM_SHARED; /* as if private: mapped without write */
	vma->vm_page_prot = vm_get_page_prot(flags);
}

static pte_t change_entry(struct vm_area_struct *vma, unsigned long addr, pte_t *pte)
{
	pte_t old = ptep_get_and_clear(vma->vm_mm, addr, pte);
	pte_t new = pte_modify(old, vma->vm_page_prot);

	/* Was writable, still may be: it had its copy or its notice already. */
	if (pte_write(old) && (vma->vm_flags & VM_WRITE))
		new = pte_mkwrite(new);
	set_pte_at(vma->vm_mm, addr, pte, new);
	return old;
}

static bool change_pte_range(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr,
			     unsigned long end)
{
	spinlock_t *ptl = pte_lockptr(vma->vm_mm, pmd);
	pte_t *pte = pte_offset_map(pmd, addr);
	bool flush = false;

	spin_lock(ptl);
	flush_tlb_batched_pending(vma->vm_mm);
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		pte_t entry = ptep_get(pte);

		if (pte_none(entry))
			continue;
		if (pte_present(entry)) {
			if (pte_accessible(change_entry(vma, addr, pte)))
				flush = true;
		} else if (swp_type(pte_to_swp_entry(entry)) == SWP_MIGRATION_WRITE) {
			set_pte_at(vma->vm_mm, addr, pte,
				   swp_entry_to_pte(swp_entry(SWP_MIGRATION_READ,
							      swp_offset(pte_to_swp_entry(entry)))));
		}
	}
	spin_unlock(ptl);
	return flush;
}

static void change_protection(struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;
	bool flush = false;
	pmd_t *pmd;

	while ((pmd = next_pmd(vma->vm_mm, &addr, vma->vm_end)) != NULL) {
		unsigned long end = pmd_addr_end(addr, vma->vm_end);

		flush |= change_pte_range(vma, pmd, addr, end);
		addr = end;
		cond_resched();
	}
	if (flush)
		flush_tlb_range(vma->vm_mm, vma->vm_start, vma->vm_end);
}

/* One area, cut to [start, end). => the area that now holds the range, or ERR_PTR */
static struct vm_area_struct *protect_area(struct mm_struct *mm, struct vm_area_struct *vma,
					   unsigned long start, unsigned long end, unsigned long vm_flags)
{
	long promise = 0;
	int err;

	if (vma->vm_flags == vm_flags)
		return vma;
	if ((vm_flags & VM_WRITE) && !(vma->vm_flags & VM_ACCOUNT) &&
	    accountable_mapping(vma->vm_file, vm_flags)) {
		promise = (long)((end - start) >> PAGE_SHIFT);
		if (security_vm_enough_memory(mm, promise))
			return ERR_PTR(-ENOMEM);
		vm_flags |= VM_ACCOUNT;
	}
	err = vma_isolate(mm, vma, start, end);
	if (err) {
		vm_unacct_memory(promise);
		return ERR_PTR(err);
	}
	vma->vm_flags = vm_flags;
	vma_set_page_prot(vma);
	change_protection(vma);
	return vma_merge_around(vma);
}

/* The whole range is mapped and every area may have the rights: nothing is changed before that is sure. */
static int check_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       unsigned long prot)
{
	for (; start < end; vma = vma->vm_next) {
		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		if (prot & ~(vma->vm_flags >> 4) & (VM_READ | VM_WRITE | VM_EXEC))
			return -EACCES;
		start = vma->vm_end;
	}
	return 0;
}

static int protect_range(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long prot)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	int err = check_range(vma, start, end, prot);

	/* Linux changes the areas before the first unfit one; so does this */
	for (; vma && vma->vm_start <= start && start < end; vma = find_vma(mm, start)) {
		unsigned long flags = vma->vm_flags & ~(VM_READ | VM_WRITE | VM_EXEC), to;

		if (prot & ~(vma->vm_flags >> 4) & (VM_READ | VM_WRITE | VM_EXEC))
			return -EACCES;
		to = min(end, vma->vm_end);
		vma = protect_area(mm, vma, start, to, flags | prot);
		if (IS_ERR(vma))
			return (int)PTR_ERR(vma);
		start = to;
	}
	return err;
}

int do_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	struct mm_struct *mm = current->mm;
	int err;

	if ((start & ~PAGE_MASK) || (prot & ~(unsigned long)(PROT_READ | PROT_WRITE | PROT_EXEC |
							      PROT_GROWSDOWN)))
		return -EINVAL;
	len = ALIGN(len, PAGE_SIZE);
	if (!len)
		return 0;
	if (start + len < start || start + len > TASK_SIZE)
		return -ENOMEM;
	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	if (prot & PROT_GROWSDOWN) {
		struct vm_area_struct *vma = find_vma(mm, start);

		err = -EINVAL;
		if (vma && vma->vm_start < start + len && (vma->vm_flags & VM_GROWSDOWN))
			err = protect_range(mm, vma->vm_start, start + len, prot & ~PROT_GROWSDOWN);
	} else {
		err = protect_range(mm, start, start + len, prot);
	}
	up_write(&mm->mmap_sem);
	return err;
}
