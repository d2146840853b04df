/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU areas: copies of the linker's template, one per possible CPU, in low memory
 * (asm/percpu.h).
 */
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "arch/x86_64/internal.h"
#include "mm/memblock.h"

extern char __per_cpu_start[], __per_cpu_end[];

DEFINE_PER_CPU(unsigned long, this_cpu_off);
DEFINE_PER_CPU(int, cpu_number);
DEFINE_PER_CPU(struct task_struct *, current_task);
unsigned long __per_cpu_offset[NR_CPUS];

/*
 * The boot CPU has been writing into the template until now. Every copy starts with that state, so
 * nothing may be "held" here: no lock, no preempt count, no pending softirq.
 */
void setup_per_cpu_areas(void)
{
	unsigned long size = __per_cpu_end - __per_cpu_start;

	for (int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		char *area = memblock_alloc(round_up(size, PAGE_SIZE), PAGE_SIZE);

		if (!area)
			panic("no memory for the per-CPU area of CPU %d (%lu bytes)", cpu, size);
		memcpy(area, __per_cpu_start, size);
		__per_cpu_offset[cpu] = area - __per_cpu_start;
	}
	for (int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		per_cpu(this_cpu_off, cpu) = __per_cpu_offset[cpu];
		per_cpu(cpu_number, cpu) = cpu;
	}
	wrmsr(MSR_GS_BASE, __per_cpu_offset[0]);
	desc_init_cpu(boot_ist_stacks); /* GDT and TSS have moved with the area */
	smp_prepare();
}
