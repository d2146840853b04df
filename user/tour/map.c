/* SPDX-License-Identifier: MIT */
/*
 * Part 1: the firmware's map as the kernel logged it, and what /proc/zoneinfo says was made of it.
 */
#include "user/tour/tour.h"

/* => whole pages inside a usable range; prints every line of the map */
static long show_map(void)
{
	long usable = 0;

	for (char *line; (line = kmsg_line()) != NULL;) {
		unsigned long start, end;

		if (sscanf(line, "BIOS-e820: [mem %lx-%lx]", &start, &end) != 2)
			continue;
		say("   %s\n", line);
		if (strstr(line, "] usable"))
			usable += (long)((end + 1) / PAGE - (start + PAGE - 1) / PAGE);
	}
	return usable;
}

void show_map_and_zones(void)
{
	struct zone_facts zones[MAX_ZONES];
	long managed = 0, usable;
	int n;

	title("The firmware's memory map, and the zones made of it (in pages of 4 KiB)");
	usable = show_map();
	n = read_zones(zones);
	say("\n   %-8s %9s %8s %8s %8s %5s %5s %5s  %s\n", "zone", "first pfn", "spanned", "present", "managed",
	    "min", "low", "high", "kept for itself");
	for (int i = 0; i < n; i++) {
		const struct zone_facts *z = &zones[i];

		say("   %s%-8s%s %9ld %8ld %8ld %8ld %5ld %5ld %5ld  %s\n", paint(NEWS), z->name, paint(PLAIN),
		    z->start, z->spanned, z->present, z->managed, z->min, z->low, z->high, z->protection);
		managed += z->managed;
	}
	check(n == 3, "three zones: DMA, Normal, HighMem");
	check(managed * 4 == meminfo_kb("MemTotal"), "the zones' managed pages are MemTotal: %ld pages", managed);
	check(usable >= managed && managed > usable * 9 / 10, "%ld of the map's %ld usable pages are managed",
	      managed, usable);
}
