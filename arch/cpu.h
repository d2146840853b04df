/* SPDX-License-Identifier: MIT */
/*
 * CPUs: bring-up, calls between them, and the end of the machine. CPU numbers are dense, 0 is the
 * boot CPU.
 *
 * The architecture's calls in boot order, with what each needs from others:
 *
 *	cpu_init_boot()		nothing; first of all
 *	early_fixmap_init()	boot page tables; now early_memremap() works, and __va() below 1 GiB
 *	acpi_init(rsdp)		(then memblock's nodes: acpi_numa_ranges())
 *	paging_init(end)	memblock with the map and everything reserved
 *	setup_per_cpu_areas()	memblock; no lock held, preempt count 0: copies are made here
 *	irq_init(), time_init()	console for messages; hooks and tick handler registered before
 *	local_irq_enable()
 *	smp_boot_cpus()		scheduler and task stacks
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/cpumask.h"

struct task_struct;

/*
 * => First call of kernel_main: descriptor tables, exceptions, CPU features, FPU, panic_ops.
 *    printk works before it.
 */
void cpu_init_boot(void);
u64 arch_phys_limit(void); /* => first physical address beyond what the CPU can form; after cpu_init_boot() */
/*
 * => The same for the CPU that runs it, once it is on the final page tables; called by the
 *    start-up code.
 */
void cpu_init_secondary(void);
/* => Per-CPU areas for every CPU ACPI names; after paging_init(), memblock still open. */
void setup_per_cpu_areas(void);

extern int nr_cpu_ids;		    /* [I] CPUs found and within NR_CPUS; 1 until ACPI was read */
extern cpumask_t cpu_possible_mask; /* [I] */
extern cpumask_t
	cpu_online_mask; /* set by each CPU as it starts */
int num_online_cpus(void);
#define cpu_online(cpu) ((int)((cpu_online_mask >> (cpu)) & 1))

/*
 * => Starts up to maxcpus CPUs in all (the boot CPU counts). idle(cpu) gives each its idle task,
 *    whose stack it starts on; entry(cpu) is then called there with interrupts off and never
 *    returns. Process context.
 */
void smp_boot_cpus(int maxcpus, struct task_struct *(*idle)(int cpu), void (*entry)(int cpu));

/* => Makes the CPU pass its user-return (or idle) check. Any context. */
void smp_send_reschedule(int cpu);
/*
 * => fn(arg) on each CPU of the mask that is online, this one excepted; in interrupt context there.
 *    wait: returns when all have returned. Interrupts on; no lock an interrupt handler takes.
 */
void smp_call_function_many(cpumask_t mask, void (*fn)(void *), void *arg, bool wait);
/* => The same on every online CPU, this one included (fn runs here with interrupts off). */
void on_each_cpu(void (*fn)(void *), void *arg, bool wait);
int smp_call_function_single(int cpu, void (*fn)(void *), void *arg, bool wait);

/* => Waits for an interrupt; call with interrupts off and no work pending, returns with them on. */
void arch_idle(void);
void __noreturn arch_halt_forever(void);

/*
 * => Panic path: the other CPUs stop for good where they are (NMI if they do not answer); never
 *    fails.
 */
void stop_other_cpus(void);
/* => Prints this CPU's backtrace and the others' registers and backtraces (asked by NMI). Any context. */
void backtrace_all_cpus(void);

/*
 * => status 0: ordinary end; PANIC_EXIT_STATUS: panic; others: the last program failed
 *    (boot/exit_status.h).
 */
void __noreturn machine_power_off(int status);
void __noreturn machine_restart(void);

/* => Name and feature words for /proc/cpuinfo: at most size bytes, returns the length. */
int arch_cpu_info(int cpu, char *buf, int size);
/*
 * => 64 bits that no program can predict well (RDRAND where there is one, else time-stamp
 *    noise).
 */
u64 arch_random_u64(void);

#endif
