/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries of x86_64 under Linux's names. Four levels: pgd -> pud -> pmd -> pte. Tables
 * are always low memory, so pte_offset_map() needs no window and pte_unmap() does nothing.
 *
 *	63 62..52 51.......12 11 10 9 8 7 6 5 4 3 2 1 0
 *	NX   -     frame       -  - S G - D A - C U W P    present (S: pte_special)
 *	-          frame       -  - S 1 - D A - - - W 0    PROT_NONE: present to mm, not to the CPU
 *	[ offset in pages, 55 bits        ] 0 0 0 [type ]0 swap and migration entries
 *
 * The CPU sets A and D at any time in a live entry: what may be live is changed only by the atomic
 * ptep_ functions. Locks: entries of an mm by pte_lockptr(mm, pmd); kernel entries by vmalloc and
 * kmap.
 */
#ifndef ASM_PGTABLE_H
#define ASM_PGTABLE_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "asm/page.h"
#include "asm/pgtable_types.h"

#define PTRS_PER_PGD	    512
#define PTRS_PER_PUD	    512
#define PTRS_PER_PMD	    512
#define PTRS_PER_PTE	    512
#define KERNEL_PGD_BOUNDARY 256 /* first top-level entry of the kernel half */
#define USER_PTRS_PER_PGD   256

#define _PAGE_PRESENT  (1UL << 0)
#define _PAGE_RW       (1UL << 1)
#define _PAGE_USER     (1UL << 2)
#define _PAGE_PWT      (1UL << 3)
#define _PAGE_PCD      (1UL << 4)
#define _PAGE_ACCESSED (1UL << 5)
#define _PAGE_DIRTY    (1UL << 6)
#define _PAGE_PSE      (1UL << 7)
#define _PAGE_GLOBAL   (1UL << 8)
#define _PAGE_PROTNONE (1UL << 8) /* only where _PAGE_PRESENT is clear */
#define _PAGE_SPECIAL  (1UL << 9) /* no struct page user behind it: zero page, device memory */
#define _PAGE_NX       (1UL << 63)
#define PTE_PFN_MASK   0x000ffffffffff000UL
#define PTE_FLAGS_MASK (~PTE_PFN_MASK)
#define _PAGE_TABLE    (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _KERNPG_TABLE  (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_CHG_MASK (PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL)

#define PAGE_NONE	   __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY	   __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_READONLY_EXEC __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_COPY	   PAGE_READONLY
#define PAGE_COPY_EXEC	   PAGE_READONLY_EXEC
#define PAGE_SHARED                                                                                \
	__pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX)
#define PAGE_SHARED_EXEC   __pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)

#define __PAGE_KERNEL \
	(_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_GLOBAL | _PAGE_NX)
#define PAGE_KERNEL	    __pgprot(__PAGE_KERNEL)
#define PAGE_KERNEL_RO	    __pgprot(__PAGE_KERNEL & ~_PAGE_RW)
#define PAGE_KERNEL_EXEC    __pgprot(__PAGE_KERNEL & ~(_PAGE_RW | _PAGE_NX)) /* read and execute */
#define PAGE_KERNEL_NOCACHE __pgprot(__PAGE_KERNEL | _PAGE_PCD | _PAGE_PWT)

/* ---- One entry, by value --------------------------------------------------------------------- */

static inline bool pte_none(pte_t pte)
{
	return !pte_val(pte);
}

static inline bool pte_present(pte_t pte)
{
	return pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

/* PROT_NONE (or a NUMA hint, if ever): present, but any access of the CPU faults. */
static inline bool pte_protnone(pte_t pte)
{
	return (pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}

/* A TLB may hold it: so removing it or its rights needs a flush. */
static inline bool pte_accessible(pte_t pte)
{
	return pte_val(pte) & _PAGE_PRESENT;
}

static inline bool pte_write(pte_t pte)
{
	return pte_val(pte) & _PAGE_RW;
}

static inline bool pte_dirty(pte_t pte)
{
	return pte_val(pte) & _PAGE_DIRTY;
}

static inline bool pte_young(pte_t pte)
{
	return pte_val(pte) & _PAGE_ACCESSED;
}

static inline bool pte_exec(pte_t pte)
{
	return !(pte_val(pte) & _PAGE_NX);
}

static inline bool pte_special(pte_t pte)
{
	return pte_val(pte) & _PAGE_SPECIAL;
}

static inline pte_t pte_mkwrite(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_RW);
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_RW);
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_DIRTY);
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_DIRTY);
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_ACCESSED);
}

