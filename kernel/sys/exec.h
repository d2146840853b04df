/* SPDX-License-Identifier: MIT */
/*
 * One execve in the making. See exec.c (the order of things), elf.c (the program file), script.c (#!).
 */
#ifndef KERNEL_SYS_EXEC_H
#define KERNEL_SYS_EXEC_H

#include "kernel/base/compiler.h"
#include "kernel/base/types.h"

struct elf64_phdr;
struct file;
struct mm_struct;
struct pt_regs;
struct task_struct;

#define EXEC_BUF_SIZE	256
#define SCRIPT_MAX_DEPTH 5
#define EXEC_WHY_MAX	160
#define EXEC_MAX_PREFIX (2 * SCRIPT_MAX_DEPTH + 1)

struct exec {
	struct file *file;	/* the ELF file in the end; no writers while we hold it */
	const char *filename;	/* what execve was given: AT_EXECFN, comm */
	char buf[EXEC_BUF_SIZE]; /* the file's first bytes, zero filled */
	/* Arguments a #! line puts before argv[1]; argv[0] is dropped if there are any. Allocated. */
	char *prefix[EXEC_MAX_PREFIX];
	int nr_prefix;
	struct mm_struct *mm;	/* the new address space, until it is current's */
	unsigned long p;	/* lowest byte used of the new stack */
	unsigned long p_min;	/* E2BIG below */
	unsigned long exec_fn;	/* user address of the copy of filename */
	int argc, envc;
	char *page;		/* bounce buffer */
	char why[EXEC_WHY_MAX];	/* the file cannot be run: in words, for the first program's sake */
};

/* A validated program: nothing but mapping is left to do. */
struct elf_image {
	struct elf64_phdr *phdr;
	unsigned int nr_phdr;
	unsigned long bias;	/* added to every address: 0 for ET_EXEC */
	unsigned long entry, phdr_addr;
	bool exec_stack;
};

#define AT_ENTRIES 20
#define NO_SCRIPT  1

/* argv or envp: of the user, or of the kernel (the first program). */
struct arg_vector {
	unsigned long __user *user;
	const char *const *kernel;
	int n; /* strings, once counted */
};

/* => v->n; -EFAULT, -E2BIG, or -ERESTARTNOHAND of a task that is killed */
int exec_count_args(struct arg_vector *v);
/* => exec->mm, an address space with a stack that has room for the strings and so many pointers; or -errno */
int exec_new_mm(struct exec *exec, bool exec_stack, unsigned long pointers);
/* => the strings are in the new stack below exec->p, argc and envc are set; or -errno */
int exec_push_arguments(struct exec *exec, struct arg_vector *argv, struct arg_vector *envp);

/* => current is its process' only thread and leader, with signal handlers of its own; or -errno. May sleep */
int de_thread(struct task_struct *me);
/* => current lives in mm, whose reference it takes over, and has left its old one. May sleep */
void exec_mmap(struct mm_struct *mm);

/* => err; exec->why says what that means here */
__printf(3, 4) int exec_refuse(struct exec *exec, int err, const char *fmt, ...);

/* => 0 (exec->file is the interpreter now), NO_SCRIPT, or -errno */
int script_resolve(struct exec *exec);

/* => 0 and *image to be freed by elf_free(), or -errno; changes nothing */
int elf_check(struct exec *exec, struct elf_image *image);
void elf_free(struct elf_image *image);
/* => current->mm is the new one: maps the segments, sets brk and code limits. 0 or -errno */
int elf_map(struct exec *exec, const struct elf_image *image);
/* => writes argc, argv, envp and auxv; the initial stack pointer in *sp. 0 or -errno */
int elf_stack(struct exec *exec, const struct elf_image *image, unsigned long *sp);

#endif
