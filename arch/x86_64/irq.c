/* SPDX-License-Identifier: MIT */
/*
 * From vector to handler.
 *
 *	0x30 + gsi	IO-APIC pins: ISA numbers are first translated by ACPI's overrides
 *	0x70 - 0xdf	messages (MSI), one device each
 *	0xf0 - 0xff	tick, reschedule, call, stop, error, spurious
 *
 * A device's irq number is its GSI, or the vector of its message. All device interrupts go to the
 * boot CPU: this keeps runs under icount repeatable. A level-triggered pin may have several
 * handlers.
 *
 * Locks: irq_lock for changes; the interrupt path reads the list without it: an action is complete
 * before it is linked, and stays.
 */
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "arch/irq.h"
#include "arch/x86_64/internal.h"
#include "asm/barrier.h"

#define MAX_ACTIONS 64
#define MSI_ADDRESS 0xfee00000ULL

struct irq_action {
	irq_handler_t handler; /* [I] all */
	void *data;
	const char *name;
	int irq;
	struct irq_action *next;
};

static struct irq_action actions[MAX_ACTIONS]; /* irq_lock */
static int nr_actions;
static struct irq_action *by_vector[256];
static DEFINE_SPINLOCK(irq_lock, LOCK_RANK_LEAF);
static DEFINE_PER_CPU(unsigned int[256], irq_counts);

static void no_hook(void)
{
}
static void (*irq_enter_hook)(void) = no_hook;
static void (*irq_exit_hook)(void) = no_hook;

void arch_set_irq_hooks(void (*enter)(void), void (*exit)(void))
{
	irq_enter_hook = enter;
	irq_exit_hook = exit;
}

void irq_init(void)
{
	lapic_init();
	ioapic_init();
}

static void run_actions(unsigned long vector)
{
	bool found = false;

	for (struct irq_action *a = READ_ONCE(by_vector[vector]); a; a = a->next) {
		a->handler(a->irq, a->data);
		found = true;
	}
	if (!found)
		pr_warn_ratelimited("interrupt vector %lu without a handler\n", vector);
}

void do_interrupt(struct pt_regs *regs, unsigned long vector)
{
	if (unlikely(vector == VECTOR_SPURIOUS || vector < VECTOR_DEVICE_FIRST))
		return; /* neither is to be acknowledged */
	this_cpu_inc(irq_counts[vector]);
	if (vector >= VECTOR_TIMER) /* edges: what comes next may come while this one is served */
		lapic_eoi();
	irq_enter_hook();
	switch (vector) {
	case VECTOR_TIMER:
		timer_interrupt(regs);
		break;
	case VECTOR_RESCHEDULE:
		break;
	case VECTOR_CALL:
		ipi_call_interrupt();
		break;
	case VECTOR_STOP:
		ipi_stop_interrupt(regs);
	case VECTOR_ERROR:
		pr_warn_ratelimited("local APIC error on CPU %d\n", smp_processor_id());
		break;
	default:
		run_actions(vector);
		lapic_eoi();
		break;
	}
	irq_exit_hook();
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* => irq_lock held */
static int add_action_locked(int vector, int irq, irq_handler_t handler, void *data,
			     const char *name)
{
	struct irq_action *a;

	if (nr_actions == MAX_ACTIONS)
		return -ENOSPC;
	a = &actions[nr_actions++];
	*a = (struct irq_action){handler, data, name, irq, by_vector[vector]};
	smp_store_release(&by_vector[vector], a);
	return 0;
}

/* ISA numbers by ACPI's overrides; PCI ones are level, low. */
static int resolve(int irq, bool *low, bool *level)
{
	if (irq >= 16) {
		*low = *level = true;
		return irq;
	}
	*low = acpi.isa[irq].low;
	*level = acpi.isa[irq].level;
	return acpi.isa[irq].gsi;
}

int request_irq(int irq, irq_handler_t handler, void *data, const char *name)
{
	unsigned long flags;
	bool low, level, first;
	int gsi, vector, err;

	if (irq < 0 || irq >= NR_GSI || !handler)
		return -EINVAL;
	gsi = resolve(irq, &low, &level);
	if (gsi >= NR_GSI || !ioapic_has(gsi))
		return -EINVAL;
	vector = VECTOR_DEVICE_FIRST + gsi;
	spin_lock_irqsave(&irq_lock, flags);
	first = !by_vector[vector];
	err = add_action_locked(vector, irq, handler, data, name);
	spin_unlock_irqrestore(&irq_lock, flags);
	if (err)
		return err;
	if (first)
		ioapic_route(gsi, vector, acpi.apic_id[0], low, level);
	ioapic_mask(gsi, false);
	return 0;
}

int irq_alloc_msi(irq_handler_t handler, void *data, const char *name, u64 *addr, u32 *msg)
{
	unsigned long flags;
	int vector = VECTOR_MSI_FIRST, err;

	spin_lock_irqsave(&irq_lock, flags);
	while (vector <= VECTOR_MSI_LAST && by_vector[vector])
		vector++;
	err = vector > VECTOR_MSI_LAST ? -ENOSPC
				       : add_action_locked(vector, vector, handler, data, name);
	spin_unlock_irqrestore(&irq_lock, flags);
	if (err)
		return err;
	*addr = MSI_ADDRESS | (u64)acpi.apic_id[0] << 12;
	*msg = vector; /* fixed delivery, edge */
	return vector;
}

/* ---- Statistics ------------------------------------------------------------------------------ */

bool irq_stat(int i, int *irq, const char **name, unsigned long counts[])
{
	static const struct {
		int vector;
		const char *name;
	} internal[] = {
		{VECTOR_TIMER, "LOC Local timer interrupts"},
		{VECTOR_RESCHEDULE, "RES Rescheduling interrupts"},
		{VECTOR_CALL, "CAL Function call interrupts"},
	};
	int vector;

	if (i < nr_actions) {
		*irq = actions[i].irq;
		*name = actions[i].name;
		vector = *irq >= NR_GSI ? *irq
					: VECTOR_DEVICE_FIRST +
						  (*irq < 16 ? (int)acpi.isa[*irq].gsi : *irq);
	} else if (i - nr_actions < (int)ARRAY_SIZE(internal)) {
		*irq = -1;
		*name = internal[i - nr_actions].name;
		vector = internal[i - nr_actions].vector;
	} else {
		return false;
	}
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		counts[cpu] = cpu < nr_cpu_ids ? per_cpu(irq_counts, cpu)[vector] : 0;
	return true;
}
