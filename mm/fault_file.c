/* SPDX-License-Identifier: MIT */
/*
 * Faults on mappings of files: the page cache's page itself is mapped, so program text exists once however
 * many run it.
 *
 *   vm_ops->fault -> page, locked and referenced (filemap_fault, or a driver's)
 *     read            map it read-only (writable too if the area is shared, writable and needs no notice)
 *     private write   copy it into a new anonymous page (allocated before), map that
 *     shared write    page_mkwrite, mark it dirty, map it writable
 *
 * The page stays locked until it is mapped: truncation takes the page lock before it looks at page_mapped,
 * so a page can not be mapped behind its back. A read fault also maps what the cache has around the address
 * (fault_around), which saves a program start most of its faults.
 */
#include "arch/mmu.h"
#include "fs/fs.h"
#include "mm/kmap.h"
#include "mm/lru.h"
#include "mm/pagemap.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "mm/writeback.h"

#define FAULT_AROUND_PAGES 16UL

/* Map the locked page; takes over its reference. => true: done; false: the entry had changed */
static bool map_file_page(struct fault *f, struct page *page, bool writable)
{
	pte_t entry = mk_pte(page, f->vma->vm_page_prot);

	if (!fault_lock_same(f))
		return false;
	if (writable)
		entry = maybe_mkwrite(pte_mkdirty(entry), f->vma);
	inc_mm_counter(f->mm, MM_FILEPAGES);
	page_add_file_rmap(page);
	if ((f->vma->vm_flags & VM_LOCKED) && !PageMlocked(page))
		mlock_vma_page(page);
	set_pte_at(f->mm, f->address, f->pte, entry);
	spin_unlock(f->ptl);
	return true;
}

/* ---- Read: the page and its neighbours ----------------------------------------------------------- */

/* Try to map the cached page of index at addr without waiting. => ptl held */
static void map_one_around(struct fault *f, struct page *page, unsigned long addr, pte_t *pte)
{
	if (!PageUptodate(page) || PageReadahead(page) || !trylock_page(page)) {
		put_page(page);
		return;
	}
	if (page_mapping(page) == f->vma->vm_file->f_mapping && PageUptodate(page) &&
	    ((loff_t)page->index << PAGE_SHIFT) < i_size_read(f->vma->vm_file->f_mapping->host) &&
	    pte_none(ptep_get(pte))) {
		inc_mm_counter(f->mm, MM_FILEPAGES);
		page_add_file_rmap(page);
		set_pte_at(f->mm, addr, pte, pte_mkold(mk_pte(page, f->vma->vm_page_prot)));
		unlock_page(page);
		return;
	}
	unlock_page(page);
	put_page(page);
}

/* => the window's first address and number of pages: aligned, within area and page table */
static unsigned long around_window(const struct fault *f, unsigned long *nr)
{
	unsigned long size = FAULT_AROUND_PAGES << PAGE_SHIFT;
	unsigned long start = max(f->address & ~(size - 1), f->vma->vm_start);
	unsigned long end = min((f->address & ~(size - 1)) + size, f->vma->vm_end);

	*nr = (end - start) >> PAGE_SHIFT;
	return start;
}

static void fault_around(struct fault *f)
{
	struct vm_area_struct *vma = f->vma;
	struct page *pages[FAULT_AROUND_PAGES];
	unsigned long nr, start = around_window(f, &nr);
	unsigned long first = linear_page_index(vma, start);
	unsigned int found = find_get_pages(vma->vm_file->f_mapping, first, first + nr - 1, (unsigned int)nr, pages);

	if (!found)
		return;
	spin_lock(f->ptl);
	for (unsigned int i = 0; i < found; i++) {
		unsigned long index = READ_ONCE(pages[i]->index), addr;

		if (index < first || index >= first + nr) {
			put_page(pages[i]);
			continue;
		}
		addr = start + ((index - first) << PAGE_SHIFT);
		map_one_around(f, pages[i], addr, f->pte + ((long)(addr - f->address) >> PAGE_SHIFT));
	}
	spin_unlock(f->ptl);
}

static int do_read_fault(struct fault *f, struct page *page)
{
	struct vm_area_struct *vma = f->vma;
	bool around = vma->vm_file && page_mapping(page) == vma->vm_file->f_mapping &&
		      !(vma->vm_flags & (VM_RAND_READ | VM_LOCKED | VM_IO));
	bool mapped = map_file_page(f, page, false);

	unlock_page(page);
	if (!mapped)
		put_page(page);
	else if (around)
		fault_around(f);
	return 0;
}

/* ---- Write ------------------------------------------------------------------------------------------ */

/* copy becomes one of the locked page, and the mapping's; both references go. */
static int do_cow_fault(struct fault *f, struct page *page, struct page *copy)
{
	copy_highpage(copy, page);
	if (!fault_lock_same(f)) {
		put_page(copy);
		goto out;
	}
	inc_mm_counter(f->mm, MM_ANONPAGES);
	page_add_new_anon_rmap(copy, f->vma, f->address);
	set_pte_at(f->mm, f->address, f->pte,
		   maybe_mkwrite(pte_mkdirty(mk_pte(copy, f->vma->vm_page_prot)), f->vma));
	spin_unlock(f->ptl);
out:
	unlock_page(page);
	put_page(page);
	return 0;
}

static int do_shared_fault(struct fault *f, struct vm_fault *vmf)
{
	struct page *page = vmf->page;
	struct address_space *mapping = page_mapping(page);
	int ret = 0;

	if (f->vma->vm_ops->page_mkwrite)
		ret = f->vma->vm_ops->page_mkwrite(f->vma, vmf) & VM_FAULT_ERROR;
	if (ret) {
		unlock_page(page);
		put_page(page);
		return ret;
	}
	set_page_dirty(page);
	if (!map_file_page(f, page, true)) {
		unlock_page(page);
		put_page(page);
		return 0;
	}
	unlock_page(page);
	if (mapping)
		balance_dirty_pages_ratelimited(mapping);
	return 0;
}

int do_file_fault(struct fault *f)
{
	struct vm_fault vmf = { .flags = f->flags, .address = f->address,
				.pgoff = linear_page_index(f->vma, f->address) };
	struct page *copy = NULL;
	int ret, err;

	/* Taken before the file's page is locked: nobody should wait for that page until we find memory. */
	if ((f->flags & FAULT_FLAG_WRITE) && !(f->vma->vm_flags & VM_SHARED)) {
		if (!anon_vma_prepare(f->vma))
			copy = fault_alloc_page(false);
		if (!copy)
			return VM_FAULT_OOM;
	}
	ret = f->vma->vm_ops->fault(f->vma, &vmf);
	if (ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) {
		if (copy)
			put_page(copy);
		return ret;
	}
	if (!(ret & VM_FAULT_LOCKED))
		lock_page(vmf.page);
	if (!(f->flags & FAULT_FLAG_WRITE))
		err = do_read_fault(f, vmf.page);
	else if (f->vma->vm_flags & VM_SHARED)
		err = do_shared_fault(f, &vmf);
	else
		err = do_cow_fault(f, vmf.page, copy);
	return (ret & VM_FAULT_MAJOR) | err;
}
