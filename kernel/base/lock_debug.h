/* SPDX-License-Identifier: MIT */
/*
 * What a lock knows about itself in debug builds, and the checks made of it.
 *
 * Each CPU keeps the spinning locks it holds, in the order taken, for task, softirq and hardirq
 * context apart: an interrupt may take any lock that is not held by what it interrupted. In release
 * builds every function here is empty.
 */
#ifndef KERNEL_BASE_LOCK_DEBUG_H
#define KERNEL_BASE_LOCK_DEBUG_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"
#include "kernel/base/lock_rank.h"

#define LOCK_TRY    1 /* cannot wait: no order to check */
#define LOCK_NESTED 2 /* one of the same rank may be held */
#define LOCK_READ   4 /* shared */

struct lock_debug {
	const char *name;
	s16 owner; /* CPU + 1 of the exclusive holder; 0: free or shared */
	u8 rank;
	u8 usage;     /* LOCK_USED_*: in which contexts it was ever taken */
	void *caller; /* where it was last taken */
};

#define LOCK_DEBUG_INIT(n, r)            \
	{                                \
		.name = (n), .rank = (r) \
	}

extern const char *const lock_rank_names[NR_LOCK_RANKS];

#if CONFIG_DEBUG
void lock_debug_acquire(struct lock_debug *d, int how);
void lock_debug_acquired(struct lock_debug *d, int how);
void lock_debug_release(struct lock_debug *d);
void lock_debug_assert_held(struct lock_debug *d);
/* => stops with the names of all spinning locks this CPU holds, if any: called before sleeping */
void lock_debug_assert_none_held(const char *why);
/* => prints what this CPU holds */
void lock_debug_show_held(void);
#else
static inline void lock_debug_acquire(struct lock_debug *d, int how)
{
	(void)d;
	(void)how;
}
static inline void lock_debug_acquired(struct lock_debug *d, int how)
{
	(void)d;
	(void)how;
}
static inline void lock_debug_release(struct lock_debug *d)
{
	(void)d;
}
static inline void lock_debug_assert_none_held(const char *why)
{
	(void)why;
}
static inline void lock_debug_show_held(void)
{
}
#endif

#endif
