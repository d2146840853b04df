/* SPDX-License-Identifier: MIT */
/*
 * Delivery: the way back to user mode, with work pending.
 *
 *	hook:  need_resched -> schedule
 *	       signal pending -> get_signal:  freeze, if asked to
 *	                                      SIGKILL/group exit -> do_group_exit
 *	                                      stop -> sleep in TASK_STOPPED, start over
 *	                                      default ignore -> next;  default fatal -> do_group_exit
 *	                                      handler -> frame on the user's stack, regs -> handler
 *	       no handler: an interrupted system call is restarted, the mask of sigsuspend put back
 *
 * The frame is Linux's rt_sigframe, built in kernel memory and copied out at once:
 *
 *	sp -> | return address (restorer) | ucontext | siginfo |  ... | FXSAVE image | red zone | old sp
 *
 * rt_sigreturn takes everything back; what the user could have forged is checked: flags are masked, the
 * selectors are ours, ip must lie in user space, MXCSR's reserved bits are refused below.
 *
 * Locks: siglock; for the parent's news tasklist_lock around it. Linux beyond it: XSAVE state, ptrace.
 */
#include "kernel/sys/signal.h"
#include "kernel/sys/coredump.h"
#include "kernel/sys/syscalls.h"
#include "kernel/sys/process.h"
#include "kernel/sys/rseq.h"
#include "arch/thread.h"
#include "arch/trap.h"
#include "arch/uaccess.h"
#include "asm/irqflags.h"
#include "kernel/base/initcall.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/freezer.h"
#include "kernel/core/sched.h"

#define NR_restart_syscall 219
#define X86_EFLAGS_USER	   0x00050dd5UL /* CF PF AF ZF SF TF DF OF RF AC: what a program may set */
#define X86_EFLAGS_TF	   0x100UL
#define X86_EFLAGS_DF	   0x400UL
#define X86_EFLAGS_RF	   0x10000UL
#define UC_SIGCONTEXT_SS   2
#define UC_STRICT_RESTORE_SS 4
#define FXSAVE_BYTES	   512UL
#define RED_ZONE	   128UL

/* ---- Stops ------------------------------------------------------------------------------------ */

/* => siglock held and released: this thread stops, and with the last one the parent hears of it */
static void stop_thread(void)
{
	struct task_struct *p = current;
	struct signal_struct *sig = p->signal;
	bool last;

	p->stop_pending = false;
	last = sig->group_stop_count > 0 && --sig->group_stop_count == 0;
	if (last) {
		sig->group_stop = true;
		sig->stop_reported = false;
	}
	set_current_state(TASK_STOPPED);
	spin_unlock_irq(&p->sighand->siglock);
	if (last) {
		read_lock(&tasklist_lock);
		do_notify_parent_cldstop(p->group_leader, CLD_STOPPED);
		read_unlock(&tasklist_lock);
	}
	schedule();
}

/* => siglock held and released: a stop signal has been taken, all threads are to stop */
static void do_signal_stop(int sig)
{
	struct task_struct *p = current, *t;

	if (p->signal->group_exit || p->signal->group_exec || !p->stop_dequeued) {
		spin_unlock_irq(&p->sighand->siglock);
		return;
	}
	if (!p->signal->group_stop_count) {
		p->signal->group_exit_code = sig;
		for_each_thread(p, t) {
			if ((t->flags & PF_EXITING) || (t->state & TASK_STOPPED))
				continue;
			t->stop_pending = true;
			p->signal->group_stop_count++;
			if (t != p)
				signal_wake_up(t, false);
		}
	}
	stop_thread();
}

/* ---- Which signal ----------------------------------------------------------------------------- */

static void print_fatal_signal(int sig)
{
	if (sigmask(sig) & (SIG_SYNCHRONOUS_MASK | sigmask(SIGABRT)))
		pr_debug("%s[%d]: killed by signal %d\n", current->comm, current->pid, sig);
}

