/* SPDX-License-Identifier: MIT */
/*
 * The terminal on the serial port. See tty.c. Lies below fs: fs/chardev.c makes files of it.
 */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include "kernel/base/types.h"
#include "kernel/core/wait.h"

/* kernel/sys registers how a signal reaches a process group and whether current would notice it. */
struct tty_signal_ops {
	void (*signal_pgrp)(pid_t pgrp, int sig);
	bool (*is_ignored)(int sig);	/* ignored or blocked by current */
};
void tty_set_signal_ops(const struct tty_signal_ops *ops);

/* => after serial_console_init(); kernel threads can be started */
void tty_init(void);

/* => bytes, 0 at end of input, -ERESTARTSYS, -EAGAIN (nonblock), -EIO (background and SIGTTIN ignored), -EFAULT */
ssize_t tty_read(char *ubuf, size_t count, bool nonblock);
ssize_t tty_write(const char *buf, size_t count, bool kernel);
long tty_ioctl(unsigned int cmd, unsigned long arg);
bool tty_input_ready(void);
wait_queue_head_t *tty_read_queue(void);
/* open(2) without O_NOCTTY: a session leader without terminal gets this one */
void tty_opened(void);
/* /dev/tty: => 0, -ENXIO when current has no terminal */
int tty_have_controlling(void);
/* The session leader exits or gives the terminal up: SIGHUP to the foreground, nobody controls it. */
void tty_disassociate(void);
/* For /proc/PID/stat: device number and foreground group of a terminal pointer (signal->tty); 0, -1 without */
int tty_device_number(const void *tty);
pid_t tty_foreground(const void *tty);

#endif
