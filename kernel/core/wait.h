/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: sleeping until somebody says that something has changed.
 *
 *	sleeper:  prepare_to_wait(queue, state)     waker:  make the condition true
 *	          condition true? -> no sleep               wake_up(queue): state = RUNNING
 *	          schedule()
 *	          finish_wait()
 *
 * The state is set before the condition is looked at, and the waker changes them in the other
 * order, each with a full barrier between: a wake-up can come early, never be lost. Every sleep
 * therefore is a loop, which the wait_event macros write out.
 *
 * A bit wait queue needs no queue in the object: waiters for bit `bit` of `word` hash to one of 256
 * common queues; page locks work this way.
 *
 * Locks: wait_queue_head_t.lock guards the list (rank WAITQ, interrupts off). wake_up* in any
 * context.
 */
#ifndef KERNEL_CORE_WAIT_H
#define KERNEL_CORE_WAIT_H

#include "asm/barrier.h"
#include "kernel/base/atomic.h"
#include "kernel/base/bitops.h"
#include "kernel/base/list.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/types.h"
#include "asm/percpu.h"

struct task_struct;
typedef struct __wait_queue wait_queue_t;

/* => returns 1 if it woke a task, 0 if not; called with the queue's lock held */
typedef int (*wait_queue_func_t)(wait_queue_t *wait, unsigned int state, int flags, void *key);

#define WQ_FLAG_EXCLUSIVE 1 /* wake_up stops after one of these */

struct __wait_queue {
	unsigned int flags;
	void *private; /* the task */
	wait_queue_func_t func;
	struct list_head task_list; /* [head->lock] */
};

typedef struct wait_queue_head {
	spinlock_t lock;
	struct list_head task_list;
} wait_queue_head_t;

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)                                 \
	{                                                                   \
		.lock = SPIN_LOCK_UNLOCKED(#name ".lock", LOCK_RANK_WAITQ), \
		.task_list = LIST_HEAD_INIT((name).task_list)               \
	}
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)

#define init_waitqueue_head(q)                               \
	do {                                                 \
		spin_lock_init(&(q)->lock, LOCK_RANK_WAITQ); \
		INIT_LIST_HEAD(&(q)->task_list);             \
	} while (0)

int default_wake_function(wait_queue_t *wait, unsigned int state, int flags, void *key);
/* => as above, and leaves the queue: what DEFINE_WAIT uses */
int autoremove_wake_function(wait_queue_t *wait, unsigned int state, int flags, void *key);

#define DEFINE_WAIT_FUNC(name, function)         \
	wait_queue_t name = {.private = current, \
			     .func = (function), \
			     .task_list = LIST_HEAD_INIT((name).task_list)}
#define DEFINE_WAIT(name) DEFINE_WAIT_FUNC(name, autoremove_wake_function)
#define DECLARE_WAITQUEUE(name, tsk)                        \
	wait_queue_t name = {.private = (tsk),              \
			     .func = default_wake_function, \
			     .task_list = LIST_HEAD_INIT((name).task_list)}

static inline void init_waitqueue_func_entry(wait_queue_t *wait, wait_queue_func_t func)
{
	wait->flags = 0;
	wait->private = NULL;
	wait->func = func;
	INIT_LIST_HEAD(&wait->task_list);
}

/*
 * => true if somebody waits. Without the lock this is only a hint: the caller must have a full
 * barrier between changing the condition and asking.
 */
static inline bool waitqueue_active(wait_queue_head_t *q)
{
	return !list_empty(&q->task_list);
}

void add_wait_queue(wait_queue_head_t *q, wait_queue_t *wait);
void remove_wait_queue(wait_queue_head_t *q, wait_queue_t *wait);

/* => on the queue (once) with current's state set; look at the condition after it, then schedule()
 */
void prepare_to_wait(wait_queue_head_t *q, wait_queue_t *wait, long state);
void prepare_to_wait_exclusive(wait_queue_head_t *q, wait_queue_t *wait, long state);
/* => 0, or -ERESTARTSYS and off the queue if a signal ends waits of this state */
int prepare_to_wait_event(wait_queue_head_t *q, wait_queue_t *wait, long state, bool exclusive);
/* => running again and off the queue */
void finish_wait(wait_queue_head_t *q, wait_queue_t *wait);

/* => wakes tasks sleeping in one of the states: all non-exclusive ones and nr exclusive ones (0:
 * all) */
void __wake_up(wait_queue_head_t *q, unsigned int state, int nr_exclusive, void *key);
/* => the same with q->lock held */
void __wake_up_locked(wait_queue_head_t *q, unsigned int state, int nr_exclusive, void *key);

/* Values of TASK_NORMAL and TASK_INTERRUPTIBLE, which task.h defines and checks. */
#define __WAKE_NORMAL	     3
#define __WAKE_INTERRUPTIBLE 1

