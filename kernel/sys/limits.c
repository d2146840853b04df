/* SPDX-License-Identifier: MIT */
/*
 * Resource limits: what a process is born with, and getrlimit, setrlimit, prlimit64.
 *
 * They belong to the process (signal_struct), are copied by fork and kept by exec. Each is looked at where it counts:
 * RLIMIT_NPROC in fork.c, RLIMIT_STACK and RLIMIT_MEMLOCK in mm, RLIMIT_NOFILE in fs/fdtable.c. max_threads, which
 * binds root too, follows from memory here because RLIMIT_NPROC is half of it.
 *
 * Locks: siglock; tasklist_lock for reading around it, for the other process may be gone.
 */
#include "kernel/sys/process.h"
#include "kernel/sys/signal.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "fs/fs.h"
#include "mm/zone.h"

/* Kernel stacks may take an eighth of memory, as in Linux. */
static void set_max_threads(void)
{
	unsigned long fit = totalram_pages / (8 * KERNEL_STACK_SIZE / PAGE_SIZE);

	max_threads = (int)clamp(fit, 64UL, (unsigned long)PID_MAX);
}

void init_rlimits(struct signal_struct *sig)
{
	set_max_threads();
	for (int i = 0; i < RLIM_NLIMITS; i++)
		sig->rlim[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	sig->rlim[RLIMIT_STACK] = (struct rlimit){ 8 << 20, RLIM_INFINITY };
	sig->rlim[RLIMIT_CORE].rlim_cur = 0;
	sig->rlim[RLIMIT_NOFILE] = (struct rlimit){ 1024, 4096 };
	sig->rlim[RLIMIT_MEMLOCK] = (struct rlimit){ 64 << 10, 64 << 10 };
	sig->rlim[RLIMIT_NPROC] = (struct rlimit){ (u64)max_threads / 2, (u64)max_threads / 2 };
}

static long do_prlimit(struct task_struct *p, unsigned int which, const struct rlimit *new,
		       struct rlimit *old)
{
	struct rlimit *slot;
	long err = 0;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	if (new && new->rlim_cur > new->rlim_max)
		return -EINVAL;
	if (new && which == RLIMIT_NOFILE && new->rlim_max > 1024 * 1024)
		return -EPERM;
	slot = &p->signal->rlim[which];
	read_lock(&tasklist_lock);
	if (!p->sighand) {
		read_unlock(&tasklist_lock);
		return -ESRCH;
	}
	spin_lock_irq(&p->sighand->siglock);
	if (old)
		*old = *slot;
	if (new && new->rlim_max > slot->rlim_max && !has_cap(current, CAP_SYS_RESOURCE))
		err = -EPERM;
	if (new && !err)
		*slot = *new;
	spin_unlock_irq(&p->sighand->siglock);
	read_unlock(&tasklist_lock);
	return err;
}

long sys_getrlimit(unsigned int which, void __user *ulimit)
{
	struct rlimit limit;
	long err = do_prlimit(current, which, NULL, &limit);

	if (err)
		return err;
	return copy_to_user(ulimit, &limit, sizeof(limit)) ? -EFAULT : 0;
}

long sys_setrlimit(unsigned int which, const void __user *ulimit)
{
	struct rlimit limit;

	if (copy_from_user(&limit, ulimit, sizeof(limit)))
		return -EFAULT;
	return do_prlimit(current, which, &limit, NULL);
}

/* Of another process: only with all of one's own ids, or it may have been started for somebody else. */
static bool may_limit(const struct task_struct *p)
{
	const struct task_struct *me = current;

	if (p == me || has_cap(me, CAP_SYS_RESOURCE))
		return true;
	return me->uid == p->uid && me->uid == p->euid && me->uid == p->suid && me->gid == p->gid &&
	       me->gid == p->egid && me->gid == p->sgid;
}

long sys_prlimit64(pid_t pid, unsigned int which, const void __user *unew, void __user *uold)
{
	struct rlimit new, old;
	struct task_struct *p;
	long err;

	if (unew && copy_from_user(&new, unew, sizeof(new)))
		return -EFAULT;
	p = find_get_task_by_pid(pid ? pid : current->pid);
	if (!p)
		return -ESRCH;
	err = may_limit(p) ? 0 : -EPERM;
	if (!err)
		err = do_prlimit(p, which, unew ? &new : NULL, uold ? &old : NULL);
	put_task_struct(p);
	if (!err && uold && copy_to_user(uold, &old, sizeof(old)))
		err = -EFAULT;
	return err;
}
