/* SPDX-License-Identifier: MIT */
/*
 * The inside of the address-space floor: what vma.c, mmap.c, fault.c and their neighbours share and nobody
 * else needs.
 */
#ifndef MM_VMA_H
#define MM_VMA_H

#include "kernel/base/kernel.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "asm/pgtable.h"

/* ---- vma.c: areas as elements. All W. --------------------------------------------------------- */

struct vm_area_struct *vma_alloc(struct mm_struct *mm);	 /* zeroed, linked nowhere; NULL: no memory */
struct vm_area_struct *vma_dup(const struct vm_area_struct *vma); /* copy of the fields, linked nowhere */
void vma_free(struct vm_area_struct *vma);
void vma_cache_init(void);
/* Enter a finished area into mm (list, tree, the file's i_mmap, its anon_vma's list). */
void vma_insert(struct mm_struct *mm, struct vm_area_struct *vma);
/* Into list and tree only. */
void vma_insert_mm(struct mm_struct *mm, struct vm_area_struct *vma);
/* Out of list and tree only; the reverse maps are free_pgtables' business. */
void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);
/* Out of the file's list of mappings. */
void vma_unlink_file(struct vm_area_struct *vma);
void vma_link_file(struct vm_area_struct *vma);
/* New bounds, with the reverse maps' locks held meanwhile and the gaps of neighbours corrected. */
void vma_adjust(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		unsigned long pgoff);
/* A stack's new start. => anon_vma's lock and page_table_lock held */
void vma_grow_down(struct vm_area_struct *vma, unsigned long start);
/* Close: vm_ops->close, fput, free. The area is in no list any more. */
void vma_remove(struct vm_area_struct *vma);

/* Start of the room an area claims: a growing stack keeps a gap below it. */
static inline unsigned long vma_start_gap(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}

/* ---- vma_merge.c. All W. ------------------------------------------------------------------------ */

/*
 * Grow a neighbour over the hole [start, end) if flags, file and offsets fit.
 * => that area (which may have swallowed the next one too), or NULL
 */
struct vm_area_struct *vma_merge_new(struct mm_struct *mm, unsigned long start, unsigned long end,
				     unsigned long vm_flags, struct file *file, unsigned long pgoff);
/* Merge an area with its neighbours as far as they fit. => the area that now holds its range */
struct vm_area_struct *vma_merge_around(struct vm_area_struct *vma);
/* Cut at addr, strictly inside. new_below: the new area is the lower part. 0, -ENOMEM */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, bool new_below);
/* Cut vma so that it lies within [start, end). 0, -ENOMEM */
int vma_isolate(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		unsigned long end);

/* ---- unmapped_area.c ------------------------------------------------------------------------------ */

/* => address of a free range (W), honouring MAP_FIXED; or -errno */
unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				unsigned long pgoff, unsigned long flags);

/* ---- accounting (overcommit.c) ------------------------------------------------------------------------ */

/* Is there room for pages more under RLIMIT_AS? */
bool may_expand_vm(struct mm_struct *mm, unsigned long pages);
/* total_vm and its parts by the kind of area; pages may be negative */
void vm_stat_account(struct mm_struct *mm, unsigned long vm_flags, const struct file *file,
		     long pages);

static inline unsigned long rlimit(unsigned int limit)
{
	return READ_ONCE(current->signal->rlim[limit].rlim_cur);
}