/* News for the parent that SIGCONT's sender left to us. siglock held and released. */
static void report_continue(void)
{
	struct task_struct *p = current;
	int why = (int)p->signal->notify_parent;

	p->signal->notify_parent = 0;
	spin_unlock_irq(&p->sighand->siglock);
	read_lock(&tasklist_lock);
	do_notify_parent_cldstop(p->group_leader, why);
	read_unlock(&tasklist_lock);
}

enum sig_action { SIGACT_NEXT, SIGACT_HANDLE, SIGACT_STOP, SIGACT_DIE };

/* => siglock held: what is to be done with sig; for SIGACT_HANDLE *ka is what the handler needs */
static enum sig_action decide(int sig, struct k_sigaction *ka)
{
	struct task_struct *p = current;
	struct k_sigaction *action = &p->sighand->action[sig - 1];

	if (action->handler == SIG_IGN)
		return SIGACT_NEXT;
	if (action->handler != SIG_DFL) {
		*ka = *action;
		if (action->flags & SA_RESETHAND)
			action->handler = SIG_DFL;
		return SIGACT_HANDLE;
	}
	if (sigmask(sig) & SIG_KERNEL_IGNORE_MASK)
		return SIGACT_NEXT;
	if (p->signal->unkillable && sig != SIGKILL)
		return SIGACT_NEXT;
	return sigmask(sig) & SIG_KERNEL_STOP_MASK ? SIGACT_STOP : SIGACT_DIE;
}

/* => signal number with a handler to run, 0: none. Does not return when the signal is fatal. */
static int get_signal(struct k_sigaction *ka, struct linux_siginfo *info)
{
	struct task_struct *p = current;
	bool orphaned;
	int sig, code;

	for (;;) {
		try_to_freeze();
		spin_lock_irq(&p->sighand->siglock);
		if (p->signal->notify_parent) {
			report_continue();
			continue;
		}
		if (p->signal->group_exit || (p->signal->group_exec && p->signal->group_exec != p)) {
			code = p->signal->group_exit ? p->signal->group_exit_code : SIGKILL;
			spin_unlock_irq(&p->sighand->siglock);
			p->flags |= PF_SIGNALED;
			do_group_exit(code);
		}
		if (p->stop_pending) {
			stop_thread();
			continue;
		}
		sig = dequeue_signal(p->blocked, info);
		if (!sig) {
			spin_unlock_irq(&p->sighand->siglock);
			return 0;
		}
		switch (decide(sig, ka)) {
		case SIGACT_HANDLE:
			spin_unlock_irq(&p->sighand->siglock);
			return sig;
		case SIGACT_NEXT:
			spin_unlock_irq(&p->sighand->siglock);
			continue;
		case SIGACT_STOP:
			p->stop_dequeued = true; /* until a SIGCONT comes, also while the lock is dropped */
			if (sig != SIGSTOP) { /* an orphaned group has nobody to wake it again */
				spin_unlock_irq(&p->sighand->siglock);
				orphaned = is_current_pgrp_orphaned();
				if (orphaned)
					continue;
				spin_lock_irq(&p->sighand->siglock);
			}
			do_signal_stop(sig);
			continue;
		case SIGACT_DIE:
			spin_unlock_irq(&p->sighand->siglock);
			p->flags |= PF_SIGNALED;
			print_fatal_signal(sig);
			do_group_exit(coredump(sig, info));
		}
	}
}

/* ---- The frame -------------------------------------------------------------------------------- */

static bool on_sig_stack(unsigned long sp)
{
	struct task_struct *p = current;

	return p->sas_ss_size && sp > p->sas_ss_sp && sp - p->sas_ss_sp <= p->sas_ss_size;
}

/* => where the FXSAVE image goes; the frame lies below. 0: the alternate stack is too small */
static unsigned long frame_place(const struct k_sigaction *ka, struct pt_regs *regs)
{
	struct task_struct *p = current;
	unsigned long sp = regs->sp - RED_ZONE;
	bool nested = on_sig_stack(regs->sp) && !(p->sas_ss_flags & SS_AUTODISARM);
	bool alt = nested;

	if ((ka->flags & SA_ONSTACK) && p->sas_ss_size && !nested) {
		sp = p->sas_ss_sp + p->sas_ss_size;
		alt = true;
	}
	sp = round_down(sp - FXSAVE_BYTES, 64UL);
	if (alt && (sp < p->sas_ss_sp + sizeof(struct linux_rt_sigframe) + 16))
		return 0;
	return sp;
}

