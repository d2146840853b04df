/* SPDX-License-Identifier: MIT */
/*
 * "At most burst messages in interval ticks." The first message after a silent spell tells how many
 * were left out. May be used in any context; the clock is printk's, so before it runs nothing is
 * limited.
 */
#ifndef KERNEL_BASE_RATELIMIT_H
#define KERNEL_BASE_RATELIMIT_H

#include "kernel/base/types.h"
#include "kernel/base/atomic.h"

struct ratelimit_state {
	int interval; /* ticks; 0: no limit */
	int burst;
	int printed;   /* in this interval [lock] */
	int missed;    /* [lock] */
	u64 begin_ns;  /* [lock] */
	atomic_t lock; /* try only: who does not get it is limited */
};

#define DEFAULT_RATELIMIT_INTERVAL (5 * HZ)
#define DEFAULT_RATELIMIT_BURST	   10

#define RATELIMIT_STATE_INIT(i, b)            \
	{                                     \
		.interval = (i), .burst = (b) \
	}
#define DEFINE_RATELIMIT_STATE(name, i, b) struct ratelimit_state name = RATELIMIT_STATE_INIT(i, b)

static inline void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst)
{
	*rs = (struct ratelimit_state)RATELIMIT_STATE_INIT(interval, burst);
}

/* => true if the caller may print; func names the caller in the "suppressed" message */
bool ___ratelimit(struct ratelimit_state *rs, const char *func);
#define __ratelimit(rs) ___ratelimit((rs), __func__)

/*
 * The limit that messages about programs share: 10 in 5 s, and as many as kernel.printk_ratelimit_burst and
 * kernel.printk_ratelimit say. => true if the caller may print; any context
 */
extern struct ratelimit_state printk_ratelimit_state;
#define printk_ratelimit() ___ratelimit(&printk_ratelimit_state, __func__)

#endif
