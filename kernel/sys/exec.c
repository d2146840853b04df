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
 * The strings are copied through a page of our own (copy_from_user) and access_remote_vm, so they are ordinary
 * anonymous pages of the new address space from the start: they can be swapped out meanwhile, count against
 * the OOM killer's view of us, and a SIGKILL stops the copying.
 *
 *	STACK_TOP - 8 | 0 | filename | envp strings | argv strings <- exec->p     (written downwards)
 *
 * Linux beyond it: binfmt_misc, set-user-ID, core patterns, stack randomisation.
 */
#include "kernel/sys/exec.h"
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/mmu.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "fs/fdtable.h"
#include "fs/namei.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/freezer.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define EXEC_DOOMED 1
#define MAX_ARG_STRLEN (32 * PAGE_SIZE)
#define ARG_MAX_MIN    (32 * PAGE_SIZE)
#define ARG_MAX_MAX    (6UL << 20)

/* argv or envp: of the user, or of the kernel (the first program). */
struct arg_vector {
	unsigned long __user *user;
	const char *const *kernel;
	int n;
};

/* ---- Arguments -------------------------------------------------------------------------------- */

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

static int vector_count(struct arg_vector *v)
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

static int push_arguments(struct exec *exec, struct arg_vector *argv, struct arg_vector *envp)
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

/* The new address space, with room for the strings. */
static int new_mm(struct exec *exec, bool exec_stack, unsigned long pointers)
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

/* ---- The point of no return -------------------------------------------------------------------- */

/* Waits until current is the only thread, but for a dead leader. => -EAGAIN: somebody else ends the group */
static int wait_for_threads(struct task_struct *me)
{
	struct signal_struct *sig = me->signal;
	bool done;

	spin_lock_irq(&me->sighand->siglock);
	if (sig->group_exit || sig->group_exec) {
		spin_unlock_irq(&me->sighand->siglock);
		return -EAGAIN;
	}
	sig->group_exec = me;
	zap_other_threads(me);
	spin_unlock_irq(&me->sighand->siglock);
	freezer_do_not_count(); /* one of them may be frozen */
	for (;;) {
		set_current_state(TASK_KILLABLE);
		read_lock(&tasklist_lock);
		done = sig->nr_threads == 1 ||
		       (sig->nr_threads == 2 && me->group_leader != me && me->group_leader->exit_state);
		read_unlock(&tasklist_lock);
		if (done || fatal_signal_pending(me))
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	freezer_count();
	if (done)
		return 0;
	spin_lock_irq(&me->sighand->siglock);
	sig->group_exec = NULL;
	spin_unlock_irq(&me->sighand->siglock);
	return -EAGAIN;
}

/* A thread that execs becomes the process: it takes over the dead leader's number, parent and children. */
static void become_leader(struct task_struct *me)
{
	struct task_struct *leader = me->group_leader;
	pid_t pid = me->pid;

	write_lock_irq(&tasklist_lock);
	spin_lock(&me->sighand->siglock);
	task_unlink(me);
	task_unlink(leader);
	me->pid = leader->pid;
	leader->pid = pid;
	me->group_leader = leader->group_leader = me;
	me->signal->group_leader = me;
	me->exit_signal = SIGCHLD;
	leader->exit_signal = -1;
	me->real_parent = leader->real_parent;
	me->parent = leader->parent;
	me->start_time_ns = leader->start_time_ns;
	task_link(me);
	task_link(leader);
	list_splice_init(&leader->children, &me->children);
	for (struct list_head *i = me->children.next; i != &me->children; i = i->next)
		list_entry(i, struct task_struct, sibling)->real_parent =
			list_entry(i, struct task_struct, sibling)->parent = me;
	leader->exit_state = EXIT_DEAD;
	spin_unlock(&me->sighand->siglock);
	write_unlock_irq(&tasklist_lock);
	release_task(leader);
}

static int unshare_sighand(struct task_struct *me)
{
	struct sighand_struct *old = me->sighand, *new;

	if (atomic_read(&old->count) == 1)
		return 0;
	new = alloc_sighand();
	if (!new)
		return -ENOMEM;
	write_lock_irq(&tasklist_lock);
	spin_lock(&old->siglock);
	memcpy(new->action, old->action, sizeof(old->action));
	me->sighand = new;
	spin_unlock(&old->siglock);
	write_unlock_irq(&tasklist_lock);
	put_sighand(old);
	return 0;
}

static int de_thread(struct task_struct *me)
{
	int err = 0;

	if (!thread_group_empty(me)) {
		err = wait_for_threads(me);
		if (!err && me->group_leader != me)
			become_leader(me);
	}
	if (err)
		return err;
	spin_lock_irq(&me->sighand->siglock);
	me->signal->group_exec = NULL;
	me->exit_signal = SIGCHLD; /* the one chosen at clone was the old program's business */
	spin_unlock_irq(&me->sighand->siglock);
	return unshare_sighand(me);
}

static void install_mm(struct exec *exec)
{
	struct task_struct *me = current;
	struct mm_struct *old = me->mm, *active = me->active_mm, *mm = exec->mm;

	if (old) {
		mm_release(old);
		me->signal->maxrss = max3(me->signal->maxrss, old->hiwater_rss, get_mm_rss(old));
	}
	task_lock(me);
	local_irq_disable();
	me->mm = me->active_mm = mm;
	switch_mm(active, mm);
	local_irq_enable();
	task_unlock(me);
	exec->mm = NULL;
	if (old)
		mmput(old);
	else if (active)
		mmdrop(active); /* a kernel thread's borrowed one */
}

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

	install_mm(exec);
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
	int err = vector_count(argv);

	if (!err)
		err = vector_count(envp);
	if (!err)
		err = find_program(exec, image);
	if (!err)
		err = new_mm(exec, image->exec_stack,
			     (unsigned long)argv->n + (unsigned long)envp->n);
	if (!err)
		err = push_arguments(exec, argv, envp);
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
