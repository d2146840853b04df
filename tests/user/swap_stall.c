/* SPDX-License-Identifier: MIT */
/*
 * swap_stall MIB: on a machine whose swap disk has stopped answering. A child wants more memory than there is and
 * gets stuck; it can be killed all the same, and its memory serves others.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>

#include "check.h"

static void touch(size_t mib)
{
	volatile char *p = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	for (int round = 0; round < 9; round++)
		for (size_t i = 0; i < mib << 20; i += 4096)
			p[i] = (char)(i >> 12);
	munmap((void *)p, mib << 20);
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int status;
	pid_t pid;

	CHECK(mib && mlockall(MCL_CURRENT) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		touch(mib);
		_exit(0);
	}
	sleep(60);
	puts("killing");
	fflush(stdout);
	CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	touch(8);
	PASS("swap_stall");
}
