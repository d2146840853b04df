/* SPDX-License-Identifier: MIT */
/*
 * anon_vma: all areas that may map the same anonymous pages.
 *
 *   first anonymous fault in an area: anon_vma made (or a fitting neighbour's taken)
 *   fork: the child's copy of the area joins the same list, so one list covers a whole lineage
 *
 *   page->mapping = anon_vma | 1 ---> { lock, refcount, head: vma - vma - vma }
 *
 * Invariant: every area that maps a page whose mapping is this anon_vma is on its list, and each such
 * area holds a reference. So while a page is mapped, its anon_vma exists.
 *
 * Lifetime against reclaim, which comes from the page with no lock of the area's mm: page->mapping stays
 * behind when the last mapping goes, so the pointer may be stale. page_lock_anon_vma() looks at page_mapped
 * and takes a reference under a hashed lookup lock; whoever drops the last reference passes
 * through the same lock before it frees. Either the looker saw the page mapped - then the area was still
 * there and the freeing side waits for the lock until the reference is tried - or it saw it unmapped
 * and does not touch the pointer. Linux uses RCU and type-stable memory for this, and since 2.6.34 gives each
 * process an anon_vma of its own, linked by chains: a child's private pages are then not looked for
 * in its parent.
 *
 * Locks: anon_vma->lock for the list; anon_vma pointer of an area: set once under mmap_sem (reading is enough)
 * and page_table_lock.
 */
#include "mm/rmap.h"

#include "mm/slab.h"
#include "mm/vma.h"

#define LOOKUP_LOCKS 16

static struct {
	spinlock_t lock;
} __aligned(64) lookup_locks[LOOKUP_LOCKS];
static struct kmem_cache *anon_vma_cachep;

static spinlock_t *lookup_lock(const struct anon_vma *anon_vma)
{
	return &lookup_locks[(unsigned long)anon_vma >> 6 & (LOOKUP_LOCKS - 1)].lock;
}

void anon_vma_init(void)
{
	for (int i = 0; i < LOOKUP_LOCKS; i++)
		spin_lock_init(&lookup_locks[i].lock, LOCK_RANK_LEAF);
	anon_vma_cachep = kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0, SLAB_PANIC, NULL);
}

static struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *anon_vma = kmem_cache_alloc(anon_vma_cachep, GFP_KERNEL);

	if (!anon_vma)
		return NULL;
	spin_lock_init(&anon_vma->lock, LOCK_RANK_ANON_VMA);
	atomic_set(&anon_vma->refcount, 0);
	INIT_LIST_HEAD(&anon_vma->head);
	return anon_vma;
}

static inline void put_anon_vma(struct anon_vma *anon_vma)
{
	spinlock_t *lookup;

	if (!atomic_dec_and_test(&anon_vma->refcount))
		return;
	lookup = lookup_lock(anon_vma);
	spin_lock(lookup); /* a looker that still saw the page mapped is done after this */
	spin_unlock(lookup);
	VM_BUG_ON(!list_empty(&anon_vma->head));
	kmem_cache_free(anon_vma_cachep, anon_vma);
}

/* A neighbour that would merge with vma but for its anon_vma: taking the same one keeps that possible. */
static struct anon_vma *neighbour_anon_vma(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *pair[2][2] = { { vma->vm_prev, vma }, { vma, vma->vm_next } };

	for (int i = 0; i < 2; i++) {
		const struct vm_area_struct *a = pair[i][0], *b = pair[i][1];
		struct anon_vma *found;

		if (!a || !b || a->vm_end != b->vm_start || a->vm_file != b->vm_file ||
		    a->vm_pgoff + vma_pages(a) != b->vm_pgoff)
			continue;
		if ((a->vm_flags ^ b->vm_flags) & ~(VM_READ | VM_WRITE | VM_EXEC))
			continue;
		found = i ? READ_ONCE(b->anon_vma) : READ_ONCE(a->anon_vma);
		if (found)
			return found;
	}
	return NULL;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct anon_vma *anon_vma = neighbour_anon_vma(vma), *unused = NULL;

	if (!anon_vma) {
		anon_vma = unused = anon_vma_alloc();
		if (!anon_vma)
			return -ENOMEM;
	}
	spin_lock(&anon_vma->lock);
	spin_lock(&mm->page_table_lock);
	if (!vma->anon_vma) {
		vma->anon_vma = anon_vma;
		atomic_inc(&anon_vma->refcount);
		list_add_tail(&vma->anon_vma_node, &anon_vma->head);
		unused = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	spin_unlock(&anon_vma->lock);
	if (unused)
		kmem_cache_free(anon_vma_cachep, unused);
	return 0;
}

void anon_vma_link(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	if (!anon_vma)
		return;
	spin_lock(&anon_vma->lock);
	atomic_inc(&anon_vma->refcount);
	list_add_tail(&vma->anon_vma_node, &anon_vma->head);
	spin_unlock(&anon_vma->lock);
}

void anon_vma_unlink(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	if (!anon_vma)
		return;
	spin_lock(&anon_vma->lock);
	list_del_init(&vma->anon_vma_node);
	spin_unlock(&anon_vma->lock);
	vma->anon_vma = NULL;
	put_anon_vma(anon_vma);
}

struct anon_vma *page_lock_anon_vma(const struct page *page)
{
	unsigned long mapping = (unsigned long)READ_ONCE(page->mapping);
	struct anon_vma *anon_vma = (struct anon_vma *)(mapping & ~PAGE_MAPPING_ANON);
	spinlock_t *lookup;

	if (!(mapping & PAGE_MAPPING_ANON) || !page_mapped(page))
		return NULL;
	lookup = lookup_lock(anon_vma);
	spin_lock(lookup);
	/* mapping is set before _mapcount leaves -1, so mapped first, then mapping, is a true pair */
	if (!page_mapped(page) || (unsigned long)READ_ONCE(page->mapping) != mapping ||
	    !atomic_inc_not_zero(&anon_vma->refcount))
		anon_vma = NULL;
	spin_unlock(lookup);
	if (anon_vma)
		spin_lock(&anon_vma->lock);
	return anon_vma;
}

void page_unlock_anon_vma(struct anon_vma *anon_vma)
{
	spin_unlock(&anon_vma->lock);
	put_anon_vma(anon_vma);
}