static void fill_context(struct linux_sigcontext *sc, const struct pt_regs *regs, u64 mask)
{
	const struct thread_struct *thread = &current->thread;

	*sc = (struct linux_sigcontext){
		.r8 = regs->r8, .r9 = regs->r9, .r10 = regs->r10, .r11 = regs->r11,
		.r12 = regs->r12, .r13 = regs->r13, .r14 = regs->r14, .r15 = regs->r15,
		.di = regs->di, .si = regs->si, .bp = regs->bp, .bx = regs->bx,
		.dx = regs->dx, .ax = regs->ax, .cx = regs->cx, .sp = regs->sp,
		.ip = regs->ip, .flags = regs->flags, .cs = regs->cs, .ss = regs->ss,
		.err = thread->error_code, .trapno = thread->trap_nr, .cr2 = thread->cr2,
		.oldmask = mask,
	};
}

/* => the mask rt_sigreturn will put back */
static u64 mask_to_save(void)
{
	return test_thread_flag(TIF_RESTORE_SIGMASK) ? current->saved_sigmask : current->blocked;
}

static int setup_rt_frame(int sig, const struct k_sigaction *ka, const struct linux_siginfo *info,
			  struct pt_regs *regs)
{
	struct task_struct *p = current;
	struct linux_rt_sigframe frame;
	unsigned long fp = frame_place(ka, regs), sp;

	if (!fp || !(ka->flags & SA_RESTORER))
		return -EFAULT;
	sp = round_down(fp - sizeof(frame), 16UL) - 8; /* as if the handler had been called */
	memset(&frame.uc, 0, sizeof(frame.uc));
	frame.pretcode = ka->restorer;
	frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	frame.uc.uc_stack.ss_sp = p->sas_ss_sp;
	frame.uc.uc_stack.ss_size = p->sas_ss_size;
	frame.uc.uc_stack.ss_flags = (s32)(p->sas_ss_size ? p->sas_ss_flags : SS_DISABLE);
	if (on_sig_stack(regs->sp))
		frame.uc.uc_stack.ss_flags |= SS_ONSTACK;
	fill_context(&frame.uc.uc_mcontext, regs, mask_to_save());
	frame.uc.uc_mcontext.fpstate = fp;
	frame.uc.uc_sigmask = mask_to_save();
	frame.info = *info;
	if (!access_ok((void *)fp, FXSAVE_BYTES) || arch_save_fpu_user((void *)fp) ||
	    copy_to_user((void *)sp, &frame, sizeof(frame)))
		return -EFAULT;
	if (p->sas_ss_flags & SS_AUTODISARM)
		p->sas_ss_sp = p->sas_ss_size = p->sas_ss_flags = 0;
	regs->di = (unsigned long)sig;
	regs->si = sp + offsetof(struct linux_rt_sigframe, info);
	regs->dx = sp + offsetof(struct linux_rt_sigframe, uc);
	regs->ax = 0;
	regs->sp = sp;
	regs->ip = ka->handler;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_TF | X86_EFLAGS_RF);
	return 0;
}

/* A handler will run: an interrupted call fails with EINTR or starts over after it. */
static void restart_before_handler(struct pt_regs *regs, const struct k_sigaction *ka)
{
	if ((long)regs->orig_ax < 0)
		return;
	switch ((long)regs->ax) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		regs->ax = -EINTR;
		break;
	case -ERESTARTSYS:
		if (!(ka->flags & SA_RESTART)) {
			regs->ax = -EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		regs->ax = regs->orig_ax;
		regs->ip -= 2;
		break;
	}
}

