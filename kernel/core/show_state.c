/* SPDX-License-Identifier: MIT */
/*
 * What every task is doing: SysRq t, in the form of Linux's show_state().
 *
 *	  task                        PC stack   pid father
 *	sh              S ffffffff8010a2b4    36    12      1 0x00000000
 *	Call trace: ...
 *
 * tasklist_lock is only tried for: the machine may be stuck, and an interrupt handler may ask.
 */
#include "kernel/core/show_state.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "kernel/core/task.h"
#include "arch/trap.h"

#define PATIENCE 1000000 /* turns of waiting for the list of tasks */

static void show_task(struct task_struct *p)
{
	pr_info("%-15.15s %c %5d %6d 0x%08lx\n", p->comm, task_state_char(p), p->pid,
		p->real_parent ? p->real_parent->pid : 0, p->thread_flags);
	if (READ_ONCE(p->on_cpu))
		pr_info("running on CPU %u\n", p->cpu);
	else if (!p->exit_state) /* a zombie has no stack worth a look */
		show_stack(p);
}

void show_state(void)
{
	struct task_struct *p, *t;
	int turns = 0;

	while (!read_trylock(&tasklist_lock)) {
		if (++turns > PATIENCE) {
			pr_info("the list of tasks is being changed and stays locked: SysRq l shows who runs\n");
			return;
		}
		cpu_relax();
	}
	pr_info("  task          state   pid father flags\n");
	for_each_process(p)
		for_each_thread(p, t)
			show_task(t);
	read_unlock(&tasklist_lock);
}
