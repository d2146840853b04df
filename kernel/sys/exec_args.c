/* SPDX-License-Identifier: MIT */
/*
 * execve: the arguments of the new program, and the address space that they go to.
 *
 * The strings are copied through a page of our own (copy_from_user) and access_remote_vm, so they are ordinary
 * anonymous pages of the new address space from the start: they can be swapped out meanwhile, count against
 * the OOM killer's view of us, and a SIGKILL stops the copying.
 *
 *	STACK_TOP - 8 | 0 | filename | envp strings | argv strings <- exec->p     (written downwards)
 *
 * Everything here may fail and leaves the old program as it was. Locks: none. Read next: exec_thread.c.
 * Test: tests/user/exec_errors.c.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/process.h"
#include "arch/mmu.h"
#include "arch/uaccess.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"

#define MAX_ARG_STRLEN (32 * PAGE_SIZE)
#define ARG_MAX_MIN    (32 * PAGE_SIZE)
#define ARG_MAX_MAX    (6UL << 20)

/* => string number i: a user address or a kernel pointer; 0 at the end; -EFAULT in *err */
static unsigned long vector_get(const struct arg_vector *v, int i, int *err)
{
	unsigned long str;

	*err = 0;
	if (v->kernel)
		return (unsigned long)v->kernel[i];
	if (!v->user)
		return 0;
	if (get_user(str, v->user + i))
		*err = -EFAULT;
	return *err ? 0 : str;
}

int exec_count_args(struct arg_vector *v)
{
	int err;

	for (v->n = 0; vector_get(v, v->n, &err); v->n++) {
		if ((unsigned long)v->n >= ARG_MAX_MAX / sizeof(long))
			return -E2BIG;
		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		cond_resched();
	}
	return err;
}

/* len bytes (the NUL included) from src go below exec->p, page by page. */
static int push_bytes(struct exec *exec, unsigned long src, bool user, unsigned long len)
{
	unsigned long pos = exec->p - len;

	if (len > MAX_ARG_STRLEN || len > exec->p - exec->p_min)
		return -E2BIG;
	exec->p = pos;
	while (len) {
		unsigned long chunk = min(len, PAGE_SIZE - (pos & ~PAGE_MASK));

		if (fatal_signal_pending(current))
			return -ERESTARTNOHAND;
		if (!user)
			memcpy(exec->page, (void *)src, chunk);
		else if (copy_from_user(exec->page, (void *)src, chunk))
			return -EFAULT;
		if (chunk == len)
			exec->page[chunk - 1] = '\0'; /* whatever another thread has made of it */
		if (access_remote_vm(exec->mm, pos, exec->page, (int)chunk, 1) != (int)chunk)
			return -ENOMEM;
		pos += chunk;
		src += chunk;
		len -= chunk;
		cond_resched();
	}
	return 0;
}

static int push_kernel_string(struct exec *exec, const char *s)
{
	return push_bytes(exec, (unsigned long)s, false, strlen(s) + 1);
}

/* Strings first..n-1 of v, last one first, so that they lie in order. */
static int push_vector(struct exec *exec, const struct arg_vector *v, int first)
{
	for (int i = v->n - 1; i >= first; i--) {
		int err;
		unsigned long str = vector_get(v, i, &err);
		long len;

		if (err || !str)
			return -EFAULT;
		len = v->kernel ? (long)strlen((char *)str) + 1 :
				  strnlen_user((char *)str, MAX_ARG_STRLEN);
		if (len <= 0)
			return -EFAULT;
		if (len > (long)MAX_ARG_STRLEN)
			return -E2BIG;
		err = push_bytes(exec, str, !v->kernel, (unsigned long)len);
		if (err)
			return err;
	}
	return 0;
}

int exec_push_arguments(struct exec *exec, struct arg_vector *argv, struct arg_vector *envp)
{
	int err = push_kernel_string(exec, exec->filename);
	int skip = exec->nr_prefix ? 1 : 0; /* the script's own name stands in the prefix */

	exec->exec_fn = exec->p;
	if (!err)
		err = push_vector(exec, envp, 0);
	if (!err)
		err = push_vector(exec, argv, skip);
	for (int i = exec->nr_prefix - 1; i >= 0 && !err; i--)
		err = push_kernel_string(exec, exec->prefix[i]);
	exec->envc = envp->n;
	exec->argc = max(argv->n - skip, 0) + exec->nr_prefix;
	if (!err && !exec->argc) { /* argv[0] must not be NULL: programs look there */
		err = push_kernel_string(exec, "");
		exec->argc = 1;
	}
	return err;
}

int exec_new_mm(struct exec *exec, bool exec_stack, unsigned long pointers)
{
	u64 limit = current->signal->rlim[RLIMIT_STACK].rlim_cur / 4;
	int err;

	exec->page = (char *)__get_free_page(GFP_KERNEL);
	exec->mm = mm_alloc();
	if (!exec->page || !exec->mm)
		return -ENOMEM;
	err = setup_stack_area(exec->mm, STACK_TOP, exec_stack);
	if (err)
		return err;
	arch_pick_mmap_layout(exec->mm);
	limit = clamp(limit, (u64)ARG_MAX_MIN, (u64)ARG_MAX_MAX);
	if (pointers * sizeof(long) >= limit)
		return -E2BIG;
	exec->p = STACK_TOP - sizeof(long);
	exec->p_min = exec->p - (limit - pointers * sizeof(long));
	return 0;
}
