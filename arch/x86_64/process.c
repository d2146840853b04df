/* SPDX-License-Identifier: MIT */
/*
 * Tasks: the first frame of a new one, the switch, floating point and segment bases.
 *
 * A task that is switched out has struct switch_frame at thread.sp. A new task gets one made up
 * whose return address is ret_from_fork, below an empty or copied pt_regs:
 *
 *	stack + KERNEL_STACK_SIZE ->	+--------------+
 *					| pt_regs      |  user registers
 *	thread.sp ->			| switch_frame |  bx: kernel function, r12: its argument
 *					+--------------+
 *
 * Floating point is saved and loaded at every switch of a task that has any (eagerly, so that the
 * CPU always holds current's); the kernel itself uses it in clear_page() and copy_page() only,
 * which put it back.
 *
 * Beyond it Linux has: XSAVE states, lazy restore, I/O bitmaps, debug registers, TLS descriptors.
 */
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "arch/x86_64/internal.h"
#include "asm/offsets.h"

#define ASSERT_PT(field, offset) static_assert(offsetof(struct pt_regs, field) == (offset), #field)
ASSERT_PT(bp, PT_BP);
ASSERT_PT(bx, PT_BX);
ASSERT_PT(r11, PT_R11);
ASSERT_PT(ax, PT_AX);
ASSERT_PT(cx, PT_CX);
ASSERT_PT(di, PT_DI);
ASSERT_PT(orig_ax, PT_ORIG_AX);
ASSERT_PT(ip, PT_IP);
ASSERT_PT(cs, PT_CS);
ASSERT_PT(flags, PT_FLAGS);
ASSERT_PT(sp, PT_SP);
static_assert(sizeof(struct pt_regs) == PT_SIZE, "pt_regs");
static_assert(offsetof(struct task_struct, thread_flags) == TASK_THREAD_FLAGS, "thread_flags");
static_assert(offsetof(struct task_struct, thread.sp) == TASK_THREAD_SP, "thread.sp");
static_assert(offsetof(struct tss, sp0) == TSS_SP0, "sp0");
static_assert((1UL << TIF_NEED_RESCHED | 1UL << TIF_SIGPENDING | 1UL << TIF_NOTIFY_RESUME |
	       1UL << TIF_RESTORE_SIGMASK) == TASK_WORK_MASK,
	      "work flags");

#define FPU_CONTROL_INIT 0x37f
#define MXCSR_INIT	 0x1f80
#define MXCSR_MASK	 0xffff
#define FXSAVE_MXCSR	 24 /* byte offset in the image */

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

void (*schedule_tail_hook)(struct task_struct *prev);

void arch_set_schedule_tail(void (*fn)(struct task_struct *prev))
{
	schedule_tail_hook = fn;
}

static void fpu_save(struct task_struct *task)
{
	asm volatile("fxsave64 %0" : "=m"(task->thread.fpu));
}

static void fpu_load(const struct task_struct *task)
{
	asm volatile("fxrstor64 %0" : : "m"(task->thread.fpu));
}

static struct switch_frame *new_frame(struct task_struct *task)
{
	struct pt_regs *regs = task_pt_regs(task);
	struct switch_frame *frame = (struct switch_frame *)regs - 1;

	memset(frame, 0, sizeof(*frame));
	frame->ip = (unsigned long)ret_from_fork;
	task->thread.sp = (unsigned long)frame;
	task->thread.sp0 = (unsigned long)(regs + 1);
	task->thread.stack_canary = new_stack_canary();
	return frame;
}

void arch_thread_setup_kernel(struct task_struct *task, int (*fn)(void *), void *arg)
{
	struct switch_frame *frame = new_frame(task);

	frame->bx = (unsigned long)fn;
	frame->r12 = (unsigned long)arg;
	memset(task_pt_regs(task), 0, sizeof(struct pt_regs));
	task->thread.fsbase = task->thread.gsbase = 0;
	task->thread.user_fpu = false;
}

