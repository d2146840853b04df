/* SPDX-License-Identifier: MIT */
/* Files without names: memfd with seals, O_TMPFILE; data and holes found by lseek. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "check.h"

#define PAGE 4096

static int memfd(const char *name, unsigned flags)
{
	return (int)syscall(SYS_memfd_create, name, flags);
}

static void names(void)
{
	char link[64], path[64];
	struct stat st;
	int fd = memfd("thing", 1), n;

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 0 && st.st_nlink == 0);
	sprintf(path, "/proc/self/fd/%d", fd);
	n = (int)readlink(path, link, sizeof(link));
	CHECK(n == 22 && !memcmp(link, "/memfd:thing (deleted)", 22));
	CHECK(write(fd, "abc", 3) == 3);
	n = open(path, O_RDONLY); /* the magic link opens the same object anew */
	CHECK(n >= 0 && read(n, link, 4) == 3);
	CHECK_ERR(memfd("x", 0x100), EINVAL);
	CHECK_ERR(memfd((char *)1, 0), EFAULT);
}

static void seals(void)
{
	int fd = memfd("sealed", 2), plain = memfd("plain", 0);
	char *p;

	CHECK(fcntl(plain, F_GET_SEALS) == F_SEAL_SEAL);
	CHECK_ERR(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	CHECK_ERR(fcntl(0, F_GET_SEALS), EINVAL);
	CHECK(fcntl(fd, F_GET_SEALS) == 0 && ftruncate(fd, 3 * PAGE) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	CHECK_ERR(ftruncate(fd, PAGE), EPERM);
	CHECK(ftruncate(fd, 4 * PAGE) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);
	CHECK_ERR(ftruncate(fd, 5 * PAGE), EPERM);
	CHECK(pwrite(fd, "xy", 2, 4 * PAGE - 1) == 1); /* page by page */
	CHECK_ERR(pwrite(fd, "x", 1, 4 * PAGE), EPERM);
	CHECK_ERR(fallocate(fd, 0, 4 * PAGE, PAGE), EPERM);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(munmap(p, PAGE) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0);
	CHECK_ERR(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_ERR(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EPERM);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(p != MAP_FAILED);
	CHECK_ERR(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, 0), EPERM);
}

static void nameless(void)
{
	struct stat st;
	char buf[4];
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0 && (st.st_mode & 0777) == 0600);
	CHECK(write(fd, "one", 3) == 3 && pread(fd, buf, 4, 0) == 3);
	CHECK_ERR(open("/tmp", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	CHECK_ERR(open("/proc", O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
}

static void data_and_holes(void)
{
	int fd = memfd("holes", 0);

	CHECK(ftruncate(fd, 10 * PAGE) == 0);
	CHECK(lseek(fd, 5, SEEK_HOLE) == 5);
	CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK(pwrite(fd, "x", 1, 4 * PAGE + 7) == 1);
	CHECK(lseek(fd, 0, SEEK_DATA) == 4 * PAGE && lseek(fd, 4 * PAGE + 9, SEEK_DATA) == 4 * PAGE + 9);
	CHECK(lseek(fd, 4 * PAGE, SEEK_HOLE) == 5 * PAGE && lseek(fd, 0, SEEK_HOLE) == 0);
	CHECK_ERR(lseek(fd, 10 * PAGE, SEEK_HOLE), ENXIO);
	CHECK_ERR(lseek(fd, 6 * PAGE, SEEK_DATA), ENXIO);
}

int main(void)
{
	CHECK_CHILD(names);
	CHECK_CHILD(seals);
	CHECK_CHILD(nameless);
	CHECK_CHILD(data_and_holes);
	PASS("fs_memfd");
}
