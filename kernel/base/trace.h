/* SPDX-License-Identifier: MIT */
/*
 * A flight recorder: the last few hundred events of each CPU, almost free to write.
 *
 *	trace_event("kswapd: order %lu, zone %lu", order, zone, 0);
 *
 * => fmt is a string literal that prints three longs at most; it is kept as a pointer and formatted
 *only when the ring is read. Any context.
 * => trace_dump() prints the events of all CPUs in order of time; panic() calls it in debug builds.
 */
#ifndef KERNEL_BASE_TRACE_H
#define KERNEL_BASE_TRACE_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct trace_entry {
	u64 ts_ns;
	const char *fmt;
	unsigned long args[3];
};

#define TRACE_RING_SIZE 256

extern bool trace_enabled; /* boot word `trace` */
void __trace_event(const char *fmt, unsigned long a, unsigned long b, unsigned long c);
void trace_dump(unsigned int last);
/* => calls fn for each event, oldest first, as a line of text */
void trace_read(void (*fn)(void *arg, int cpu, const struct trace_entry *e, const char *text),
		void *arg);

static inline void trace_event(const char *fmt, unsigned long a, unsigned long b, unsigned long c)
{
	if (unlikely(trace_enabled))
		__trace_event(fmt, a, b, c);
}

#endif
