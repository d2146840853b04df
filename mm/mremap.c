/* SPDX-License-Identifier: MIT */
/*
 * mremap: an area becomes larger, smaller, or lies elsewhere, without its pages being copied.
 *
 *   shrink        munmap of the tail
 *   grow          in place if the hole behind is large enough, else move (MREMAP_MAYMOVE)
 *   move          new area with the same file, offset and anon_vma; the entries change place, the pages stay
 *   old_len 0     a second mapping of the same shared pages
 *   DONTUNMAP     move, but leave the old area behind, empty
 *
 * While entries move, reclaim may look for a page at either address and find it at neither for a moment: it then
 * gives up for that page. Old and new area share the anon_vma and the page's index, so it is found afterwards.
 *
 * Locks: mmap_sem for writing; page_table_lock of the one mm for both entries.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "mm/mman.h"
#include "mm/mmap.h"
#include "mm/rmap.h"
#include "mm/vma.h"

struct remap {
	unsigned long addr, old_len, new_len, new_addr, flags;
};

/* ---- Moving entries -------------------------------------------------------------------------------- */

/* One stretch within a page table on both sides. */
static void move_ptes(struct mm_struct *mm, pmd_t *old_pmd, pmd_t *new_pmd, unsigned long from,
		      unsigned long to, unsigned long len)
{
	spinlock_t *ptl = pte_lockptr(mm, old_pmd);
	pte_t *old = pte_offset_map(old_pmd, from), *new = pte_offset_map(new_pmd, to);
	unsigned long start = from;
	bool moved = false;

	spin_lock(ptl);
	flush_tlb_batched_pending(mm);
	for (; len; len -= PAGE_SIZE, from += PAGE_SIZE, to += PAGE_SIZE, old++, new++) {
		if (pte_none(ptep_get(old)))
			continue;
		set_pte_at(mm, to, new, ptep_get_and_clear(mm, from, old));
		moved = true;
	}
	/* Before the lock goes: truncation frees what it finds at the new address and flushes only that. */
	if (moved)
		flush_tlb_range(mm, start, from);
	spin_unlock(ptl);
}

/* => bytes moved: len, or less without memory for a page table */
static unsigned long move_page_tables(struct mm_struct *mm, unsigned long from, unsigned long to,
				      unsigned long len)
{
	unsigned long done = 0;

	while (done < len) {
		unsigned long a = from + done, n;
		pmd_t *old_pmd = next_pmd(mm, &a, from + len), *new_pmd;

		if (!old_pmd) {
			done = len;
			break;
		}
		done = a - from;
		n = pmd_addr_end(a, from + len) - a;
		n = min(n, pmd_addr_end(to + done, to + len) - (to + done));
		new_pmd = pmd_alloc_map(mm, to + done);
		if (!new_pmd)
			break;
		move_ptes(mm, old_pmd, new_pmd, a, to + done, n);
		done += n;
		cond_resched();
	}
	return done;
}

/* ---- Moving the area ------------------------------------------------------------------------------- */

/* The new area: a copy of vma for [new_addr, + new_len), entered everywhere. => NULL: no memory */
static struct vm_area_struct *copy_area(struct mm_struct *mm, struct vm_area_struct *vma,
					const struct remap *r)
{
	struct vm_area_struct *new = vma_dup(vma);

	if (!new)
		return NULL;
	new->vm_pgoff = linear_page_index(vma, r->addr);
	new->vm_start = r->new_addr;
	new->vm_end = r->new_addr + r->new_len;
	if (vma_is_anonymous(vma) && !vma->vm_file && !vma->anon_vma)
		new->vm_pgoff = r->new_addr >> PAGE_SHIFT; /* no page has an index yet: as if born there */
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	vma_insert(mm, new);
	return new;
}

