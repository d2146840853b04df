/* SPDX-License-Identifier: MIT */
/*
 * page_cache FAST SLOW: the page cache of block devices, seen through calls and counters. FAST is a disk of 256 MiB at
 * least, SLOW one of 16 MiB at least that writes slowly. Run with 64 MiB of memory. The disks' contents are lost.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "check.h"

#define PAGE 4096UL
#define MIB (1UL << 20)
#define BLKFLSBUF 0x1261
#define BLKRASET 0x1262
#define BLKRAGET 0x1263

static const char *fast, *slow;
static char buf[64 * PAGE];

static char text[1 << 16];

static void read_text(const char *file)
{
	int fd = open(file, O_RDONLY);
	ssize_t n, all = 0;

	CHECK(fd >= 0);
	while ((n = read(fd, text + all, sizeof(text) - 1 - (size_t)all)) > 0)
		all += n;
	close(fd);
	text[all] = '\0';
}

static long field(const char *name)
{
	size_t len = strlen(name);

	for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, name, len) && (line[len] == ' ' || line[len] == ':'))
			return atol(line + len + 1);
	printf("no %s\n", name);
	_exit(1);
}

static long counter(const char *file, const char *name)
{
	read_text(file);
	return field(name);
}

#define vmstat(name) counter("/proc/vmstat", name)

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

static void drop(const char *what)
{
	sync();
	put("/proc/sys/vm/drop_caches", what);
}

/* Read requests the disk has had. */
static long requests(const char *device)
{
	char line[256], name[32];
	long reads = -1, n;
	FILE *f = fopen("/proc/diskstats", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %31s %ld", name, &n) == 2 && !strcmp(name, device + 5))
			reads = n;
	fclose(f);
	CHECK(reads >= 0);
	return reads;
}

static int in_core(int fd, unsigned long page)
{
	unsigned char there;
	void *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)(page * PAGE));

	CHECK(p != MAP_FAILED && mincore(p, PAGE, &there) == 0 && munmap(p, PAGE) == 0);
	return there & 1;
}

/* ---- What one does all see ---- */

static void calls(void)
{
	int fd = open(fast, O_RDWR), other;
	struct iovec two[2] = { { "across ", 7 }, { "a page", 6 } };
	char back[64];
	char *shared, *private;
	long ra;

	CHECK(fd >= 0);
	CHECK(pwritev(fd, two, 2, 2 * PAGE - 5) == 13 && pread(fd, back, 13, 2 * PAGE - 5) == 13);
	CHECK(!memcmp(back, "across a page", 13));
	shared = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	private = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(shared != MAP_FAILED && private != MAP_FAILED);
	CHECK(!memcmp(shared + 2 * PAGE - 5, "across a page", 13));
	CHECK(pwrite(fd, "written", 7, 4 * PAGE) == 7 && !memcmp(shared + 4 * PAGE, "written", 7) &&
	      !memcmp(private + 4 * PAGE, "written", 7));
	memcpy(private + 4 * PAGE, "mine", 4); /* nobody else's */
	CHECK(pread(fd, back, 7, 4 * PAGE) == 7 && !memcmp(back, "written", 7));
	if (!fork()) { /* another process, another file, the same pages */
		other = open(fast, O_RDWR);
		char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0);

		memcpy(p + 5 * PAGE, "from the child", 14);
		_exit(memcmp(p + 4 * PAGE, "written", 7) || pwrite(other, "call", 4, 6 * PAGE) != 4);
	}
	int status;

	CHECK(wait(&status) > 0 && status == 0);
	CHECK(!memcmp(shared + 5 * PAGE, "from the child", 14) && !memcmp(shared + 6 * PAGE, "call", 4));
	CHECK(pread(fd, back, 14, 5 * PAGE) == 14 && !memcmp(back, "from the child", 14));
	CHECK(msync(shared, 8 * PAGE, MS_SYNC) == 0 && msync(shared, 8 * PAGE, MS_ASYNC) == 0);
	CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
	munmap(shared, 8 * PAGE);
	munmap(private, 8 * PAGE);
	CHECK(in_core(fd, 4) && ioctl(fd, BLKFLSBUF, 0) == 0 && !in_core(fd, 4));
	CHECK(pread(fd, back, 14, 5 * PAGE) == 14 && !memcmp(back, "from the child", 14));
	CHECK(ioctl(fd, BLKRAGET, &ra) == 0 && ra == 256);
	CHECK_ERR(open(fast, O_RDWR | O_DIRECT), EINVAL);
	CHECK_ERR(open("/tmp/direct", O_RDWR | O_CREAT | O_DIRECT, 0600), EINVAL);
	CHECK_ERR(fcntl(fd, F_SETFL, O_DIRECT), EINVAL);
	close(fd);
}

