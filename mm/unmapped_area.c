/* SPDX-License-Identifier: MIT */
/*
 * Where to put a new mapping: the highest hole below mmap_base that is large enough.
 *
 *   0 .. text data heap ->        <- mappings grow down [mmap_base]  <- stack
 *
 * Each node of the area tree knows the largest hole below any area of its subtree (vma.c), so subtrees without
 * a hole of the size are not entered: O(log n). The hole above the last area is looked at first. If nothing is
 * left below mmap_base, the search is repeated over the whole of user space.
 *
 * A hole below a growing stack does not include its guard gap. Linux searches the same way, and can search
 * upwards for the old layout (legacy_va_layout).
 */
#include "mm/vma.h"

#define CAP_SYS_RAWIO 17

struct gap_search {
	unsigned long len;
	unsigned long low, high;	/* the mapping must lie in [low, high) */
};

/* => the highest address in [lo, hi) where the mapping fits, 0: it does not */
static unsigned long fit_in_hole(const struct gap_search *s, unsigned long lo, unsigned long hi)
{
	lo = max(lo, s->low);
	hi = min(hi, s->high);
	return hi > lo && hi - lo >= s->len ? hi - s->len : 0;
}

static unsigned long search_subtree(const struct gap_search *s, const struct rb_node *node)
{
	const struct vm_area_struct *vma;
	unsigned long addr, below;

	if (!node)
		return 0;
	vma = rb_entry(node, struct vm_area_struct, vm_rb);
	if (vma->rb_subtree_gap < s->len)
		return 0;
	if (vma->vm_end < s->high) {
		addr = search_subtree(s, node->rb_right);
		if (addr)
			return addr;
	}
	below = vma->vm_prev ? vma->vm_prev->vm_end : 0;
	addr = fit_in_hole(s, below, vma_start_gap(vma));
	if (addr)
		return addr;
	return vma->vm_start > s->low ? search_subtree(s, node->rb_left) : 0;
}

static unsigned long search_gap(struct mm_struct *mm, unsigned long len, unsigned long high)
{
	struct gap_search s = { .len = len, .low = max(sysctl_mmap_min_addr, PAGE_SIZE), .high = high };
	unsigned long addr = fit_in_hole(&s, mm->highest_vm_end, high);

	return addr ? addr : search_subtree(&s, mm->mm_rb.rb_node);
}

/* The caller's wish, if it is free. => 0: it is not */
static unsigned long try_hint(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma, *prev;

	addr = ALIGN(addr, PAGE_SIZE);
	if (addr < sysctl_mmap_min_addr || addr > TASK_SIZE - len)
		return 0;
	vma = find_vma_prev(mm, addr, &prev);
	if ((vma && addr + len > vma_start_gap(vma)) || (prev && addr < prev->vm_end))
		return 0;
	return addr;
}

unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long found;

	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		if (addr < sysctl_mmap_min_addr)
			return current->cap_effective >> CAP_SYS_RAWIO & 1 ? addr : -EPERM;
		return addr;
	}
	if (addr) {
		found = try_hint(mm, addr, len);
		if (found)
			return found;
	}
	found = flags & MAP_32BIT ? search_gap(mm, len, 0x80000000UL) : search_gap(mm, len, mm->mmap_base);
	if (!found && !(flags & MAP_32BIT))
		found = search_gap(mm, len, TASK_SIZE);
	return found ? found : -ENOMEM;
}
