/* SPDX-License-Identifier: MIT */
/*
 * The PVH start block (QEMU's -kernel) -> struct boot_info. Version 1 of the block brings the
 * firmware's map; its entry types are e820's. Module 0 is the initrd; QEMU puts it near the top
 * of RAM, below 4 GiB.
 */
#include "boot/boot_info.h"

#define PVH_START_MAGIC 0x336ec578

struct hvm_start_info {
	u32 magic;
	u32 version;
	u32 flags;
	u32 nr_modules;
	u64 modlist;
	u64 cmdline;
	u64 rsdp;
	u64 memmap; /* this and the rest from version 1 on */
	u32 memmap_entries;
	u32 reserved;
};

struct hvm_modlist_entry {
	u64 addr;
	u64 size;
	u64 cmdline;
	u64 reserved;
};

struct hvm_memmap_entry {
	u64 addr;
	u64 size;
	u32 type;
	u32 reserved;
};

/*
 * The revision byte says which of the two root pointers it is: 20 bytes before ACPI 2, 36 since.
 */
static void read_rsdp(struct boot_info *bi, const u8 *rsdp)
{
	boot_set_rsdp(bi, rsdp, rsdp[15] >= 2 ? BOOT_RSDP_SIZE : 20);
}

void pvh_read(struct boot_info *bi, const void *block)
{
	const struct hvm_start_info *info = block;
	const struct hvm_modlist_entry *module = (const void *)info->modlist;
	const struct hvm_memmap_entry *map = (const void *)info->memmap;

	boot_copy_string(bi->loader, sizeof(bi->loader), "PVH", 3);
	if (info->magic != PVH_START_MAGIC)
		return;
	if (info->cmdline)
		bi->cmdline_lost = boot_copy_string(bi->cmdline, sizeof(bi->cmdline),
						    (const char *)info->cmdline, (size_t)-1);
	for (u32 i = 0; i < info->nr_modules; i++)
		boot_reserve(bi, module[i].addr, module[i].addr + module[i].size);
	if (info->nr_modules) {
		bi->initrd_start = module[0].addr;
		bi->initrd_end = module[0].addr + module[0].size;
	}
	if (info->version >= 1)
		for (u32 i = 0; i < info->memmap_entries; i++)
			boot_add_e820(bi, map[i].addr, map[i].size, map[i].type);
	if (info->rsdp)
		read_rsdp(bi, (const u8 *)info->rsdp);
}
