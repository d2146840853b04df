/* SPDX-License-Identifier: MIT */
/*
 * GRUB's tag list -> struct boot_info. The first module is the initrd. Tags we do not know are skipped by their
 * size. A tag that is smaller than its header or longer than the list ends the walk, since nothing behind it can
 * be found; a tag too short for what its type promises is left out.
 */
#include "boot/boot_info.h"
#include "boot/multiboot2.h"

/* What each type has at least. */
static u32 tag_minimum(u32 type)
{
	switch (type) {
	case MULTIBOOT2_TAG_MODULE:
		return sizeof(struct multiboot2_module);
	case MULTIBOOT2_TAG_MMAP:
		return sizeof(struct multiboot2_mmap);
	default:
		return sizeof(struct multiboot2_tag);
	}
}

static void read_mmap(struct boot_info *bi, const struct multiboot2_mmap *mmap)
{
	const char *at = (const char *)(mmap + 1);
	u32 left = mmap->tag.size - (u32)sizeof(*mmap), step = mmap->entry_size;

	if (step < sizeof(struct multiboot2_mmap_entry) || step % 8) {
		boot_complain(bi, "the loader's memory map has entries of %u bytes: ignored", step);
		return;
	}
	for (; left >= step; left -= step, at += step) {
		const struct multiboot2_mmap_entry *e = (const void *)at;

		boot_add_e820(bi, e->addr, e->len, e->type);
	}
	if (left)
		boot_complain(bi, "the loader's memory map ends with %u bytes that are no entry: ignored", left);
}

static void read_cmdline(struct boot_info *bi, const struct multiboot2_string *string, size_t max)
{
	size_t length = grub_unquote_cmdline(bi->cmdline, sizeof(bi->cmdline), string->text, max);

	bi->cmdline_lost = 0;
	if (length >= sizeof(bi->cmdline))
		bi->cmdline_lost = (unsigned)(length - (sizeof(bi->cmdline) - 1));
}

static void read_tag(struct boot_info *bi, const struct multiboot2_tag *tag)
{
	const struct multiboot2_string *string = (const void *)tag;
	const struct multiboot2_module *module = (const void *)tag;
	const struct multiboot2_acpi *acpi = (const void *)tag;
	size_t rest = tag->size - sizeof(*tag);

	if (tag->size < tag_minimum(tag->type)) {
		boot_complain(bi, "the loader's tag of type %u is too short (%u bytes): ignored", tag->type, tag->size);
		return;
	}
	switch (tag->type) {
	case MULTIBOOT2_TAG_CMDLINE:
		read_cmdline(bi, string, rest);
		break;
	case MULTIBOOT2_TAG_LOADER_NAME:
		boot_copy_string(bi->loader, sizeof(bi->loader), string->text, rest);
		break;
	case MULTIBOOT2_TAG_MODULE:
		boot_add_module(bi, module->start, module->end);
		break;
	case MULTIBOOT2_TAG_MMAP:
		read_mmap(bi, (const void *)tag);
		break;
	case MULTIBOOT2_TAG_ACPI_OLD:
		if (!bi->rsdp_valid) /* a new root pointer wins, whichever tag comes first */
			boot_set_rsdp(bi, acpi->rsdp, rest);
		break;
	case MULTIBOOT2_TAG_ACPI_NEW:
		boot_set_rsdp(bi, acpi->rsdp, rest);
		break;
	}
}

static void walk(struct boot_info *bi, const char *list, u32 size)
{
	const struct multiboot2_tag *tag;
	u32 at = sizeof(struct multiboot2_info);

	for (; at < size && size - at >= sizeof(*tag); at += (tag->size + 7) & ~7U) {
		tag = (const void *)(list + at);
		if (tag->type == MULTIBOOT2_TAG_END)
			return;
		if (tag->size < sizeof(*tag) || tag->size > size - at) {
			boot_complain(bi, "the loader's tag of type %u at offset %u has %u bytes where 8 to %u are "
				      "possible: it and all behind it are lost", tag->type, at, tag->size, size - at);
			return;
		}
		read_tag(bi, tag);
	}
	boot_complain(bi, "the loader's tag list has no last tag: it was cut short after %u bytes", size);
}

void multiboot2_read(struct boot_info *bi, u64 block)
{
	const struct multiboot2_info *info = boot_phys(block, sizeof(*info));

	if (!info || block % 8 || info->total_size > MULTIBOOT2_MAX_SIZE || !boot_phys(block, info->total_size))
		boot_complain(bi, "the loader's tag list at 0x%llx cannot be read: misaligned, too long or above 4 GiB",
			      block);
	else
		walk(bi, (const char *)info, info->total_size);
}
