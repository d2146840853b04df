/* SPDX-License-Identifier: MIT */
/*
 * The kernel reaching into an address space: get_user_pages and what is built on it.
 *
 *   follow_page: look, do not fault      get_user_pages: look, fault, look again, until it is there
 *   access_remote_vm: copy through the pages' kernel addresses (ptrace, /proc/PID/mem, exec's new stack)
 *   mm_populate: fault in without wanting the pages (MAP_POPULATE, mlock)
 *
 * FOLL_FORCE lets a debugger write to a private read-only mapping: the write makes a copy as any private write
 * does, but the entry stays read-only; once a fault has said VM_FAULT_WRITE (FOLL_COW), a dirty anonymous page is
 * accepted without the write bit. Only such a page: the copy may have been dropped again meanwhile (MADV_DONTNEED),
 * and what is mapped then is the file's own.
 *
 * Locks: mmap_sem for reading; page_table_lock in follow_page, which takes the reference under it.
 */
#include "arch/mmu.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vma.h"

static bool may_follow(pte_t entry, unsigned int foll_flags)
{
	struct page *page;

	if (!pte_present(entry))
		return false;
	if (!(foll_flags & FOLL_WRITE) || pte_write(entry))
		return true;
	page = vm_normal_page(entry);
	return (foll_flags & FOLL_COW) && page && PageAnon(page) && pte_dirty(entry);
}

/* A page that was there before its area was locked; one that is busy now is found by reclaim later (SWAP_MLOCK). */
static void mark_mlocked(struct page *page)
{
	if (PageMlocked(page) || !page->mapping || !trylock_page(page))
		return;
	lru_add_drain(); /* it may still wait for its place on a list */
	mlock_vma_page(page);
	unlock_page(page);
}

struct page *follow_page(struct vm_area_struct *vma, unsigned long addr, unsigned int foll_flags)
{
	pmd_t *pmd;
	pte_t *pte = mm_find_pte(vma->vm_mm, addr, &pmd), entry;
	struct page *page = NULL;
	spinlock_t *ptl;

	if (!pte)
		return NULL;
	ptl = pte_lockptr(vma->vm_mm, pmd);
	spin_lock(ptl);
	entry = ptep_get(pte);
	if (!may_follow(entry, foll_flags))
		goto out;
	page = vm_normal_page(entry);
	if (!page) {
		if (pte_pfn(entry) == page_to_pfn(zero_page))
			page = zero_page;
		else
			goto out;
	}
	if (foll_flags & FOLL_GET)
		get_page(page);
	if (foll_flags & FOLL_TOUCH) {
		if ((foll_flags & FOLL_WRITE) && !pte_dirty(entry) && !PageDirty(page))
			set_page_dirty(page);
		mark_page_accessed(page);
	}
	if ((foll_flags & FOLL_MLOCK) && (vma->vm_flags & VM_LOCKED))
		mark_mlocked(page);
out:
	spin_unlock(ptl);
	return page;
}

/* Fault in one page. => 0, or -errno; *foll gets FOLL_COW once a forced write has its copy */
static int fault_in(struct vm_area_struct *vma, unsigned long addr, unsigned int *foll)
{
	int ret = handle_mm_fault(vma->vm_mm, vma, addr, *foll & FOLL_WRITE ? FAULT_FLAG_WRITE : 0);

	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV))
		return -EFAULT;
	if ((ret & VM_FAULT_WRITE) && !(vma->vm_flags & VM_WRITE))
		*foll |= FOLL_COW;
	return 0;
}

static bool area_allows(const struct vm_area_struct *vma, unsigned int foll)
{
	unsigned long want = foll & FOLL_WRITE ? VM_WRITE : VM_READ;

	if (vma->vm_flags & VM_IO)
		return false;
	if (!(foll & FOLL_FORCE))
		return vma->vm_flags & want;
	/* forced writing must not reach a shared page that the owner may not write */
	if ((foll & FOLL_WRITE) && !(vma->vm_flags & VM_WRITE) && !is_cow_mapping(vma->vm_flags))
		return false;
	return vma->vm_flags & (want == VM_WRITE ? VM_MAYWRITE : VM_MAYREAD);
}

/* => the page of addr by force of faults, or ERR_PTR */
static struct page *get_one(struct vm_area_struct *vma, unsigned long addr, unsigned int foll)
{
	struct page *page;
	int err;

