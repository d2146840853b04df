/* SPDX-License-Identifier: MIT */
/*
 * The system-call door: number -> function.
 *
 *	arch entry -> do_syscall(regs) -> sys_call_table[orig_ax](di, si, dx, r10, r8, r9) -> regs->ax
 *
 * The path is kept short: one bound check, one load, one call. Signals, rescheduling and restarts are the
 * user-return hook's business (signal_return.c), which the entry code calls only when a work flag is set.
 * Every slot of the table is filled; what is not there goes to one function that says so, once per number
 * and program, and answers ENOSYS.
 *
 * Linux beyond it: seccomp, ptrace and audit hooks at entry; the 32-bit and x32 tables.
 */
#include "kernel/sys/syscalls.h"
#include "kernel/sys/syscall_table.h"
#include "arch/thread.h"
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "kernel/core/watchdog.h"

#define NR_SYSCALLS 464
#define NR_RSEQ	    334

typedef long (*syscall_fn)(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long,
			   unsigned long);

static long sys_ni_syscall(void);

#define TABLE_ENTRY(nr, name) [nr] = (syscall_fn)(void (*)(void))sys_##name,
#define TABLE_NAME(nr, name)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const syscall_fn sys_call_table[NR_SYSCALLS] = {
	[0 ... NR_SYSCALLS - 1] = (syscall_fn)(void (*)(void))sys_ni_syscall,
	SYSCALL_TABLE(TABLE_ENTRY, TABLE_NAME)
};
#pragma GCC diagnostic pop

#define NAME_ENTRY(nr, name) [nr] = #name,
static const char *const syscall_names[NR_SYSCALLS] = { SYSCALL_TABLE(NAME_ENTRY, NAME_ENTRY) };

/* What has been logged: (number, comm) pairs, oldest overwritten. */
#define NI_SEEN 64
static DEFINE_SPINLOCK(ni_lock, LOCK_RANK_LEAF);
static struct {
	unsigned long nr;
	char comm[TASK_COMM_LEN];
} ni_seen[NI_SEEN];	   /* ni_lock */
static unsigned int ni_next; /* ni_lock */

static bool ni_first_time(unsigned long nr)
{
	bool first = true;

	spin_lock(&ni_lock);
	for (unsigned int i = 0; i < min(ni_next, (unsigned int)NI_SEEN) && first; i++)
		first = ni_seen[i].nr != nr || strncmp(ni_seen[i].comm, current->comm, TASK_COMM_LEN);
	if (first) {
		ni_seen[ni_next % NI_SEEN].nr = nr;
		strscpy(ni_seen[ni_next % NI_SEEN].comm, current->comm, TASK_COMM_LEN);
		ni_next++;
	}
	spin_unlock(&ni_lock);
	return first;
}

static long sys_ni_syscall(void)
{
	unsigned long nr = task_pt_regs(current)->orig_ax;
	bool optional = nr == NR_RSEQ; /* every glibc program asks and does without */

	if (ni_first_time(nr))
		printk("%s%s[%d]: system call %lu (%s) is not implemented\n",
		       optional ? KERN_DEBUG : KERN_INFO, current->comm, current->pid, nr,
		       nr < NR_SYSCALLS && syscall_names[nr] ? syscall_names[nr] : "unknown");
	return -ENOSYS;
}

/* Every system call pays for this function: it does without a frame, and is missing in backtraces. */
__attribute__((optimize("omit-frame-pointer"))) static void do_syscall(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;

	note_progress();
	if (likely(nr < NR_SYSCALLS))
		regs->ax = sys_call_table[nr](regs->di, regs->si, regs->dx, regs->r10, regs->r8,
					      regs->r9);
	else
		regs->ax = sys_ni_syscall();
}

static int __init syscall_init(void)
{
	arch_set_syscall_handler(do_syscall);
	return 0;
}
core_initcall(syscall_init);
