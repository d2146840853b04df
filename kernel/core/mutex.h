/* SPDX-License-Identifier: MIT */
/*
 * Mutexes: sleeping locks with one holder, first come first served.
 *
 *	owner = task | 1: "somebody waits"        free and nobody waiting: 0
 *
 * The uncontended case is one compare-and-exchange each way. Unlocking with waiters hands the lock
 * to the first of them, so nobody can be overtaken.
 *
 * => process context only; the holder unlocks; not recursive; the rank is checked in debug builds
 */
#ifndef KERNEL_CORE_MUTEX_H
#define KERNEL_CORE_MUTEX_H

#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"

struct mutex {
	unsigned long owner; /* [a] */
	spinlock_t wait_lock;
	struct list_head waiters; /* [wait_lock] struct mutex_waiter */
	struct lock_debug debug;
};

#define __MUTEX_INITIALIZER(lockname, rank)                                               \
	{                                                                                 \
		.wait_lock = SPIN_LOCK_UNLOCKED(#lockname ".wait_lock", LOCK_RANK_WAITQ), \
		.waiters = LIST_HEAD_INIT((lockname).waiters),                            \
		.debug = LOCK_DEBUG_INIT(#lockname, rank)                                 \
	}
#define DEFINE_MUTEX(name, rank) struct mutex name = __MUTEX_INITIALIZER(name, rank)

void __mutex_init(struct mutex *lock, const char *name, enum lock_rank rank);
#define mutex_init(lock, rank) __mutex_init((lock), #lock, (rank))

void mutex_lock(struct mutex *lock);
/* => another mutex of this rank is held, in an order the caller knows */
void mutex_lock_nested(struct mutex *lock, int subclass);
/* => 0, or -EINTR if a signal (a fatal one) is pending */
int __must_check mutex_lock_interruptible(struct mutex *lock);
int __must_check mutex_lock_killable(struct mutex *lock);
bool mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);

static inline bool mutex_is_locked(const struct mutex *lock)
{
	return (READ_ONCE(lock->owner) & ~1UL) != 0;
}

#endif
