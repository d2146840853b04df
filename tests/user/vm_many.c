/* SPDX-License-Identifier: MIT */
/*
 * vm_many [CHILDREN]: one page table entry per child for the same pages. More users than a byte of the swap
 * map counts must not keep a page in memory: when the parent has filled all of it twice, the pages have left
 * the tables of the last child too, and every child still reads what the parent wrote.
 */
#include "tests/user/vm_check.h"
#include <sys/sysinfo.h>

#define SHARED 64UL /* pages */

/* => kB of this process in swap */
static long swapped(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long kb = -1;

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmSwap:", 7))
			kb = strtol(line + 7, NULL, 10);
	if (status)
		fclose(status);
	return kb;
}

/* => exit status of a child: waits for the pipe to be closed, then looks */
static int child(int wait_fd, const uint64_t *base)
{
	char c;

	if (read(wait_fd, &c, 1) != 0)
		return 1;
	if (swapped() < (long)(SHARED * PAGE / 2 >> 10))
		return 2;
	for (size_t i = 0; i < SHARED * PAGE / 8; i++)
		if (base[i] != i * 0x9e3779b97f4a7c15UL)
			return 3;
	return 0;
}

/* Write to twice the RAM, so that whatever can go to swap has gone. */
static void press(void)
{
	struct sysinfo info;
	size_t bytes;
	char *p;

	sysinfo(&info);
	bytes = info.totalram * info.mem_unit * 2;
	p = vm_anon(bytes, MAP_PRIVATE | MAP_NORESERVE);
	CHECK(p != MAP_FAILED);
	for (size_t at = 0; at < bytes; at += PAGE)
		p[at] = 1;
	munmap(p, bytes);
}

int main(int argc, char **argv)
{
	int children = argc > 1 ? atoi(argv[1]) : 150, fds[2], bad[4] = { 0 };
	uint64_t *base = vm_anon(SHARED * PAGE, MAP_PRIVATE);
	pid_t *pids = calloc((size_t)children, sizeof(*pids));

	CHECK(base != MAP_FAILED && pids && !pipe(fds));
	for (size_t i = 0; i < SHARED * PAGE / 8; i++)
		base[i] = i * 0x9e3779b97f4a7c15UL;
	for (int i = 0; i < children; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			close(fds[1]);
			_exit(child(fds[0], base));
		}
		CHECK(pids[i] > 0);
	}
	press();
	close(fds[1]);
	for (int i = 0; i < children; i++) {
		int status = vm_reap(pids[i]);

		bad[status < 3 ? status : 3]++;
	}
	printf("vm_many: %d right, %d not swapped, %d wrong\n", bad[0], bad[2], bad[1] + bad[3]);
	CHECK(bad[0] == children);
	return vm_done("vm_many");
}
