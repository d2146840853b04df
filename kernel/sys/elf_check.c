/* SPDX-License-Identifier: MIT */
/*
 * What an ELF file may claim. Pure: headers in, a verdict in words out; tests/host/test_elf.c feeds it damaged ones.
 *
 * After these checks elf_map() needs no doubts: each segment lies between the lowest address a program may use and
 * ELF_END, behind the one before it, with contents that the file has and that fit into its memory.
 *
 * Linux checks less beforehand and kills the program where mapping fails; the caller of execve lives longer here.
 */
#include "kernel/sys/elf.h"
#include "kernel/sys/exec.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/mman.h"
#include "asm/page.h"

#define MAX_ALIGN (1UL << 30)

const char *elf_header_fault(const struct elf64_ehdr *e)
{
	if (memchr_inv(e->e_ident, 0, 4) == NULL)
		return "it is empty";
	if (memcmp(e->e_ident, "\177ELF", 4))
		return "it is neither an ELF program nor a script (#!)";
	if (e->e_ident[4] != 2)
		return "it is a 32-bit program: build it for x86_64";
	if (e->e_ident[5] != 1 || e->e_ident[6] != 1 || e->e_machine != EM_X86_64)
		return "it is a program for another machine: build it for x86_64";
	if (e->e_type != ET_EXEC && e->e_type != ET_DYN)
		return "it is an ELF file, but no program: link it";
	if (e->e_phentsize != sizeof(struct elf64_phdr) || !e->e_phnum || e->e_phnum > ELF_MAX_PHDRS ||
	    e->e_phoff >> 63)
		return "its program headers are damaged";
	return NULL;
}

unsigned long elf_align(const struct elf_image *image)
{
	unsigned long align = PAGE_SIZE;

	for (unsigned int i = 0; i < image->nr_phdr; i++) {
		u64 a = image->phdr[i].p_align;

		if (image->phdr[i].p_type == PT_LOAD && is_power_of_2(a) && a <= MAX_ALIGN)
			align = max(align, (unsigned long)a);
	}
	return align;
}

/* prev_end: of the segment before it, unbiased */
static const char *segment_fault(const struct elf64_phdr *ph, u64 prev_end, u64 file_size, unsigned long bias)
{
	u64 end = ph->p_vaddr + ph->p_memsz, file_end = ph->p_offset + ph->p_filesz;

	if (end < ph->p_vaddr || end > ELF_END - bias || ph->p_vaddr + bias < MMAP_MIN_ADDR)
		return "a segment lies where no program may be";
	if (ph->p_vaddr < prev_end)
		return "its segments overlap or are not in order";
	if (ph->p_filesz > ph->p_memsz)
		return "a segment is larger in the file than in memory";
	if (!ph->p_filesz)
		return NULL;
	if ((ph->p_vaddr & ~PAGE_MASK) != (ph->p_offset & ~PAGE_MASK))
		return "a segment is not aligned to pages as its contents are";
	if (file_end < ph->p_offset || file_end > file_size)
		return "a segment ends behind the end of the file: it is cut short";
	return NULL;
}

const char *elf_segments_fault(const struct elf64_ehdr *e, struct elf_image *image, u64 file_size,
			       const struct elf64_phdr **interp)
{
	bool loads = false;
	u64 prev_end = 0;

	for (unsigned int i = 0; i < image->nr_phdr; i++) {
		const struct elf64_phdr *ph = &image->phdr[i];
		const char *fault;

		if (ph->p_type == PT_INTERP) {
			*interp = ph;
			return "it is dynamically linked";
		}
		if (ph->p_type == PT_GNU_STACK)
			image->exec_stack = ph->p_flags & PF_X;
		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		fault = segment_fault(ph, prev_end, file_size, image->bias);
		if (fault)
			return fault;
		prev_end = ph->p_vaddr + ph->p_memsz;
		loads = true;
		if (e->e_phoff >= ph->p_offset && e->e_phoff - ph->p_offset < ph->p_filesz)
			image->phdr_addr = image->bias + e->e_phoff - ph->p_offset + ph->p_vaddr;
	}
	image->entry = image->bias + e->e_entry;
	if (!loads)
		return "it has nothing to load";
	return image->entry >= ELF_END ? "its entry lies where no program may be" : NULL;
}
