/* SPDX-License-Identifier: MIT */
/*
 * The kernel's page tables.
 *
 *	swapper_pg_dir[256..511]
 *	  [273] direct map	2 MiB pages, RW NX (not with direct_map_small); 4 KiB ones around
 *				the image, whose code and constants are read-only here too
 *	  [402] vmalloc		one second-level table now, below it as needed
 *	  [468] vmemmap		the same (arch_vmemmap_map)
 *	  [511] image		4 KiB pages: code RX, constants R, data RW; windows (fixmap.c)
 *
 * Invariants: no page is writable and executable, under no address. Top-level entries of the kernel
 * half never change after paging_init(), so arch_pgd_init() copies them once into every address
 * space. Nothing above lowmem_end has an address outside vmemmap, vmalloc and the windows.
 *
 * Locks: levels below a shared top-level entry are filled by vmalloc under its lock, by boot alone
 * before; a table page is put in with cmpxchg, so two ranges may grow at once.
 *
 * Beyond it Linux has: KASLR, page-table isolation, changing attributes (set_memory_*), memory
 * hotplug.
 */
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/memblock.h"
#include "mm/mm_types.h"
#include "arch/x86_64/internal.h"

extern char __kernel_start[], _etext[], __start_rodata[], __end_rodata[], _sdata[], __bss_stop[];
extern char __kallsyms_start[], __kernel_end[], boot_stack_guard[];

pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(PAGE_SIZE);
bool direct_map_small;
static phys_addr_t (*table_alloc)(void);
static void (*table_free)(phys_addr_t table);

void arch_set_table_allocator(phys_addr_t (*alloc)(void))
{
	table_alloc = alloc;
}

void arch_set_table_free(void (*free)(phys_addr_t table))
{
	table_free = free;
}

/* => a zeroed page for a table, 0 without memory */
static phys_addr_t new_table(void)
{
	void *table;

	if (table_alloc)
		return table_alloc();
	table = memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!table)
		return 0;
	clear_page(table);
	return __pa(table);
}

