/* SPDX-License-Identifier: MIT */
/*
 * The memory manager's diary: a small ring of events for the tour and for people who watch
 * (watermark crossed, kswapd woken, page swapped out, victim chosen). Readers drain it as text.
 *
 * Locks: a spin lock of its own, a leaf; recording is possible in any context and never waits for
 * readers: the oldest events are lost, and the reader is told how many.
 */
#ifndef MM_MM_TRACE_H
#define MM_MM_TRACE_H

#include "kernel/base/types.h"

enum mm_event {
	MM_WMARK_LOW,		/* a: zone id, b: free pages, c: low mark; the zone for which kswapd is woken */
	MM_WMARK_MIN,		/* a: zone id, b: free pages, c: min mark; direct reclaim follows */
	MM_KSWAPD_WAKE,		/* a: node, b: order, c: class zone */
	MM_KSWAPD_SLEEP,	/* a: node, b: pages freed since it last slept, c: - */
	MM_DIRECT_BEGIN,	/* a: order, b: gfp, c: pid */
	MM_DIRECT_END,		/* a: order, b: freed, c: pid */
	MM_SWAP_OUT,		/* a: pfn, b: type, c: slot; one line per cluster start */
	MM_SWAP_IN,		/* a: pfn, b: type, c: slot */
	MM_OOM_KILL,		/* a: pid, b: points, c: score */
	MM_OOM_REAPED,		/* a: pid, b: pages freed */
	MM_SLOW_STEP,		/* a: pid, b: step of the slow path, c: the step that follows */
	MM_CONGESTED_WAIT,	/* a: zone id, b: ticks slept, c: pid; a disk has too many requests */
	NR_MM_EVENTS
};

void mm_trace(enum mm_event event, unsigned long a, unsigned long b, unsigned long c);

/*
 * Next event after *seq as one text line, e.g. "12.345678 kswapd_wake node=0 order=0 class=1\n".
 * => bytes written (0: none yet); *seq moves on. Start with *seq = 0 for the oldest kept.
 */
int mm_trace_read(u64 *seq, char *buf, int size);

#endif
