/* SPDX-License-Identifier: MIT */
/*
 * Delays where the order of events between CPUs is decided: `chaos=SEED`, debug builds only.
 *
 * Two CPUs meet in the same few instructions once in a million; a delay there makes it once in a
 * hundred. Each CPU draws from its own sequence, which follows from the seed and its number, so
 * a seed says which of a CPU's unlocks are slow and how slow. (What the host does between them
 * stays its own: with --icount a run repeats to the instruction.)
 *
 * A delay is a number of turns of an empty loop: guest time, bounded, the same on any host.
 */
#ifndef KERNEL_BASE_CHAOS_H
#define KERNEL_BASE_CHAOS_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

enum chaos_point {
	CHAOS_LOCKED,	/* before a spinning lock is released: others wait for it */
	CHAOS_UNLOCKED, /* after: others take it before this CPU goes on */
	CHAOS_IPI,	/* between the receipt of a call and its execution */
	CHAOS_FLUSH,	/* between changed page-table entries and their TLB flush */
	CHAOS_WAKE,	/* between a condition and the wake-up that tells of it */
	CHAOS_SLEEP,	/* between a task's look at its condition and its leaving the queue */
	CHAOS_IRQ_EXIT, /* at the end of an interrupt */
	NR_CHAOS_POINTS
};

#define CHAOS_POSSIBLE (IS_ENABLED(CONFIG_DEBUG) && !IS_ENABLED(CONFIG_HOST))

extern bool chaos_on; /* [I] the boot word was given */
void __chaos_delay(enum chaos_point point);

/* => any context, any locks held; nothing at all in release builds and without the boot word */
static __always_inline void chaos_delay(enum chaos_point point)
{
	if (CHAOS_POSSIBLE && unlikely(chaos_on))
		__chaos_delay(point);
}

/* => turns of the delay that a draw stands for: 0 for most, at most CHAOS_MAX_TURNS */
unsigned int chaos_turns(u64 draw);
#define CHAOS_MAX_TURNS (1 << 17)

/* => the next draw of a CPU's sequence */
u64 chaos_draw(u64 *state);
/* => where the sequence of a CPU begins */
u64 chaos_start(u64 seed, int cpu);

/* => delays made at a point so far, by all CPUs */
unsigned long chaos_count(enum chaos_point point);

/* => prints the seed and how many delays there were, if there are any: at the end of the machine */
void chaos_report(void);

#endif
