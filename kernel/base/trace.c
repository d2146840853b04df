/* SPDX-License-Identifier: MIT */
/*
 * The flight recorder: a ring per CPU, written with interrupts off, so that an entry is whole.
 * Readers look while writers go on; an entry overwritten meanwhile shows newer data, never a torn
 * pointer.
 */
#include "kernel/base/trace.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "asm/irqflags.h"
#include "asm/percpu.h"

struct trace_ring {
	unsigned long next; /* events so far; the slot is next % TRACE_RING_SIZE */
	struct trace_entry entries[TRACE_RING_SIZE];
};

static DEFINE_PER_CPU(struct trace_ring, trace_ring);
bool trace_enabled = IS_ENABLED(CONFIG_DEBUG);

static int enable_trace(char *val)
{
	trace_enabled = true;
	return 0;
}
early_param("trace", enable_trace);

void __trace_event(const char *fmt, unsigned long a, unsigned long b, unsigned long c)
{
	struct trace_ring *ring;
	struct trace_entry *e;
	unsigned long flags;

	local_irq_save(flags);
	ring = this_cpu_ptr(&trace_ring);
	e = &ring->entries[ring->next % TRACE_RING_SIZE];
	e->ts_ns = printk_clock();
	e->args[0] = a;
	e->args[1] = b;
	e->args[2] = c;
	WRITE_ONCE(e->fmt, fmt);
	ring->next++;
	local_irq_restore(flags);
}

/* Merges the rings by time: seen[cpu] counts what was given out of each. */
void trace_read(void (*fn)(void *arg, int cpu, const struct trace_entry *e, const char *text),
		void *arg)
{
	unsigned long seen[NR_CPUS];
	char text[160];

	for (int cpu = 0; cpu < NR_CPUS; cpu++) {
		unsigned long n = per_cpu(trace_ring, cpu).next;

		seen[cpu] = n > TRACE_RING_SIZE ? n - TRACE_RING_SIZE : 0;
	}
	for (;;) {
		struct trace_entry e = {.ts_ns = ~0ULL};
		int best = -1;

		for (int cpu = 0; cpu < NR_CPUS; cpu++) {
			struct trace_ring *r = per_cpu_ptr(&trace_ring, cpu);

			if (seen[cpu] >= r->next ||
			    r->entries[seen[cpu] % TRACE_RING_SIZE].ts_ns >= e.ts_ns)
				continue;
			e = r->entries[seen[cpu] % TRACE_RING_SIZE];
			best = cpu;
		}
		if (best < 0)
			return;
		seen[best]++;
		scnprintf(text, sizeof(text), e.fmt, e.args[0], e.args[1], e.args[2]);
		fn(arg, best, &e, text);
	}
}

struct dump {
	unsigned long skip; /* events older than the wanted ones */
};

static void count_event(void *arg, int cpu, const struct trace_entry *e, const char *text)
{
	++*(unsigned long *)arg;
}

static void print_event(void *arg, int cpu, const struct trace_entry *e, const char *text)
{
	struct dump *d = arg;

	if (d->skip) {
		d->skip--;
		return;
	}
	pr_info("trace: %5llu.%06llu cpu%d %s\n", e->ts_ns / 1000000000,
		e->ts_ns % 1000000000 / 1000, cpu, text);
}

void trace_dump(unsigned int last)
{
	unsigned long total = 0;
	struct dump d;

	trace_read(count_event, &total);
	d.skip = total > last ? total - last : 0;
	trace_read(print_event, &d);
}
