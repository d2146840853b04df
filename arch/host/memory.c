/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine's memory: address space at fixed places, filled by the host kernel when touched.
 *
 * The array of descriptors and physical memory are private anonymous mappings without reserve, so a huge
 * machine costs what is used of it. Without backing only boot allocations (the bottom of the direct map)
 * are ever touched, and zeroing a page does nothing.
 */

#include "arch/host/libc.h"
#include "arch/acpi.h"
#include "arch/cpu.h"
#include "arch/host/host.h"
#include "arch/mmu.h"
#include "arch/trap.h"
#include "kernel/base/kernel.h"
#include "mm/page.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

bool host_backing;
static unsigned long vmemmap_bytes, phys_bytes;
/* linker.ld's borders of mm's code: here nothing is known to be inside */
char __mm_text_start[1], __mm_text_end[1];
bool direct_map_small;

/* No page is hidden here: kmemcheck is the machine's. */
bool arch_hide_page(unsigned long pfn, bool hide)
{
	return false;
}

void arch_set_hidden_page_handler(bool (*fn)(struct pt_regs *regs, unsigned long addr, unsigned long error))
{
}

static int map_at(unsigned long addr, unsigned long bytes)
{
	void *p = mmap((void *)addr, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	if ((unsigned long)p != addr) { /* an old kernel took the address as a hint */
		munmap(p, bytes);
		return -ENOMEM;
	}
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return 0;
}

int host_memory_start(unsigned long end_pfn, bool backing)
{
	vmemmap_bytes = round_up(end_pfn * sizeof(struct page), PMD_SIZE);
	phys_bytes = min(end_pfn << PAGE_SHIFT, HOST_PHYS_MAX);
	if (backing && end_pfn << PAGE_SHIFT > HOST_PHYS_MAX)
		return -ENOMEM;
	if (map_at(VMEMMAP_START, vmemmap_bytes))
		return -ENOMEM;
	if (map_at(PAGE_OFFSET, phys_bytes)) {
		munmap((void *)VMEMMAP_START, vmemmap_bytes);
		return -ENOMEM;
	}
	host_backing = backing;
	return 0;
}

void host_memory_stop(void)
{
	munmap((void *)VMEMMAP_START, vmemmap_bytes);
	munmap((void *)PAGE_OFFSET, phys_bytes);
}

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

/* The array of descriptors is always there. */
int arch_vmemmap_map(unsigned long va, unsigned long pfn, bool large)
{
	(void)va;
	(void)pfn;
	(void)large;
	return 0;
}

u64 arch_phys_limit(void)
{
	return 1ULL << 52;
}

void *early_memremap(phys_addr_t phys, unsigned long bytes)
{
	(void)bytes;
	return __va(phys);
}

void early_memunmap(void *va, unsigned long bytes)
{
	(void)va;
	(void)bytes;
}

/* No firmware, one node unless the test says otherwise. */
int acpi_numa_ranges(void (*fn)(int nid, u64 start, u64 end))
{
	(void)fn;
	return 0;
}

int arch_cpu_to_node(int cpu)
{
	(void)cpu;
	return 0;
}
