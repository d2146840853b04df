/* SPDX-License-Identifier: MIT */
/*
 * Between the files that make nodes and zones at boot (boot_memory, memmap, zone, zonelist, watermark), and
 * for the tests that call their arithmetic with numbers of their own.
 */
#ifndef MM_ZONE_SETUP_H
#define MM_ZONE_SETUP_H

#include "mm/zone.h"

extern unsigned long max_dma_pfn;	/* end of ZONE_DMA: 16 MiB; host tests move it before zones_init() */
extern unsigned long zone_limit_pfn[MAX_NR_ZONES]; /* [I] end of each zone, exclusive */
extern const char *const zone_names[MAX_NR_ZONES];

unsigned long find_max_low_pfn(const char *cmdline);	/* needs memblock and max_pfn */
void numa_fake_split(int nr);

/* The zone that pfn belongs to by the limits. */
enum zone_type zone_of_pfn(unsigned long pfn);

/* Descriptors for every MAX_ORDER block with RAM in it; all reserved (memmap.c). */
void memmap_init(void);

/* One zone's identity and locks; no memory yet (spanned and present are the caller's). */
void zone_init_empty(struct zone *zone, struct pglist_data *pgdat, enum zone_type idx);

void vm_stat_reset(void);	/* every counter to zero: zones_init() */

/* Spec 2.4, step 1: kilobytes of free memory to keep for lowmem_kbytes of low memory. */
int calculate_min_free_kbytes(unsigned long lowmem_kbytes);

#endif
