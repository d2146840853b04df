/* SPDX-License-Identifier: MIT */
/*
 * Stacks: areas that grow towards lower addresses when the page below them is touched.
 *
 *   ... | other area | >= 256 pages of gap |<- grows | stack | STACK_TOP
 *
 * Limits in this order: RLIMIT_AS, RLIMIT_STACK, RLIMIT_MEMLOCK for a locked stack, overcommit; and the gap to the
 * area below, so that a big stack frame cannot step over into a mapping (stack clash).
 *
 * Locks: mmap_sem for reading is enough, as faults have no more: page_table_lock orders two threads that grow
 * the same stack, the anon_vma's lock keeps reclaim's address arithmetic right.
 */
#include "arch/mmu.h"
#include "mm/rmap.h"
#include "mm/vma.h"

static int stack_limits(struct vm_area_struct *vma, unsigned long size, unsigned long grow)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!may_expand_vm(mm, grow))
		return -ENOMEM;
	if (size > rlimit(RLIMIT_STACK_INDEX))
		return -ENOMEM;
	if ((vma->vm_flags & VM_LOCKED) && !can_do_mlock())
		return -ENOMEM;
	if ((vma->vm_flags & VM_LOCKED) &&
	    (mm->locked_vm + grow) << PAGE_SHIFT > rlimit(RLIMIT_MEMLOCK_INDEX) &&
	    !has_capability_admin(current))
		return -ENOMEM;
	return 0;
}

/*
 * A refused mmap can be handled, a refused stack kills a bystander with SIGSEGV. So a guess (mode 0) does
 * not refuse it: if memory is short, the page itself is what the OOM killer has to find.
 */
static int promise_growth(struct mm_struct *mm, unsigned long pages)
{
	if (!sysctl_overcommit_memory) {
		atomic_long_add((long)pages, &vm_committed_as);
		return 0;
	}
	return security_vm_enough_memory(mm, (long)pages);
}

static int grow_to(struct vm_area_struct *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long grow = (vma->vm_start - addr) >> PAGE_SHIFT;
	int err;

	if (grow > vma->vm_pgoff)
		return -ENOMEM;
	err = stack_limits(vma, vma->vm_end - addr, grow);
	if (err)
		return err;
	if ((vma->vm_flags & VM_ACCOUNT) && promise_growth(mm, grow))
		return -ENOMEM;
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += grow;
	vm_stat_account(mm, vma->vm_flags, vma->vm_file, (long)grow);
	vma_grow_down(vma, addr);
	return 0;
}

int expand_stack(struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *prev = vma->vm_prev;
	int err = 0;

	addr &= PAGE_MASK;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EFAULT;
	if (addr < sysctl_mmap_min_addr)
		return -EPERM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) &&
	    (prev->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) && addr < prev->vm_end + STACK_GUARD_GAP)
		return -ENOMEM;
	if (prev && addr < prev->vm_end)
		return -ENOMEM;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	spin_lock(&vma->anon_vma->lock);
	spin_lock(&vma->vm_mm->page_table_lock);
	if (addr < vma->vm_start)
		err = grow_to(vma, addr);
	spin_unlock(&vma->vm_mm->page_table_lock);
	spin_unlock(&vma->anon_vma->lock);
	return err;
}

struct vm_area_struct *find_extend_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	addr &= PAGE_MASK;
	vma = find_vma(mm, addr);
	if (!vma || vma->vm_start <= addr)
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, addr))
		return NULL;
	return vma;
}

int setup_stack_area(struct mm_struct *mm, unsigned long stack_top, bool executable)
{
	struct vm_area_struct *vma = vma_alloc(mm);
	int err = -ENOMEM;

	if (!vma)
		return -ENOMEM;
	down_write(&mm->mmap_sem);
	vma->vm_end = stack_top & PAGE_MASK;
	vma->vm_start = vma->vm_end - PAGE_SIZE;
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	vma->vm_flags = VM_STACK_FLAGS | (executable ? VM_EXEC : 0);
	vma_set_page_prot(vma);
	if (!security_vm_enough_memory(mm, 1)) {
		vma_insert(mm, vma);
		vm_stat_account(mm, vma->vm_flags, NULL, 1);
		mm->start_stack = vma->vm_end;
		err = 0;
	}
	up_write(&mm->mmap_sem);
	if (err)
		vma_free(vma);
	return err;
}

/* Room for the stack and a gap above mmap_base: between 128 MiB and 5/6 of user space. */
void arch_pick_mmap_layout(struct mm_struct *mm)
{
	unsigned long gap = rlimit(RLIMIT_STACK_INDEX);

	gap = gap > TASK_SIZE ? TASK_SIZE : gap + STACK_GUARD_GAP;
	gap = clamp(gap, 128UL << 20, TASK_SIZE / 6 * 5);
	mm->mmap_base = (TASK_SIZE - gap) & PAGE_MASK;
}
