/* SPDX-License-Identifier: MIT */
/*
 * process_vm_readv, process_vm_writev: copying between our memory and another process's, without its help.
 *
 *	local pieces  |---||-----|      the shorter of both lists ends it; a fault in the middle
 *	remote pieces |--||----||--|    returns what was done before
 *
 * The bytes go through one page of the kernel's, so that neither side's page needs to be pinned. Allowed is what
 * ptrace would be: the same user in all ids, or CAP_SYS_PTRACE.
 */
#include "kernel/sys/abi.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/core/sched.h"
#include "mm/mm.h"
#include "mm/slab.h"

#define CAP_SYS_PTRACE 19

/* A list of pieces and where in it we are. */
struct cursor {
	const struct linux_iovec __user *uiov;
	unsigned long left;	/* pieces behind the current one */
	struct linux_iovec piece;
};

/* => 1: piece has bytes, 0: the end, -EFAULT, -EINVAL */
static int cursor_fill(struct cursor *c)
{
	while (!c->piece.len) {
		if (!c->left)
			return 0;
		if (copy_from_user(&c->piece, c->uiov, sizeof(c->piece)))
			return -EFAULT;
		if ((s64)c->piece.len < 0)
			return -EINVAL;
		c->uiov++;
		c->left--;
	}
	return 1;
}

static void cursor_advance(struct cursor *c, size_t n)
{
	c->piece.base = (char *)c->piece.base + n;
	c->piece.len -= n;
}

/* May the owner itself read (write) there now? access_remote_vm asks only whether it might allow itself to. */
static bool remote_allowed(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct vm_area_struct *vma;
	bool ok;

	down_read(&mm->mmap_sem);
	vma = find_vma(mm, addr);
	ok = vma && vma->vm_start <= addr && (vma->vm_flags & (write ? VM_WRITE : VM_READ));
	up_read(&mm->mmap_sem);
	return ok;
}

/* One chunk within one remote page. => bytes, or -EFAULT */
static long copy_chunk(struct mm_struct *mm, struct cursor *local, struct cursor *remote, char *page,
		       bool write)
{
	unsigned long addr = (unsigned long)remote->piece.base;
	size_t n = min3(local->piece.len, remote->piece.len, (u64)(PAGE_SIZE - (addr & ~PAGE_MASK)));

	if (!access_ok((void *)addr, n) || !remote_allowed(mm, addr, write))
		return -EFAULT;
	if (write && copy_from_user(page, local->piece.base, n))
		return -EFAULT;
	n = (size_t)access_remote_vm(mm, addr, page, (int)n, write);
	if (!n || (!write && copy_to_user(local->piece.base, page, n)))
		return -EFAULT;
	return (long)n;
}

static long copy_all(struct mm_struct *mm, struct cursor *local, struct cursor *remote, bool write)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	long done = 0, n;

	if (!page)
		return -ENOMEM;
	for (;;) {
		n = cursor_fill(local);
		if (n > 0)
			n = cursor_fill(remote);
		if (n > 0)
			n = copy_chunk(mm, local, remote, page, write);
		if (n > 0 && fatal_signal_pending(current))
			n = -EINTR;
		if (n <= 0)
			break;
		cursor_advance(local, (size_t)n);
		cursor_advance(remote, (size_t)n);
		done += n;
		cond_resched();
	}
	free_page((unsigned long)page);
	return done ? done : n;
}

static bool may_trace(const struct task_struct *p)
{
	const struct task_struct *me = current;

	if (me->tgid == p->tgid || (me->cap_effective >> CAP_SYS_PTRACE & 1))
		return true;
	return me->uid == p->uid && me->uid == p->euid && me->uid == p->suid && me->gid == p->gid &&
	       me->gid == p->egid && me->gid == p->sgid;
}

static long process_vm(pid_t pid, const void __user *ulocal, unsigned long nlocal,
		       const void __user *uremote, unsigned long nremote, unsigned long flags, bool write)
{
	struct cursor local = { .uiov = ulocal, .left = nlocal };
	struct cursor remote = { .uiov = uremote, .left = nremote };
	struct task_struct *p;
	struct mm_struct *mm;
	long ret;

	if (flags || nlocal > UIO_MAXIOV || nremote > UIO_MAXIOV)
		return -EINVAL;
	p = find_get_task_by_pid(pid);
	if (!p)
		return -ESRCH;
	mm = may_trace(p) ? get_task_mm(p) : ERR_PTR(-EPERM);
	put_task_struct(p);
	if (IS_ERR_OR_NULL(mm))
		return mm ? PTR_ERR(mm) : -ESRCH;
	ret = copy_all(mm, &local, &remote, write);
	mmput(mm);
	return ret;
}

long sys_process_vm_readv(pid_t pid, const void __user *local, unsigned long nlocal,
			  const void __user *remote, unsigned long nremote, unsigned long flags)
{
	return process_vm(pid, local, nlocal, remote, nremote, flags, false);
}

long sys_process_vm_writev(pid_t pid, const void __user *local, unsigned long nlocal,
			   const void __user *remote, unsigned long nremote, unsigned long flags)
{
	return process_vm(pid, local, nlocal, remote, nremote, flags, true);
}
