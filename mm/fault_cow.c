/* SPDX-License-Identifier: MIT */
/*
 * A write to a page that is mapped read-only although its area may be written.
 *
 *   shared file page, clean      -> page locked, marked dirty, made writable (first write is seen)
 *   anonymous, we alone map it   -> made writable as it is                     reuse
 *   anonymous, others map it too -> our own copy; the others keep the old one  copy
 *   private file page, zero page -> our own copy
 *
 * "We alone": our entry's is the only reference, so there is no other mapping and no swap cache; under page_table_lock
 * no new user can come, as fork needs mmap_sem for writing. With more references one mapping and no other user of
 * its slot: users of the slot become mappings and back under the page lock only, so that is where they are
 * counted. (Not without it: one looked for among the mappings, then in the swap cache, can change place in between.)
 *
 * The old entry is cleared and flushed on all CPUs before the new one is set: two threads never write to
 * two pages for one address.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "mm/writeback.h"

static int reuse_page(struct fault *f)
{
	pte_t entry = maybe_mkwrite(pte_mkdirty(pte_mkyoung(f->orig)), f->vma);

	ptep_set_access_flags(f->vma, f->address, f->pte, entry, 1);
	spin_unlock(f->ptl);
	return VM_FAULT_WRITE;
}

/* Is the anonymous page ours alone? => ptl held, and held on return; may drop it: then *changed */
static bool sole_user(struct fault *f, struct page *page, bool *changed)
{
	bool sole;

	*changed = false;
	if (likely(page_count(page) == 1))
		return true;
	if (page_mapcount(page) != 1)
		return false;
	if (!trylock_page(page)) {
		get_page(page);
		spin_unlock(f->ptl);
		lock_page(page);
		spin_lock(f->ptl);
		if (!pte_same(ptep_get(f->pte), f->orig)) {
			unlock_page(page);
			spin_unlock(f->ptl);
			put_page(page);
			*changed = true;
			return false;
		}
		atomic_dec(&page->_refcount); /* the mapping's reference is still there */
	}
	sole = reuse_swap_page(page);
	unlock_page(page);
	return sole;
}

static void copy_old(struct page *new, struct page *old)
{
	if (old)
		copy_highpage(new, old);
}

/* => ptl held on entry, not on return. old: the page now mapped, NULL for the zero page */
static int copy_page_fault(struct fault *f, struct page *old)
{
	struct vm_area_struct *vma = f->vma;
	struct page *new = NULL;
	pte_t entry;

	if (old)
		get_page(old);
	spin_unlock(f->ptl);
	if (!anon_vma_prepare(vma))
		new = fault_alloc_page(!old);
	if (unlikely(!new)) {
		if (old)
			put_page(old);
		return VM_FAULT_OOM;
	}
	copy_old(new, old);
	if (unlikely(!fault_lock_same(f))) {
		put_page(new);
		if (old)
			put_page(old);
		return 0;
	}
	if (!old || !PageAnon(old)) {
		inc_mm_counter(f->mm, MM_ANONPAGES);
		if (old)
			dec_mm_counter(f->mm, MM_FILEPAGES);
	}
	entry = maybe_mkwrite(pte_mkdirty(mk_pte(new, vma->vm_page_prot)), vma);
	ptep_clear_flush(f->mm, f->address, f->pte);
	page_add_new_anon_rmap(new, vma, f->address);
	set_pte_at(f->mm, f->address, f->pte, entry);
	if (old)
		page_remove_rmap(old);
	spin_unlock(f->ptl);
	if (old) {
		atomic_dec(&old->_refcount); /* the mapping's; ours keeps it above zero */
		free_page_and_swap_cache(old);
	}
	return VM_FAULT_WRITE;
}

/* A shared file page whose first write we wanted to see. => ptl held on entry, not on return */
static int dirty_shared_page(struct fault *f, struct page *page)
{
	struct vm_area_struct *vma = f->vma;
	struct vm_fault vmf = { .flags = f->flags, .address = f->address,
				.pgoff = linear_page_index(vma, f->address), .page = page };
	struct address_space *mapping;
	int ret = 0;

	get_page(page);
	spin_unlock(f->ptl);
	lock_page(page);
	mapping = page_mapping(page);
	if (!mapping)
		goto out; /* truncated meanwhile: the next try faults anew */
	if (vma->vm_ops->page_mkwrite) {
		ret = vma->vm_ops->page_mkwrite(vma, &vmf) & VM_FAULT_ERROR;
		if (ret)
			goto out;
	}
	if (!fault_lock_same(f))
		goto out;
	set_page_dirty(page); /* before the entry is writable: cleaning it takes the page lock */
	ret = reuse_page(f);
	unlock_page(page);
	put_page(page);
	balance_dirty_pages_ratelimited(mapping);
	return ret;
out:
	unlock_page(page);
	put_page(page);
	return ret;
}

int do_wp_page(struct fault *f)
{
	struct page *page = vm_normal_page(f->orig);
	bool changed;

	if (!page && (f->vma->vm_flags & VM_IO))
		return reuse_page(f);
	if (page && PageAnon(page)) {
		if (sole_user(f, page, &changed))
			return reuse_page(f);
		if (changed)
			return 0;
	} else if (f->vma->vm_flags & VM_SHARED) {
		if (page && vma_wants_writenotify(f->vma))
			return dirty_shared_page(f, page);
		return reuse_page(f);
	}
	return copy_page_fault(f, page);
}
