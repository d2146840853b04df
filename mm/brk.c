/* SPDX-License-Identifier: MIT */
/*
 * The heap between start_brk and brk: one anonymous area that the program moves the end of.
 *
 * brk(2) answers with the break as it is afterwards; the C library sees from it whether the wish was granted.
 * Locks: mmap_sem for writing.
 */
#include "kernel/base/errno.h"
#include "mm/mmap.h"
#include "mm/vma.h"

int do_brk(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	unsigned long ret;

	len = ALIGN(len, PAGE_SIZE);
	if (!len)
		return 0;
	if ((addr & ~PAGE_MASK) || addr > TASK_SIZE || len > TASK_SIZE - addr)
		return -EINVAL;
	if ((mm->def_flags & VM_LOCKED) && !can_lock_any() &&
	    (mm->locked_vm << PAGE_SHIFT) + len > rlimit(RLIMIT_MEMLOCK_INDEX))
		return -EAGAIN;
	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	ret = mmap_region(mm, NULL, addr, len, VM_DATA_FLAGS | mm->def_flags, addr >> PAGE_SHIFT);
	return IS_ERR_VALUE(ret) ? (int)ret : 0;
}

static bool data_limit_reached(const struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = rlimit(RLIMIT_DATA_INDEX);

	return limit != ~0UL && (brk - mm->start_brk) + (mm->end_data - mm->start_data) > limit;
}

/* => true if the break may and did move there */
static bool move_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long old = ALIGN(mm->brk, PAGE_SIZE), new = ALIGN(brk, PAGE_SIZE);
	struct vm_area_struct *next;

	if (brk < mm->start_brk || brk > TASK_SIZE || data_limit_reached(mm, brk))
		return false;
	if (new == old)
		return true;
	if (new < old)
		return !do_munmap(mm, new, old - new);
	next = find_vma(mm, old);
	if (next && new + PAGE_SIZE > vma_start_gap(next))
		return false;
	return !do_brk(old, new - old);
}

unsigned long vm_brk(unsigned long brk)
{
	struct mm_struct *mm = current->mm;
	unsigned long old, ret;
	bool populate = false;

	down_write(&mm->mmap_sem);
	old = mm->brk;
	if (move_brk(mm, brk)) {
		populate = brk > old && (mm->def_flags & VM_LOCKED);
		mm->brk = brk;
	}
	ret = mm->brk;
	up_write(&mm->mmap_sem);
	if (populate)
		mm_populate(ALIGN(old, PAGE_SIZE), ALIGN(ret, PAGE_SIZE) - ALIGN(old, PAGE_SIZE));
	return ret;
}
