/* SPDX-License-Identifier: MIT */
/*
 * The windows at the top of the address space: their page tables are part of the image, so that
 * they work on the boot tables already and their entries stand side by side.
 *
 *	pgd[511] -> pud[511] -> windows_pmd[496] -> pkmap_ptes	     2 pages
 *				windows_pmd[500] -> kmap_atomic_ptes 1 page
 *				windows_pmd[505] -> fixmap_ptes	     1 page: early_memremap, devices
 *
 * Before paging_init() the boot page tables get two entries more: these windows, and the direct
 * map, for which the low 4 GiB of the identity map serve.
 */
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "arch/cpu.h"
#include "arch/x86_64/internal.h"

static_assert((unsigned long)FIX_END <= PTRS_PER_PTE, "fixmap too long");

pmd_t windows_pmd[PTRS_PER_PMD] __aligned(PAGE_SIZE);
static pud_t early_pud[PTRS_PER_PUD] __aligned(PAGE_SIZE);
pte_t pkmap_ptes[PKMAP_PAGES] __aligned(PAGE_SIZE);
pte_t kmap_atomic_ptes[PTRS_PER_PTE] __aligned(PAGE_SIZE);
pte_t fixmap_ptes[PTRS_PER_PTE] __aligned(PAGE_SIZE);

static unsigned early_slots_used; /* bit per slot; boot CPU only */

static void set_window(unsigned long va, pte_t *ptes)
{
	windows_pmd[pmd_index(va)] = __pmd(__pa_symbol(ptes) | _KERNPG_TABLE);
}

void early_fixmap_init(void)
{
	pgd_t *pgd = (pgd_t *)(KERNEL_VMA + (read_cr3() & PTE_PFN_MASK));
	pud_t *pud = (pud_t *)(KERNEL_VMA + (pgd_val(pgd[PTRS_PER_PGD - 1]) & PTE_PFN_MASK));

	set_window(PKMAP_BASE, pkmap_ptes);
	set_window(PKMAP_BASE + PMD_SIZE, pkmap_ptes + PTRS_PER_PTE);
	set_window(KMAP_ATOMIC_BASE, kmap_atomic_ptes);
	set_window(FIXADDR_START, fixmap_ptes);
	pud[pud_index(FIXADDR_START)] = __pud(__pa_symbol(windows_pmd) | _KERNPG_TABLE);

	early_pud[0] = *(pud_t *)(KERNEL_VMA + (pgd_val(pgd[0]) & PTE_PFN_MASK));
	pgd[pgd_index(PAGE_OFFSET)] = __pgd(__pa_symbol(early_pud) | _KERNPG_TABLE);
	flush_tlb_local();
}

/* => slot number, or -1 */
static int early_slot_take(void)
{
	for (int slot = 0; slot < EARLY_REMAP_SLOTS; slot++) {
		if (early_slots_used & 1U << slot)
			continue;
		early_slots_used |= 1U << slot;
		return slot;
	}
	return -1;
}

void *early_memremap(phys_addr_t phys, unsigned long bytes)
{
	unsigned long offset = phys & ~PAGE_MASK, pages = DIV_ROUND_UP(offset + bytes, PAGE_SIZE);
	unsigned long first;
	int slot;

	if (!bytes || bytes > EARLY_REMAP_MAX || pages > EARLY_REMAP_MAX / PAGE_SIZE)
		return NULL;
	if (phys >= arch_phys_limit() || bytes > arch_phys_limit() - phys)
		return NULL; /* a page table entry for it would be a fault of its own */
	slot = early_slot_take();
	if (slot < 0)
		return NULL;
	first = slot * (EARLY_REMAP_MAX / PAGE_SIZE);
	for (unsigned long i = 0; i < pages; i++) {
		set_pte(&fixmap_ptes[first + i], pfn_pte((phys >> PAGE_SHIFT) + i, PAGE_KERNEL));
		invlpg(fix_to_virt(first + i));
	}
	return (void *)(fix_to_virt(first) + offset);
}

void early_memunmap(void *va, unsigned long bytes)
{
	unsigned long first = ((unsigned long)va - FIXADDR_START) >> PAGE_SHIFT;
	unsigned long pages = DIV_ROUND_UP(((unsigned long)va & ~PAGE_MASK) + bytes, PAGE_SIZE);
	unsigned slot = first / (EARLY_REMAP_MAX / PAGE_SIZE);

	BUG_ON(slot >= EARLY_REMAP_SLOTS || !(early_slots_used & 1U << slot));
	for (unsigned long i = 0; i < pages; i++) {
		set_pte(&fixmap_ptes[first + i], __pte(0));
		invlpg(fix_to_virt(first + i));
	}
	early_slots_used &= ~(1U << slot);
}

volatile void *fixmap_device(enum fixmap_page page, phys_addr_t phys)
{
	set_pte(&fixmap_ptes[page], pfn_pte(phys >> PAGE_SHIFT, PAGE_KERNEL_NOCACHE));
	flush_tlb_all();
	return (volatile void *)(fix_to_virt(page) + (phys & ~PAGE_MASK));
}