/* ---- Readahead ---- */

static long read_8_mib(void)
{
	int fd = open(fast, O_RDONLY);
	long before = requests(fast);

	for (unsigned long at = 0; at < 8 * MIB; at += PAGE)
		CHECK(pread(fd, buf, PAGE, (off_t)at) == PAGE);
	close(fd);
	return requests(fast) - before;
}

static void readahead_windows(void)
{
	int fd = open(fast, O_RDONLY), keep = open(fast, O_RDONLY);
	int bare[2] = { open("/proc/self/maps", O_RDONLY), open("/dev/zero", O_RDONLY) };
	long with, half, without, before;
	int pipes[2];

	drop("1");
	with = read_8_mib();
	drop("1");
	put("/sys/block/vda/queue/read_ahead_kb", "0");
	without = read_8_mib();
	drop("1");
	put("/sys/block/vda/queue/read_ahead_kb", "64");
	half = read_8_mib();
	put("/sys/block/vda/queue/read_ahead_kb", "128");
	printf("8 MiB in pages: %ld requests, %ld with half the window, %ld without\n", with, half, without);
	CHECK(without == 2048 && with < 256 && half > with && half < 512);
	drop("1");
	before = vmstat("pgpgin");
	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) == 0 && pread(fd, buf, PAGE, 100 * PAGE) == PAGE &&
	      pread(fd, buf, PAGE, 101 * PAGE) == PAGE);
	CHECK(vmstat("pgpgin") - before == 8);
	CHECK(posix_fadvise(fd, 200 * PAGE, 16 * PAGE, POSIX_FADV_WILLNEED) == 0 && in_core(fd, 100));
	CHECK(pread(fd, buf, 16 * PAGE, 200 * PAGE) == 16 * PAGE && vmstat("pgpgin") - before == 8 + 64);
	CHECK(readahead(fd, 300 * PAGE, 4 * PAGE) == 0);
	CHECK(pread(fd, buf, 4 * PAGE, 300 * PAGE) == 4 * PAGE && vmstat("pgpgin") - before == 8 + 64 + 16);
	CHECK(posix_fadvise(fd, 200 * PAGE, 8 * PAGE, POSIX_FADV_DONTNEED) == 0);
	CHECK(!in_core(fd, 207) && in_core(fd, 208));
	CHECK(posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL) == EINVAL && posix_fadvise(fd, 0, 0, 9) == EINVAL);
	CHECK(pipe(pipes) == 0 && posix_fadvise(pipes[0], 0, 0, POSIX_FADV_NORMAL) == ESPIPE);
	for (int i = 0; i < 6; i++) { /* files that keep no pages: nothing to do */
		CHECK(posix_fadvise(bare[0], 0, 0, i) == 0 && posix_fadvise(bare[1], 4096, 100, i) == 0);
		CHECK(posix_fadvise(bare[0], 0, -1, i) == EINVAL);
	}
	CHECK(posix_fadvise(bare[0], 0, 0, 6) == EINVAL && posix_fadvise(bare[1], 0, 0, -1) == EINVAL);
	CHECK_ERR(readahead(bare[0], 0, PAGE), EINVAL);
	close(bare[0]);
	close(bare[1]);
	CHECK_ERR(readahead(pipes[0], 0, PAGE), EINVAL);
	CHECK_ERR(readahead(99, 0, PAGE), EBADF);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
	close(keep);
}

/* ---- Writing back ---- */

/* Much faster than the disk: never more dirty pages than the limit, 32 a CPU, and what counters are behind. */
static void throttled(void)
{
	int fd = open(slow, O_RDWR);
	long limit, most = 0, dirtied = vmstat("nr_dirtied"), written = vmstat("nr_written");
	long slack = 32 * sysconf(_SC_NPROCESSORS_ONLN) + 64;

	put("/proc/sys/vm/dirty_background_bytes", "524288");
	put("/proc/sys/vm/dirty_bytes", "1048576");
	limit = vmstat("nr_dirty_threshold");
	CHECK(limit == 256);
	memset(buf, 's', sizeof(buf));
	for (unsigned long i = 0; i < 10 * MIB / (8 * PAGE); i++) {
		long now;

		CHECK(write(fd, buf, 8 * PAGE) == 8 * PAGE);
		read_text("/proc/vmstat");
		now = field("nr_dirty") + field("nr_writeback"); /* of one moment */
		most = now > most ? now : most;
	}
	dirtied = vmstat("nr_dirtied") - dirtied;
	written = vmstat("nr_written") - written;
	printf("limit %ld pages, at most %ld dirty or being written; %ld dirtied, %ld written meanwhile\n", limit, most,
	       dirtied, written);
	CHECK(most > limit / 2 && most <= limit + slack);
	CHECK(written >= dirtied - limit - slack);
	CHECK(fsync(fd) == 0 && vmstat("nr_written") >= 2560);
	put("/proc/sys/vm/dirty_background_ratio", "10");
	put("/proc/sys/vm/dirty_ratio", "20");
	close(fd);
}

