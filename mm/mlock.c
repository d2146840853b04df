/* SPDX-License-Identifier: MIT */
/*
 * mlock: areas whose pages stay in memory.
 *
 *   VM_LOCKED on the area (mlock, MAP_LOCKED, mlockall)  ->  each of its pages is faulted in and gets PG_mlocked
 *   PG_mlocked page -> unevictable list: reclaim does not look at it
 *   the last locked area lets go -> PG_mlocked off, back to an ordinary list
 *
 * locked_vm counts pages of locked areas against RLIMIT_MEMLOCK, whether mapped or not. A page that reclaim meets
 * on an ordinary list although a locked area maps it (it was isolated at the wrong moment) is culled there:
 * try_to_unmap says SWAP_MLOCK.
 *
 * Locks: mmap_sem for writing while flags change, for reading while pages are faulted in; PG_mlocked changes under
 * the page lock, or by the last unmapping. Linux counts the locking areas of a page since 5.18.
 */
#include "fs/fs.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vma.h"

#define CAP_IPC_LOCK 14

bool can_lock_any(void)
{
	return has_cap(current, CAP_IPC_LOCK);
}

bool can_do_mlock(void)
{
	return rlimit(RLIMIT_MEMLOCK_INDEX) != 0 || can_lock_any();
}

/* ---- Pages ---------------------------------------------------------------------------------------- */

void mlock_vma_page(struct page *page)
{
	VM_BUG_ON_PAGE(!PageLocked(page), page);
	if (TestSetPageMlocked(page))
		return;
	inc_zone_page_state(page, NR_MLOCK);
	count_vm_event(UNEVICTABLE_PGMLOCKED);
	if (!isolate_lru_page(page))
		putback_lru_page(page);
}

static int find_locked_area(struct page *page, struct vm_area_struct *vma, unsigned long addr, void *arg)
{
	spinlock_t *ptl;

	if (!(vma->vm_flags & VM_LOCKED) || vma == arg)
		return SWAP_AGAIN;
	if (!page_check_address(page, vma->vm_mm, addr, false, &ptl))
		return SWAP_AGAIN;
	spin_unlock(ptl);
	return SWAP_MLOCK;
}

/* One locked area lets the page go; if another one maps it, it stays locked. => page locked */
static void munlock_page_from(struct page *page, struct vm_area_struct *vma)
{
	if (!PageMlocked(page))
		return;
	if (page_mapcount(page) > 1 && rmap_walk(page, find_locked_area, vma) == SWAP_MLOCK)
		return;
	if (!TestClearPageMlocked(page))
		return;
	dec_zone_page_state(page, NR_MLOCK);
	count_vm_event(UNEVICTABLE_PGMUNLOCKED);
	if (!isolate_lru_page(page))
		putback_lru_page(page);
	else
		count_vm_event(UNEVICTABLE_PGSTRANDED);
}

/* The page-table lock is held and the page is on its way out: only the flag and the count matter. */
void clear_page_mlock(struct page *page)
{
	if (!TestClearPageMlocked(page))
		return;
	dec_zone_page_state(page, NR_MLOCK);
	count_vm_event(UNEVICTABLE_PGCLEARED);
	if (!isolate_lru_page(page))
		putback_lru_page(page);
}

void munlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr = start;

	lru_add_drain();
	while (next_pmd(vma->vm_mm, &addr, end)) {
		for (unsigned long stop = pmd_addr_end(addr, end); addr < stop; addr += PAGE_SIZE) {
			struct page *page = follow_page(vma, addr, FOLL_GET);

			if (!page)
				continue;
			lock_page(page);
			munlock_page_from(page, vma);
			unlock_page(page);
			put_page(page);
		}
		cond_resched();
	}
}

/* ---- Areas ---------------------------------------------------------------------------------------- */

