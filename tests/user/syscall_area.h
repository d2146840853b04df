/* SPDX-License-Identifier: MIT */
/*
 * The fixed addresses and descriptors that the rows of syscall_kinds.h speak of: area_map() makes the memory and
 * fills in names and structures, area_open() the files of the current directory and the descriptors.
 */
#ifndef TESTS_USER_SYSCALL_AREA_H
#define TESTS_USER_SYSCALL_AREA_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall_kinds.h"

static struct {
	int shm;
} area = { .shm = -1 };

static inline void put_words(unsigned long at, const uint64_t *words, size_t n)
{
	memcpy((void *)at, words, n * sizeof(words[0]));
}
#define PUT(at, ...) put_words(at, (const uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8)

static inline void area_fill(void)
{
	static const char *const names[] = { "file", "new", "dir", "link", "garbage", "nosuchfs", "dir/empty" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		strcpy((char *)NAME(i), names[i]);
	PUT(S_IOV, OUT, 64);
	PUT(S_IOV_IN, IN, 64);
	PUT(S_CAP, 0x20080522);				/* version 3, ourselves */
	PUT(S_STACK, OUT, 2, 8192);			/* SS_DISABLE */
	PUT(S_BAD_TIME, 1, 2000000000);			/* two thousand million nanoseconds */
	PUT(S_SCHED, 48);				/* size, SCHED_NORMAL */
	PUT(S_CLONE, 1ULL << 40);			/* a flag there is none of */
	PUT(S_WAITV, 1, OUT, 2);			/* not the value, FUTEX_32 */
	PUT(S_ONES, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL);
	PUT(S_POLL, FD_PIPE_IN | 1ULL << 32);		/* POLLIN */
}

/* => 0: the memory is there, the parts that are read filled in */
static inline int area_map(void)
{
	if (mmap((void *)AREA, AREA_PAGES * AREA_PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -1;
	area_fill();
	return 0;
}

static inline void move_fd(int from, int to)
{
	if (from >= 0 && from != to) {
		dup2(from, to);
		close(from);
	}
}

/* Data to be read in the pipe and the socket, positions at the start. */
static inline void area_refill(void)
{
	char text[256] = "text";

	lseek(FD_FILE, 0, SEEK_SET);
	lseek(FD_DIR, 0, SEEK_SET);
	(void)!write(FD_PIPE_OUT, text, sizeof(text));
	(void)!write(FD_PEER, text, sizeof(text));
}

static inline void area_open(void)
{
	static const char text[16384];
	struct shmid_ds ds;
	int two[2], fd = open("garbage", O_RDWR | O_CREAT | O_TRUNC, 0755);

	(void)!write(fd, "no program", 10);
	close(fd);
	mkdir("dir", 0777);
	mkdir("dir/empty", 0777);
	(void)!symlink("file", "link");
	move_fd(open("file", O_RDWR | O_CREAT, 0666), FD_FILE);
	(void)!pwrite(FD_FILE, text, sizeof(text), 0);
	move_fd(open("other", O_RDWR | O_CREAT, 0666), FD_OTHER);
	move_fd(open(".", O_RDONLY | O_DIRECTORY), FD_DIR);
	if (!pipe2(two, O_NONBLOCK)) {
		move_fd(two[0], FD_PIPE_IN);
		move_fd(two[1], FD_PIPE_OUT);
	}
	if (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two)) {
		move_fd(two[0], FD_SOCKET);
		move_fd(two[1], FD_PEER);
	}
	move_fd((int)syscall(NR_memfd_create, "memfd", 2U), FD_MEMFD);
	move_fd((int)syscall(NR_pidfd_open, getpid(), 0), FD_PIDFD);
	if (area.shm < 0 || shmctl(area.shm, IPC_STAT, &ds))
		area.shm = shmget(IPC_PRIVATE, 2 * AREA_PAGE, 0600);
	area_refill();
}

/* => argument i of the row's valid call */
static inline long valid_argument(const struct call_row *row, int i)
{
	if (row->valid[i] == SHM_OURS)
		return area.shm;
	return row->valid[i] == PID_OURS ? getpid() : row->valid[i];
}

/* => the answer of the kernel itself, -errno included */
static inline long raw_call(long nr, const long a[6])
{
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret), "+r"(r10), "+r"(r8), "+r"(r9)
			 : "0"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2])
			 : "rcx", "r11", "memory");
	return ret;
}

#endif
