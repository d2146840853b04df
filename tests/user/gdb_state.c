/* SPDX-License-Identifier: MIT */
/*
 * A state that the test of the gdb commands knows (tests/boot/test_gdb.py); by itself it only checks that it stands.
 *
 *	mine	two anonymous pages of this process alone		both	one that a child maps as well
 *	share	a MAP_SHARED page of parent and child			file	the first page of a tmpfs file, mapped
 *	big	with an argument: so many MiB, page i begins with PATTERN + i
 *
 * The child sleeps in pause(2). The test stops in known_state() and looks; then come buddyinfo and zoneinfo as text.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include "tests/user/check.h"
#include "user/proc.h"

#define PAGE	4096UL
#define PATTERN 0x7469646500000000UL

unsigned long *volatile mine, *volatile both, *volatile share, *volatile file, *volatile big;
volatile pid_t me, child;
volatile int reached;

static unsigned long *map(unsigned long pages, int flags, int fd)
{
	unsigned long *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	CHECK(at != MAP_FAILED);
	return at;
}

static char state_of(pid_t pid)
{
	char path[32], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CHECK(read_file(path, text, sizeof(text)) > 0);
	return strrchr(text, ')')[2];
}

__attribute__((noinline)) void known_state(void)
{
	reached++;
}

static void print_file(const char *path)
{
	static char text[16384];

	CHECK(read_file(path, text, sizeof(text)) > 0);
	printf("%s", text);
	fflush(stdout);
}

static void start_child(void)
{
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		if (*both && ++*share && *file)
			pause();
		_exit(1);
	}
	while (state_of(child) != 'S')
		usleep(1000);
}

int main(int argc, char **argv)
{
	unsigned long pages = argc > 1 ? strtoul(argv[1], NULL, 0) << 8 : 0;
	int fd = open("/tmp/gdb_state", O_RDWR | O_CREAT, 0600);

	CHECK(fd >= 0 && !ftruncate(fd, PAGE));
	me = getpid();
	mine = map(2, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	both = map(1, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	share = map(1, MAP_SHARED | MAP_ANONYMOUS, -1);
	file = map(1, MAP_SHARED, fd);
	*both = PATTERN + 0xb;
	*share = PATTERN + 0x5;
	*file = PATTERN + 0xf;
	start_child();
	*mine = PATTERN + 0xa;
	if (pages)
		big = map(pages, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (unsigned long i = 0; i < pages; i++)
		big[i * PAGE / sizeof(*big)] = PATTERN + i;
	known_state();
	print_file("/proc/buddyinfo");
	print_file("/proc/zoneinfo");
	CHECK(reached == 1 && !kill(child, SIGKILL) && waitpid(child, NULL, 0) == child);
	PASS("gdb_state");
}
