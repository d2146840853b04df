/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: static ones at their own addresses (ET_EXEC), and static position independent ones
 * (ET_DYN without PT_INTERP), which get a base and relocate themselves.
 *
 *	file:    | p_offset ... p_filesz |            one PT_LOAD segment
 *	memory:  |page |     |    xxxxx00|000 | 000|  xxx: last file page; 00: bss, its tail zeroed by us,
 *	          ^ file mapping          ^ anonymous  the whole pages behind anonymous
 *
 * Everything a file can claim is checked before the old program is given up (elf_check); after that only
 * memory can fail. Segments are private file mappings: their pages are the page cache's, shared by all who run the
 * program, copied when written.
 *
 * The stack a program finds, from sp upwards (16-byte aligned):
 *
 *	argc | argv[0..] NULL | envp[0..] NULL | auxv pairs, AT_NULL | random bytes, platform | strings | execfn
 *
 * Linux beyond it: PT_INTERP, address randomisation, core dumps, the vdso.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/abi.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/slab.h"

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

#define ET_EXEC	     2
#define ET_DYN	     3
#define EM_X86_64    62
#define PT_LOAD	     1
#define PT_INTERP    3
#define PT_PHDR	     6
#define PT_GNU_STACK 0x6474e551
#define PF_X	     1
#define PF_W	     2
#define PF_R	     4

#define PIE_BASE     0x555555554000UL
#define IMAGE_END    0x7fff00000000UL /* programs end below; stack and mmap region above */
#define MAX_PHDRS    ((u16)128)
#define PLATFORM     "x86_64"
#define RANDOM_BYTES 16

/* ---- Checking --------------------------------------------------------------------------------- */

static bool ehdr_ok(const struct elf64_ehdr *e)
{
	static const u8 ident[7] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 }; /* 64 bit, little endian, version 1 */

	return !memcmp(e->e_ident, ident, sizeof(ident)) && e->e_machine == EM_X86_64 &&
	       (e->e_type == ET_EXEC || e->e_type == ET_DYN) &&
	       e->e_phentsize == sizeof(struct elf64_phdr) && e->e_phnum && e->e_phnum <= MAX_PHDRS;
}

static int read_phdrs(struct exec *exec, const struct elf64_ehdr *e, struct elf_image *image)
{
	size_t size = e->e_phnum * sizeof(struct elf64_phdr);
	loff_t pos = (loff_t)e->e_phoff;
	ssize_t got;

	if (pos < 0)
		return -ENOEXEC;
	image->phdr = kmalloc(size, GFP_KERNEL);
	if (!image->phdr)
		return -ENOMEM;
	image->nr_phdr = e->e_phnum;
	got = kernel_read(exec->file, image->phdr, size, &pos);
	if (got == (ssize_t)size)
		return 0;
	return got < 0 ? (int)got : -ENOEXEC;
}

/* => the segment is one we can map behind prev_end (unbiased) */
static bool segment_ok(const struct elf64_phdr *ph, u64 prev_end, u64 file_size, unsigned long bias)
{
	u64 end = ph->p_vaddr + ph->p_memsz;

	if (end < ph->p_vaddr || end > IMAGE_END - bias || ph->p_filesz > ph->p_memsz ||
	    ph->p_vaddr < prev_end)
		return false;
	if (ph->p_vaddr + bias < MMAP_MIN_ADDR)
		return false;
	if (!ph->p_filesz)
		return true;
	return (ph->p_vaddr & ~PAGE_MASK) == (ph->p_offset & ~PAGE_MASK) &&
	       ph->p_offset + ph->p_filesz >= ph->p_offset && ph->p_offset + ph->p_filesz <= file_size;
}

static int refuse_interp(struct exec *exec, const struct elf64_phdr *ph)
{
	char name[64] = "";
	loff_t pos = (loff_t)ph->p_offset;

	if (kernel_read(exec->file, name, min(ph->p_filesz, (u64)sizeof(name) - 1), &pos) < 0)
		name[0] = '\0';
	pr_warn("%s: needs the dynamic loader %s; only static programs run here (link with -static)\n",
		exec->filename, name);
	return -ENOENT; /* what Linux says when the loader is missing */
}