/* Is a private writable mapping that counts as a promise. */
static inline bool accountable_mapping(const struct file *file, unsigned long vm_flags)
{
	return (vm_flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

/* ---- page protection (mprotect.c) --------------------------------------------------------------------- */

/* The first write to each page must be seen: shared, writable, with a disk behind it. */
bool vma_wants_writenotify(const struct vm_area_struct *vma);
/* vm_page_prot from vm_flags. */
void vma_set_page_prot(struct vm_area_struct *vma);

/* ---- unmap.c, pgtable.c ------------------------------------------------------------------------------- */

/* Clear the entries of [start, end) in vma and those behind it in the list; pages go to the gather. */
void unmap_vmas(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		unsigned long end);
/*
 * Free the page tables of a chain of areas that are mapped no more, but none that reach below floor or above
 * ceiling (0: the top). Takes each area out of its reverse maps first: reclaim walks tables without mmap_sem.
 */
void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long floor,
		   unsigned long ceiling);
/* => the page table of addr, if it is there; else NULL. The fast half of pmd_alloc_map(). */
static inline pmd_t *pmd_find(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;
	pmd_t *pmd;

	if (unlikely(pgd_none(*pgd)))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (unlikely(pud_none(*pud)))
		return NULL;
	pmd = pmd_offset(pud, addr);
	return unlikely(pmd_none(*pmd)) ? NULL : pmd;
}
/* All tables down to addr's entry are made. => the pmd that names the last one (not locked); NULL: no memory */
pmd_t *pmd_alloc_map(struct mm_struct *mm, unsigned long addr);
/* => the first page table at or above *addr and below end, *addr moved up to what it covers; NULL */
pmd_t *next_pmd(struct mm_struct *mm, unsigned long *addr, unsigned long end);
/* A zeroed page table page, counted; NULL. May sleep. */
struct page *pgtable_alloc(struct mm_struct *mm);
void pgtable_free(struct page *page);

/* ---- fault*.c ------------------------------------------------------------------------------------------- */

/* What the parts of a fault hand on to each other. */
struct fault {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	unsigned long address;	/* page aligned */
	unsigned int flags;	/* FAULT_FLAG_* */
	pte_t *pte;		/* the entry */
	pmd_t *pmd;
	spinlock_t *ptl;	/* its lock */
	pte_t orig;		/* what was found there, read without the lock */
};

int do_anonymous_page(struct fault *f);
int do_file_fault(struct fault *f);
int do_swap_page(struct fault *f);
/* => called with f->ptl held, returns without it */
int do_wp_page(struct fault *f);
/* The OOM reaper takes vma's pages: what is missing was not always missing. Shared ones stay. */
static inline bool reaped(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	return unlikely(READ_ONCE(mm->flags) & MMF_UNSTABLE) && !(vma->vm_flags & VM_SHARED);
}
/* Lock the entry and look whether it is still f->orig. => false: somebody was faster, unlocked */
static inline bool fault_lock_same(struct fault *f)
{
	spin_lock(f->ptl);
	if (likely(pte_same(ptep_get(f->pte), f->orig) && !reaped(f->mm, f->vma)))
		return true;
	spin_unlock(f->ptl);
	return false;
}
/* A zeroed (zeroed: true) or unfilled page for vma, or NULL. */
struct page *fault_alloc_page(bool zeroed);
/* The page of an entry that takes part in the bookkeeping; NULL for the zero page and device frames. */
static inline struct page *vm_normal_page(pte_t pte)
{
	return pte_special(pte) ? NULL : pte_page(pte);
}
static inline pte_t maybe_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(pte) : pte;
}

/* ---- mlock.c ------------------------------------------------------------------------------------------------ */

bool can_do_mlock(void);	/* RLIMIT_MEMLOCK is not 0, or privileged */
bool can_lock_any(void);	/* CAP_IPC_LOCK: no limit */
/* R, W: every page of [start, end) stops being locked; before areas are unmapped or unlocked. */
void munlock_vma_pages_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* R: fault in [start, end) of one area. => pages or -errno */
long populate_vma_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* ---- mm_life.c, start-up --------------------------------------------------------------------------------- */

/* A new mm with empty areas, its other fields those of old (NULL: zero), or NULL. */
struct mm_struct *mm_alloc_copy(const struct mm_struct *old);
void anon_vma_init(void);
void overcommit_init(void);

/* ---- fork.c ----------------------------------------------------------------------------------------------- */

int copy_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma);

#endif
