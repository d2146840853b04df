/* SPDX-License-Identifier: MIT */
/*
 * The terminal: what programs see of it. Its other half, where keys become lines, is tty_line.c.
 *
 *   keys -> tty_line.c -> input ring -> read()        write() -> \n becomes \r\n -> port
 *
 * Canonical mode hands out whole lines; raw mode hands out bytes as VMIN and VTIME say. Only the foreground
 * group of the session that owns the terminal may read (SIGTTIN).
 *
 * There is one terminal; /dev/console, /dev/ttyS0 and /dev/tty are it. Locks: tty_internal.h. Beyond this Linux has:
 * pseudo terminals, flow control, line disciplines as modules.
 */
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty_internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"

struct tty console_tty = {
	.lock = SPIN_LOCK_UNLOCKED("tty.lock", LOCK_RANK_DRIVER),
	.raw_lock = SPIN_LOCK_UNLOCKED("tty.raw_lock", LOCK_RANK_DRIVER),
	.write_mutex = __MUTEX_INITIALIZER(console_tty.write_mutex, LOCK_RANK_TTY),
	.read_wait = __WAIT_QUEUE_HEAD_INITIALIZER(console_tty.read_wait),
	.raw_wait = __WAIT_QUEUE_HEAD_INITIALIZER(console_tty.raw_wait),
	.winsize = { .ws_row = 24, .ws_col = 80 },
	.termios = {
		.c_iflag = ICRNL,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,
		.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
		.c_cc = { [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,
			  [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23,
			  [VLNEXT] = 22 },
	},
};

static const struct tty_signal_ops *signal_ops;

void tty_set_signal_ops(const struct tty_signal_ops *ops)
{
	signal_ops = ops;
}

void tty_send_signal(pid_t pgrp, int sig)
{
	if (signal_ops && pgrp > 0)
		signal_ops->signal_pgrp(pgrp, sig);
}

/* ---- read ---- */

/* => tty->lock held: how many bytes a read could have now; -1: at least a line end that gives none */
static bool input_ready(unsigned int want)
{
	if (tty->termios.c_lflag & ICANON)
		return tty->lines > 0;
	return tty->head - tty->tail >= want;
}

bool tty_input_ready(void)
{
	bool ready;

	spin_lock(&tty->lock);
	ready = input_ready(tty->termios.c_cc[VTIME] || !tty->termios.c_cc[VMIN] ? 1 : tty->termios.c_cc[VMIN]);
	spin_unlock(&tty->lock);
	return ready;
}

wait_queue_head_t *tty_read_queue(void)
{
	return &tty->read_wait;
}

/* Up to n bytes, one line at most in canonical mode. *end: the line is over. => bytes */
static size_t take_input(char *buf, size_t n, bool *end)
{
	bool canonical = tty->termios.c_lflag & ICANON;
	size_t done = 0;

	*end = false;
	while (done < n && tty->head != tty->tail && !*end) {
		u8 mark = tty->mark[tty->tail % INPUT_SIZE];

		if (canonical && !tty->lines)
			break;
		if (mark != MARK_EOF || !canonical)
			buf[done++] = (char)tty->input[tty->tail % INPUT_SIZE];
		tty->tail++;
		if (mark) {
			tty->lines--;
			*end = canonical;
		}
	}
	return done;
}

static ssize_t copy_input(char *ubuf, size_t count)
{
	ssize_t done = 0;
	bool end = false;

	while (count && !end) {
		char chunk[128];
		size_t n;

		spin_lock(&tty->lock);
		n = take_input(chunk, min(count, sizeof(chunk)), &end);
		spin_unlock(&tty->lock);
		if (!n)
			break;
		if (copy_to_user(ubuf, chunk, n))
			return -EFAULT;
		ubuf += n;
		count -= n;
		done += n;
	}
	return done;
}

static bool locked_ready(unsigned int want)
{
	bool ready;

	spin_lock(&tty->lock);
	ready = input_ready(want);
	spin_unlock(&tty->lock);
	return ready;
}

/* Only the foreground group of the session may read. */
static int check_foreground(int sig)
{
	struct signal_struct *s = current->signal;

	if (s->tty != tty || !tty->pgrp || s->pgrp == tty->pgrp)
		return 0;
	if (!signal_ops || signal_ops->is_ignored(sig))
		return sig == 21 ? -EIO : 0; /* SIGTTIN */
	tty_send_signal(s->pgrp, sig);
	return -ERESTARTSYS;
}

static int wait_for_input(size_t count, bool nonblock)
{
	const struct ktermios *t = &tty->termios;
	bool canonical = t->c_lflag & ICANON;
	unsigned int want = canonical ? 1 : min((size_t)t->c_cc[VMIN], count);
	long left;

	if (!canonical && !t->c_cc[VMIN]) {
		if (!t->c_cc[VTIME] || nonblock)
			return 0;
		left = wait_event_interruptible_timeout(tty->read_wait, locked_ready(1), t->c_cc[VTIME] * (HZ / 10));
		return left < 0 ? (int)left : 0;
	}
	if (nonblock)
		return locked_ready(1) ? 0 : -EAGAIN;
	if (canonical || !t->c_cc[VTIME])
		return wait_event_interruptible(tty->read_wait, locked_ready(want));
	left = wait_event_interruptible(tty->read_wait, locked_ready(1));
	while (left == 0 && !locked_ready(want)) { /* VTIME between bytes */
		unsigned int have = READ_ONCE(tty->head);

		left = wait_event_interruptible_timeout(tty->read_wait, READ_ONCE(tty->head) != have,
							t->c_cc[VTIME] * (HZ / 10));
		if (left <= 0)
			break;
		left = 0;
	}
	return left < 0 ? (int)left : 0;
}

ssize_t tty_read(char *ubuf, size_t count, bool nonblock)
{
	int err = check_foreground(21);

	if (!err && count)
		err = wait_for_input(count, nonblock);
	return err ? err : copy_input(ubuf, count);
}

/* ---- write ---- */

/* One piece to the port, "\n" as "\r\n" if wanted. Lines stay whole: printk may come between pieces. */
static void write_piece(const char *text, size_t n, bool crlf)
{
	char out[256];
	size_t len = 0;

	while (n--) {
		if (*text == '\n' && crlf)
			out[len++] = '\r';
		out[len++] = *text;
		if (*text++ == '\n' || len >= sizeof(out) - 2) {
			serial_write(out, len);
			len = 0;
		}
	}
	if (len)
		serial_write(out, len);
}

ssize_t tty_write(const char *buf, size_t count, bool kernel)
{
	ssize_t done = 0;
	char chunk[240];

	if (!kernel && (tty->termios.c_lflag & TOSTOP)) {
		int err = check_foreground(22); /* SIGTTOU */

		if (err)
			return err;
	}
	mutex_lock(&tty->write_mutex);
	while (count) {
		size_t n = min(count, sizeof(chunk));
		bool crlf = (tty->termios.c_oflag & (OPOST | ONLCR)) == (OPOST | ONLCR);

		if (kernel)
			memcpy(chunk, buf, n);
		else if (copy_from_user(chunk, buf, n)) {
			done = done ? done : -EFAULT;
			break;
		}
		write_piece(chunk, n, crlf);
		buf += n;
		count -= n;
		done += n;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	mutex_unlock(&tty->write_mutex);
	return done;
}

/* ---- Whose terminal it is ---- */

void tty_opened(void)
{
	struct signal_struct *s = current->signal;

	spin_lock(&tty->lock);
	if (s->session == current->tgid && !s->tty && !tty->session && s->session) {
		s->tty = tty;
		tty->session = s->session;
		tty->pgrp = s->pgrp;
	}
	spin_unlock(&tty->lock);
}

int tty_have_controlling(void)
{
	return current->signal->tty == tty ? 0 : -ENXIO;
}

void tty_disassociate(void)
{
	struct signal_struct *s = current->signal;
	pid_t pgrp = 0;

	if (s->tty != tty)
		return;
	spin_lock(&tty->lock);
	if (s->session == current->tgid && tty->session == s->session) {
		pgrp = tty->pgrp;
		tty->pgrp = tty->session = 0;
	}
	s->tty = NULL;
	spin_unlock(&tty->lock);
	if (pgrp) {
		tty_send_signal(pgrp, 1); /* SIGHUP, SIGCONT */
		tty_send_signal(pgrp, 18);
	}
}

int tty_device_number(const void *t)
{
	return t ? 4 << 8 | 64 : 0;
}

pid_t tty_foreground(const void *t)
{
	return t ? ((const struct tty *)t)->pgrp : -1;
}

/* ---- ioctl ---- */

static long set_termios(const void *user, bool flush)
{
	struct ktermios new;

	if (copy_from_user(&new, user, sizeof(new)))
		return -EFAULT;
	spin_lock(&tty->lock);
	if (flush)
		tty_flush_input();
	/* What was typed before raw mode ended is a line of its own. */
	if ((new.c_lflag & ICANON) && !(tty->termios.c_lflag & ICANON) && tty->head != tty->tail &&
	    !tty->mark[(tty->head - 1) % INPUT_SIZE]) {
		tty->mark[(tty->head - 1) % INPUT_SIZE] = MARK_LINE;
		tty->lines++;
	}
	tty->termios = new;
	spin_unlock(&tty->lock);
	wake_up(&tty->read_wait);
	return 0;
}

static long set_controlling(unsigned long force)
{
	struct signal_struct *s = current->signal;
	long err = 0;

	spin_lock(&tty->lock);
	if (s->tty == tty && tty->session == s->session)
		err = 0;
	else if (s->session != current->tgid || s->tty)
		err = -EPERM;
	else if (tty->session && !(force == 1 && has_capability_admin(current)))
		err = -EPERM;
	else {
		s->tty = tty;
		tty->session = s->session;
		tty->pgrp = s->pgrp;
	}
	spin_unlock(&tty->lock);
	return err;
}

static long set_foreground(const int *user)
{
	pid_t pgrp;

	if (current->signal->tty != tty || tty->session != current->signal->session)
		return -ENOTTY;
	if (get_user(pgrp, user))
		return -EFAULT;
	if (pgrp <= 0)
		return -EINVAL;
	WRITE_ONCE(tty->pgrp, pgrp);
	return 0;
}

static long put_int(unsigned long arg, int value)
{
	return put_user(value, (int *)arg);
}

static long ready_bytes(void)
{
	unsigned int n = 0, at;

	spin_lock(&tty->lock);
	if (!(tty->termios.c_lflag & ICANON))
		n = tty->head - tty->tail;
	else if (tty->lines)
		for (at = tty->tail; at != tty->head; at++, n++)
			if (tty->mark[at % INPUT_SIZE]) {
				n += tty->mark[at % INPUT_SIZE] == MARK_LINE;
				break;
			}
	spin_unlock(&tty->lock);
	return n;
}

long tty_ioctl(unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case TCGETS:
		return copy_to_user((void *)arg, &tty->termios, sizeof(tty->termios)) ? -EFAULT : 0;
	case TCSETS:
	case TCSETSW:
		return set_termios((const void *)arg, false);
	case TCSETSF:
		return set_termios((const void *)arg, true);
	case TIOCGWINSZ:
		return copy_to_user((void *)arg, &tty->winsize, sizeof(tty->winsize)) ? -EFAULT : 0;
	case TIOCSWINSZ:
		if (copy_from_user(&tty->winsize, (const void *)arg, sizeof(tty->winsize)))
			return -EFAULT;
		tty_send_signal(tty->pgrp, 28); /* SIGWINCH */
		return 0;
	case TIOCGPGRP:
		return current->signal->tty == tty ? put_int(arg, tty->pgrp) : -ENOTTY;
	case TIOCSPGRP:
		return set_foreground((const int *)arg);
	case TIOCGSID:
		return current->signal->tty == tty ? put_int(arg, tty->session) : -ENOTTY;
	case TIOCSCTTY:
		return set_controlling(arg);
	case TIOCNOTTY:
		if (current->signal->tty != tty)
			return -ENOTTY;
		tty_disassociate();
		return 0;
	case FIONREAD:
		return put_int(arg, (int)ready_bytes());
	case TIOCOUTQ:
		return put_int(arg, 0);
	case TCFLSH:
		if (arg == 0 || arg == 2) {
			spin_lock(&tty->lock);
			tty_flush_input();
			spin_unlock(&tty->lock);
		}
		return arg <= 2 ? 0 : -EINVAL;
	case TCSBRK:
	case TCSBRKP:
	case TCXONC:
	case TIOCEXCL:
	case TIOCNXCL:
		return 0; /* output has left the port when write() returns; no breaks, no flow control */
	default:
		return -ENOTTY;
	}
}