#define wake_up(q)			__wake_up((q), __WAKE_NORMAL, 1, NULL)
#define wake_up_nr(q, nr)		__wake_up((q), __WAKE_NORMAL, (nr), NULL)
#define wake_up_all(q)			__wake_up((q), __WAKE_NORMAL, 0, NULL)
#define wake_up_interruptible(q)	__wake_up((q), __WAKE_INTERRUPTIBLE, 1, NULL)
#define wake_up_interruptible_nr(q, nr) __wake_up((q), __WAKE_INTERRUPTIBLE, (nr), NULL)
#define wake_up_interruptible_all(q)	__wake_up((q), __WAKE_INTERRUPTIBLE, 0, NULL)
#define wake_up_locked(q)		__wake_up_locked((q), __WAKE_NORMAL, 1, NULL)
#define wake_up_all_locked(q)		__wake_up_locked((q), __WAKE_NORMAL, 0, NULL)
#define wake_up_poll(q, key)		__wake_up((q), __WAKE_NORMAL, 1, (void *)(unsigned long)(key))

/* kernel/core/sched.h; named here so that the macros stand alone. */
void schedule(void);
long schedule_timeout(long timeout);
#if CONFIG_DEBUG
void __might_sleep(const char *file, int line);
#define might_sleep() __might_sleep(__FILE__, __LINE__)
#else
#define might_sleep() ((void)0)
#endif

#define ___wait_event(wq, condition, state, exclusive, cmd)                                  \
	({                                                                                   \
		int __err = 0;                                                               \
		DEFINE_WAIT(__wait);                                                         \
		for (;;) {                                                                   \
			__err = prepare_to_wait_event(&(wq), &__wait, (state), (exclusive)); \
			if (condition) {                                                     \
				__err = 0;                                                   \
				break;                                                       \
			}                                                                    \
			if (__err)                                                           \
				break;                                                       \
			cmd;                                                                 \
		}                                                                            \
		finish_wait(&(wq), &__wait);                                                 \
		__err;                                                                       \
	})

#define __wait_event_state(wq, condition, state)                                        \
	({                                                                              \
		int __ret = 0;                                                          \
		might_sleep();                                                          \
		if (!(condition))                                                       \
			__ret = ___wait_event(wq, condition, state, false, schedule()); \
		__ret;                                                                  \
	})

/* => remaining ticks, at least 1 if the condition came true; 0 on time-out; -ERESTARTSYS */
#define __wait_event_state_timeout(wq, condition, state, timeout)                       \
	({                                                                              \
		long __left = (timeout);                                                \
		int __ret = 0;                                                          \
		might_sleep();                                                          \
		if (!(condition))                                                       \
			__ret = ___wait_event(wq, (condition) || !__left, state, false, \
					      __left = schedule_timeout(__left));       \
		__ret ? (long)__ret : __left ? __left : (condition) ? 1L : 0L;          \
	})

#define wait_event(wq, condition) ((void)__wait_event_state(wq, condition, 2))
/* => 0, or -ERESTARTSYS if a (fatal) signal came first */
#define wait_event_interruptible(wq, condition) __wait_event_state(wq, condition, 1)
#define wait_event_killable(wq, condition)	__wait_event_state(wq, condition, 130)
#define wait_event_timeout(wq, condition, timeout) \
	__wait_event_state_timeout(wq, condition, 2, timeout)
#define wait_event_interruptible_timeout(wq, condition, timeout) \
	__wait_event_state_timeout(wq, condition, 1, timeout)
#define wait_event_killable_timeout(wq, condition, timeout) \
	__wait_event_state_timeout(wq, condition, 130, timeout)
#define wait_event_interruptible_exclusive(wq, condition)                          \
	({                                                                         \
		int __ret = 0;                                                     \
		if (!(condition))                                                  \
			__ret = ___wait_event(wq, condition, 1, true, schedule()); \
		__ret;                                                             \
	})

/*
 * Bits. => 0 when the bit is clear (wait_on_bit) or ours (wait_on_bit_lock); -EINTR if state lets a
 * signal end the wait; wait_on_bit_timeout also -EAGAIN. Who clears the bit calls wake_up_bit()
 * after a barrier.
 */
wait_queue_head_t *bit_waitqueue(void *word, int bit);
int wait_on_bit(unsigned long *word, int bit, long state);
int wait_on_bit_lock(unsigned long *word, int bit, long state);
int wait_on_bit_timeout(unsigned long *word, int bit, long state, long timeout);
void wake_up_bit(void *word, int bit);

extern atomic_t bit_sleepers; /* all tasks that wait for some bit: almost always 0 */

/* => clears the bit with release order, then wakes */
static inline void clear_and_wake_up_bit(int bit, unsigned long *word)
{
	clear_bit_unlock(bit, word);
	smp_mb();
	if (unlikely(atomic_read(&bit_sleepers)))
		wake_up_bit(word, bit);
}

#endif
