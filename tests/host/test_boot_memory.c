/* SPDX-License-Identifier: MIT */
/* flavours: numa0 */
/*
 * From the loader's map to memblock on made-up machines: maps that lie, words of the command line, nodes, an initrd in
 * memory that was taken away. Linked with -z muldefs: firmware, messages and panics are the test's.
 */
#include "tests/host/fixture.h"
#include <sys/ucontext.h>

#include "arch/acpi.h"
#include "arch/mmu.h"
#include "boot/boot_info.h"
#include "mm/e820.h"
#include "mm/memblock.h"
#include "tests/host/boot_words.h"
#include "tests/host/panic_returns.h"

#define GIB (1ULL << 30)

/* ---- The machine ---- */

#define RAM_BYTES (6 * GIB) /* what early_memremap() reaches */

static u8 *ram;
static u64 absent_start, absent_end;	/* nothing answers there */
static u64 image_start, image_end, phys_limit;
static u8 *forgetful;			/* a page that keeps nothing */
static void (*srat)(void (*fn)(int nid, u64 start, u64 end));

u64 boot_image_start(void)
{
	return image_start;
}

u64 boot_image_end(void)
{
	return image_end;
}

u64 arch_phys_limit(void)
{
	return phys_limit;
}

void *early_memremap(phys_addr_t phys, unsigned long bytes)
{
	assert_true(phys + bytes <= RAM_BYTES && bytes <= EARLY_REMAP_MAX);
	if (phys >= absent_start && phys < absent_end)
		return forgetful + (phys & ~PAGE_MASK);
	return ram + phys;
}

void early_memunmap(void *va, unsigned long bytes)
{
	(void)va;
	(void)bytes;
}

int acpi_numa_ranges(void (*fn)(int nid, u64 start, u64 end))
{
	if (srat)
		srat(fn);
	return 0;
}

int arch_cpu_to_node(int cpu)
{
	return cpu == 1 ? 1 : cpu == 2 ? 7 : 0;
}

/* A store to the page goes through for one instruction; then the page reads as before. */
static void on_fault(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if (signal == SIGSEGV) {
		if ((u8 *)info->si_addr < forgetful || (u8 *)info->si_addr >= forgetful + PAGE_SIZE)
			abort();
		mprotect(forgetful, PAGE_SIZE, PROT_READ | PROT_WRITE);
		uc->uc_mcontext.gregs[REG_EFL] |= 0x100;
		return;
	}
	memset(forgetful, 0xff, PAGE_SIZE);
	mprotect(forgetful, PAGE_SIZE, PROT_READ);
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
}

static void *pages_of_host(size_t bytes, int prot)
{
	void *p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

static struct boot_info bi;

static void add_entry(u64 addr, u64 size, u32 type)
{
	bi.map[bi.nr_map++] = (struct boot_e820_entry){ .addr = addr, .size = size, .type = type };
}

static int new_machine(void **state)
{
	(void)state;
	if (!ram) {
		ram = pages_of_host(RAM_BYTES, PROT_READ | PROT_WRITE);
		forgetful = pages_of_host(PAGE_SIZE, PROT_READ | PROT_WRITE);
		memset(forgetful, 0xff, PAGE_SIZE);
		mprotect(forgetful, PAGE_SIZE, PROT_READ);
	}
	memset(&bi, 0, sizeof(bi));
	absent_start = absent_end = 0;
	image_start = image_end = 0;
	phys_limit = 1ULL << 40;
	srat = NULL;
	forget_said();
	return 0;
}

/* => true: it came back; else said ends in the panic's words */
static bool set_up(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL); /* in place of cmocka's */
	sigaction(SIGTRAP, &action, NULL);
	if (setjmp(after_panic))
		return false;
	setup_memory(&bi);
	return true;
}

static void assert_memory(u64 kib)
{
	assert_int_equal(memblock_memory_size() >> 10, kib);
}

static u64 reserved_bytes(void)
{
	u64 bytes = 0;

	for (unsigned int i = 0; i < memblock_reserved.nr; i++)
		bytes += memblock_reserved.ranges[i].end - memblock_reserved.ranges[i].start;
	return bytes;
}

/* ---- The map ---- */

