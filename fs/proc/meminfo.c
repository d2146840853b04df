/* SPDX-License-Identifier: MIT */
/*
 * /proc/meminfo and /proc/swaps: the figures behind free(1), top(1) and swapon -s.
 *
 * All values are sums of per-zone counters read without a lock: they describe moments a few microseconds apart.
 * Formulas: spec section 10.1.
 */
#include "fs/device.h"
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/vsprintf.h"
#include "mm/kstack.h"
#include "mm/mm.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmstat.h"
#include "mm/zone.h"

static void line(struct seq_file *m, const char *name, unsigned long kb)
{
	char label[24];

	snprintf(label, sizeof(label), "%s:", name);
	seq_printf(m, "%-15s %8lu kB\n", label, kb);
}

static void pages(struct seq_file *m, const char *name, unsigned long nr)
{
	line(m, name, nr << (PAGE_SHIFT - 10));
}

/* What programs could get without swapping. */
static unsigned long available(unsigned long file_lru)
{
	unsigned long low = 0, reclaimable = global_page_state(NR_SLAB_RECLAIMABLE);
	struct zone *zone;
	long sum;

	for_each_zone(zone)
		low += low_wmark_pages(zone);
	sum = (long)(global_page_state(NR_FREE_PAGES) - low);
	sum += (long)(file_lru - min(file_lru / 2, low));
	sum += (long)(reclaimable - min(reclaimable / 2, low));
	return sum < 0 ? 0 : (unsigned long)sum;
}

static unsigned long highmem_free(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone)
		if (is_highmem(zone))
			sum += zone_page_state(zone, NR_FREE_PAGES);
	return sum;
}

static void show_lru(struct seq_file *m)
{
	unsigned long lru[NR_LRU_LISTS];
	int i;

	for (i = 0; i < NR_LRU_LISTS; i++)
		lru[i] = global_page_state(NR_LRU_BASE + i);
	pages(m, "Active", lru[LRU_ACTIVE_ANON] + lru[LRU_ACTIVE_FILE]);
	pages(m, "Inactive", lru[LRU_INACTIVE_ANON] + lru[LRU_INACTIVE_FILE]);
	pages(m, "Active(anon)", lru[LRU_ACTIVE_ANON]);
	pages(m, "Inactive(anon)", lru[LRU_INACTIVE_ANON]);
	pages(m, "Active(file)", lru[LRU_ACTIVE_FILE]);
	pages(m, "Inactive(file)", lru[LRU_INACTIVE_FILE]);
	pages(m, "Unevictable", lru[LRU_UNEVICTABLE]);
	pages(m, "Mlocked", global_page_state(NR_MLOCK));
}

static void show_kernel(struct seq_file *m)
{
	unsigned long reclaimable = global_page_state(NR_SLAB_RECLAIMABLE);
	unsigned long unreclaimable = global_page_state(NR_SLAB_UNRECLAIMABLE);

	pages(m, "Slab", reclaimable + unreclaimable);
	pages(m, "SReclaimable", reclaimable);
	pages(m, "SUnreclaim", unreclaimable);
	line(m, "KernelStack", global_page_state(NR_KERNEL_STACK) * (KERNEL_STACK_SIZE / 1024));
	pages(m, "PageTables", global_page_state(NR_PAGETABLE));
	pages(m, "NFS_Unstable", global_page_state(NR_UNSTABLE_NFS));
	pages(m, "Bounce", global_page_state(NR_BOUNCE));
	pages(m, "WritebackTmp", global_page_state(NR_WRITEBACK_TEMP));
	pages(m, "CommitLimit", vm_commit_limit());
	pages(m, "Committed_AS", (unsigned long)max(atomic_long_read(&vm_committed_as), 0L));
}

static int meminfo_show(struct seq_file *m, void *data)
{
	unsigned long free = global_page_state(NR_FREE_PAGES), high_free = highmem_free();
	unsigned long file_lru = global_page_state(NR_ACTIVE_FILE) + global_page_state(NR_INACTIVE_FILE);
	unsigned long swap_total, swap_free, used, chunk, buffers = nr_blockdev_pages();
	long cached = (long)(global_page_state(NR_FILE_PAGES) - total_swapcache_pages() - buffers);

	si_swapinfo(&swap_total, &swap_free);
	vmalloc_info(&used, &chunk);
	pages(m, "MemTotal", totalram_pages);
	pages(m, "MemFree", free);
	pages(m, "MemAvailable", available(file_lru));
	pages(m, "Buffers", buffers);
	pages(m, "Cached", cached < 0 ? 0 : (unsigned long)cached);
	pages(m, "SwapCached", total_swapcache_pages());
	show_lru(m);
	pages(m, "HighTotal", totalhigh_pages);
	pages(m, "HighFree", high_free);
	pages(m, "LowTotal", totalram_pages - totalhigh_pages);
	pages(m, "LowFree", free - high_free);
	pages(m, "SwapTotal", swap_total);
	pages(m, "SwapFree", swap_free);
	pages(m, "Dirty", global_page_state(NR_FILE_DIRTY));
	pages(m, "Writeback", global_page_state(NR_WRITEBACK));
	pages(m, "AnonPages", global_page_state(NR_ANON_PAGES));
	pages(m, "Mapped", global_page_state(NR_FILE_MAPPED));
	pages(m, "Shmem", global_page_state(NR_SHMEM));
	show_kernel(m);
	line(m, "VmallocTotal", (VMALLOC_END - VMALLOC_START) >> 10);
	line(m, "VmallocUsed", used >> 10);
	line(m, "VmallocChunk", chunk >> 10);
	return 0;
}

static int swaps_show(struct seq_file *m, void *data)
{
	struct swap_row row;
	unsigned int type;

	seq_puts(m, "Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n");
	for (type = 0; type < MAX_SWAPFILES; type++) {
		if (!swap_get_row(type, &row))
			continue;
		seq_printf(m, "%-40s%s\t%lu\t%lu\t%d\n", row.path, row.is_file ? "file\t" : "partition",
			   row.size_kb, row.used_kb, row.prio);
	}
	return 0;
}

static struct proc_entry meminfo_entry = PROC_SHOW("meminfo", 0444, meminfo_show);
static struct proc_entry swaps_entry = PROC_SHOW("swaps", 0444, swaps_show);

void proc_meminfo_init(void)
{
	proc_add(NULL, &meminfo_entry);
	proc_add(NULL, &swaps_entry);
}
