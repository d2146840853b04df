/* SPDX-License-Identifier: MIT */
/*
 * ELF programs: static ones at their own addresses (ET_EXEC), and static position independent ones
 * (ET_DYN without PT_INTERP), which get a base and relocate themselves.
 *
 *	file:    | p_offset ... p_filesz |            one PT_LOAD segment
 *	memory:  |page |     |    xxxxx00|000 | 000|  xxx: last file page; 00: bss, its tail zeroed by us,
 *	          ^ file mapping          ^ anonymous  the whole pages behind anonymous
 *
 * Everything a file can claim is checked before the old program is given up (elf_check.c); after that only
 * memory can fail. Segments are private file mappings: their pages are the page cache's, shared by all who run the
 * program, copied when written.
 *
 * The stack a program finds, from sp upwards (16-byte aligned):
 *
 *	argc | argv[0..] NULL | envp[0..] NULL | auxv pairs, AT_NULL | random bytes, platform | strings | execfn
 *
 * Linux beyond it: PT_INTERP, address randomisation, the vdso.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/abi.h"
#include "kernel/sys/elf.h"
#include "arch/cpu.h"
#include "arch/time.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "kernel/base/ctype.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define PIE_BASE     0x555555554000UL
#define PLATFORM     "x86_64"
#define RANDOM_BYTES 16

/* ---- Checking --------------------------------------------------------------------------------- */

static int read_phdrs(struct exec *exec, const struct elf64_ehdr *e, struct elf_image *image)
{
	size_t size = e->e_phnum * sizeof(struct elf64_phdr);
	loff_t pos = (loff_t)e->e_phoff;
	ssize_t got;

	image->phdr = kmalloc(size, GFP_KERNEL);
	if (!image->phdr)
		return -ENOMEM;
	image->nr_phdr = e->e_phnum;
	got = kernel_read(exec->file, image->phdr, size, &pos);
	if (got == (ssize_t)size)
		return 0;
	return got < 0 ? (int)got : exec_refuse(exec, -ENOEXEC, "its program headers are damaged, or it is cut short");
}

static int refuse_interp(struct exec *exec, const struct elf64_phdr *ph)
{
	char name[64] = "";
	loff_t pos = (loff_t)ph->p_offset;

	if (kernel_read(exec->file, name, min(ph->p_filesz, (u64)sizeof(name) - 1), &pos) < 0)
		name[0] = '\0';
	for (char *c = name; *c; c++)
		*c = isprint(*c) ? *c : '?';
	if (current->pid != 1)
		pr_warn_ratelimited("%s: dynamically linked: needs %s, and only static programs run here: build it "
				    "with -static\n", exec->filename, name);
	return exec_refuse(exec, -ENOENT, /* what Linux says when the loader is missing */
			   "dynamically linked: needs %s, and only static programs run here: build it with -static",
			   name);
}

int elf_check(struct exec *exec, struct elf_image *image)
{
	const struct elf64_ehdr *e = (const struct elf64_ehdr *)exec->buf;
	const struct elf64_phdr *interp = NULL;
	const char *fault = elf_header_fault(e);
	int err;

	memset(image, 0, sizeof(*image));
	if (fault)
		return exec_refuse(exec, -ENOEXEC, "%s", fault);
	err = read_phdrs(exec, e, image);
	if (!err) {
		if (e->e_type == ET_DYN)
			image->bias = round_up(PIE_BASE, elf_align(image));
		fault = elf_segments_fault(e, image, (u64)i_size_read(file_inode(exec->file)), &interp);
		if (interp)
			err = refuse_interp(exec, interp);
		else if (fault)
			err = exec_refuse(exec, -ENOEXEC, "%s", fault);
	}
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
