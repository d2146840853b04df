/* SPDX-License-Identifier: MIT */
/*
 * First C code: one boot_info from either loader's block, then kernel_main().
 *
 * Runs on the boot stack with the boot page tables, one CPU, interrupts off. Nothing of the
 * kernel is up: no printk, no per-CPU pointers beyond the template. Losses (too many map entries,
 * a command line that is too long) are counted in boot_info, and whoever prints the map reports
 * them.
 */
#include "boot/boot_info.h"
#include "boot/multiboot2.h"

#define KERNEL_VMA	 0xffffffff80000000UL
#define PVH_BOOT_MAGIC	 0x336ec578
#define PAGE_BYTES	 4096UL
#define LARGE_PAGE_BYTES (2UL << 20)

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

void boot_add_e820(struct boot_info *bi, u64 addr, u64 size, u32 type)
{
	if (bi->nr_map == BOOT_MAX_E820) {
		bi->nr_map_lost++;
		return;
	}
	bi->map[bi->nr_map++] = (struct boot_e820_entry){addr, size, type};
}

void boot_reserve(struct boot_info *bi, u64 start, u64 end)
{
	if (start >= end)
		return;
	if (bi->nr_reserved == BOOT_MAX_RESERVED) {
		bi->nr_reserved_lost++;
		return;
	}
	bi->reserved[bi->nr_reserved++] = (struct boot_range){start, end};
}

void boot_set_rsdp(struct boot_info *bi, const void *rsdp, size_t bytes)
{
	const u8 *from = rsdp;

	for (size_t i = 0; i < bytes && i < BOOT_RSDP_SIZE; i++)
		bi->rsdp[i] = from[i];
	bi->rsdp_valid = true;
}

/*
 * => copies at most max bytes of `from`, up to its NUL, into to[size], always terminated
 * => returns how many bytes did not fit
 */
size_t boot_copy_string(char *to, size_t size, const char *from, size_t max)
{
	size_t n = 0, lost = 0;

	for (size_t i = 0; i < max && from[i]; i++) {
		if (n + 1 < size)
			to[n++] = from[i];
		else
			lost++;
	}
	to[n] = '\0';
	return lost;
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
	const void *block = (const void *)(u64)info;

	unmap_stack_guard();
	if (magic == MULTIBOOT2_BOOT_MAGIC)
		multiboot2_read(&boot_info, block);
	else if (magic == PVH_BOOT_MAGIC)
		pvh_read(&boot_info, block);
	kernel_main(&boot_info);
}
