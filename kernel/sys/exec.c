/* SPDX-License-Identifier: MIT */
/*
 * execve: the same task, another program.
 *
 *	open file, resolve #! lines, check the ELF headers         may fail: the old program goes on
 *	new address space with a stack; copy argv and envp into it   may fail: E2BIG, ENOMEM, EFAULT
 *	---- point of no return ----
 *	other threads die; the new address space becomes current's   from here on failure is SIGSEGV
 *	close-on-exec files, caught signals, comm
 *	map the segments, write the stack, registers -> entry
 *
 * exec_args.c has the second line, exec_thread.c the fourth.
 * Linux beyond it: binfmt_misc, set-user-ID, core patterns, stack randomisation.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/thread.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define EXEC_DOOMED 1

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* What an exec resets besides memory. */
static void reset_task(struct exec *exec)
{
	struct task_struct *me = current;

	me->flags &= ~(PF_FORKNOEXEC | PF_KTHREAD | PF_NOFREEZE | PF_RANDOMIZE);
	set_task_comm(me, base_name(exec->filename));
	me->sas_ss_sp = me->sas_ss_size = me->sas_ss_flags = 0;
	me->robust_list = NULL;
	me->rseq = NULL;
	me->set_child_tid = me->clear_child_tid = NULL;
	me->pdeath_signal = me->uid == me->euid ? me->pdeath_signal : 0;
	me->restart.fn = NULL;
	me->signal->did_exec = true;
	spin_lock_irq(&me->sighand->siglock);
	flush_signal_handlers(me, false);
	spin_unlock_irq(&me->sighand->siglock);
	do_close_on_exec();
}

static void set_exe_file(struct exec *exec)
{
	current->mm->exe_file = get_file(exec->file);
}

/* => 0: the way to user mode leads into the new program. Otherwise the task is beyond help. */
static int start_program(struct exec *exec, struct elf_image *image)
{
	unsigned long sp;
	int err;

	exec_mmap(exec->mm);
	exec->mm = NULL;
	reset_task(exec);
	set_exe_file(exec);
	err = elf_map(exec, image);
	if (!err)
		err = elf_stack(exec, image, &sp);
	if (!err)
		start_user_thread(task_pt_regs(current), image->entry, sp);
	return err;
}

/* ---- The whole -------------------------------------------------------------------------------- */

static int read_head(struct exec *exec)
{
	loff_t pos = 0;
	ssize_t got;

	memset(exec->buf, 0, sizeof(exec->buf));
	got = kernel_read(exec->file, exec->buf, sizeof(exec->buf), &pos);
	return got < 0 ? (int)got : 0;
}

/* Follows #! lines until the file is an ELF program. */
static int find_program(struct exec *exec, struct elf_image *image)
{
	int err;

	for (int depth = 0; depth <= SCRIPT_MAX_DEPTH; depth++) {
		err = read_head(exec);
		if (!err)
			err = script_resolve(exec);
		if (err == NO_SCRIPT)
			return elf_check(exec, image);
		if (err)
			return err;
	}
	return -ELOOP;
}

int exec_refuse(struct exec *exec, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(exec->why, sizeof(exec->why), fmt, args);
	va_end(args);
	return err;
}

static const char *error_text(int err)
{
	switch (err) {
	case -ENOENT:
		return "there is no such file";
	case -EACCES:
		return "it is no regular file, or not executable (chmod +x)";
	case -ENOTDIR:
		return "a part of its path is no directory";
	case -ELOOP:
		return "its symbolic links or interpreters have no end";
	case -ENOMEM:
		return "there is too little memory for it";
	default:
		return "it cannot be read";
	}
}

/* The first program has nobody to report to but the log. */
static void report_kernel_exec(const struct exec *exec, int err)
{
	pr_err("%s cannot be run: %s (error %d)\n", exec->filename, exec->why[0] ? exec->why : error_text(err), err);
}

