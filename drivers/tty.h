/* SPDX-License-Identifier: MIT */
/*
 * The terminal on the serial port. See tty.c. Lies below fs: fs/tty_file.c makes files of it.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include "kernel/base/types.h"
#include "kernel/core/wait.h"

#define SIGNAL_TTIN 21
#define SIGNAL_TTOU 22

/* kernel/sys registers what the terminal must know of tasks. */
struct tty_signal_ops {
	void (*signal_pgrp)(pid_t pgrp, int sig);
	bool (*is_ignored)(int sig);		/* ignored or blocked by current */
	bool (*is_orphaned)(void);		/* current's group: nobody would continue it */
	pid_t (*session_of_pgrp)(pid_t pgrp);	/* 0: there is no such group */
	void (*clear_session)(pid_t session);	/* its processes have no terminal any more */
};
void tty_set_signal_ops(const struct tty_signal_ops *ops);

/* => after serial_console_init(); kernel threads can be started */
void tty_init(void);

/* A file's place in time: what it was opened with, and whether the terminal was hung up since (0: never is) */
unsigned int tty_generation(void);
bool tty_hung_up(unsigned int generation);

/* => bytes, 0 at end of input or after a hangup, -ERESTARTSYS, -EAGAIN (nonblock), -EFAULT,
 *    -EIO (background group that cannot be stopped) */
ssize_t tty_read(char *ubuf, size_t count, bool nonblock, unsigned int generation);
/* => bytes, -ERESTARTSYS, -EAGAIN (nonblock: ^S, or another write), -EFAULT, -EIO (as above, or hung up) */
ssize_t tty_write(const char *buf, size_t count, bool kernel, bool nonblock, unsigned int generation);
long tty_ioctl(unsigned int cmd, unsigned long arg);
bool tty_input_ready(void);
bool tty_output_ready(void);
wait_queue_head_t *tty_read_queue(void);
wait_queue_head_t *tty_write_queue(void);
/* open(2) without O_NOCTTY: a session leader without terminal gets this one */
void tty_opened(void);
/* /dev/tty: => 0, -ENXIO when current has no terminal */
int tty_have_controlling(void);
/* current exits: if it leads the session, hangup */
void tty_disassociate(void);
/* vhangup(2): of current's terminal */
void tty_hangup(void);
/* For /proc/PID/stat: device number and foreground group of a terminal pointer (signal->tty); 0, -1 without */
int tty_device_number(const void *tty);
pid_t tty_foreground(const void *tty);

#endif
