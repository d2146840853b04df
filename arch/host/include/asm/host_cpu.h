/* SPDX-License-Identifier: MIT */
/*
 * A CPU of the simulated machine is a thread of the process: what the thread knows about "its" CPU.
 *
 * Interrupts do not exist; "interrupts off" means that no other thread may act in this CPU's name.
 * Whoever wants to (smp_call_function_many) sets `stop` and waits until the CPU is outside; the CPU
 * pays two plain stores and a test for that. Between its store to irqs_off and its load of stop
 * there is no fence: the other side makes up for it with membarrier(2). ThreadSanitizer does not know
 * that call, so under it the pair is an ordinary lock.
 *
 * A thread that has no CPU yet has stop set, so its first "interrupts off" takes it to
 * host_irq_save_slow(), which gives it one.
 */
#ifndef ASM_HOST_CPU_H
#define ASM_HOST_CPU_H

#include <stdbool.h>

struct task_struct;

struct host_cpu {
	int irqs_off;			/* [this thread] the CPU is not to be disturbed */
	int stop;			/* [a] somebody waits to act in its name, or it has no CPU */
	int id;				/* CPU number; 0 before the first call */
	int lock;			/* [a] ThreadSanitizer only */
	unsigned long percpu_offset;	/* from the template to the CPU's copy */
	struct task_struct *task;	/* current */
};

extern __thread struct host_cpu host_self __attribute__((tls_model("initial-exec")));

void host_irq_save_slow(void);
void host_irq_lock(void);
void host_irq_unlock(void);
void host_relax(void);

#endif
