/* SPDX-License-Identifier: MIT */
/*
 * The parts of spinning locks that are not worth inlining: waiting, and all of the rwlocks.
 *
 *	rwlock word:  bit 31 a writer holds it | bit 30 a writer waits | number of readers
 *
 * A waiting writer keeps new readers out, so it gets its turn when the present ones leave. A reader
 * in an interrupt is let in nevertheless: it may have interrupted a reader, whose end the writer
 * waits for.
 */
#include "kernel/base/spinlock.h"
#include "kernel/base/printk.h"
#include "asm/barrier.h"

DEFINE_PER_CPU(unsigned int, __preempt_count);

#define RW_WRITER  (1U << 31)
#define RW_WAITING (1U << 30)

#define LOCKUP_NS 30000000000UL /* nobody spins for 30 s but in a dead lock */

/* Counts turns of a waiting loop and speaks up after LOCKUP_NS. */
static void spin_turn(unsigned long *turns, u64 *since, const void *lock)
{
	cpu_relax();
	if (++*turns & 0xffff || panic_in_progress)
		return;
	if (!*since)
		*since = printk_clock();
	else if (printk_clock() - *since > LOCKUP_NS)
		panic("CPU %d waits for spinlock %pS (%p) for 30 s", smp_processor_id(), lock,
		      lock);
}

bool spin_in_turn;

/* The ticket is drawn in any case: spin_is_contended() counts by it. */
noinline void raw_lock_slow(arch_spinlock_t *lock)
{
	u8 me = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	unsigned long turns = 0;
	u64 since = 0;

	for (;;) {
		bool my_turn = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED) == me;

		if ((my_turn || !spin_in_turn) && !raw_is_locked(lock) && raw_trylock(lock))
			break;
		spin_turn(&turns, &since, lock);
	}
	__atomic_store_n(&lock->serving, (u8)(lock->serving + 1), __ATOMIC_RELAXED);
}

static bool reader_may_enter(u32 word)
{
	return !(word & RW_WRITER) && (!(word & RW_WAITING) || in_interrupt());
}

bool __read_trylock(rwlock_t *l)
{
	u32 old = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

	do {
		if (!reader_may_enter(old))
			return false;
	} while (!__atomic_compare_exchange_n(&l->word, &old, old + 1, false, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	lock_debug_acquire(__lock_debug_of(l), LOCK_TRY | LOCK_READ);
	lock_debug_acquired(__lock_debug_of(l), LOCK_TRY | LOCK_READ);
	return true;
}

void __read_lock(rwlock_t *l)
{
	unsigned long turns = 0;
	u64 since = 0;
	u32 old;

	lock_debug_acquire(__lock_debug_of(l), LOCK_READ);
	for (;;) {
		old = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
		if (reader_may_enter(old) &&
		    __atomic_compare_exchange_n(&l->word, &old, old + 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			break;
		spin_turn(&turns, &since, l);
	}
	lock_debug_acquired(__lock_debug_of(l), LOCK_READ);
}

void __read_unlock(rwlock_t *l)
{
	chaos_delay(CHAOS_LOCKED);
	lock_debug_release(__lock_debug_of(l));
	__atomic_fetch_sub(&l->word, 1, __ATOMIC_RELEASE);
	chaos_delay(CHAOS_UNLOCKED);
}

bool __write_trylock(rwlock_t *l)
{
	u32 old = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

	if ((old & ~RW_WAITING) ||
	    !__atomic_compare_exchange_n(&l->word, &old, old | RW_WRITER, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	lock_debug_acquire(__lock_debug_of(l), LOCK_TRY);
	lock_debug_acquired(__lock_debug_of(l), LOCK_TRY);
	return true;
}

void __write_lock(rwlock_t *l)
{
	unsigned long turns = 0;
	u64 since = 0;
	u32 old;

	lock_debug_acquire(__lock_debug_of(l), 0);
	for (;;) {
		old = __atomic_load_n(&l->word, __ATOMIC_RELAXED);
		if (!(old & ~RW_WAITING)) { /* ours; others that wait say so again */
			if (__atomic_compare_exchange_n(&l->word, &old, RW_WRITER, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
				break;
		} else if (!(old & RW_WAITING)) {
			__atomic_fetch_or(&l->word, RW_WAITING, __ATOMIC_RELAXED);
		}
		spin_turn(&turns, &since, l);
	}
	lock_debug_acquired(__lock_debug_of(l), 0);
}

void __write_unlock(rwlock_t *l)
{
	chaos_delay(CHAOS_LOCKED);
	lock_debug_release(__lock_debug_of(l));
	__atomic_fetch_and(&l->word, ~RW_WRITER, __ATOMIC_RELEASE);
	chaos_delay(CHAOS_UNLOCKED);
}
