/* SPDX-License-Identifier: MIT */
/*
 * The failure report (spec 4.3): an allocation that nobody expected to fail says so, with the request, the way
 * that led there and the state of memory. At most 10 in 5 s: a storm of failures must not become a storm of
 * text.
 *
 * Locks: none. Read next: show_mem.c. Test: tests/host/test_alloc_report.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/core/sched.h"
#include "mm/internal.h"
#include "mm/slowpath.h"

/* Whose nodes the memory dump shows: all for those who may take from all. */
static unsigned long report_nodes(gfp_t gfp)
{
	bool anywhere = !(gfp & __GFP_WAIT) || in_interrupt();

	if (!(gfp & __GFP_NOMEMALLOC) && (test_thread_flag(TIF_MEMDIE) ||
					  (current->flags & (PF_MEMALLOC | PF_EXITING))))
		anywhere = true;
	return anywhere || !current->mems_allowed ? ~0UL : current->mems_allowed;
}

void warn_alloc_failed(gfp_t gfp, unsigned int order)
{
	static DEFINE_RATELIMIT_STATE(nopage_rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if ((gfp & __GFP_NOWARN) || !__ratelimit(&nopage_rs))
		return;
	pr_warn("%s: page allocation failure: order:%u, mode:0x%x\n", current->comm, order, gfp);
	bug_backtrace();
	show_mem(report_nodes(gfp));
}
