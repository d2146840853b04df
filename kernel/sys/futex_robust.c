/* SPDX-License-Identifier: MIT */
/*
 * Robust futexes: a thread that ends with mutexes held marks them, so that nobody waits for ever.
 *
 *	head -> next -> entry -> entry -> ... -> head	the C library's list of what the thread holds, in user memory
 *	        futex_offset: from an entry to its word	op_pending: what it was just taking or giving back
 *
 * Nothing in the list can be trusted: each step is a checked user access, and the walk ends after
 * ROBUST_LIST_MAX of them.
 */
#include "kernel/sys/futex.h"
#include "kernel/sys/syscalls.h"
#include "arch/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"

#define FUTEX_WAITERS	 0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U
#define FUTEX_TID_MASK	 0x3fffffffU
#define ROBUST_LIST_MAX	 2048

struct robust_head {
	u64 next;
	s64 futex_offset;
	u64 op_pending;
};

long sys_set_robust_list(void __user *head, size_t len)
{
	if (len != sizeof(struct robust_head))
		return -EINVAL;
	current->robust_list = head;
	return 0;
}

long sys_get_robust_list(pid_t pid, void __user *uhead, size_t __user *ulen)
{
	void *head = current->robust_list;

	if (pid && pid != current->pid) {
		struct task_struct *p = find_get_task_by_pid(pid);

		if (!p)
			return -ESRCH;
		head = p->robust_list;
		put_task_struct(p);
		if (current->euid)
			return -EPERM;
	}
	if (put_user(sizeof(struct robust_head), ulen) ||
	    put_user((unsigned long)head, (unsigned long *)uhead))
		return -EFAULT;
	return 0;
}

/* The dead owner's mutex says so, and one waiter looks. => false: stop walking */
static bool robust_died(u32 __user *uaddr)
{
	u32 val, seen;

	if ((unsigned long)uaddr % sizeof(u32) || get_user(val, uaddr))
		return false;
	while ((val & FUTEX_TID_MASK) == (u32)current->pid) {
		if (cmpxchg_user_u32(&seen, uaddr, val, (val & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return false;
		if (seen == val) {
			if (val & FUTEX_WAITERS)
				futex_wake_user(uaddr, 1);
			break;
		}
		val = seen;
	}
	return true;
}

void exit_robust_list(void)
{
	struct robust_head __user *uhead = current->robust_list;
	struct robust_head head;
	u64 entry, next;

	if (copy_from_user(&head, uhead, sizeof(head)))
		return;
	entry = head.next;
	for (int i = 0; i < ROBUST_LIST_MAX && (entry & ~1ULL) != (unsigned long)uhead; i++) {
		if (get_user(next, (u64 *)(entry & ~1ULL)))
			return;
		if (entry != head.op_pending &&
		    !robust_died((u32 *)((entry & ~1ULL) + (u64)head.futex_offset)))
			return;
		entry = next;
		cond_resched();
	}
	if (head.op_pending)
		robust_died((u32 *)((head.op_pending & ~1ULL) + (u64)head.futex_offset));
}
