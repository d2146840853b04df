/* SPDX-License-Identifier: MIT */
/*
 * The idle tasks, and how the scheduler starts.
 *
 * Each CPU's idle task is what runs when nothing else can: on the boot CPU it is the flow of
 * control that booted (init_task), on the others a task without stack frames that the start-up code
 * runs on. It halts the CPU with interrupts tested and enabled in one step, so a wake-up between
 * test and halt still ends the halt.
 */
#include "kernel/base/bug.h"
#include "kernel/base/vsprintf.h"
#include "kernel/core/sched_internal.h"
#include "kernel/core/softirq.h"
#include "arch/cpu.h"
#include "arch/irq.h"
#include "arch/thread.h"
#include "arch/time.h"

static void make_idle(struct task_struct *p, int cpu)
{
	struct rq *rq = cpu_rq(cpu);

	p->flags = PF_KTHREAD | PF_IDLE;
	p->policy = SCHED_NORMAL;
	p->state = TASK_RUNNING;
	p->cpu = (unsigned int)cpu;
	p->cpus_allowed = CPU_MASK_CPU(cpu);
	p->on_rq = p->on_cpu = 1;
	p->exec_start_ns = arch_clock_ns();
	sched_queue_init(rq);
	rq->curr = p;
	rq->idle = p;
}

struct task_struct *idle_create(int cpu)
{
	char comm[TASK_COMM_LEN];
	struct task_struct *p;

	scnprintf(comm, sizeof(comm), "swapper/%d", cpu);
	p = task_alloc(comm);
	if (!p)
		return NULL;
	p->signal = &init_signals;
	p->group_leader = &init_task;
	p->parent = p->real_parent = &init_task;
	make_idle(p, cpu);
	return p;
}

void cpu_idle_entry(void)
{
	for (;;) {
		local_irq_disable();
		while (!need_resched() && !local_softirq_pending()) {
			arch_idle();
			local_irq_disable();
		}
		local_irq_enable();
		if (local_softirq_pending()) { /* raised outside of interrupts, before ksoftirqd
						  runs */
			local_bh_disable();
			local_bh_enable();
		}
		if (need_resched())
			schedule();
	}
}

void cpu_idle_entry_on(int cpu)
{
	BUG_ON(cpu_rq(cpu)->idle != current);
	cpu_idle_entry();
}

void core_init(void)
{
	timers_init();
	make_idle(&init_task, 0);
	arch_set_schedule_tail(schedule_tail);
	arch_set_irq_hooks(irq_enter, irq_exit);
	arch_set_tick_handler(sched_tick);
}

void core_start(void)
{
	softirq_start_threads();
	sched_enable_sleep_checks();
}
