/* SPDX-License-Identifier: MIT */
/*
 * Backtraces by frame pointers: each frame begins with the caller's rbp and the return address. A
 * chain is followed while it stays inside the stack it began on and rises; entry from user mode
 * starts a chain with 0. Leaf functions have no frame and do not appear.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/task.h"
#include "arch/x86_64/internal.h"

#define TRACE_DEPTH 32

extern char _text[], _etext[], boot_stack[], boot_stack_top[];

struct stack_frame {
	struct stack_frame *next;
	unsigned long ip;
};

static bool stack_bounds(const struct task_struct *task, unsigned long sp, unsigned long *low,
			 unsigned long *high)
{
	*low = (unsigned long)task->stack;
	*high = *low + KERNEL_STACK_SIZE;
	if (*low && sp >= *low && sp < *high)
		return true;
	*low = (unsigned long)boot_stack;
	*high = (unsigned long)boot_stack_top;
	if (sp >= *low && sp < *high)
		return true;
	return ist_stack_of(sp, low, high);
}

static int walk_frames(const struct task_struct *task, const struct stack_frame *frame, u64 *ips,
		       int n)
{
	unsigned long low, high;
	int found = 0;

	if (!stack_bounds(task, (unsigned long)frame, &low, &high))
		return 0;
	while (found < n && (unsigned long)frame >= low &&
	       (unsigned long)frame <= high - sizeof(*frame) &&
	       IS_ALIGNED((unsigned long)frame, 8)) {
		if (frame->ip < (unsigned long)_text || frame->ip >= (unsigned long)_etext)
			break;
		ips[found++] = frame->ip;
		low = (unsigned long)(frame + 1);
		frame = frame->next;
	}
	return found;
}

int save_stack_trace(u64 *ips, int n)
{
	return walk_frames(current, __builtin_frame_address(0), ips, n);
}

/* The level is the caller's: a backtrace is no more urgent than what it belongs to. */
static void print_trace(const char *level, const u64 *ips, int n)
{
	printk("%sCall trace:\n", level);
	for (int i = 0; i < n; i++)
		printk("%s  [<%016llx>] %pS\n", level, ips[i], (void *)(unsigned long)ips[i]);
}

void dump_stack(void)
{
	u64 ips[TRACE_DEPTH];

	printk(KERN_WARNING "CPU: %d PID: %d Comm: %s\n", smp_processor_id(), current->pid,
	       current->comm);
	print_trace(KERN_WARNING, ips, save_stack_trace(ips, TRACE_DEPTH));
}

void show_regs(const struct pt_regs *regs)
{
	u64 ips[TRACE_DEPTH];

	printk(KERN_EMERG "CPU: %d PID: %d Comm: %s\n", smp_processor_id(), current->pid,
	       current->comm);
	if (user_mode(regs))
		printk(KERN_EMERG "RIP: %04lx:%016lx\n", regs->cs, regs->ip);
	else
		printk(KERN_EMERG "RIP: %04lx:%016lx %pS\n", regs->cs, regs->ip, (void *)regs->ip);
	printk(KERN_EMERG "RSP: %04lx:%016lx EFLAGS: %08lx ORIG_RAX: %016lx\n", regs->ss, regs->sp,
	       regs->flags, regs->orig_ax);
	printk(KERN_EMERG "RAX: %016lx RBX: %016lx RCX: %016lx\n", regs->ax, regs->bx, regs->cx);
	printk(KERN_EMERG "RDX: %016lx RSI: %016lx RDI: %016lx\n", regs->dx, regs->si, regs->di);
	printk(KERN_EMERG "RBP: %016lx R08: %016lx R09: %016lx\n", regs->bp, regs->r8, regs->r9);
	printk(KERN_EMERG "R10: %016lx R11: %016lx R12: %016lx\n", regs->r10, regs->r11, regs->r12);
	printk(KERN_EMERG "R13: %016lx R14: %016lx R15: %016lx\n", regs->r13, regs->r14, regs->r15);
	printk(KERN_EMERG "CR0: %08lx CR2: %016lx CR3: %08lx CR4: %08lx\n", read_cr0(), read_cr2(),
	       read_cr3(), read_cr4());
	if (!user_mode(regs))
		print_trace(KERN_EMERG, ips,
			    walk_frames(current, (struct stack_frame *)regs->bp, ips, TRACE_DEPTH));
}
