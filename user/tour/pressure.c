/* SPDX-License-Identifier: MIT */
/*
 * Part 4: a hog takes memory step by step, each when it is told to. After each step the story goes on
 * (story.c) and every so often a row of the table shows where memory is.
 *
 *   small steps until kswapd wakes -> the hog waits until kswapd sleeps again -> large steps, faster than
 *   kswapd can follow -> in the middle the keepers read everything back -> on, until the hog is killed
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "user/tour/tour.h"

#define SMALL_STEP ((unsigned char)1) /* MiB */
#define LARGE_STEP ((unsigned char)4)
#define ROWS	   14
#define BAR	   22
#define MAX_WAITS  3000 /* of 10 ms: for kswapd to come to rest while nobody asks for memory */

pid_t hog_pid;
static unsigned long hog_mib;
static int hog_ask, hog_answer; /* pipes: a byte is the size of the next step; any byte says it is done */
static char vmstat[32768];

struct counters {
	long out, in, runs, stalls, steal_kswapd, steal_direct;
};

static long sum_zones(const char *name)
{
	static const char *const names[] = { "dma", "normal", "high", "movable" };
	char item[64];
	long sum = 0;

	for (int i = 0; i < 4; i++) {
		snprintf(item, sizeof(item), "%s_%s", name, names[i]);
		sum += find_number(vmstat, item);
	}
	return sum;
}

static struct counters count(void)
{
	read_file("/proc/vmstat", vmstat, sizeof(vmstat));
	return (struct counters){
		.out = find_number(vmstat, "pswpout"),
		.in = find_number(vmstat, "pswpin"),
		.runs = find_number(vmstat, "pageoutrun"),
		.stalls = find_number(vmstat, "allocstall"),
		.steal_kswapd = sum_zones("pgsteal_kswapd"),
		.steal_direct = sum_zones("pgsteal_direct"),
	};
}

/* ---- The table ---- */

static void table_header(void)
{
	say("   %7s  %4s  %s  %5s  %s  %s\n", "time", "hog", "free pages of each zone", "swap", "pages moved  ",
	    "RAM: k keepers,");
	say("   %7s  %4s  %9s%7s%7s  %5s  %6s %6s  %s\n", "s", "MiB", "HighMem", "Normal", "DMA", "MiB", "out", "in",
	    "h hog, . free");
}

/* => pages of RAM the task has */
static long resident(pid_t pid)
{
	char path[32], text[128];
	long size, rss;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (pid <= 0 || read_file(path, text, sizeof(text)) <= 0 || sscanf(text, "%ld %ld", &size, &rss) != 2)
		return 0;
	return rss;
}

static size_t paint_cells(char *out, enum paint how, char cell, long cells)
{
	size_t n = (size_t)sprintf(out, "%s", paint(how));

	for (long i = 0; i < cells; i++)
		out[n++] = cell;
	return n + (size_t)sprintf(out + n, "%s", paint(PLAIN));
}

/* All of RAM in BAR cells: what keepers and hog have, what else is in use, what is free. */
static void bar(char *out, long free_pages)
{
	static long total;
	long kept = 0, hog = resident(hog_pid), k, h, f;
	size_t n;

	if (!total)
		total = meminfo_kb("MemTotal") / 4;
	for (int i = 0; i < NR_KEEPERS; i++)
		kept += resident(keepers[i].pid);
	k = kept * BAR / total;
	h = (kept + hog) * BAR / total - k;
	f = free_pages * BAR / total;
	n = paint_cells(out, NEWS, 'k', k);
	n += paint_cells(out + n, BAD, 'h', h);
	n += paint_cells(out + n, PLAIN, ' ', BAR - k - h - f);
	paint_cells(out + n, GOOD, '.', f);
}

static void table_row(const char *note)
{
	struct zone_facts zones[MAX_ZONES] = { 0 };
	struct counters c = count();
	char picture[BAR + 64];

	read_zones(zones);
	bar(picture, zones[0].free + zones[1].free + zones[2].free);
	say("   %7.3f  %4lu  %9ld%7ld%7ld  %5ld  %6ld %6ld  %s\n", seconds(), hog_mib, zones[2].free, zones[1].free,
	    zones[0].free, (meminfo_kb("SwapTotal") - meminfo_kb("SwapFree")) / 1024, c.out, c.in,
	    note ? note : picture);
	pace();
}