/* The page alignment the segments want, at least a page. */
static unsigned long image_align(const struct elf_image *image)
{
	unsigned long align = PAGE_SIZE;

	for (unsigned int i = 0; i < image->nr_phdr; i++) {
		u64 a = image->phdr[i].p_align;

		if (image->phdr[i].p_type == PT_LOAD && is_power_of_2(a) && a <= 1 << 30)
			align = max(align, (unsigned long)a);
	}
	return align;
}

static int check_segments(struct exec *exec, const struct elf64_ehdr *e, struct elf_image *image)
{
	u64 prev_end = 0, file_size = (u64)i_size_read(file_inode(exec->file));
	bool loads = false;

	for (unsigned int i = 0; i < image->nr_phdr; i++) {
		const struct elf64_phdr *ph = &image->phdr[i];

		if (ph->p_type == PT_INTERP)
			return refuse_interp(exec, ph);
		if (ph->p_type == PT_GNU_STACK)
			image->exec_stack = ph->p_flags & PF_X;
		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		if (!segment_ok(ph, prev_end, file_size, image->bias))
			return -ENOEXEC;
		prev_end = ph->p_vaddr + ph->p_memsz;
		loads = true;
		if (e->e_phoff >= ph->p_offset && e->e_phoff < ph->p_offset + ph->p_filesz)
			image->phdr_addr = image->bias + e->e_phoff - ph->p_offset + ph->p_vaddr;
	}
	return loads ? 0 : -ENOEXEC;
}

int elf_check(struct exec *exec, struct elf_image *image)
{
	const struct elf64_ehdr *e = (const struct elf64_ehdr *)exec->buf;
	int err;

	memset(image, 0, sizeof(*image));
	if (!ehdr_ok(e))
		return -ENOEXEC;
	err = read_phdrs(exec, e, image);
	if (!err) {
		if (e->e_type == ET_DYN)
			image->bias = round_up(PIE_BASE, image_align(image));
		err = check_segments(exec, e, image);
	}
	image->entry = image->bias + e->e_entry;
	if (!err && image->entry >= IMAGE_END)
		err = -ENOEXEC;
	if (err)
		elf_free(image);
	return err;
}

void elf_free(struct elf_image *image)
{
	kfree(image->phdr);
	image->phdr = NULL;
}

/* ---- Mapping ---------------------------------------------------------------------------------- */

