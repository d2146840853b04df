/* SPDX-License-Identifier: MIT */
/*
 * bad_disk DEVICE READPAGE WRITEPAGE: reading the one page fails, writing the other. Who asked hears of it, once;
 * the pages beside them are as always.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include "check.h"
#include "user/proc.h"

#define PAGE 4096

static const char *device;
static off_t bad_read, bad_write;
static char buf[3 * PAGE];

static void reading(void)
{
	int fd = open(device, O_RDONLY);

	CHECK(fd >= 0);
	for (int i = 0; i < 3; i++)
		CHECK_ERR(pread(fd, buf, PAGE, bad_read), EIO);
	CHECK(pread(fd, buf, PAGE, bad_read - PAGE) == PAGE && pread(fd, buf, PAGE, bad_read + PAGE) == PAGE);
	/* A read across it ends before it; the next begins at it. */
	CHECK(pread(fd, buf, 3 * PAGE, bad_read - PAGE) == PAGE);
	CHECK_ERR(pread(fd, buf, 1, bad_read + 100), EIO);
	CHECK(pread(fd, buf, 100, bad_read - 50) == 50);
	close(fd);
}

static void touch_bad_page(void)
{
	int fd = open(device, O_RDONLY);
	volatile char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, bad_read - PAGE);

	CHECK(p != MAP_FAILED);
	(void)p[0];
	(void)p[2 * PAGE];
	(void)p[PAGE];
	puts("a page that cannot be read was read");
}

/* Pages that have arrived on disks since boot, to the page. */
static long nr_written(void)
{
	int fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);

	CHECK(fd >= 0 && write(fd, "1", 1) == 1);
	close(fd);
	return vmstat_number("nr_written");
}

/* A part of the page cannot be written without reading it first; all of it can. */
static void writing_where_reading_fails(void)
{
	int fd = open(device, O_RDWR);
	long before;

	CHECK(fd >= 0);
	CHECK_ERR(pwrite(fd, "part", 4, bad_read + 8), EIO);
	CHECK_ERR(pread(fd, buf, 1, bad_read), EIO);
	memset(buf, 'R', PAGE);
	before = nr_written();
	CHECK(pwrite(fd, buf, PAGE, bad_read) == PAGE && fsync(fd) == 0);
	CHECK(nr_written() > before); /* the failed read is no failed write */
	CHECK(pread(fd, buf, PAGE, bad_read) == PAGE && buf[17] == 'R');
	close(fd);
}

static void syncing(void)
{
	int fd = open(device, O_RDWR), other = open(device, O_RDWR);

	CHECK(fd >= 0 && other >= 0);
	memset(buf, 'B', sizeof(buf));
	CHECK(pwrite(fd, buf, 3 * PAGE, bad_write - PAGE) == 3 * PAGE);
	CHECK_ERR(fsync(fd), EIO);
	CHECK(fsync(fd) == 0);
	/* Written again, it fails again: the page is not given up. */
	CHECK(pwrite(fd, buf, PAGE, bad_write) == PAGE);
	CHECK_ERR(fdatasync(other), EIO);
	CHECK(fsync(other) == 0 && fsync(fd) == 0);
	CHECK(pwrite(fd, buf, PAGE, bad_write + 8 * PAGE) == PAGE && fsync(fd) == 0);
	close(other);
	close(fd);
}

static void synchronously(void)
{
	int fd = open(device, O_RDWR | O_SYNC);

	CHECK(fd >= 0);
	CHECK_ERR(pwrite(fd, buf, PAGE, bad_write), EIO);
	CHECK(pwrite(fd, buf, PAGE, bad_write + PAGE) == PAGE);
	close(fd);
}

static void mapped(void)
{
	int fd = open(device, O_RDWR);
	char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, bad_write - PAGE);

	CHECK(p != MAP_FAILED);
	memset(p, 'B', 3 * PAGE);
	CHECK_ERR(msync(p, 3 * PAGE, MS_SYNC), EIO);
	CHECK(msync(p, 3 * PAGE, MS_SYNC) == 0 && p[PAGE] == 'B');
	CHECK(munmap(p, 3 * PAGE) == 0);
	close(fd);
}

/* Nobody asks: the log alone tells (the last close writes), and the next opener starts afresh. */
static void not_asking(void)
{
	int fd = open(device, O_RDWR);

	CHECK(pwrite(fd, buf, PAGE, bad_write) == PAGE && close(fd) == 0);
	fd = open(device, O_RDWR);
	CHECK(fd >= 0 && fsync(fd) == 0);
	CHECK(pread(fd, buf, PAGE, bad_write) == PAGE && buf[0] != 'B'); /* what is on the disk */
	close(fd);
}

int main(int argc, char **argv)
{
	int status;

	CHECK(argc == 4);
	device = argv[1];
	bad_read = (off_t)atol(argv[2]) * PAGE;
	bad_write = (off_t)atol(argv[3]) * PAGE;
	CHECK_CHILD(reading);
	status = in_child(touch_bad_page);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	CHECK_CHILD(writing_where_reading_fails);
	CHECK_CHILD(syncing);
	CHECK_CHILD(synchronously);
	CHECK_CHILD(mapped);
	CHECK_CHILD(not_asking);
	CHECK_CHILD(reading);
	PASS("bad_disk");
}
