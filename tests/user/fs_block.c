/* SPDX-License-Identifier: MIT */
/* A block device (argv[1], default /dev/ram0; its contents are lost) through read, write, mmap, fsync and reopening. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "check.h"

/* Who is killed does not write at the last close: what is dirty stays where it is. */
static void killed_at_the_last_close(const char *dev)
{
	static char buf[16 * 4096], back[sizeof(buf)];
	int fd, status;

	memset(buf, 'd', sizeof(buf));
	if (!fork()) {
		fd = open(dev, O_RDWR);
		CHECK(pwrite(fd, buf, sizeof(buf), 1 << 20) == sizeof(buf));
		kill(getpid(), SIGKILL);
	}
	CHECK(wait(&status) > 0 && WIFSIGNALED(status));
	fd = open(dev, O_RDONLY);
	CHECK(pread(fd, back, sizeof(back), 1 << 20) == sizeof(back) && !memcmp(back, buf, sizeof(buf)));
	CHECK(fsync(fd) == 0 && ioctl(fd, BLKFLSBUF, 0) == 0);
	CHECK(pread(fd, back, sizeof(back), 1 << 20) == sizeof(back) && !memcmp(back, buf, sizeof(buf)));
	close(fd);
}

int main(int argc, char **argv)
{
	const char *dev = argc > 1 ? argv[1] : "/dev/ram0";
	static char buf[1 << 16], back[1 << 16];
	unsigned long long bytes;
	unsigned long sectors;
	struct stat st;
	int fd = open(dev, O_RDWR), sector;
	char *p;

	CHECK(fd >= 0 && fstat(fd, &st) == 0 && S_ISBLK(st.st_mode));
	CHECK(ioctl(fd, BLKGETSIZE64, &bytes) == 0 && ioctl(fd, BLKGETSIZE, &sectors) == 0);
	CHECK(bytes == sectors * 512ULL && ioctl(fd, BLKSSZGET, &sector) == 0 && sector == 512);
	CHECK(lseek(fd, 0, SEEK_END) == (off_t)bytes);
	CHECK(read(fd, buf, 1) == 0);
	CHECK_ERR(write(fd, buf, 1), ENOSPC);
	CHECK(pwrite(fd, buf, 5000, bytes - 4000) == 4000);
	CHECK_ERR(ftruncate(fd, 0), EINVAL);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 31 >> 3);
	for (off_t at = 0; at < 2 << 20; at += sizeof(buf))
		CHECK(pwrite(fd, buf, sizeof(buf), at) == sizeof(buf));
	CHECK(pwrite(fd, "odd", 3, 12345) == 3 && fsync(fd) == 0 && fdatasync(fd) == 0);
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED && !memcmp(p + 12345, "odd", 3) && !memcmp(p + (1 << 16), buf, 4096));
	memcpy(p + 70000, "through the mapping", 19);
	CHECK(msync(p, 1 << 20, MS_SYNC) == 0 && munmap(p, 1 << 20) == 0);
	CHECK(close(fd) == 0); /* the last close empties the cache: the next read is from the disk */
	fd = open(dev, O_RDONLY);
	CHECK(pread(fd, back, 19, 70000) == 19 && !memcmp(back, "through the mapping", 19));
	memcpy(buf + 12345, "odd", 3);
	CHECK(pread(fd, back, sizeof(back), 0) == sizeof(back) && !memcmp(back, buf, sizeof(buf)));
	CHECK_ERR(write(fd, buf, 1), EBADF);
	CHECK(ioctl(fd, BLKFLSBUF, 0) == 0 && pread(fd, back, 3, 12345) == 3 && !memcmp(back, "odd", 3));
	sync();
	close(fd);
	killed_at_the_last_close(dev);
	PASS("fs_block");
}
