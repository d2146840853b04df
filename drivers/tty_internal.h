/* SPDX-License-Identifier: MIT */
/*
 * The terminal's state, for its parts: tty_line.c (keys become lines), tty_echo.c (what they show), tty.c (read
 * and write), tty_job.c (whose terminal it is), tty_ioctl.c.
 *
 *	input[]:  tail ....... line_start ....... head       complete lines, then the one being typed
 *
 * Locks: raw_lock (interrupts off) for the raw ring, lock for the rest; write_mutex keeps writes whole.
 */
#ifndef DRIVERS_TTY_INTERNAL_H
#define DRIVERS_TTY_INTERNAL_H

#include "drivers/tty.h"
#include "drivers/tty_ioctl.h"
#include "kernel/core/mutex.h"

#define RAW_SIZE   16384
#define RAW_MARGIN 16	/* what the port may still hand over when told that the ring is full */
#define INPUT_SIZE 4096
#define ECHO_SIZE  4096
#define MARK_LINE  1 /* the byte ends a line and is part of it */
#define MARK_EOF   2 /* ends a line, is not handed out */

struct tty {
	spinlock_t lock;
	struct ktermios termios;	/* [lock] */
	struct winsize winsize;		/* [lock] */
	u8 input[INPUT_SIZE];		/* [lock] bytes tail .. head, by index modulo size */
	u8 mark[INPUT_SIZE];		/* [lock] MARK_* of each */
	unsigned int head, tail;	/* [lock] */
	unsigned int line_start;	/* [lock] where the incomplete line begins */
	unsigned int lines;		/* [lock] complete lines in input */
	bool literal;			/* [lock] the character before was ^V */
	bool stopped;			/* [lock] ^S: nothing is written */
	u8 echo[ECHO_SIZE];		/* [lock] not yet at the port */
	unsigned int echo_len;		/* [lock] */
	unsigned int column;		/* [lock] of the cursor */
	unsigned int line_column;	/* [lock] where the incomplete line was begun */
	unsigned int generation;	/* [lock] a hangup ends the files opened before it */
	pid_t pgrp, session;		/* [lock] foreground group; whose terminal it is; 0: nobody's */
	wait_queue_head_t read_wait;
	wait_queue_head_t write_wait;	/* for the end of stopped */
	struct mutex write_mutex;	/* one write at a time */

	spinlock_t raw_lock;
	u8 raw[RAW_SIZE];		/* [raw_lock] */
	unsigned int raw_head, raw_tail; /* [raw_lock] */
	unsigned int raw_seen;		/* [raw_lock] looked at while input is full */
	bool throttled;			/* [raw_lock] the port was told to wait */
	wait_queue_head_t raw_wait;
};

extern struct tty console_tty;
extern const struct ktermios tty_default_termios;

/* ---- tty_echo.c: all => lock held ---- */

/* One byte of output as c_oflag says. => bytes put into out, at most TTY_OUT_MAX */
#define TTY_OUT_MAX 8
unsigned int tty_put(struct tty *tty, u8 c, char *out);
void tty_echo_char(struct tty *tty, u8 c);	/* a key: control characters as ^X */
void tty_echo_newline(struct tty *tty);
void tty_echo_literal(struct tty *tty);		/* ^V: shows a ^ that the next character covers */
void tty_echo_bell(struct tty *tty);
void tty_echo_erased(struct tty *tty, u8 c);	/* c is no longer input[head] */
void tty_echo_line(struct tty *tty);		/* ^R */

/* ---- tty_line.c ---- */

/* => the signal to send to the foreground group, or 0; lock held */
int tty_receive_char(struct tty *tty, u8 c);
/* => true: nothing more may be received until a reader has made room; lock held */
bool tty_input_full(const struct tty *tty);
void tty_flush_input(struct tty *tty);		/* => lock held */
/* Input mode changed: what was typed in raw mode is a line. => lock held */
void tty_end_raw_input(struct tty *tty);
void tty_start_output(struct tty *tty);		/* => lock held; the caller wakes write_wait */
void tty_input_taken(struct tty *tty);		/* a reader made room; lock not held */
void tty_write_echo(struct tty *tty);		/* sends echo to the port; lock not held */

/* ---- tty_job.c ---- */

void tty_send_signal(pid_t pgrp, int sig);	/* lock not held */
/* SIGTTIN or SIGTTOU for a background group. => 0: go on, -EIO, -ERESTARTSYS */
int tty_check_foreground(int sig);
long tty_set_controlling(unsigned long force);
long tty_set_foreground(const int *user);
long tty_give_up(void);				/* TIOCNOTTY */

#endif
