/* SPDX-License-Identifier: MIT */
/*
 * Operations on a disk: each task has blocks of its own on it, and knows what it wrote there. By write and read, by
 * a shared mapping, one way seen through the other; fsync now and then, and what was only in memory may be dropped.
 */
#include "user/soak/soak.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static off_t block(size_t number)
{
	return (off_t)(((size_t)self.number * DISK_BLOCKS + number) * PAGE);
}

/* A block whose write failed holds the old or the new, and is not looked at until the next write. */
static void write_blocks(int fd, size_t first, size_t n)
{
	uint64_t page[WORDS];

	for (size_t b = first; b < first + n; b++) {
		uint64_t want = fresh();

		page_fill(page, want);
		self.disk[b] = 0;
		if (pwrite(fd, page, PAGE, block(b)) != (ssize_t)PAGE)
			call_failed("pwrite to the disk");
		else
			self.disk[b] = want;
	}
}

static void check_blocks(int fd, size_t first, size_t n)
{
	uint64_t page[WORDS];

	for (size_t b = first; b < first + n; b++) {
		if (!self.disk[b])
			continue;
		if (pread(fd, page, PAGE, block(b)) != (ssize_t)PAGE)
			call_failed("pread of the disk");
		else
			page_check(page, self.disk[b], b);
	}
}

static void touch_blocks(int fd, size_t first, size_t n)
{
	uint64_t *at = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, block(first));

	if (at == MAP_FAILED) {
		self.refused++;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (self.disk[first + i])
			page_check(at + i * WORDS, self.disk[first + i], first + i);
		self.disk[first + i] = fresh();
		page_fill(at + i * WORDS, self.disk[first + i]);
	}
	munmap(at, n * PAGE);
}

void op_disk(void)
{
	size_t first = below(DISK_BLOCKS), n = 1 + below(32);
	int fd = open(disk, O_RDWR);

	if (fd < 0) {
		self.refused++;
		return;
	}
	if (n > DISK_BLOCKS - first)
		n = DISK_BLOCKS - first;
	if (below(3))
		write_blocks(fd, first, n);
	else
		touch_blocks(fd, first, n);
	if (!below(3) && fsync(fd))
		call_failed("fsync");
	if (!below(3))
		posix_fadvise(fd, block(0), DISK_BLOCKS * PAGE, POSIX_FADV_DONTNEED);
	check_blocks(fd, first, n);
	first = below(DISK_BLOCKS);
	check_blocks(fd, first, 1);
	close(fd);
}

void disk_check_size(int nr_tasks)
{
	off_t want = (off_t)((size_t)nr_tasks * DISK_BLOCKS * PAGE);
	int fd = open(disk, O_RDWR);

	if (fd < 0)
		fail("open %s", disk);
	if (lseek(fd, 0, SEEK_END) < want)
		fail("%s is too small: %d tasks need %ld bytes", disk, nr_tasks, (long)want);
	close(fd);
}
