/* SPDX-License-Identifier: MIT */
/*
 * Memory files beyond memory: a shared mapping and a tmpfs file, together larger than RAM, keep their contents while
 * their pages go to swap and come back, and swapoff brings them home. argv[1]: MiB of each (default 100).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "check.h"

#define PAGE 4096UL

static unsigned long swap_used(void)
{
	FILE *f = fopen("/proc/swaps", "r");
	char line[200], path[100], type[20];
	unsigned long size, used, sum = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%99s %19s %lu %lu", path, type, &size, &used) == 4)
			sum += used;
	fclose(f);
	return sum;
}

static void fill(unsigned long *p, unsigned long pages, unsigned long seed)
{
	for (unsigned long i = 0; i < pages; i++) {
		p[i * PAGE / 8] = seed + i;
		p[i * PAGE / 8 + 511] = ~(seed + i);
	}
}

static void verify(const unsigned long *p, unsigned long pages, unsigned long seed)
{
	for (unsigned long i = 0; i < pages; i++)
		CHECK(p[i * PAGE / 8] == seed + i && p[i * PAGE / 8 + 511] == ~(seed + i));
}

static void read_file(int fd, unsigned long pages, unsigned long seed)
{
	unsigned long buf[512];

	for (unsigned long i = 0; i < pages; i++) {
		CHECK(pread(fd, buf, PAGE, i * PAGE) == (ssize_t)PAGE);
		CHECK(buf[0] == seed + i && buf[511] == ~(seed + i));
	}
}

int main(int argc, char **argv)
{
	unsigned long pages = (argc > 1 ? strtoul(argv[1], NULL, 0) : 100) * 256, seed = 0x1234567;
	unsigned long *shared, *file;
	int fd, status;
	pid_t pid;

	mkdir("/tmp/big", 0755);
	CHECK(mount("none", "/tmp/big", "tmpfs", 0, "size=1g") == 0);
	fd = open("/tmp/big/file", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, pages * PAGE) == 0);
	shared = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(shared != MAP_FAILED && file != MAP_FAILED);
	fill(shared, pages, seed);
	fill(file, pages, 2 * seed);
	printf("filled, swap used %lu kB\n", swap_used());
	CHECK(swap_used() > 0);
	pid = fork();
	if (!pid) {
		verify(shared, pages, seed);
		read_file(fd, pages, 2 * seed);
		fill(shared, pages, 3 * seed); /* seen by the parent */
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	verify(shared, pages, 3 * seed);
	verify(file, pages, 2 * seed);

	/* Less than memory again: everything must fit without swap. */
	CHECK(munmap(file, pages * PAGE) == 0 && ftruncate(fd, pages / 4 * PAGE) == 0);
	CHECK(swapoff("/dev/vda") == 0 && swap_used() == 0);
	verify(shared, pages, 3 * seed);
	read_file(fd, pages / 4, 2 * seed);
	CHECK(close(fd) == 0 && umount("/tmp/big") == 0);
	PASS("fs_swap");
}