static void test_plain_map(void **state)
{
	add_entry(0, 0x9fc00, E820_RAM);
	add_entry(0x9fc00, 0x400, E820_RESERVED);
	add_entry(MIB, 511 * MIB, E820_RAM);
	add_entry(512 * MIB, MIB, E820_NVS);
	add_entry(513 * MIB, MIB, 77);
	bi.initrd_start = 300 * MIB + 5;
	bi.initrd_end = 301 * MIB + 7;
	assert_true(set_up());
	assert_memory(511 * 1024 + 0x9f * 4);
	assert_int_equal(max_pfn, 512 * MIB >> PAGE_SHIFT);
	assert_int_equal(max_low_pfn, max_pfn);
	assert_true(memblock_is_memory(MIB) && !memblock_is_memory(MIB - 1));
	assert_true(memblock_is_reserved(300 * MIB) && memblock_is_reserved(301 * MIB + 4095));
	assert_false(memblock_is_reserved(301 * MIB + 4096) || memblock_is_reserved(300 * MIB - 1));
	assert_int_equal(reserved_bytes(), PAGE_SIZE + MIB + PAGE_SIZE);
	assert_said("BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable\n");
	assert_said("BIOS-e820: [mem 0x0000000020000000-0x00000000200fffff] ACPI NVS\n");
	assert_said("BIOS-e820: [mem 0x0000000020100000-0x00000000201fffff] type 77\n");
	assert_null(strstr(said, "user"));
}

static void test_nonsense_and_wishes(void **state)
{
	add_entry(MIB, 1023 * MIB, E820_RAM);
	add_entry(~0ULL - 100, 4096, E820_RAM);
	strcpy(bi.cmdline, "quiet mem=256M highmem=64M");
	assert_true(set_up());
	assert_said("e820: entry 1 makes no sense: start 0xffffffffffffff9b size 0x1000 type 1\n");
	assert_said("e820: user-defined physical RAM map:\nuser: [mem 0x0000000000100000-0x000000000fffffff] usable\n");
	assert_memory(255 * 1024);
	assert_int_equal(max_low_pfn, 192 * MIB >> PAGE_SHIFT);
	new_machine(state);
	add_entry(MIB, 1023 * MIB, E820_RAM);
	strcpy(bi.cmdline, "highmem=much");
	assert_true(set_up());
	assert_said("highmem=much not understood: highmem=SIZE, as in 128M\n");
	assert_int_equal(max_low_pfn, min((u64)DIRECT_MAP_MAX, GIB) >> PAGE_SHIFT);
	assert_int_equal(boot_word("highmem", "64M") | boot_word("mem", NULL) | boot_word("memmap", "x"), 0);
}

static void test_beyond_the_cpu(void **state)
{
	phys_limit = 4 * GIB;
	add_entry(MIB, GIB - MIB, E820_RAM);
	add_entry(4 * GIB - MIB, 3 * MIB, E820_RAM);
	assert_true(set_up());
	assert_said("e820: 2048 KiB of RAM lie above 0x100000000, which this CPU cannot address: not used\n");
	assert_memory(1024 * 1024);
	assert_int_equal(max_pfn, 4 * GIB >> PAGE_SHIFT);
}

/* Promised memory that does not answer is found out, in pieces of 64 MiB, and what answers stays. */
static void test_absent_memory(void **state)
{
	u64 *word = (u64 *)(ram + 2 * GIB - sizeof(u64));

	*word = 0x1234;
	add_entry(MIB, 3 * GIB - MIB, E820_RAM);
	add_entry(4 * GIB, GIB, E820_RAM);
	add_entry(5 * GIB, 64 * MIB, E820_RESERVED);
	absent_start = 2 * GIB + 512 * MIB;
	absent_end = 4 * GIB + 128 * MIB;
	assert_true(set_up());
	assert_memory((2 * GIB + 512 * MIB - MIB + GIB) >> 10); /* the second range's last page answers */
	assert_said("e820: 524288 KiB of the memory that the map has at 0x100000 are not there: not used\n");
	assert_int_equal(*word, 0x1234); /* nothing changes by asking */
	assert_false(memblock_is_memory(2 * GIB + 512 * MIB));
	assert_true(memblock_is_memory(2 * GIB + 512 * MIB - 1));

	new_machine(state);
	add_entry(MIB, GIB - MIB, E820_RAM);
	absent_start = GIB - PAGE_SIZE;
	absent_end = GIB;
	image_start = GIB - 2 * PAGE_SIZE; /* the kernel itself lies there: it is not tried */
	image_end = GIB;
	assert_true(set_up());
	assert_memory((GIB - MIB) >> 10);

	new_machine(state);
	add_entry(MIB, GIB - MIB, E820_RAM);
	absent_start = 0;
	absent_end = GIB;
	assert_false(set_up());
	assert_said("0 KiB of usable memory are too little");
}

static void test_too_little(void **state)
{
	assert_false(set_up());
	assert_said("No memory map from the loader: boot through GRUB's multiboot2 or QEMU's -kernel, or say memmap=");
	new_machine(state);
	add_entry(0, 15 * MIB - PAGE_SIZE, E820_RAM);
	assert_false(set_up());
	assert_said("15356 KiB of usable memory are too little: Tidemark needs a machine of 16 MiB.");
	new_machine(state);
	add_entry(0, 15 * MIB, E820_RAM);
	assert_true(set_up());
}

