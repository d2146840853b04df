/* SPDX-License-Identifier: MIT */
/*
 * What the firmware and the loader know, in one form whoever loaded us. Filled by
 * boot/multiboot2.c or boot/pvh.c while the identity map of the low 4 GiB is in force; everything
 * small is copied, so that of the loader's own memory only the initrd is still needed afterwards.
 *
 * All addresses are physical. The entries of `map` are the firmware's, raw: unsorted, perhaps
 * overlapping.
 */
#ifndef BOOT_BOOT_INFO_H
#define BOOT_BOOT_INFO_H

#include "boot/multiboot2.h"
#include "kernel/base/types.h"

#define E820_TYPE_RAM	   1
#define E820_TYPE_RESERVED 2
#define E820_TYPE_ACPI	   3
#define E820_TYPE_NVS	   4
#define E820_TYPE_UNUSABLE 5

#define BOOT_MAX_E820	  512
#define BOOT_CMDLINE_SIZE 4096 /* with the final NUL */
#define BOOT_RSDP_OLD_SIZE 20 /* before ACPI 2 */
#define BOOT_RSDP_SIZE	  36
#define BOOT_MAX_ADDR	  (1ULL << 52) /* no x86 has more physical addresses */
#define BOOT_COMPLAINT_MAX 240

#define PVH_BOOT_MAGIC 0x336ec578

struct boot_e820_entry {
	u64 addr;
	u64 size;
	u32 type;
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
	char complaints[10 * BOOT_COMPLAINT_MAX]; /* one line each: what is wrong with the loader's block */
	unsigned nr_complaints_lost;
};

/*
 * boot/boot_info.c: => reads the loader's block into *bi (all zero before); what makes no sense is left out, with a
 * complaint
 */
void boot_info_read(struct boot_info *bi, u32 magic, u32 block);
void boot_complain(struct boot_info *bi, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void boot_add_e820(struct boot_info *bi, u64 addr, u64 size, u32 type);
void boot_add_module(struct boot_info *bi, u64 start, u64 end);
void boot_set_rsdp(struct boot_info *bi, const void *rsdp, size_t bytes);
/* => at most max bytes of `from`, up to its NUL, in to[size], terminated; returns how many did not fit */
size_t boot_copy_string(char *to, size_t size, const char *from, size_t max);

/* boot/boot.c: => where [addr, addr + size) can be read, NULL if it does not lie below 4 GiB; how many bytes from
 * addr on can be */
const void *boot_phys(u64 addr, u64 size);
u64 boot_phys_bytes(u64 addr);
void boot_start(u32 magic, u32 info);

/* boot/multiboot2.c, boot/pvh.c: => block: physical address of the loader's structure */
void multiboot2_read(struct boot_info *bi, u64 block);
void pvh_read(struct boot_info *bi, u64 block);

/* boot/grub_cmdline.c: => undoes the quoting GRUB adds to the words of a command line: of `max` bytes, up to a NUL
 * => returns the length the whole result would have had; `to` is cut at size - 1 and terminated */
size_t grub_unquote_cmdline(char *to, size_t size, const char *from, size_t max);

/* boot/boot.c: the image's border for memblock, physical */
u64 boot_image_start(void);
u64 boot_image_end(void);

/* kernel/main.c */
void kernel_main(struct boot_info *bi) __attribute__((noreturn));

#endif