void arch_thread_setup_fork(struct task_struct *child, const struct pt_regs *regs,
			    unsigned long new_sp, bool set_tls, unsigned long tls)
{
	struct pt_regs *to = task_pt_regs(child);

	new_frame(child);
	*to = *regs;
	to->ax = 0;
	if (new_sp)
		to->sp = new_sp;
	child->thread.fsbase = set_tls ? tls : current->thread.fsbase;
	child->thread.gsbase = current->thread.gsbase;
	arch_dup_fpu(child, current);
}

void arch_regs_changed(void)
{
	set_thread_flag(TIF_NOTIFY_RESUME);
}

void start_user_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	memset(regs, 0, sizeof(*regs));
	regs->orig_ax = -1;
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->flags = EFLAGS_IF | 2;
	arch_regs_changed();
	arch_fpu_init(current);
	fpu_load(current);
	arch_set_tls(0);
	current->thread.gsbase = 0;
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void arch_fpu_init(struct task_struct *task)
{
	u16 control = FPU_CONTROL_INIT;
	u32 mxcsr = MXCSR_INIT;

	memset(task->thread.fpu, 0, FPU_STATE_SIZE);
	memcpy(task->thread.fpu, &control, sizeof(control));
	memcpy(task->thread.fpu + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	task->thread.user_fpu = true;
}

void arch_dup_fpu(struct task_struct *to, struct task_struct *from)
{
	to->thread.user_fpu = from->thread.user_fpu;
	if (!from->thread.user_fpu)
		return;
	if (from == current)
		fpu_save(from);
	memcpy(to->thread.fpu, from->thread.fpu, FPU_STATE_SIZE);
}

void arch_save_fpu(void)
{
	if (current->thread.user_fpu)
		fpu_save(current);
}

int arch_save_fpu_user(void *ubuf)
{
	fpu_save(current);
	return copy_to_user(ubuf, current->thread.fpu, FPU_STATE_SIZE) ? -EFAULT : 0;
}

int arch_restore_fpu_user(const void *ubuf)
{
	u8 image[FPU_STATE_SIZE] __aligned(16);
	u32 mxcsr;

	if (copy_from_user(image, ubuf, FPU_STATE_SIZE))
		return -EFAULT;
	memcpy(&mxcsr, image + FXSAVE_MXCSR, sizeof(mxcsr));
	if (mxcsr & ~MXCSR_MASK)
		return -EINVAL;
	memcpy(current->thread.fpu, image, FPU_STATE_SIZE);
	fpu_load(current);
	return 0;
}

/*
 * On next's stack already; the registers below rsp are next's. Its result is what switch_to()
 * returns there. It begins under prev's canary and ends under next's.
 */
struct task_struct *__no_stack_protector __switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct thread_struct *old = &prev->thread, *new = &next->thread;

	if (old->user_fpu)
		fpu_save(prev);
	if (new->user_fpu)
		fpu_load(next);
	if (new->fsbase | old->fsbase)
		wrmsr(MSR_FS_BASE, new->fsbase);
	if (new->gsbase | old->gsbase)
		wrmsr(MSR_KERNEL_GS_BASE, new->gsbase);
	this_cpu_write(cpu_tss.sp0, new->sp0);
	this_cpu_write(current_task, next);
	this_cpu_write(__stack_chk_guard, new->stack_canary);
	return prev;
}

struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next)
{
	return __switch_to_asm(prev, next);
}

void arch_set_tls(unsigned long base)
{
	current->thread.fsbase = base;
	wrmsr(MSR_FS_BASE, base);
}

long arch_prctl(int code, unsigned long arg)
{
	switch (code) {
	case ARCH_SET_FS:
		if (arg >= TASK_SIZE)
			return -EPERM;
		arch_set_tls(arg);
		return 0;
	case ARCH_SET_GS:
		if (arg >= TASK_SIZE)
			return -EPERM;
		current->thread.gsbase = arg;
		wrmsr(MSR_KERNEL_GS_BASE, arg);
		return 0;
	case ARCH_GET_FS:
		return put_user(current->thread.fsbase, (u64 *)arg);
	case ARCH_GET_GS:
		return put_user(current->thread.gsbase, (u64 *)arg);
	default:
		return -EINVAL;
	}
}
