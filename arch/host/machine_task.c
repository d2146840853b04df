/* SPDX-License-Identifier: MIT */
/*
 * Tasks: each has a stack of the C library's kind (host memory, for the sanitizers need much), beside the
 * kernel stack that mm gives it. Switching saves the registers a function call keeps and tells
 * AddressSanitizer which stack is in use.
 *
 * A "user program" is a C function in a task that has an mm. It gets what exec and exit would do: limits,
 * signal handlers, and at its end its memory is given back.
 */
#include "arch/host/libc_machine.h"
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

#include "arch/host/machine.h"
#include "arch/mmu.h"
#include "arch/thread.h"
#include "kernel/base/bug.h"
#include "kernel/base/err.h"
#include "kernel/base/list.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "mm/capture.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/slab.h"
#include "asm/irqflags.h"

#define STACK_BYTES (256UL << 10)

struct host_context {
	void *sp;
	const void *bottom;
	size_t size;
	void *fake_stack;	/* AddressSanitizer's */
	char *stack;		/* NULL: the process's own */
	struct task_struct *task;
	int (*fn)(void *);
	void *arg;
	struct host_context *next;
};

static struct host_context boot_context, *contexts;
static struct task_struct *switched_from;
static void (*schedule_tail_hook)(struct task_struct *prev);

/* => saves the caller's place at *save and goes on at load, on its stack */
void host_switch_stack(void **save, void *load);
__asm__(".text\n"
	".type host_switch_stack, @function\n"
	"host_switch_stack:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size host_switch_stack, . - host_switch_stack\n");

static struct host_context *context_of(struct task_struct *task)
{
	return task->thread.context ? task->thread.context : &boot_context;
}

/* First thing on any stack after a switch: the one we come from is known now. */
static void arrive(void)
{
	struct host_context *from = context_of(switched_from), *to = context_of(current);

	__sanitizer_finish_switch_fiber(to->fake_stack, &from->bottom, &from->size);
}

struct task_struct *switch_to(struct task_struct *prev, struct task_struct *next)
{
	struct host_context *from = context_of(prev), *to = context_of(next);

	switched_from = prev;
	host_self.task = next;
	__sanitizer_start_switch_fiber(prev->state == TASK_DEAD ? NULL : &from->fake_stack, to->bottom,
				       to->size);
	host_switch_stack(&from->sp, to->sp);
	arrive();
	return switched_from;
}

static void first_steps(void)
{
	struct host_context *context;

	arrive();
	schedule_tail_hook(switched_from);
	context = context_of(current);
	context->fn(context->arg);
	panic("a task returned");
}

/* Stacks stay with the address of the task_struct, which mm uses again for another task. */
static struct host_context *context_for(struct task_struct *task)
{
	struct host_context *context;

	for (context = contexts; context; context = context->next)
		if (context->task == task)
			return context;
	context = calloc(1, sizeof(*context));
	context->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (context->stack == MAP_FAILED)
		abort();
	context->task = task;
	context->next = contexts;
	contexts = context;
	return context;
}

void arch_thread_setup_kernel(struct task_struct *task, int (*fn)(void *), void *arg)
{
	struct host_context *context = context_for(task);
	void **top = (void **)(context->stack + STACK_BYTES - 64);

	__asan_unpoison_memory_region(context->stack, STACK_BYTES);
	context->bottom = context->stack;
	context->size = STACK_BYTES;
	context->fake_stack = NULL;
	context->fn = fn;
	context->arg = arg;
	*top = (void *)first_steps;
	memset(top - 6, 0, 6 * sizeof(*top));
	context->sp = top - 6;
	task->thread.context = context;
}

void arch_set_schedule_tail(void (*fn)(struct task_struct *prev))
{
	schedule_tail_hook = fn;
}

/* ---- User tasks -------------------------------------------------------------------------------- */

struct program {
	void (*fn)(void *);
	void *arg;
	struct mm_struct *mm;
};

static int nr_tasks;

int host_tasks(void)
{
	return nr_tasks;
}

void host_use_mm(struct mm_struct *mm)
{
	struct task_struct *me = current;
	struct mm_struct *old = me->active_mm, *borrowed = me->mm ? NULL : old;

	if (mm == me->mm)
		return;
	task_lock(me);
	local_irq_disable();
	if (mm) {
		me->active_mm = mm;
		switch_mm(old, mm);
	} else if (old) {
		mmgrab(old);
	}
	me->mm = mm;
	local_irq_enable();
	if (mm)
		capture_new_mm(mm);
	task_unlock(me);
	if (borrowed)
		mmdrop(borrowed);
}

/* What exec gives a process that kernel/sys would have made. */
static void become_program(struct task_struct *me)
{
	struct signal_struct *sig = me->signal;

	me->sighand = kzalloc(sizeof(*me->sighand), GFP_KERNEL);
	BUG_ON(!me->sighand);
	atomic_set(&me->sighand->count, 1);
	spin_lock_init(&me->sighand->siglock, LOCK_RANK_SIGHAND);
	INIT_LIST_HEAD(&me->sigqueue);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		sig->rlim[i].rlim_cur = sig->rlim[i].rlim_max = ~0ULL;
	atomic_set(&sig->live, 1);
	me->flags &= ~(unsigned int)PF_KTHREAD;
}

static void end_program(struct task_struct *me)
{
	struct sighand_struct *sighand = me->sighand;
	struct mm_struct *mm = me->mm;

	me->flags |= PF_EXITING;
	host_use_mm(NULL);
	if (mm)
		mmput(mm);
	if (test_thread_flag(TIF_MEMDIE))
		exit_oom_victim();
	me->flags |= PF_KTHREAD; /* kthread_entry() ends it then */
	write_lock_irq(&tasklist_lock);
	me->sighand = NULL;
	write_unlock_irq(&tasklist_lock);
	kfree(sighand);
}

static int program_entry(void *data)
{
	struct program program = *(struct program *)data;

	free(data);
	become_program(current);
	host_use_mm(program.mm);
	program.fn(program.arg);
	end_program(current);
	nr_tasks--;
	return 0;
}

struct task_struct *host_spawn(const char *name, struct mm_struct *mm, void (*fn)(void *), void *arg)
{
	struct program *program = malloc(sizeof(*program));
	struct task_struct *task;

	program->fn = fn;
	program->arg = arg;
	program->mm = mm ? mm : mm_alloc();
	task = program->mm ? kthread_run(program_entry, program, "%s", name) : NULL;
	if (IS_ERR_OR_NULL(task)) {
		free(program);
		return NULL;
	}
	nr_tasks++;
	return task;
}
