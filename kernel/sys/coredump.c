/* SPDX-License-Identifier: MIT */
/*
 * When a process leaves a core file, where, and what its other threads do meanwhile.
 *
 *	get_signal: SIGSEGV and its kin -> coredump():
 *	  RLIMIT_CORE 0, or not dumpable                  -> no file
 *	  every other thread gets SIGKILL and stops in exit_signals/coredump_wait, its registers at hand
 *	  the file named by core_pattern, in the working directory; never over a link or for another owner
 *	  elf_core.c writes; SIGKILL (the OOM killer's too) ends it early
 *	  the others go on, and all die with sig | 0x80
 *
 * The dumping thread carries PF_DUMPCORE: when memory is short its requests fail instead of calling the OOM
 * killer, for it would kill others to save the remains of the dead (slow path, step 15).
 *
 * Locks: siglock for who waits. Linux beyond it: core_pattern's pipes, coredump_filter, killing of other
 * processes that share the memory. Read next: elf_core.c. Test: tests/boot/test_core.py.
 */
#include "kernel/sys/coredump.h"
#include "kernel/sys/signal.h"
#include "fs/fs.h"
#include "fs/namei.h"
#include "fs/procfs.h"
#include "kernel/base/err.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/freezer.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "mm/mm.h"

#define CORE_NAME_MAX 256

/* ---- The other threads ---------------------------------------------------------------------------- */

/* => true: the process is ours to dump, and core->nr_threads others are on their way to coredump_wait() */
static bool stop_others(struct core_state *core, int sig)
{
	struct task_struct *p = current, *t;
	struct signal_struct *group = p->signal;
	bool ours;

	spin_lock_irq(&p->sighand->siglock);
	ours = !group->group_exit && !group->group_exec;
	if (ours) {
		group->group_exit = true;
		group->group_exit_code = sig;
		group->core_state = core;
		zap_other_threads(p);
		for_each_thread(p, t)
			if (t != p && !(t->flags & PF_EXITING))
				core->nr_threads++;
		clear_thread_flag(TIF_SIGPENDING); /* what is pending now does not end the dump */
	}
	spin_unlock_irq(&p->sighand->siglock);
	return ours;
}

void coredump_wait(struct core_state *core)
{
	struct core_thread self = { .task = current };

	spin_lock_irq(&current->sighand->siglock);
	self.next = core->threads;
	core->threads = &self;
	if (!--core->nr_threads)
		complete(&core->all_here);
	spin_unlock_irq(&current->sighand->siglock);
	freezer_do_not_count();
	for (;;) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		if (!READ_ONCE(self.task))
			break;
		schedule();
	}
	set_current_state(TASK_RUNNING);
	freezer_count();
}

static void release_others(struct core_state *core, bool dumped)
{
	struct core_thread *t, *next;

	spin_lock_irq(&current->sighand->siglock);
	if (dumped)
		current->signal->group_exit_code |= 0x80;
	current->signal->core_state = NULL;
	spin_unlock_irq(&current->sighand->siglock);
	for (t = core->threads; t; t = next) {
		struct task_struct *task = t->task;

		next = t->next; /* t is gone as soon as its task goes on */
		get_task_struct(task);
		smp_mb();
		WRITE_ONCE(t->task, NULL);
		wake_up_process(task);
		put_task_struct(task);
	}
}

/* ---- The file ------------------------------------------------------------------------------------- */

