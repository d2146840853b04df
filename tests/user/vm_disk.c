/* SPDX-License-Identifier: MIT */
/*
 * vm_disk DEVICE [MiB]: a block device read, written and mapped. With less memory than MiB, dirty mapped pages have to
 * go to the disk and come back; every page carries its number and a generation.
 */
#include "tests/user/vm_check.h"

static void put(volatile uint64_t *page, uint64_t number, uint64_t generation)
{
	page[0] = number * 3 + generation;
	page[511] = ~(number * 3 + generation);
}

static int is(const volatile uint64_t *page, uint64_t number, uint64_t generation)
{
	return page[0] == number * 3 + generation && page[511] == ~(number * 3 + generation);
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	sync();
	CHECK(fd >= 0 && write(fd, "1\n", 2) == 2);
	close(fd);
}

static void through_mapping(int fd, size_t pages)
{
	volatile uint64_t *map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	uint64_t buf[512];
	size_t bad = 0;

	CHECK(map != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		put(map + i * 512, i, 1);
	for (size_t i = 0; i < pages; i++)
		bad += !is(map + i * 512, i, 1);
	CHECK(bad == 0);
	CHECK(!msync((void *)map, pages * PAGE, MS_SYNC));
	for (size_t i = 0; i < pages; i += 7) /* written again after cleaning: must be seen again */
		put(map + i * 512, i, 2);
	for (size_t i = 0; i < pages; i += 5)
		bad += pread(fd, buf, PAGE, (off_t)(i * PAGE)) != (ssize_t)PAGE || !is(buf, i, i % 7 ? 1 : 2);
	CHECK(bad == 0);
	CHECK(!munmap((void *)map, pages * PAGE));
	CHECK(!fsync(fd));
	drop_caches();
	map = mmap(NULL, pages * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	for (size_t i = 0; i < pages; i++)
		bad += !is(map + i * 512, i, i % 7 ? 1 : 2);
	CHECK(bad == 0);
	munmap((void *)map, pages * PAGE);
}

static void through_calls(int fd, size_t pages)
{
	uint64_t buf[4 * 512];
	size_t bad = 0;

	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (size_t i = 0; i < pages; i += 4) {
		for (size_t k = 0; k < 4; k++)
			put(buf + k * 512, i + k, 3);
		bad += write(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf);
	}
	CHECK(bad == 0 && !fsync(fd));
	drop_caches();
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (size_t i = 0; i < pages; i += 4) {
		bad += read(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf);
		for (size_t k = 0; k < 4; k++)
			bad += !is(buf + k * 512, i + k, 3);
	}
	CHECK(bad == 0);
	/* parts of pages, across a page boundary */
	CHECK(pwrite(fd, "hello, disk", 11, 2 * PAGE - 5) == 11 && !fsync(fd));
	drop_caches();
	CHECK(pread(fd, buf, 11, 2 * PAGE - 5) == 11 && !memcmp(buf, "hello, disk", 11));
	CHECK(pread(fd, buf, PAGE, 3 * PAGE) == (ssize_t)PAGE && is(buf, 3, 3));
}

int main(int argc, char **argv)
{
	size_t pages = (argc > 2 ? strtoul(argv[2], NULL, 0) : 8) * 256;
	int fd = open(argc > 1 ? argv[1] : "/dev/vda", O_RDWR);

	CHECK(fd >= 0);
	if (fd >= 0) {
		through_mapping(fd, pages);
		through_calls(fd, pages);
	}
	return vm_done("vm_disk");
}
