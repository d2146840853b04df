/* SPDX-License-Identifier: MIT */
/*
 * The terminal's state, for its two halves: tty_line.c (from the port to lines) and tty.c (programs).
 *
 * Locks: raw_lock (interrupts off) for the raw ring, lock for the rest.
 */
#ifndef DRIVERS_TTY_INTERNAL_H
#define DRIVERS_TTY_INTERNAL_H

#include "drivers/tty.h"
#include "drivers/tty_ioctl.h"
#include "kernel/core/mutex.h"

#define RAW_SIZE   1024
#define INPUT_SIZE 4096
#define MARK_LINE  1 /* the byte ends a line and is part of it */
#define MARK_EOF   2 /* ends a line, is not handed out */

struct tty {
	spinlock_t lock;
	struct ktermios termios;	/* [lock] */
	struct winsize winsize;		/* [lock] */
	u8 input[INPUT_SIZE];		/* [lock] bytes tail .. head, by index modulo size */
	u8 mark[INPUT_SIZE];		/* [lock] MARK_* of each */
	unsigned int head, tail;	/* [lock] */
	unsigned int lines;		/* [lock] complete lines in input */
	pid_t pgrp, session;		/* [lock] foreground group; whose terminal it is; 0: nobody's */
	wait_queue_head_t read_wait;
	struct mutex write_mutex;	/* one write at a time */

	spinlock_t raw_lock;
	u8 raw[RAW_SIZE];		/* [raw_lock] */
	unsigned int raw_head, raw_tail; /* [raw_lock] */
	wait_queue_head_t raw_wait;
};

extern struct tty console_tty;
static struct tty *const tty = &console_tty;

void tty_send_signal(pid_t pgrp, int sig);	/* tty.c; lock not held */
void tty_flush_input(void);			/* tty_line.c; => lock held */

#endif