/* core_pattern with its % replaced, as core(5) has it. => false: longer than size */
static bool core_name(char *name, size_t size, int sig)
{
	size_t n = 0;

	for (const char *from = core_pattern; *from && n + 1 < size; from++) {
		if (*from != '%') {
			name[n++] = *from;
			continue;
		}
		switch (*++from) {
		case 'p':
			n += scnprintf(name + n, size - n, "%d", current->tgid);
			break;
		case 'u':
			n += scnprintf(name + n, size - n, "%u", current->uid);
			break;
		case 'g':
			n += scnprintf(name + n, size - n, "%u", current->gid);
			break;
		case 's':
			n += scnprintf(name + n, size - n, "%d", sig);
			break;
		case 't':
			n += scnprintf(name + n, size - n, "%lu", get_seconds());
			break;
		case 'e':
			for (const char *c = current->group_leader->comm; *c && n + 1 < size; c++)
				name[n++] = *c == '/' ? '!' : *c;
			break;
		case '%':
			name[n++] = '%';
			break;
		case '\0':
			from--;
			break;
		}
	}
	name[n] = '\0';
	return n > 0 && n + 1 < size;
}

/* => the file to write, or ERR_PTR; not a link, not a device, not somebody else's */
static struct file *open_core(const char *name)
{
	/* O_RDWR: a FIFO of that name would keep a writer waiting for its reader. */
	struct file *file = filp_open(name, O_CREAT | O_RDWR | O_NOFOLLOW | O_LARGEFILE, 0600);
	struct inode *inode;
	int err = 0;

	if (IS_ERR(file))
		return file;
	inode = file->f_inode;
	if (!S_ISREG(inode->i_mode) || inode->i_nlink != 1 || inode->i_uid != current->fsuid)
		err = -EPERM;
	else
		err = vfs_ftruncate(file, 0);
	if (!err)
		return file;
	fput(file);
	return ERR_PTR(err);
}

bool core_emit(struct core_writer *w, const void *data, size_t len)
{
	ssize_t done;

	if (!w->error && (u64)w->pos + len > w->limit)
		w->error = -EFBIG;
	if (!w->error && fatal_signal_pending(current))
		w->error = -EINTR;
	if (w->error)
		return false;
	done = kernel_write(w->file, data, len, &w->pos);
	if (done != (ssize_t)len)
		w->error = done < 0 ? (int)done : -ENOSPC;
	return !w->error;
}

void core_skip(struct core_writer *w, u64 len)
{
	w->pos += (loff_t)len;
}

/* => a core file, perhaps a short one, was written */
static bool write_core(int sig, const struct linux_siginfo *info, const struct core_state *core, u64 limit)
{
	struct core_writer w = { .limit = limit };
	char name[CORE_NAME_MAX];

	if (!core_name(name, sizeof(name), sig)) {
		pr_warn("%s[%d]: core_pattern makes too long a name\n", current->comm, current->pid);
		return false;
	}
	w.file = open_core(name);
	if (IS_ERR(w.file)) {
		pr_info("%s[%d]: no core file %s: error %ld\n", current->comm, current->pid, name,
			PTR_ERR(w.file));
		return false;
	}
	elf_core_dump(&w, info, core);
	if (!w.error)
		w.error = vfs_ftruncate(w.file, w.pos); /* a hole may be its end */
	if (w.error)
		pr_info("%s[%d]: core file %s is cut short: error %d\n", current->comm, current->pid, name,
			w.error);
	fput(w.file);
	return true;
}

int coredump(int sig, const struct linux_siginfo *info)
{
	struct core_state core = { .all_here = COMPLETION_INITIALIZER(core.all_here) };
	u64 limit = READ_ONCE(current->signal->rlim[RLIMIT_CORE].rlim_cur);
	bool dumped;

	if (!(sigmask(sig) & SIG_KERNEL_COREDUMP_MASK) || limit < PAGE_SIZE || !current->mm ||
	    (current->mm->flags & MMF_NOT_DUMPABLE) || !stop_others(&core, sig))
		return sig;
	current->flags |= PF_DUMPCORE;
	if (core.nr_threads) {
		freezer_do_not_count(); /* one of them may be frozen */
		wait_for_completion(&core.all_here);
		freezer_count();
	}
	dumped = write_core(sig, info, &core, limit);
	current->flags &= ~PF_DUMPCORE;
	release_others(&core, dumped);
	return dumped ? sig | 0x80 : sig;
}
