/* SPDX-License-Identifier: MIT */
/* Operations that start processes: they see our pages as they were, or nothing of them, and end as expected. */
#include "user/soak/soak.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t start_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		self.refused++;
	return pid;
}

/* => false: it was killed by a signal that may kill it. SIGSEGV: an exec half-way found no memory, or lost a page. */
static int reap(pid_t pid, int may_die)
{
	int status, signal;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if ((signal == SIGKILL && may_die) || (signal == SIGBUS && loss_allowed) ||
	    (signal == SIGSEGV && (oom_allowed || loss_allowed) && may_die))
		return 0;
	if (status)
		fail("child %d ended with %#x", (int)pid, status);
	return 1;
}

/* The child sees our private pages as they were and writes its own copies; ours stay. */
void op_fork(void)
{
	pid_t pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		for (int i = 0; i < 4; i++) {
			struct region *r = some_region();
			size_t n, first;

			if (!r || r->shared) /* we may be writing shared ones */
				continue;
			first = some_run(r, &n, 32);
			check_run(r, first, n);
			write_run(r, first, n);
			check_run(r, first, n);
		}
		_exit(0);
	}
	if (below(2))
		op_check();
	if (below(2))
		op_write();
	reap(pid, oom_allowed);
}

/* Private pages: they stay as they were at the fork, whatever our parent does meanwhile. */
static void check_private(void)
{
	struct region *r = some_region();
	size_t n, first;

	if (!r || r->shared)
		return;
	first = some_run(r, &n, 128);
	check_run(r, first, n);
}

/* A child that thrashes until it is killed in the middle of it, or has lost its parent; its own children outlive it. */
void op_kill(void)
{
	pid_t parent = getpid(), pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		while (getppid() == parent) {
			check_private();
			if (fork() == 0) {
				check_private();
				_exit(0);
			}
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		}
		_exit(0);
	}
	for (size_t i = below(8); i; i--)
		op_check();
	kill(pid, SIGKILL);
	reap(pid, 1);
}

void op_exec(void)
{
	pid_t pid = start_child();

	if (pid < 0)
		return;
	if (!pid) {
		execl("/proc/self/exe", "soak", "--exit", NULL);
		_exit(errno == ENOMEM || loss_allowed ? 0 : 1);
	}
	reap(pid, 1);
}

/* A stream through a pipe, from a child that makes it to us who know it. */
void op_pipe(void)
{
	size_t total = 1 + below(64);
	uint64_t first = fresh(), page[WORDS];
	int ends[2];
	pid_t pid;

	if (pipe(ends)) {
		self.refused++;
		return;
	}
	pid = start_child();
	if (!pid) {
		close(ends[0]);
		for (size_t p = 0; p < total; p++) {
			page_fill(page, first + p);
			if (write(ends[1], page, PAGE) != (ssize_t)PAGE)
				call_failed("write to pipe"), _exit(0);
		}
		_exit(0);
	}
	close(ends[1]);
	for (size_t p = 0; pid > 0 && p < total; p++) {
		size_t got = 0;

		while (got < PAGE) {
			ssize_t n = read(ends[0], (char *)page + got, PAGE - got);

			if (n <= 0 && (oom_allowed || loss_allowed))
				goto out;
			if (n <= 0)
				fail("pipe ends after page %zu of %zu", p, total);
			got += (size_t)n;
		}
		page_check(page, first + p, p);
	}
out:
	close(ends[0]);
	if (pid > 0)
		reap(pid, oom_allowed);
}
