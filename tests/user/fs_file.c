/* SPDX-License-Identifier: MIT */
/* Contents: positions, appending, holes, truncation, allocation, limits, locks, executables, sendfile. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "check.h"

#define PAGE 4096

static int tmp(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	return fd;
}

static void positions(void)
{
	int fd = tmp("pos"), other;
	char buf[16] = "";

	CHECK(write(fd, "0123456789", 10) == 10 && lseek(fd, 0, SEEK_CUR) == 10);
	CHECK(pread(fd, buf, 3, 4) == 3 && !memcmp(buf, "456", 3) && lseek(fd, 0, SEEK_CUR) == 10);
	CHECK(pwrite(fd, "ab", 2, 1) == 2 && lseek(fd, -9, SEEK_END) == 1);
	CHECK(read(fd, buf, 3) == 3 && !memcmp(buf, "ab3", 3));
	CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_ERR(lseek(fd, 0, 77), EINVAL);
	other = dup(fd);
	CHECK(lseek(other, 7, SEEK_SET) == 7 && lseek(fd, 0, SEEK_CUR) == 7); /* one open file */
	CHECK(read(fd, buf, 16) == 3 && read(fd, buf, 16) == 0);
	CHECK_ERR(write(open("pos", O_RDONLY), "x", 1), EBADF);
	CHECK_ERR(read(open("pos", O_WRONLY), buf, 1), EBADF);
	CHECK_ERR(pread(fd, (void *)1, 1, 0), EFAULT);
	CHECK_ERR(pread(fd, buf, 1, -1), EINVAL);
	struct iovec v[3] = { { buf, 2 }, { buf + 2, 0 }, { buf + 4, 3 } };
	CHECK(preadv(fd, v, 3, 0) == 5 && !memcmp(buf, "0a", 2) && !memcmp(buf + 4, "b34", 3));
}

static void appender(void)
{
	int fd = open("log", O_WRONLY | O_APPEND);

	for (int i = 0; i < 500; i++)
		CHECK(write(fd, "sixteen bytes..\n", 16) == 16);
}

static void append(void)
{
	pid_t pid[4];
	struct stat st;
	char line[16];
	int fd = tmp("log");

	for (int i = 0; i < 4; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			appender();
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		CHECK(waitpid(pid[i], NULL, 0) == pid[i]);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 4 * 500 * 16);
	while (read(fd, line, 16) == 16)
		CHECK(!memcmp(line, "sixteen bytes..\n", 16));
}

static void holes(void)
{
	static char buf[3 * PAGE];
	struct stat st;
	int fd = tmp("hole");
	char *p;

	CHECK(pwrite(fd, "end", 3, 100 * PAGE) == 3 && fstat(fd, &st) == 0);
	CHECK(st.st_size == 100 * PAGE + 3 && st.st_blocks == 8);
	memset(buf, 1, sizeof(buf));
	CHECK(pread(fd, buf, sizeof(buf), 50 * PAGE) == sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		CHECK(buf[i] == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_blocks == 8); /* reading costs nothing */
	p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 10 * PAGE);
	CHECK(p != MAP_FAILED);
	memset(p, 7, 2 * PAGE);
	CHECK(pread(fd, buf, PAGE, 11 * PAGE) == PAGE && buf[PAGE - 1] == 7);
	CHECK(ftruncate(fd, 10 * PAGE + 100) == 0 && ftruncate(fd, 20 * PAGE) == 0);
	CHECK(p[99] == 7 && p[100] == 0 && p[PAGE] == 0); /* what was cut off comes back as zeroes */
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10 * PAGE + 10, 50) == 0);
	CHECK(p[9] == 7 && p[10] == 0 && p[59] == 0 && p[60] == 7);
	CHECK(fallocate(fd, 0, 0, 64 * PAGE) == 0 && fstat(fd, &st) == 0);
	CHECK(st.st_size == 64 * PAGE && st.st_blocks == 64 * 8);
	CHECK_ERR(ftruncate(fd, -1), EINVAL);
	CHECK(unlink("hole") == 0 && p[9] == 7); /* alive while mapped */
	CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0 && close(fd) == 0);
	p[PAGE] = 9;
	CHECK(p[PAGE] == 9 && munmap(p, 4 * PAGE) == 0);
}

static void limits(void)
{
	struct rlimit lim = { 10000, 10000 };
	static char buf[20000];
	int fd = tmp("limited");

	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &lim) == 0);
	CHECK(write(fd, buf, 20000) == 10000);
	CHECK_ERR(write(fd, buf, 1), EFBIG);
	CHECK_ERR(ftruncate(fd, 10001), EFBIG);
}

