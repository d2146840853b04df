/* SPDX-License-Identifier: MIT */
/*
 * hog: takes memory, one page after the other, until it is told to stop or is killed.
 *
 * Without --mib it never stops by itself: the OOM killer is the end.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/options.h"

#define PAGE  4096UL
#define CHUNK (1UL << 20)
#define NO_ADJ 5000 /* beyond what oom_score_adj takes */

static unsigned long mib, report = 16, hold;
static long adj = NO_ADJ;

static const struct option_row rows[] = {
	{ "mib", OPTION_NUMBER, &mib, 1, 1 << 24, "MIB", "stop after so much (never)" },
	{ "report", OPTION_NUMBER, &report, 0, 1 << 24, "MIB", "a line every so much; 0: none (16)" },
	{ "hold", OPTION_NUMBER, &hold, 0, 1000000, "SECONDS", "keep it for so long at the end (0)" },
	{ "adj", OPTION_SIGNED, &adj, -1000UL, 1000, "POINTS", "set its oom_score_adj first, -1000 .. 1000" },
	{ 0 },
};

static const struct manual manual = {
	.program = "hog", .operands = "", .rows = rows,
	.what = "Takes memory page by page, without --mib until it is killed: the OOM killer is its end.",
	.example = "hog --mib 200 --hold 60 &",
	.statuses = "0: had all it wanted; 1: memory was refused; 2: usage",
};

static void set_adj(void)
{
	char text[16];
	int fd = open("/proc/self/oom_score_adj", O_WRONLY), n = snprintf(text, sizeof(text), "%ld", adj);

	if (fd < 0 || write(fd, text, (size_t)n) < 0) {
		perror("hog: oom_score_adj");
		exit(2);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	parse_options(&manual, argc, argv);
	if (adj != NO_ADJ)
		set_adj();
	for (unsigned long taken = 0; !mib || taken < mib; taken++) {
		char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (chunk == MAP_FAILED) {
			perror("hog: mmap");
			return 1;
		}
		for (unsigned long at = 0; at < CHUNK; at += PAGE)
			*(unsigned long *)(chunk + at) = taken + at;
		if (report && (taken + 1) % report == 0) {
			printf("hog: %lu MiB\n", taken + 1);
			fflush(stdout);
		}
	}
	sleep((unsigned)hold);
	return 0;
}
