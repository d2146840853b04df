/* SPDX-License-Identifier: MIT */
/*
 * Areas (vm_area_struct) as elements of an address space: in a list and a tree by address, in the list
 * of mappings of their file, in the list of their anon_vma.
 *
 *   mm->mmap:   [text] <-> [data] <-> [heap] <-> ...... <-> [libs] <-> [stack]
 *   mm->mm_rb:  the same areas, each with the largest hole below any area of its subtree, so that
 *               a hole for a new mapping is found in O(log n) (unmapped_area.c)
 *
 * Invariants: areas do not overlap; vm_prev and vm_next agree with the tree; highest_vm_end is
 * the end of the last one; an area with anon_vma is on the anon_vma's list, one with vm_file in i_mmap.
 *
 * Locks: mmap_sem for writing changes areas; bounds and offset also need i_mmap_lock and the
 * anon_vma's lock, because reclaim computes addresses from them without mmap_sem. A stack grows with
 * mmap_sem for reading and page_table_lock (stack.c).
 *
 * Linux has a maple tree and per-area locks here since 6.1. Read next: vma_merge.c, mmap.c.
 */
#include "mm/vma.h"

#include "fs/fs.h"
#include "mm/address_space.h"
#include "mm/rmap.h"
#include "mm/slab.h"

static struct kmem_cache *vma_cachep;

void vma_cache_init(void)
{
	vma_cachep = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0, SLAB_PANIC,
				       NULL);
}

struct vm_area_struct *vma_alloc(struct mm_struct *mm)
{
	struct vm_area_struct *vma = kmem_cache_zalloc(vma_cachep, GFP_KERNEL);

	if (!vma)
		return NULL;
	vma->vm_mm = mm;
	INIT_LIST_HEAD(&vma->shared_node);
	INIT_LIST_HEAD(&vma->anon_vma_node);
	return vma;
}

struct vm_area_struct *vma_dup(const struct vm_area_struct *vma)
{
	struct vm_area_struct *new = kmem_cache_alloc(vma_cachep, GFP_KERNEL);

	if (!new)
		return NULL;
	*new = *vma;
	new->vm_next = new->vm_prev = NULL;
	INIT_LIST_HEAD(&new->shared_node);
	INIT_LIST_HEAD(&new->anon_vma_node);
	return new;
}

void vma_free(struct vm_area_struct *vma)
{
	kmem_cache_free(vma_cachep, vma);
}

/* ---- The tree and its gaps --------------------------------------------------------------------- */

static unsigned long vma_gap(const struct vm_area_struct *vma)
{
	unsigned long start = vma_start_gap(vma), prev_end = vma->vm_prev ? vma->vm_prev->vm_end : 0;

	return start > prev_end ? start - prev_end : 0;
}

static unsigned long subtree_gap(const struct rb_node *node)
{
	return node ? rb_entry(node, struct vm_area_struct, vm_rb)->rb_subtree_gap : 0;
}

static void update_gap(struct rb_node *node)
{
	struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

	vma->rb_subtree_gap = max3(vma_gap(vma), subtree_gap(node->rb_left),
				   subtree_gap(node->rb_right));
}

/* => the first area that ends above addr, by the tree */
static struct vm_area_struct *tree_search(struct mm_struct *mm, unsigned long addr)
{
	struct rb_node *node = mm->mm_rb.rb_node;
	struct vm_area_struct *found = NULL;

	while (node) {
		struct vm_area_struct *vma = rb_entry(node, struct vm_area_struct, vm_rb);

		if (vma->vm_end <= addr) {
			node = node->rb_right;
			continue;
		}
		found = vma;
		if (vma->vm_start <= addr)
			break;
		node = node->rb_left;
	}
	return found;
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = READ_ONCE(mm->mmap_cache);

