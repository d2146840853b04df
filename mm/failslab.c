/* SPDX-License-Identifier: MIT */
/*
 * Objects that are not allocated, on purpose: /sys/kernel/debug/failslab and the boot word
 * failslab=INTERVAL[,PROBABILITY[,SPACE[,TIMES]]]; failslab_sites=on and failslab_site=A,B,N as fail_page_alloc's.
 *
 * Most requests of the kernel end at a CPU's stack of free objects and never ask for a page, so failing pages reaches
 * few of the ways back. Here every kmalloc and kmem_cache_alloc is asked; space counts bytes. The boot word spares
 * what fail_page_alloc's spares. Linux beyond it: cache-filter, by SLAB_FAILSLAB of each cache.
 *
 * Read next: slab.c. Test: tests/boot/test_inject.py. Try: `make fuzz APPEND=failslab=1000`
 */
#include "kernel/base/errno.h"
#include "kernel/base/initcall.h"
#include "kernel/base/param.h"
#include "mm/fault_inject.h"
#include "mm/slab_internal.h"

#define LET_PASS (1 << 20) /* bytes, so that programs get started */

static bool should_failslab(const struct kmem_cache *cache, gfp_t gfp)
{
	if ((gfp & __GFP_NOFAIL) || (failslab_attr.ignore_gfp_wait && (gfp & __GFP_WAIT)))
		return false;
	return should_fail(&failslab_attr, (int)cache->object_size);
}

static void set_active(bool active)
{
	set_failslab(active ? should_failslab : NULL);
}

struct fault_attr failslab_attr = FAULT_ATTR("failslab", set_active);

static int __init failslab_setup(char *val)
{
	int err = setup_fault_attr(&failslab_attr, val);

	if (err)
		return err;
	failslab_attr.space = min(failslab_attr.space, INT_MAX - LET_PASS) + LET_PASS;
	failslab_attr.programs_only = true;
	failslab_attr.ignore_gfp_wait = false;
	failslab_attr.verbose = 0;
	return 0;
}
early_param("failslab", failslab_setup);

static int __init failslab_site_setup(char *val)
{
	return setup_fault_site(&failslab_attr, val);
}
early_param("failslab_site", failslab_site_setup);

static int __init failslab_record_setup(char *val)
{
	static struct fault_site boot_sites[BOOT_SITES];

	return setup_fault_recording(&failslab_attr, val, boot_sites);
}
early_param("failslab_sites", failslab_record_setup);

static int __init failslab_init(void)
{
	fault_attr_changed(&failslab_attr);
	return 0;
}
core_initcall(failslab_init);
