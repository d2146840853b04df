/* SPDX-License-Identifier: MIT */
/*
 * Timers and the clock of ticks.
 *
 *	base of a CPU:  lock, tree of pending timers by expiry, next (earliest expiry), running
 *
 * The tick compares one number; TIMER_SOFTIRQ takes due timers off the tree and calls them with the
 * base unlocked. A timer stays with its base while it is pending or its handler runs, so that
 * del_timer_sync() knows where to look; else mod_timer() takes it to the caller's CPU.
 *
 * jiffies follows arch_clock_ns(), so ticks lost in a long stretch with interrupts off are made up
 * for.
 *
 * Linux has a wheel instead of a tree (constant time), high-resolution timers and no tick on idle
 * CPUs.
 */
#include "kernel/core/timer.h"
#include "kernel/base/bug.h"
#include "kernel/base/kernel.h"
#include "kernel/base/seqlock.h"
#include "kernel/base/spinlock.h"
#include "kernel/core/softirq.h"

struct timer_base {
	spinlock_t lock;
	struct rb_root pending;	    /* [lock] */
	unsigned long next;	    /* [lock] earliest expiry, read at the tick without it */
	struct timer_list *running; /* [lock] */
};

#define NO_TIMER  (jiffies + (unsigned long)MAX_JIFFY_OFFSET)
#define MIGRATING (-1)

static DEFINE_PER_CPU(struct timer_base, timer_bases) = {
	.lock = SPIN_LOCK_UNLOCKED("timer_base.lock", LOCK_RANK_TIMER),
	.next = (unsigned long)MAX_JIFFY_OFFSET,
};

volatile unsigned long jiffies;

static seqcount_t wall_seq;
static u64 wall_offset_ns; /* [wall_seq] since 1970, at clock 0 */
static DEFINE_SPINLOCK(wall_lock, LOCK_RANK_LEAF);

/* ---- Time ------------------------------------------------------------------------------------ */

void update_jiffies(void)
{
	unsigned long now = (unsigned long)(arch_clock_ns() / NSEC_PER_TICK), old = jiffies;

	while (time_after(now, old) &&
	       !__atomic_compare_exchange_n(&jiffies, &old, now, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

u64 ktime_get_real_ns(void)
{
	unsigned int seq;
	u64 offset;

	do {
		seq = read_seqcount_begin(&wall_seq);
		offset = READ_ONCE(wall_offset_ns);
	} while (read_seqcount_retry(&wall_seq, seq));
	return offset + arch_clock_ns();
}

unsigned long get_seconds(void)
{
	return (unsigned long)(ktime_get_real_ns() / NSEC_PER_SEC);
}

void set_real_time_ns(u64 ns)
{
	unsigned long flags;

	spin_lock_irqsave(&wall_lock, flags);
	write_seqcount_begin(&wall_seq);
	WRITE_ONCE(wall_offset_ns, ns - arch_clock_ns());
	write_seqcount_end(&wall_seq);
	spin_unlock_irqrestore(&wall_lock, flags);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

/* => the timer's base, locked; it stays its base until the lock is dropped */
static struct timer_base *lock_base(struct timer_list *t, unsigned long *flags)
{
	for (;;) {
		int cpu = READ_ONCE(t->cpu);
		struct timer_base *base;

		if (cpu != MIGRATING) {
			base = per_cpu_ptr(&timer_bases, cpu);
			spin_lock_irqsave(&base->lock, *flags);
			if (t->cpu == cpu)
				return base;
			spin_unlock_irqrestore(&base->lock, *flags);
		}
		cpu_relax();
	}
}

/* => base->lock held */
static void set_next(struct timer_base *base)
{
	struct rb_node *first = rb_first(&base->pending);

	WRITE_ONCE(base->next,
		   first ? rb_entry(first, struct timer_list, node)->expires : NO_TIMER);
}

static void detach(struct timer_base *base, struct timer_list *t)
{
	rb_erase(&t->node, &base->pending);
	t->pending = false;
	if (t->expires == base->next)
		set_next(base);
}

/* Timers of equal expiry run in the order they were armed. */
static void attach(struct timer_base *base, struct timer_list *t)
{
	struct rb_node **link = &base->pending.rb_node, *parent = NULL;
	bool first = true;

	while (*link) {
		struct timer_list *other = rb_entry(*link, struct timer_list, node);

		parent = *link;
		if (time_before(t->expires, other->expires)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			first = false;
		}
	}
	rb_link_node(&t->node, parent, link);
	rb_insert_color(&t->node, &base->pending);
	t->pending = true;
	if (first)
		WRITE_ONCE(base->next, t->expires);
}

int mod_timer(struct timer_list *t, unsigned long expires)
{
	unsigned long flags;
	struct timer_base *base = lock_base(t, &flags);
	int was_pending = t->pending;
	s16 me = (s16)smp_processor_id();

	VM_BUG_ON(!t->function);
	if (was_pending) {
		detach(base, t);
	} else if (t->cpu != me && base->running != t) {
		WRITE_ONCE(t->cpu, MIGRATING);
		spin_unlock(&base->lock);
		base = this_cpu_ptr(&timer_bases);
		spin_lock(&base->lock);
		WRITE_ONCE(t->cpu, me);
	}
	t->expires = expires;
	attach(base, t);
	spin_unlock_irqrestore(&base->lock, flags);
	return was_pending;
}

int del_timer(struct timer_list *t)
{
	struct timer_base *base;
	unsigned long flags;
	int was_pending;

	if (!timer_pending(t))
		return 0;
	base = lock_base(t, &flags);
	was_pending = t->pending;
	if (was_pending)
		detach(base, t);
	spin_unlock_irqrestore(&base->lock, flags);
	return was_pending;
}

int del_timer_sync(struct timer_list *t)
{
	int was_pending = 0;

	for (;;) {
		unsigned long flags;
		struct timer_base *base = lock_base(t, &flags);
		bool running = base->running == t;

		if (t->pending) {
			detach(base, t);
			was_pending = 1;
		}
		spin_unlock_irqrestore(&base->lock, flags);
		if (!running)
			return was_pending;
		cpu_relax();
	}
}

/* TIMER_SOFTIRQ */
static void run_timers(void)
{
	struct timer_base *base = this_cpu_ptr(&timer_bases);
	struct rb_node *first;

	spin_lock_irq(&base->lock);
	while ((first = rb_first(&base->pending))) {
		struct timer_list *t = rb_entry(first, struct timer_list, node);
		void (*fn)(unsigned long) = t->function;
		unsigned long data = t->data;

		if (time_before(jiffies, t->expires))
			break;
		detach(base, t);
		base->running = t;
		spin_unlock_irq(&base->lock);
		fn(data); /* t may be gone after it */
		spin_lock_irq(&base->lock);
		base->running = NULL;
	}
	set_next(base);
	spin_unlock_irq(&base->lock);
}

void timers_tick(void)
{
	if (time_after_eq(jiffies, READ_ONCE(this_cpu_ptr(&timer_bases)->next)))
		raise_softirq_irqoff(TIMER_SOFTIRQ);
}

void timers_init(void)
{
	wall_offset_ns = arch_boot_time() * NSEC_PER_SEC;
	open_softirq(TIMER_SOFTIRQ, run_timers);
	update_jiffies();
}
