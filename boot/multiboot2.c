/* SPDX-License-Identifier: MIT */
/*
 * GRUB's tag list -> struct boot_info. The first module is the initrd. Tags we do not know are
 * skipped by their size; a size smaller than a tag's header ends the walk, since nothing behind
 * it can be found.
 */
#include "boot/boot_info.h"
#include "boot/multiboot2.h"

static void read_mmap(struct boot_info *bi, const struct multiboot2_mmap *mmap)
{
	const char *at = (const char *)(mmap + 1);
	const char *end = (const char *)mmap + mmap->tag.size;

	if (mmap->entry_size < sizeof(struct multiboot2_mmap_entry))
		return;
	for (; at + mmap->entry_size <= end; at += mmap->entry_size) {
		const struct multiboot2_mmap_entry *e = (const void *)at;

		boot_add_e820(bi, e->addr, e->len, e->type);
	}
}

static void read_module(struct boot_info *bi, const struct multiboot2_module *module)
{
	if (bi->initrd_start == bi->initrd_end) {
		bi->initrd_start = module->start;
		bi->initrd_end = module->end;
	}
	boot_reserve(bi, module->start, module->end);
}

static void read_cmdline(struct boot_info *bi, const struct multiboot2_string *string)
{
	size_t length = grub_unquote_cmdline(bi->cmdline, sizeof(bi->cmdline), string->text);

	if (length >= sizeof(bi->cmdline))
		bi->cmdline_lost = length - (sizeof(bi->cmdline) - 1);
}

static void read_tag(struct boot_info *bi, const struct multiboot2_tag *tag)
{
	const struct multiboot2_string *string = (const void *)tag;
	const struct multiboot2_acpi *acpi = (const void *)tag;

	switch (tag->type) {
	case MULTIBOOT2_TAG_CMDLINE:
		read_cmdline(bi, string);
		break;
	case MULTIBOOT2_TAG_LOADER_NAME:
		boot_copy_string(bi->loader, sizeof(bi->loader), string->text,
				 tag->size - sizeof(*tag));
		break;
	case MULTIBOOT2_TAG_MODULE:
		read_module(bi, (const void *)tag);
		break;
	case MULTIBOOT2_TAG_MMAP:
		read_mmap(bi, (const void *)tag);
		break;
	case MULTIBOOT2_TAG_ACPI_OLD:
		if (!bi->rsdp_valid) /* a new root pointer wins, whichever tag comes first */
			boot_set_rsdp(bi, acpi->rsdp, tag->size - sizeof(*tag));
		break;
	case MULTIBOOT2_TAG_ACPI_NEW:
		boot_set_rsdp(bi, acpi->rsdp, tag->size - sizeof(*tag));
		break;
	}
}

void multiboot2_read(struct boot_info *bi, const void *block)
{
	const struct multiboot2_info *info = block;
	const char *end = (const char *)block + info->total_size;
	const char *at = (const char *)(info + 1);

	while (at + sizeof(struct multiboot2_tag) <= end) {
		const struct multiboot2_tag *tag = (const void *)at;

		if (tag->type == MULTIBOOT2_TAG_END || tag->size < sizeof(*tag))
			break;
		read_tag(bi, tag);
		at += (tag->size + 7) & ~7UL;
	}
}
