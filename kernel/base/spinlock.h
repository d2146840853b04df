/* SPDX-License-Identifier: MIT */
/*
 * Spinning locks: a byte that says locked, and tickets for those who must wait.
 *
 *	locked:  who turns it from 0 to 1 has the lock     unlock: locked = 0
 *	next:    the ticket the next waiter draws          wait:   me = next++; until serving == me
 *	serving: the first waiter's                                take the byte when it is free; serving++
 *
 * Waiters take the lock in the order they came. On a machine whose CPUs are threads of a host
 * (spin_in_turn false) that would be a trap: the next in turn may not be running, and all others
 * would wait for the host to run it. There the first waiter that sees the lock free takes it.
 *
 * Holding one keeps preemption off (undone before interrupts come back, so that the count is never
 * touched from outside); nobody sleeps under it. The suffixes are Linux's: _irq and
 *_irqsave for locks that interrupt handlers take too, _bh for locks that softirqs take. rwlocks let
 * readers in together; a waiting writer holds new readers back, except those in interrupts (which a
 * reader below may be in).
 *
 * A lock is born with its rank (lock_rank.h). With CONFIG_DEBUG it knows its name, rank and owner,
 * and every acquisition is checked: rank order, taking it twice, unlocking somebody else's, and use
 * in interrupts of a lock that is elsewhere taken with interrupts on.
 */
#ifndef KERNEL_BASE_SPINLOCK_H
#define KERNEL_BASE_SPINLOCK_H

#include "kernel/base/types.h"
#include "kernel/base/bug.h"
#include "kernel/base/chaos.h"
#include "kernel/base/lock_rank.h"
#include "kernel/base/lock_debug.h"
#include "kernel/base/preempt.h"
#include "asm/irqflags.h"

typedef struct {
	u8 locked;  /* [a] */
	u8 serving; /* written by the holder */
	u8 next;    /* [a] */
} __aligned(4) arch_spinlock_t;

typedef struct spinlock {
	arch_spinlock_t raw;
#if CONFIG_DEBUG
	struct lock_debug debug;
#endif
} spinlock_t;

typedef struct {
	u32 word; /* RW_WRITER, RW_WAITING, number of readers */
#if CONFIG_DEBUG
	struct lock_debug debug;
#endif
} rwlock_t;

#if CONFIG_DEBUG
#define __SPIN_LOCK_INITIALIZER(lockname, r)          \
	{                                             \
		.debug = LOCK_DEBUG_INIT(lockname, r) \
	}
#define __lock_debug_of(l) (&(l)->debug)
#else
#define __SPIN_LOCK_INITIALIZER(lockname, r) \
	{                                    \
	}
#define __lock_debug_of(l) NULL
#endif

/* For members of static structures: .lock = SPIN_LOCK_UNLOCKED("zone->lock", LOCK_RANK_ZONE) */
#define SPIN_LOCK_UNLOCKED(lockname, rank) __SPIN_LOCK_INITIALIZER(lockname, rank)
#define RW_LOCK_UNLOCKED(lockname, rank)   __SPIN_LOCK_INITIALIZER(lockname, rank)
#define DEFINE_SPINLOCK(name, rank)	   spinlock_t name = SPIN_LOCK_UNLOCKED(#name, rank)
#define DEFINE_RWLOCK(name, rank)	   rwlock_t name = RW_LOCK_UNLOCKED(#name, rank)

#define spin_lock_init(l, rank)                                       \
	do {                                                          \
		*(l) = (spinlock_t)__SPIN_LOCK_INITIALIZER(#l, rank); \
	} while (0)
#define rwlock_init(l, rank)                                        \
	do {                                                        \
		*(l) = (rwlock_t)__SPIN_LOCK_INITIALIZER(#l, rank); \
	} while (0)

extern bool spin_in_turn; /* [I] waiters are served in order */
void raw_lock_slow(arch_spinlock_t *lock);

static __always_inline void raw_lock(arch_spinlock_t *lock)
{
	if (unlikely(__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)))
		raw_lock_slow(lock);
}

static __always_inline bool raw_is_locked(const arch_spinlock_t *lock)
{
	return __atomic_load_n(&lock->locked, __ATOMIC_RELAXED);
}

static __always_inline bool raw_trylock(arch_spinlock_t *lock)
{
	return !__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE);
}

