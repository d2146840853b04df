/* SPDX-License-Identifier: MIT */
/*
 * A page fault or another exception, seen from the program: either the kernel cures it, or it is a signal.
 *
 *	fault address -> find_vma -> below a stack? expand it -> rights -> handle_mm_fault
 *	   |no area: SEGV_MAPERR       |no: SEGV_MAPERR          |no: SEGV_ACCERR    | SIGBUS, SIGSEGV, OOM
 *
 * A fault of the kernel itself on user memory (copy_to_user) takes the same way; where a program would get a
 * signal the copy fails instead, and the system call returns EFAULT. Out of memory: the OOM killer runs and the
 * program faults again (spec 7.5); a program that has been killed meanwhile leaves at once.
 *
 * Locks: mmap_sem for reading around all of it; taken killably, so that a victim waiting for it can die.
 */
#include "kernel/sys/signal.h"
#include "arch/thread.h"
#include "arch/trap.h"
#include "kernel/base/initcall.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/watchdog.h"
#include "mm/mm.h"
#include "mm/oom.h"

/* The line Linux logs when nobody catches the signal. */
static void log_unhandled(struct pt_regs *regs, int sig, const char *what, unsigned long addr,
			  unsigned long error)
{
	struct task_struct *p = current;

	if (p->sighand->action[sig - 1].handler > SIG_IGN && !(p->blocked & sigmask(sig)))
		return;
	if (!printk_ratelimit())
		return;
	pr_info("%s[%d]: %s at %lx ip %016lx sp %016lx error %lx\n", p->comm, p->pid, what, addr, regs->ip, regs->sp,
		error);
}

/* => 0 for user mode (the signal is pending), -EFAULT for the kernel's fixup */
static int bad_access(struct pt_regs *regs, unsigned long addr, unsigned long error, int sig, int code)
{
	struct thread_struct *thread = &current->thread;

	if (!user_mode(regs))
		return -EFAULT;
	thread->cr2 = addr;
	thread->trap_nr = TRAP_PF;
	thread->error_code = addr >= TASK_SIZE ? error | FAULT_PRESENT : error;
	log_unhandled(regs, sig, sig == SIGSEGV ? "segfault" : "bus error", addr, error);
	force_sig_fault(sig, code, addr);
	return 0;
}

static bool access_allowed(const struct vm_area_struct *vma, unsigned long error)
{
	if (error & FAULT_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (error & FAULT_INSTR)
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & (VM_READ | VM_EXEC | VM_WRITE);
}

/* => mmap_sem held for reading: the area for addr, a stack grown to it, or NULL */
static struct vm_area_struct *area_of(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (likely(vma && vma->vm_start <= addr))
		return vma;
	if (!vma || !(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, addr))
		return NULL;
	return vma;
}

/* handle_mm_fault said no. mmap_sem has been released. */
static int failed_fault(struct pt_regs *regs, unsigned long addr, unsigned long error, int fault)
{
	if (fatal_signal_pending(current))
		return user_mode(regs) ? 0 : -EFAULT;
	if (fault & VM_FAULT_OOM) {
		if (!user_mode(regs))
			return -EFAULT;
		pagefault_out_of_memory();
		return 0;
	}
	if (fault & VM_FAULT_SIGSEGV)
		return bad_access(regs, addr, error, SIGSEGV, SEGV_ACCERR);
	return bad_access(regs, addr, error, SIGBUS, BUS_ADRERR);
}

static int user_fault(struct pt_regs *regs, unsigned long addr, unsigned long error)
{
	struct mm_struct *mm = current->mm;
	unsigned int flags = FAULT_FLAG_KILLABLE;
	struct vm_area_struct *vma;
	int fault;

	if (unlikely(!mm || current->pagefault_disabled || in_atomic()))
		return -EFAULT;
	if (unlikely(addr >= TASK_SIZE || (error & FAULT_RSVD)))
		return bad_access(regs, addr, error, SIGSEGV, SEGV_MAPERR);
	note_progress();
	if (error & FAULT_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (user_mode(regs))
		flags |= FAULT_FLAG_USER;
	if (!down_read_trylock(&mm->mmap_sem) && down_read_killable(&mm->mmap_sem))
		return user_mode(regs) ? 0 : -EFAULT;
	vma = area_of(mm, addr);
	if (unlikely(!vma || !access_allowed(vma, error))) {
		up_read(&mm->mmap_sem);
		return bad_access(regs, addr, error, SIGSEGV, vma ? SEGV_ACCERR : SEGV_MAPERR);
	}
	fault = handle_mm_fault(mm, vma, addr, flags);
	up_read(&mm->mmap_sem);
	if (unlikely(fault & VM_FAULT_ERROR))
		return failed_fault(regs, addr, error, fault);
	return 0;
}

/* ---- The other traps ---------------------------------------------------------------------------- */

static void trap_signal(struct pt_regs *regs, unsigned long error, int sig, int code, const char *what,
			unsigned long addr)
{
	log_unhandled(regs, sig, what, addr, error);
	force_sig_fault(sig, code, addr);
}

static void trap_divide(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGFPE, FPE_INTDIV, "trap divide error", regs->ip);
}

static void trap_opcode(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGILL, ILL_ILLOPN, "trap invalid opcode", regs->ip);
}

static void trap_breakpoint(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGTRAP, SI_KERNEL, "trap int3", 0);
}

static void trap_debug(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGTRAP, TRAP_TRACE, "trap debug", regs->ip);
}

static void trap_protection(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGSEGV, SI_KERNEL, "general protection", 0);
}

static void trap_stack(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGBUS, SI_KERNEL, "trap stack segment", 0);
}

static void trap_alignment(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGBUS, BUS_ADRALN, "trap alignment check", 0);
}

static void trap_float(struct pt_regs *regs, unsigned long error)
{
	trap_signal(regs, error, SIGFPE, FPE_FLTDIV, "trap floating point", regs->ip);
}

static int __init user_fault_init(void)
{
	arch_set_fault_handler(user_fault);
	arch_set_trap_handler(TRAP_DE, trap_divide);
	arch_set_trap_handler(TRAP_DB, trap_debug);
	arch_set_trap_handler(TRAP_BP, trap_breakpoint);
	arch_set_trap_handler(TRAP_OF, trap_protection);
	arch_set_trap_handler(TRAP_BR, trap_protection);
	arch_set_trap_handler(TRAP_UD, trap_opcode);
	arch_set_trap_handler(TRAP_TS, trap_protection);
	arch_set_trap_handler(TRAP_NP, trap_stack);
	arch_set_trap_handler(TRAP_SS, trap_stack);
	arch_set_trap_handler(TRAP_GP, trap_protection);
	arch_set_trap_handler(TRAP_MF, trap_float);
	arch_set_trap_handler(TRAP_AC, trap_alignment);
	arch_set_trap_handler(TRAP_XM, trap_float);
	return 0;
}
core_initcall(user_fault_init);
