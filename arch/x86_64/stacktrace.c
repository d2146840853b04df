/* SPDX-License-Identifier: MIT */
/*
 * Backtraces by frame pointers: each frame begins with the caller's rbp and the return address. A
 * chain is followed while it stays inside the stack it began on and rises; entry from user mode
 * starts a chain with 0. Leaf functions have no frame and do not appear.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "arch/x86_64/internal.h"

extern char _text[], _etext[], boot_stack[], boot_stack_top[];

#define IDLE_SIZE 16 /* bytes of arch_idle(), whose HLT an interrupt ends */

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
		printk("%s  [<%016llx>] %pB\n", level, ips[i], (void *)(unsigned long)ips[i]);
}

void dump_stack(void)
{
	u64 ips[TRACE_DEPTH];

	printk(KERN_WARNING "CPU: %d PID: %d Comm: %s\n", smp_processor_id(), current->pid,
	       current->comm);
	print_trace(KERN_WARNING, ips, save_stack_trace(ips, TRACE_DEPTH));
}

int save_task_stack_trace(const struct task_struct *task, u64 *ips, int n)
{
	const struct stack_frame *frame = /* the two last words of what __switch_to_asm pushed */
		(const void *)(task->thread.sp + offsetof(struct switch_frame, bp));

	return walk_frames(task, frame, ips, n);
}

void show_stack(const struct task_struct *task)
{
	u64 ips[TRACE_DEPTH];

	print_trace(KERN_INFO, ips, save_task_stack_trace(task, ips, TRACE_DEPTH));
}

void take_snapshot(struct cpu_snapshot *s, const struct pt_regs *regs)
{
	s->regs = *regs;
	s->cr2 = read_cr2();
	s->cr3 = read_cr3();
	s->pid = current->pid;
	s->idle = (current->flags & PF_IDLE) && regs->ip - (unsigned long)arch_idle < IDLE_SIZE;
	memcpy(s->comm, current->comm, sizeof(s->comm));
	s->comm[sizeof(s->comm) - 1] = 0;
	s->nr_ips = user_mode(regs) ? 0
				    : walk_frames(current, (const struct stack_frame *)regs->bp,
						  s->ips, TRACE_DEPTH);
}

void print_snapshot(const char *level, int cpu, const struct cpu_snapshot *s)
{
	const struct pt_regs *r = &s->regs;

	printk("%sCPU: %d PID: %d Comm: %s (%s)\n", level, cpu, s->pid, s->comm,
	       user_mode(r) ? "user mode" : s->idle ? "idle" : "kernel");
	if (user_mode(r))
		printk("%sRIP: %04lx:%016lx\n", level, r->cs, r->ip);
	else
		printk("%sRIP: %04lx:%016lx %pS\n", level, r->cs, r->ip, (void *)r->ip);
	printk("%sRSP: %04lx:%016lx EFLAGS: %08lx ORIG_RAX: %016lx\n", level, r->ss, r->sp, r->flags,
	       r->orig_ax);
	printk("%sRAX: %016lx RBX: %016lx RCX: %016lx\n", level, r->ax, r->bx, r->cx);
	printk("%sRDX: %016lx RSI: %016lx RDI: %016lx\n", level, r->dx, r->si, r->di);
	printk("%sRBP: %016lx R08: %016lx R09: %016lx\n", level, r->bp, r->r8, r->r9);
	printk("%sR10: %016lx R11: %016lx R12: %016lx\n", level, r->r10, r->r11, r->r12);
	printk("%sR13: %016lx R14: %016lx R15: %016lx\n", level, r->r13, r->r14, r->r15);
	printk("%sCR0: %08lx CR2: %016lx CR3: %08lx CR4: %08lx\n", level, read_cr0(), s->cr2, s->cr3,
	       read_cr4());
	if (!user_mode(r))
		print_trace(level, s->ips, s->nr_ips);
}

void show_regs(const struct pt_regs *regs)
{
	struct cpu_snapshot s;

	take_snapshot(&s, regs);
	print_snapshot(KERN_EMERG, smp_processor_id(), &s);
}

#define SAVE(field, reg) asm volatile("movq %%" reg ", %0" : "=m"(regs.field))

void show_own_state(void)
{
	struct pt_regs regs = {.orig_ax = -1UL, .cs = KERNEL_CS, .ss = KERNEL_DS};

	if (this_cpu_read(dying))
		return; /* die() has shown what the trap found */
	SAVE(r15, "r15");
	SAVE(r14, "r14");
	SAVE(r13, "r13");
	SAVE(r12, "r12");
	SAVE(r11, "r11");
	SAVE(r10, "r10");
	SAVE(r9, "r9");
	SAVE(r8, "r8");
	SAVE(bx, "rbx");
	SAVE(ax, "rax");
	SAVE(cx, "rcx");
	SAVE(dx, "rdx");
	SAVE(si, "rsi");
	SAVE(di, "rdi");
	SAVE(sp, "rsp");
	SAVE(bp, "rbp");
	asm volatile("pushfq; popq %0" : "=r"(regs.flags));
	asm volatile("leaq (%%rip), %0" : "=r"(regs.ip));
	show_regs(&regs);
}
