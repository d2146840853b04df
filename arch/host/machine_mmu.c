/* SPDX-License-Identifier: MIT */
/*
 * The CPU's memory management unit, in software.
 *
 *   host_translate: TLB --miss, or first write of a clean page--> page tables, A and D set --no right--> fault
 *
 * A TLB entry lives until it is flushed, its slot is needed, or another table is loaded, as on the machine;
 * but here it is never lost by chance: there are so many slots that a forgotten flush shows. As on the
 * machine, a fault drops the entry of its address.
 *
 * Page tables of user space are mm's; the kernel half is empty, for the kernel's addresses are the process's.
 */
#include "arch/host/libc_machine.h"

#include "arch/host/machine.h"
#include "arch/mmu.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "mm/mm.h"
#include "asm/irqflags.h"

#define TLB_SLOTS 16384

struct tlb_entry {
	u64 generation; /* valid if it is the TLB's */
	unsigned long vpn, pfn;
	bool write, dirty;
};

static struct tlb_entry tlb[TLB_SLOTS];
static u64 tlb_generation = 1;
static struct mm_struct *loaded_mm;
unsigned long host_tlb_flushes;

pgd_t swapper_pg_dir[PTRS_PER_PGD];
static phys_addr_t (*table_alloc)(void);
static void (*table_free)(phys_addr_t table);

/* ---- Address spaces ---------------------------------------------------------------------------- */

void arch_set_table_allocator(phys_addr_t (*alloc)(void))
{
	table_alloc = alloc;
}

void arch_set_table_free(void (*free)(phys_addr_t table))
{
	table_free = free;
}

int arch_pgd_alloc(struct mm_struct *mm)
{
	phys_addr_t table = table_alloc();

	if (!table)
		return -ENOMEM;
	mm->pgd = __va(table);
	return 0;
}

void arch_pgd_free(struct mm_struct *mm)
{
	BUG_ON(loaded_mm == mm);
	table_free(__pa(mm->pgd));
	mm->pgd = NULL;
}

static void drop_all(void)
{
	tlb_generation++;
	host_tlb_flushes++;
}

void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	if (loaded_mm == next)
		return;
	if (next)
		cpumask_set_cpu(0, &next->cpu_mask);
	if (loaded_mm)
		cpumask_clear_cpu(0, &loaded_mm->cpu_mask);
	loaded_mm = next;
	tlb_generation++;
}

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	bool shared = vm_flags & VM_SHARED, write = vm_flags & VM_WRITE;

	if (!(vm_flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return PAGE_NONE;
	if (vm_flags & VM_EXEC)
		return shared && write ? PAGE_SHARED_EXEC : PAGE_READONLY_EXEC;
	return shared && write ? PAGE_SHARED : PAGE_READONLY;
}

/* ---- TLB ----------------------------------------------------------------------------------------- */

static struct tlb_entry *tlb_slot(unsigned long va)
{
	unsigned long vpn = va >> PAGE_SHIFT;

	return &tlb[(vpn ^ vpn >> 9) % TLB_SLOTS];
}

static void drop_one(unsigned long va)
{
	struct tlb_entry *e = tlb_slot(va);

	if (e->vpn == va >> PAGE_SHIFT)
		e->generation = 0;
	host_tlb_flushes++;
}

static bool may_be_here(const struct mm_struct *mm)
{
	return cpumask_test_cpu(0, &mm->cpu_mask);
}

void flush_tlb_mm(struct mm_struct *mm)
{
	if (may_be_here(mm))
		drop_all();
}

void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (!may_be_here(mm))
		return;
	if ((end - start) >> PAGE_SHIFT > TLB_SLOTS)
		drop_all();
	else
		for (unsigned long va = start; va < end; va += PAGE_SIZE)
			drop_one(va);
}

void flush_tlb_page(struct mm_struct *mm, unsigned long addr)
{
	if (may_be_here(mm))
		drop_one(addr);
}

void flush_tlb_all(void)
{
	drop_all();
}

void flush_tlb_cpus(cpumask_t cpus)
{
	if (cpus & 1)
		drop_all();
}

/* Kernel mappings take effect at once: machine_ram.c. */
void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
}

void flush_tlb_one_local(unsigned long addr)
{
}

void flush_tlb_local(void)
{
	drop_all();
}

/* ---- Walking ------------------------------------------------------------------------------------- */

/* => the entry with accessed (and dirty) bits set, or 0: a page fault */
static pte_t walk(struct mm_struct *mm, unsigned long va, bool write)
{
	pte_t *ptep = mm_find_pte(mm, va, NULL), pte;
	u64 need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);
	u64 set = _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);

	if (!ptep)
		return __pte(0);
	pte = ptep_get(ptep);
	if ((pte_val(pte) & need) != need)
		return __pte(0);
	return __pte(__atomic_or_fetch(&ptep->pte, set, __ATOMIC_SEQ_CST));
}

u8 *host_translate(struct mm_struct *mm, unsigned long va, bool write)
{
	struct tlb_entry *e = tlb_slot(va);
	pte_t pte;

	if (loaded_mm != mm)
		panic("access to a user address while another table is loaded");
	if (e->generation != tlb_generation || e->vpn != va >> PAGE_SHIFT ||
	    (write && !(e->write && e->dirty))) {
		pte = va < TASK_SIZE ? walk(mm, va, write) : __pte(0);
		if (e->vpn == va >> PAGE_SHIFT)
			e->generation = 0;
		if (pte_none(pte))
			return NULL;
		*e = (struct tlb_entry){ tlb_generation, va >> PAGE_SHIFT, pte_pfn(pte), pte_write(pte),
					 pte_dirty(pte) };
	}
	return host_ram + (e->pfn << PAGE_SHIFT) + (va & ~PAGE_MASK);
}
