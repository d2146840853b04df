/* SPDX-License-Identifier: MIT */
/*
 * swapoff: every page of an area comes back into memory, then the area is gone.
 *
 *   no new slots -> for each address space: each swap entry of the area -> page read, mapped again
 *                -> pages that only the cache had -> slot freed -> nothing in use: tables freed
 *
 * It goes by address space (swap_mms.c) and not by slot (as Linux does since 5.0): one walk over the page tables
 * finds all entries of the area. Entries may move while we walk (fork, exit), so it repeats until
 * the area counts no slot in use.
 *
 * Locks: swapon_mutex throughout; mmap_sem (read) of the space walked; page lock, then the
 * page-table lock for one entry. mmlist_lock for the list of spaces.
 */
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/swapon.h"

static int (*shmem_unuse)(unsigned int type); /* [I] the memory file system's part */

void swap_set_shmem_unuse(int (*unuse)(unsigned int type))
{
	shmem_unuse = unuse;
}

/* The page takes the place of the entry, if that is still there. => page locked */
static void unuse_pte(struct vm_area_struct *vma, unsigned long addr, swp_entry_t entry,
		      struct page *page)
{
	struct mm_struct *mm = vma->vm_mm;
	pmd_t *pmd;
	pte_t *pte = mm_find_pte(mm, addr, &pmd);
	spinlock_t *ptl;

	if (!pte)
		return;
	ptl = pte_lockptr(mm, pmd);
	spin_lock(ptl);
	if (pte_same(ptep_get(pte), swp_entry_to_pte(entry))) {
		dec_mm_counter(mm, MM_SWAPENTS);
		inc_mm_counter(mm, MM_ANONPAGES);
		get_page(page);
		set_pte_at(mm, addr, pte, pte_mkold(mk_pte(page, vma->vm_page_prot)));
		page_add_anon_rmap(page, vma, addr);
		swap_free(entry);
		activate_page(page);
	}
	spin_unlock(ptl);
	pte_unmap(pte);
}

/* => 0, -ENOMEM, -EIO, -EINTR */
static int unuse_entry(struct vm_area_struct *vma, unsigned long addr, swp_entry_t entry)
{
	struct page *page = lookup_swap_cache(entry);
	int err = 0;

	if (!page)
		page = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE);
	if (!page) /* freed meanwhile, or no memory to read it into */
		return swp_swapcount(entry) ? -ENOMEM : 0;
	if (lock_page_killable(page)) {
		put_page(page);
		return -EINTR;
	}
	wait_on_page_writeback(page);
	if (!PageSwapCache(page) || page_private(page) != entry.val) {
		/* reused or freed meanwhile: the next walk sees what became of it */
	} else if (!PageUptodate(page)) {
		err = -EIO;
	} else {
		unuse_pte(vma, addr, entry, page);
		try_to_free_swap(page);
	}
	unlock_page(page);
	put_page(page);
	return err;
}

/* => 0 or -errno; mmap_sem held for reading */
static int unuse_vma(struct vm_area_struct *vma, unsigned int type)
{
	unsigned long addr = vma->vm_start;

	while (addr < vma->vm_end) {
		pte_t *pte = mm_find_pte(vma->vm_mm, addr, NULL);
		pte_t now;
		int err;

		if (!pte) { /* no table: on to the next one */
			addr = pmd_addr_end(addr, vma->vm_end);
			continue;
		}
		now = ptep_get(pte);
		pte_unmap(pte);
		if (is_swap_pte(now) && swp_type(pte_to_swp_entry(now)) == type) {
			err = unuse_entry(vma, addr, pte_to_swp_entry(now));
			if (err)
				return err;
			if (signal_pending(current)) /* the area goes back as it was */
				return -EINTR;
			cond_resched();
		}
		addr += PAGE_SIZE;
	}
	return 0;
}

static int unuse_mm(struct mm_struct *mm, unsigned int type)
{
	int err = 0;

	if (!get_mm_counter(mm, MM_SWAPENTS))
		return 0;
	down_read(&mm->mmap_sem);
	for (struct vm_area_struct *vma = mm->mmap; vma && !err; vma = vma->vm_next)
		if (vma->anon_vma)
			err = unuse_vma(vma, type);
	up_read(&mm->mmap_sem);
	return err;
}

