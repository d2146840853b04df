/* SPDX-License-Identifier: MIT */
/*
 * /dev/hwrng: without a generator ENODEV. With one, `hwrng device`:
 *
 *	read	bytes come, never twice the same; the driver's counters add up
 *	starve	all memory is held, then min is raised above what is free: the driver's GFP_ATOMIC finds nothing, the
 *		ring runs dry, a reader sleeps; memory is given back, and the ring fills again by itself
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include "tests/user/check.h"
#include "user/proc.h"

#define PAGE 4096UL
#define STAT "/proc/tidemark/hwrng"

static char text[1024];

static long stat_of(const char *name)
{
	CHECK(read_file(STAT, text, sizeof(text)) > 0);
	return find_number(text, name);
}

static unsigned long free_pages(void)
{
	struct sysinfo info;

	CHECK(!sysinfo(&info));
	return info.freeram * info.mem_unit / PAGE;
}

static void read_many(int fd)
{
	static unsigned char one[40000], other[40000];
	size_t same = 0;

	CHECK(read(fd, one, sizeof(one)) == (ssize_t)sizeof(one));
	CHECK(read(fd, other, sizeof(other)) == (ssize_t)sizeof(other));
	for (size_t i = 0; i < sizeof(one); i++)
		same += one[i] == other[i];
	CHECK(same > 50 && same < 400); /* 156 expected */
	CHECK(stat_of("filled") >= 20 && stat_of("posted") + stat_of("full") <= 16);
	CHECK(stat_of("from_hardirq") > 0 && stat_of("from_softirq") > 0 && stat_of("starved") == 0);
	CHECK(stat_of("from_hardirq") + stat_of("from_softirq") == stat_of("filled") + stat_of("posted"));
}

/* => pages held, so that less than `least` are free; locked, so that they need nothing more */
static char *hold_all(size_t *bytes, unsigned long least)
{
	unsigned long take = free_pages() - least;
	char *at = mmap(NULL, take * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	for (*bytes = 0; *bytes < take * PAGE; *bytes += PAGE)
		at[*bytes] = 1;
	return at;
}

static volatile int *stage; /* 1: the reader has all it needs, 2: it may read */

/* Reads more than the driver keeps: it sleeps until the ring is fed again. */
static void reader(int fd)
{
	static char buf[200000];

	memset(buf, 1, sizeof(buf));
	CHECK(!mlockall(MCL_CURRENT));
	alarm(60); /* a ring that stays empty */
	*stage = 1;
	while (*stage < 2)
		usleep(1000);
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK));
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	CHECK(errno == EAGAIN && !fcntl(fd, F_SETFL, 0));
	CHECK(read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf));
	_exit(0);
}

static void starve(int fd)
{
	int knob = open("/proc/sys/vm/min_free_kbytes", O_RDWR), status;
	char old[32] = "", *held;
	size_t bytes;
	pid_t pid;

	stage = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(stage != MAP_FAILED && knob >= 0 && read(knob, old, sizeof(old) - 1) > 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid)
		reader(fd);
	while (*stage < 1)
		usleep(1000);
	CHECK(!mlockall(MCL_CURRENT));
	held = hold_all(&bytes, 1000);
	CHECK(pwrite(knob, "65536", 5, 0) == 5); /* 3/8 of the least zone's part of it is above 1000 pages */
	*stage = 2;
	usleep(500000); /* nobody may need memory now */
	CHECK(!munmap(held, bytes));
	CHECK(pwrite(knob, old, strlen(old), 0) == (ssize_t)strlen(old));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(stat_of("starved") > 0);
	CHECK(stat_of("from_hardirq") + stat_of("from_softirq") == stat_of("filled") + stat_of("posted"));
}

int main(int argc, char **argv)
{
	int fd = open("/dev/hwrng", O_RDONLY);
	char byte;

	CHECK(fd >= 0);
	if (argc < 2) {
		CHECK_ERR(read(fd, &byte, 1), ENODEV);
		PASS("hwrng");
	}
	read_many(fd);
	starve(fd);
	PASS("hwrng");
}
