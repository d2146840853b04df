/* SPDX-License-Identifier: MIT */
/*
 * Swap-in (spec 7.5): the entry names a slot, or a page under migration.
 *
 *   1 migration entry: wait for the page's lock, try again    2 look in the swap cache
 *   3 else read with readahead; no page: OOM unless the entry has changed; a read is a major fault
 *   4 lock the page; the slot is another one now: try again   5 not uptodate: SIGBUS
 *   6 write and sole user: map it writable, drop the slot     7 map; one use of the slot less
 *   8 a write that could not reuse the page goes on as copy on write
 *
 * The page lock is what makes 4-7 one step for all processes that share the slot. It is taken with no
 * spinlock held; the entry is compared again under page_table_lock afterwards.
 */
#include "arch/mmu.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"

/* => the entry's lock holder (the migrating task) is done or was not there; the fault is tried again */
static int wait_for_migration(struct fault *f, swp_entry_t entry)
{
	struct page *page = pfn_to_page(swp_offset(entry));

	if (!fault_lock_same(f))
		return 0;
	/* with the entry in place the page has the migrator's reference */
	if (!get_page_unless_zero(page)) {
		spin_unlock(f->ptl);
		return 0;
	}
	spin_unlock(f->ptl);
	wait_on_page_locked(page);
	put_page(page);
	return 0;
}

/* Steps 2 and 3. => page with a reference or NULL with *ret set */
static struct page *find_or_read(struct fault *f, swp_entry_t entry, int *ret)
{
	struct page *page = lookup_swap_cache(entry);

	*ret = 0;
	if (page)
		return page;
	page = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE);
	if (!page) {
		if (fault_lock_same(f)) {
			spin_unlock(f->ptl);
			*ret = VM_FAULT_OOM;
		}
		return NULL;
	}
	*ret = VM_FAULT_MAJOR;
	count_vm_event(PGMAJFAULT);
	return page;
}

/* Steps 6 and 7, under both locks. => VM_FAULT_WRITE when the write needs no copy */
static int map_swapped_page(struct fault *f, struct page *page, swp_entry_t entry)
{
	pte_t pte = mk_pte(page, f->vma->vm_page_prot);
	int ret = 0;

	inc_mm_counter(f->mm, MM_ANONPAGES);
	dec_mm_counter(f->mm, MM_SWAPENTS);
	if ((f->flags & FAULT_FLAG_WRITE) && reuse_swap_page(page)) {
		pte = maybe_mkwrite(pte_mkdirty(pte), f->vma);
		ret = VM_FAULT_WRITE;
	}
	page_add_anon_rmap(page, f->vma, f->address);
	set_pte_at(f->mm, f->address, f->pte, pte);
	f->orig = pte;
	swap_free(entry);
	if (vm_swap_full() || (f->vma->vm_flags & VM_LOCKED) || PageMlocked(page))
		try_to_free_swap(page);
	if ((f->vma->vm_flags & VM_LOCKED) && !PageMlocked(page))
		mlock_vma_page(page);
	return ret;
}

int do_swap_page(struct fault *f)
{
	swp_entry_t entry = pte_to_swp_entry(f->orig);
	struct page *page;
	int ret, how;

	if (is_migration_entry(entry))
		return wait_for_migration(f, entry);
	if (non_swap_entry(entry))
		return VM_FAULT_SIGBUS;
	if (unlikely(anon_vma_prepare(f->vma)))
		return VM_FAULT_OOM;
	page = find_or_read(f, entry, &ret);
	if (!page)
		return ret;
	if (lock_page_killable(page)) { /* the disk may take for ever */
		put_page(page);
		return VM_FAULT_SIGBUS; /* not seen: the task is being killed */
	}
	if (unlikely(!PageSwapCache(page) || page_private(page) != entry.val))
		goto out;
	if (unlikely(!fault_lock_same(f)))
		goto out;
	if (unlikely(!PageUptodate(page))) {
		spin_unlock(f->ptl);
		ret = VM_FAULT_SIGBUS;
		goto out;
	}
	how = map_swapped_page(f, page, entry);
	unlock_page(page);
	if ((f->flags & FAULT_FLAG_WRITE) && !how)
		return ret | (do_wp_page(f) & VM_FAULT_ERROR); /* drops the lock */
	spin_unlock(f->ptl);
	return ret;
out:
	unlock_page(page);
	put_page(page);
	return ret;
}
