/* SPDX-License-Identifier: MIT */
/* A task: operations drawn by weight until its share is done, then a look at every page it holds. */
#include "user/soak/soak.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *name;
	void (*fn)(void);
	unsigned weight;
} ops[] = {
	{ "map", op_map, 20 },	     { "write", op_write, 24 },	    { "check", op_check, 24 },
	{ "unmap", op_unmap, 2 },    { "protect", op_protect, 6 },  { "move", op_move, 4 },
	{ "drop", op_drop, 4 },	     { "fork", op_fork, 6 },	    { "kill", op_kill, 3 },
	{ "exec", op_exec, 2 },	     { "pipe", op_pipe, 3 },	    { "threads", op_threads, 3 },
	{ "file", op_file, 4 },	     { "common", op_common, 8 },    { "disk", op_disk, 6 },
};
#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

struct walker self; /* all zero: half a MiB that the program's file does not hold */

void fail(const char *format, ...)
{
	int error = errno;
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(1, "soak: FAIL task %d pid %d in %s: %s (errno %d)\n", self.number, (int)getpid(), self.doing, text,
		error);
	_exit(1);
}

void call_failed(const char *what)
{
	if (oom_allowed && errno == ENOMEM) {
		self.refused++;
		return;
	}
	if (loss_allowed && (errno == EFAULT || errno == EIO)) {
		signal(SIGBUS, SIG_DFL);
		raise(SIGBUS);
	}
	fail("%s", what);
}

static void one_op(void)
{
	size_t nr_ops = disk ? NR_OPS : NR_OPS - 1; /* the last needs one */
	unsigned sum = 0, at;

	for (size_t i = 0; i < nr_ops; i++)
		sum += ops[i].weight;
	at = (unsigned)below(sum);
	for (size_t i = 0; i < nr_ops; i++) {
		if (at < ops[i].weight) {
			self.doing = ops[i].name;
			ops[i].fn();
			return;
		}
		at -= ops[i].weight;
	}
}

void run_task(int number, unsigned long nr_ops, unsigned long *done)
{
	self.number = number;
	while (*done < nr_ops) {
		one_op();
		++*done;
	}
	self.doing = "the end";
	check_everything();
	dprintf(1, "soak: task %d: %lu ops, %lu pages written, holds %zu of %zu, %u refusals\n", number, nr_ops,
		self.written, held(), self.budget, self.refused);
	_exit(0);
}