/* ---- The hog ---- */

static void hog_main(int ask, int answer)
{
	FILE *adj = fopen("/proc/self/oom_score_adj", "w");
	unsigned char mib;

	if (!adj || fputs("0", adj) < 0 || fclose(adj))
		_exit(2);
	prctl(PR_SET_NAME, "hog");
	while (read(ask, &mib, 1) == 1) {
		size_t bytes = mib * MIB;
		char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (memory == MAP_FAILED)
			_exit(2);
		for (size_t at = 0; at < bytes; at += PAGE)
			memory[at] = 1;
		if (write(answer, &mib, 1) != 1)
			_exit(2);
	}
	_exit(0);
}

static void start_hog(void)
{
	int ask[2], answer[2];

	if (pipe(ask) || pipe(answer)) {
		perror("tour: pipe");
		exit(2);
	}
	hog_pid = fork();
	if (!hog_pid) {
		close(ask[1]);
		close(answer[0]);
		for (int k = 0; k < NR_KEEPERS; k++)
			close(keepers[k].ask);
		hog_main(ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	hog_ask = ask[1];
	hog_answer = answer[0];
}

static void idle(void)
{
	story_go_on();
}

/* => 0: the hog is no more */
static int hog_step(unsigned char mib)
{
	struct pollfd done = { .fd = hog_answer, .events = POLLIN };
	char byte;

	if (write(hog_ask, &mib, 1) != 1)
		return 0;
	while (!poll(&done, 1, 50)) {
		story_go_on();
		progress("   ... the hog has %lu MiB and wants %d more", hog_mib, mib);
	}
	if (read(hog_answer, &byte, 1) != 1)
		return 0;
	hog_mib += mib;
	story_go_on();
	return 1;
}

static void row_if_due(void)
{
	static unsigned long next, distance;

	if (!distance)
		distance = (unsigned long)(meminfo_kb("MemTotal") + meminfo_kb("SwapTotal")) / 1024 / ROWS * 3 / 4;
	if (hog_mib < next)
		return;
	table_row(NULL);
	next = hog_mib + distance;
}

/* Nobody takes memory now, so kswapd comes to an end of its work. */
static void let_kswapd_sleep(void)
{
	for (int i = 0; i < MAX_WAITS && !(story_go_on() & SEEN_SLEEP); i++) {
		nap(10);
		progress("   ... the hog waits until kswapd has slept");
	}
}

static void keepers_read_all(void)
{
	table_row("the keepers read all:");
	check(ask_keepers(idle), "under pressure every word of the keepers is right");
	table_row(NULL);
}

static void grow_hog(void)
{
	unsigned long ram = (unsigned long)meminfo_kb("MemTotal") / 1024;
	unsigned long kept = NR_KEEPERS * keeper_bytes / MIB;
	unsigned char step = SMALL_STEP;
	int verified = 0;

	row_if_due();
	while (hog_step(step)) {
		row_if_due();
		if (step == SMALL_STEP && (story_go_on() & SEEN_WAKE)) {
			let_kswapd_sleep();
			table_row(NULL);
			step = LARGE_STEP;
		}
		if (!verified && kept + hog_mib > ram + ram / 16) {
			verified = 1;
			keepers_read_all();
		}
	}
}

int show_pressure(void)
{
	struct counters before = count(), after;
	int status = 0, seen;

	title("A hog grows: watermarks, kswapd, swap, direct reclaim, out of memory");
	story_begin();
	start_hog();
	table_header();
	grow_hog();
	waitpid(hog_pid, &status, 0);
	nap(20); /* time for the reaper's event; nothing depends on it */
	seen = story_go_on();
	after = count();
	table_row("the hog is dead");
	close(hog_ask);
	close(hog_answer);
	check(after.runs > before.runs, "kswapd balanced the node %ld times and freed %ld pages",
	      after.runs - before.runs, after.steal_kswapd - before.steal_kswapd);
	check(after.stalls > before.stalls, "tasks reclaimed directly %ld times and freed %ld pages",
	      after.stalls - before.stalls, after.steal_direct - before.steal_direct);
	check(after.out > before.out && after.in > before.in, "%ld pages went out to swap, %ld came back in",
	      after.out - before.out, after.in - before.in);
	check(seen == SEEN_ALL, "woken, asleep, out, in, direct reclaim, kill: the trace told all of it");
	return status;
}
