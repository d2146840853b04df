/* SPDX-License-Identifier: MIT */
/*
 * Looking at the other CPUs, and stopping them.
 *
 *	asked by NMI (so also with interrupts off) or, to stop, first by an interrupt
 *	  -> the CPU writes what it was doing into its snapshot, a place of its own
 *	  -> goes on, or halts for good
 *	who asked prints the snapshots, one after another
 *
 * An NMI may strike inside printk or under the port's lock, so nobody prints in one: a snapshot takes no lock and
 * calls nothing. A panic stops by interrupt first: a CPU in the middle of printk leaves it in order. cpu_online_mask
 * stays as it was, for reports; calls to other CPUs do nothing in a panic (ipi.c).
 *
 * Beyond it Linux has: NMI backtraces filtered for idle CPUs, a crash kernel that gets the registers.
 */
#include "kernel/base/bug.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/irqflags.h"

#define ANSWER_MS 100 /* of guest time; an NMI takes microseconds */

static struct cpu_snapshot snapshots[NR_CPUS]; /* [each CPU its own, while its bit is in asked or stopped is not set] */
static cpumask_t asked;			       /* [a] CPUs that are to take a snapshot at their next NMI */
static cpumask_t stopping;		       /* [a] and to stop then */
static cpumask_t stopped;		       /* [a] CPUs that have: their snapshots stay */
static cpumask_t late;			       /* [a] CPUs not waited for any more: their NMI is still to come */
static int printing;			       /* [a] one round at a time */

static void __noreturn stop_here(const struct pt_regs *regs)
{
	int cpu = smp_processor_id();

	take_snapshot(&snapshots[cpu], regs);
	cpumask_set_cpu(cpu, &stopped);
	for (;;)
		asm volatile("cli; hlt");
}

void __noreturn ipi_stop_interrupt(const struct pt_regs *regs)
{
	stop_here(regs);
}

bool nmi_interrupt(const struct pt_regs *regs)
{
	int cpu = smp_processor_id();

	if (cpumask_test_cpu(cpu, &stopped))
		return true; /* it came while this CPU was stopping */
	if (cpumask_test_cpu(cpu, &stopping))
		stop_here(regs);
	if (!cpumask_test_cpu(cpu, &asked)) {
		bool was_late = cpumask_test_cpu(cpu, &late);

		cpumask_clear_cpu(cpu, &late);
		return was_late;
	}
	take_snapshot(&snapshots[cpu], regs);
	cpumask_clear_cpu(cpu, &asked);
	return true;
}

static cpumask_t other_cpus(void)
{
	return READ_ONCE(cpu_online_mask) & ~CPU_MASK_CPU(smp_processor_id());
}

static bool wait_stopped(cpumask_t others, unsigned long ms)
{
	for (unsigned long i = 0; i < ms * 10; i++) {
		if (!(others & ~READ_ONCE(stopped)))
			return true;
		udelay(100);
	}
	return false;
}

void stop_other_cpus(void)
{
	cpumask_t others = other_cpus(), left;
	int cpu;

	local_irq_disable();
	for_each_cpu(cpu, &others)
		send_ipi(cpu, IPI_FIXED | VECTOR_STOP);
	if (wait_stopped(others, 20))
		return;
	left = others & ~READ_ONCE(stopped);
	__atomic_store_n(&stopping, left, __ATOMIC_SEQ_CST);
	for_each_cpu(cpu, &left)
		send_ipi(cpu, IPI_NMI);
	wait_stopped(others, ANSWER_MS);
}

void show_other_cpus(void)
{
	cpumask_t others = other_cpus();
	int cpu;

	for_each_cpu(cpu, &others) {
		if (cpumask_test_cpu(cpu, &stopped))
			print_snapshot(KERN_EMERG, cpu, &snapshots[cpu]);
		else
			pr_emerg("CPU: %d does not answer, not even an NMI\n", cpu);
	}
}

static void show_by_nmi(int cpu)
{
	cpumask_set_cpu(cpu, &asked);
	send_ipi(cpu, IPI_NMI);
	for (int i = 0; i < ANSWER_MS * 10 && cpumask_test_cpu(cpu, &asked); i++)
		udelay(100);
	if (cpumask_test_cpu(cpu, &asked)) {
		pr_info("CPU: %d does not answer, not even an NMI\n", cpu);
		cpumask_set_cpu(cpu, &late);
		cpumask_clear_cpu(cpu, &asked);
		return;
	}
	print_snapshot(KERN_INFO, cpu, &snapshots[cpu]);
}

void backtrace_all_cpus(void)
{
	cpumask_t others = other_cpus();
	int cpu;

	if (__atomic_exchange_n(&printing, 1, __ATOMIC_ACQUIRE)) {
		pr_info("backtraces of all CPUs are being printed already\n");
		return;
	}
	preempt_disable();
	dump_stack();
	for_each_cpu(cpu, &others)
		show_by_nmi(cpu);
	preempt_enable();
	__atomic_store_n(&printing, 0, __ATOMIC_RELEASE);
}
