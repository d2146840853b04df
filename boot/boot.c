/* SPDX-License-Identifier: MIT */
/*
 * First C code: one boot_info from either loader's block, then kernel_main().
 *
 * Runs on the boot stack with the boot page tables, one CPU, interrupts off. Nothing of the
 * kernel is up: no printk, no per-CPU pointers beyond the template.
 */
#include "boot/boot_info.h"

#define KERNEL_VMA	 0xffffffff80000000UL
#define PAGE_BYTES	 4096UL
#define LARGE_PAGE_BYTES (2UL << 20)
#define IDENTITY_MAP_END (4UL << 30)

extern char __kernel_start[], __kernel_end[], boot_stack_guard[];
extern u64 boot_pmd[], boot_guard_pte[];

static struct boot_info boot_info;

u64 boot_image_start(void)
{
	return (u64)__kernel_start - KERNEL_VMA;
}

u64 boot_image_end(void)
{
	return (u64)__kernel_end - KERNEL_VMA;
}

u64 boot_phys_bytes(u64 addr)
{
	return addr && addr < IDENTITY_MAP_END ? IDENTITY_MAP_END - addr : 0;
}

const void *boot_phys(u64 addr, u64 size)
{
	return boot_phys_bytes(addr) >= size && addr ? (const void *)addr : NULL;
}

/*
 * Takes the page below the boot stack out of the boot page tables: an overflow resets the machine
 * instead of writing over the tables. Splits the one 2 MiB page; the identity map shares the
 * table, so both see it.
 */
static void unmap_stack_guard(void)
{
	u64 guard = (u64)boot_stack_guard - KERNEL_VMA;
	u64 base = guard & ~(LARGE_PAGE_BYTES - 1);

	for (unsigned i = 0; i < 512; i++)
		boot_guard_pte[i] = (base + i * PAGE_BYTES) | 3;
	boot_guard_pte[(guard - base) / PAGE_BYTES] = 0;
	boot_pmd[base / LARGE_PAGE_BYTES] = ((u64)boot_guard_pte - KERNEL_VMA) | 3;
	asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax", "memory");
}

void boot_start(u32 magic, u32 info)
{
	unmap_stack_guard();
	boot_info_read(&boot_info, magic, info);
	kernel_main(&boot_info);
}
