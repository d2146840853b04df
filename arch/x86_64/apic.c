/* SPDX-License-Identifier: MIT */
/*
 * The local APIC, one per CPU at the same physical address: interrupt acknowledge, interrupts
 * between CPUs, and the timer of the tick. xAPIC mode (memory-mapped): QEMU's TCG has no x2APIC.
 *
 * Source: Intel SDM volume 3, chapter 11.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/io.h"
#include "asm/irqflags.h"

#define LAPIC_ID	 0x020
#define LAPIC_TPR	 0x080
#define LAPIC_EOI	 0x0b0
#define LAPIC_SPURIOUS	 0x0f0
#define LAPIC_ESR	 0x280
#define LAPIC_ICR_LOW	 0x300
#define LAPIC_ICR_HIGH	 0x310
#define LAPIC_LVT_TIMER	 0x320
#define LAPIC_LVT_PERF	 0x340
#define LAPIC_LVT_LINT0	 0x350
#define LAPIC_LVT_LINT1	 0x360
#define LAPIC_LVT_ERROR	 0x370
#define LAPIC_TIMER_INIT 0x380
#define LAPIC_TIMER_NOW	 0x390
#define LAPIC_TIMER_DIV	 0x3e0

#define SPURIOUS_ENABLE	 0x100
#define LVT_MASKED	 0x10000
#define LVT_NMI		 0x400
#define LVT_PERIODIC	 0x20000
#define ICR_BUSY	 0x1000
#define TIMER_DIVIDE_16	 0x3
#define APIC_BASE_ENABLE 0x800

static volatile char *lapic; /* [I] */
static u32 timer_count;	     /* [I] per tick, divided by 16 */
static DEFINE_PER_CPU(bool, first_tick); /* the timer still runs down to where this CPU's ticks begin */

static u32 lapic_read(int reg)
{
	return readl(lapic + reg);
}

static void lapic_write(int reg, u32 v)
{
	writel(v, lapic + reg);
}

void lapic_init(void)
{
	wrmsr(MSR_APIC_BASE, (rdmsr(MSR_APIC_BASE) & 0xfff) | acpi.lapic_base | APIC_BASE_ENABLE);
	lapic = fixmap_device(FIX_LAPIC, acpi.lapic_base);
	lapic_init_cpu();
	if (acpi.apic_id[0] != lapic_id()) {
		pr_warn("the boot CPU's APIC number is %u, not %u\n", lapic_id(), acpi.apic_id[0]);
		acpi.apic_id[0] = lapic_id();
	}
}

void lapic_init_cpu(void)
{
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_LVT_PERF, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_NMI);
	lapic_write(LAPIC_LVT_ERROR, VECTOR_ERROR);
	lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_ESR, 0);
	lapic_eoi();
}

u8 lapic_id(void)
{
	return lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void lapic_send_ipi(u8 apic_id, u32 command)
{
	unsigned long flags;

	local_irq_save(flags); /* the two halves belong together */
	while (lapic_read(LAPIC_ICR_LOW) & ICR_BUSY)
		cpu_relax();
	lapic_write(LAPIC_ICR_HIGH, (u32)apic_id << 24);
	lapic_write(LAPIC_ICR_LOW, command);
	local_irq_restore(flags);
}

u32 lapic_timer_sample(void)
{
	return lapic_read(LAPIC_TIMER_NOW);
}

/* Calibration: runs down from the highest count, masked. */
void lapic_timer_run_free(void)
{
	lapic_write(LAPIC_TIMER_DIV, TIMER_DIVIDE_16);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_write(LAPIC_TIMER_INIT, ~0U);
}

void lapic_timer_set(u32 count_per_tick)
{
	timer_count = count_per_tick;
}

/*
 * The ticks of n CPUs come one n-th of a tick after each other (Linux: skew_tick=1), so that not all want the same
 * locks at once. Under icount nothing else would do: QEMU then runs the CPUs in turn, each until the next timer of
 * any of them is due, and a CPU whose tick is shortly followed by another's never gets beyond its tick.
 */
void lapic_timer_start(void)
{
	u64 tick = NSEC_PER_SEC / HZ, wait = tick, phase = tick * (u64)smp_processor_id() / (u64)nr_cpu_ids;

	if (phase) {
		this_cpu_write(first_tick, true);
		wait = (tick + phase - arch_clock_ns() % tick) % tick;
	}
	lapic_write(LAPIC_TIMER_DIV, TIMER_DIVIDE_16);
	lapic_write(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR_TIMER);
	lapic_write(LAPIC_TIMER_INIT, (u32)max(timer_count * wait / tick, (u64)1));
}

void lapic_timer_tick(void)
{
	if (likely(!this_cpu_read(first_tick)))
		return;
	this_cpu_write(first_tick, false);
	lapic_write(LAPIC_TIMER_INIT, timer_count);
}
