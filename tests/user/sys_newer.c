/* SPDX-License-Identifier: MIT */
/* Calls younger than the rest: clone3, unshare, pidfd, process_vm, remap_file_pages, close_range, memfd. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "check.h"

#define PAGE 4096L

static void test_clone3(void)
{
	uint64_t args[11] = { 0 };
	int status, tid = 0;
	long pid;

	args[0] = 0x00100000; /* CLONE_PARENT_SETTID */
	args[3] = (uint64_t)&tid;
	args[4] = SIGCHLD;
	pid = syscall(435, args, 64);
	CHECK(pid >= 0);
	if (!pid)
		_exit(21);
	CHECK(tid == pid && waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 21);
	CHECK_ERR(syscall(435, args, 32), EINVAL);
	CHECK_ERR(syscall(435, (void *)8, 64), EFAULT);
	args[5] = 4096;
	CHECK_ERR(syscall(435, args, 64), EINVAL);
	signal(SIGUSR1, (void (*)(int))_exit);
	args[5] = 0;
	args[0] = 1UL << 32; /* CLONE_CLEAR_SIGHAND */
	pid = syscall(435, args, 64);
	if (!pid) {
		struct sigaction sa;

		_exit(sigaction(SIGUSR1, NULL, &sa) || sa.sa_handler != SIG_DFL);
	}
	CHECK(waitpid((pid_t)pid, &status, 0) == pid && !status);
}

static void test_pidfd(void)
{
	struct pollfd p;
	int status, fd;
	pid_t pid = fork();

	if (!pid) {
		for (;;)
			pause();
	}
	fd = (int)syscall(434, pid, 0);
	CHECK(fd >= 0);
	p = (struct pollfd){ fd, POLLIN, 0 };
	CHECK(poll(&p, 1, 0) == 0);
	CHECK_ERR(syscall(448, fd, 0), EINVAL);
	CHECK(!syscall(424, fd, SIGKILL, NULL, 0));
	CHECK(poll(&p, 1, 5000) == 1 && p.revents == POLLIN);
	CHECK(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL);
	CHECK_ERR(syscall(424, fd, 0, NULL, 0), ESRCH);
	CHECK_ERR(syscall(434, 0x3fffffff, 0), ESRCH);
	CHECK_ERR(syscall(424, 0, 0, NULL, 0), EBADF);
}

static void test_process_vm(void)
{
	char *mem = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), buf[100], two[8];
	struct iovec local[2] = { { buf, 10 }, { two, 4 } }, remote[2];
	int fds[2], status;
	pid_t pid;

	CHECK(mem != MAP_FAILED && !pipe(fds));
	pid = fork();
	if (!pid) {
		strcpy(mem + PAGE - 3, "abcdefghijklmnop");
		mprotect(mem + 2 * PAGE, PAGE, PROT_READ);
		CHECK(write(fds[1], "x", 1) == 1);
		while (mem[0] != 'Z')
			usleep(1000);
		_exit(3);
	}
	CHECK(read(fds[0], buf, 1) == 1);
	remote[0] = (struct iovec){ mem + PAGE - 3, 6 };
	remote[1] = (struct iovec){ mem + PAGE + 5, 100 };
	CHECK(process_vm_readv(pid, local, 2, remote, 2, 0) == 14);
	CHECK(!memcmp(buf, "abcdefijkl", 10) && !memcmp(two, "mnop", 4));
	remote[0] = (struct iovec){ mem + 2 * PAGE - 2, 10 };
	CHECK(process_vm_writev(pid, local, 1, remote, 1, 0) == 2);
	remote[0] = (struct iovec){ mem + 2 * PAGE, 10 };
	CHECK_ERR(process_vm_writev(pid, local, 1, remote, 1, 0), EFAULT);
	buf[0] = 'Z';
	remote[0] = (struct iovec){ mem, 1 };
	CHECK(process_vm_writev(pid, local, 1, remote, 1, 0) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
	CHECK_ERR(process_vm_readv(pid, local, 1, remote, 1, 0), ESRCH);
}