/* Slots that only cached pages keep. */
static void unuse_cache(struct swap_area *area)
{
	for (unsigned long offset = 1; offset < area->max; offset++) {
		struct page *page;

		if (READ_ONCE(area->map[offset]) != SWAP_HAS_CACHE)
			continue;
		page = swap_cache_find(swp_entry(area->type, offset));
		if (!page)
			continue;
		lock_page(page);
		wait_on_page_writeback(page);
		try_to_free_swap(page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}
}

int swap_unuse(struct swap_area *area)
{
	for (;;) {
		struct mm_struct *mm = NULL;
		int err = 0;

		swap_slot_caches_drain(); /* who was filling one when the area left the lists may still have slots */
		if (!swap_area_busy(area))
			return 0;

		while (!err && (mm = next_swap_mm(mm)))
			err = unuse_mm(mm, area->type);
		if (mm)
			mmput(mm);
		if (!err && shmem_unuse)
			err = shmem_unuse(area->type);
		if (err)
			return err;
		unuse_cache(area);
		if (signal_pending(current))
			return -EINTR;
		if (swap_area_busy(area)) /* somebody holds a page or forks: let it */
			schedule_timeout_uninterruptible(1);
	}
}

/* The area takes no more slots and leaves the sums, whatever is still in it. */
static void area_withdraw(struct swap_area *area)
{
	struct swap_area *other;

	if (area->prio < 0) {
		list_for_each_entry(other, &swap_active_head, list)
			if (other->prio < area->prio)
				other->prio++;
		swap_least_priority++;
	}
	list_del(&area->list);
	spin_lock(&area->lock);
	area->flags &= ~SWP_WRITEOK;
	swap_avail_del(area);
	atomic_long_sub(area->pages, &nr_swap_pages);
	total_swap_pages -= area->pages;
	spin_unlock(&area->lock);
}

/* The area is as it was before. */
static void say_stays(const struct swap_area *area, int err)
{
	if (err == -ENOMEM)
		pr_err("swap: %s stays on: there is no room for its %u kB in memory and the other areas; end "
		       "programs or swapon another area first\n",
		       area->path, area->inuse_pages << (PAGE_SHIFT - 10));
	else if (err == -EIO)
		pr_err("swap: %s stays on: a page of it cannot be read; end the program that owns it\n",
		       area->path);
}

static int swapoff_locked(struct swap_area *area)
{
	int err;

	if (security_vm_enough_memory(current->mm, area->pages)) {
		say_stays(area, -ENOMEM);
		return -ENOMEM;
	}
	vm_unacct_memory(area->pages);
	area_withdraw(area);
	set_current_oom_origin();
	err = swap_unuse(area);
	clear_current_oom_origin();
	if (err) {
		if (area->prio < 0)
			area->prio = --swap_least_priority;
		swap_area_publish(area); /* as it was, but behind all others of automatic priority */
		say_stays(area, err);
		return err;
	}
	spin_lock(&area->lock);
	if (area->flags & SWP_PAGE_DISCARD)
		swap_discard_wait(area);
	atomic_long_add(area->nr_bad, &nr_swap_pages); /* they were never given back */
	area->max = 0; /* from here on no entry leads to the tables */
	spin_unlock(&area->lock);
	bdev_release(area->bdev, &swapon_mutex);
	swap_area_free_tables(area);
	area->flags = 0;
	return 0;
}

int do_swapoff(struct block_device *bdev)
{
	struct swap_area *area;
	int err;

	if (!has_capability_admin(current))
		return -EPERM;
	mutex_lock(&swapon_mutex);
	area = swap_area_find(bdev);
	err = area ? swapoff_locked(area) : -EINVAL;
	if (!area)
		pr_err("swap: %s is not swapped on (/proc/swaps lists what is)\n", bdev->name);
	mutex_unlock(&swapon_mutex);
	return err;
}
