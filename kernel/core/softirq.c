/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts.
 *
 * Pending bits are per CPU and only touched with interrupts off. They are served when the last
 * hardirq or bh-disabled section of the CPU ends, on the stack of whatever was interrupted, with
 * interrupts on and the softirq count raised, so they do not nest. After MAX_ROUNDS rounds the rest
 * is left to ksoftirqd: a thread, which the scheduler weighs against the programs.
 */
#include "kernel/core/softirq.h"
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/base/kernel.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "arch/cpu.h"
#include "asm/irqflags.h"

#define MAX_ROUNDS 10

DEFINE_PER_CPU(u32, softirq_pending_mask);
static DEFINE_PER_CPU(struct task_struct *, ksoftirqd);

static void (*actions[NR_SOFTIRQS])(void); /* [I] after boot */

const char *const softirq_names[NR_SOFTIRQS] = {"HI", "TIMER", "NET", "BLOCK", "SCHED"};

void open_softirq(enum softirq_nr nr, void (*action)(void))
{
	actions[nr] = action;
}

static void wake_ksoftirqd(void)
{
	struct task_struct *p = this_cpu_read(ksoftirqd);

	if (p)
		wake_up_process(p);
}

/* => interrupts off, on entry and return; not in interrupt */
static void do_softirq(void)
{
	u32 pending;

	preempt_count_add(SOFTIRQ_OFFSET);
	for (int round = 0; round < MAX_ROUNDS && (pending = local_softirq_pending()); round++) {
		this_cpu_write(softirq_pending_mask, 0);
		local_irq_enable();
		for (; pending; pending &= pending - 1) {
			unsigned int nr = __ffs(pending);
			unsigned int count = preempt_count();

			actions[nr]();
			if (unlikely(preempt_count() != count))
				panic("softirq %s left preempt_count %#x, was %#x",
				      softirq_names[nr], preempt_count(), count);
		}
		local_irq_disable();
	}
	if (local_softirq_pending())
		wake_ksoftirqd(); /* still in softirq: whoever was interrupted may hold locks that rank higher */
	preempt_count_sub(SOFTIRQ_OFFSET);
}

void irq_enter(void)
{
	preempt_count_add(HARDIRQ_OFFSET);
}

void irq_exit(void)
{
	chaos_delay(CHAOS_IRQ_EXIT);
	preempt_count_sub(HARDIRQ_OFFSET);
	if (local_softirq_pending() && !in_interrupt())
		do_softirq();
}

void local_bh_enable(void)
{
	preempt_count_sub(SOFTIRQ_DISABLE_OFFSET);
	if (!local_softirq_pending() || in_interrupt() || irqs_disabled())
		return; /* with interrupts off they wait for the next interrupt */
	local_irq_disable();
	do_softirq();
	local_irq_enable();
}

void raise_softirq_irqoff(enum softirq_nr nr)
{
	this_cpu_or(softirq_pending_mask, 1U << nr);
	if (!in_interrupt())
		wake_ksoftirqd();
}

void raise_softirq(enum softirq_nr nr)
{
	unsigned long flags;

	local_irq_save(flags);
	raise_softirq_irqoff(nr);
	local_irq_restore(flags);
}

static int ksoftirqd_thread(void *unused)
{
	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (!local_softirq_pending()) {
			schedule();
			continue;
		}
		__set_current_state(TASK_RUNNING);
		local_irq_disable();
		if (local_softirq_pending())
			do_softirq();
		local_irq_enable();
		cond_resched();
	}
	return 0;
}

void softirq_start_threads(void)
{
	int cpu;

	for_each_online_cpu (cpu) {
		struct task_struct *p = kthread_create(ksoftirqd_thread, NULL, "ksoftirqd/%d", cpu);

		if (IS_ERR(p))
			panic("no memory for ksoftirqd");
		kthread_bind(p, (unsigned int)cpu);
		per_cpu(ksoftirqd, cpu) = p;
		wake_up_process(p);
	}
}
