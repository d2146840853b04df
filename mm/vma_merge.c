/* SPDX-License-Identifier: MIT */
/*
 * Keeping the number of areas small: neighbours with the same rights and contents become one, and an
 * area is cut where a call changes only part of it.
 *
 *   mprotect of the middle:   [ A A A ]  ->  [A][B][A]      split, split, change
 *   and back:                 [A][B][A]  ->  [A][A][A] -> [ A A A ]      change, merge, merge
 *
 * Two areas fit when flags, file and private data are equal, offsets continue, no vm_ops->close waits
 * for its area, and their anon_vmas are one (or one has none yet). A program with one big heap
 * thus has one area whatever the order of its mmaps was.
 *
 * Reverse-map walkers may see a range in two areas for a moment, but never in none: truncation would leave
 * its entries behind. Linux merges before it splits, which saves an allocation now and then; the result is
 * the same. Locks: mmap_sem for writing everywhere.
 */
#include "fs/fs.h"
#include "mm/rmap.h"
#include "mm/vma.h"

static bool mergeable_attributes(const struct vm_area_struct *vma, unsigned long vm_flags,
				 const struct file *file)
{
	if (vma->vm_flags != vm_flags || vma->vm_file != file)
		return false;
	return !(vma->vm_ops && vma->vm_ops->close) && !vma->vm_private_data;
}

static bool anon_vmas_fit(const struct anon_vma *a, const struct anon_vma *b)
{
	return !a || !b || a == b;
}

/* Does b continue a? (b follows a without a gap) */
static bool areas_fit(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a && b && a->vm_end == b->vm_start &&
	       mergeable_attributes(a, b->vm_flags, b->vm_file) && !b->vm_private_data &&
	       a->vm_pgoff + vma_pages(a) == b->vm_pgoff && anon_vmas_fit(a->anon_vma, b->anon_vma);
}

/* a takes over its neighbour b. Never fails: a's tables and b's stay as they are. */
static void swallow_next(struct vm_area_struct *a, struct vm_area_struct *b)
{
	unsigned long end = b->vm_end;

	if (!a->anon_vma && b->anon_vma) {
		a->anon_vma = b->anon_vma;
		anon_vma_link(a);
	}
	vma_adjust(a, a->vm_start, end, a->vm_pgoff);
	vma_unlink_file(b);
	vma_unlink(a->vm_mm, b);
	anon_vma_unlink(b);
	if (b->vm_file)
		fput(b->vm_file);
	vma_free(b);
}

struct vm_area_struct *vma_merge_new(struct mm_struct *mm, unsigned long start, unsigned long end,
				     unsigned long vm_flags, struct file *file, unsigned long pgoff)
{
	struct vm_area_struct *prev, *next = find_vma_prev(mm, start, &prev);
	bool with_prev, with_next;

	with_prev = prev && prev->vm_end == start && mergeable_attributes(prev, vm_flags, file) &&
		    prev->vm_pgoff + vma_pages(prev) == pgoff;
	with_next = next && next->vm_start == end && mergeable_attributes(next, vm_flags, file) &&
		    next->vm_pgoff == pgoff + ((end - start) >> PAGE_SHIFT);
	if (with_prev) {
		vma_adjust(prev, prev->vm_start, end, prev->vm_pgoff);
		if (with_next && areas_fit(prev, next))
			swallow_next(prev, next);
		return prev;
	}
	if (with_next) {
		vma_adjust(next, start, next->vm_end, pgoff);
		return next;
	}
	return NULL;
}

struct vm_area_struct *vma_merge_around(struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev;

	if (areas_fit(vma, vma->vm_next))
		swallow_next(vma, vma->vm_next);
	if (areas_fit(prev, vma)) {
		swallow_next(prev, vma);
		return prev;
	}
	return vma;
}

/*
 * The new area enters the reverse maps with its final bounds before the old one gives them up, so no page
 * of the area is ever without one.
 */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, bool new_below)
{
	unsigned long cut = (addr - vma->vm_start) >> PAGE_SHIFT;
	struct vm_area_struct *new;

	VM_BUG_ON(addr <= vma->vm_start || addr >= vma->vm_end || (addr & ~PAGE_MASK));
	if (mm->map_count >= sysctl_max_map_count)
		return -ENOMEM;
	new = vma_dup(vma);
	if (!new)
		return -ENOMEM;
	if (new_below) {
		new->vm_end = addr;
	} else {
		new->vm_start = addr;
		new->vm_pgoff += cut;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(new);
	anon_vma_link(new);
	vma_link_file(new);
	if (new_below)
		vma_adjust(vma, addr, vma->vm_end, vma->vm_pgoff + cut);
	else
		vma_adjust(vma, vma->vm_start, addr, vma->vm_pgoff);
	vma_insert_mm(mm, new);
	return 0;
}

int vma_isolate(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		unsigned long end)
{
	int err;

	if (start > vma->vm_start) {
		err = split_vma(mm, vma, start, true);
		if (err)
			return err;
	}
	if (end < vma->vm_end)
		return split_vma(mm, vma, end, false);
	return 0;
}