/* ---- Nodes ---- */

static void numa_machine(const char *words)
{
	new_machine(NULL);
	add_entry(0, GIB, E820_RAM);
	strcpy(bi.cmdline, words);
	assert_true(set_up());
	setup_numa();
}

static int node_at(u64 addr)
{
	phys_addr_t pos, start, end;
	int nid;

	for_each_free_mem_range(pos, -1, &start, &end, &nid)
		if (addr >= start && addr < end)
			return nid;
	return -1;
}

static void test_fake_nodes(void **state)
{
	numa_machine("numa=fake=4");
	assert_int_equal(nr_node_ids, IS_ENABLED(CONFIG_NUMA) ? 4 : 1);
	if (!IS_ENABLED(CONFIG_NUMA))
		return;
	for (int i = 0; i < 4; i++)
		assert_int_equal(node_at(i * 256 * MIB + 8 * MIB), i);
	assert_int_equal(cpu_to_node_map[6], 2);
	numa_machine("numa=fake=99");
	assert_said("numa=fake=99: there can be 8 nodes at most\n");
	assert_int_equal(nr_node_ids, 8);
	numa_machine("numa=fake=-1");
	assert_said("numa=fake=-1 not understood: numa=fake=N cuts the memory into N nodes\n");
	assert_int_equal(nr_node_ids, 1);
	numa_machine("numa=off");
	assert_said("numa=off not understood");
	assert_int_equal(cpu_to_node_map[6], 0);
}

static void two_and_a_wrong_node(void (*fn)(int nid, u64 start, u64 end))
{
	fn(0, 0, 512 * MIB);
	fn(1, 512 * MIB, 800 * MIB);
	fn(8, 800 * MIB, GIB);
}

static void test_nodes_of_the_firmware(void **state)
{
	if (!IS_ENABLED(CONFIG_NUMA))
		return;
	numa_machine("");
	assert_int_equal(nr_node_ids, 1);
	srat = two_and_a_wrong_node;
	setup_numa();
	assert_int_equal(nr_node_ids, 2);
	assert_said("numa: node 8 is one too many, its memory goes to node 0\n");
	assert_int_equal(node_at(100 * MIB), 0);
	assert_int_equal(node_at(600 * MIB), 1);
	assert_int_equal(node_at(900 * MIB), 0);
	assert_int_equal(cpu_to_node_map[1], 1);
	assert_int_equal(cpu_to_node_map[2], 0); /* on a node without memory */
}

/* ---- The initrd ---- */

static void initrd_machine(u64 start, u64 bytes)
{
	new_machine(NULL);
	add_entry(0, GIB, E820_RAM);
	strcpy(bi.cmdline, "mem=64M");
	bi.initrd_start = start;
	bi.initrd_end = start + bytes;
	assert_true(set_up());
}

static void test_initrd_is_saved(void **state)
{
	const u64 bytes = 3 * EARLY_REMAP_MAX + 12345;

	initrd_machine(500 * MIB + 77, bytes);
	for (u64 i = 0; i < bytes; i++)
		ram[500 * MIB + 77 + i] = (u8)(i * 31 + (i >> 12));
	relocate_initrd(&bi);
	assert_true(bi.initrd_end <= 64 * MIB);
	assert_int_equal(bi.initrd_end - bi.initrd_start, bytes);
	for (u64 i = 0; i < bytes; i++)
		if (ram[bi.initrd_start + i] != (u8)(i * 31 + (i >> 12)))
			fail_msg("byte %llu of the initrd is another now", i);
	assert_true(memblock_is_reserved(bi.initrd_start) && memblock_is_reserved(bi.initrd_end - 1));
	assert_said("initrd: moved from 0x1f40004d to 0x");
}

static void test_initrd_stays(void **state)
{
	initrd_machine(32 * MIB, MIB);
	relocate_initrd(&bi);
	assert_int_equal(bi.initrd_start, 32 * MIB);
	initrd_machine(0, 0);
	relocate_initrd(&bi);
	assert_int_equal(bi.initrd_end, 0);
	initrd_machine(2 * GIB, MIB);
	phys_limit = GIB;
	relocate_initrd(&bi);
	assert_int_equal(bi.initrd_start, bi.initrd_end); /* none */
	assert_said("initrd: the loader says it is at 0x80000000, which this CPU cannot address: ignored\n");
	initrd_machine(500 * MIB, 100 * MIB);
	if (!setjmp(after_panic)) {
		relocate_initrd(&bi);
		fail_msg("100 MiB fit into 64");
	}
	assert_said("no memory for the initrd (102400 KiB): mem= or memmap= leave too little");
}

