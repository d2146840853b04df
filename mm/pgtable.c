/* SPDX-License-Identifier: MIT */
/*
 * Page tables of user address spaces: made on the way to an entry, and walked. pgtable_free.c frees them.
 *
 *   pgd (mm->pgd) -> pud -> pmd -> pte     each table one lowmem page, GFP_KERNEL | __GFP_ZERO
 *
 * Tables are never freed while an area they serve exists, so whoever holds mmap_sem (or found the area in a
 * reverse map and holds that map's lock) walks down without a lock. A missing table is hung in under
 * page_table_lock; of two racing makers one gives its page back.
 *
 * NR_PAGETABLE counts the tables below the pgd, mm->nr_ptes those of the lowest level (badness, VmPTE).
 */
#include "arch/mmu.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

struct page *zero_page;

struct page *pgtable_alloc(struct mm_struct *mm)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (page)
		inc_zone_page_state(page, NR_PAGETABLE);
	return page;
}

void pgtable_free(struct page *page)
{
	dec_zone_page_state(page, NR_PAGETABLE);
	__free_page(page);
}

/* The three levels differ in names only: hang a new table below an empty entry. */
static int grow_pgd(struct mm_struct *mm, pgd_t *pgd)
{
	struct page *table = pgtable_alloc(mm);

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (pgd_none(*pgd)) {
		pgd_populate(mm, pgd, table);
		table = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (table)
		pgtable_free(table);
	return 0;
}

static int grow_pud(struct mm_struct *mm, pud_t *pud)
{
	struct page *table = pgtable_alloc(mm);

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (pud_none(*pud)) {
		pud_populate(mm, pud, table);
		table = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (table)
		pgtable_free(table);
	return 0;
}

static int grow_pmd(struct mm_struct *mm, pmd_t *pmd)
{
	struct page *table = pgtable_alloc(mm);

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (pmd_none(*pmd)) {
		pmd_populate(mm, pmd, table);
		atomic_long_inc(&mm->nr_ptes);
		table = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	if (table)
		pgtable_free(table);
	return 0;
}

pmd_t *pmd_alloc_map(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;
	pmd_t *pmd;

	if (unlikely(pgd_none(*pgd)) && grow_pgd(mm, pgd))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (unlikely(pud_none(*pud)) && grow_pud(mm, pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (unlikely(pmd_none(*pmd)) && grow_pmd(mm, pmd))
		return NULL;
	return pmd;
}

pte_t *mm_find_pte(struct mm_struct *mm, unsigned long addr, pmd_t **pmdp)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	pud_t *pud;
	pmd_t *pmd;

	if (!pgd_present(*pgd))
		return NULL;
	pud = pud_offset(pgd, addr);
	if (!pud_present(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (!pmd_present(*pmd))
		return NULL;
	if (pmdp)
		*pmdp = pmd;
	return pte_offset_map(pmd, addr);
}

pmd_t *next_pmd(struct mm_struct *mm, unsigned long *addr, unsigned long end)
{
	unsigned long a = *addr;

	while (a < end) {
		pgd_t *pgd = pgd_offset(mm, a);
		pud_t *pud;
		pmd_t *pmd;

		if (!pgd_present(*pgd)) {
			a = pgd_addr_end(a, end);
			continue;
		}
		pud = pud_offset(pgd, a);
		if (!pud_present(*pud)) {
			a = pud_addr_end(a, end);
			continue;
		}
		pmd = pmd_offset(pud, a);
		if (pmd_present(*pmd)) {
			*addr = a;
			return pmd;
		}
		a = pmd_addr_end(a, end);
	}
	return NULL;
}
