/* SPDX-License-Identifier: MIT */
/*
 * The terminal: what lies between a serial port's bytes and a program's read() and write().
 *
 *   port interrupt -> raw ring -> thread "ttyd": line discipline -> input ring -> read()
 *                                   |  echo                |  ^C ^\ ^Z: signal to the foreground group
 *   write() -> \n becomes \r\n -> port <---+
 *
 * Canonical mode hands out whole lines, which erase (^? ^H), word erase (^W) and kill (^U) may change before they
 * are complete; ^D ends a line without a character, so at its beginning it means end of file. Raw mode
 * hands out bytes as VMIN and VTIME say. A thread does the work because echo is slow and signals need
 * locks that an interrupt must not take.
 *
 * There is one terminal; /dev/console, /dev/ttyS0 and /dev/tty are it. Locks: raw_lock (interrupts off) for the
 * raw ring; lock for the rest. Beyond this Linux has: pseudo terminals, flow control, line disciplines as modules.
 */
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty.h"
#include "drivers/tty_ioctl.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/kthread.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"

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

static struct tty console_tty = {
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

static struct tty *const tty = &console_tty;
static const struct tty_signal_ops *signal_ops;

void tty_set_signal_ops(const struct tty_signal_ops *ops)
{
	signal_ops = ops;
}

static void send_signal(pid_t pgrp, int sig)
{
	if (signal_ops && pgrp > 0)
		signal_ops->signal_pgrp(pgrp, sig);
}

/* ---- From the port ---- */

static void raw_receive(void *data, const char *bytes, size_t n)
{
	unsigned long flags;

	spin_lock_irqsave(&tty->raw_lock, flags);
	for (; n && tty->raw_head - tty->raw_tail < RAW_SIZE; n--)
		tty->raw[tty->raw_head++ % RAW_SIZE] = (u8)*bytes++;
	spin_unlock_irqrestore(&tty->raw_lock, flags);
	wake_up(&tty->raw_wait);
}

static bool raw_get(u8 *c)
{
	unsigned long flags;
	bool any;

	spin_lock_irqsave(&tty->raw_lock, flags);
	any = tty->raw_head != tty->raw_tail;
	if (any)
		*c = tty->raw[tty->raw_tail++ % RAW_SIZE];
	spin_unlock_irqrestore(&tty->raw_lock, flags);
	return any;
}

/* ---- The line discipline: everything here runs in ttyd, with tty->lock held ---- */

struct echo {
	unsigned int len;
	char text[64];
};

static void echo_byte(struct echo *e, char c)
{
	if (e->len < sizeof(e->text))
		e->text[e->len++] = c;
}

static void echo_char(struct echo *e, u8 c)
{
	const struct ktermios *t = &tty->termios;

	if (!(t->c_lflag & ECHO) && !(c == '\n' && (t->c_lflag & ECHONL) && (t->c_lflag & ICANON)))
		return;
	if (c == '\n' && (t->c_oflag & OPOST) && (t->c_oflag & ONLCR))
		echo_byte(e, '\r');
	if ((c < 32 && c != '\n' && c != '\t') || c == 127) {
		if (t->c_lflag & ECHOCTL) {
			echo_byte(e, '^');
			c ^= 64;
		}
	}
	echo_byte(e, (char)c);
}

static void add_input(u8 c, u8 mark)
{
	if (tty->head - tty->tail >= INPUT_SIZE - (mark ? 0 : 1)) /* keep a place for the end of the line */
		return;
	tty->input[tty->head % INPUT_SIZE] = c;
	tty->mark[tty->head++ % INPUT_SIZE] = mark;
	if (mark)
		tty->lines++;
}

/* Takes the last byte of the incomplete line back. */
static bool erase_one(struct echo *e)
{
	u8 c;
	int width;

	if (tty->head == tty->tail || tty->mark[(tty->head - 1) % INPUT_SIZE])
		return false;
	/* A UTF-8 character is several bytes of one column. */
	do
		c = tty->input[--tty->head % INPUT_SIZE];
	while ((c & 0xc0) == 0x80 && tty->head != tty->tail && !tty->mark[(tty->head - 1) % INPUT_SIZE]);
	if (!(tty->termios.c_lflag & ECHO))
		return true;
	for (width = (c < 32 || c == 127) && (tty->termios.c_lflag & ECHOCTL) ? 2 : 1; width; width--) {
		echo_byte(e, '\b');
		echo_byte(e, ' ');
		echo_byte(e, '\b');
	}
	return true;
}

static u8 last_input(void)
{
	if (tty->head == tty->tail || tty->mark[(tty->head - 1) % INPUT_SIZE])
		return '\n';
	return tty->input[(tty->head - 1) % INPUT_SIZE];
}

static void erase_word(struct echo *e)
{
	while (last_input() == ' ' || last_input() == '\t')
		erase_one(e);
	while (last_input() != '\n' && last_input() != ' ' && last_input() != '\t')
		if (!erase_one(e))
			break;
}

static void flush_input(void)
{
	tty->head = tty->tail;
	tty->lines = 0;
}

static bool is_cc(u8 c, int which)
{
	return c == tty->termios.c_cc[which] && c != 0; /* 0 is _POSIX_VDISABLE */
}

/* => the signal the character stands for, or 0 */
static int signal_of(u8 c)
{
	if (!(tty->termios.c_lflag & ISIG))
		return 0;
	return is_cc(c, VINTR) ? 2 : is_cc(c, VQUIT) ? 3 : is_cc(c, VSUSP) ? 20 : 0;
}

/* => true: the character was an editing command */
static bool edit(u8 c, struct echo *e)
{
	if (is_cc(c, VERASE) || c == '\b') {
		erase_one(e);
	} else if (is_cc(c, VKILL)) {
		while (e->len < sizeof(e->text) - 6 && erase_one(e))
			;
		while (last_input() != '\n' && tty->head != tty->tail)
			tty->head--; /* more than the echo holds: go silently */
	} else if (is_cc(c, VWERASE) && (tty->termios.c_lflag & IEXTEN)) {
		erase_word(e);
	} else if (is_cc(c, VEOF)) {
		add_input(0, MARK_EOF);
	} else {
		return false;
	}
	return true;
}

/* One character of the line discipline. => the signal to send, or 0 */
static int process_char(u8 c, struct echo *e)
{
	struct ktermios *t = &tty->termios;
	int sig;

	if (t->c_iflag & ISTRIP)
		c &= 0x7f;
	if (c == '\r' && (t->c_iflag & IGNCR))
		return 0;
	if (c == '\r' && (t->c_iflag & ICRNL))
		c = '\n';
	else if (c == '\n' && (t->c_iflag & INLCR))
		c = '\r';
	if ((t->c_iflag & IXON) && (is_cc(c, VSTART) || is_cc(c, VSTOP)))
		return 0;
	sig = signal_of(c);
	if (sig) {
		if (!(t->c_lflag & NOFLSH))
			flush_input();
		echo_char(e, c);
		return sig;
	}
	if (!(t->c_lflag & ICANON)) {
		add_input(c, 0);
		echo_char(e, c);
	} else if (!edit(c, e)) {
		add_input(c, c == '\n' || is_cc(c, VEOL) ? MARK_LINE : 0);
		echo_char(e, c);
	}
	return 0;
}

static int ttyd(void *data)
{
	for (;;) {
		struct echo e = { .len = 0 };
		pid_t pgrp;
		int sig;
		u8 c;

		wait_event(tty->raw_wait, READ_ONCE(tty->raw_head) != READ_ONCE(tty->raw_tail));
		if (!raw_get(&c))
			continue;
		spin_lock(&tty->lock);
		sig = process_char(c, &e);
		pgrp = tty->pgrp;
		spin_unlock(&tty->lock);
		if (e.len)
			serial_write(e.text, e.len);
		if (sig)
			send_signal(pgrp, sig);
		wake_up(&tty->read_wait);
	}
	return 0;
}

void tty_init(void)
{
	int err = serial_set_receiver(raw_receive, NULL);

	if (err)
		pr_err("tty: the serial port cannot receive: error %d\n", -err);
	if (IS_ERR(kthread_run(ttyd, NULL, "ttyd")))
		pr_err("tty: no thread, no input\n");
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
	send_signal(s->pgrp, sig);
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

void tty_disassociate(bool on_exit)
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
		send_signal(pgrp, 1); /* SIGHUP, SIGCONT */
		send_signal(pgrp, 18);
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
		flush_input();
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
		send_signal(tty->pgrp, 28); /* SIGWINCH */
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
		tty_disassociate(false);
		return 0;
	case FIONREAD:
		return put_int(arg, (int)ready_bytes());
	case TIOCOUTQ:
		return put_int(arg, 0);
	case TCFLSH:
		if (arg == 0 || arg == 2) {
			spin_lock(&tty->lock);
			flush_input();
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
