/* SPDX-License-Identifier: MIT */
/*
 * Freeing page tables when the areas above them go.
 *
 *   areas:   |prev|   [ unmapped chain ]      |next|
 *   tables:  [ t0 | t1 | t2 | t3 | t4 | t5 ]            freed: those that neither prev nor next needs
 *
 * floor is the end of the area before, ceiling the start of the one behind: a table goes only if all it covers
 * lies between them; then the same is asked one level up. Before an area's tables go it leaves its reverse
 * maps, because reclaim walks tables from there without mmap_sem. The pages are freed after the TLB flush.
 *
 * Locks: mmap_sem for writing, or nobody uses the address space any more.
 */
#include "arch/mmu.h"
#include "mm/rmap.h"
#include "mm/vma.h"

/* What may go: tables whose whole range lies in [floor, ceiling), 0 being the top of memory. */
struct table_range {
	unsigned long floor, ceiling;
};

/* Is the table of `size` bytes' reach that covers [addr, end) needed by no area outside? */
static bool table_is_free(const struct table_range *r, unsigned long addr, unsigned long end,
			  unsigned long size)
{
	unsigned long ceiling = r->ceiling & ~(size - 1);

	if ((addr & ~(size - 1)) < r->floor)
		return false;
	if (r->ceiling && !ceiling)
		return false;
	return end - 1 <= ceiling - 1;
}

static void free_pmd_range(struct mmu_gather *tlb, const struct table_range *r, pud_t *pud,
			   unsigned long addr, unsigned long end)
{
	unsigned long start = addr, next;

	for (; addr < end; addr = next) {
		pmd_t *pmd = pmd_offset(pud, addr);
		struct page *table;

		next = pmd_addr_end(addr, end);
		if (!pmd_present(*pmd) || !table_is_free(r, addr, next, PMD_SIZE))
			continue;
		table = pmd_page(*pmd);
		pmd_clear(pmd);
		atomic_long_dec(&tlb->mm->nr_ptes);
		tlb_remove_table(tlb, table, addr);
	}
	if (table_is_free(r, start, end, PUD_SIZE)) {
		struct page *table = pud_page(*pud);

		pud_clear(pud);
		tlb_remove_table(tlb, table, start);
	}
}

static void free_pud_range(struct mmu_gather *tlb, const struct table_range *r, pgd_t *pgd,
			   unsigned long addr, unsigned long end)
{
	unsigned long start = addr, next;

	for (; addr < end; addr = next) {
		pud_t *pud = pud_offset(pgd, addr);

		next = pud_addr_end(addr, end);
		if (pud_present(*pud))
			free_pmd_range(tlb, r, pud, addr, next);
	}
	if (table_is_free(r, start, end, PGDIR_SIZE)) {
		struct page *table = pgd_page(*pgd);

		pgd_clear(pgd);
		tlb_remove_table(tlb, table, start);
	}
}

static void free_range(struct mmu_gather *tlb, const struct table_range *r, unsigned long addr,
		       unsigned long end)
{
	unsigned long next;

	for (; addr < end; addr = next) {
		pgd_t *pgd = pgd_offset(tlb->mm, addr);

		next = pgd_addr_end(addr, end);
		if (pgd_present(*pgd))
			free_pud_range(tlb, r, pgd, addr, next);
	}
}

void free_pgtables(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long floor,
		   unsigned long ceiling)
{
	while (vma) {
		unsigned long addr = vma->vm_start;
		struct vm_area_struct *next = vma->vm_next;
		struct table_range r;

		anon_vma_unlink(vma);
		vma_unlink_file(vma);
		/* neighbours that share a lowest-level table are done in one go */
		while (next && next->vm_start <= vma->vm_end + PMD_SIZE) {
			vma = next;
			next = vma->vm_next;
			anon_vma_unlink(vma);
			vma_unlink_file(vma);
		}
		r.floor = floor;
		r.ceiling = next ? next->vm_start : ceiling;
		free_range(tlb, &r, addr, vma->vm_end);
		vma = next;
	}
}