static unsigned long move_area(struct mm_struct *mm, struct vm_area_struct *vma, const struct remap *r)
{
	unsigned long vm_flags = vma->vm_flags, move = min(r->old_len, r->new_len);
	long pages = (long)(r->new_len >> PAGE_SHIFT);
	bool account = vm_flags & VM_ACCOUNT;
	struct vm_area_struct *new;

	if (mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (account && security_vm_enough_memory(mm, pages))
		return -ENOMEM;
	new = copy_area(mm, vma, r);
	if (!new) {
		if (account)
			vm_unacct_memory(pages);
		return -ENOMEM;
	}
	vm_stat_account(mm, vm_flags, new->vm_file, pages);
	if (vm_flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	if (move_page_tables(mm, r->addr, r->new_addr, move) < move) {
		/* back with what was moved; those page tables exist */
		move_page_tables(mm, r->new_addr, r->addr, move);
		do_munmap(mm, r->new_addr, r->new_len);
		return -ENOMEM;
	}
	if (r->old_len && !(r->flags & MREMAP_DONTUNMAP)) {
		/* the pages have gone: nothing of the old range is locked any more */
		do_munmap(mm, r->addr, r->old_len);
	}
	vma_merge_around(new);
	return r->new_addr;
}

/* ---- Checks and cases -------------------------------------------------------------------------------- */

/* => the area that holds all of the old range and may be grown as asked, or ERR_PTR */
static struct vm_area_struct *check_area(struct mm_struct *mm, const struct remap *r)
{
	struct vm_area_struct *vma = find_vma(mm, r->addr);
	unsigned long grow = r->new_len > r->old_len ? r->new_len - r->old_len : 0;

	if (!vma || vma->vm_start > r->addr)
		return ERR_PTR(-EFAULT);
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return ERR_PTR(-EINVAL);
	if ((r->flags & MREMAP_DONTUNMAP) && (!vma_is_anonymous(vma) && !(vma->vm_flags & VM_SHARED)))
		return ERR_PTR(-EINVAL);
	if (r->old_len > vma->vm_end - r->addr)
		return ERR_PTR(-EFAULT);
	if (grow && (vma->vm_flags & (VM_DONTEXPAND | VM_IO)))
		return ERR_PTR(-EFAULT);
	if (grow && vma->vm_file &&
	    linear_page_index(vma, r->addr) + (r->new_len >> PAGE_SHIFT) < linear_page_index(vma, r->addr))
		return ERR_PTR(-EINVAL);
	if ((vma->vm_flags & VM_LOCKED) && !can_lock_any() &&
	    (mm->locked_vm << PAGE_SHIFT) + grow > rlimit(RLIMIT_MEMLOCK_INDEX))
		return ERR_PTR(-EAGAIN);
	if (!may_expand_vm(mm, grow >> PAGE_SHIFT))
		return ERR_PTR(-ENOMEM);
	return vma;
}

/* => true: the area has been grown in place */
static bool grow_in_place(struct mm_struct *mm, struct vm_area_struct *vma, const struct remap *r)
{
	unsigned long end = r->addr + r->new_len;
	long pages = (long)((r->new_len - r->old_len) >> PAGE_SHIFT);

	if (r->addr + r->old_len != vma->vm_end || end < r->addr || end > TASK_SIZE)
		return false;
	if (vma->vm_next && end > vma_start_gap(vma->vm_next))
		return false;
	if ((vma->vm_flags & VM_ACCOUNT) && security_vm_enough_memory(mm, pages))
		return false;
	vma_adjust(vma, vma->vm_start, end, vma->vm_pgoff);
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	vma_merge_around(vma);
	return true;
}

/* MREMAP_FIXED, DONTUNMAP: to a given or any other place. */
static unsigned long remap_to(struct mm_struct *mm, struct remap *r)
{
	struct vm_area_struct *vma;
	unsigned long at;
	int err;

	if (r->flags & MREMAP_FIXED) {
		if ((r->new_addr & ~PAGE_MASK) || r->new_len > TASK_SIZE ||
		    r->new_addr > TASK_SIZE - r->new_len)
			return -EINVAL;
		if (r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
			return -EINVAL;
		err = do_munmap(mm, r->new_addr, r->new_len);
		if (err)
			return err;
	}
	if (r->old_len > r->new_len) {
		err = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	vma = check_area(mm, r);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	at = get_unmapped_area(vma->vm_file, r->new_addr, r->new_len, 0,
			       r->flags & MREMAP_FIXED ? MAP_FIXED : 0);
	if (IS_ERR_VALUE(at))
		return at;
	r->new_addr = at;
	return move_area(mm, vma, r);
}

static unsigned long remap(struct mm_struct *mm, struct remap *r)
{
	struct vm_area_struct *vma;
	int err;

	if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(mm, r);
	if (r->old_len >= r->new_len) {
		vma = find_vma(mm, r->addr);
		if (!vma || vma->vm_start > r->addr)
			return -EFAULT;
		if (r->old_len == r->new_len)
			return r->old_len > vma->vm_end - r->addr ? (unsigned long)-EFAULT : r->addr;
		err = do_munmap(mm, r->addr + r->new_len, r->old_len - r->new_len);
		return err ? (unsigned long)err : r->addr;
	}
	vma = check_area(mm, r);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	if (grow_in_place(mm, vma, r))
		return r->addr;
	if (!(r->flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	r->new_addr = get_unmapped_area(vma->vm_file, 0, r->new_len, 0, 0);
	if (IS_ERR_VALUE(r->new_addr))
		return r->new_addr;
	return move_area(mm, vma, r);
}

unsigned long do_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len,
			unsigned long flags, unsigned long new_addr)
{
	struct mm_struct *mm = current->mm;
	struct remap r = { .addr = addr, .old_len = ALIGN(old_len, PAGE_SIZE),
			   .new_len = ALIGN(new_len, PAGE_SIZE), .new_addr = new_addr, .flags = flags };
	unsigned long ret;
	bool populate;

	if (flags & ~(unsigned long)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && r.old_len != r.new_len)
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || !r.new_len)
		return -EINVAL;
	if (!(flags & MREMAP_FIXED))
		r.new_addr = flags & MREMAP_DONTUNMAP ? new_addr : 0;
	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	ret = remap(mm, &r);
	populate = !IS_ERR_VALUE(ret) && mm->locked_vm && r.new_len > r.old_len;
	up_write(&mm->mmap_sem);
	if (populate && (mm->def_flags & VM_LOCKED))
		mm_populate(ret + r.old_len, r.new_len - r.old_len);
	return ret;
}
