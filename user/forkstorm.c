/* SPDX-License-Identifier: MIT */
/*
 * forkstorm: processes come and go as fast as they can; none may be lost.
 *
 *   parent -- forks up to `width` at once --> child: touches its memory, checks it, exits with its number
 *   with --bomb: every child forks two more until the machine says no; then all are killed and counted
 *
 * The parent waits for each child by its pid and compares the status with what that child was to give.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/options.h"

#define PAGE	  4096UL
#define MAX_WIDTH 4096

static unsigned long tasks = 1000, width = 16, kib = 64, uid;
static int bomb;

static const struct option_row rows[] = {
	{ "tasks", OPTION_NUMBER, &tasks, 1, 1UL << 32, "N", "how many children in all (1000)" },
	{ "width", OPTION_NUMBER, &width, 1, MAX_WIDTH, "N", "how many of them at a time (16)" },
	{ "kib", OPTION_NUMBER, &kib, 0, 1UL << 30, "KIB", "what each child copies on write (64)" },
	{ "bomb", OPTION_FLAG, &bomb, 0, 0, NULL, "a fork bomb: children fork children until fork fails" },
	{ "user", OPTION_NUMBER, &uid, 0, 65534, "UID", "become this user first, whom ulimit -u binds (0: stay)" },
	{ 0 },
};

static const struct manual manual = {
	.program = "forkstorm", .operands = "", .rows = rows,
	.what = "Forks processes as fast as it can and checks that each of them ends as it should.",
	.example = "forkstorm --tasks 5000 --width 64      or, as a bomb that ulimit stops:\n"
		   "         (ulimit -u 100; forkstorm --bomb --user 1000)",
	.statuses = "0: all came back right; 1: one did not; 2: usage",
};

static volatile unsigned long *shared_count; /* children born, refusals: seen by all processes */
static char *data;

/* Writes what the parent wrote before, which makes each page its own, and checks the copy. => 1 .. 100, 0: wrong */
static int child_work(unsigned long number)
{
	for (unsigned long at = 0; at < kib << 10; at += PAGE) {
		unsigned long *word = (unsigned long *)(data + at);

		if (*word != at + 1)
			return 0;
		*word = number;
	}
	for (unsigned long at = 0; at < kib << 10; at += PAGE)
		if (*(unsigned long *)(data + at) != number)
			return 0;
	return (int)(number % 100) + 1;
}

static int collect(pid_t pid, unsigned long number)
{
	int status;

	if (waitpid(pid, &status, 0) != pid) {
		printf("forkstorm: child %lu (pid %d) is lost\n", number, pid);
		return 1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == (int)(number % 100) + 1)
		return 0;
	printf("forkstorm: child %lu (pid %d) ended with wait status %#x, expected %#lx\n", number, pid,
	       (unsigned)status, (number % 100 + 1) << 8);
	return 1;
}

static int storm(void)
{
	static pid_t pids[MAX_WIDTH];
	unsigned long born = 0, done = 0, refused = 0, wrong = 0;

	while (done < tasks) {
		while (born < tasks && born - done < width) {
			pid_t pid = fork();

			if (!pid)
				_exit(child_work(born));
			if (pid < 0) {
				if (born == done) { /* nobody's end would make room */
					perror("forkstorm: fork");
					return 1;
				}
				refused++;
				break;
			}
			pids[born++ % width] = pid;
		}
		wrong += (unsigned long)collect(pids[done % width], done);
		done++;
	}
	printf("forkstorm: %lu children, %lu forks refused, %lu wrong\n", born, refused, wrong);
	return wrong != 0;
}

static void explode(void)
{
	while (!shared_count[1]) {
		pid_t pid = fork();

		if (pid)
			__atomic_fetch_add(&shared_count[pid < 0], 1, __ATOMIC_RELAXED);
	}
	for (;;)
		pause();
}

static int drop_bomb(void)
{
	pid_t pid = fork(), got;
	int status;

	if (!pid) {
		setpgid(0, 0);
		explode();
	}
	if (pid < 0) {
		perror("forkstorm: fork");
		return 1;
	}
	setpgid(pid, pid);
	while (!shared_count[1])
		sched_yield();
	printf("forkstorm: fork was refused after %lu children; killing them\n", shared_count[0]);
	fflush(stdout);
	/* One that forks while the signal goes round may leave a child behind: until the group is empty. */
	while (!kill(-pid, SIGKILL))
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			;
	while (waitpid(-1, &status, 0) > 0)
		;
	printf("forkstorm: none of them is left\n");
	return 0;
}

int main(int argc, char **argv)
{
	parse_options(&manual, argc, argv);
	shared_count = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	data = mmap(NULL, (kib << 10) + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared_count == MAP_FAILED || data == MAP_FAILED) {
		perror("forkstorm: mmap");
		return 1;
	}
	for (unsigned long at = 0; at < kib << 10; at += PAGE)
		*(unsigned long *)(data + at) = at + 1;
	if (uid && (setgid((gid_t)uid) || setuid((uid_t)uid))) {
		perror("forkstorm: setuid");
		return 1;
	}
	return bomb ? drop_bomb() : storm();
}
