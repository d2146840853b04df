/* SPDX-License-Identifier: MIT */
/*
 * The PVH start block (QEMU's -kernel) -> struct boot_info. Version 1 of the block brings the
 * firmware's map; its entry types are e820's. Module 0 is the initrd; QEMU puts it near the top
 * of RAM, below 4 GiB. A pointer that leads out of what can be read costs what it points to.
 */
#include "boot/boot_info.h"
#include "kernel/base/string.h"

#define PVH_START_MAGIC	   0x336ec578
#define PVH_CMDLINE_MAX	   65536U /* how far the end of the command line is looked for */
#define PVH_MAX_ENTRIES	   65536U
#define RSDP_REVISION	   15	  /* this byte says which of the two root pointers it is */
#define VERSION_0_SIZE	   40

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

/* => n things of `size` bytes at addr, aligned or not; or NULL with a complaint */
static const void *array(struct boot_info *bi, const char *what, u64 addr, u32 n, size_t size)
{
	const void *at = n <= PVH_MAX_ENTRIES ? boot_phys(addr, n * size) : NULL;

	if (!at)
		boot_complain(bi, "the PVH start block's %s (%u at 0x%llx) cannot be read: ignored", what, n, addr);
	return at;
}

static void read_modules(struct boot_info *bi, const struct hvm_start_info *info)
{
	struct hvm_modlist_entry module;
	const char *at = array(bi, "modules", info->modlist, info->nr_modules, sizeof(module));

	for (u32 i = 0; at && i < info->nr_modules; i++) {
		memcpy(&module, at + i * sizeof(module), sizeof(module));
		boot_add_module(bi, module.addr, module.addr + module.size);
	}
}

static void read_map(struct boot_info *bi, const struct hvm_start_info *info)
{
	struct hvm_memmap_entry entry;
	const char *at = array(bi, "memory map", info->memmap, info->memmap_entries, sizeof(entry));

	for (u32 i = 0; at && i < info->memmap_entries; i++) {
		memcpy(&entry, at + i * sizeof(entry), sizeof(entry));
		boot_add_e820(bi, entry.addr, entry.size, entry.type);
	}
}

static void read_cmdline(struct boot_info *bi, u64 addr)
{
	const char *text = array(bi, "command line", addr, 1, 1);
	u64 max = boot_phys_bytes(addr);

	if (text)
		bi->cmdline_lost = (unsigned)boot_copy_string(bi->cmdline, sizeof(bi->cmdline), text,
							      max < PVH_CMDLINE_MAX ? max : PVH_CMDLINE_MAX);
}

static void read_rsdp(struct boot_info *bi, u64 addr)
{
	const u8 *rsdp = array(bi, "ACPI root pointer", addr, 1, BOOT_RSDP_SIZE);

	if (rsdp)
		boot_set_rsdp(bi, rsdp, rsdp[RSDP_REVISION] >= 2 ? BOOT_RSDP_SIZE : BOOT_RSDP_OLD_SIZE);
}

void pvh_read(struct boot_info *bi, u64 block)
{
	const struct hvm_start_info *info = boot_phys(block, VERSION_0_SIZE);

	boot_copy_string(bi->loader, sizeof(bi->loader), "PVH", 3);
	if (!info || block % 8 || info->magic != PVH_START_MAGIC) {
		boot_complain(bi, "the PVH start block at 0x%llx cannot be read or has a wrong magic number", block);
		return;
	}
	if (info->cmdline)
		read_cmdline(bi, info->cmdline);
	if (info->nr_modules)
		read_modules(bi, info);
	if (info->version >= 1 && boot_phys(block, sizeof(*info)))
		read_map(bi, info);
	else
		boot_complain(bi, "the PVH start block has version %u, which has no memory map: a newer loader (QEMU 4 "
			      "or later) is needed", info->version);
	if (info->rsdp)
		read_rsdp(bi, info->rsdp);
}