	while (!(page = follow_page(vma, addr, foll))) {
		if (fatal_signal_pending(current))
			return ERR_PTR(-ERESTARTSYS);
		err = fault_in(vma, addr, &foll);
		if (err)
			return ERR_PTR(err);
		cond_resched();
	}
	return page;
}

/* => nothing was ever in this place of an anonymous area */
static bool untouched(struct vm_area_struct *vma, unsigned long addr)
{
	pmd_t *pmd;
	pte_t *pte;

	if (!vma_is_anonymous(vma))
		return false;
	pte = mm_find_pte(vma->vm_mm, addr, &pmd);
	return !pte || pte_none(ptep_get(pte));
}

struct page *get_dump_page(unsigned long addr)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct page *page = NULL;

	down_read(&mm->mmap_sem);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && !untouched(vma, addr) &&
	    get_user_pages(mm, addr, 1, FOLL_FORCE, &page) != 1)
		page = NULL;
	up_read(&mm->mmap_sem);
	if (page == zero_page) {
		put_page(page);
		page = NULL;
	}
	return page;
}

long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned int foll_flags,
		    struct page **pages)
{
	struct vm_area_struct *vma = NULL;
	unsigned long i;
	long err = 0;

	if (pages)
		foll_flags |= FOLL_GET;
	for (i = 0; i < nr; i++, start += PAGE_SIZE) {
		struct page *page;

		if (!vma || start >= vma->vm_end)
			vma = find_extend_vma(mm, start);
		if (!vma || start < vma->vm_start || !area_allows(vma, foll_flags)) {
			err = -EFAULT;
			break;
		}
		page = get_one(vma, start, foll_flags);
		if (IS_ERR(page)) {
			err = PTR_ERR(page);
			break;
		}
		if (pages)
			pages[i] = page;
	}
	return i ? (long)i : err;
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len, int write)
{
	unsigned int foll = FOLL_FORCE | (write ? FOLL_WRITE : 0);
	int done = 0;

	down_read(&mm->mmap_sem);
	while (done < len) {
		unsigned int offset = (unsigned int)(addr & ~PAGE_MASK);
		unsigned int n = min((unsigned int)(len - done), (unsigned int)PAGE_SIZE - offset);
		struct page *page;
		char *at;

		if (get_user_pages(mm, addr & PAGE_MASK, 1, foll, &page) != 1)
			break;
		at = kmap(page);
		if (write) {
			memcpy(at + offset, (char *)buf + done, n);
			set_page_dirty_lock(page);
		} else {
			memcpy((char *)buf + done, at + offset, n);
		}
		kunmap(page);
		put_page(page);
		done += (int)n;
		addr += n;
	}
	up_read(&mm->mmap_sem);
	return done;
}

int access_process_vm(struct task_struct *task, unsigned long addr, void *buf, int len, int write)
{
	struct mm_struct *mm = get_task_mm(task);
	int done;

	if (!mm)
		return 0;
	done = access_remote_vm(mm, addr, buf, len, write);
	mmput(mm);
	return done;
}

/* Private writable areas get their own pages at once, so that the first write does not fault again. */
long populate_vma_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned int foll = FOLL_TOUCH | FOLL_MLOCK;

	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		foll |= FOLL_WRITE;
	if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC))
		foll |= FOLL_FORCE;
	return get_user_pages(vma->vm_mm, start, (end - start) >> PAGE_SHIFT, foll, NULL);
}

/* Areas nobody may touch, devices, and those locked on fault only are left alone. */
static bool populates(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_LOCKONFAULT)) &&
	       (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC));
}

int populate_range(unsigned long start, unsigned long len, bool ignore_errors)
{
	struct mm_struct *mm = current->mm;
	unsigned long addr = start & PAGE_MASK, end = ALIGN(start + len, PAGE_SIZE);
	int err = 0;

	down_read(&mm->mmap_sem);
	while (addr < end && !err) {
		struct vm_area_struct *vma = find_vma(mm, addr);
		long got = 0;

		if (!vma || vma->vm_start >= end)
			break;
		addr = max(addr, vma->vm_start);
		if (populates(vma))
			got = populate_vma_range(vma, addr, min(end, vma->vm_end));
		if (got > 0)
			addr += (unsigned long)got << PAGE_SHIFT;
		else
			addr = vma->vm_end;
		if (got < 0 && (!ignore_errors || fatal_signal_pending(current)))
			err = (int)got;
	}
	up_read(&mm->mmap_sem);
	return err;
}

int mm_populate(unsigned long start, unsigned long len)
{
	return populate_range(start, len, true);
}
