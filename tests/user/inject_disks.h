/* SPDX-License-Identifier: MIT */
/* Of inject's work: memory on its way to a swap disk, swapon, loop devices. */
#ifndef TESTS_USER_INJECT_DISKS_H
#define TESTS_USER_INJECT_DISKS_H

#include "tests/user/inject_base.h"
#include "tests/user/loop.h"

/* More than the machine has room for: the rest goes to its swap disk. */
static void work_swap(void)
{
	unsigned long bytes = 44 * MIB;
	char *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	touch(a, bytes, 1);
	touch(a, 4 * MIB, 0);
	if (fork() == 0) {
		touch(a, 2 * MIB, 1);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
}

static void work_swapon(void)
{
	sink = swapon("/dev/ram0", 0);
	sink = swapoff("/dev/ram0");
}

/* The requests of the thread of that name, too, shall fail. */
static void let_thread_fail(const char *name)
{
	DIR *dir = opendir("/proc");
	char path[300], text[16] = "";
	struct dirent *e;
	int fd;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		if (strspn(e->d_name, "0123456789") != strlen(e->d_name) || (fd = open(path, O_RDONLY)) < 0)
			continue;
		if (read(fd, text, sizeof(text)) > 0 && !strncmp(text, name, strlen(name))) {
			snprintf(path, sizeof(path), "/proc/%s/make-it-fail", e->d_name);
			sink = write(open(path, O_WRONLY), "1", 1);
		}
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* A loop device over the file: bound, a part of it, read and written through its thread, let go. */
static void loop_over(int file)
{
	static unsigned char info[232], buf[65536]; /* struct loop_info64 */
	int control = open("/dev/loop-control", O_RDWR), loop;

	sink = ioctl(control, LOOP_CTL_GET_FREE);
	close(control);
	loop = open("/dev/loop0", O_RDWR);
	sink = ioctl(loop, LOOP_SET_FD, file);
	let_thread_fail("loop0");
	info[25] = 16; /* offset 4096 */
	sink = ioctl(loop, LOOP_SET_STATUS64, info);
	sink = ioctl(loop, LOOP_GET_STATUS64, info);
	sink = pread(loop, buf, sizeof(buf), 0);
	sink = pwrite(loop, buf, sizeof(buf), 0);
	sink = pwrite(loop, buf, 100, 300000); /* which is a hole */
	sink = fsync(loop);
	touch(mmap(NULL, sizeof(buf), PROT_READ | PROT_WRITE, MAP_SHARED, loop, 0), sizeof(buf), 1);
	info[25] = 0;
	sink = ioctl(loop, LOOP_SET_STATUS64, info); /* writes all out */
	sink = pread(loop, buf, 5000, 4096);
	sink = ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

static void work_loop(void)
{
	int file = open(AT("disk"), O_RDWR | O_CREAT, 0600), ram = open("/dev/ram0", O_RDWR);

	sink = pwrite(file, "x", 1, 100000);
	sink = ftruncate(file, MIB);
	loop_over(file);
	loop_over(ram);
}

/* One more device for as long as there may be more: they are never taken away, but one that fails is not there. */
static void work_loop_add(void)
{
	int control = open("/dev/loop-control", O_RDWR);

	for (long i = 1; i < 8; i++)
		if (ioctl(control, LOOP_CTL_ADD, i) == i)
			break;
}

#endif