static void small_fs(void)
{
	static char buf[64 * 1024];
	int fd;

	CHECK(mkdir("small", 0755) == 0 && mount("none", "small", "tmpfs", 0, "size=32k,nr_inodes=4") == 0);
	fd = tmp("small/f");
	CHECK(write(fd, buf, sizeof(buf)) == 32768);
	CHECK_ERR(write(fd, buf, 1), ENOSPC);
	CHECK(ftruncate(fd, 100) == 0 && lseek(fd, 0, SEEK_END) == 100 && write(fd, buf, 20000) == 20000);
	close(tmp("small/2"));
	close(tmp("small/3"));
	CHECK_ERR(open("small/4", O_CREAT | O_RDWR, 0600), ENOSPC);
	CHECK(close(fd) == 0 && umount("small") == 0);
}

static void other_locker(void)
{
	int fd = open("locked", O_RDWR);
	struct flock l = { .l_type = F_WRLCK, .l_start = 50, .l_len = 10 };

	CHECK_ERR(fcntl(fd, F_SETLK, &l), EAGAIN);
	CHECK(fcntl(fd, F_GETLK, &l) == 0 && l.l_type == F_WRLCK && l.l_start == 0 && l.l_len == 55 &&
	      l.l_pid == getppid());
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 55, .l_len = 5 };
	CHECK(fcntl(fd, F_SETLK, &l) == 0);
	CHECK_ERR(flock(fd, LOCK_EX | LOCK_NB), EAGAIN);
}

static void locks(void)
{
	int fd = tmp("locked");
	struct flock l = { .l_type = F_WRLCK, .l_start = 0, .l_len = 100 };

	CHECK(fcntl(fd, F_SETLK, &l) == 0);
	l = (struct flock){ .l_type = F_UNLCK, .l_start = 55, .l_len = 5 };
	CHECK(fcntl(fd, F_SETLK, &l) == 0 && flock(fd, LOCK_SH) == 0);
	CHECK_CHILD(other_locker);
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 50, .l_len = 20 };
	CHECK(fcntl(fd, F_SETLK, &l) == 0); /* the child's went with it */
	close(open("locked", O_RDONLY)); /* and ours with this, as POSIX has it */
	CHECK(fcntl(fd, F_GETLK, &l) == 0 && l.l_type == F_UNLCK);
}

static void copying(void)
{
	static char buf[50000];
	int in = tmp("in"), out = tmp("out");
	off_t at = 10;
	struct stat st;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	CHECK(write(in, buf, sizeof(buf)) == sizeof(buf));
	CHECK(sendfile(out, in, &at, 40000) == 40000 && at == 40010);
	CHECK(fstat(out, &st) == 0 && st.st_size == 40000);
	CHECK(pread(out, buf, 1, 5) == 1 && buf[0] == (char)(15 * 7));
}

static void busy_text(void)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out = open("prog", O_WRONLY | O_CREAT, 0755);
	ssize_t n;
	pid_t pid;
	int go[2], ready[2], status;
	char c;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		CHECK(write(out, buf, n) == n);
	CHECK_ERR(execl("prog", "prog", "sleep", NULL), ETXTBSY);
	CHECK(close(out) == 0 && pipe(go) == 0 && pipe(ready) == 0);
	pid = fork();
	if (!pid) {
		dup2(go[0], 0);
		dup2(ready[1], 1);
		close(go[1]);
		execl("prog", "prog", "sleep", NULL);
		_exit(9);
	}
	CHECK(read(ready[0], &c, 1) == 1);
	CHECK_ERR(open("prog", O_WRONLY), ETXTBSY);
	CHECK_ERR(truncate("prog", 0), ETXTBSY);
	close(go[1]);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void descriptors(void)
{
	int fd = tmp("fds"), hi;
	struct rlimit lim = { 64, 64 };

	CHECK(fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	hi = fcntl(fd, F_DUPFD, 300);
	CHECK(hi == 300 && fcntl(hi, F_GETFD) == 0);
	CHECK(dup2(fd, 299) == 299 && close(299) == 0 && close(300) == 0);
	CHECK_ERR(dup2(fd, 100000), EBADF);
	CHECK_ERR(dup2(77, 5), EBADF);
	CHECK_ERR(dup3(fd, fd, 0), EINVAL);
	CHECK_ERR(close(300), EBADF);
	CHECK(setrlimit(RLIMIT_NOFILE, &lim) == 0);
	while ((hi = dup(fd)) >= 0)
		CHECK(hi < 64);
	CHECK(errno == EMFILE);
}

static void run(void (*fn)(void))
{
	CHECK_CHILD(fn);
}

int main(int argc, char **argv)
{
	char c;

	(void)argv;
	if (argc > 1) /* the copy of busy_text: runs until its input ends */
		return write(1, "r", 1) != 1 || read(0, &c, 1) != 0;
	CHECK(mkdir("/tmp/fs_file", 0755) == 0 && chdir("/tmp/fs_file") == 0);
	run(positions);
	run(append);
	run(holes);
	run(limits);
	run(small_fs);
	run(locks);
	run(copying);
	run(busy_text);
	run(descriptors);
	PASS("fs_file");
}
