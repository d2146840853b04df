/* SPDX-License-Identifier: MIT */
/*
 * The checks of spinning locks in debug builds.
 *
 *	held[CPU][context] = the locks taken and not yet released there, in order
 *
 * A new lock must rank higher than every one held in its context, unless it was a trylock or the
 * caller promises an order (nested). Besides: nobody takes a lock twice, releases what he does not
 * hold, or takes with interrupts on a lock that an interrupt handler takes. Each lock remembers the
 * contexts of its uses, so the last check finds the bug without the interrupt having to come at the
 * wrong moment.
 *
 * A violation stops the machine with the names of all locks concerned.
 */
#include "kernel/base/bug.h"
#include "kernel/base/lock_debug.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "asm/irqflags.h"

const char *const lock_rank_names[NR_LOCK_RANKS] = {
#define LOCK_RANK_NAME(name, what) [LOCK_RANK_##name] = #name,
	LOCK_RANKS(LOCK_RANK_NAME)
#undef LOCK_RANK_NAME
};

#if CONFIG_DEBUG

#define MAX_HELD 24
enum { CTX_TASK, CTX_SOFTIRQ, CTX_HARDIRQ, NR_CTX };

/* lock_debug.usage */
#define USED_IN_HARDIRQ 1
#define USED_IN_SOFTIRQ 2
#define TAKEN_IRQ_ON	4
#define TAKEN_BH_ON	8

struct held_stack {
	int nr;
	struct lock_debug *lock[MAX_HELD];
};

static DEFINE_PER_CPU(struct held_stack, held[NR_CTX]);

static int context(void)
{
	if (in_irq())
		return CTX_HARDIRQ;
	return in_serving_softirq() ? CTX_SOFTIRQ : CTX_TASK;
}

static const char *name_of(const struct lock_debug *d)
{
	return d->name ? d->name : "(never initialised)";
}

void lock_debug_show_held(void)
{
	static const char *const where[NR_CTX] = {"task", "softirq", "hardirq"};

	for (int c = 0; c < NR_CTX; c++) {
		struct held_stack *h = this_cpu_ptr(&held[c]);

		for (int i = 0; i < h->nr && i < MAX_HELD; i++)
			pr_err("  held in %s: %s (rank %s) taken at %pS\n", where[c],
			       name_of(h->lock[i]), lock_rank_names[h->lock[i]->rank],
			       h->lock[i]->caller);
	}
}

static void complain(const struct lock_debug *d, const char *what, const struct lock_debug *other)
{
	pr_emerg("lock %s (rank %s): %s%s%s\n", name_of(d), lock_rank_names[d->rank], what,
		 other ? " " : "", other ? name_of(other) : "");
	lock_debug_show_held();
	panic("lock order: %s %s%s%s", name_of(d), what, other ? " " : "",
	      other ? name_of(other) : "");
}

void lock_debug_acquire(struct lock_debug *d, int how)
{
	struct held_stack *h = this_cpu_ptr(&held[context()]);

	if (panic_in_progress)
		return;
	for (int i = 0; i < h->nr; i++) {
		struct lock_debug *other = h->lock[i];

		if (other == d)
			complain(d, "is already held by this CPU", NULL);
		if ((how & LOCK_TRY) || !d->rank || !other->rank)
			continue;
		if (other->rank > d->rank)
			complain(d, "must be taken before", other);
		if (other->rank == d->rank && !(how & LOCK_NESTED))
			complain(d, "has the same rank as", other);
	}
}

/* Notes the context of this use and looks whether it goes with the earlier ones. */
static void check_usage(struct lock_debug *d, int ctx)
{
	u8 now = 0, all;

	if (ctx == CTX_HARDIRQ)
		now |= USED_IN_HARDIRQ;
	else if (ctx == CTX_SOFTIRQ)
		now |= USED_IN_SOFTIRQ;
	if (!irqs_disabled()) {
		now |= TAKEN_IRQ_ON;
		if (!in_softirq())
			now |= TAKEN_BH_ON;
	}
	if ((d->usage & now) == now)
		return;
	all = __atomic_or_fetch(&d->usage, now, __ATOMIC_RELAXED);
	if ((all & USED_IN_HARDIRQ) && (all & TAKEN_IRQ_ON))
		complain(d, "is taken in interrupts and elsewhere with interrupts on", NULL);
	if ((all & USED_IN_SOFTIRQ) && (all & TAKEN_BH_ON))
		complain(d, "is taken in softirqs and elsewhere with softirqs on", NULL);
}

void lock_debug_acquired(struct lock_debug *d, int how)
{
	int ctx = context();
	struct held_stack *h = this_cpu_ptr(&held[ctx]);

	d->caller = __builtin_return_address(0);
	if (panic_in_progress)
		return;
	if (!(how & LOCK_READ)) {
		d->owner = (s16)(smp_processor_id() + 1);
		check_usage(d, how & LOCK_TRY ? CTX_TASK : ctx);
	}
	if (h->nr == MAX_HELD)
		complain(d, "is one lock too many", NULL);
	h->lock[h->nr++] = d;
}

void lock_debug_release(struct lock_debug *d)
{
	struct held_stack *h = this_cpu_ptr(&held[context()]);
	int i = h->nr;

	if (panic_in_progress)
		return;
	while (i && h->lock[i - 1] != d)
		i--;
	if (!i)
		complain(d, "is released but not held here", NULL);
	for (h->nr--; i <= h->nr; i++)
		h->lock[i - 1] = h->lock[i];
	d->owner = 0;
}

void lock_debug_assert_held(struct lock_debug *d)
{
	struct held_stack *h = this_cpu_ptr(&held[context()]);

	if (panic_in_progress)
		return;
	for (int i = 0; i < h->nr; i++)
		if (h->lock[i] == d)
			return;
	complain(d, "should be held", NULL);
}

void lock_debug_assert_none_held(const char *why)
{
	struct held_stack *h = this_cpu_ptr(&held[context()]);

	if (h->nr && !panic_in_progress)
		complain(h->lock[h->nr - 1], why, NULL);
}

#endif
