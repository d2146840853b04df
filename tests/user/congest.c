/* SPDX-License-Identifier: MIT */
/*
 * More dirty pages than a slow disk can take: congest DEVICE MIB writes every second page of MIB MiB, so that no two
 * writes can be joined, then takes memory as well. Reclaim meets pages of a full queue, and has to wait for it.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include "tests/user/check.h"

#define PAGE 4096UL

int main(int argc, char **argv)
{
	static char page[PAGE];
	unsigned long mib;
	char *memory;
	int fd;

	if (argc < 3)
		PASS("congest");
	mib = strtoul(argv[2], NULL, 0);
	fd = open(argv[1], O_RDWR);
	CHECK(fd >= 0);
	for (unsigned long at = 0; at < mib << 20; at += 2 * PAGE) {
		memset(page, (int)(at / PAGE), sizeof(page));
		CHECK(pwrite(fd, page, sizeof(page), (off_t)at) == (ssize_t)sizeof(page));
	}
	memory = mmap(NULL, mib << 19, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	for (unsigned long at = 0; at < mib << 19; at += PAGE)
		memory[at] = 1;
	for (unsigned long at = 0; at < mib << 20; at += 2 * PAGE)
		CHECK(pread(fd, page, sizeof(page), (off_t)at) == (ssize_t)sizeof(page) &&
		      page[PAGE - 1] == (char)(at / PAGE));
	PASS("congest");
}
