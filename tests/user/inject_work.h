/* SPDX-License-Identifier: MIT */
/*
 * The work during which inject.c lets allocations fail: a handful of parts, each run in a process of its own. No call's
 * failure is an error here: a part goes on or ends, as a careful or a careless program would; it must only never hang.
 * What it leaves in DIR is removed by its parent.
 */
#ifndef TESTS_USER_INJECT_WORK_H
#define TESTS_USER_INJECT_WORK_H

#include "tests/user/inject_disks.h"
#include "tests/user/inject_files.h"
#include "tests/user/inject_tasks.h"

static const struct part {
	const char *name;
	void (*fn)(void);
} parts[] = {
	{ "files", work_files }, { "paths", work_paths }, { "more", work_more },
	{ "pipes", work_pipes }, { "mmap", work_mmap }, { "fork", work_fork },
	{ "threads", work_threads }, { "signals", work_signals }, { "kills", work_kills },
	{ "proc", work_proc }, { "swapon", work_swapon }, { "shell", work_shell },
	{ "core", work_core }, { "loop", work_loop }, { "loop_add", work_loop_add }, { "swap", work_swap },
};
#define NR_PARTS (sizeof(parts) / sizeof(parts[0]))

#endif
