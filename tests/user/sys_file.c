/* SPDX-License-Identifier: MIT */
/* Descriptors, pipes, poll and select, vectors, positions, times: the calls over the file layer. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>

#include "check.h"

#define NAME "/tmp/sys_file.tmp"

static void *volatile volatile_8 = (void *)8;

static void test_read_write(void)
{
	char buf[32];
	struct iovec iov[3] = { { "abc", 3 }, { "", 0 }, { "defg", 4 } };
	int fd = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0640);
	struct stat st;

	CHECK(fd >= 0);
	CHECK(writev(fd, iov, 3) == 7);
	CHECK(lseek(fd, 0, SEEK_CUR) == 7 && lseek(fd, -2, SEEK_END) == 5);
	CHECK(read(fd, buf, 10) == 2 && !memcmp(buf, "fg", 2) && read(fd, buf, 10) == 0);
	CHECK(pread(fd, buf, 3, 1) == 3 && !memcmp(buf, "bcd", 3));
	CHECK(pwrite(fd, "Z", 1, 4096) == 1 && !fstat(fd, &st) && st.st_size == 4097);
	CHECK(S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640 && st.st_nlink == 1);
	iov[0] = (struct iovec){ buf, 2 };
	iov[1] = (struct iovec){ buf + 2, 3 };
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, iov, 2) == 5 && !memcmp(buf, "abcde", 5));
	CHECK(!ftruncate(fd, 2) && !fstat(fd, &st) && st.st_size == 2);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK_ERR(read(fd, volatile_8, 1), EFAULT);
	CHECK_ERR(write(99, buf, 1), EBADF);
	CHECK_ERR(lseek(fd, -5, SEEK_SET), EINVAL);
	CHECK_ERR(writev(fd, iov, -1), EINVAL);
	CHECK_ERR(open("/nonexistent/x", O_RDONLY), ENOENT);
	CHECK_ERR(open(NAME "/x", O_RDONLY), ENOTDIR);
	CHECK_ERR(open(NAME, O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERR(open("/tmp", O_WRONLY), EISDIR);
	CHECK_ERR(stat((char *)volatile_8, &st), EFAULT);
	CHECK(!unlink(NAME) && !fstat(fd, &st) && st.st_nlink == 0);
}

static void test_fcntl(void)
{
	int fd = open("/dev/null", O_RDWR), fd2;

	CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0 && !fcntl(fd, F_SETFD, FD_CLOEXEC));
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	fd2 = fcntl(fd, F_DUPFD, 20);
	CHECK(fd2 == 20 && fcntl(fd2, F_GETFD) == 0);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(!fcntl(fd, F_SETFL, O_NONBLOCK) && (fcntl(fd2, F_GETFL) & O_NONBLOCK));
	CHECK(dup2(fd, 30) == 30 && dup3(fd, 31, O_CLOEXEC) == 31 && fcntl(31, F_GETFD) == 1);
	CHECK(dup2(fd, fd) == fd);
	CHECK_ERR(dup3(fd, fd, 0), EINVAL);
	CHECK_ERR(fcntl(fd, 9999), EINVAL);
	CHECK(!close(31));
	CHECK_ERR(close(31), EBADF);
}

static void test_pipe(void)
{
	char buf[8];
	int fds[2], status;
	struct pollfd p;

	CHECK(!pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	CHECK_ERR(read(fds[0], buf, 8), EAGAIN);
	p = (struct pollfd){ fds[0], POLLIN, 0 };
	CHECK(poll(&p, 1, 0) == 0);
	CHECK(poll(&p, 1, 30) == 0);
	CHECK(write(fds[1], "xy", 2) == 2 && poll(&p, 1, -1) == 1 && p.revents == POLLIN);
	CHECK(read(fds[0], buf, 8) == 2);
	CHECK(!close(fds[1]) && poll(&p, 1, -1) == 1 && (p.revents & POLLHUP) && read(fds[0], buf, 8) == 0);
	p.fd = 99;
	CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLNVAL);
	CHECK(!pipe(fds));
	if (!fork()) {
		usleep(20000);
		(void)!write(fds[1], "q", 1);
		_exit(0);
	}
	fd_set set;
	struct timeval tv = { 5, 0 };

	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	CHECK(select(fds[0] + 1, &set, NULL, NULL, &tv) == 1 && FD_ISSET(fds[0], &set));
	CHECK(wait(&status) > 0);
	CHECK_ERR(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERR(pread(fds[0], buf, 1, 0), ESPIPE);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void test_ppoll_mask(void)
{
	struct timespec ts = { 5, 0 };
	sigset_t blocked, none;

	signal(SIGUSR1, on_signal);
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	CHECK(!sigprocmask(SIG_BLOCK, &blocked, NULL));
	raise(SIGUSR1);
	CHECK_ERR(ppoll(NULL, 0, &ts, &none), EINTR);
	CHECK(!sigprocmask(SIG_BLOCK, NULL, &none) && sigismember(&none, SIGUSR1));
}

static void test_sendfile(void)
{
	char buf[64];
	int in = open(NAME, O_RDWR | O_CREAT | O_TRUNC, 0600), out = open(NAME "2", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t pos = 2;

	CHECK(in >= 0 && out >= 0 && write(in, "hello world", 11) == 11);
	CHECK(sendfile(out, in, &pos, 100) == 9 && pos == 11);
	CHECK(pread(out, buf, 64, 0) == 9 && !memcmp(buf, "llo world", 9));
	CHECK(!rename(NAME "2", NAME "3") && !link(NAME "3", NAME "4") && !symlink(NAME "4", NAME "5"));
	CHECK(readlink(NAME "5", buf, 64) == (ssize_t)strlen(NAME "4"));
	CHECK(!unlink(NAME) && !unlink(NAME "3") && !unlink(NAME "4") && !unlink(NAME "5"));
}

static void test_times(void)
{
	struct timespec a, b, t = { 0, 25 * 1000 * 1000 };
	struct timeval tv;
	struct tms tms;

	CHECK(!clock_gettime(CLOCK_MONOTONIC, &a) && !nanosleep(&t, NULL) && !clock_gettime(CLOCK_MONOTONIC, &b));
	long ns = (b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec;

	CHECK(ns >= t.tv_nsec && ns < 5000000000L);
	b.tv_nsec += 30000000;
	b.tv_sec += b.tv_nsec / 1000000000;
	b.tv_nsec %= 1000000000;
	CHECK(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &b, NULL));
	CHECK(!clock_gettime(CLOCK_MONOTONIC, &a) && (a.tv_sec > b.tv_sec || a.tv_nsec >= b.tv_nsec));
	CHECK(!gettimeofday(&tv, NULL) && time(NULL) - tv.tv_sec <= 1);
	CHECK(!clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a) && !clock_getres(CLOCK_REALTIME, &b));
	CHECK(times(&tms) != (clock_t)-1);
	CHECK_ERR(clock_gettime(77, &a), EINVAL);
	t.tv_nsec = 1000000000;
	CHECK_ERR(nanosleep(&t, NULL), EINVAL);
}

static void test_system(void)
{
	struct utsname u;
	struct sysinfo s;
	struct statfs fs;
	char cwd[100];

	CHECK(!uname(&u) && !strcmp(u.sysname, "Linux") && !strcmp(u.machine, "x86_64"));
	CHECK(!sysinfo(&s) && s.totalram > s.freeram && s.procs >= 1 && s.mem_unit);
	CHECK(!statfs("/tmp", &fs) && fs.f_bsize == 4096);
	CHECK(!mkdir(NAME, 0755) && !chdir(NAME) && !strcmp(getcwd(cwd, sizeof(cwd)), NAME));
	CHECK(!getcwd(cwd, 2) && errno == ERANGE);
	CHECK(!chdir("/") && !rmdir(NAME));
	CHECK_ERR(chdir(NAME), ENOENT);
	umask(022);
	CHECK(umask(027) == 022);
	CHECK(!access("/tmp", R_OK | W_OK | X_OK));
	CHECK_ERR(access("/nonexistent", F_OK), ENOENT);
}

int main(void)
{
	CHECK_CHILD(test_read_write);
	CHECK_CHILD(test_fcntl);
	CHECK_CHILD(test_pipe);
	CHECK_CHILD(test_ppoll_mask);
	CHECK_CHILD(test_sendfile);
	CHECK_CHILD(test_times);
	CHECK_CHILD(test_system);
	PASS("sys_file");
}
