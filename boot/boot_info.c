/* SPDX-License-Identifier: MIT */
/*
 * Filling struct boot_info, whatever the loader says. Nothing in the loader's block is believed: sizes, addresses
 * and counts are checked against what can be read (boot_phys) and what fits. What is wrong becomes a complaint, a
 * line of text that kernel_main() prints as soon as there is a console; nothing is dropped without one.
 *
 * When the map is full the safe thing is lost: memory (RAM entries make place for others), never the knowledge
 * that something is no memory.
 *
 * Pure but for boot_phys(), which tests/host/test_boot_info.c replaces: it feeds the readers damaged blocks.
 */
#include "boot/boot_info.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"

void boot_complain(struct boot_info *bi, const char *fmt, ...)
{
	size_t used = strlen(bi->complaints), room = sizeof(bi->complaints) - used;
	va_list args;

	if (room < BOOT_COMPLAINT_MAX) {
		bi->nr_complaints_lost++;
		return;
	}
	va_start(args, fmt);
	used += (size_t)vscnprintf(bi->complaints + used, BOOT_COMPLAINT_MAX - 1, fmt, args);
	va_end(args);
	bi->complaints[used] = '\n';
	bi->complaints[used + 1] = '\0';
}

/* => the smallest entry of RAM, or NULL */
static struct boot_e820_entry *smallest_ram(struct boot_info *bi)
{
	struct boot_e820_entry *smallest = NULL;

	for (struct boot_e820_entry *e = bi->map; e < bi->map + bi->nr_map; e++)
		if (e->type == E820_TYPE_RAM && (!smallest || e->size < smallest->size))
			smallest = e;
	return smallest;
}

void boot_add_e820(struct boot_info *bi, u64 addr, u64 size, u32 type)
{
	struct boot_e820_entry *to = bi->map + bi->nr_map;

	if (!size)
		return;
	if (bi->nr_map < BOOT_MAX_E820) {
		bi->nr_map++;
	} else {
		bi->nr_map_lost++;
		to = smallest_ram(bi);
		if (!to || (type == E820_TYPE_RAM && size <= to->size))
			return; /* no memory in the map: none can be used wrongly */
	}
	*to = (struct boot_e820_entry){addr, size, type};
}

/* => [start, end) may be read and given back later: it is neither upside down nor the kernel's own image */
static bool module_ok(struct boot_info *bi, u64 start, u64 end)
{
	if (start >= end || end > BOOT_MAX_ADDR) {
		boot_complain(bi, "the loader's module lies at 0x%llx-0x%llx, which is no memory: ignored", start, end);
		return false;
	}
	if (start < boot_image_end() && end > boot_image_start()) {
		boot_complain(bi, "the loader's module at 0x%llx-0x%llx overlaps the kernel (0x%llx-0x%llx): ignored",
			      start, end, boot_image_start(), boot_image_end());
		return false;
	}
	return true;
}

void boot_add_module(struct boot_info *bi, u64 start, u64 end)
{
	if (!module_ok(bi, start, end))
		return;
	if (bi->initrd_start == bi->initrd_end) {
		bi->initrd_start = start;
		bi->initrd_end = end;
		return;
	}
	boot_complain(bi, "the loader's module at 0x%llx-0x%llx is not used: only the first one is. Put cpio archives "
		      "behind one another in one file", start, end);
}

void boot_set_rsdp(struct boot_info *bi, const void *rsdp, size_t bytes)
{
	if (bytes < BOOT_RSDP_OLD_SIZE) {
		boot_complain(bi, "the loader's ACPI root pointer is cut short: ignored");
		return;
	}
	memcpy(bi->rsdp, rsdp, bytes < BOOT_RSDP_SIZE ? bytes : BOOT_RSDP_SIZE);
	bi->rsdp_valid = true;
}

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

static void complain_of_losses(struct boot_info *bi)
{
	if (bi->nr_map_lost)
		boot_complain(bi, "the firmware map has %u entries more than the %u that fit: some of its memory is "
			      "not used", bi->nr_map_lost, BOOT_MAX_E820);
	if (bi->cmdline_lost)
		boot_complain(bi, "the command line is longer than %u bytes: the last %u are lost; make it shorter",
			      BOOT_CMDLINE_SIZE - 1, bi->cmdline_lost);
}

void boot_info_read(struct boot_info *bi, u32 magic, u32 block)
{
	if (magic == MULTIBOOT2_BOOT_MAGIC)
		multiboot2_read(bi, block);
	else if (magic == PVH_BOOT_MAGIC)
		pvh_read(bi, block);
	else
		boot_complain(bi, "started by neither a multiboot2 loader nor PVH (magic 0x%x): there is no "
			      "memory map. Boot through GRUB's multiboot2 or QEMU's -kernel", magic);
	complain_of_losses(bi);
}
