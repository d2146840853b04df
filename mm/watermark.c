/* SPDX-License-Identifier: MIT */
/*
 * How much memory every zone keeps back, and the check that enforces it (spec 2.3 to 2.5).
 *
 *	min_free_kbytes = sqrt(16 * low memory in kB)          128 kB .. 64 MiB
 *	tmp(zone)       = its share by managed pages            min = tmp, HighMem: managed / 1024 in 32..128
 *	low = min + tmp/4, high = min + tmp/2
 *	lowmem_reserve[j] = managed of the zones above, up to j, / ratio     for requests of class j
 *
 * The check takes `free > mark + lowmem_reserve[class]`, and for order o also that enough of it lies in
 * blocks of at least that order: blocks too small are taken away, the mark is halved at each step.
 *
 * Locks: zone_setup_lock for all that writes; readers take the numbers as they come.
 * Test: tests/host/test_watermark.c against tests/data/spec/.
 */
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/zone_setup.h"
#include "mm/zonelist.h"

DEFINE_SPINLOCK(zone_setup_lock, LOCK_RANK_SPIN_OUTER);

int min_free_kbytes = 1024;
static int user_min_free_kbytes = -1; /* [zone_setup_lock] what the sysctl asked for */
int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES - 1] = { 256, 32, 32 };
unsigned long totalreserve_pages;

/* ---- The check ------------------------------------------------------------------------------- */

static bool watermark_ok(const struct zone *zone, unsigned int order, unsigned long mark,
			 int classzone, int alloc_flags, long free)
{
	long min = (long)mark;

	free -= (1L << order) - 1;
	if (alloc_flags & ALLOC_HIGH)
		min -= min / 2;
	if (alloc_flags & ALLOC_HARDER)
		min -= min / 4;
	if (free <= min + (long)zone->lowmem_reserve[classzone])
		return false;
	for (unsigned int o = 0; o < order; o++) {
		free -= (long)(READ_ONCE(zone->free_area[o].nr_free) << o);
		min >>= 1;
		if (free <= min)
			return false;
	}
	return true;
}

bool zone_watermark_ok(struct zone *zone, unsigned int order, unsigned long mark, int classzone,
		       int alloc_flags)
{
	return watermark_ok(zone, order, mark, classzone, alloc_flags,
			    (long)zone_page_state(zone, NR_FREE_PAGES));
}

bool zone_watermark_ok_safe(struct zone *zone, unsigned int order, unsigned long mark,
			    int classzone, int alloc_flags)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES);

	if (zone->percpu_drift_mark && free < zone->percpu_drift_mark)
		free = zone_page_state_snapshot(zone, NR_FREE_PAGES);
	return watermark_ok(zone, order, mark, classzone, alloc_flags, (long)free);
}

/* ---- The numbers ----------------------------------------------------------------------------- */

static unsigned long lowmem_managed(void)
{
	unsigned long pages = 0;
	struct zone *zone;

	for_each_zone(zone)
		if (!is_highmem(zone))
			pages += zone->managed_pages;
	return pages;
}

static void set_zone_wmarks(struct zone *zone, unsigned long pages_min, unsigned long lowmem)
{
	unsigned long tmp = (u64)pages_min * zone->managed_pages / max(lowmem, 1UL);
	unsigned long min = tmp, flags;

	if (is_highmem(zone))
		min = clamp(zone->managed_pages / 1024, 32UL, 128UL);
	spin_lock_irqsave(&zone->lock, flags);
	zone->watermark[WMARK_MIN] = min;
	zone->watermark[WMARK_LOW] = min + tmp / 4;
	zone->watermark[WMARK_HIGH] = min + tmp / 2;
	spin_unlock_irqrestore(&zone->lock, flags);
}

