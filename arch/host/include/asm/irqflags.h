/* SPDX-License-Identifier: MIT */
/* "Interrupts" of a CPU that is a thread: see asm/host_cpu.h. flags is what irqs_off was. */
#ifndef ASM_IRQFLAGS_H
#define ASM_IRQFLAGS_H

#include "asm/host_cpu.h"

#ifdef __SANITIZE_THREAD__
#define HOST_IRQ_IS_LOCK 1
#else
#define HOST_IRQ_IS_LOCK 0
#endif

static inline unsigned long local_save_flags(void)
{
	return (unsigned long)host_self.irqs_off;
}

static inline unsigned long __local_irq_save(void)
{
	unsigned long flags = (unsigned long)host_self.irqs_off;

	if (HOST_IRQ_IS_LOCK) {
		if (!flags)
			host_irq_lock();
		host_self.irqs_off = 1;
		return flags;
	}
	host_self.irqs_off = 1;
	__asm__ volatile("" : : : "memory");
	if (__builtin_expect(__atomic_load_n(&host_self.stop, __ATOMIC_RELAXED), 0) && !flags)
		host_irq_save_slow();
	return flags;
}
#define local_irq_save(flags) ((flags) = __local_irq_save())

static inline void local_irq_restore(unsigned long flags)
{
	if (HOST_IRQ_IS_LOCK) {
		if (!flags && host_self.irqs_off) {
			host_self.irqs_off = 0;
			host_irq_unlock();
		}
		return;
	}
	__atomic_store_n(&host_self.irqs_off, (int)flags, __ATOMIC_RELEASE);
}

static inline void local_irq_disable(void)
{
	__local_irq_save();
}

static inline void local_irq_enable(void)
{
	local_irq_restore(0);
}

static inline bool irqs_disabled_flags(unsigned long flags)
{
	return flags != 0;
}

static inline bool irqs_disabled(void)
{
	return host_self.irqs_off != 0;
}

#endif
