/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts: work that an interrupt handler leaves for right after it, with interrupts on.
 *
 *	raise_softirq(nr) -> pending bit of this CPU -> runs at irq_exit(), local_bh_enable() or,
 * when too much comes at once, in the CPU's ksoftirqd thread
 *
 * Handlers of one number may run on several CPUs at the same time, never nested on one. They do not
 * sleep.
 */
#ifndef KERNEL_CORE_SOFTIRQ_H
#define KERNEL_CORE_SOFTIRQ_H

#include "kernel/base/preempt.h"
#include "kernel/base/types.h"

enum softirq_nr {
	HI_SOFTIRQ,
	TIMER_SOFTIRQ,
	NET_SOFTIRQ,
	BLOCK_SOFTIRQ,
	SCHED_SOFTIRQ,
	NR_SOFTIRQS
};

DECLARE_PER_CPU(u32, softirq_pending_mask);
#define local_softirq_pending() this_cpu_read(softirq_pending_mask)

extern const char *const softirq_names[NR_SOFTIRQS];

void open_softirq(enum softirq_nr nr, void (*action)(void));
/* => any context */
void raise_softirq(enum softirq_nr nr);
/* => interrupts are off */
void raise_softirq_irqoff(enum softirq_nr nr);

/* Around every hardware interrupt; interrupts off. irq_exit() runs pending softirqs. */
void irq_enter(void);
void irq_exit(void);

/* => starts the ksoftirqd threads of all CPUs online; process context */
void softirq_start_threads(void);

#endif