static __always_inline void raw_unlock(arch_spinlock_t *lock)
{
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

static __always_inline bool spin_is_locked(const spinlock_t *l)
{
	return raw_is_locked(&l->raw);
}

static __always_inline bool spin_is_contended(const spinlock_t *l)
{
	return __atomic_load_n(&l->raw.next, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&l->raw.serving, __ATOMIC_RELAXED);
}

/* => debug builds: stops unless this CPU holds l */
#if CONFIG_DEBUG
#define assert_spin_locked(l)  lock_debug_assert_held(&(l)->debug)
#define assert_write_locked(l) lock_debug_assert_held(&(l)->debug)
#define assert_rw_locked(l)    lock_debug_assert_held(&(l)->debug)
#else
#define assert_spin_locked(l)  ((void)(l))
#define assert_write_locked(l) ((void)(l))
#define assert_rw_locked(l)    ((void)(l))
#endif
#define lockdep_assert_held(l) assert_spin_locked(l)

static __always_inline void __spin_lock(spinlock_t *l, int how)
{
	lock_debug_acquire(__lock_debug_of(l), how);
	raw_lock(&l->raw);
	lock_debug_acquired(__lock_debug_of(l), how);
}

static __always_inline void __spin_unlock(spinlock_t *l)
{
	chaos_delay(CHAOS_LOCKED);
	lock_debug_release(__lock_debug_of(l));
	raw_unlock(&l->raw);
	chaos_delay(CHAOS_UNLOCKED);
}

static __always_inline void spin_lock(spinlock_t *l)
{
	preempt_disable();
	__spin_lock(l, 0);
}

/* => another lock of the same rank is held, taken earlier by a rule the caller knows */
static __always_inline void spin_lock_nested(spinlock_t *l, int subclass)
{
	(void)subclass;
	preempt_disable();
	__spin_lock(l, LOCK_NESTED);
}

static __always_inline void spin_unlock(spinlock_t *l)
{
	__spin_unlock(l);
	preempt_enable();
}

static __always_inline bool spin_trylock(spinlock_t *l)
{
	preempt_disable();
	if (!raw_trylock(&l->raw)) {
		preempt_enable();
		return false;
	}
	lock_debug_acquire(__lock_debug_of(l), LOCK_TRY);
	lock_debug_acquired(__lock_debug_of(l), LOCK_TRY);
	return true;
}

static __always_inline void spin_lock_irq(spinlock_t *l)
{
	local_irq_disable();
	spin_lock(l);
}

static __always_inline void spin_unlock_irq(spinlock_t *l)
{
	__spin_unlock(l);
	preempt_enable();
	local_irq_enable();
}

#define spin_lock_irqsave(l, flags)    \
	do {                           \
		local_irq_save(flags); \
		spin_lock(l);          \
	} while (0)
#define spin_lock_irqsave_nested(l, flags, subclass) \
	do {                                         \
		local_irq_save(flags);               \
		spin_lock_nested(l, subclass);       \
	} while (0)
#define spin_unlock_irqrestore(l, flags)  \
	do {                              \
		__spin_unlock(l);         \
		preempt_enable();         \
		local_irq_restore(flags); \
	} while (0)
#define spin_trylock_irqsave(l, flags)            \
	({                                        \
		local_irq_save(flags);            \
		bool __got = spin_trylock(l);     \
		if (!__got)                       \
			local_irq_restore(flags); \
		__got;                            \
	})

static __always_inline void spin_lock_bh(spinlock_t *l)
{
	local_bh_disable();
	spin_lock(l);
}

static __always_inline void spin_unlock_bh(spinlock_t *l)
{
	spin_unlock(l);
	local_bh_enable();
}

/* The bodies of rwlocks are in spinlock.c; preemption is handled here. */
void __read_lock(rwlock_t *l);
bool __read_trylock(rwlock_t *l);
void __read_unlock(rwlock_t *l);
void __write_lock(rwlock_t *l);
bool __write_trylock(rwlock_t *l);
void __write_unlock(rwlock_t *l);

static inline void read_lock(rwlock_t *l)
{
	preempt_disable();
	__read_lock(l);
}

static inline void read_unlock(rwlock_t *l)
{
	__read_unlock(l);
	preempt_enable();
}

static inline bool read_trylock(rwlock_t *l)
{
	preempt_disable();
	if (__read_trylock(l))
		return true;
	preempt_enable();
	return false;
}

static inline void write_lock(rwlock_t *l)
{
	preempt_disable();
	__write_lock(l);
}

static inline void write_unlock(rwlock_t *l)
{
	__write_unlock(l);
	preempt_enable();
}

static inline bool write_trylock(rwlock_t *l)
{
	preempt_disable();
	if (__write_trylock(l))
		return true;
	preempt_enable();
	return false;
}

static inline void read_lock_irq(rwlock_t *l)
{
	local_irq_disable();
	read_lock(l);
}

static inline void read_unlock_irq(rwlock_t *l)
{
	__read_unlock(l);
	preempt_enable();
	local_irq_enable();
}

static inline void write_lock_irq(rwlock_t *l)
{
	local_irq_disable();
	write_lock(l);
}

static inline void write_unlock_irq(rwlock_t *l)
{
	__write_unlock(l);
	preempt_enable();
	local_irq_enable();
}

#define read_lock_irqsave(l, flags)    \
	do {                           \
		local_irq_save(flags); \
		read_lock(l);          \
	} while (0)
#define read_unlock_irqrestore(l, flags)  \
	do {                              \
		__read_unlock(l);         \
		preempt_enable();         \
		local_irq_restore(flags); \
	} while (0)
#define write_lock_irqsave(l, flags)   \
	do {                           \
		local_irq_save(flags); \
		write_lock(l);         \
	} while (0)
#define write_unlock_irqrestore(l, flags) \
	do {                              \
		__write_unlock(l);        \
		preempt_enable();         \
		local_irq_restore(flags); \
	} while (0)

#endif