/* What GFP_HIGHUSER requests must always find left, for the overcommit guess. */
static void calculate_totalreserve_pages(void)
{
	unsigned long sum = 0;
	struct zone *zone;

	for_each_populated_zone(zone) {
		unsigned long most = 0;

		for (int class = zone_idx(zone); class < MAX_NR_ZONES; class++)
			most = max(most, zone->lowmem_reserve[class]);
		sum += min(zone->managed_pages, most + high_wmark_pages(zone));
	}
	totalreserve_pages = sum;
}

static void __setup_per_zone_wmarks(void)
{
	unsigned long pages_min = (unsigned long)min_free_kbytes >> (PAGE_SHIFT - 10);
	unsigned long lowmem = lowmem_managed();
	struct zone *zone;

	for_each_populated_zone(zone) {
		set_zone_wmarks(zone, pages_min, lowmem);
		setup_zone_migrate_reserve(zone);
	}
	refresh_zone_stat_thresholds(); /* the drift marks follow from the watermarks */
	calculate_totalreserve_pages();
}

void setup_per_zone_wmarks(void)
{
	spin_lock(&zone_setup_lock);
	__setup_per_zone_wmarks();
	spin_unlock(&zone_setup_lock);
}

static void __setup_per_zone_lowmem_reserve(void)
{
	int nid;

	for_each_online_node(nid) {
		struct zone *zones = NODE_DATA(nid)->node_zones;

		for (int class = 0; class < MAX_NR_ZONES; class++) {
			unsigned long above = 0;

			zones[class].lowmem_reserve[class] = 0;
			for (int i = class - 1; i >= 0; i--) {
				above += zones[i + 1].managed_pages;
				zones[i].lowmem_reserve[class] =
					above / (unsigned int)max(sysctl_lowmem_reserve_ratio[i], 1);
			}
		}
	}
	calculate_totalreserve_pages();
}

void setup_per_zone_lowmem_reserve(void)
{
	spin_lock(&zone_setup_lock);
	__setup_per_zone_lowmem_reserve();
	spin_unlock(&zone_setup_lock);
}

int lowmem_reserve_ratio_set(const int ratio[MAX_NR_ZONES - 1])
{
	spin_lock(&zone_setup_lock);
	for (int i = 0; i < MAX_NR_ZONES - 1; i++)
		sysctl_lowmem_reserve_ratio[i] = max(ratio[i], 1);
	__setup_per_zone_lowmem_reserve();
	spin_unlock(&zone_setup_lock);
	return 0;
}

/* Active anonymous pages may outnumber inactive ones by sqrt(10 * size in GiB). */
static void set_inactive_ratio(struct zone *zone)
{
	unsigned long gib = zone->managed_pages >> (30 - PAGE_SHIFT);

	zone->inactive_ratio = gib ? (unsigned int)int_sqrt(10 * gib) : 1;
}

int calculate_min_free_kbytes(unsigned long lowmem_kbytes)
{
	return clamp((int)int_sqrt(lowmem_kbytes * 16), 128, 65536);
}

/*
 * Boot runs it twice, when the zones are made and when the initrd's frames have joined them: the marks follow from the
 * managed pages alone. (Linux subtracts what lies below the high marks, which are 0 in its only run.)
 */
void init_per_zone_wmark_min(void)
{
	int computed = calculate_min_free_kbytes(lowmem_managed() << (PAGE_SHIFT - 10));
	struct zone *zone;

	spin_lock(&zone_setup_lock);
	if (computed > user_min_free_kbytes)
		min_free_kbytes = computed;
	__setup_per_zone_wmarks();
	__setup_per_zone_lowmem_reserve();
	for_each_zone(zone)
		set_inactive_ratio(zone);
	spin_unlock(&zone_setup_lock);
}

int min_free_kbytes_set(int kbytes)
{
	if (kbytes < 0)
		return -EINVAL;
	spin_lock(&zone_setup_lock);
	min_free_kbytes = user_min_free_kbytes = kbytes;
	__setup_per_zone_wmarks();
	spin_unlock(&zone_setup_lock);
	return 0;
}
