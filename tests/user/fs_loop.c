/* SPDX-License-Identifier: MIT */
/* Loop devices: a file as a disk, a part of it, read-only, what is refused; and two over the disk of the argument. */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "tests/user/loop.h"

#define SIZE (1 << 20)

static char one[SIZE], other[SIZE];

/* => an open loop device over the file, from offset on */
static int bind_to(int file, int flags, uint64_t offset, uint64_t limit)
{
	struct loop_info64 info = { .offset = offset, .sizelimit = limit };
	int control = open("/dev/loop-control", O_RDWR), nr, loop;
	char path[32];

	CHECK(control >= 0);
	nr = ioctl(control, LOOP_CTL_GET_FREE);
	CHECK(nr >= 0 && nr < 8);
	close(control);
	snprintf(path, sizeof(path), "/dev/loop%d", nr);
	loop = open(path, flags);
	CHECK(loop >= 0);
	CHECK(ioctl(loop, LOOP_SET_FD, file) == 0);
	strcpy((char *)info.file_name, "below");
	CHECK(ioctl(loop, LOOP_SET_STATUS64, &info) == 0);
	memset(&info, 0, sizeof(info));
	CHECK(ioctl(loop, LOOP_GET_STATUS64, &info) == 0);
	CHECK(info.offset == offset && info.sizelimit == limit && info.number == (uint32_t)nr);
	CHECK(!strcmp((char *)info.file_name, "below"));
	return loop;
}

static uint64_t size_of(int disk)
{
	uint64_t size;

	CHECK(ioctl(disk, BLKGETSIZE64, &size) == 0 && (off_t)size == lseek(disk, 0, SEEK_END));
	return size;
}

static void fill(char *buf, unsigned int seed)
{
	for (size_t i = 0; i < SIZE; i++)
		buf[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
}

static int make_file(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(file >= 0);
	fill(one, 1);
	CHECK(write(file, one, SIZE) == SIZE);
	return file;
}

static void a_file_as_a_disk(void)
{
	int file = make_file("/tmp/disk"), loop = bind_to(file, O_RDWR, 0, 0);

	CHECK(size_of(loop) == SIZE);
	CHECK(pread(loop, other, SIZE, 0) == SIZE && !memcmp(one, other, SIZE));
	fill(other, 2);
	CHECK(pwrite(loop, other, SIZE, 0) == SIZE && fsync(loop) == 0);
	CHECK(pread(file, one, SIZE, 0) == SIZE && !memcmp(one, other, SIZE));
	CHECK_ERR(pwrite(loop, other, 1, SIZE), ENOSPC);
	CHECK_ERR(ioctl(loop, LOOP_SET_FD, file), EBUSY);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(size_of(loop) == 0 && pread(loop, other, 512, 0) == 0);
	CHECK_ERR(ioctl(loop, LOOP_CLR_FD), ENXIO);
	close(loop);
	close(file);
}

static void a_part_read_only(void)
{
	int file = make_file("/tmp/disk"), loop, again, part;

	close(file);
	file = open("/tmp/disk", O_RDONLY);
	loop = bind_to(file, O_RDONLY, 4096 + 512, 9000);
	CHECK(size_of(loop) == 9000 / 512 * 512);
	CHECK(pread(loop, other, SIZE, 0) == 9000 / 512 * 512 && !memcmp(other, one + 4608, 9000 / 512 * 512));
	CHECK(ioctl(loop, BLKROGET, &part) == 0 && part == 1);
	CHECK_ERR(open("/dev/loop0", O_RDWR), EACCES);
	again = open("/dev/loop0", O_RDONLY);
	CHECK(again >= 0);
	CHECK_ERR(ioctl(loop, LOOP_CLR_FD), EBUSY); /* somebody else has it open */
	close(again);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	close(loop);
	close(file);
}

static void refused(void)
{
	struct loop_info64 info = { .offset = 100 };
	int file = make_file("/tmp/disk"), loop = bind_to(file, O_RDWR, 0, 0), control, second, p[2];

	CHECK_ERR(ioctl(loop, LOOP_SET_STATUS64, &info), EINVAL);
	info.offset = 1ULL << 63;
	CHECK_ERR(ioctl(loop, LOOP_SET_STATUS64, &info), EINVAL);
	info.offset = 0;
	info.encrypt_type = 1;
	CHECK_ERR(ioctl(loop, LOOP_SET_STATUS64, &info), EINVAL);
	CHECK_ERR(ioctl(loop, LOOP_SET_STATUS64, (void *)16), EFAULT);
	CHECK_ERR(ioctl(loop, LOOP_GET_STATUS64, (void *)16), EFAULT);
	CHECK_ERR(ioctl(loop, 0x4c99, 0), ENOTTY);
	control = open("/dev/loop-control", O_RDWR);
	CHECK_ERR(ioctl(control, LOOP_CTL_ADD, 0), EEXIST);
	CHECK_ERR(ioctl(control, LOOP_CTL_ADD, 8), EINVAL);
	CHECK(ioctl(control, LOOP_CTL_GET_FREE) == 1);
	second = open("/dev/loop1", O_RDWR);
	CHECK(second >= 0 && pipe(p) == 0);
	CHECK_ERR(ioctl(second, LOOP_SET_FD, loop), EINVAL);
	CHECK_ERR(ioctl(second, LOOP_SET_FD, p[0]), EINVAL);
	CHECK_ERR(ioctl(second, LOOP_SET_FD, 999), EBADF);
	CHECK_ERR(ioctl(second, LOOP_GET_STATUS64, &info), ENXIO);
	CHECK_ERR(ioctl(second, LOOP_SET_STATUS64, &info), ENXIO);
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	close(loop);
	close(second);
	close(file);
}

/* The two halves of one disk. */
static void halves(const char *path)
{
	int disk = open(path, O_RDWR), low, high;
	uint64_t half;

	CHECK(disk >= 0);
	half = size_of(disk) / 2 & ~511ULL;
	CHECK(half >= SIZE);
	low = bind_to(disk, O_RDWR, 0, half);
	high = bind_to(disk, O_RDWR, half, 0);
	CHECK(size_of(low) == half);
	fill(one, 3);
	fill(other, 4);
	CHECK(pwrite(low, one, SIZE, (off_t)half - SIZE) == SIZE && pwrite(high, other, SIZE, 0) == SIZE);
	CHECK(fsync(low) == 0 && fsync(high) == 0);
	CHECK(ioctl(low, LOOP_CLR_FD) == 0 && ioctl(high, LOOP_CLR_FD) == 0);
	fill(one, 5);
	CHECK(pread(disk, one, SIZE, (off_t)half) == SIZE && !memcmp(one, other, SIZE));
	fill(other, 3);
	CHECK(pread(disk, one, SIZE, (off_t)half - SIZE) == SIZE && !memcmp(one, other, SIZE));
	close(low);
	close(high);
	close(disk);
}

int main(int argc, char **argv)
{
	a_file_as_a_disk();
	a_part_read_only();
	refused();
	if (argc > 1)
		halves(argv[1]);
	PASS("fs_loop");
}
