/* SPDX-License-Identifier: MIT */
/*
 * Reads one recorded firmware map (tests/data/e820's format) from standard input through the kernel's own
 * e820 code and zones, and prints what came of it, for scripts/check-maps:
 *
 *	usable PAGES end_pfn PFN present PAGES
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/e820.h"
#include "tests/host/libmm.h"

#define MAX 4096

static struct mem_range ranges[2 * MAX + 1];
static struct range_set map = { .name = "map", .max = 2 * MAX + 1, .ranges = ranges };
static struct mm_host_range raw[MAX];

/* Pages of all zones of a machine with this map; 0 if there is none or it would be too large. */
static unsigned long present_pages(unsigned int nr)
{
	struct mm_host_config config = { raw, nr, 1, 1, 16ULL << 20, 896ULL << 20, 0 };
	unsigned long present = 0;

	if (e820_usable_pages(&map) > 64UL << 18 || mm_host_start(&config))
		return 0;
	for (int zone = 0; zone < 3; zone++)
		present += mm_host_zone(0, zone, MM_PRESENT);
	if (mm_host_check())
		present = 0;
	mm_host_stop();
	return present;
}

int main(void)
{
	unsigned long long start, end;
	unsigned int type, nr = 0;
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, " %llx %llx %u", &start, &end, &type) != 3)
			continue;
		if (!e820_add(&map, start, end - start, type)) {
			fprintf(stderr, "ignored: %s", line);
			continue;
		}
		if (end < start) /* a description of the host's machine does not wrap */
			end = ~0ULL;
		if (nr < MAX)
			raw[nr++] = (struct mm_host_range){ start, end, type, 0 };
	}
	printf("usable %lu end_pfn %lu present %lu\n", e820_usable_pages(&map), e820_end_pfn(&map),
	       present_pages(nr));
	return 0;
}
