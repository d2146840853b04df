/* SPDX-License-Identifier: MIT */
/*
 * What the firmware and the loader know, in one form whoever loaded us. Filled by
 * boot/multiboot2.c or boot/pvh.c while the identity map of the low 4 GiB is in force; everything
 * small is copied, so that of the loader's own memory only the ranges in `reserved` (the modules)
 * are still needed afterwards.
 *
 * All addresses are physical. The entries of `map` are the firmware's, raw: unsorted, perhaps
 * overlapping.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "kernel/base/types.h"

#define E820_TYPE_RAM	   1
#define E820_TYPE_RESERVED 2
#define E820_TYPE_ACPI	   3
#define E820_TYPE_NVS	   4
#define E820_TYPE_UNUSABLE 5

#define BOOT_MAX_E820	  512
#define BOOT_CMDLINE_SIZE 4096 /* with the final NUL */
#define BOOT_MAX_RESERVED 16
#define BOOT_RSDP_SIZE	  36

struct boot_e820_entry {
	u64 addr;
	u64 size;
	u32 type;
};

struct boot_range {
	u64 start, end; /* end exclusive */
};

struct boot_info {
	char loader[64];      /* "GRUB 2.06-13+deb12u2", "PVH" */
	unsigned nr_map;      /* entries in map */
	unsigned nr_map_lost; /* entries the firmware had beyond BOOT_MAX_E820 */
	struct boot_e820_entry map[BOOT_MAX_E820];
	unsigned cmdline_lost; /* bytes cut off the command line */
	char cmdline[BOOT_CMDLINE_SIZE];
	u64 initrd_start, initrd_end; /* equal: none */
	bool rsdp_valid;
	u8 rsdp[BOOT_RSDP_SIZE]; /* copy of the ACPI root pointer (20 bytes are used before revision
				    2) */
	unsigned nr_reserved;
	unsigned nr_reserved_lost;
	struct boot_range reserved[BOOT_MAX_RESERVED]; /* memory the loader filled: the modules */
};

/* boot/boot.c */
void boot_add_e820(struct boot_info *bi, u64 addr, u64 size, u32 type);
void boot_reserve(struct boot_info *bi, u64 start, u64 end);
void boot_set_rsdp(struct boot_info *bi, const void *rsdp, size_t bytes);
size_t boot_copy_string(char *to, size_t size, const char *from, size_t max);
void boot_start(u32 magic, u32 info);

/*
 * boot/multiboot2.c, boot/pvh.c: => block: the loader's structure, readable at its physical
 * address
 */
void multiboot2_read(struct boot_info *bi, const void *block);
void pvh_read(struct boot_info *bi, const void *block);

/* boot/grub_cmdline.c: => undoes the quoting GRUB adds to the words of a command line
 * => returns the length the whole result would have had; `to` is cut at size - 1 and terminated */
size_t grub_unquote_cmdline(char *to, size_t size, const char *from);

/* boot/boot.c: the image's border for memblock, physical */
u64 boot_image_start(void);
u64 boot_image_end(void);

/* kernel/main.c */
void kernel_main(struct boot_info *bi) __attribute__((noreturn));

#endif
