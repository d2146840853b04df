/* SPDX-License-Identifier: MIT */
/*
 * fork's half of memory: the child gets the same areas, and page tables that share the pages.
 *
 *   parent entry               child gets                     parent's entry becomes
 *   anonymous page, writable   the page, read-only            read-only too (copy on write)
 *   page of a shared area      the page, as it is             unchanged
 *   swap entry                 the entry, one use more        unchanged
 *   file page, no private copies in the area: nothing, the child faults it in from the cache
 *
 * One TLB flush of the parent at the end takes its write rights away everywhere. VM_DONTCOPY areas are left out;
 * VM_WIPEONFORK areas come out empty. Locks: mmap_sem of the parent (write), then of the child (nested);
 * both page-table locks while entries are copied, child's first.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/core/sched.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vma.h"

struct copy {
	struct mm_struct *dst, *src;
	struct vm_area_struct *vma;	/* the parent's */
	int rss[NR_MM_COUNTERS];
	swp_entry_t full;		/* a slot whose count needs a continuation page */
};

/* => false: c->full must grow first */
static bool copy_swap_entry(struct copy *c, unsigned long addr, pte_t *dst, pte_t *src, pte_t entry)
{
	swp_entry_t swp = pte_to_swp_entry(entry);

	if (!non_swap_entry(swp)) {
		if (swap_duplicate(swp) < 0) {
			c->full = swp;
			return false;
		}
		if (list_empty(&c->dst->mmlist))
			swap_mm_add(c->dst);
		c->rss[MM_SWAPENTS]++;
	} else {
		c->rss[PageAnon(pfn_to_page(swp_offset(swp))) ? MM_ANONPAGES : MM_FILEPAGES]++;
		if (swp_type(swp) == SWP_MIGRATION_WRITE && is_cow_mapping(c->vma->vm_flags)) {
			entry = swp_entry_to_pte(swp_entry(SWP_MIGRATION_READ, swp_offset(swp)));
			set_pte_at(c->src, addr, src, entry);
		}
	}
	set_pte_at(c->dst, addr, dst, entry);
	return true;
}

static void copy_present(struct copy *c, unsigned long addr, pte_t *dst, pte_t *src, pte_t entry)
{
	struct page *page = vm_normal_page(entry);

	if (is_cow_mapping(c->vma->vm_flags)) {
		if (pte_write(entry)) {
			ptep_set_wrprotect(c->src, addr, src);
			entry = pte_wrprotect(entry);
		}
	} else {
		entry = pte_mkclean(entry);
	}
	if (page) {
		VM_BUG_ON_PAGE(page_count(page) <= 0, page);
		atomic_inc(&page->_refcount);
		page_dup_rmap(page);
		c->rss[PageAnon(page) ? MM_ANONPAGES : MM_FILEPAGES]++;
	}
	set_pte_at(c->dst, addr, dst, pte_mkold(entry));
}

/* => where it stopped: end, or an entry whose slot's count is full */
static unsigned long copy_pte_range(struct copy *c, pmd_t *dst_pmd, pmd_t *src_pmd, unsigned long addr,
				    unsigned long end)
{
	spinlock_t *dst_ptl = pte_lockptr(c->dst, dst_pmd), *src_ptl = pte_lockptr(c->src, src_pmd);
	pte_t *dst = pte_offset_map(dst_pmd, addr), *src = pte_offset_map(src_pmd, addr);

	spin_lock(dst_ptl);
	spin_lock_nested(src_ptl, 1);
	flush_tlb_batched_pending(c->src);
	for (; addr < end; addr += PAGE_SIZE, dst++, src++) {
		pte_t entry = ptep_get(src);

		if (pte_none(entry))
			continue;
		if (likely(pte_present(entry)))
			copy_present(c, addr, dst, src, entry);
		else if (!copy_swap_entry(c, addr, dst, src, entry))
			break;
	}
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	for (int i = 0; i < NR_MM_COUNTERS; i++) {
		if (c->rss[i])
			add_mm_counter(c->dst, i, c->rss[i]);
		c->rss[i] = 0;
	}
	return addr;
}

int copy_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma)
{
	struct copy c = { .dst = dst, .src = src, .vma = vma };
	unsigned long addr = vma->vm_start;
	pmd_t *src_pmd, *dst_pmd;

	while ((src_pmd = next_pmd(src, &addr, vma->vm_end)) != NULL) {
		unsigned long end = pmd_addr_end(addr, vma->vm_end);

		dst_pmd = pmd_alloc_map(dst, addr);
		if (!dst_pmd)
			return -ENOMEM;
		addr = copy_pte_range(&c, dst_pmd, src_pmd, addr, end);
		if (addr < end && add_swap_count_continuation(c.full, GFP_KERNEL))
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

/* => the child's area in *copyp (NULL: left out); 0 or -ENOMEM */
static int dup_area(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct **copyp)
{
	struct vm_area_struct *copy;
	long pages = (long)vma_pages(vma);
	bool account = (vma->vm_flags & VM_ACCOUNT) && !(vma->vm_flags & VM_SHARED);

	*copyp = NULL;
	if (vma->vm_flags & VM_DONTCOPY) {
		vm_stat_account(mm, vma->vm_flags, vma->vm_file, -pages);
		return 0;
	}
	if (account && security_vm_enough_memory(mm, pages))
		return -ENOMEM;
	copy = vma_dup(vma);
	if (!copy) {
		if (account)
			vm_unacct_memory(pages);
		return -ENOMEM;
	}
	copy->vm_mm = mm;
	copy->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
	if (!account)
		copy->vm_flags &= ~VM_ACCOUNT;
	if (vma->vm_flags & VM_WIPEONFORK)
		copy->anon_vma = NULL;
	if (copy->vm_file)
		get_file(copy->vm_file);
	*copyp = copy;
	return 0;
}

/*
 * The child's area enters the reverse maps before its entries are copied: a page that is mapped by it
 * can be found from then on. On failure the child is torn down like any other address space.
 */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *vma, *copy;
	int err = 0;

	mm->total_vm = oldmm->total_vm;
	mm->shared_vm = oldmm->shared_vm;
	mm->exec_vm = oldmm->exec_vm;
	mm->stack_vm = oldmm->stack_vm;
	for (vma = oldmm->mmap; vma && !err; vma = vma->vm_next) {
		err = dup_area(mm, vma, &copy);
		if (err || !copy)
			continue;
		vma_insert(mm, copy);
		if (copy->anon_vma || (vma->vm_flags & VM_IO))
			err = copy_page_range(mm, oldmm, vma);
		if (copy->vm_ops && copy->vm_ops->open)
			copy->vm_ops->open(copy);
	}
	flush_tlb_mm(oldmm);
	return err;
}

struct mm_struct *dup_mm(struct mm_struct *oldmm)
{
	struct mm_struct *mm = mm_alloc_copy(oldmm);
	int err;

	if (!mm)
		return NULL;
	mm->def_flags = 0;
	if (mm->exe_file)
		get_file(mm->exe_file);
	down_write(&oldmm->mmap_sem);
	down_write_nested(&mm->mmap_sem, 1);
	err = dup_mmap(mm, oldmm);
	up_write(&mm->mmap_sem);
	up_write(&oldmm->mmap_sem);
	mm->hiwater_rss = get_mm_rss(mm);
	mm->hiwater_vm = mm->total_vm;
	if (!err)
		return mm;
	mmput(mm);
	return NULL;
}
