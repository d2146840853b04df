/* SPDX-License-Identifier: MIT */
/*
 * The terminal's ioctls. What changes the terminal is kept from background groups (SIGTTOU), as Linux does.
 *
 * Output has left for the port when write() returns, so there is nothing to drain: TCSETSW and TCSBRK(1) need not
 * wait. The line's speed, parity and modem wires are remembered and mean nothing to an emulated port.
 */
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty_internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"

#define SIGNAL_WINCH 28

static struct tty *const tty = &console_tty;

static long get_termios(void *user)
{
	struct ktermios now;

	spin_lock(&tty->lock);
	now = tty->termios;
	spin_unlock(&tty->lock);
	return copy_to_user(user, &now, sizeof(now)) ? -EFAULT : 0;
}

static long set_termios(const void *user, bool flush)
{
	struct ktermios new;
	bool was_raw;

	if (copy_from_user(&new, user, sizeof(new)))
		return -EFAULT;
	spin_lock(&tty->lock);
	if (flush)
		tty_flush_input(tty);
	was_raw = !(tty->termios.c_lflag & ICANON);
	if (was_raw && (new.c_lflag & ICANON))
		tty_end_raw_input(tty);
	if (!(new.c_lflag & ICANON))
		tty->line_start = tty->head;
	tty->termios = new;
	if (!(new.c_iflag & IXON))
		tty_start_output(tty); /* there would be no key to do it */
	spin_unlock(&tty->lock);
	tty_write_echo(tty);
	wake_up_all(&tty->read_wait);
	wake_up_all(&tty->write_wait);
	tty_input_taken(tty);
	return 0;
}

static long get_winsize(void *user)
{
	struct winsize now;

	spin_lock(&tty->lock);
	now = tty->winsize;
	spin_unlock(&tty->lock);
	return copy_to_user(user, &now, sizeof(now)) ? -EFAULT : 0;
}

static long set_winsize(const void *user)
{
	struct winsize new;
	bool changed;
	pid_t pgrp;

	if (copy_from_user(&new, user, sizeof(new)))
		return -EFAULT;
	spin_lock(&tty->lock);
	changed = memcmp(&tty->winsize, &new, sizeof(new));
	tty->winsize = new;
	pgrp = tty->pgrp;
	spin_unlock(&tty->lock);
	if (changed)
		tty_send_signal(pgrp, SIGNAL_WINCH);
	return 0;
}

static long put_int(unsigned long arg, int value)
{
	return put_user(value, (int *)arg);
}

static int ready_bytes(void)
{
	unsigned int n, at;

	spin_lock(&tty->lock);
	n = tty->line_start - tty->tail;
	for (at = tty->tail; (tty->termios.c_lflag & ICANON) && at != tty->line_start; at++)
		n -= tty->mark[at % INPUT_SIZE] == MARK_EOF;
	spin_unlock(&tty->lock);
	return (int)n;
}

static void set_stopped(bool stopped)
{
	spin_lock(&tty->lock);
	tty->stopped = stopped;
	spin_unlock(&tty->lock);
	tty_write_echo(tty);
	wake_up_all(&tty->write_wait);
}

static long flow(unsigned long arg)
{
	char c;

	switch (arg) {
	case TCOOFF:
	case TCOON:
		set_stopped(arg == TCOOFF);
		return 0;
	case TCIOFF:
	case TCION: /* tells the other end */
		c = (char)tty->termios.c_cc[arg == TCIOFF ? VSTOP : VSTART];
		if (c)
			serial_write(&c, 1);
		return 0;
	default:
		return -EINVAL;
	}
}

static long flush(unsigned long arg)
{
	if (arg > TCIOFLUSH)
		return -EINVAL;
	spin_lock(&tty->lock);
	if (arg != TCOFLUSH)
		tty_flush_input(tty);
	if (arg != TCIFLUSH)
		tty->echo_len = 0;
	spin_unlock(&tty->lock);
	tty_input_taken(tty);
	return 0;
}

/* What changes the terminal for everybody; the foreground has been checked. */
static long change(unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case TCSETS:
	case TCSETSW:
		return set_termios((const void *)arg, false);
	case TCSETSF:
		return set_termios((const void *)arg, true);
	case TCXONC:
		return flow(arg);
	case TCFLSH:
		return flush(arg);
	default: /* TCSBRK, TCSBRKP: a break is nothing an emulated port could send */
		return 0;
	}
}

long tty_ioctl(unsigned int cmd, unsigned long arg)
{
	bool mine = current->signal->tty == tty;
	int err;

	switch (cmd) {
	case TCGETS:
		return get_termios((void *)arg);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
	case TCXONC:
	case TCFLSH:
	case TCSBRK:
	case TCSBRKP:
		err = tty_check_foreground(SIGNAL_TTOU);
		return err ? err : change(cmd, arg);
	case TIOCGWINSZ:
		return get_winsize((void *)arg);
	case TIOCSWINSZ:
		return set_winsize((const void *)arg);
	case TIOCGPGRP:
		return mine ? put_int(arg, tty->pgrp) : -ENOTTY;
	case TIOCSPGRP:
		return tty_set_foreground((const int *)arg);
	case TIOCGSID:
		return mine ? put_int(arg, tty->session) : -ENOTTY;
	case TIOCSCTTY:
		return tty_set_controlling(arg);
	case TIOCNOTTY:
		return tty_give_up();
	case FIONREAD:
		return put_int(arg, ready_bytes());
	case TIOCOUTQ:
		return put_int(arg, 0);
	default:
		return -ENOTTY;
	}
}
