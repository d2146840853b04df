/* SPDX-License-Identifier: MIT */
/*
 * The loaders' blocks, whole and damaged in every way: boot/multiboot2.c, boot/pvh.c, boot/boot_info.c. The block lies
 * at BASE of a physical memory that is nothing else; reading a byte beside it is noticed by ASan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/boot_info.h"
#include "boot/multiboot2.h"
#include "tests/host/fuzz.h"

#define BASE	    0x10000000UL
#define IMAGE_START 0x100000UL
#define IMAGE_END   0x300000UL

static const unsigned char *memory;
static u64 memory_size;
static struct boot_info bi;

u64 boot_phys_bytes(u64 addr)
{
	return addr >= BASE && addr < BASE + memory_size ? BASE + memory_size - addr : 0;
}

const void *boot_phys(u64 addr, u64 size)
{
	return boot_phys_bytes(addr) >= size && addr - BASE <= memory_size ? memory + (addr - BASE) : NULL;
}

u64 boot_image_start(void)
{
	return IMAGE_START;
}

u64 boot_image_end(void)
{
	return IMAGE_END;
}

/* ---- Making blocks ---------------------------------------------------------------------------- */

struct block {
	unsigned char data[FUZZ_MAX];
	size_t size;
};

static void put(struct block *b, const void *what, size_t n)
{
	memcpy(b->data + b->size, what, n);
	b->size += n;
}

static void put32(struct block *b, u32 a)
{
	put(b, &a, 4);
}

static void put64(struct block *b, u64 a)
{
	put(b, &a, 8);
}

static void tag(struct block *b, u32 type, const void *what, size_t n)
{
	put32(b, type);
	put32(b, (u32)n + 8);
	put(b, what, n);
	b->size = (b->size + 7) & ~7UL;
}

static void begin(struct block *b)
{
	memset(b, 0, sizeof(*b));
	b->size = sizeof(struct multiboot2_info);
}

static void end(struct block *b)
{
	u32 size;

	tag(b, MULTIBOOT2_TAG_END, "", 0);
	size = (u32)b->size;
	memcpy(b->data, &size, 4);
}

static void map_tag(struct block *b, unsigned int nr)
{
	struct block map = { .size = 0 };

	put32(&map, 24);
	put32(&map, 0);
	for (unsigned int i = 0; i < nr; i++) {
		put64(&map, i * 0x100000UL);
		put64(&map, 0x80000);
		put32(&map, i % 3 ? 1 : 2);
		put32(&map, i); /* reserved: means nothing */
	}
	tag(b, MULTIBOOT2_TAG_MMAP, map.data, map.size);
}

static void multiboot2_block(struct block *b)
{
	const u32 module[2] = { 0x400000, 0x500000 };

	begin(b);
	tag(b, MULTIBOOT2_TAG_CMDLINE, "quiet x=1", 10);
	tag(b, MULTIBOOT2_TAG_LOADER_NAME, "TEST 1", 7);
	tag(b, 77, "what nobody knows", 17);
	tag(b, MULTIBOOT2_TAG_MODULE, module, sizeof(module));
	map_tag(b, 6);
	tag(b, MULTIBOOT2_TAG_ACPI_OLD, "RSD PTR 345678901234", 20);
	end(b);
}

static void pvh_block(struct block *b, u32 magic, u32 version)
{
	memset(b, 0, sizeof(*b));
	put32(b, magic);
	put32(b, version);
	put32(b, 0);
	put32(b, 1);
	put64(b, BASE + 64);  /* modules */
	put64(b, BASE + 96);  /* command line */
	put64(b, BASE + 160); /* RSDP */
	put64(b, BASE + 200); /* map */
	put32(b, 2);
	put32(b, 0);
	b->size = 64;
	put64(b, 0x400000);
	put64(b, 0x1000);
	b->size = 96;
	put(b, "init=/x", 8);
	b->size = 200;
	for (u32 i = 0; i < 2; i++) {
		put64(b, i << 20);
		put64(b, 0x9f000);
		put64(b, 1);
	}
}

