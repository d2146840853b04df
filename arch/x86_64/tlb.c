/* SPDX-License-Identifier: MIT */
/*
 * Address spaces on CPUs, and TLB shootdown.
 *
 * switch_mm() sets this CPU's bit in next->cpu_mask, then loads CR3 (which serialises), then clears
 * the bit in prev's. A flush changes entries first, then reads the mask (a full barrier between):
 * so either it sees the bit and interrupts the CPU, or the CPU's walks see the new entries. The CR3
 * load drops everything of prev, kernel entries being global.
 *
 * A flush of more than FLUSH_CEILING pages drops the whole TLB, which costs less than as many
 * INVLPGs.
 *
 * Beyond it Linux has: PCIDs, generations that make lazy CPUs skip interrupts.
 */
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/base/cpumask.h"
#include "kernel/core/task.h"
#include "mm/mm_types.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"
#include "asm/irqflags.h"

#define FLUSH_CEILING 33

struct flush {
	unsigned long start, end; /* end 0: everything */
};

/* The mm whose table is in CR3; NULL: swapper_pg_dir. Kernel threads leave it as it is. */
static DEFINE_PER_CPU(struct mm_struct *, loaded_mm);

void switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	int cpu = smp_processor_id();
	struct mm_struct *loaded = this_cpu_read(loaded_mm);

	(void)prev;
	if (loaded == next)
		return;
	if (next)
		cpumask_set_cpu(cpu, &next->cpu_mask);
	this_cpu_write(loaded_mm, next);
	write_cr3(next ? __pa(next->pgd) : __pa_symbol(swapper_pg_dir));
	if (loaded)
		cpumask_clear_cpu(cpu, &loaded->cpu_mask);
}

void flush_tlb_one_local(unsigned long addr)
{
	invlpg(addr);
}

/* Global entries too: turning PGE off drops all. */
void flush_tlb_local(void)
{
	unsigned long flags, cr4;

	local_irq_save(flags);
	cr4 = read_cr4();
	if (cr4 & CR4_PGE) {
		write_cr4(cr4 & ~CR4_PGE);
		write_cr4(cr4);
	} else {
		write_cr3(read_cr3());
	}
	local_irq_restore(flags);
}

static bool flush_is_long(const struct flush *f)
{
	return !f->end || f->end - f->start > FLUSH_CEILING * PAGE_SIZE;
}

static void flush_user_local(void *arg)
{
	const struct flush *f = arg;

	if (flush_is_long(f)) {
		write_cr3(read_cr3());
		return;
	}
	for (unsigned long a = f->start; a < f->end; a += PAGE_SIZE)
		invlpg(a);
}

/*
 * On the asked CPU. A kernel thread that merely keeps the mm loaded leaves it, so that it is not
 * asked again: an idle CPU would be woken for every flush of the others.
 */
static void flush_user_remote(void *arg)
{
	if (!current->mm)
		switch_mm(NULL, NULL);
	else
		flush_user_local(arg);
}

void flush_tlb_cpus(cpumask_t cpus)
{
	struct flush f = {0, 0};
	cpumask_t self = CPU_MASK_CPU(smp_processor_id());

	if (cpus & self)
		flush_user_local(&f);
	if (cpus & ~self)
		smp_call_function_many(cpus & ~self, flush_user_remote, &f, true);
}

static void flush_kernel_local(void *arg)
{
	const struct flush *f = arg;

	if (flush_is_long(f)) {
		flush_tlb_local();
		return;
	}
	for (unsigned long a = f->start; a < f->end; a += PAGE_SIZE)
		invlpg(a);
}

static void flush_mm(struct mm_struct *mm, struct flush *f)
{
	cpumask_t mask, self = CPU_MASK_CPU(smp_processor_id());

	chaos_delay(CHAOS_FLUSH);
	smp_mb(); /* entries before the mask: see the head */
	mask = READ_ONCE(mm->cpu_mask);
	if (mask & self)
		flush_user_local(f);
	if (mask & ~self)
		smp_call_function_many(mask & ~self, flush_user_remote, f, true);
}

void flush_tlb_mm(struct mm_struct *mm)
{
	struct flush f = {0, 0};

	flush_mm(mm, &f);
}

void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct flush f = {start & PAGE_MASK, end};

	flush_mm(mm, &f);
}

/* The flush of every copy-on-write fault: mostly nobody else has the mm. */
void flush_tlb_page(struct mm_struct *mm, unsigned long addr)
{
	struct flush f;

	chaos_delay(CHAOS_FLUSH);
	smp_mb();
	if (likely(READ_ONCE(mm->cpu_mask) == CPU_MASK_CPU(smp_processor_id()))) {
		invlpg(addr);
		return;
	}
	f.start = addr & PAGE_MASK;
	f.end = f.start + PAGE_SIZE;
	flush_mm(mm, &f);
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	struct flush f = {start & PAGE_MASK, end};

	smp_mb();
	on_each_cpu(flush_kernel_local, &f, true);
}

void flush_tlb_all(void)
{
	flush_tlb_kernel_range(0, 0);
}