/* Set or clear locking for [start, end) of vma. => the area that holds the range now, or ERR_PTR */
static struct vm_area_struct *lock_area(struct mm_struct *mm, struct vm_area_struct *vma,
					unsigned long start, unsigned long end, unsigned long lock)
{
	unsigned long flags = (vma->vm_flags & ~(VM_LOCKED | VM_LOCKONFAULT)) | lock;
	long pages = (long)((end - start) >> PAGE_SHIFT);
	int err;

	if (flags == vma->vm_flags || (vma->vm_flags & VM_IO))
		return vma;
	err = vma_isolate(mm, vma, start, end);
	if (err)
		return ERR_PTR(err);
	if ((vma->vm_flags & VM_LOCKED) && !lock) {
		mm->locked_vm -= (unsigned long)pages;
		vma->vm_flags = flags; /* no new page is locked from here on */
		munlock_vma_pages_range(vma, start, end);
	} else {
		if (!(vma->vm_flags & VM_LOCKED))
			mm->locked_vm += (unsigned long)pages;
		vma->vm_flags = flags;
	}
	return vma_merge_around(vma);
}

static int lock_range(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long lock)
{
	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long to;

		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		to = min(end, vma->vm_end);
		vma = lock_area(mm, vma, start, to, lock);
		if (IS_ERR(vma))
			return (int)PTR_ERR(vma);
		start = to;
	}
	return 0;
}

/* Pages of [start, end) that are locked already and so are not counted twice. */
static unsigned long locked_in_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned long pages = 0;

	for (struct vm_area_struct *vma = find_vma(mm, start); vma && vma->vm_start < end;
	     vma = vma->vm_next)
		if (vma->vm_flags & VM_LOCKED)
			pages += (min(end, vma->vm_end) - max(start, vma->vm_start)) >> PAGE_SHIFT;
	return pages;
}

/* => page-aligned range of the request; false: it wraps */
static bool page_range(unsigned long *start, unsigned long *end, unsigned long len)
{
	*end = *start + len;
	if (*end < *start)
		return false;
	*start &= PAGE_MASK;
	*end = ALIGN(*end, PAGE_SIZE);
	return *end || !len;
}

int do_mlock(unsigned long start, unsigned long len, int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long lock = VM_LOCKED | (flags & MLOCK_ONFAULT ? VM_LOCKONFAULT : 0), end, pages;
	int err = -ENOMEM;

	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	if (!page_range(&start, &end, len))
		return -EINVAL;
	lru_add_drain_all();
	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	pages = mm->locked_vm + ((end - start) >> PAGE_SHIFT);
	if (pages << PAGE_SHIFT > rlimit(RLIMIT_MEMLOCK_INDEX) && !can_lock_any())
		pages -= locked_in_range(mm, start, end);
	if (pages << PAGE_SHIFT <= rlimit(RLIMIT_MEMLOCK_INDEX) || can_lock_any())
		err = lock_range(mm, start, end, lock);
	up_write(&mm->mmap_sem);
	if (err || (flags & MLOCK_ONFAULT))
		return err;
	err = populate_range(start, end - start, false);
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

int do_munlock(unsigned long start, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	unsigned long end;
	int err;

	if (!page_range(&start, &end, len))
		return -EINVAL;
	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	err = lock_range(mm, start, end, 0);
	up_write(&mm->mmap_sem);
	return err;
}

static void lock_all(struct mm_struct *mm, unsigned long lock)
{
	struct vm_area_struct *vma = mm->mmap;

	while (vma) {
		unsigned long end = vma->vm_end;

		lock_area(mm, vma, vma->vm_start, end, lock); /* a failed merge changes nothing */
		vma = find_vma(mm, end);
	}
}

int do_mlockall(int flags)
{
	struct mm_struct *mm = current->mm;
	unsigned long lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);

	if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (!can_do_mlock())
		return -EPERM;
	lru_add_drain_all();
	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	if ((flags & MCL_CURRENT) && mm->total_vm << PAGE_SHIFT > rlimit(RLIMIT_MEMLOCK_INDEX) &&
	    !can_lock_any()) {
		up_write(&mm->mmap_sem);
		return -ENOMEM;
	}
	mm->def_flags = flags & MCL_FUTURE ? lock : 0;
	if (flags & MCL_CURRENT)
		lock_all(mm, lock);
	up_write(&mm->mmap_sem);
	if ((flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		mm_populate(0, TASK_SIZE);
	return 0;
}

int do_munlockall(void)
{
	struct mm_struct *mm = current->mm;

	if (down_write_killable(&mm->mmap_sem))
		return -EINTR;
	mm->def_flags = 0;
	lock_all(mm, 0);
	up_write(&mm->mmap_sem);
	return 0;
}
