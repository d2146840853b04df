/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: who gets them.
 *
 *			user mode			kernel mode
 *	#PF		fault handler			user address: fault handler, then fixup
 *							kernel address: fixup
 *	others		trap handler (a signal)		fixup
 *	none of these	panic				panic, with registers and backtrace
 *
 * #DF, NMI and #MC run on stacks of their own and never return to a scheduler.
 */
#include "kernel/base/bug.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "arch/thread.h"
#include "arch/x86_64/internal.h"
#include "asm/irqflags.h"
#include "asm/offsets.h"

static const char *const trap_names[32] = {"divide error",
					   "debug",
					   "NMI",
					   "int3",
					   "overflow",
					   "bounds",
					   "invalid opcode",
					   "device not available",
					   "double fault",
					   "coprocessor overrun",
					   "invalid TSS",
					   "segment not present",
					   "stack segment",
					   "general protection fault",
					   "page fault",
					   "reserved",
					   "x87 exception",
					   "alignment check",
					   "machine check",
					   "SIMD exception",
					   "virtualization",
					   "control protection"};

static void (*trap_handlers[32])(struct pt_regs *regs, unsigned long error);
static void (*user_return_hook)(struct pt_regs *regs);

/* Exceptions being reported on this CPU: the report itself may hit the broken thing. */
DEFINE_PER_CPU(int, dying);

#define MAX_DYING 8 /* more than a panic has parts */

static void default_syscall(struct pt_regs *regs)
{
	(void)regs; /* ax holds -ENOSYS already */
}
void (*syscall_handler)(struct pt_regs *regs) = default_syscall;
DEFINE_PER_CPU(unsigned long, syscall_user_sp); /* entry_syscall's only spare place */

void arch_set_trap_handler(int vector, void (*fn)(struct pt_regs *regs, unsigned long error))
{
	trap_handlers[vector] = fn;
}

void arch_set_syscall_handler(void (*fn)(struct pt_regs *regs))
{
	syscall_handler = fn;
}

void arch_set_user_return_hook(void (*fn)(struct pt_regs *regs))
{
	user_return_hook = fn;
}

/*
 * => interrupts off on entry and exit; on exit no work is left that was there with interrupts
 *    off.
 */
void exit_to_user_work(struct pt_regs *regs)
{
	while (READ_ONCE(current->thread_flags) & TASK_WORK_MASK) {
		local_irq_enable();
		if (!user_return_hook)
			panic("thread flags %lx before a user return hook is there",
			      current->thread_flags);
		user_return_hook(regs);
		local_irq_disable();
	}
}

/* The first exception is shown in full; one of the report itself with its address, and the panic goes on behind it. */
static void __noreturn die(struct pt_regs *regs, const char *what, unsigned long error)
{
	int before = this_cpu_read(dying);

	if (before >= MAX_DYING)
		machine_power_off(PANIC_EXIT_STATUS);
	this_cpu_inc(dying);
	pr_emerg("%s in %s mode, error code %04lx\n", what, user_mode(regs) ? "user" : "kernel",
		 error);
	if (before)
		pr_emerg("RIP: %04lx:%016lx %pS\n", regs->cs, regs->ip, (void *)regs->ip);
	else
		show_regs(regs);
	panic("Fatal exception: %s", what);
}

static bool fixup(struct pt_regs *regs)
{
	unsigned long to = search_exception_table(regs->ip);

	if (to)
		regs->ip = to;
	return to;
}

void do_trap(struct pt_regs *regs, unsigned long vector, unsigned long error)
{
	if (!user_mode(regs)) {
		if (!fixup(regs))
			die(regs, trap_names[vector] ?: "unknown exception", error);
		return;
	}
	current->thread.trap_nr = vector;
	current->thread.error_code = error;
	if (!trap_handlers[vector])
		die(regs, trap_names[vector] ?: "unknown exception", error);
	local_irq_enable();
	trap_handlers[vector](regs, error);
}

static void __noreturn kernel_fault(struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	const char *access = error & FAULT_WRITE ? "write" : "read";

	pr_emerg("BUG: unable to handle kernel %s at %016lx (%s%s)\n",
		 addr < PAGE_SIZE ? "NULL pointer dereference" : "paging request", addr,
		 error & FAULT_INSTR ? "fetch" : access,
		 error & FAULT_PRESENT ? ", no permission" : "");
	die(regs, "page fault", error);
}

static int no_fault_handler(struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	kernel_fault(regs, addr, error);
}

typedef int (*fault_handler_t)(struct pt_regs *regs, unsigned long addr, unsigned long error);
fault_handler_t user_fault_handler = no_fault_handler; /* entry_page_fault calls it */

void arch_set_fault_handler(int (*fn)(struct pt_regs *regs, unsigned long addr,
				      unsigned long error))
{
	user_fault_handler = fn;
}

/* Is the fault of kernel code an access to user memory that announces itself (and may sleep)? */
static bool is_user_access(const struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	if (addr >= TASK_SIZE || !current->mm || in_interrupt() || (error & FAULT_INSTR))
		return false;
	return !cpu_features.smap || (regs->flags & EFLAGS_AC);
}

static bool (*hidden_page_handler)(struct pt_regs *regs, unsigned long addr, unsigned long error);

void arch_set_hidden_page_handler(bool (*fn)(struct pt_regs *regs, unsigned long addr,
					     unsigned long error))
{
	hidden_page_handler = fn;
}

/* A page fault of kernel mode; those of user mode go from entry_page_fault to the handler. */
void do_kernel_fault(struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	if (unlikely(hidden_page_handler) && hidden_page_handler(regs, addr, error))
		return;
	if (regs->flags & EFLAGS_IF)
		local_irq_enable();
	if (is_user_access(regs, addr, error) && !user_fault_handler(regs, addr, error))
		return;
	if (!fixup(regs))
		kernel_fault(regs, addr, error);
}

/*
 * IRET to user mode failed (an address or selector the user made up). The user's frame is still
 * where the IRET read it, at the top of the stack; put the registers, which are the user's again,
 * below it: together they are the pt_regs the same fault would have made one instruction later.
 */
struct pt_regs *bad_iret(struct pt_regs *regs)
{
	struct pt_regs *user = task_pt_regs(current);

	memmove(user, regs, offsetof(struct pt_regs, ip));
	return user;
}

static void double_fault(struct pt_regs *regs, unsigned long error)
{
	unsigned long addr = read_cr2(), stack = (unsigned long)current->stack;

	if (addr < stack && addr >= stack - PAGE_SIZE)
		pr_emerg("kernel stack overflow of task %d (%s): stack is %lx..%lx, sp %lx\n",
			 current->pid, current->comm, stack, stack + KERNEL_STACK_SIZE, regs->sp);
	die(regs, "double fault", error);
}

/* An NMI may come while this CPU prints: nobody may print in it. The next tick does. */
static DEFINE_PER_CPU(unsigned int, unknown_nmis);

void report_unknown_nmis(void)
{
	if (unlikely(this_cpu_read(unknown_nmis)) && xchg(this_cpu_ptr(&unknown_nmis), 0))
		pr_warn_ratelimited("NMI of unknown origin on CPU %d\n", smp_processor_id());
}

void do_paranoid_trap(struct pt_regs *regs, unsigned long vector, unsigned long error)
{
	if (vector == TRAP_NMI) {
		if (!nmi_interrupt(regs))
			this_cpu_inc(unknown_nmis);
	} else if (vector == TRAP_DF) {
		double_fault(regs, error);
	} else {
		die(regs, "machine check", error);
	}
}
