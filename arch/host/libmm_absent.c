/* SPDX-License-Identifier: MIT */
/*
 * The parts of the kernel that the library is without - reclaim, swap, tasks, the killer - as what they are
 * when they find nothing: no progress, no swap, nobody to kill. The slow path meets them by name.
 */

#include "arch/host/host.h"
#include "boot/boot_info.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/compact.h"
#include "mm/internal.h"
#include "mm/kmap.h"
#include "mm/oom.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"
#include "asm/host_cpu.h"

bool oom_killer_disabled;
int zone_reclaim_mode;
unsigned long total_swap_pages;
struct swap_cache_info swap_cache_info;

/* Where the kernel lies in memory: nowhere. Tests of boot/ have their own. */
__weak u64 boot_image_start(void)
{
	return 0;
}

__weak u64 boot_image_end(void)
{
	return 0;
}

void wakeup_kswapd(struct zone *zone, unsigned int order, enum zone_type classzone_idx)
{
	host_clock_ns(); /* moves jiffies on */
}

unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
				unsigned long nodemask)
{
	return 0;
}

unsigned long zone_reclaim(struct zone *zone, gfp_t gfp, unsigned int order)
{
	return 0;
}

bool zone_reclaimable(struct zone *zone)
{
	return true;
}

bool zone_dirty_ok(struct zone *zone)
{
	return true;
}

enum compact_result try_to_compact_pages(struct zonelist *zonelist, unsigned int order, gfp_t gfp,
					 unsigned long nodemask, enum migrate_mode mode,
					 enum compact_contended *contended, int alloc_flags,
					 int classzone_idx, struct zone **candidate)
{
	return COMPACT_SKIPPED;
}

void defer_compaction(struct zone *zone, unsigned int order)
{
}

void compaction_defer_reset(struct zone *zone, unsigned int order, bool alloc_success)
{
}

bool try_set_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
	return true;
}

void clear_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
}

void out_of_memory(struct zonelist *zonelist, gfp_t gfp, unsigned int order, unsigned long nodemask,
		   bool force)
{
	pr_warn("%s invoked oom-killer: gfp_mask=0x%x, order=%u, oom_score_adj=0\n", current->comm,
		gfp, order);
	show_mem(0);
	panic("Out of memory and no killable processes...");
}

long wait_iff_congested(struct zone *zone, bool write, long timeout)
{
	host_relax();
	return timeout;
}

long schedule_timeout_uninterruptible(long timeout)
{
	host_relax();
	return 0;
}

int mod_timer(struct timer_list *timer, unsigned long expires)
{
	return 0;
}

int __cond_resched(void)
{
	return 0;
}

#if CONFIG_DEBUG
void __might_sleep(const char *file, int line)
{
}
#endif

unsigned long total_swapcache_pages(void)
{
	return 0;
}

long get_nr_swap_pages(void)
{
	return 0;
}

void clear_highpage(struct page *page)
{
	if (host_backing)
		memset(lowmem_page_address(page), 0, PAGE_SIZE);
}

void *kmap_atomic(struct page *page)
{
	return lowmem_page_address(page);
}

void kunmap_atomic(void *address)
{
}
