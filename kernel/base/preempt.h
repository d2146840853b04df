/* SPDX-License-Identifier: MIT */
/*
 * What context are we in? One word per CPU tells:
 *
 *	bits  0-7   preempt_disable() nesting, spinlocks included
 *	bits  8-15  softirq: bit 8 set while softirqs are served; local_bh_disable() adds two
 *	bits 16-19  hardirq nesting
 *
 * The kernel is not preempted, so the word decides only what is allowed (sleeping, waiting for
 * memory) and whether softirqs may run. It is the same (zero) at every task switch, hence per CPU
 * and not per task.
 */
#ifndef KERNEL_BASE_PREEMPT_H
#define KERNEL_BASE_PREEMPT_H

#include "kernel/base/compiler.h"
#include "asm/percpu.h"

#define PREEMPT_SHIFT 0
#define SOFTIRQ_SHIFT 8
#define HARDIRQ_SHIFT 16

#define PREEMPT_OFFSET	       (1U << PREEMPT_SHIFT)
#define SOFTIRQ_OFFSET	       (1U << SOFTIRQ_SHIFT)
#define HARDIRQ_OFFSET	       (1U << HARDIRQ_SHIFT)
#define SOFTIRQ_DISABLE_OFFSET (2 * SOFTIRQ_OFFSET)

#define PREEMPT_MASK 0x000000ffU
#define SOFTIRQ_MASK 0x0000ff00U
#define HARDIRQ_MASK 0x000f0000U

DECLARE_PER_CPU(unsigned int, __preempt_count);

#define preempt_count()	     this_cpu_read(__preempt_count)
#define preempt_count_add(n) this_cpu_add(__preempt_count, (n))
#define preempt_count_sub(n) this_cpu_sub(__preempt_count, (n))

#define hardirq_count() (preempt_count() & HARDIRQ_MASK)
#define softirq_count() (preempt_count() & SOFTIRQ_MASK)
#define irq_count()	(preempt_count() & (HARDIRQ_MASK | SOFTIRQ_MASK))

#define in_irq()	     (hardirq_count() != 0)
#define in_softirq()	     (softirq_count() != 0) /* or with softirqs disabled */
#define in_interrupt()	     (irq_count() != 0)
#define in_serving_softirq() ((softirq_count() & SOFTIRQ_OFFSET) != 0)
#define in_task()	     ((preempt_count() & (HARDIRQ_MASK | SOFTIRQ_OFFSET)) == 0)
#define in_atomic()	     (preempt_count() != 0)

static __always_inline void preempt_disable(void)
{
	this_cpu_inc(__preempt_count);
	barrier();
}

static __always_inline void preempt_enable(void)
{
	barrier();
	this_cpu_dec(__preempt_count);
}

#define preempt_enable_no_resched() preempt_enable()
#define get_cpu()                   \
	({                          \
		preempt_disable();  \
		smp_processor_id(); \
	})
#define put_cpu() preempt_enable()

/* Softirqs off; local_bh_enable() runs those that came meanwhile (kernel/core/softirq.c). */
static __always_inline void local_bh_disable(void)
{
	preempt_count_add(SOFTIRQ_DISABLE_OFFSET);
	barrier();
}
void local_bh_enable(void);

#endif
