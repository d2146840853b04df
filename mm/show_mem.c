/* SPDX-License-Identifier: MIT */
/*
 * The memory dump of the failure report and of the OOM killer (spec 4.3): everything about all zones as of
 * now, in Linux's words, for people and for scripts. Numbers are read without locks, but for the free lists.
 *
 * => any context; long (some 30 lines): callers limit its rate
 */
#include "arch/cpu.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "mm/internal.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "mm/vmscan.h"

#define K(pages) ((unsigned long)(pages) << (PAGE_SHIFT - 10))

static void print_zone_name(const struct zone *zone, const char *after)
{
	if (IS_ENABLED(CONFIG_NUMA))
		printk("Node %d ", zone->node);
	pr_cont("%s%s", zone->name, after);
}

static void show_pcp(const struct zone *zone)
{
	int cpu;

	print_zone_name(zone, " per-cpu:\n");
	for_each_online_cpu(cpu) {
		const struct per_cpu_pages *pcp = &zone->pageset[cpu].pcp;

		printk("CPU %4d: hi:%5d, btch:%4d usd:%4d\n", cpu, READ_ONCE(pcp->high),
		       READ_ONCE(pcp->batch), READ_ONCE(pcp->count));
	}
}

static void show_global(void)
{
	printk("active_anon:%lu inactive_anon:%lu isolated_anon:%lu\n",
	       global_page_state(NR_ACTIVE_ANON), global_page_state(NR_INACTIVE_ANON),
	       global_page_state(NR_ISOLATED_ANON));
	printk(" active_file:%lu inactive_file:%lu isolated_file:%lu\n",
	       global_page_state(NR_ACTIVE_FILE), global_page_state(NR_INACTIVE_FILE),
	       global_page_state(NR_ISOLATED_FILE));
	printk(" unevictable:%lu dirty:%lu writeback:%lu unstable:%lu\n",
	       global_page_state(NR_UNEVICTABLE), global_page_state(NR_FILE_DIRTY),
	       global_page_state(NR_WRITEBACK), global_page_state(NR_UNSTABLE_NFS));
	printk(" free:%lu slab_reclaimable:%lu slab_unreclaimable:%lu\n",
	       global_page_state(NR_FREE_PAGES), global_page_state(NR_SLAB_RECLAIMABLE),
	       global_page_state(NR_SLAB_UNRECLAIMABLE));
	printk(" mapped:%lu shmem:%lu pagetables:%lu bounce:%lu\n",
	       global_page_state(NR_FILE_MAPPED), global_page_state(NR_SHMEM),
	       global_page_state(NR_PAGETABLE), global_page_state(NR_BOUNCE));
	printk(" free_cma:%lu\n", global_page_state(NR_FREE_CMA_PAGES));
}

static void show_zone(struct zone *zone)
{
	static const struct {
		const char *name;
		enum zone_stat_item item;
	} items[] = {
		{ "active_anon", NR_ACTIVE_ANON }, { "inactive_anon", NR_INACTIVE_ANON },
		{ "active_file", NR_ACTIVE_FILE }, { "inactive_file", NR_INACTIVE_FILE },
		{ "unevictable", NR_UNEVICTABLE }, { "isolated(anon)", NR_ISOLATED_ANON },
		{ "isolated(file)", NR_ISOLATED_FILE }, { NULL, 0 }, /* present, managed */
		{ "mlocked", NR_MLOCK }, { "dirty", NR_FILE_DIRTY }, { "writeback", NR_WRITEBACK },
		{ "mapped", NR_FILE_MAPPED }, { "shmem", NR_SHMEM },
		{ "slab_reclaimable", NR_SLAB_RECLAIMABLE },
		{ "slab_unreclaimable", NR_SLAB_UNRECLAIMABLE },
		{ "kernel_stack", NR_KERNEL_STACK }, { "pagetables", NR_PAGETABLE },
		{ "unstable", NR_UNSTABLE_NFS }, { "bounce", NR_BOUNCE },
		{ "free_cma", NR_FREE_CMA_PAGES }, { "writeback_tmp", NR_WRITEBACK_TEMP },
	};

	print_zone_name(zone, "");
	pr_cont(" free:%lukB min:%lukB low:%lukB high:%lukB", K(zone_page_state(zone, NR_FREE_PAGES)),
		K(min_wmark_pages(zone)), K(low_wmark_pages(zone)), K(high_wmark_pages(zone)));
	for (unsigned int i = 0; i < ARRAY_SIZE(items); i++) {
		unsigned long value;

		if (!items[i].name) {
			pr_cont(" present:%lukB managed:%lukB", K(zone->present_pages),
				K(zone->managed_pages));
			continue;
		}
		value = zone_page_state(zone, items[i].item);
		if (items[i].item == NR_KERNEL_STACK) /* counted in stacks */
			value *= KERNEL_STACK_SIZE / PAGE_SIZE;
		pr_cont(" %s:%lukB", items[i].name, K(value));
	}
	pr_cont(" pages_scanned:%lu all_unreclaimable? %s\n", READ_ONCE(zone->pages_scanned),
		zone_reclaimable(zone) ? "no" : "yes");
	printk("lowmem_reserve[]:");
	for (int i = 0; i < MAX_NR_ZONES; i++)
		pr_cont(" %lu", zone->lowmem_reserve[i]);
	pr_cont("\n");
}

