/* SPDX-License-Identifier: MIT */
/*
 * tour: the whole life of a page, shown on the running system (`make demo`).
 *
 *   firmware map -> zones -> buddy -> three keepers fill memory -> a hog grows: watermarks, kswapd, swap,
 *   direct reclaim -> the OOM killer takes the hog -> the keepers verify every word
 *
 * What is printed is read from /proc and the kernel's diaries while it happens. Each part ends in checks;
 * exit status 0 only if all of them held, 1 if not, 2 if the machine is not one for the tour. No check depends
 * on how long anything takes. The tour itself is locked in memory and never chosen by the OOM killer; it
 * has no other privileges.
 *
 *   --colour   for a terminal: colours, and slow enough to watch
 *   --spoil    one keeper changes a bit of its data: then the tour has to fail (its own test)
 */
#include <signal.h>
#include <sys/mman.h>

#include "user/tour/tour.h"

static void protect_self(void)
{
	FILE *adj = fopen("/proc/self/oom_score_adj", "w");

	if (!adj || fputs("-1000", adj) < 0 || fclose(adj))
		perror("tour: oom_score_adj");
	if (mlockall(MCL_CURRENT))
		perror("tour: mlockall");
}

static int fit_for_tour(void)
{
	struct zone_facts zones[MAX_ZONES];

	if (read_zones(zones) == 3 && meminfo_kb("SwapTotal") > 0)
		return 1;
	say("tour: needs the three zones of the default machine and a swap disk:\n"
	    "      scripts/run --swap 64M --cpus 2 --append loglevel=3 --exec /bin/tour\n");
	return 0;
}

int main(int argc, char **argv)
{
	int spoil = 0, status;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--colour"))
			screen_colours();
		else if (!strcmp(argv[i], "--spoil"))
			spoil = 1;
	}
	signal(SIGPIPE, SIG_IGN);
	keeper_bytes = (unsigned long)meminfo_kb("MemTotal") * 1024 / 8 / MIB * MIB;
	if (!fit_for_tour())
		return 2;
	say("%sTidemark: the life of a page%s\n", paint(BOLD), paint(PLAIN));
	show_map_and_zones();
	show_buddy();
	start_keepers(spoil);
	protect_self();
	status = show_pressure();
	show_kill(status);
	dismiss_keepers();
	say("\n%s%s%s\n", paint(checks_failed() ? BAD : GOOD),
	    checks_failed() ? "The tour FAILED." : "Every check held.", paint(PLAIN));
	return checks_failed() ? 1 : 0;
}