static void restart_without_handler(struct pt_regs *regs)
{
	if ((long)regs->orig_ax < 0)
		return;
	switch ((long)regs->ax) {
	case -ERESTARTNOHAND:
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
		regs->ax = regs->orig_ax;
		regs->ip -= 2;
		break;
	case -ERESTART_RESTARTBLOCK:
		regs->ax = NR_restart_syscall;
		regs->ip -= 2;
		break;
	}
}

static void handle_signal(int sig, const struct k_sigaction *ka, const struct linux_siginfo *info,
			  struct pt_regs *regs)
{
	restart_before_handler(regs, ka);
	if (current->rseq)
		rseq_resume(regs);
	if (!access_ok((void *)ka->handler, 1) || setup_rt_frame(sig, ka, info, regs)) {
		pr_info_ratelimited("%s[%d]: no room for a signal frame at sp %lx\n", current->comm,
				    current->pid, regs->sp);
		if (sig == SIGSEGV) { /* its own handler cannot run */
			spin_lock_irq(&current->sighand->siglock);
			current->sighand->action[SIGSEGV - 1].handler = SIG_DFL;
			spin_unlock_irq(&current->sighand->siglock);
		}
		force_sig(SIGSEGV);
		return;
	}
	clear_thread_flag(TIF_RESTORE_SIGMASK);
	set_current_blocked(current->blocked | ka->mask |
			    (ka->flags & SA_NODEFER ? 0 : sigmask(sig)));
	regs->orig_ax = -1UL;
}

void do_signal(struct pt_regs *regs)
{
	struct linux_siginfo info;
	struct k_sigaction ka;
	int sig = get_signal(&ka, &info);

	if (sig) {
		handle_signal(sig, &ka, &info, regs);
		return;
	}
	restart_without_handler(regs);
	regs->orig_ax = -1UL;
	if (test_thread_flag(TIF_RESTORE_SIGMASK)) {
		clear_thread_flag(TIF_RESTORE_SIGMASK);
		set_current_blocked(current->saved_sigmask);
	}
}

/* ---- And back --------------------------------------------------------------------------------- */

static void restore_regs(struct pt_regs *regs, const struct linux_sigcontext *sc)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	regs->flags = (regs->flags & ~X86_EFLAGS_USER) | (sc->flags & X86_EFLAGS_USER) | X86_EFLAGS_IF;
	regs->orig_ax = -1UL;
	arch_regs_changed();
}

long sys_rt_sigreturn(void)
{
	struct pt_regs *regs = task_pt_regs(current);
	void __user *frame = (void *)(regs->sp - 8);
	struct linux_ucontext uc;

	if (copy_from_user(&uc, (char *)frame + offsetof(struct linux_rt_sigframe, uc), sizeof(uc)) ||
	    !access_ok((void *)uc.uc_mcontext.ip, 1))
		goto bad;
	if (uc.uc_mcontext.fpstate && (!access_ok((void *)uc.uc_mcontext.fpstate, FXSAVE_BYTES) ||
				       arch_restore_fpu_user((void *)uc.uc_mcontext.fpstate)))
		goto bad;
	set_current_blocked(uc.uc_sigmask);
	restore_regs(regs, &uc.uc_mcontext);
	restore_altstack(&uc.uc_stack, regs->sp);
	return (long)regs->ax;
bad:
	pr_info_ratelimited("%s[%d]: bad frame in rt_sigreturn at %p\n", current->comm, current->pid,
			    frame);
	force_sig(SIGSEGV);
	return 0;
}

static void user_return(struct pt_regs *regs)
{
	if (need_resched())
		schedule();
	if (signal_pending(current))
		do_signal(regs);
	if (test_thread_flag(TIF_NOTIFY_RESUME)) {
		clear_thread_flag(TIF_NOTIFY_RESUME);
		store_child_tid();
		if (current->rseq)
			rseq_resume(regs);
	}
}

static int __init signal_return_init(void)
{
	arch_set_user_return_hook(user_return);
	return 0;
}
core_initcall(signal_return_init);
