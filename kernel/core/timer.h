/* SPDX-License-Identifier: MIT */
/*
 * Time in the kernel: jiffies (ticks of 10 ms since boot), nanosecond clocks, and timers that call
 * a function at a tick.
 *
 * Timers belong to the CPU that armed them and run there, in TIMER_SOFTIRQ, with interrupts on. A
 * timer may arm itself again. mod_timer and del_timer in any context; del_timer_sync waits for a
 * running handler, so it must not be called from that handler nor with a lock the handler takes.
 */
#ifndef KERNEL_CORE_TIMER_H
#define KERNEL_CORE_TIMER_H

#include "kernel/base/rbtree.h"
#include "kernel/base/types.h"
#include "arch/time.h"

#define NSEC_PER_TICK	 (NSEC_PER_SEC / HZ)
#define NSEC_PER_MSEC	 1000000UL
#define NSEC_PER_USEC	 1000UL
#define USEC_PER_SEC	 1000000UL
#define MSEC_PER_SEC	 1000UL
#define USEC_PER_TICK	 (USEC_PER_SEC / HZ)
#define MAX_JIFFY_OFFSET ((long)(~0UL >> 2))

extern volatile unsigned long jiffies;

/* Comparisons that survive wrapping. */
#define time_after(a, b)       ((long)((b) - (a)) < 0)
#define time_before(a, b)      time_after(b, a)
#define time_after_eq(a, b)    ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)   time_after_eq(b, a)
#define time_in_range(a, b, c) (time_after_eq(a, b) && time_before_eq(a, c))

/* => rounds up: a wait of n ms lasts at least n ms */
static inline unsigned long msecs_to_jiffies(unsigned int ms)
{
	return ((unsigned long)ms * HZ + MSEC_PER_SEC - 1) / MSEC_PER_SEC;
}

static inline unsigned long nsecs_to_jiffies(u64 ns)
{
	return (ns + NSEC_PER_TICK - 1) / NSEC_PER_TICK;
}

static inline unsigned int jiffies_to_msecs(unsigned long j)
{
	return (unsigned int)(j * (MSEC_PER_SEC / HZ));
}

static inline u64 jiffies_to_nsecs(unsigned long j)
{
	return (u64)j * NSEC_PER_TICK;
}

/* => nanoseconds since boot; since 1970; seconds since 1970 */
static inline u64 ktime_get_ns(void)
{
	return arch_clock_ns();
}
u64 ktime_get_real_ns(void);
unsigned long get_seconds(void);
/* => settimeofday: moves the wall clock, never the monotonic one */
void set_real_time_ns(u64 ns);

struct timer_list {
	struct rb_node node;   /* [base] */
	unsigned long expires; /* [base] jiffies */
	void (*function)(unsigned long data);
	unsigned long data;
	s16 cpu;      /* base it is or was last queued on */
	bool pending; /* [base] */
};

#define TIMER_INITIALIZER(fn, exp, d)                           \
	{                                                       \
		.function = (fn), .expires = (exp), .data = (d) \
	}
#define DEFINE_TIMER(name, fn, exp, d) struct timer_list name = TIMER_INITIALIZER(fn, exp, d)

static inline void setup_timer(struct timer_list *t, void (*fn)(unsigned long), unsigned long data)
{
	*t = (struct timer_list)TIMER_INITIALIZER(fn, 0, data);
}
#define setup_timer_on_stack setup_timer
#define init_timer(t)	     setup_timer((t), NULL, 0)

static inline bool timer_pending(const struct timer_list *t)
{
	return READ_ONCE(t->pending);
}

/* => 1 if the timer was pending before, 0 if not */
int mod_timer(struct timer_list *t, unsigned long expires);
int del_timer(struct timer_list *t);
int del_timer_sync(struct timer_list *t);

/* => moves jiffies to the clock; at each tick of any CPU */
void update_jiffies(void);
void timers_init(void);
/* => at each tick of each CPU: raises TIMER_SOFTIRQ if something is due */
void timers_tick(void);

#endif