static unsigned long segment_prot(const struct elf64_phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_fixed(struct file *file, unsigned long start, unsigned long end, unsigned long prot,
		     unsigned long offset)
{
	unsigned long flags = MAP_PRIVATE | MAP_FIXED | (file ? 0 : MAP_ANONYMOUS), addr;

	if (start >= end)
		return 0;
	addr = vm_mmap(file, start, end - start, prot, flags, offset >> PAGE_SHIFT);
	return IS_ERR_VALUE(addr) ? (int)addr : 0;
}

static int map_segment(struct exec *exec, const struct elf64_phdr *ph, unsigned long bias)
{
	unsigned long start = bias + ph->p_vaddr, file_end = start + ph->p_filesz;
	unsigned long end = start + ph->p_memsz, anon = start & PAGE_MASK;
	int err = 0;

	if (ph->p_filesz) {
		anon = round_up(file_end, PAGE_SIZE);
		err = map_fixed(exec->file, start & PAGE_MASK, anon, segment_prot(ph),
				ph->p_offset & PAGE_MASK);
		if (!err && end > file_end && (ph->p_flags & PF_W) &&
		    clear_user((void *)file_end, min(anon, end) - file_end))
			err = -EFAULT;
	}
	if (!err)
		err = map_fixed(NULL, anon, round_up(end, PAGE_SIZE), segment_prot(ph), 0);
	return err;
}

int elf_map(struct exec *exec, const struct elf_image *image)
{
	struct mm_struct *mm = current->mm;
	unsigned long brk = 0;

	mm->start_code = ~0UL;
	for (unsigned int i = 0; i < image->nr_phdr; i++) {
		const struct elf64_phdr *ph = &image->phdr[i];
		unsigned long start = image->bias + ph->p_vaddr, file_end = start + ph->p_filesz;
		int err;

		if (ph->p_type != PT_LOAD || !ph->p_memsz)
			continue;
		err = map_segment(exec, ph, image->bias);
		if (err)
			return err;
		mm->start_code = min(mm->start_code, start);
		if (ph->p_flags & PF_X)
			mm->end_code = max(mm->end_code, file_end);
		if (mm->start_data < start)
			mm->start_data = start;
		mm->end_data = max(mm->end_data, file_end);
		brk = max(brk, start + (unsigned long)ph->p_memsz);
	}
	mm->start_brk = mm->brk = round_up(brk, PAGE_SIZE);
	return 0;
}

/* ---- The stack -------------------------------------------------------------------------------- */

/* => the number of pairs with AT_NULL */
static int fill_auxv(unsigned long *auxv, const struct exec *exec, const struct elf_image *image,
		     unsigned long random, unsigned long platform)
{
	const unsigned long pairs[][2] = {
		{ AT_MINSIGSTKSZ, MINSIGSTKSZ },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, HZ },
		{ AT_PHDR, image->phdr_addr },
		{ AT_PHENT, sizeof(struct elf64_phdr) },
		{ AT_PHNUM, image->nr_phdr },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, image->entry },
		{ AT_UID, current->uid },
		{ AT_EUID, current->euid },
		{ AT_GID, current->gid },
		{ AT_EGID, current->egid },
		{ AT_SECURE, 0 },
		{ AT_RANDOM, random },
		{ AT_EXECFN, exec->exec_fn },
		{ AT_PLATFORM, platform },
		{ AT_NULL, 0 },
	};

	static_assert(sizeof(pairs) <= sizeof(current->mm->saved_auxv), "saved_auxv is too small");
	memcpy(auxv, pairs, sizeof(pairs));
	return ARRAY_SIZE(pairs);
}

/* Pointers to n consecutive strings at *str go to *slot, then NULL. Both move on. */
static int put_string_pointers(unsigned long __user **slot, unsigned long *str, int n)
{
	while (n-- > 0) {
		long len = strnlen_user((const char *)*str, (long)(STACK_TOP - *str));

		if (len <= 0 || put_user(*str, (*slot)++))
			return -EFAULT;
		*str += (unsigned long)len;
	}
	return put_user(0UL, (*slot)++);
}

int elf_stack(struct exec *exec, const struct elf_image *image, unsigned long *sp)
{
	struct mm_struct *mm = current->mm;
	unsigned long str = exec->p, platform, random, words;
	u64 noise[RANDOM_BYTES / 8] = { arch_random_u64(), arch_random_u64() };
	unsigned long __user *slot;
	int pairs;

	platform = round_down(exec->p - sizeof(PLATFORM), 16UL);
	random = platform - RANDOM_BYTES;
	if (copy_to_user((void *)platform, PLATFORM, sizeof(PLATFORM)) ||
	    copy_to_user((void *)random, noise, sizeof(noise)))
		return -EFAULT;
	pairs = fill_auxv(mm->saved_auxv, exec, image, random, platform);
	words = 1 + (unsigned long)exec->argc + 1 + (unsigned long)exec->envc + 1 + 2 * (unsigned long)pairs;
	*sp = round_down(random - words * sizeof(long), 16UL);
	slot = (unsigned long *)*sp;
	mm->start_stack = *sp;
	mm->arg_start = str;
	if (put_user((unsigned long)exec->argc, slot++) || put_string_pointers(&slot, &str, exec->argc))
		return -EFAULT;
	mm->arg_end = mm->env_start = str;
	if (put_string_pointers(&slot, &str, exec->envc))
		return -EFAULT;
	mm->env_end = str;
	return copy_to_user(slot, mm->saved_auxv, 2 * (unsigned long)pairs * sizeof(long)) ? -EFAULT : 0;
}
