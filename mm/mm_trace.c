/* SPDX-License-Identifier: MIT */
/*
 * The diary's ring: 1024 events, written by anybody, read as text by whoever asks. A reader that is
 * too slow is told how many events it missed.
 *
 * Locks: trace_lock, a leaf, interrupts off.
 */
#include "mm/mm_trace.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/vsprintf.h"

#define MM_TRACE_EVENTS 1024

struct mm_trace_entry {
	u64 ts_ns;
	enum mm_event event;
	unsigned long a, b, c;
};

static DEFINE_SPINLOCK(trace_lock, LOCK_RANK_LEAF);
static struct mm_trace_entry ring[MM_TRACE_EVENTS]; /* [trace_lock] event n is at n % size */
static u64 next_seq = 1;			     /* [trace_lock] */

static const char *const formats[NR_MM_EVENTS] = {
	[MM_WMARK_LOW] = "wmark_low zone=%lu free=%lu low=%lu",
	[MM_WMARK_MIN] = "wmark_min zone=%lu free=%lu min=%lu",
	[MM_KSWAPD_WAKE] = "kswapd_wake node=%lu order=%lu class=%lu",
	[MM_KSWAPD_SLEEP] = "kswapd_sleep node=%lu freed=%lu",
	[MM_DIRECT_BEGIN] = "direct_reclaim_begin order=%lu gfp=0x%lx pid=%lu",
	[MM_DIRECT_END] = "direct_reclaim_end order=%lu freed=%lu pid=%lu",
	[MM_SWAP_OUT] = "swap_out pfn=%lu type=%lu slot=%lu",
	[MM_SWAP_IN] = "swap_in pfn=%lu type=%lu slot=%lu",
	[MM_OOM_KILL] = "oom_kill pid=%lu points=%lu score=%lu",
	[MM_SLOW_STEP] = "slow_step pid=%lu step=%lu next=%lu",
	[MM_OOM_REAPED] = "oom_reaped pid=%lu freed=%lu",
	[MM_CONGESTED_WAIT] = "congested_wait zone=%lu ticks=%lu pid=%lu",
};

void mm_trace(enum mm_event event, unsigned long a, unsigned long b, unsigned long c)
{
	u64 now = printk_clock();
	unsigned long flags;

	spin_lock_irqsave(&trace_lock, flags);
	ring[next_seq++ % MM_TRACE_EVENTS] = (struct mm_trace_entry){ now, event, a, b, c };
	spin_unlock_irqrestore(&trace_lock, flags);
}

int mm_trace_read(u64 *seq, char *buf, int size)
{
	struct mm_trace_entry e;
	unsigned long flags;
	u64 missed = 0;
	int n;

	spin_lock_irqsave(&trace_lock, flags);
	if (*seq == 0)
		*seq = next_seq > MM_TRACE_EVENTS ? next_seq - MM_TRACE_EVENTS + 1 : 1;
	if (*seq + MM_TRACE_EVENTS <= next_seq) {
		missed = next_seq - MM_TRACE_EVENTS + 1 - *seq;
		*seq += missed;
	}
	if (*seq >= next_seq) {
		spin_unlock_irqrestore(&trace_lock, flags);
		return 0;
	}
	e = ring[(*seq)++ % MM_TRACE_EVENTS];
	spin_unlock_irqrestore(&trace_lock, flags);

	n = scnprintf(buf, size, "%llu.%06llu ", e.ts_ns / 1000000000ULL, e.ts_ns / 1000 % 1000000);
	n += scnprintf(buf + n, size - n, formats[e.event], e.a, e.b, e.c);
	if (missed)
		n += scnprintf(buf + n, size - n, " missed=%llu", missed);
	n += scnprintf(buf + n, size - n, "\n");
	return n;
}
