/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices. Each source has a GSI (global system interrupt, ACPI's numbering: ISA
 * interrupts are 0-15) routed by the IO-APIC, or a message (MSI) with a vector of its own; both are
 * called irq here. Handlers run with interrupts off, between irq_enter() and irq_exit(), on the
 * boot CPU.
 */
#ifndef ARCH_IRQ_H
#define ARCH_IRQ_H

#include "kernel/base/types.h"

typedef void (*irq_handler_t)(int irq, void *data);

/* => ACPI tables read, interrupt controllers ready, everything masked. After paging_init(). */
void irq_init(void);
/*
 * => What runs around every handler: kernel/core's irq_enter() and irq_exit(). Register before
 *    local_irq_enable().
 */
void arch_set_irq_hooks(void (*enter)(void), void (*exit)(void));

/*
 * => Routes and unmasks; several handlers may share a level-triggered gsi. Polarity and trigger
 *    from ACPI: edge/high for ISA numbers, level/low for the others. 0, -EINVAL, -ENOSPC.
 */
int request_irq(int gsi, irq_handler_t handler, void *data, const char *name);
/*
 * => A vector of its own for a device's MSI or MSI-X entry: fills in what the device must write.
 *    irq number or -ENOSPC.
 */
int irq_alloc_msi(irq_handler_t handler, void *data, const char *name, u64 *addr, u32 *msg);

/*
 * => Line i of /proc/interrupts (0, 1, ...): counts per CPU into counts[NR_CPUS], name; false
 *    when i is past the end. irq -1: the CPU's own, its name begins with Linux's three letters.
 */
bool irq_stat(int i, int *irq, const char **name, unsigned long counts[]);

#endif