/* Nobody asks, and yet the pages are written: when they are old enough. */
static void periodic(void)
{
	int fd = open(fast, O_RDWR);
	struct timespec tick = { 0, 20000000 };
	long written = vmstat("nr_written");
	int rounds = 0;

	put("/proc/sys/vm/dirty_expire_centisecs", "20");
	put("/proc/sys/vm/dirty_writeback_centisecs", "10");
	CHECK(pwrite(fd, buf, sizeof(buf), 77 * PAGE) == sizeof(buf));
	while (vmstat("nr_written") < written + 64 && ++rounds < 3000) /* counters are folded once a second */
		nanosleep(&tick, NULL);
	CHECK(vmstat("nr_written") >= written + 64);
	put("/proc/sys/vm/dirty_writeback_centisecs", "500");
	put("/proc/sys/vm/dirty_expire_centisecs", "3000");
	close(fd);
}

/* ---- Dropping ---- */

static void drop_caches(void)
{
	int fd = open(fast, O_RDWR);
	long names, inodes;

	CHECK(pread(fd, buf, sizeof(buf), 0) == sizeof(buf) && pwrite(fd, "dirty", 5, 50 * PAGE) == 5);
	put("/proc/sys/vm/drop_caches", "1"); /* no sync before: what is dirty stays */
	CHECK(!in_core(fd, 3) && in_core(fd, 50));
	drop("1");
	CHECK(!in_core(fd, 50) && pread(fd, buf, 5, 50 * PAGE) == 5 && !memcmp(buf, "dirty", 5));
	close(fd);

	/* Names of /proc that nobody uses, and the inodes behind them. */
	drop("2");
	names = counter("/proc/slabinfo", "dentry");
	inodes = counter("/proc/slabinfo", "inode_cache");
	CHECK(system("cat $(find /proc/sys -type f) > /dev/null 2>&1; true") == 0);
	printf("%ld names, %ld after reading /proc/sys\n", names, counter("/proc/slabinfo", "dentry"));
	CHECK(counter("/proc/slabinfo", "dentry") >= names + 50);
	CHECK(counter("/proc/slabinfo", "inode_cache") >= inodes + 50);
	put("/proc/sys/vm/vfs_cache_pressure", "0");
	drop("2");
	CHECK(counter("/proc/slabinfo", "dentry") >= names + 50);
	put("/proc/sys/vm/vfs_cache_pressure", "100");
	drop("2");
	CHECK(counter("/proc/slabinfo", "dentry") <= names + 5);
	CHECK(counter("/proc/slabinfo", "inode_cache") <= inodes + 5);
	CHECK(vmstat("pginodesteal") >= 50 && vmstat("drop_slab") >= 3 && vmstat("drop_pagecache") >= 2);
	/* They are made again as they were. */
	CHECK(counter("/proc/meminfo", "MemTotal") > 0);
}

/* ---- Under pressure ---- */

static long read_range(int fd, unsigned long from, unsigned long mib)
{
	long before = vmstat("pgpgin");

	for (unsigned long at = from * MIB; at < (from + mib) * MIB; at += sizeof(buf))
		CHECK(pread(fd, buf, sizeof(buf), (off_t)at) == sizeof(buf));
	return (vmstat("pgpgin") - before) / 1024;
}

/* 8 MiB used twice stay while three times the memory passes by; what is read again after that has been remembered. */
static void hot_and_cold(void)
{
	int fd = open(fast, O_RDONLY);
	long refaults = vmstat("workingset_refault"), again;

	drop("3");
	for (int i = 0; i < 3; i++)
		read_range(fd, 0, 8);
	CHECK(read_range(fd, 10, 200) == 200);
	again = read_range(fd, 0, 8);
	CHECK(vmstat("workingset_refault") - refaults < 100);
	CHECK(read_range(fd, 10, 10) == 10);
	printf("hot set read again: %ld MiB of 8; refaults %ld\n", again, vmstat("workingset_refault") - refaults);
	CHECK(again <= 1);
	CHECK(vmstat("workingset_refault") - refaults > 1000);
	close(fd);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	fast = argv[1];
	slow = argv[2];
	put("/proc/sys/vm/drop_caches", "4");
	calls();
	readahead_windows();
	periodic();
	drop_caches();
	throttled();
	hot_and_cold();
	PASS("page_cache");
}
