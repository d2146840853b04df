/* SPDX-License-Identifier: MIT */
/*
 * Power on: the boot order of kernel/main.c, as far as there is something to boot. Process 0 is the idle
 * task, on the process's own stack; the test's function is the first program.
 */
#include "arch/host/libc_machine.h"

#include "arch/host/host.h"
#include "arch/host/machine.h"
#include "arch/cpu.h"
#include "arch/mmu.h"
#include "kernel/base/bug.h"
#include "kernel/base/err.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kernel.h"
#include "kernel/core/block.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"
#include "kernel/core/softirq.h"
#include "mm/kmap.h"
#include "mm/kstack.h"
#include "mm/memblock.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/policy.h"
#include "mm/page_debug.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmscan.h"
#include "mm/zone.h"
#include "mm/zone_setup.h"

static void (*test_fn)(void *);
static void *test_arg;
static bool test_done;

static void memory_start(const struct host_machine *config)
{
	u64 bytes = (u64)config->ram_mib << 20;

	memblock_init();
	max_pfn = bytes >> PAGE_SHIFT;
	max_low_pfn = config->lowmem_mib ? (unsigned long)config->lowmem_mib << (20 - PAGE_SHIFT) : max_pfn;
	max_dma_pfn = (unsigned long)(config->dma_mib ? config->dma_mib : 16) << (20 - PAGE_SHIFT);
	memblock_mapped_end = (u64)max_low_pfn << PAGE_SHIFT;
	memblock_add(0, bytes);
	memblock_reserve(0, PAGE_SIZE); /* frame 0 stays unused, as on the machine */
	nr_node_ids = 1;
	if (host_ram_start(round_up(max_pfn, MAX_ORDER_NR_PAGES), max_low_pfn))
		panic("the host has no address space for %u MiB", config->ram_mib);
}

static void memory_init(void)
{
	zones_init();
	mem_init();
	init_per_zone_wmark_min();
	kmem_cache_init();
	radix_tree_init();
	vmalloc_init();
	kmap_init();
	kstack_init();
	vm_init();
	reclaim_policy_init();
}

static void run_test(void *unused)
{
	test_fn(test_arg);
}

static int init_thread(void *unused)
{
	core_start();
	vmstat_init();
	swap_init();
	kswapd_init();
	oom_reaper_init();
	block_init();
	init_per_zone_wmark_min();
	for (const initcall_t *call = __start_initcalls; call < __stop_initcalls; call++)
		BUG_ON((*call)());
	if (!host_spawn("test", NULL, run_test, NULL))
		panic("no memory for the first program");
	while (host_tasks())
		host_sleep(1);
	test_done = true;
	return 0;
}

/* The idle task, like cpu_idle_entry() but for its end. */
static void idle(void)
{
	while (!test_done) {
		local_irq_disable();
		if (!need_resched() && !local_softirq_pending())
			arch_idle();
		local_irq_enable();
		if (local_softirq_pending()) {
			local_bh_disable();
			local_bh_enable();
		}
		if (need_resched())
			schedule();
	}
}

void host_machine_run(const struct host_machine *config, void (*fn)(void *), void *arg)
{
	test_fn = fn;
	test_arg = arg;
	host_cpu_start();
	memory_start(config);
	memory_init();
	core_init();
	gfp_allowed_mask = GFP_BITS_MASK;
	if (IS_ERR(kthread_run(init_thread, NULL, "init")))
		panic("no memory for the first task");
	idle();
}
