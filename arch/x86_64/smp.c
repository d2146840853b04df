/* SPDX-License-Identifier: MIT */
/*
 * Starting the other CPUs, one at a time.
 *
 *	boot CPU				started CPU
 *	code and data to TRAMPOLINE
 *	INIT, 10 ms, STARTUP (twice) ------->	real mode at TRAMPOLINE:0 (trampoline.S)
 *						long mode on trampoline_pgd()
 *						secondary_start: own tables, gs, stack
 *	wait for its online bit <------------	sets it, calls entry(cpu)
 *
 * The page below 1 MiB is reserved by smp_prepare() while memblock is open. `secondary` describes
 * the one CPU that is being started.
 *
 * Beyond it Linux has: CPU hotplug, parallel start, x2APIC, topology.
 */
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/task.h"
#include "mm/memblock.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/irqflags.h"

#define START_TIMEOUT_MS 1000

/* At the end of the trampoline page; trampoline.S knows the layout. */
struct trampoline_data {
	u32 cr3;
	u32 far_offset;
	u16 far_selector;
	u16 reserved1;
	u16 gdt_limit;
	u32 gdt_base;
	u16 reserved2;
	u32 reserved3;
	u64 entry;
} __packed;
static_assert(sizeof(struct trampoline_data) == 32, "trampoline.S");

#define TRAMPOLINE_CS 0x08

extern const char trampoline_start[], trampoline_64[], trampoline_gdt[], trampoline_end[];
void secondary_start(void) __noreturn;
void secondary_main(void) __noreturn;

/* Read by secondary_start. */
u64 secondary_stack, secondary_gs;

static phys_addr_t trampoline;
static char *secondary_ist[NR_CPUS];
static struct {
	int cpu;
	struct task_struct *idle;
	void (*entry)(int cpu);
} secondary;

void smp_prepare(void)
{
	trampoline = memblock_alloc_range(PAGE_SIZE, PAGE_SIZE, PAGE_SIZE, 0xa0000, -1, true);
	if (!trampoline)
		pr_warn("no page below 640 KiB is free: only the boot CPU will run\n");
	for (int cpu = 1; cpu < nr_cpu_ids; cpu++)
		secondary_ist[cpu] = memblock_alloc(NR_IST * IST_STACK_SIZE, PAGE_SIZE);
}

/*
 * The C part of a started CPU, on its idle task's stack, with the final page tables and its own
 * gs.
 */
void secondary_main(void)
{
	int cpu = secondary.cpu;
	void (*entry)(int cpu) = secondary.entry;

	this_cpu_write(current_task, secondary.idle);
	stack_protector_init_cpu(secondary.idle);
	desc_init_cpu(secondary_ist[cpu]);
	this_cpu_write(cpu_tss.sp0, secondary.idle->thread.sp0);
	cpu_init_secondary();
	lapic_init_cpu();
	lapic_timer_start();
	cpumask_set_cpu(cpu, &cpu_online_mask);
	entry(cpu);
	panic("the idle loop of CPU %d has returned", cpu);
}

static bool wait_online(int cpu, unsigned long ms)
{
	u64 end = arch_clock_ns() + ms * 1000000;

	while (!cpu_online(cpu)) {
		if (arch_clock_ns() > end)
			return false;
		cpu_relax();
		barrier();
	}
	return true;
}

static bool start_cpu(int cpu)
{
	u8 apic_id = acpi.apic_id[cpu];
	u32 page = trampoline >> PAGE_SHIFT;

	secondary_stack = (u64)secondary.idle->stack + KERNEL_STACK_SIZE;
	secondary_gs = __per_cpu_offset[cpu];
	smp_mb();
	lapic_send_ipi(apic_id, IPI_INIT);
	udelay(200);
	for (int i = 0; i < 2; i++) {
		lapic_send_ipi(apic_id, IPI_STARTUP | page);
		if (wait_online(cpu, i ? START_TIMEOUT_MS : 10))
			return true;
	}
	lapic_send_ipi(apic_id, IPI_INIT); /* it must not come later: the next one uses `secondary` */
	return false;
}

static void write_trampoline(void)
{
	struct trampoline_data *data =
		(struct trampoline_data *)((char *)__va(trampoline) + PAGE_SIZE) - 1;

	memcpy(__va(trampoline), trampoline_start, trampoline_end - trampoline_start);
	data->cr3 = trampoline_pgd(trampoline);
	data->far_offset = trampoline + (trampoline_64 - trampoline_start);
	data->far_selector = TRAMPOLINE_CS;
	data->gdt_limit = 2 * sizeof(u64) - 1;
	data->gdt_base = trampoline + (trampoline_gdt - trampoline_start);
	data->entry = (u64)secondary_start;
}

void smp_boot_cpus(int maxcpus, struct task_struct *(*idle)(int cpu), void (*entry)(int cpu))
{
	if (!trampoline || nr_cpu_ids == 1 || maxcpus <= 1)
		return;
	write_trampoline();
	secondary.entry = entry;
	for (int cpu = 1; cpu < nr_cpu_ids && cpu < maxcpus; cpu++) {
		secondary.cpu = cpu;
		secondary.idle = idle(cpu);
		if (!secondary.idle || !start_cpu(cpu))
			pr_err("CPU %d (APIC %u) does not start\n", cpu, acpi.apic_id[cpu]);
	}
	pr_info("smp: %d of %d CPUs run\n", num_online_cpus(), nr_cpu_ids);
}
