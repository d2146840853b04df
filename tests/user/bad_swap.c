/* SPDX-License-Identifier: MIT */
/* bad_swap AREA READONLY: what swapon and swapoff say to all that is no free swap area. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "check.h"

static const char *area;

static void by_a_user(void)
{
	CHECK(setuid(1000) == 0);
	CHECK_ERR(swapon(area, 0), EPERM);
	CHECK_ERR(swapoff(area), EPERM);
	CHECK_ERR(swapon("/dev/null", 0), EPERM);
}

static void refused(const char *path, int err)
{
	CHECK_ERR(swapon(path, 0), err);
	CHECK_ERR(swapoff(path), err);
}

static long mem_kb(const char *name)
{
	char line[128];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	CHECK(f);
	while (kb < 0 && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			kb = strtol(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	CHECK(kb >= 0);
	return kb;
}

static void set_knob(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value));
	close(fd);
}

/* Strict accounting: what is promised no longer fits when the area's room goes. */
static void swapoff_without_room(void)
{
	size_t size = (size_t)(mem_kb("SwapTotal") / 2) << 10;
	char *p;

	set_knob("/proc/sys/vm/overcommit_ratio", "100");
	set_knob("/proc/sys/vm/overcommit_memory", "2");
	size += (size_t)(mem_kb("CommitLimit") - mem_kb("SwapTotal") - mem_kb("Committed_AS")) << 10;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	p[0] = 1;
	CHECK_ERR(swapoff(area), ENOMEM);
	CHECK(mem_kb("SwapTotal") > 0);
	CHECK_ERR(swapon(area, 0), EBUSY);
	CHECK(munmap(p, size) == 0);
	set_knob("/proc/sys/vm/overcommit_memory", "0");
	set_knob("/proc/sys/vm/overcommit_ratio", "50");
}

/* A writer of the area who is killed leaves dirty pages in the disk's cache. */
static void killed_writer(void)
{
	static char data[1 << 20];
	int fd = open(area, O_RDWR);

	CHECK(fd >= 0 && lseek(fd, -(off_t)sizeof(data), SEEK_END) > 0);
	CHECK(write(fd, data, sizeof(data)) == (ssize_t)sizeof(data));
	raise(SIGKILL);
}

/* They are written before the area is one: not over the pages that are swapped out by then. */
static void swapon_behind_a_killed_writer(void)
{
	CHECK(in_child(killed_writer) == SIGKILL);
	CHECK(mem_kb("Dirty") > 512);
	CHECK(swapon(area, SWAP_FLAG_PREFER | 7) == 0);
	CHECK(mem_kb("Dirty") < 512);
}

int main(int argc, char **argv)
{
	char *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), longest[8192];
	int fd;

	CHECK(argc == 3 && geteuid() == 0);
	area = argv[1];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	refused("/tmp", EINVAL);
	refused("/dev/null", EINVAL);
	fd = open("/tmp/area", O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0 && close(fd) == 0);
	refused("/tmp/area", EINVAL);
	refused("/tmp/missing", ENOENT);
	refused("/tmp/area/below", ENOTDIR);
	refused("", ENOENT);
	refused(longest, ENAMETOOLONG);
	refused(unmapped, EFAULT);
	refused(NULL, EFAULT);
	CHECK(mknod("/tmp/nodisk", S_IFBLK | 0600, 200 << 8 | 1) == 0);
	refused("/tmp/nodisk", ENXIO);
	CHECK(symlink("loop", "/tmp/loop") == 0);
	refused("/tmp/loop", ELOOP);
	CHECK_ERR(swapon(argv[2], 0), EACCES);
	CHECK_ERR(swapoff(argv[2]), EINVAL);
	CHECK_ERR(swapon(area, 0x40000000), EINVAL);
	CHECK_ERR(swapoff(area), EINVAL);
	CHECK_CHILD(by_a_user);

	swapon_behind_a_killed_writer();
	CHECK_ERR(swapon(area, 0), EBUSY);
	CHECK(symlink(area, "/tmp/other-name") == 0);
	CHECK_ERR(swapon("/tmp/other-name", 0), EBUSY);
	CHECK_CHILD(by_a_user);
	swapoff_without_room();
	CHECK(swapoff("/tmp/other-name") == 0);
	CHECK_ERR(swapoff(area), EINVAL);
	PASS("bad_swap");
}
