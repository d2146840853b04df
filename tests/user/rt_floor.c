/* SPDX-License-Identifier: MIT */
/*
 * How far down may a task go before it has to reclaim? A child takes page after page; there is no swap and nothing
 * cached, so its first reclaim finds nothing and the OOM killer ends it. Just before it stood at its floor:
 *
 *	normal		min of each zone, and what the lower zones keep back
 *	real-time	3/4 of min (ALLOC_HARDER): tests/boot/test_causes.py runs this through chrt
 *
 * Prints "floor: N pages free", the least that it saw, and what /proc/zoneinfo has of it: "min: N reserve: N".
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include "tests/user/check.h"
#include "user/proc.h"

#define PAGE 4096UL

static unsigned long free_pages(void)
{
	struct sysinfo info;

	CHECK(!sysinfo(&info));
	return info.freeram * info.mem_unit / PAGE;
}

static void take_all(volatile unsigned long *least)
{
	for (;;) {
		char *at = mmap(NULL, PAGE << 9, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				-1, 0);

		CHECK(at != MAP_FAILED);
		for (unsigned long i = 0; i < 1 << 9; i++) {
			at[i * PAGE] = 1;
			*least = free_pages();
		}
	}
}

static void become_victim(void)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "w");

	CHECK(f && fputs("1000", f) >= 0 && !fclose(f));
}

int main(void)
{
	volatile unsigned long *least = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	CHECK(least != MAP_FAILED);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		become_victim();
		take_all(least);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	printf("floor: %lu pages free\n", *least);
	PASS("rt_floor");
}