static void read_at(const struct block *b, u32 magic, u64 at)
{
	unsigned char *copy = malloc(b->size);

	memcpy(copy, b->data, b->size);
	memset(&bi, 0, sizeof(bi));
	memory = copy;
	memory_size = b->size;
	boot_info_read(&bi, magic, (u32)at);
	free(copy);
}

static void read_block(const struct block *b, u32 magic)
{
	read_at(b, magic, BASE);
}

static void expect_complaint(const char *words)
{
	if (!strstr(bi.complaints, words))
		fail_msg("\"%s\" does not say \"%s\"", bi.complaints, words);
}

static struct block b;

/* ---- Tests ------------------------------------------------------------------------------------- */

static void test_good_blocks(void **state)
{
	multiboot2_block(&b);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	assert_string_equal(bi.complaints, "");
	assert_string_equal(bi.cmdline, "quiet x=1");
	assert_string_equal(bi.loader, "TEST 1");
	assert_int_equal(bi.nr_map, 6);
	assert_int_equal(bi.map[4].addr, 0x400000);
	assert_int_equal(bi.initrd_end - bi.initrd_start, 0x100000);
	assert_true(bi.rsdp_valid);

	pvh_block(&b, PVH_BOOT_MAGIC, 1);
	read_block(&b, PVH_BOOT_MAGIC);
	assert_string_equal(bi.complaints, "");
	assert_string_equal(bi.cmdline, "init=/x");
	assert_int_equal(bi.nr_map, 2);
	assert_int_equal(bi.initrd_start, 0x400000);
	assert_true(bi.rsdp_valid);
}

static void test_a_loader_nobody_knows(void **state)
{
	multiboot2_block(&b);
	read_block(&b, 0x2badb002); /* multiboot 1 */
	expect_complaint("neither a multiboot2 loader nor PVH (magic 0x2badb002)");
	assert_int_equal(bi.nr_map, 0);
}

static void test_multiboot2_list_that_cannot_be_read(void **state)
{
	u32 huge = 0xfffffff0;

	multiboot2_block(&b);
	read_at(&b, MULTIBOOT2_BOOT_MAGIC, BASE + 4);
	expect_complaint("cannot be read");
	read_at(&b, MULTIBOOT2_BOOT_MAGIC, 0);
	expect_complaint("cannot be read");
	memcpy(b.data, &huge, 4);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	expect_complaint("cannot be read");
	memset(b.data, 0, 4);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	expect_complaint("cut short after 0 bytes");
}

/* Cut anywhere: never more than was there, and always a complaint. */
static void test_multiboot2_cut_short(void **state)
{
	multiboot2_block(&b);
	for (u32 size = 8, whole = (u32)b.size; size < whole; size++) {
		b.size = size;
		memcpy(b.data, &size, 4);
		read_block(&b, MULTIBOOT2_BOOT_MAGIC);
		if (size > whole - 8)
			continue; /* of the last tag only */
		assert_true(bi.complaints[0]);
	}
}

static void test_multiboot2_odd_tags(void **state)
{
	static const u32 sizes[] = { 0, 7, 0x7fffffff, 0xffffffff };

	for (unsigned int i = 0; i < 4; i++) {
		multiboot2_block(&b);
		memcpy(b.data + 12, &sizes[i], 4);
		read_block(&b, MULTIBOOT2_BOOT_MAGIC);
		expect_complaint("it and all behind it are lost");
		assert_int_equal(bi.nr_map, 0);
	}
	begin(&b);
	tag(&b, MULTIBOOT2_TAG_MODULE, "1234", 4);
	tag(&b, MULTIBOOT2_TAG_MMAP, "", 0);
	tag(&b, MULTIBOOT2_TAG_ACPI_NEW, "RSD PTR ", 8);
	tag(&b, MULTIBOOT2_TAG_CMDLINE, "no end", 6); /* no NUL either */
	end(&b);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	expect_complaint("type 3 is too short");
	expect_complaint("type 6 is too short");
	expect_complaint("root pointer is cut short");
	assert_false(bi.rsdp_valid);
	assert_string_equal(bi.cmdline, "no end");
}