/* In a panic the lock's holder may be stopped. No list is walked, so without it a number may be off, no more. */
static bool lock_free_lists(struct zone *zone, unsigned long *flags)
{
	if (oops_in_progress)
		return spin_trylock_irqsave(&zone->lock, *flags);
	spin_lock_irqsave(&zone->lock, *flags);
	return true;
}

/* "3*4kB (UM) 0*8kB ... = 1234kB"; the letters are the types that have a block of that order. */
static void show_free_lists(struct zone *zone)
{
	unsigned long nr[MAX_ORDER], flags, total = 0;
	char types[MAX_ORDER][MIGRATE_TYPES + 1];
	bool locked = lock_free_lists(zone, &flags);

	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		const struct free_area *area = &zone->free_area[order];
		char *p = types[order];

		nr[order] = area->nr_free;
		total += nr[order] << order;
		for (int type = 0; type < MIGRATE_TYPES; type++)
			if (!page_list_empty(&area->free_list[type]))
				*p++ = "UEMRI"[type];
		*p = '\0';
	}
	if (locked)
		spin_unlock_irqrestore(&zone->lock, flags);
	print_zone_name(zone, ": ");
	for (unsigned int order = 0; order < MAX_ORDER; order++) {
		pr_cont("%lu*%lukB ", nr[order], K(1) << order);
		if (nr[order])
			pr_cont("(%s) ", types[order]);
	}
	pr_cont("= %lukB\n", K(total));
}

static void show_swap(void)
{
	printk("%lu total pagecache pages\n", global_page_state(NR_FILE_PAGES));
	printk("%lu pages in swap cache\n", total_swapcache_pages());
	printk("Swap cache stats: add %lu, delete %lu, find %lu/%lu\n", swap_cache_info.add_total,
	       swap_cache_info.del_total, swap_cache_info.find_success, swap_cache_info.find_total);
	printk("Free swap  = %ldkB\n", get_nr_swap_pages() << (PAGE_SHIFT - 10));
	printk("Total swap = %lukB\n", K(total_swap_pages));
}

#define for_each_shown_zone(zone)                                                                  \
	for_each_populated_zone(zone) if (nodemask && !(nodemask >> zone->node & 1)) {} else

void show_mem(unsigned long nodemask)
{
	unsigned long present = 0, high = 0, reserved = 0;
	struct zone *zone;

	printk("Mem-Info:\n");
	for_each_shown_zone(zone)
		show_pcp(zone);
	show_global();
	for_each_shown_zone(zone)
		show_zone(zone);
	for_each_shown_zone(zone)
		show_free_lists(zone);
	show_swap();
	for_each_populated_zone(zone) {
		present += zone->present_pages;
		reserved += zone->present_pages - zone->managed_pages;
		if (is_highmem(zone))
			high += zone->present_pages;
	}
	printk("%lu pages RAM\n", present);
	printk("%lu pages HighMem/MovableOnly\n", high);
	printk("%lu pages reserved\n", reserved);
}

void show_all_mem(void)
{
	show_mem(~0UL);
}
