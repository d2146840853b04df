/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer semaphores.
 *
 *	fast: one atomic operation on count, if nobody waits
 *	slow: join the queue under wait_lock; hand_over() gives the lock to the front of the queue
 *
 * A reader that finds it must wait has already counted itself: it takes that back under wait_lock,
 * and since it might just then have kept a writer out, it runs hand_over() after queueing. So each
 * change that can make the lock free is followed by a hand_over(), and no waiter sleeps beside a
 * free lock.
 */
#include "kernel/core/rwsem.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/core/lock_task.h"
#include "kernel/core/sched.h"

struct rwsem_waiter {
	struct list_head list;
	struct task_struct *task; /* [a] NULL: granted */
	bool writer;
};

void __init_rwsem(struct rw_semaphore *sem, const char *name, enum lock_rank rank)
{
	sem->count = 0;
	spin_lock_init(&sem->wait_lock, LOCK_RANK_WAITQ);
	INIT_LIST_HEAD(&sem->waiters);
	sem->owner = NULL;
	sem->debug = (struct lock_debug)LOCK_DEBUG_INIT(name, rank);
}

static long count_add(struct rw_semaphore *sem, long n)
{
	return __atomic_add_fetch(&sem->count, n, __ATOMIC_SEQ_CST);
}

/* => wait_lock held. w has the lock; its stack may vanish once task is NULL. */
static void grant(struct rwsem_waiter *w)
{
	struct task_struct *task = w->task;

	list_del(&w->list);
	get_task_struct(task);
	__atomic_store_n(&w->task, NULL, __ATOMIC_RELEASE);
	wake_up_process(task);
	put_task_struct(task);
}

/* => wait_lock held: a writer at the front gets a free lock, readers at the front one without a
 * writer */
static void hand_over(struct rw_semaphore *sem)
{
	while (!list_empty(&sem->waiters)) {
		struct rwsem_waiter *w = list_first_entry(&sem->waiters, struct rwsem_waiter, list);

		if (w->writer) {
			long free = RWSEM_WAITERS;

			if (!__atomic_compare_exchange_n(&sem->count, &free,
							 RWSEM_WAITERS | RWSEM_WRITER, false,
							 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
				return;
			sem->owner = w->task;
			grant(w);
			break;
		}
		if (__atomic_load_n(&sem->count, __ATOMIC_RELAXED) & RWSEM_WRITER)
			return;
		/* With WAITERS set nobody becomes a writer but through us. */
		count_add(sem, RWSEM_READER);
		grant(w);
	}
	if (list_empty(&sem->waiters))
		__atomic_fetch_and(&sem->count, ~RWSEM_WAITERS, __ATOMIC_SEQ_CST);
}

/* => queued and granted (0) or -EINTR; back: what the fast path added and must take back */
static int wait_for_lock(struct rw_semaphore *sem, bool writer, long back, long state)
{
	struct rwsem_waiter w = {.task = current, .writer = writer};
	int err = 0;

	spin_lock_irq(&sem->wait_lock);
	list_add_tail(&w.list, &sem->waiters);
	__atomic_fetch_or(&sem->count, RWSEM_WAITERS, __ATOMIC_SEQ_CST);
	if (back)
		count_add(sem, -back);
	hand_over(sem);
	for (;;) {
		set_current_state(state);
		if (!__atomic_load_n(&w.task, __ATOMIC_ACQUIRE))
			break;
		if (signal_pending_state(state, current)) {
			list_del(&w.list);
			if (list_empty(&sem->waiters))
				__atomic_fetch_and(&sem->count, ~RWSEM_WAITERS, __ATOMIC_SEQ_CST);
			hand_over(sem); /* readers behind us may go on */
			err = -EINTR;
			break;
		}
		spin_unlock_irq(&sem->wait_lock);
		schedule();
		spin_lock_irq(&sem->wait_lock);
	}
	__set_current_state(TASK_RUNNING);
	spin_unlock_irq(&sem->wait_lock);
	return err;
}

static __always_inline int read_common(struct rw_semaphore *sem, long state, int how)
{
	int err = 0;

	might_sleep();
	lock_task_acquire(&sem->debug, how, __builtin_return_address(0));
	if (unlikely(count_add(sem, RWSEM_READER) & (RWSEM_WRITER | RWSEM_WAITERS)))
		err = wait_for_lock(sem, false, RWSEM_READER, state);
	if (err)
		lock_task_cancel(&sem->debug);
	return err;
}

void down_read(struct rw_semaphore *sem)
{
	read_common(sem, TASK_UNINTERRUPTIBLE, 0);
}

int down_read_killable(struct rw_semaphore *sem)
{
	return read_common(sem, TASK_KILLABLE, 0);
}

bool down_read_trylock(struct rw_semaphore *sem)
{
	long old = __atomic_load_n(&sem->count, __ATOMIC_RELAXED);

	do {
		if (old & (RWSEM_WRITER | RWSEM_WAITERS))
			return false;
	} while (!__atomic_compare_exchange_n(&sem->count, &old, old + RWSEM_READER, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
	lock_task_acquire(&sem->debug, LOCK_TRY | LOCK_READ, __builtin_return_address(0));
	return true;
}

static void wake_waiters(struct rw_semaphore *sem)
{
	unsigned long flags;

	spin_lock_irqsave(&sem->wait_lock, flags);
	hand_over(sem);
	spin_unlock_irqrestore(&sem->wait_lock, flags);
}

void up_read(struct rw_semaphore *sem)
{
	lock_task_release(&sem->debug);
	/* Nobody left and somebody waiting. */
	if (unlikely(count_add(sem, -RWSEM_READER) == RWSEM_WAITERS))
		wake_waiters(sem);
}

static __always_inline int write_common(struct rw_semaphore *sem, long state, int how)
{
	long free = 0;
	int err = 0;

	might_sleep();
	lock_task_acquire(&sem->debug, how, __builtin_return_address(0));
	if (unlikely(!__atomic_compare_exchange_n(&sem->count, &free, RWSEM_WRITER, false,
						  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)))
		err = wait_for_lock(sem, true, 0, state);
	if (err)
		lock_task_cancel(&sem->debug);
	else
		sem->owner = current;
	return err;
}

void down_write(struct rw_semaphore *sem)
{
	write_common(sem, TASK_UNINTERRUPTIBLE, 0);
}

void down_write_nested(struct rw_semaphore *sem, int subclass)
{
	write_common(sem, TASK_UNINTERRUPTIBLE, LOCK_NESTED);
}

int down_write_killable(struct rw_semaphore *sem)
{
	return write_common(sem, TASK_KILLABLE, 0);
}

void up_write(struct rw_semaphore *sem)
{
	VM_BUG_ON(!rwsem_is_write_locked(sem));
	lock_task_release(&sem->debug);
	sem->owner = NULL;
	if (unlikely(count_add(sem, -RWSEM_WRITER) & RWSEM_WAITERS))
		wake_waiters(sem);
}

void downgrade_write(struct rw_semaphore *sem)
{
	sem->owner = NULL;
	if (count_add(sem, RWSEM_READER - RWSEM_WRITER) & RWSEM_WAITERS)
		wake_waiters(sem);
}