/* For programs; entries that are hidden for a while (mm/capture.c) lack it. */
static inline pte_t pte_mkuser(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_USER);
}

static inline pte_t pte_mkold(pte_t pte)
{
	return __pte(pte_val(pte) & ~_PAGE_ACCESSED);
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return __pte(pte_val(pte) | _PAGE_SPECIAL);
}

static inline bool pte_same(pte_t a, pte_t b)
{
	return pte_val(a) == pte_val(b);
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte_val(pte) & PTE_PFN_MASK) >> PAGE_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((u64)pfn << PAGE_SHIFT | pgprot_val(prot));
}

/* The rights of prot with the frame, A, D and special bits of pte. */
static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(prot) & ~_PAGE_CHG_MASK));
}

#define mk_pte(page, prot) pfn_pte(page_to_pfn(page), prot)
#define pte_page(pte)	   pfn_to_page(pte_pfn(pte))

/*
 * => Hardware rights for VM_READ|VM_WRITE|VM_EXEC|VM_SHARED (bits 0-3): private writable maps
 *    read-only.
 */
pgprot_t vm_get_page_prot(unsigned long vm_flags);

/* ---- Swap and migration entries -------------------------------------------------------------- */

#define SWP_TYPE_BITS	    5
#define SWP_OFFSET_SHIFT    9
#define MAX_SWAPFILES_SHIFT SWP_TYPE_BITS

#define __swp_entry(type, offset) \
	((swp_entry_t){(unsigned long)(type) << 1 | (unsigned long)(offset) << SWP_OFFSET_SHIFT})
#define __swp_type(entry)	  ((unsigned)((entry).val >> 1 & ((1UL << SWP_TYPE_BITS) - 1)))
#define __swp_offset(entry)	  ((entry).val >> SWP_OFFSET_SHIFT)
#define __swp_entry_to_pte(entry) __pte((entry).val)
#define __pte_to_swp_entry(pte)	  ((swp_entry_t){pte_val(pte)})

static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

/* ---- Live entries ---------------------------------------------------------------------------- */

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(ptep->pte, pte.pte);
}

static inline pte_t ptep_get(const pte_t *ptep)
{
	return __pte(READ_ONCE(ptep->pte));
}

struct mm_struct;
struct vm_area_struct;
struct page;

#define set_pte_at(mm, addr, ptep, pte) set_pte(ptep, pte)
#define pte_clear(mm, addr, ptep)	set_pte(ptep, __pte(0))

/*
 * => The old entry with the final A and D bits. The TLB still has it: flush before its frame is
 *    freed.
 */
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	return __pte(__atomic_exchange_n(&ptep->pte, 0, __ATOMIC_SEQ_CST));
}

/*
 * => Was it young? No flush: a TLB that still holds it hides further use until the entry is
 *    evicted.
 */
static inline bool ptep_test_and_clear_young(struct vm_area_struct *vma, unsigned long addr,
					     pte_t *ptep)
{
	if (!pte_young(ptep_get(ptep)))
		return false;
	return __atomic_fetch_and(&ptep->pte, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED;
}

/* => Takes the entry away from programs, the kernel sees what it saw; true if they had it. The caller flushes. */
static inline bool ptep_hide(pte_t *ptep)
{
	return __atomic_fetch_and(&ptep->pte, ~_PAGE_USER, __ATOMIC_SEQ_CST) & _PAGE_USER;
}

/* => Takes the write right away and keeps A and D; the caller flushes. */
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	__atomic_fetch_and(&ptep->pte, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}

/*
 * => Adds rights, A or D to an entry of the same frame; true if it changed. No flush needed: a CPU
 *    that faults on its stale, weaker entry drops it and walks again.
 */
static inline bool ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
					 pte_t *ptep, pte_t entry, int dirty)
{
	if (pte_same(ptep_get(ptep), entry))
		return false;
	set_pte(ptep, entry);
	return true;
}

#define ptep_clear_flush(mm, addr, ptep)                          \
	({                                                        \
		pte_t __old = ptep_get_and_clear(mm, addr, ptep); \
		if (pte_accessible(__old))                        \
			flush_tlb_page(mm, addr);                 \
		__old;                                            \
	})

