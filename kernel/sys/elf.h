/* SPDX-License-Identifier: MIT */
/*
 * The ELF file format, as far as programs need it, the checks of elf_check.c, and core files (elf_core.c).
 */
#ifndef KERNEL_SYS_ELF_H
#define KERNEL_SYS_ELF_H

#include "kernel/base/types.h"

struct elf_image;

struct elf64_ehdr {
	u8 e_ident[16];
	u16 e_type, e_machine;
	u32 e_version;
	u64 e_entry, e_phoff, e_shoff;
	u32 e_flags;
	u16 e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
};

struct elf64_phdr {
	u32 p_type, p_flags;
	u64 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
};

struct elf64_nhdr {
	u32 n_namesz, n_descsz, n_type;
};

#define ET_EXEC	     2
#define ET_DYN	     3
#define ET_CORE	     4
#define EM_X86_64    62
#define PT_LOAD	     1
#define PT_INTERP    3
#define PT_NOTE	     4
#define PT_PHDR	     6
#define PT_GNU_STACK 0x6474e551
#define PF_X	     1
#define PF_W	     2
#define PF_R	     4

#define ELF_MAX_PHDRS 128
#define ELF_END	      0x7fff00000000UL /* programs end below; stack and mmap region above */

/* => NULL: a program we can look at further; else what is wrong with it, in words */
const char *elf_header_fault(const struct elf64_ehdr *e);
/* => the page alignment the segments want, at least a page */
unsigned long elf_align(const struct elf_image *image);
/*
 * => bias and phdr are filled in; NULL: every segment can be mapped, entry, phdr_addr and exec_stack are set;
 *    else what is wrong. *interp: the header that names a dynamic loader, if there is one
 */
const char *elf_segments_fault(const struct elf64_ehdr *e, struct elf_image *image, u64 file_size,
			       const struct elf64_phdr **interp);

#endif
