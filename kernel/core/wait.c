/* SPDX-License-Identifier: MIT */
/*
 * Wait queues and completions.
 *
 * Exclusive waiters stand behind the others, so one walk from the front wakes all non-exclusive
 * ones and then as many exclusive ones as asked. An entry that wakes its task leaves the queue by
 * itself (autoremove), and finish_wait() then need not take the lock.
 */
#include "kernel/core/wait.h"
#include "kernel/base/errno.h"
#include "kernel/core/completion.h"
#include "kernel/core/sched.h"

static_assert(__WAKE_NORMAL == TASK_NORMAL, "wait.h");
static_assert(__WAKE_INTERRUPTIBLE == TASK_INTERRUPTIBLE && TASK_UNINTERRUPTIBLE == 2, "wait.h");
static_assert(TASK_KILLABLE == 130, "wait.h");

int default_wake_function(wait_queue_t *wait, unsigned int state, int flags, void *key)
{
	return try_to_wake_up(wait->private, state, flags);
}

int autoremove_wake_function(wait_queue_t *wait, unsigned int state, int flags, void *key)
{
	int woken = try_to_wake_up(wait->private, state, flags);

	if (woken)
		list_del_init(&wait->task_list);
	return woken;
}

void add_wait_queue(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	wait->flags &= ~WQ_FLAG_EXCLUSIVE;
	spin_lock_irqsave(&q->lock, flags);
	list_add(&wait->task_list, &q->task_list);
	spin_unlock_irqrestore(&q->lock, flags);
}

void remove_wait_queue(wait_queue_head_t *q, wait_queue_t *wait)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	list_del_init(&wait->task_list);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* => q->lock held */
static void queue_and_set_state(wait_queue_head_t *q, wait_queue_t *wait, long state,
				bool exclusive)
{
	if (list_empty(&wait->task_list)) {
		if (exclusive)
			list_add_tail(&wait->task_list, &q->task_list);
		else
			list_add(&wait->task_list, &q->task_list);
	}
	if (exclusive)
		wait->flags |= WQ_FLAG_EXCLUSIVE;
	else
		wait->flags &= ~WQ_FLAG_EXCLUSIVE;
	set_current_state(state);
}

void prepare_to_wait(wait_queue_head_t *q, wait_queue_t *wait, long state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	queue_and_set_state(q, wait, state, false);
	spin_unlock_irqrestore(&q->lock, flags);
}

void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_queue_t *wait, long state)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	queue_and_set_state(q, wait, state, true);
	spin_unlock_irqrestore(&q->lock, flags);
}

int prepare_to_wait_event(wait_queue_head_t *q, wait_queue_t *wait, long state, bool exclusive)
{
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&q->lock, flags);
	if (signal_pending_state(state, current)) {
		/* Leave first: an exclusive wake-up from now on must go to somebody else. */
		list_del_init(&wait->task_list);
		err = -ERESTARTSYS;
	} else {
		queue_and_set_state(q, wait, state, exclusive);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	return err;
}

void finish_wait(wait_queue_head_t *q, wait_queue_t *wait)
{
	__set_current_state(TASK_RUNNING);
	/* Off the queue: the waker still held the lock when it unlinked us, so it may not be done
	 * with us. */
	if (!list_empty(&wait->task_list) || spin_is_locked(&q->lock))
		remove_wait_queue(q, wait);
}

void __wake_up_locked(wait_queue_head_t *q, unsigned int state, int nr_exclusive, void *key)
{
	wait_queue_t *wait, *next;

	list_for_each_entry_safe (wait, next, &q->task_list, task_list) {
		bool exclusive = wait->flags & WQ_FLAG_EXCLUSIVE;

		if (wait->func(wait, state, 0, key) && exclusive && --nr_exclusive == 0)
			break;
	}
}

void __wake_up(wait_queue_head_t *q, unsigned int state, int nr_exclusive, void *key)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	__wake_up_locked(q, state, nr_exclusive, key);
	spin_unlock_irqrestore(&q->lock, flags);
}

/* ---- Completions ----------------------------------------------------------------------------- */

#define DONE_FOR_EVER (~0U / 2)

static void complete_nr(struct completion *x, unsigned int done, int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&x->wait.lock, flags);
	if (x->done < DONE_FOR_EVER)
		x->done += done;
	__wake_up_locked(&x->wait, TASK_NORMAL, nr, NULL);
	spin_unlock_irqrestore(&x->wait.lock, flags);
}

void complete(struct completion *x)
{
	complete_nr(x, 1, 1);
}

void complete_all(struct completion *x)
{
	complete_nr(x, DONE_FOR_EVER, 0);
}

/*
 * The lock is held from the test of `done` to the queueing, and taken again before returning: so
 * complete() has let go of x when the waiter goes on, and x may be freed.
 */
static long wait_common(struct completion *x, long timeout, long state)
{
	DEFINE_WAIT(wait);
	long err = 0;

	might_sleep();
	spin_lock_irq(&x->wait.lock);
	while (!x->done && timeout) {
		if (signal_pending_state(state, current)) {
			err = -ERESTARTSYS;
			break;
		}
		queue_and_set_state(&x->wait, &wait, state, true);
		spin_unlock_irq(&x->wait.lock);
		timeout = schedule_timeout(timeout);
		spin_lock_irq(&x->wait.lock);
	}
	__set_current_state(TASK_RUNNING);
	list_del_init(&wait.task_list);
	if (x->done && !err) {
		if (x->done < DONE_FOR_EVER)
			x->done--;
		if (!timeout)
			timeout = 1;
	}
	spin_unlock_irq(&x->wait.lock);
	return err ? err : timeout;
}

void wait_for_completion(struct completion *x)
{
	wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_UNINTERRUPTIBLE);
}

int wait_for_completion_killable(struct completion *x)
{
	long ret = wait_common(x, MAX_SCHEDULE_TIMEOUT, TASK_KILLABLE);

	return ret < 0 ? (int)ret : 0;
}

unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout)
{
	return (unsigned long)wait_common(x, (long)timeout, TASK_UNINTERRUPTIBLE);
}

bool try_wait_for_completion(struct completion *x)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done != 0;
	if (done && x->done < DONE_FOR_EVER)
		x->done--;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}

bool completion_done(struct completion *x)
{
	unsigned long flags;
	bool done;

	spin_lock_irqsave(&x->wait.lock, flags);
	done = x->done != 0;
	spin_unlock_irqrestore(&x->wait.lock, flags);
	return done;
}