static void test_multiboot2_map_with_wrong_entries(void **state)
{
	static const u32 steps[] = { 0, 8, 20, 23, 28 };

	for (unsigned int i = 0; i < 5; i++) {
		begin(&b);
		map_tag(&b, 4);
		memcpy(b.data + 16, &steps[i], 4);
		end(&b);
		read_block(&b, MULTIBOOT2_BOOT_MAGIC);
		expect_complaint("entries of");
		assert_int_equal(bi.nr_map, 0);
	}
	begin(&b);
	tag(&b, MULTIBOOT2_TAG_MMAP, "\30\0\0\0\0\0\0\0half of it", 18);
	end(&b);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	expect_complaint("10 bytes that are no entry");
}

/* Whatever is lost of a map that is too long, what is no memory is never taken for memory. */
static void test_thousands_of_map_entries(void **state)
{
	memset(&bi, 0, sizeof(bi));
	for (u64 i = 0; i < 3000; i++)
		boot_add_e820(&bi, i << 20, 1 << 20, i < 2600 ? E820_TYPE_RAM : E820_TYPE_RESERVED);
	assert_int_equal(bi.nr_map, BOOT_MAX_E820);
	assert_int_equal(bi.nr_map_lost, 3000 - BOOT_MAX_E820);
	for (u64 i = 2600; i < 3000; i++) {
		unsigned int at = 0;

		while (at < bi.nr_map && bi.map[at].addr != i << 20)
			at++;
		assert_true(at < bi.nr_map);
		assert_int_equal(bi.map[at].type, E820_TYPE_RESERVED);
	}
	for (u64 i = 3000; i < 4000; i++)
		boot_add_e820(&bi, i << 20, 1 << 20, E820_TYPE_RESERVED);
	for (unsigned int at = 0; at < bi.nr_map; at++)
		assert_int_not_equal(bi.map[at].type, E820_TYPE_RAM);
}

static void test_modules_that_cannot_be(void **state)
{
	static const u32 modules[][2] = { { 0x5000, 0x5000 }, { 0x5000, 0x4000 }, { 0xff000, 0x100001 },
					  { 0x200000, 0x201000 }, { 0, 0xffffffff } };

	for (unsigned int i = 0; i < 5; i++) {
		begin(&b);
		tag(&b, MULTIBOOT2_TAG_MODULE, modules[i], 8);
		end(&b);
		read_block(&b, MULTIBOOT2_BOOT_MAGIC);
		expect_complaint(i < 2 ? "is no memory: ignored" : "overlaps the kernel");
		assert_int_equal(bi.initrd_end, 0);
	}
	begin(&b);
	tag(&b, MULTIBOOT2_TAG_MODULE, (u32[]){ 0x400000, 0x401000 }, 8);
	tag(&b, MULTIBOOT2_TAG_MODULE, (u32[]){ 0x500000, 0x501000 }, 8);
	end(&b);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	expect_complaint("0x500000-0x501000 is not used: only the first");
	assert_int_equal(bi.initrd_start, 0x400000);
}

static void test_pvh_block_that_is_none(void **state)
{
	pvh_block(&b, 0x12345678, 1);
	read_block(&b, PVH_BOOT_MAGIC);
	expect_complaint("wrong magic number");
	assert_int_equal(bi.nr_map, 0);
	pvh_block(&b, PVH_BOOT_MAGIC, 0);
	read_block(&b, PVH_BOOT_MAGIC);
	expect_complaint("version 0, which has no memory map");
	assert_string_equal(bi.cmdline, "init=/x");
	read_at(&b, PVH_BOOT_MAGIC, BASE + 0x100000);
	expect_complaint("cannot be read");
}