static void exec_free(struct exec *exec)
{
	if (!IS_ERR_OR_NULL(exec->file))
		fput(exec->file); /* the last one lets writers in again */
	for (int i = 0; i < exec->nr_prefix; i++)
		kfree(exec->prefix[i]);
	if (exec->mm)
		mmput(exec->mm);
	if (exec->page)
		free_page((unsigned long)exec->page);
	kfree(exec);
}

static int exec_prepare(struct exec *exec, struct elf_image *image, struct arg_vector *argv,
			struct arg_vector *envp)
{
	int err = exec_count_args(argv);

	if (!err)
		err = exec_count_args(envp);
	if (!err)
		err = find_program(exec, image);
	if (!err)
		err = exec_new_mm(exec, image->exec_stack, (unsigned long)argv->n + (unsigned long)envp->n);
	if (!err)
		err = exec_push_arguments(exec, argv, envp);
	if (!err)
		err = unshare_files();
	if (!err)
		err = de_thread(current);
	return err;
}

/* => 0, -errno, or EXEC_DOOMED: the old program is gone, the new one not there: the caller sees to its death */
static int do_exec(int dfd, const char *filename, struct arg_vector *argv, struct arg_vector *envp)
{
	struct exec *exec = kzalloc(sizeof(*exec), GFP_KERNEL);
	struct elf_image image = { 0 };
	int err;

	if (!exec)
		return -ENOMEM;
	exec->filename = filename;
	exec->file = open_exec(dfd, filename);
	err = PTR_ERR_OR_ZERO(exec->file);
	if (!err)
		err = exec_prepare(exec, &image, argv, envp);
	if (!err && start_program(exec, &image)) {
		pr_info("%s[%d]: killed: its program could not be loaded\n", current->comm, current->pid);
		err = EXEC_DOOMED;
	}
	if (err < 0 && argv->kernel)
		report_kernel_exec(exec, err);
	elf_free(&image);
	exec_free(exec);
	return err;
}

long sys_execve(const char __user *ufilename, unsigned long __user *uargv,
		unsigned long __user *uenvp)
{
	struct arg_vector argv = { .user = uargv }, envp = { .user = uenvp };
	char *filename = getname(ufilename);
	int err;

	if (IS_ERR(filename))
		return PTR_ERR(filename);
	err = do_exec(AT_FDCWD, filename, &argv, &envp);
	putname(filename);
	if (err == EXEC_DOOMED) {
		force_sig(SIGSEGV); /* as Linux since 3.18; its action is the default by now */
		return -ENOEXEC;
	}
	return err ? err : (long)task_pt_regs(current)->ax;
}

/* ---- The first program -------------------------------------------------------------------------- */

int become_process(struct task_struct *me)
{
	struct signal_struct *sig = me->signal;

	if (me->sighand)
		return 0;
	me->files = me->files ? me->files : alloc_files();
	me->fs = me->fs ? me->fs : copy_fs_struct(init_task.fs);
	me->sighand = alloc_sighand();
	if (!me->files || !me->fs || !me->sighand)
		return -ENOMEM;
	INIT_LIST_HEAD(&me->sigqueue);
	init_rlimits(sig);
	flush_signal_handlers(me, true);
	sig->unkillable = me->pid == 1;
	sig->pgrp = sig->session = me->pid;
	atomic_set(&sig->live, 1);
	me->exit_signal = SIGCHLD;
	me->cap_effective = me->cap_permitted = CAP_FULL_SET;
	return 0;
}

int kernel_execve(const char *path, const char *const argv[], const char *const envp[])
{
	struct arg_vector args = { .kernel = argv }, env = { .kernel = envp };
	int err = become_process(current);

	if (!err)
		err = do_exec(AT_FDCWD, path, &args, &env);
	if (err == EXEC_DOOMED)
		do_group_exit(SIGKILL);
	return err;
}
