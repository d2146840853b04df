/* SPDX-License-Identifier: MIT */
/* Pipes, FIFOs, poll and select. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>

#include "check.h"

static volatile int got;

static void on_signal(int sig)
{
	got = sig;
}

static void ends(void)
{
	struct stat st;
	char buf[8];
	int p[2], n;

	CHECK(pipe(p) == 0 && fstat(p[0], &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(write(p[1], "abc", 3) == 3 && ioctl(p[0], FIONREAD, &n) == 0 && n == 3);
	CHECK(read(p[0], buf, 2) == 2 && read(p[0], buf, 8) == 1 && buf[0] == 'c');
	CHECK_ERR(lseek(p[0], 0, SEEK_SET), ESPIPE);
	CHECK_ERR(write(p[0], "x", 1), EBADF);
	CHECK(close(p[1]) == 0 && read(p[0], buf, 8) == 0);
	CHECK(pipe(p) == 0 && close(p[0]) == 0);
	signal(SIGPIPE, on_signal);
	CHECK_ERR(write(p[1], "x", 1), EPIPE);
	CHECK(got == SIGPIPE);
	CHECK(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(p[0], F_GETFD) == FD_CLOEXEC);
	CHECK_ERR(read(p[0], buf, 1), EAGAIN);
	static char big[70000];
	CHECK(write(p[1], big, sizeof(big)) == 65536);
	CHECK_ERR(write(p[1], big, 1), EAGAIN);
	CHECK(read(p[0], big, 4096) == 4096 && write(p[1], big, 100) == 100);
	CHECK(fcntl(p[1], F_GETPIPE_SZ) == 65536 && fcntl(p[1], F_SETPIPE_SZ, 200000) == 262144);
	CHECK(write(p[1], big, sizeof(big)) == sizeof(big));
}

/* Four writers of records up to PIPE_BUF: none is torn. */
static void atomic(void)
{
	static unsigned char rec[4096];
	int p[2], count = 0;

	CHECK(pipe(p) == 0);
	for (int w = 0; w < 4; w++) {
		if (fork())
			continue;
		for (int i = 0; i < 100; i++) {
			int len = 100 + (i * 977 + w * 331) % 3900;

			memset(rec, w + 1, len);
			rec[0] = (unsigned char)len;
			rec[1] = (unsigned char)(len >> 8);
			CHECK(write(p[1], rec, len) == len);
		}
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		int have = 0, len, n;

		while (have < 2 && (n = read(p[0], rec + have, 2 - have)) > 0)
			have += n;
		if (have < 2)
			break;
		len = rec[0] | rec[1] << 8;
		for (have = 2; have < len; have += n) {
			n = read(p[0], rec + have, len - have);
			CHECK(n > 0);
		}
		for (int i = 3; i < len; i++)
			CHECK(rec[i] == rec[2]);
		count++;
	}
	CHECK(count == 400);
	while (wait(NULL) > 0)
		;
}

static void fifos(void)
{
	char buf[8];
	int fd;

	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK_ERR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK(fd >= 0 && read(fd, buf, 1) == 0 && close(fd) == 0);
	if (!fork()) {
		fd = open("fifo", O_WRONLY);
		_exit(write(fd, "through", 7) != 7);
	}
	fd = open("fifo", O_RDONLY);
	CHECK(fd >= 0 && read(fd, buf, 8) == 7 && !memcmp(buf, "through", 7) && read(fd, buf, 1) == 0);
	wait(NULL);
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	char c;
	int p[2];

	CHECK(pipe(p) == 0 && sigaction(SIGALRM, &sa, NULL) == 0);
	ualarm(50000, 0);
	CHECK_ERR(read(p[0], &c, 1), EINTR);
	ualarm(50000, 0);
	CHECK_ERR(poll(&(struct pollfd){ p[0], POLLIN, 0 }, 1, -1), EINTR);
}

static void polling(void)
{
	int p[2], q[2];
	struct pollfd f[3];
	fd_set in;
	struct timeval tv = { 0, 30000 };

	CHECK(pipe(p) == 0 && pipe(q) == 0);
	f[0] = (struct pollfd){ p[0], POLLIN, 0 };
	f[1] = (struct pollfd){ q[1], POLLOUT, 0 };
	f[2] = (struct pollfd){ 99, POLLIN, 0 };
	CHECK(poll(f, 1, 0) == 0 && poll(f, 1, 20) == 0);
	CHECK(poll(f, 3, -1) == 2 && f[1].revents == POLLOUT && f[2].revents == POLLNVAL);
	FD_ZERO(&in);
	FD_SET(p[0], &in);
	CHECK(select(p[0] + 1, &in, NULL, NULL, &tv) == 0 && !FD_ISSET(p[0], &in));
	if (!fork()) {
		usleep(30000);
		_exit(write(p[1], "x", 1) != 1);
	}
	CHECK(poll(f, 1, 5000) == 1 && f[0].revents == POLLIN);
	FD_SET(p[0], &in);
	CHECK(select(p[0] + 1, &in, NULL, NULL, NULL) == 1 && FD_ISSET(p[0], &in));
	wait(NULL);
	close(p[1]);
	CHECK(poll(f, 1, -1) == 1 && (f[0].revents & POLLHUP));
	close(q[0]);
	CHECK(poll(f + 1, 1, -1) == 1 && (f[1].revents & POLLERR));
}

/* A write whose memory ends in the midst leaves nothing behind, in a new page or behind other bytes. */
static void half_there(void)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), got[8];
	int p[2];

	CHECK(page != MAP_FAILED && munmap(page + 4096, 4096) == 0 && pipe2(p, O_NONBLOCK) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK_ERR(write(p[1], page + 4095, 64), EFAULT);
		CHECK_ERR(read(p[0], got, sizeof(got)), EAGAIN);
		CHECK(write(p[1], "ab", 2) == 2);
		CHECK_ERR(write(p[1], page + 4095, 64), EFAULT);
		CHECK(read(p[0], got, sizeof(got)) == 2 && got[0] == 'a' && got[1] == 'b');
	}
}

int main(void)
{
	CHECK(mkdir("/tmp/fs_pipe", 0755) == 0 && chdir("/tmp/fs_pipe") == 0);
	CHECK_CHILD(ends);
	CHECK_CHILD(atomic);
	CHECK_CHILD(fifos);
	CHECK_CHILD(interrupted);
	CHECK_CHILD(polling);
	CHECK_CHILD(half_there);
	PASS("fs_pipe");
}