/* ---- Upper levels ---------------------------------------------------------------------------- */

#define pgd_index(a) ((unsigned long)(a) >> PGDIR_SHIFT & (PTRS_PER_PGD - 1))
#define pud_index(a) ((unsigned long)(a) >> PUD_SHIFT & (PTRS_PER_PUD - 1))
#define pmd_index(a) ((unsigned long)(a) >> PMD_SHIFT & (PTRS_PER_PMD - 1))
#define pte_index(a) ((unsigned long)(a) >> PAGE_SHIFT & (PTRS_PER_PTE - 1))

/*
 * End of the part of [a, end) that one entry of the level covers; safe when end is the top of
 * memory.
 */
#define __addr_end(a, end, size)                                                 \
	({                                                                       \
		unsigned long __b = ((unsigned long)(a) + (size)) & ~((size)-1); \
		__b - 1 < (unsigned long)(end)-1 ? __b : (unsigned long)(end);   \
	})
#define pgd_addr_end(a, end) __addr_end(a, end, PGDIR_SIZE)
#define pud_addr_end(a, end) __addr_end(a, end, PUD_SIZE)
#define pmd_addr_end(a, end) __addr_end(a, end, PMD_SIZE)

#define ASM_LEVEL(name)                                                                \
	static inline bool name##_none(name##_t e)                                     \
	{                                                                              \
		return !name##_val(e);                                                 \
	}                                                                              \
	static inline bool name##_present(name##_t e)                                  \
	{                                                                              \
		return name##_val(e) & _PAGE_PRESENT;                                  \
	}                                                                              \
	/* Neither empty nor a pointer to a table. */                                  \
	static inline bool name##_bad(name##_t e)                                      \
	{                                                                              \
		return (name##_val(e) & (_PAGE_PRESENT | _PAGE_PSE)) != _PAGE_PRESENT; \
	}                                                                              \
	static inline bool name##_large(name##_t e)                                    \
	{                                                                              \
		return name##_present(e) && (name##_val(e) & _PAGE_PSE);               \
	}                                                                              \
	static inline unsigned long name##_pfn(name##_t e)                             \
	{                                                                              \
		return (name##_val(e) & PTE_PFN_MASK) >> PAGE_SHIFT;                   \
	}                                                                              \
	static inline void *name##_table(name##_t e) /* the next level's table */      \
	{                                                                              \
		return __va(name##_val(e) & PTE_PFN_MASK);                             \
	}                                                                              \
	static inline void set_##name(name##_t *p, name##_t e)                         \
	{                                                                              \
		WRITE_ONCE(p->name, e.name);                                           \
	}                                                                              \
	static inline void name##_clear(name##_t *p)                                   \
	{                                                                              \
		set_##name(p, __##name(0));                                            \
	}

ASM_LEVEL(pgd)
ASM_LEVEL(pud)
ASM_LEVEL(pmd)
#undef ASM_LEVEL

#define pgd_page(e) pfn_to_page(pgd_pfn(e))
#define pud_page(e) pfn_to_page(pud_pfn(e))
#define pmd_page(e) pfn_to_page(pmd_pfn(e))

#define pgd_offset(mm, a) ((mm)->pgd + pgd_index(a))

static inline pud_t *pud_offset(pgd_t *pgd, unsigned long a)
{
	return (pud_t *)pgd_table(*pgd) + pud_index(a);
}

static inline pmd_t *pmd_offset(pud_t *pud, unsigned long a)
{
	return (pmd_t *)pud_table(*pud) + pmd_index(a);
}

static inline pte_t *pte_offset_map(pmd_t *pmd, unsigned long a)
{
	return (pte_t *)pmd_table(*pmd) + pte_index(a);
}
#define pte_offset_kernel(pmd, a) pte_offset_map(pmd, a)
#define pte_unmap(pte)		  ((void)(pte))

/* Hang a zeroed table (its struct page) below an empty entry. */
#define __table_entry(page)	    ((u64)page_to_pfn(page) << PAGE_SHIFT | _PAGE_TABLE)
#define pmd_populate(mm, pmd, page) set_pmd(pmd, __pmd(__table_entry(page)))
#define pud_populate(mm, pud, page) set_pud(pud, __pud(__table_entry(page)))
#define pgd_populate(mm, pgd, page) set_pgd(pgd, __pgd(__table_entry(page)))

#endif
