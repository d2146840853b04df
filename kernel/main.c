/* SPDX-License-Identifier: MIT */
/*
 * The boot order on one screen. At this point: the map the firmware gave, then power off.
 */
#include "boot/boot_info.h"
#include "boot/exit_status.h"

#define COM1	   0x3f8


static void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			outb(COM1, '\r');
		outb(COM1, *text);
	}
}

static void print_hex(u64 value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		outb(COM1, "0123456789abcdef"[value >> shift & 15]);
}

static void print_pair(const char *name, u64 a, u64 b)
{
	print(name);
	print_hex(a);
	print(" ");
	print_hex(b);
	print("\n");
}

void kernel_main(struct boot_info *bi)
{
	print("Tidemark, loaded by ");
	print(bi->loader);
	print("\nCommand line: ");
	print(bi->cmdline);
	print("\n");
	for (unsigned i = 0; i < bi->nr_map; i++)
		print_pair("BIOS-e820: ", bi->map[i].addr, bi->map[i].addr + bi->map[i].size);
	print_pair("initrd: ", bi->initrd_start, bi->initrd_end);
	print_pair("image: ", boot_image_start(), boot_image_end());
	print(bi->rsdp_valid ? "ACPI root pointer found\n" : "no ACPI root pointer\n");
	outb(EXIT_PORT, EXIT_OK);
	for (;;)
		asm volatile("cli; hlt");
}
