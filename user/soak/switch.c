/* SPDX-License-Identifier: MIT */
/*
 * What is switched while the tasks run: swap areas off and on, each time with another priority; reclaim policies.
 * In a process of its own: who calls swapoff is the first to go when memory is short, or its children are.
 */
#include "user/soak/soak.h"

#include <fcntl.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#define MAX_AREAS 8

static const char *areas[MAX_AREAS];
static size_t nr_areas;
static int policies;

void switch_area(const char *device)
{
	if (nr_areas == MAX_AREAS)
		fail("more than %d areas", MAX_AREAS);
	areas[nr_areas++] = device;
}

void switch_policies(void)
{
	policies = 1;
}

int anything_to_switch(void)
{
	return policies || nr_areas;
}

void areas_on(void)
{
	for (size_t i = 0; i < nr_areas; i++)
		swapon(areas[i], 0);
}

/* EINVAL: it is off, since memory was short when it should have come back. */
static void switch_one_area(void)
{
	const char *device = areas[below(nr_areas)];
	int priority = below(2) ? SWAP_FLAG_PREFER | (int)below(3) : 0;

	self.doing = "swapoff";
	if (swapoff(device) && errno != ENOMEM && errno != EINTR && errno != EINVAL)
		fail("swapoff %s", device);
	usleep(20000);
	if (swapon(device, priority) && errno != EBUSY && errno != ENOMEM)
		fail("swapon %s", device);
}

static void switch_one_policy(void)
{
	static const char *const names[] = { "lru2", "fifo", "clock", "clockpro", "mglru" };
	const char *name = names[below(sizeof(names) / sizeof(names[0]))];
	int fd = open("/proc/sys/vm/reclaim_policy", O_WRONLY);

	self.doing = "policies";
	if ((fd < 0 || write(fd, name, strlen(name)) < 0) && errno != ENOMEM)
		fail("reclaim_policy %s", name);
	close(fd);
}

void run_switcher(void)
{
	for (;;) {
		if (nr_areas)
			switch_one_area();
		if (policies)
			switch_one_policy();
		usleep(50000);
	}
}
