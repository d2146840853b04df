/* SPDX-License-Identifier: MIT */
/*
 * Time: a monotonic clock and a periodic tick of HZ per second on each CPU.
 */
#ifndef ARCH_TIME_H
#define ARCH_TIME_H

#include "kernel/base/types.h"

#define HZ	     100
#define NSEC_PER_SEC 1000000000UL

/*
 * => Calibrates (at most 1 ms) and starts the clock; the tick starts when interrupts are
 *    enabled. After irq_init().
 */
void time_init(void);
/*
 * => Nanoseconds since time_init(); monotonic, the same on all CPUs. Any context; 0 before
 *    time_init().
 */
u64 arch_clock_ns(void);
/* => Seconds since 1970 by the battery clock, read once at boot; 0 if there is none. */
u64 arch_boot_time(void);
/*
 * => Called at every tick on each CPU with interrupts off, inside irq_enter()/irq_exit(). user:
 *    the tick hit user mode.
 */
void arch_set_tick_handler(void (*fn)(bool user));
/* => Busy waits; any context. */
void udelay(unsigned long us);
void ndelay(unsigned long ns);

#endif