/* ---- memblock's ends ---- */

static void fill_memory(void)
{
	memblock_init();
	for (u64 i = 0; i < memblock_memory.max; i++)
		memblock_add(i * 2 * MIB, MIB);
}

static void test_memblock_is_full(void **state)
{
	u64 end;

	fill_memory();
	end = memblock_memory.max * 2 * MIB;
	assert_string_equal(said, "");
	memblock_add(end, MIB);
	assert_said("memblock: too many ranges, [mem 0xa0000000-0xa00fffff] is left alone\n");
	assert_false(memblock_is_memory(end));
	if (!setjmp(after_panic)) {
		memblock_remove(PAGE_SIZE, PAGE_SIZE);
		fail_msg("a hole too many");
	}
	assert_said("memblock: no room to remove [mem 0x1000-0x1fff]");

	for (u64 i = memblock_reserved.nr; i < memblock_reserved.max; i++)
		memblock_reserve(i * 2 * MIB, MIB);
	memblock_free(2 * MIB + PAGE_SIZE, PAGE_SIZE);
	assert_said("memblock: too many ranges, [mem 0x201000-0x201fff] stays reserved\n");
	assert_true(memblock_is_reserved(2 * MIB + PAGE_SIZE));
	if (!setjmp(after_panic)) {
		memblock_reserve(end, PAGE_SIZE);
		fail_msg("a reservation too many");
	}
	assert_said("memblock: no room to reserve [mem 0xa0000000-0xa0000fff]");
}

static void test_memblock_is_empty(void **state)
{
	memblock_init();
	memblock_add(0, 16 * MIB);
	memblock_reserve(0, 16 * MIB);
	max_low_pfn = 16 * MIB >> PAGE_SHIFT;
	if (!setjmp(after_panic)) {
		memblock_alloc(100, 8);
		fail_msg("memory out of nothing");
	}
	assert_said("memblock: out of low memory for 100 bytes");
}

/* A map that has no room for one more range loses no range of another type. */
static void test_full_map_keeps_its_types(void **state)
{
	struct mem_range ranges[3];
	struct range_set map = { .name = "small", .max = 3, .ranges = ranges };

	assert_true(e820_add(&map, 0, MIB, E820_RAM));
	assert_true(e820_add(&map, 2 * MIB, MIB, E820_RESERVED));
	assert_true(e820_add(&map, 4 * MIB, MIB, E820_RAM));
	e820_remove_type(&map, PAGE_SIZE, 2 * PAGE_SIZE, E820_RAM); /* would cut one in two */
	assert_int_equal(map.nr, 3);
	assert_int_equal(e820_usable_pages(&map), 512);
	e820_remove_type(&map, 0, 3 * MIB, E820_RAM);
	assert_int_equal(e820_usable_pages(&map), 256);
	assert_int_equal(map.nr, 2);
}

/* ---- Pages that come later ---- */

static void test_reserved_page_is_freed(void **state)
{
	unsigned long total, managed, pfn = (32 * MIB - 256 * 1024) >> PAGE_SHIFT;
	struct zone *zone;

	set_alloc_special(PAGE_DEBUG_OWNER, true);
	start_machine(32, 16, 32, 1);
	set_alloc_special(PAGE_DEBUG_OWNER, false); /* a piece of its table is not wanted any more */
	assert_true(memblock_is_reserved((u64)pfn << PAGE_SHIFT));
	zone = zone_of(0, ZONE_NORMAL);
	total = totalram_pages;
	managed = zone->managed_pages;
	free_reserved_page(pfn_to_page(pfn));
	assert_int_equal(totalram_pages, total + 1);
	assert_int_equal(zone->managed_pages, managed + 1);
	assert_int_equal(mm_host_check(), 0);
	free_reserved_page(pfn_to_page(40 * MIB >> PAGE_SHIFT)); /* no memory there */
	assert_int_equal(totalram_pages, total + 1);
	mm_host_stop();
}

#define on_new_machine(test) cmocka_unit_test_setup(test, new_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_new_machine(test_plain_map),
		on_new_machine(test_nonsense_and_wishes),
		on_new_machine(test_beyond_the_cpu),
		on_new_machine(test_absent_memory),
		on_new_machine(test_too_little),
		on_new_machine(test_fake_nodes),
		on_new_machine(test_nodes_of_the_firmware),
		on_new_machine(test_initrd_is_saved),
		on_new_machine(test_initrd_stays),
		on_new_machine(test_memblock_is_full),
		on_new_machine(test_memblock_is_empty),
		on_new_machine(test_full_map_keeps_its_types),
		on_new_machine(test_reserved_page_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
