/* SPDX-License-Identifier: MIT */
/*
 * Sleeping reader-writer locks (mmap_sem and its like).
 *
 *	count = 4 * readers + 2 * "somebody waits" + 1 * "a writer holds it"
 *
 * Waiters stand in one queue. As soon as one stands there, new readers queue behind it, so writers
 * are not starved; when the lock comes free, the first waiter gets it, and with a reader all readers
 * next in line.
 *
 * => process context only; trylocks anywhere but in interrupts
 */
#ifndef KERNEL_CORE_RWSEM_H
#define KERNEL_CORE_RWSEM_H

#include "kernel/base/atomic.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"

#define RWSEM_WRITER  1L
#define RWSEM_WAITERS 2L
#define RWSEM_READER  4L

struct rw_semaphore {
	long count; /* [a]; RWSEM_WAITERS only changes under wait_lock */
	spinlock_t wait_lock;
	struct list_head waiters;  /* [wait_lock] */
	struct task_struct *owner; /* the writer, for debugging */
	struct lock_debug debug;
};

#define __RWSEM_INITIALIZER(lockname, rank)                                               \
	{                                                                                 \
		.wait_lock = SPIN_LOCK_UNLOCKED(#lockname ".wait_lock", LOCK_RANK_WAITQ), \
		.waiters = LIST_HEAD_INIT((lockname).waiters),                            \
		.debug = LOCK_DEBUG_INIT(#lockname, rank)                                 \
	}
#define DECLARE_RWSEM(name, rank) struct rw_semaphore name = __RWSEM_INITIALIZER(name, rank)

void __init_rwsem(struct rw_semaphore *sem, const char *name, enum lock_rank rank);
#define init_rwsem(sem, rank) __init_rwsem((sem), #sem, (rank))

void down_read(struct rw_semaphore *sem);
/* => 0 or -EINTR with a fatal signal pending */
int __must_check down_read_killable(struct rw_semaphore *sem);
bool down_read_trylock(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void down_write_nested(struct rw_semaphore *sem, int subclass);
int __must_check down_write_killable(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);
/* => the writer becomes a reader, without a gap */
void downgrade_write(struct rw_semaphore *sem);

static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return (READ_ONCE(sem->count) & ~RWSEM_WAITERS) != 0;
}

static inline bool rwsem_is_write_locked(const struct rw_semaphore *sem)
{
	return (READ_ONCE(sem->count) & RWSEM_WRITER) != 0;
}

static inline bool rwsem_is_contended(const struct rw_semaphore *sem)
{
	return (READ_ONCE(sem->count) & RWSEM_WAITERS) != 0;
}

#endif
