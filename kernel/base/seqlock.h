/* SPDX-License-Identifier: MIT */
/*
 * Readers that never block a writer: they read, and read again if a writer was there.
 *
 *	do { seq = read_seqbegin(&sl); copy the data; } while (read_seqretry(&sl, seq));
 *
 * The count is odd while a writer is inside. seqcount_t leaves the writers' lock to the user.
 */
#ifndef KERNEL_BASE_SEQLOCK_H
#define KERNEL_BASE_SEQLOCK_H

#include "kernel/base/spinlock.h"
#include "asm/barrier.h"

typedef struct {
	unsigned int sequence;
} seqcount_t;

typedef struct {
	seqcount_t seqcount;
	spinlock_t lock;
} seqlock_t;

#define SEQCNT_ZERO \
	{           \
		0   \
	}
#define DEFINE_SEQLOCK(name, rank) seqlock_t name = {.lock = SPIN_LOCK_UNLOCKED(#name, rank)}

static inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	unsigned int seq;

	while ((seq = __atomic_load_n(&s->sequence, __ATOMIC_ACQUIRE)) & 1)
		cpu_relax();
	return seq;
}

static inline bool read_seqcount_retry(const seqcount_t *s, unsigned int start)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return unlikely(__atomic_load_n(&s->sequence, __ATOMIC_RELAXED) != start);
}

static inline void write_seqcount_begin(seqcount_t *s)
{
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void write_seqcount_end(seqcount_t *s)
{
	__atomic_store_n(&s->sequence, s->sequence + 1, __ATOMIC_RELEASE);
}

static inline unsigned int read_seqbegin(const seqlock_t *sl)
{
	return read_seqcount_begin(&sl->seqcount);
}

static inline bool read_seqretry(const seqlock_t *sl, unsigned int start)
{
	return read_seqcount_retry(&sl->seqcount, start);
}

static inline void write_seqlock(seqlock_t *sl)
{
	spin_lock(&sl->lock);
	write_seqcount_begin(&sl->seqcount);
}

static inline void write_sequnlock(seqlock_t *sl)
{
	write_seqcount_end(&sl->seqcount);
	spin_unlock(&sl->lock);
}

#define write_seqlock_irqsave(sl, flags)               \
	do {                                           \
		spin_lock_irqsave(&(sl)->lock, flags); \
		write_seqcount_begin(&(sl)->seqcount); \
	} while (0)
#define write_sequnlock_irqrestore(sl, flags)               \
	do {                                                \
		write_seqcount_end(&(sl)->seqcount);        \
		spin_unlock_irqrestore(&(sl)->lock, flags); \
	} while (0)

#endif
