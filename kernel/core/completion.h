/* SPDX-License-Identifier: MIT */
/*
 * "It has happened": a counter of events with a queue of those who wait for one.
 * => complete() in any context; one waiter goes on per complete(), all for ever after
 * complete_all()
 * => the waiter may free the completion as soon as its wait returns
 */
#ifndef KERNEL_CORE_COMPLETION_H
#define KERNEL_CORE_COMPLETION_H

#include "kernel/core/wait.h"

struct completion {
	unsigned int done; /* [wait.lock] */
	wait_queue_head_t wait;
};

#define COMPLETION_INITIALIZER(name)                          \
	{                                                     \
		0, __WAIT_QUEUE_HEAD_INITIALIZER((name).wait) \
	}
#define DECLARE_COMPLETION(name)	 struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)

static inline void init_completion(struct completion *x)
{
	x->done = 0;
	init_waitqueue_head(&x->wait);
}

static inline void reinit_completion(struct completion *x)
{
	x->done = 0;
}

void complete(struct completion *x);
void complete_all(struct completion *x);
void wait_for_completion(struct completion *x);
/* => 0 or -ERESTARTSYS */
int wait_for_completion_killable(struct completion *x);
/* => remaining ticks (at least 1), 0 on time-out */
unsigned long wait_for_completion_timeout(struct completion *x, unsigned long timeout);
bool try_wait_for_completion(struct completion *x);
bool completion_done(struct completion *x);

#endif
