/* SPDX-License-Identifier: MIT */
/*
 * Pages that are not allocated, on purpose: /sys/kernel/debug/fail_page_alloc and the boot word
 * fail_page_alloc=INTERVAL[,PROBABILITY[,SPACE[,TIMES]]]; fail_page_alloc_sites=on and fail_page_alloc_site=A,B,N begin
 * with the first request of all (docs/debugging.md).
 *
 * debugfs begins with Linux's defaults: off, and requests of order 0, with __GFP_WAIT or with __GFP_HIGHMEM are left
 * out. The boot word is made for random tests of whole machines: it counts every order and sleeping requests too, but
 * only those of programs' system calls and faults (programs_only), after the first LET_PASS. __GFP_NOFAIL never gets
 * here, and the failure is silent: no report, no retry.
 *
 * Read next: failslab.c, page_alloc.c. Test: tests/boot/test_fuzz.py, tests/boot/test_inject.py.
 * Try: `make fuzz APPEND=fail_page_alloc=100`
 */
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "mm/fault_inject.h"
#include "mm/internal.h"

#define LET_PASS 256 /* pages, so that programs get started */

static bool should_fail_alloc_page(gfp_t gfp, unsigned int order)
{
	const struct fault_attr *attr = &fail_page_alloc_attr;

	if (order < attr->min_order || (attr->ignore_gfp_highmem && (gfp & __GFP_HIGHMEM)) ||
	    (attr->ignore_gfp_wait && (gfp & __GFP_WAIT)))
		return false;
	return should_fail(&fail_page_alloc_attr, 1 << order);
}

static void set_active(bool active)
{
	set_fail_page_alloc(active ? should_fail_alloc_page : NULL);
}

struct fault_attr fail_page_alloc_attr = FAULT_ATTR("fail_page_alloc", set_active, .min_order = 1,
						   .ignore_gfp_highmem = true);

static int __init fail_page_alloc_setup(char *val)
{
	struct fault_attr *attr = &fail_page_alloc_attr;
	int err = setup_fault_attr(attr, val);

	if (err)
		return err;
	attr->space = min(attr->space, INT_MAX - LET_PASS) + LET_PASS;
	attr->programs_only = true;
	attr->ignore_gfp_wait = false;
	attr->min_order = 0;
	attr->verbose = 0;
	return 0;
}
early_param("fail_page_alloc", fail_page_alloc_setup);

static int __init fail_page_alloc_site_setup(char *val)
{
	return setup_fault_site(&fail_page_alloc_attr, val);
}
early_param("fail_page_alloc_site", fail_page_alloc_site_setup);

static int __init fail_page_alloc_record_setup(char *val)
{
	static struct fault_site boot_sites[BOOT_SITES];

	return setup_fault_recording(&fail_page_alloc_attr, val, boot_sites);
}
early_param("fail_page_alloc_sites", fail_page_alloc_record_setup);

static int __init fail_page_alloc_init(void)
{
	fault_attr_changed(&fail_page_alloc_attr);
	return 0;
}
core_initcall(fail_page_alloc_init);
