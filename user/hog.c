/* SPDX-License-Identifier: MIT */
/*
 * hog: takes memory, one page after the other, until it is told to stop or is killed.
 *
 *   hog [--mib N] [--report N] [--hold SECONDS] [--adj N]
 *
 * Without --mib it never stops by itself: the OOM killer is the end. --report prints a line every N MiB.
 * --hold keeps what was taken for so long. --adj sets its oom_score_adj first.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE  4096UL
#define CHUNK (1UL << 20)

static int usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: hog [--mib N] [--report MIB] [--hold SECONDS] [--adj N]\n"
		"Takes memory page by page: N MiB, or without --mib until it is killed.\n");
	return status;
}

static void set_adj(const char *adj)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (fd < 0 || write(fd, adj, strlen(adj)) < 0) {
		perror("hog: oom_score_adj");
		exit(2);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "mib", 1, 0, 'm' },  { "report", 1, 0, 'r' }, { "hold", 1, 0, 'o' },
		{ "adj", 1, 0, 'a' },  { "help", 0, 0, 'h' },	 { 0 },
	};
	unsigned long mib = 0, report = 16, hold = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'm': mib = strtoul(optarg, NULL, 0); break;
		case 'r': report = strtoul(optarg, NULL, 0); break;
		case 'o': hold = strtoul(optarg, NULL, 0); break;
		case 'a': set_adj(optarg); break;
		case 'h': return usage(0);
		default: return usage(2);
		}
	}
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
