/* SPDX-License-Identifier: MIT */
/* What an ELF file may claim (kernel/sys/elf_check.c): each check by name, then headers damaged at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/sys/elf.h"
#include "kernel/sys/exec.h"
#include "tests/host/fuzz.h"
#include "asm/page.h"

#define FILE_SIZE 0x3000
#define NR	  3

struct program {
	struct elf64_ehdr e;
	struct elf64_phdr ph[NR];
};

static struct program p;
static struct elf_image image;
static const struct elf64_phdr *interp;

static void good(struct program *to)
{
	*to = (struct program){
		.e = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, .e_type = ET_EXEC, .e_machine = EM_X86_64,
		       .e_entry = 0x401000, .e_phoff = 64, .e_phentsize = sizeof(struct elf64_phdr), .e_phnum = NR },
		.ph = { { PT_LOAD, PF_R | PF_X, 0, 0x400000, 0, 0x1800, 0x1800, 0x1000 },
			{ PT_LOAD, PF_R | PF_W, 0x1800, 0x402800, 0, 0x400, 0x9000, 0x1000 },
			{ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 } },
	};
}

/* => NULL or the fault, as elf_check() finds it */
static const char *verdict(const struct program *of, u64 file_size)
{
	const char *fault = elf_header_fault(&of->e);

	image = (struct elf_image){ .phdr = (struct elf64_phdr *)of->ph, .nr_phdr = NR };
	interp = NULL;
	if (of->e.e_type == ET_DYN)
		image.bias = 0x555555554000UL + elf_align(&image) - PAGE_SIZE;
	return fault ? fault : elf_segments_fault(&of->e, &image, file_size, &interp);
}

static void expect(const char *words)
{
	const char *fault = verdict(&p, FILE_SIZE);

	if (!words ? fault != NULL : !fault || !strstr(fault, words))
		fail_msg("\"%s\" instead of \"%s\"", fault ? fault : "fine", words ? words : "fine");
}

/* One field changed at a time. */
#define WRONG(field, value, words)                                                                 \
	do {                                                                                       \
		good(&p);                                                                          \
		p.field = (value);                                                                 \
		expect(words);                                                                     \
	} while (0)

static void test_a_good_program(void **state)
{
	good(&p);
	expect(NULL);
	assert_int_equal(image.entry, 0x401000);
	assert_int_equal(image.phdr_addr, 0x400040);
	assert_false(image.exec_stack);
	WRONG(ph[2].p_flags, PF_R | PF_W | PF_X, NULL);
	assert_true(image.exec_stack);
	WRONG(e.e_type, ET_DYN, NULL);
	assert_int_equal(image.entry, 0x555555554000UL + 0x401000);
	WRONG(ph[2].p_type, 7, NULL); /* PT_TLS: the C library's business */
	WRONG(ph[2].p_align, 3, NULL);
}

static void test_headers(void **state)
{
	good(&p);
	memset(&p.e, 0, sizeof(p.e));
	expect("empty");
	WRONG(e.e_ident[0], '#', "neither an ELF program nor a script");
	WRONG(e.e_ident[4], 1, "32-bit");
	WRONG(e.e_ident[5], 2, "another machine");
	WRONG(e.e_ident[6], 0, "another machine");
	WRONG(e.e_machine, 183, "another machine");
	WRONG(e.e_type, 1, "link it");
	WRONG(e.e_type, 4, "link it");
	WRONG(e.e_phentsize, 0, "headers are damaged");
	WRONG(e.e_phentsize, 57, "headers are damaged");
	WRONG(e.e_phnum, 0, "headers are damaged");
	WRONG(e.e_phnum, 65535, "headers are damaged");
	WRONG(e.e_phoff, ~0UL - 100, "headers are damaged");
	WRONG(e.e_entry, ELF_END, "entry");
	WRONG(e.e_entry, 0xffffffff80000000UL, "entry");
}

static void test_segments(void **state)
{
	WRONG(ph[0].p_filesz, 0x1801, "larger in the file");
	WRONG(ph[0].p_vaddr, 0, "where no program may be");
	WRONG(ph[0].p_vaddr, 0xf000, "where no program may be"); /* below mmap_min_addr */
	WRONG(ph[1].p_vaddr, 0xffffffff80000800UL, "where no program may be");
	WRONG(ph[1].p_vaddr, 0xfffffffffffff800UL, "where no program may be"); /* wraps */
	WRONG(ph[1].p_vaddr, ELF_END - 0x8800, "where no program may be");
	WRONG(ph[1].p_memsz, ~0UL, "where no program may be");
	WRONG(ph[1].p_memsz, 1UL << 47, "where no program may be");
	WRONG(ph[1].p_vaddr, 0x401000 + 0x7ff, "overlap");
	WRONG(ph[1].p_vaddr, 0x300800, "overlap");
	WRONG(ph[1].p_vaddr, 0x402801, "aligned");
	WRONG(ph[1].p_offset, 0x1900, "aligned");
	WRONG(ph[1].p_offset, FILE_SIZE + 0x800, "cut short");
	WRONG(ph[1].p_offset, ~0UL - 0x7ff, "cut short");
	good(&p);
	p.ph[0].p_type = p.ph[1].p_type = 0;
	expect("nothing to load");
	WRONG(ph[2].p_type, PT_INTERP, "dynamically");
	assert_ptr_equal(interp, &p.ph[2]);
	good(&p);
	assert_non_null(verdict(&p, 0x1bff));
	assert_null(verdict(&p, 0x1c00));
}

static void test_alignment(void **state)
{
	WRONG(ph[1].p_align, 0x200000, NULL);
	assert_int_equal(elf_align(&image), 0x200000);
	WRONG(ph[1].p_align, 0x30000, NULL);
	assert_int_equal(elf_align(&image), PAGE_SIZE);
	WRONG(ph[1].p_align, 1UL << 40, NULL);
	assert_int_equal(elf_align(&image), PAGE_SIZE);
}

/* ---- Random damage: what passes must be what elf_map() relies on ---------------------------------- */

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	struct program seed;

	good(&seed);
	seed.e.e_type = n % 2 ? ET_DYN : ET_EXEC;
	memcpy(to, &seed, sizeof(seed));
	return sizeof(seed);
}

static void fuzz_one(const unsigned char *data, size_t size)
{
	struct program of;
	u64 prev = 0;

	if (size < sizeof(of))
		return;
	memcpy(&of, data, sizeof(of));
	if (verdict(&of, FILE_SIZE))
		return;
	for (int i = 0; i < NR; i++) {
		const struct elf64_phdr *ph = &of.ph[i];
		u64 start = ph->p_vaddr + image.bias, last = start + ph->p_memsz;

		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		if (start < MMAP_MIN_ADDR || last < start || last > ELF_END || start < prev ||
		    ph->p_filesz > ph->p_memsz ||
		    (ph->p_filesz && (ph->p_offset > FILE_SIZE || ph->p_filesz > FILE_SIZE - ph->p_offset ||
				      (ph->p_offset ^ ph->p_vaddr) & (PAGE_SIZE - 1))))
			abort();
		prev = last;
	}
	if (!prev || image.entry >= ELF_END)
		abort();
}

#ifndef LIBFUZZER
static void test_random_damage(void **state)
{
	fuzz_loop(200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_program), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_segments),       cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
