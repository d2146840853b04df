/* SPDX-License-Identifier: MIT */
/*
 * CPUs calling each other.
 *
 *	call:	 slot[to][from] holds one call; pending[to] has a bit per caller. The caller fills
 *		 its slot, sets its bit and interrupts; the other takes all bits and clears
 *		 each slot's `busy` when the call is done.
 *	resched: nothing to carry: passing through the interrupt's exit is the message
 *
 * How a panic stops the other CPUs: snapshot.c.
 *
 * No locks. A caller that waits serves the calls to itself meanwhile, so CPUs that call each other
 * at the same moment, even with interrupts off, do not wait for ever.
 */
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/core/task.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/irqflags.h"

#define CALL_BUSY	  1
#define CALL_HALTED	  2 /* and the caller waits in HLT */
#define SPINS_BEFORE_HALT 500

struct call_slot {
	void (*fn)(void *arg);
	void *arg;
	int busy; /* [a] CALL_*: set by the caller, cleared by the called CPU */
} __cacheline_aligned;

static struct call_slot slots[NR_CPUS][NR_CPUS]; /* [to][from] */
static unsigned long pending[NR_CPUS];		 /* [a] bit per caller */

void send_ipi(int cpu, u32 command)
{
	lapic_send_ipi(acpi.apic_id[cpu], command);
}

/* => interrupts off */
static void serve_calls(void)
{
	int cpu = smp_processor_id();
	unsigned long callers = __atomic_exchange_n(&pending[cpu], 0, __ATOMIC_ACQ_REL);

	while (callers) {
		int from = __builtin_ctzl(callers);
		struct call_slot *slot = &slots[cpu][from];

		callers &= callers - 1;
		slot->fn(slot->arg);
		if (__atomic_exchange_n(&slot->busy, 0, __ATOMIC_SEQ_CST) == CALL_HALTED)
			send_ipi(from, IPI_FIXED | VECTOR_RESCHEDULE);
	}
}

void ipi_call_interrupt(void)
{
	chaos_delay(CHAOS_IPI);
	serve_calls();
}

/* Halts until the called CPU has finished: it sees CALL_HALTED and sends an interrupt. */
static void halt_for_slot(struct call_slot *slot)
{
	int state = CALL_BUSY;

	local_irq_disable();
	__atomic_compare_exchange_n(&slot->busy, &state, CALL_HALTED, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	if (state && !READ_ONCE(pending[smp_processor_id()]))
		arch_idle();
	local_irq_enable();
}

/* Spins a little, then halts: the other CPU may be waiting for this one's time on the host. */
static void wait_slot(struct call_slot *slot)
{
	unsigned long flags;

	for (int spins = 0; smp_load_acquire(&slot->busy); spins++) {
		if (READ_ONCE(pending[smp_processor_id()])) {
			local_irq_save(flags);
			serve_calls();
			local_irq_restore(flags);
		}
		if (spins > SPINS_BEFORE_HALT && !irqs_disabled())
			halt_for_slot(slot);
		cpu_relax();
	}
}

static void post_call(int to, void (*fn)(void *), void *arg)
{
	int from = smp_processor_id();
	struct call_slot *slot = &slots[to][from];
	unsigned long flags;

	for (;;) {
		wait_slot(slot); /* an earlier call without wait */
		local_irq_save(flags);
		if (!READ_ONCE(slot->busy))
			break;
		local_irq_restore(flags); /* an interrupt handler came first */
	}
	slot->fn = fn;
	slot->arg = arg;
	smp_store_release(&slot->busy, CALL_BUSY);
	__atomic_fetch_or(&pending[to], 1UL << from, __ATOMIC_SEQ_CST);
	send_ipi(to, IPI_FIXED | VECTOR_CALL);
	local_irq_restore(flags);
}

void smp_call_function_many(cpumask_t mask, void (*fn)(void *), void *arg, bool wait)
{
	int cpu, self;

	preempt_disable();
	self = smp_processor_id();
	mask &= READ_ONCE(cpu_online_mask) & ~CPU_MASK_CPU(self);
	if (panic_in_progress)
		mask = 0; /* they are stopped and would not answer */
	if (IS_ENABLED(CONFIG_DEBUG) && wait && mask)
		WARN_ON_ONCE(irqs_disabled() && !panic_in_progress);
	for_each_cpu(cpu, &mask) post_call(cpu, fn, arg);
	if (wait) {
		for_each_cpu(cpu, &mask) wait_slot(&slots[cpu][self]);
	}
	preempt_enable();
}

void on_each_cpu(void (*fn)(void *), void *arg, bool wait)
{
	unsigned long flags;

	preempt_disable();
	smp_call_function_many(CPU_MASK_ALL, fn, arg, wait);
	local_irq_save(flags);
	fn(arg);
	local_irq_restore(flags);
	preempt_enable();
}

int smp_call_function_single(int cpu, void (*fn)(void *), void *arg, bool wait)
{
	unsigned long flags;

	if (cpu < 0 || cpu >= NR_CPUS || !cpu_online(cpu))
		return -1;
	preempt_disable();
	if (cpu == smp_processor_id()) {
		local_irq_save(flags);
		fn(arg);
		local_irq_restore(flags);
	} else {
		smp_call_function_many(CPU_MASK_CPU(cpu), fn, arg, wait);
	}
	preempt_enable();
	return 0;
}

void smp_send_reschedule(int cpu)
{
	if (cpu != smp_processor_id())
		send_ipi(cpu, IPI_FIXED | VECTOR_RESCHEDULE);
}
