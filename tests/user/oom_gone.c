/* SPDX-License-Identifier: MIT */
/*
 * oom_gone: one hog after the other is killed for memory (swap is off then). When the parent hears of its end all its
 * memory is free, and nobody else has died: neither the parent nor a bystander.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "tests/user/check.h"

#define HOGS   20
#define PAGE   4096UL
#define SPREAD (6UL << 20) /* what else may come and go: lists of CPUs, tables, kernel stacks, caches */

static void hog(void)
{
	for (;;) {
		char *page = mmap(NULL, 256 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		for (unsigned long at = 0; page != MAP_FAILED && at < 256 * PAGE; at += PAGE)
			page[at] = 1;
	}
}

static unsigned long free_memory(void)
{
	struct sysinfo info;

	CHECK(!sysinfo(&info));
	return info.freeram * info.mem_unit;
}

int main(void)
{
	unsigned long before;
	int status;
	pid_t bystander = fork();

	CHECK(bystander >= 0);
	while (!bystander)
		pause();
	status = in_child(hog); /* page cache that can go goes now */
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	before = free_memory();
	for (int i = 0; i < HOGS; i++) {
		status = in_child(hog);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		CHECK(free_memory() + SPREAD >= before);
		CHECK(waitpid(bystander, &status, WNOHANG) == 0);
	}
	CHECK(!kill(bystander, SIGKILL) && waitpid(bystander, &status, 0) == bystander);
	PASS("oom_gone");
}