	if (vma && vma->vm_start <= addr && addr < vma->vm_end)
		return vma;
	vma = tree_search(mm, addr);
	if (vma)
		WRITE_ONCE(mm->mmap_cache, vma);
	return vma;
}

struct vm_area_struct *find_vma_from(struct mm_struct *mm, unsigned long *start, unsigned long end, int *holes)
{
	struct vm_area_struct *vma = find_vma(mm, *start);

	if (!vma || vma->vm_start >= end)
		return NULL;
	if (vma->vm_start > *start) {
		*holes = -ENOMEM;
		*start = vma->vm_start;
	}
	return vma;
}

struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
				     struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	struct rb_node *last;

	if (vma) {
		*prev = vma->vm_prev;
		return vma;
	}
	last = rb_last(&mm->mm_rb);
	*prev = rb_entry_safe(last, struct vm_area_struct, vm_rb);
	return NULL;
}

void vma_insert_mm(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct rb_node **link = &mm->mm_rb.rb_node, *parent = NULL;
	struct vm_area_struct *prev = NULL, *next;

	while (*link) {
		struct vm_area_struct *at = rb_entry(*link, struct vm_area_struct, vm_rb);

		parent = *link;
		VM_BUG_ON(vma->vm_start < at->vm_end && at->vm_start < vma->vm_end);
		if (at->vm_start > vma->vm_start) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			prev = at;
		}
	}
	next = prev ? prev->vm_next : mm->mmap;
	vma->vm_prev = prev;
	vma->vm_next = next;
	if (prev)
		prev->vm_next = vma;
	else
		mm->mmap = vma;
	if (next)
		next->vm_prev = vma;
	else
		mm->highest_vm_end = vma->vm_end;
	rb_link_node(&vma->vm_rb, parent, link);
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, update_gap);
	if (next)
		rb_augment_path(&next->vm_rb, update_gap);
	mm->map_count++;
}

void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma->vm_prev, *next = vma->vm_next;

	if (prev)
		prev->vm_next = next;
	else
		mm->mmap = next;
	if (next)
		next->vm_prev = prev;
	else
		mm->highest_vm_end = prev ? prev->vm_end : 0;
	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, update_gap);
	if (next)
		rb_augment_path(&next->vm_rb, update_gap);
	mm->mmap_cache = NULL;
	mm->map_count--;
}

/* ---- The reverse maps ---------------------------------------------------------------------------- */

void vma_link_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE))
		mapping->i_mmap_writable++;
	list_add_tail(&vma->shared_node, &mapping->i_mmap);
	spin_unlock(&mapping->i_mmap_lock);
}

void vma_unlink_file(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE))
		mapping->i_mmap_writable--;
	list_del_init(&vma->shared_node);
	spin_unlock(&mapping->i_mmap_lock);
}

void vma_insert(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_insert_mm(mm, vma);
	anon_vma_link(vma);
	vma_link_file(vma);
}

void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff)
{
	struct address_space *mapping = vma->vm_file ? vma->vm_file->f_mapping : NULL;
	struct anon_vma *anon_vma = vma->anon_vma;

	if (mapping)
		spin_lock(&mapping->i_mmap_lock);
	if (anon_vma)
		spin_lock(&anon_vma->lock);
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_pgoff = pgoff;
	if (anon_vma)
		spin_unlock(&anon_vma->lock);
	if (mapping)
		spin_unlock(&mapping->i_mmap_lock);

	rb_augment_path(&vma->vm_rb, update_gap);
	if (vma->vm_next)
		rb_augment_path(&vma->vm_next->vm_rb, update_gap);
	else
		vma->vm_mm->highest_vm_end = end;
}

void vma_grow_down(struct vm_area_struct *vma, unsigned long start)
{
	vma->vm_pgoff -= (vma->vm_start - start) >> PAGE_SHIFT;
	vma->vm_start = start;
	rb_augment_path(&vma->vm_rb, update_gap);
}

void vma_remove(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	vma_free(vma);
}
