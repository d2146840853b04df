/* SPDX-License-Identifier: MIT */
/*
 * The multiboot2 protocol, as far as Tidemark reads it: numbers shared by entry.S and
 * multiboot2.c, and the tag layouts. The information block is a header of 8 bytes and then tags,
 * each 8-byte aligned, up to a tag of type 0.
 */
#ifndef BOOT_MULTIBOOT2_H
#define BOOT_MULTIBOOT2_H

#define MULTIBOOT2_HEADER_MAGIC		    0xe85250d6
#define MULTIBOOT2_BOOT_MAGIC		    0x36d76289
#define MULTIBOOT2_ARCH_I386		    0
#define MULTIBOOT2_HEADER_TAG_ENTRY	    3
#define MULTIBOOT2_HEADER_TAG_ALIGN_MODULES 6

#define MULTIBOOT2_MAX_SIZE (16U << 20) /* of a tag list we believe in */

#define MULTIBOOT2_TAG_END	   0
#define MULTIBOOT2_TAG_CMDLINE	   1
#define MULTIBOOT2_TAG_LOADER_NAME 2
#define MULTIBOOT2_TAG_MODULE	   3
#define MULTIBOOT2_TAG_MMAP	   6
#define MULTIBOOT2_TAG_ACPI_OLD	   14
#define MULTIBOOT2_TAG_ACPI_NEW	   15

#ifndef __ASSEMBLY__
#include "kernel/base/types.h"

struct multiboot2_info {
	u32 total_size;
	u32 reserved;
};

struct multiboot2_tag {
	u32 type;
	u32 size; /* with this header, without the padding behind it */
};

struct multiboot2_string {
	struct multiboot2_tag tag;
	char text[];
};

struct multiboot2_module {
	struct multiboot2_tag tag;
	u32 start, end; /* physical, end exclusive */
	char text[];
};

struct multiboot2_mmap {
	struct multiboot2_tag tag;
	u32 entry_size;
	u32 entry_version;
};

struct multiboot2_mmap_entry {
	u64 addr;
	u64 len;
	u32 type;
	u32 zero;
};

struct multiboot2_acpi {
	struct multiboot2_tag tag;
	u8 rsdp[];
};

#endif
#endif
