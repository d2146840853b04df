/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail on purpose: the boot word fail_page_alloc=N lets every Nth fail that a program's system call
 * or fault asks for, so that the ways back from a failure are walked too. Off unless asked for.
 *
 * Left out are, as in Linux by default, user pages (__GFP_HIGHMEM), for which the OOM killer would be called, and what
 * interrupt handlers, kernel threads, init, tasks that free memory or exit and those the OOM killer spares ask for;
 * __GFP_NOFAIL never gets here.
 *
 * Linux beyond it: probability, space and times; the same for slab and block requests, by task and at run time.
 * Read next: page_alloc.c. Test: tests/boot/test_fuzz.py. Try: `make fuzz APPEND=fail_page_alloc=100`
 */
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/core/sched.h"
#include "mm/internal.h"

static unsigned int fail_interval;
static atomic_t asked;

#define LET_PASS 256 /* so that programs get started */

static bool fail_page(gfp_t gfp, unsigned int order)
{
	const struct task_struct *p = current;
	unsigned int n;

	if ((gfp & __GFP_HIGHMEM) || in_interrupt() || !p->mm || (p->flags & (PF_MEMALLOC | PF_EXITING)))
		return false;
	if (p->tgid == 1 || p->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return false;
	n = (unsigned int)atomic_inc_return(&asked);
	return n > LET_PASS && n % fail_interval == 0;
}

static int __init fail_page_alloc_setup(char *val)
{
	return val && !kstrtouint(val, 10, &fail_interval) && fail_interval ? 0 : -EINVAL;
}
early_param("fail_page_alloc", fail_page_alloc_setup);

static int __init fail_page_alloc_init(void)
{
	if (fail_interval)
		set_fail_page_alloc(fail_page);
	return 0;
}
core_initcall(fail_page_alloc_init);
