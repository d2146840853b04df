/* SPDX-License-Identifier: MIT */
/*
 * The stack protector: a function with an array puts a word between its variables and its return address, and looks
 * before it returns whether the word is still there.
 *
 *	gs:__stack_chk_guard  the word of the task that runs; __switch_to() loads the next one's
 *	thread.stack_canary   the same while the task does not run; random, made with the task
 *
 * The lowest byte is 0: a string that runs over cannot copy the word. Until the CPU has a random word (the first lines
 * of cpu_init_boot()) it is 0; functions that set it must not have one of their own: __no_stack_protector.
 *
 * Beyond it Linux has: shadow stacks, random kernel stack offsets.
 */
#include "kernel/base/bug.h"
#include "kernel/core/task.h"
#include "arch/x86_64/internal.h"

DEFINE_PER_CPU(unsigned long, __stack_chk_guard);

void __stack_chk_fail(void);

unsigned long new_stack_canary(void)
{
	return arch_random_u64() & ~0xffUL;
}

void __no_stack_protector stack_protector_init_cpu(struct task_struct *idle)
{
	idle->thread.stack_canary = new_stack_canary();
	this_cpu_write(__stack_chk_guard, idle->thread.stack_canary);
}

/* Called by compiled code. The frame's own return address may be what was overwritten, this call's is good. */
void __noreturn __stack_chk_fail(void)
{
	panic("stack-protector: Kernel stack is corrupted in: %pB", __builtin_return_address(0));
}