/* => the table an entry of a kernel level points to, made if it is missing; NULL without memory */
static void *table_below(u64 *entry)
{
	u64 old = READ_ONCE(*entry), expected = 0;
	phys_addr_t table;

	if (old & _PAGE_PRESENT) {
		BUG_ON(old & _PAGE_PSE);
		return __va(old & PTE_PFN_MASK);
	}
	table = new_table();
	if (!table)
		return NULL;
	if (!__atomic_compare_exchange_n(entry, &expected, table | _KERNPG_TABLE, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		if (table_free)
			table_free(table);
		table = expected & PTE_PFN_MASK;
	}
	return __va(table);
}

/* => the second-lowest level's entry for va */
static u64 *pmd_entry(pgd_t *pgd, unsigned long va)
{
	u64 *pud = table_below(&pgd[pgd_index(va)].pgd), *pmd;

	if (!pud)
		return NULL;
	pmd = table_below(&pud[pud_index(va)]);
	return pmd ? &pmd[pmd_index(va)] : NULL;
}

static u64 *pte_entry(pgd_t *pgd, unsigned long va)
{
	u64 *pmd = pmd_entry(pgd, va);
	u64 *pte = pmd ? table_below(pmd) : NULL;

	return pte ? &pte[pte_index(va)] : NULL;
}

/* ---- Boot ------------------------------------------------------------------------------------ */

/*
 * The rights of the image's page at physical address phys, without execution; RW outside the
 * image.
 */
static u64 direct_map_rights(phys_addr_t phys)
{
	bool constant = (phys >= __pa_symbol(__kernel_start) && phys < __pa_symbol(_sdata)) ||
			(phys >= __pa_symbol(__kallsyms_start) && phys < __pa_symbol(__kernel_end));

	return pgprot_val(constant ? PAGE_KERNEL_RO : PAGE_KERNEL);
}

static void __init map_boot_page(unsigned long va, phys_addr_t phys, u64 rights, bool large)
{
	u64 *entry = large ? pmd_entry(swapper_pg_dir, va) : pte_entry(swapper_pg_dir, va);

	if (!entry)
		panic("no memory for the kernel's page tables");
	*entry = phys | rights | (large ? _PAGE_PSE : 0);
}

static void __init map_direct(phys_addr_t end)
{
	phys_addr_t image = round_down(__pa_symbol(__kernel_start), PMD_SIZE);
	phys_addr_t image_end = round_up(__pa_symbol(__kernel_end), PMD_SIZE);
	phys_addr_t phys = 0;

	while (phys < end) {
		bool large = !direct_map_small && phys + PMD_SIZE <= end && IS_ALIGNED(phys, PMD_SIZE) &&
			     (phys < image || phys >= image_end);

		map_boot_page(PAGE_OFFSET + phys, phys, direct_map_rights(phys), large);
		phys += large ? PMD_SIZE : PAGE_SIZE;
	}
}

static void __init map_image(const char *start, const char *end, pgprot_t prot)
{
	for (const char *p = start; p < end; p += PAGE_SIZE)
		map_boot_page((unsigned long)p, __pa_symbol(p), pgprot_val(prot), false);
}

/* A region whose top-level entry is to be there from the start. */
static void __init make_region(unsigned long va)
{
	if (!table_below(&swapper_pg_dir[pgd_index(va)].pgd))
		panic("no memory for the kernel's page tables");
}

void __init paging_init(phys_addr_t lowmem_end)
{
	u64 *pud;

	BUG_ON(lowmem_end > VMALLOC_START - PAGE_OFFSET || !IS_ALIGNED(lowmem_end, PAGE_SIZE));
	map_direct(lowmem_end);
	map_image(__kernel_start, _etext, PAGE_KERNEL_EXEC);
	map_image(__start_rodata, __end_rodata, PAGE_KERNEL_RO);
	map_image(_sdata, __bss_stop, PAGE_KERNEL);
	map_image(__kallsyms_start, __kernel_end, PAGE_KERNEL_RO);
	*pte_entry(swapper_pg_dir, (unsigned long)boot_stack_guard) = 0;

	make_region(VMALLOC_START);
	make_region(VMEMMAP_START);
	pud = table_below(&swapper_pg_dir[pgd_index(FIXADDR_START)].pgd);
	pud[pud_index(FIXADDR_START)] = __pa_symbol(windows_pmd) | _KERNPG_TABLE;

	write_cr3(__pa_symbol(swapper_pg_dir));
	flush_tlb_all();
}

/*
 * A starting CPU turns paging on at a physical address, so its first table also maps that one page
 * there, readable and executable. It is used for a few instructions only and belongs to no address
 * space.
 */
phys_addr_t trampoline_pgd(phys_addr_t trampoline)
{
	static u64 tables[4][PTRS_PER_PTE] __aligned(PAGE_SIZE);

	memcpy(tables[0], swapper_pg_dir, PAGE_SIZE);
	for (int i = 0; i < 3; i++) {
		int shift = PGDIR_SHIFT - 9 * i;

		tables[i][trampoline >> shift & (PTRS_PER_PTE - 1)] =
			__pa_symbol(tables[i + 1]) | _KERNPG_TABLE;
	}
	tables[3][pte_index(trampoline)] = trampoline | _PAGE_PRESENT | _PAGE_ACCESSED;
	return __pa_symbol(tables);
}

/* ---- Kernel mappings ------------------------------------------------------------------------- */

int arch_map_kernel_page(unsigned long va, unsigned long pfn, pgprot_t prot)
{
	u64 *pte = pte_entry(swapper_pg_dir, va);

	if (!pte)
		return -ENOMEM;
	VM_BUG_ON(*pte & _PAGE_PRESENT);
	VM_BUG_ON((pgprot_val(prot) & (_PAGE_RW | _PAGE_NX)) == _PAGE_RW);
	set_pte((pte_t *)pte, pfn_pte(pfn, prot));
	return 0;
}

unsigned long arch_unmap_kernel_page(unsigned long va)
{
	pte_t *pte = kernel_pte(va);

	if (!pte)
		return 0;
	return pte_pfn(ptep_get_and_clear(NULL, va, pte));
}

int arch_vmemmap_map(unsigned long va, unsigned long pfn, bool large)
{
	u64 *entry = large ? pmd_entry(swapper_pg_dir, va) : pte_entry(swapper_pg_dir, va);

	if (!entry)
		return -ENOMEM;
	VM_BUG_ON(*entry || (large && !IS_ALIGNED(pfn, PTRS_PER_PTE)));
	WRITE_ONCE(*entry,
		   (u64)pfn << PAGE_SHIFT | pgprot_val(PAGE_KERNEL) | (large ? _PAGE_PSE : 0));
	return 0;
}

/*
 * => the lowest entry that decides about va, and how many address bits lie below it; NULL:
 *    unmapped
 */
static u64 *lookup(unsigned long va, int *shift)
{
	u64 *entry = &swapper_pg_dir[pgd_index(va)].pgd;

	for (*shift = PGDIR_SHIFT; *shift > PAGE_SHIFT;) {
		if (!(*entry & _PAGE_PRESENT))
			return NULL;
		if (*shift < PGDIR_SHIFT && (*entry & _PAGE_PSE))
			return entry;
		*shift -= 9;
		entry = (u64 *)__va(*entry & PTE_PFN_MASK) + (va >> *shift & (PTRS_PER_PTE - 1));
	}
	return entry;
}

pte_t *kernel_pte(unsigned long va)
{
	int shift;
	u64 *entry;

	if (va >= KMAP_ATOMIC_BASE && va < KMAP_ATOMIC_BASE + PMD_SIZE)
		return &kmap_atomic_ptes[pte_index(va)];
	if (va >= PKMAP_BASE && va < PKMAP_BASE + PKMAP_PAGES * PAGE_SIZE)
		return &pkmap_ptes[(va - PKMAP_BASE) >> PAGE_SHIFT];
	entry = lookup(va, &shift);
	return entry && shift == PAGE_SHIFT ? (pte_t *)entry : NULL;
}

#define _PAGE_HIDDEN (1UL << 9) /* one of the bits left to us */

bool arch_hide_page(unsigned long pfn, bool hide)
{
	unsigned long va = PAGE_OFFSET + (pfn << PAGE_SHIFT);
	u64 *pte = (u64 *)kernel_pte(va), old;

	if (!pte)
		return false;
	old = *pte;
	if (hide && (old & _PAGE_PRESENT)) {
		WRITE_ONCE(*pte, (old & ~_PAGE_PRESENT) | _PAGE_HIDDEN);
		flush_tlb_one_local(va);
	} else if (!hide && (old & _PAGE_HIDDEN)) {
		WRITE_ONCE(*pte, (old & ~_PAGE_HIDDEN) | _PAGE_PRESENT);
	}
	return old & _PAGE_HIDDEN;
}

unsigned long kernel_va_to_pfn(unsigned long va)
{
	int shift;
	u64 *entry = lookup(va, &shift);

	if (!entry || !(*entry & _PAGE_PRESENT))
		return ~0UL;
	return ((*entry & PTE_PFN_MASK) >> PAGE_SHIFT) +
	       ((va & ((1UL << shift) - 1)) >> PAGE_SHIFT);
}

/* ---- Address spaces -------------------------------------------------------------------------- */

void arch_pgd_init(pgd_t *pgd)
{
	memcpy(pgd + KERNEL_PGD_BOUNDARY, swapper_pg_dir + KERNEL_PGD_BOUNDARY,
	       (PTRS_PER_PGD - KERNEL_PGD_BOUNDARY) * sizeof(pgd_t));
}

int arch_pgd_alloc(struct mm_struct *mm)
{
	phys_addr_t table = new_table();

	if (!table)
		return -ENOMEM;
	mm->pgd = __va(table);
	arch_pgd_init(mm->pgd);
	return 0;
}

void arch_pgd_free(struct mm_struct *mm)
{
	table_free(__pa(mm->pgd));
	mm->pgd = NULL;
}

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	static const pgprot_t prot[16] = {
		/* private: writing needs a copy first, so never writable */
		PAGE_NONE, PAGE_READONLY, PAGE_COPY, PAGE_COPY, PAGE_READONLY_EXEC,
		PAGE_READONLY_EXEC, PAGE_COPY_EXEC, PAGE_COPY_EXEC,
		/* shared */
		PAGE_NONE, PAGE_READONLY, PAGE_SHARED, PAGE_SHARED, PAGE_READONLY_EXEC,
		PAGE_READONLY_EXEC, PAGE_SHARED_EXEC, PAGE_SHARED_EXEC};

	return prot[vm_flags & 15];
}
