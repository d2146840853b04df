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
 */
#include <signal.h>
#include <sys/mman.h>

#include "user/options.h"
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

static int colour, spoil;

static const struct option_row rows[] = {
	{ "colour", OPTION_FLAG, &colour, 0, 0, NULL, "for a terminal: colours, and slow enough to watch" },
	{ "spoil", OPTION_FLAG, &spoil, 0, 0, NULL, "damages a keeper's data: then the tour has to fail" },
	{ 0 },
};

static const struct manual manual = {
	.program = "tour", .operands = "", .rows = rows,
	.what = "Shows the life of a page on the running machine, from the firmware map to the OOM killer,\n"
		"with checks.",
	.example = "tour --colour",
	.statuses = "0: every check held; 1: one did not; 2: usage, or not a machine for the tour",
};

int main(int argc, char **argv)
{
	int status;

	parse_options(&manual, argc, argv);
	if (colour)
		screen_colours();
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
