/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory: one memfd, so that a frame can be seen at several addresses.
 *
 *   PAGE_OFFSET       frames [0, low_pfn) for the kernel; above them nothing is mapped
 *   host_ram          every frame, for the hardware: the CPU's accesses to user memory and the disks'
 *   vmalloc, windows  pages mapped one by one as their entries are written
 *
 * A kernel page-table entry takes effect when it is written and loses it when it is cleared: stricter than a
 * TLB, so that the use of a window after kunmap_atomic() ends the process.
 */
#include "arch/host/libc_machine.h"

#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "arch/mmu.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "asm/pgtable.h"

#define WINDOW_PAGES  ((KMAP_ATOMIC_BASE - PKMAP_BASE) / PAGE_SIZE + NR_CPUS * KMAP_ATOMIC_SLOTS)
#define VMALLOC_PAGES ((VMALLOC_END - VMALLOC_START) / PAGE_SIZE)

u8 *host_ram;
static int ram_fd;
static pte_t window_table[WINDOW_PAGES], vmalloc_table[VMALLOC_PAGES];
pte_t *host_window_ptes = window_table, *host_window_ptes_end = window_table + WINDOW_PAGES;

static void map_fixed(unsigned long va, unsigned long bytes, int fd, unsigned long offset)
{
	int flags = MAP_FIXED | MAP_NORESERVE | (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
	void *p = mmap((void *)va, bytes, fd < 0 ? PROT_NONE : PROT_READ | PROT_WRITE, flags, fd,
		       (off_t)offset);

	if (p == MAP_FAILED) {
		perror("mmap of the machine's memory");
		abort();
	}
}

int host_ram_start(unsigned long end_pfn, unsigned long low_pfn)
{
	unsigned long bytes = end_pfn << PAGE_SHIFT, low = low_pfn << PAGE_SHIFT;

	if (host_memory_start(end_pfn, true))
		return -ENOMEM;
	ram_fd = memfd_create("tidemark-ram", 0);
	if (ram_fd < 0 || ftruncate(ram_fd, (off_t)bytes))
		return -ENOMEM;
	host_ram = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
	if (host_ram == MAP_FAILED)
		return -ENOMEM;
	map_fixed(PAGE_OFFSET, low, ram_fd, 0);
	if (bytes > low)
		map_fixed(PAGE_OFFSET + low, bytes - low, -1, 0);
	map_fixed(VMALLOC_START, VMALLOC_END - VMALLOC_START, -1, 0);
	map_fixed(PKMAP_BASE, WINDOW_PAGES * PAGE_SIZE, -1, 0);
	return 0;
}

static void map_kernel_page(unsigned long va, pte_t pte)
{
	if (pte_present(pte))
		map_fixed(va, PAGE_SIZE, ram_fd, pte_pfn(pte) << PAGE_SHIFT);
	else
		map_fixed(va, PAGE_SIZE, -1, 0);
}

void host_window_changed(pte_t *ptep, pte_t pte)
{
	map_kernel_page(PKMAP_BASE + (unsigned long)(ptep - window_table) * PAGE_SIZE, pte);
}

static pte_t *vmalloc_pte(unsigned long va)
{
	BUG_ON(va < VMALLOC_START || va >= VMALLOC_END);
	return &vmalloc_table[(va - VMALLOC_START) >> PAGE_SHIFT];
}

int arch_map_kernel_page(unsigned long va, unsigned long pfn, pgprot_t prot)
{
	pte_t *pte = vmalloc_pte(va);

	BUG_ON(!pte_none(*pte));
	*pte = pfn_pte(pfn, prot);
	map_kernel_page(va, *pte);
	return 0;
}

unsigned long arch_unmap_kernel_page(unsigned long va)
{
	pte_t *pte = vmalloc_pte(va);
	unsigned long pfn = pte_pfn(*pte);

	*pte = __pte(0);
	map_kernel_page(va, *pte);
	return pfn;
}

pte_t *kernel_pte(unsigned long va)
{
	if (va >= PKMAP_BASE && va < PKMAP_BASE + WINDOW_PAGES * PAGE_SIZE)
		return &window_table[(va - PKMAP_BASE) >> PAGE_SHIFT];
	return va >= VMALLOC_START && va < VMALLOC_END ? vmalloc_pte(va) : NULL;
}

unsigned long kernel_va_to_pfn(unsigned long va)
{
	pte_t *pte = kernel_pte(va);

	if (!pte)
		return va >= PAGE_OFFSET && va < PAGE_OFFSET + HOST_PHYS_MAX ? __pa(va) >> PAGE_SHIFT :
									       ~0UL;
	return pte_present(*pte) ? pte_pfn(*pte) : ~0UL;
}