/* Each pointer and count in turn leads nowhere: that is lost, the rest is not. */
static void test_pvh_pointers_that_lead_nowhere(void **state)
{
	static const struct {
		unsigned int at;
		u64 value;
		const char *words;
	} bad[] = {
		{ 16, 0x1000, "modules (1 at 0x1000)" },
		{ 16, ~0UL, "modules" },
		{ 24, ~0UL - 3, "command line" },
		{ 32, BASE + 250, "ACPI root pointer" },
		{ 40, 1UL << 40, "memory map (2 at 0x10000000000)" },
		{ 40, BASE + 201, "memory map" },
		{ 48, 0xffffffff, "memory map (4294967295" },
		{ 48, 0x0aaaaaab, "memory map" }, /* times 24 is little in 32 bits */
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pvh_block(&b, PVH_BOOT_MAGIC, 1);
		memcpy(b.data + bad[i].at, &bad[i].value, bad[i].at == 48 ? 4 : 8);
		read_block(&b, PVH_BOOT_MAGIC);
		expect_complaint(bad[i].words);
		expect_complaint("cannot be read");
		assert_true(bi.nr_map == 2 || bad[i].at >= 40);
		assert_true(bi.rsdp_valid == (bad[i].at != 32));
	}
}

static void test_long_command_lines(void **state)
{
	static char text[6000];

	memset(text, 'x', sizeof(text) - 1);
	begin(&b);
	tag(&b, MULTIBOOT2_TAG_CMDLINE, text, sizeof(text));
	end(&b);
	read_block(&b, MULTIBOOT2_BOOT_MAGIC);
	assert_int_equal(strlen(bi.cmdline), BOOT_CMDLINE_SIZE - 1);
	expect_complaint("longer than 4095 bytes: the last 1904 are lost");

	pvh_block(&b, PVH_BOOT_MAGIC, 1);
	put(&b, text, sizeof(text));
	memcpy(b.data + 24, &(u64){ BASE + b.size - sizeof(text) }, 8);
	read_block(&b, PVH_BOOT_MAGIC);
	expect_complaint("longer than 4095 bytes: the last 1904 are lost");
}

static void test_complaints_beyond_counting(void **state)
{
	memset(&bi, 0, sizeof(bi));
	for (int i = 0; i < 1000; i++)
		boot_complain(&bi, "%0300d", i);
	assert_true(bi.nr_complaints_lost > 900);
	assert_true(strlen(bi.complaints) < sizeof(bi.complaints));
}

/* ---- Random damage ------------------------------------------------------------------------------ */

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	struct block good;

	if (n % 2)
		multiboot2_block(&good);
	else
		pvh_block(&good, PVH_BOOT_MAGIC, 1);
	memcpy(to, good.data, good.size);
	return good.size;
}

/* What was read must be what the rest of the kernel relies on. */
static void check_info(void)
{
	if (bi.nr_map > BOOT_MAX_E820 || strlen(bi.cmdline) >= BOOT_CMDLINE_SIZE ||
	    strlen(bi.loader) >= sizeof(bi.loader) ||
	    strlen(bi.complaints) >= sizeof(bi.complaints) || bi.initrd_start > bi.initrd_end ||
	    (bi.initrd_start < bi.initrd_end && bi.initrd_start < IMAGE_END && bi.initrd_end > IMAGE_START))
		abort();
}

static void fuzz_one(const unsigned char *data, size_t size)
{
	static const u32 magic[] = { MULTIBOOT2_BOOT_MAGIC, PVH_BOOT_MAGIC };

	memory = data;
	memory_size = size;
	for (int i = 0; i < 2; i++) {
		memset(&bi, 0, sizeof(bi));
		boot_info_read(&bi, magic[i], (u32)BASE);
		check_info();
	}
}

#ifndef LIBFUZZER
static void test_random_damage(void **state)
{
	fuzz_loop(20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_blocks),
		cmocka_unit_test(test_a_loader_nobody_knows),
		cmocka_unit_test(test_multiboot2_list_that_cannot_be_read),
		cmocka_unit_test(test_multiboot2_cut_short),
		cmocka_unit_test(test_multiboot2_odd_tags),
		cmocka_unit_test(test_multiboot2_map_with_wrong_entries),
		cmocka_unit_test(test_thousands_of_map_entries),
		cmocka_unit_test(test_modules_that_cannot_be),
		cmocka_unit_test(test_pvh_block_that_is_none),
		cmocka_unit_test(test_pvh_pointers_that_lead_nowhere),
		cmocka_unit_test(test_long_command_lines),
		cmocka_unit_test(test_complaints_beyond_counting),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
