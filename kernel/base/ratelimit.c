/* SPDX-License-Identifier: MIT */
/*
 * Rate limits: a count per interval. The lock is only tried, so a caller in an interrupt never
 * waits for the one it interrupted; who loses the race is simply one too many.
 */
#include "kernel/base/printk.h"
#include "kernel/base/ratelimit.h"

#define NSEC_PER_JIFFY (1000000000UL / HZ)

DEFINE_RATELIMIT_STATE(printk_ratelimit_state, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);

bool ___ratelimit(struct ratelimit_state *rs, const char *func)
{
	u64 now = printk_clock();
	int missed = 0;
	bool ok;

	if (!rs->interval)
		return true;
	if (atomic_cmpxchg(&rs->lock, 0, 1) != 0)
		return false;
	if (!rs->begin_ns || now - rs->begin_ns > (u64)rs->interval * NSEC_PER_JIFFY) {
		missed = rs->missed;
		rs->begin_ns = now;
		rs->printed = 0;
		rs->missed = 0;
	}
	ok = rs->printed < rs->burst;
	if (ok)
		rs->printed++;
	else
		rs->missed++;
	__atomic_store_n(&rs->lock.counter, 0, __ATOMIC_RELEASE);
	if (missed)
		pr_warn("%s: %d callbacks suppressed\n", func, missed);
	return ok;
}
