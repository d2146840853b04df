/* SPDX-License-Identifier: MIT */
/*
 * chrt: runs a program with a real-time policy, or shows and changes a process's: chrt -f 50 CMD, chrt -p PID.
 *
 * The letters are util-linux's: -f FIFO, -r round robin, -o other (normal), -p a process instead of a command. A
 * real-time task may take pages that others leave as a reserve (ALLOC_HARDER, docs/slow-path.md). The system calls are
 * made by number, as musl's functions of these names only return ENOSYS.
 */
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "user/options.h"

static int fifo, rr, other, process;

static const struct option_row rows[] = {
	{ "fifo", OPTION_FLAG, &fifo, 0, 0, NULL, "-f: first in, first out; until it sleeps" },
	{ "rr", OPTION_FLAG, &rr, 0, 0, NULL, "-r: the same, in turn with others of its priority (the default)" },
	{ "other", OPTION_FLAG, &other, 0, 0, NULL, "-o: like everybody; PRIORITY is 0" },
	{ "pid", OPTION_FLAG, &process, 0, 0, NULL, "-p: [PRIORITY] PID: of a running process; PRIORITY: set it" },
	{ 0 },
};

static const struct manual manual = {
	.program = "chrt", .operands = "[PRIORITY] COMMAND|PID ...", .rows = rows,
	.what = "Runs a command with a real-time policy (priorities 1 .. 99), or shows and sets a process's policy.",
	.example = "chrt -f 50 hog --mib 8; chrt -p 1",
	.statuses = "the command's; 1: refused; 2: usage; 127: no such command",
	.max_operands = 1 << 16,
};

/* -f is --fifo and so on: the options that stand before the first operand. */
static void spell_out(int argc, char **argv)
{
	static const struct { const char *letter; char *word; } words[] = {
		{ "-f", "--fifo" }, { "-r", "--rr" }, { "-o", "--other" }, { "-p", "--pid" },
	};

	for (int i = 1; i < argc && argv[i][0] == '-'; i++)
		for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
			if (!strcmp(argv[i], words[w].letter))
				argv[i] = words[w].word;
}

static long number(const char *text, const char *what, long min, long max)
{
	static char why[80];
	char *end;
	long n = strtol(text, &end, 10);

	snprintf(why, sizeof(why), "a %s from %ld to %ld is wanted here", what, min, max);
	if (end == text || *end || n < min || n > max)
		wrong_usage(&manual, why, text);
	return n;
}

static int show(pid_t pid)
{
	static const char *const names[] = { "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "", "SCHED_IDLE" };
	struct sched_param param;
	int policy = (int)syscall(SYS_sched_getscheduler, pid);

	if (policy < 0 || syscall(SYS_sched_getparam, pid, &param)) {
		fprintf(stderr, "chrt: process %d: %s\n", pid, strerror(errno));
		return 1;
	}
	policy &= ~SCHED_RESET_ON_FORK;
	printf("pid %d's scheduling policy: %s\npid %d's scheduling priority: %d\n", pid,
	       policy < 6 ? names[policy] : "?", pid, param.sched_priority);
	return 0;
}

/* => the policy is set for pid, 0: ourselves */
static void set(pid_t pid, const char *priority)
{
	int policy = fifo ? SCHED_FIFO : other ? SCHED_OTHER : SCHED_RR;
	struct sched_param param;

	param.sched_priority = (int)number(priority, "priority", other ? 0 : 1, other ? 0 : 99);
	if (syscall(SYS_sched_setscheduler, pid, policy, &param)) {
		fprintf(stderr, "chrt: the policy cannot be set: %s%s\n", strerror(errno),
			errno == EPERM ? " (only root may)" : "");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int at, left;

	spell_out(argc, argv);
	at = parse_options(&manual, argc, argv);
	left = argc - at;
	if (fifo + rr + other > 1)
		wrong_usage(&manual, "one policy at a time", argv[1]);
	if (process && left == 1)
		return show((pid_t)number(argv[at], "process", 0, 1 << 22));
	if (process ? left != 2 : left < 2)
		wrong_usage(&manual, process ? "[PRIORITY] PID is wanted" : "PRIORITY and COMMAND are wanted",
			    argv[argc - 1]);
	if (process) {
		set((pid_t)number(argv[at + 1], "process", 0, 1 << 22), argv[at]);
		return 0;
	}
	set(0, argv[at]);
	execvp(argv[at + 1], argv + at + 1);
	fprintf(stderr, "chrt: %s: %s\n", argv[at + 1], strerror(errno));
	return 127;
}
