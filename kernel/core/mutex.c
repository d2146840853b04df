/* SPDX-License-Identifier: MIT */
/*
 * Mutexes with hand-over: the one who unlocks makes the first waiter the owner and wakes it.
 *
 * The bit in `owner` says that unlocking must look at the queue. It is set and cleared only under
 * wait_lock, while the owner part changes under it as soon as somebody waits; without waiters both
 * fast paths are one compare-and-exchange of the whole word.
 */
#include "kernel/core/mutex.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/core/lock_task.h"
#include "kernel/core/sched.h"

#define MUTEX_WAITERS 1UL

struct mutex_waiter {
	struct list_head list;
	struct task_struct *task;
	bool granted; /* [a] written under wait_lock */
};

void __mutex_init(struct mutex *lock, const char *name, enum lock_rank rank)
{
	lock->owner = 0;
	spin_lock_init(&lock->wait_lock, LOCK_RANK_WAITQ);
	INIT_LIST_HEAD(&lock->waiters);
	lock->debug = (struct lock_debug)LOCK_DEBUG_INIT(name, rank);
}

static bool owner_cmpxchg(struct mutex *lock, unsigned long old, unsigned long new, int order)
{
	return __atomic_compare_exchange_n(&lock->owner, &old, new, false, order, __ATOMIC_RELAXED);
}

/* => wait_lock held: queues us, or takes the lock if it has come free meanwhile (true) */
static bool queue_or_take(struct mutex *lock, struct mutex_waiter *w)
{
	unsigned long old = __atomic_fetch_or(&lock->owner, MUTEX_WAITERS, __ATOMIC_ACQUIRE);

	list_add_tail(&w->list, &lock->waiters);
	if (old != 0) /* owned, or on its way to an earlier waiter */
		return false;
	list_del(&w->list);
	__atomic_store_n(&lock->owner, (unsigned long)current, __ATOMIC_RELAXED);
	return true;
}

/* => wait_lock held: the waiter leaves without the lock */
static void leave_queue(struct mutex *lock, struct mutex_waiter *w)
{
	list_del(&w->list);
	if (list_empty(&lock->waiters))
		__atomic_fetch_and(&lock->owner, ~MUTEX_WAITERS, __ATOMIC_RELAXED);
}

static int lock_slow(struct mutex *lock, long state)
{
	struct mutex_waiter w = {.task = current};
	int err = 0;

	spin_lock_irq(&lock->wait_lock);
	if (queue_or_take(lock, &w)) {
		spin_unlock_irq(&lock->wait_lock);
		return 0;
	}
	for (;;) {
		set_current_state(state);
		if (w.granted)
			break;
		if (signal_pending_state(state, current)) {
			leave_queue(lock, &w);
			err = -EINTR;
			break;
		}
		spin_unlock_irq(&lock->wait_lock);
		schedule();
		spin_lock_irq(&lock->wait_lock);
	}
	__set_current_state(TASK_RUNNING);
	spin_unlock_irq(&lock->wait_lock);
	return err;
}

static __always_inline int lock_common(struct mutex *lock, long state, int how)
{
	int err = 0;

	might_sleep();
	lock_task_acquire(&lock->debug, how, __builtin_return_address(0));
	if (!owner_cmpxchg(lock, 0, (unsigned long)current, __ATOMIC_ACQUIRE))
		err = lock_slow(lock, state);
	if (err)
		lock_task_cancel(&lock->debug);
	return err;
}

void mutex_lock(struct mutex *lock)
{
	lock_common(lock, TASK_UNINTERRUPTIBLE, 0);
}

void mutex_lock_nested(struct mutex *lock, int subclass)
{
	lock_common(lock, TASK_UNINTERRUPTIBLE, LOCK_NESTED);
}

int mutex_lock_interruptible(struct mutex *lock)
{
	return lock_common(lock, TASK_INTERRUPTIBLE, 0);
}

int mutex_lock_killable(struct mutex *lock)
{
	return lock_common(lock, TASK_KILLABLE, 0);
}

bool mutex_trylock(struct mutex *lock)
{
	if (!owner_cmpxchg(lock, 0, (unsigned long)current, __ATOMIC_ACQUIRE))
		return false;
	lock_task_acquire(&lock->debug, LOCK_TRY, __builtin_return_address(0));
	return true;
}

void mutex_unlock(struct mutex *lock)
{
	struct task_struct *task = NULL;
	struct mutex_waiter *w;
	unsigned long flags;

	lock_task_release(&lock->debug);
	VM_BUG_ON((lock->owner & ~MUTEX_WAITERS) != (unsigned long)current);
	if (owner_cmpxchg(lock, (unsigned long)current, 0, __ATOMIC_RELEASE))
		return;
	spin_lock_irqsave(&lock->wait_lock, flags);
	if (list_empty(&lock->waiters)) { /* the last one gave up */
		__atomic_store_n(&lock->owner, 0, __ATOMIC_RELEASE);
	} else {
		w = list_first_entry(&lock->waiters, struct mutex_waiter, list);
		list_del(&w->list);
		task = w->task;
		get_task_struct(task); /* it may go on and end as soon as it is granted */
		__atomic_store_n(&lock->owner,
				 (unsigned long)task |
					 (list_empty(&lock->waiters) ? 0 : MUTEX_WAITERS),
				 __ATOMIC_RELEASE);
		w->granted = true;
	}
	spin_unlock_irqrestore(&lock->wait_lock, flags);
	if (task) {
		wake_up_process(task);
		put_task_struct(task);
	}
}
