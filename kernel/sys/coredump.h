/* SPDX-License-Identifier: MIT */
/*
 * Core files: what is left of a process that died of a signal like SIGSEGV. See coredump.c (when, where to, who
 * waits) and elf_core.c (what is in it).
 */
#ifndef KERNEL_SYS_COREDUMP_H
#define KERNEL_SYS_COREDUMP_H

#include "kernel/core/completion.h"
#include "kernel/core/task.h"
#include "kernel/sys/abi.h"

/* A thread that waits in its exit until its registers have been written. On its own stack. */
struct core_thread {
	struct task_struct *task;	/* NULL: go on */
	struct core_thread *next;	/* [siglock] */
};

/* One dump of a process; on the dumping thread's stack, found through signal->core_state. */
struct core_state {
	int nr_threads;			/* [siglock] that have still to come to coredump_wait() */
	struct core_thread *threads;	/* [siglock] those that have */
	struct completion all_here;
};

/* The file being written, and how far it may grow. */
struct core_writer {
	struct file *file;
	loff_t pos;			/* bytes, holes included */
	u64 limit;			/* RLIMIT_CORE */
	int error;			/* -errno: stopped */
};

/*
 * current dies of sig: its core file, if sig makes one and the process allows it.
 * => the code for do_group_exit(): sig, or sig | 0x80 if a core file was written. May sleep
 */
int coredump(int sig, const struct linux_siginfo *info);
/* => current exits while its process is dumped: sleeps until its registers have been read */
void coredump_wait(struct core_state *core);

/* => everything into w, headers first; stops at w->error. current's mm does not change but by sharers */
void elf_core_dump(struct core_writer *w, const struct linux_siginfo *info, const struct core_state *core);

/* => len bytes at the end of the file; false: w->error */
bool core_emit(struct core_writer *w, const void *data, size_t len);
/* => a hole of len bytes, read as zeros */
void core_skip(struct core_writer *w, u64 len);

#endif