static void test_remap(void)
{
	int fd = memfd_create("remap", 0);
	volatile char *mem; /* two of its pages are one */

	CHECK(fd >= 0 && !ftruncate(fd, 4 * PAGE));
	mem = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(mem != MAP_FAILED);
	for (int i = 0; i < 4; i++)
		mem[i * PAGE] = (char)('0' + i);
	CHECK(!syscall(SYS_remap_file_pages, mem, PAGE, 0, 3, 0));
	CHECK(mem[0] == '3' && mem[PAGE] == '1');
	mem[1] = 'x';
	CHECK(mem[3 * PAGE + 1] == 'x');
	CHECK_ERR(syscall(SYS_remap_file_pages, mem, PAGE, 1, 0, 0), EINVAL);
}

static void test_unshare(void)
{
	int status;

	CHECK(!unshare(CLONE_FS | CLONE_FILES));
	CHECK_ERR(unshare(1), EINVAL);
	if (!fork())
		_exit(chdir("/tmp"));
	CHECK(wait(&status) > 0 && !status);
}

static void test_close_range(void)
{
	int a = dup(0), b = dup(0), c = dup(0);

	CHECK(a >= 0 && c == a + 2);
	CHECK(!syscall(436, b, c, 4)); /* CLOSE_RANGE_CLOEXEC */
	CHECK(fcntl(a, F_GETFD) == 0 && fcntl(b, F_GETFD) == 1);
	CHECK(!syscall(436, a, ~0U, 0));
	CHECK_ERR(fcntl(a, F_GETFD), EBADF);
	CHECK_ERR(fcntl(c, F_GETFD), EBADF);
	CHECK_ERR(syscall(436, 5, 4, 0), EINVAL);
}

static void test_socketpair(void)
{
	struct pollfd p;
	char buf[16];
	int fds[2];

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) && fcntl(fds[0], F_GETFD) == 1);
	CHECK(write(fds[0], "there", 5) == 5 && write(fds[1], "back", 4) == 4);
	CHECK(read(fds[1], buf, 16) == 5 && !memcmp(buf, "there", 5));
	p = (struct pollfd){ fds[1], POLLIN | POLLOUT, 0 };
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLOUT);
	CHECK(recv(fds[0], buf, 16, 0) == 4 && !memcmp(buf, "back", 4));
	CHECK_ERR(recv(fds[0], buf, 16, MSG_DONTWAIT), EAGAIN);
	CHECK_ERR(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	if (!fork()) {
		close(fds[0]);
		CHECK(read(fds[1], buf, 1) == 1 && send(fds[1], buf, 1, 0) == 1);
		_exit(0);
	}
	CHECK(write(fds[0], "q", 1) == 1 && read(fds[0], buf, 1) == 1 && buf[0] == 'q');
	CHECK(wait(NULL) > 0 && !shutdown(fds[0], SHUT_WR) && read(fds[1], buf, 1) == 0);
	CHECK(!close(fds[1]));
	p = (struct pollfd){ fds[0], POLLIN, 0 };
	CHECK(poll(&p, 1, 0) == 1 && (p.revents & POLLIN) && read(fds[0], buf, 1) == 0);
	CHECK_ERR(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERR(socketpair(99, SOCK_STREAM, 0, fds), EAFNOSUPPORT);
	CHECK_ERR(shutdown(0, SHUT_WR), ENOTSOCK);
}

int main(void)
{
	CHECK_CHILD(test_clone3);
	CHECK_CHILD(test_pidfd);
	CHECK_CHILD(test_process_vm);
	CHECK_CHILD(test_remap);
	CHECK_CHILD(test_unshare);
	CHECK_CHILD(test_socketpair);
	CHECK_CHILD(test_close_range);
	PASS("sys_newer");
}
