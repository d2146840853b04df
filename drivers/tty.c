/* SPDX-License-Identifier: MIT */
/*
 * The terminal: reading and writing. Its other half, where keys become lines, is tty_line.c.
 *
 *   keys -> tty_line.c -> input ring -> read()        write() -> c_oflag (tty_echo.c) -> port
 *
 * Canonical mode hands out whole lines; raw mode hands out bytes as VMIN and VTIME say. Only the foreground
 * group of the session that owns the terminal may read (SIGTTIN).
 *
 * There is one terminal; /dev/console, /dev/ttyS0 and /dev/tty are it. A file carries the terminal's generation of
 * its open(2): after a hangup it reads end of file and writes EIO. /dev/console's files outlive hangups (generation 0).
 * Locks: tty_internal.h. Beyond this Linux has: pseudo terminals, line disciplines as modules.
 */
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty_internal.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/param.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"

#define DEFAULT_TERMIOS {                                                                            \
	.c_iflag = ICRNL | IXON | IMAXBEL | IUTF8,                                                   \
	.c_oflag = OPOST | ONLCR,                                                                    \
	.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL,                                           \
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,                 \
	.c_cc = { [VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1,   \
		  [VSTART] = 17, [VSTOP] = 19, [VSUSP] = 26, [VREPRINT] = 18, [VWERASE] = 23,        \
		  [VLNEXT] = 22 },                                                                   \
}

const struct ktermios tty_default_termios = DEFAULT_TERMIOS;

struct tty console_tty = {
	.lock = SPIN_LOCK_UNLOCKED("tty.lock", LOCK_RANK_DRIVER),
	.raw_lock = SPIN_LOCK_UNLOCKED("tty.raw_lock", LOCK_RANK_LEAF),
	.write_mutex = __MUTEX_INITIALIZER(console_tty.write_mutex, LOCK_RANK_TTY),
	.read_wait = __WAIT_QUEUE_HEAD_INITIALIZER(console_tty.read_wait),
	.write_wait = __WAIT_QUEUE_HEAD_INITIALIZER(console_tty.write_wait),
	.raw_wait = __WAIT_QUEUE_HEAD_INITIALIZER(console_tty.raw_wait),
	.winsize = { .ws_row = 24, .ws_col = 80 },
	.termios = DEFAULT_TERMIOS,
	.generation = 1,
};

static struct tty *const tty = &console_tty;

/* winsize=ROWSxCOLUMNS: a serial line cannot tell, so whoever starts the machine does. */
static int set_winsize(char *val)
{
	char *end;
	unsigned long rows = val ? simple_strtoul(val, &end, 10) : 0;
	unsigned long columns = rows && *end == 'x' ? simple_strtoul(end + 1, &end, 10) : 0;

	if (!rows || !columns || *end || rows > 4096 || columns > 4096)
		return -EINVAL;
	tty->winsize.ws_row = (u16)rows;
	tty->winsize.ws_col = (u16)columns;
	return 0;
}
early_param("winsize", set_winsize);

/* ---- Files ---- */

unsigned int tty_generation(void)
{
	return READ_ONCE(tty->generation);
}

bool tty_hung_up(unsigned int generation)
{
	return generation && generation != READ_ONCE(tty->generation);
}

/* ---- read ---- */

/* => tty->lock held: a read of want bytes would not wait */
static bool input_ready(unsigned int want)
{
	if (tty->termios.c_lflag & ICANON)
		return tty->lines > 0;
	return tty->head - tty->tail >= want;
}

static bool locked_ready(unsigned int want)
{
	bool ready;

	spin_lock(&tty->lock);
	ready = input_ready(want);
	spin_unlock(&tty->lock);
	return ready;
}

bool tty_input_ready(void)
{
	const u8 *cc = tty->termios.c_cc;

	return locked_ready(cc[VTIME] || !cc[VMIN] ? 1 : cc[VMIN]);
}

bool tty_output_ready(void)
{
	return !READ_ONCE(tty->stopped);
}

wait_queue_head_t *tty_read_queue(void)
{
	return &tty->read_wait;
}

wait_queue_head_t *tty_write_queue(void)
{
	return &tty->write_wait;
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
	/* A read that took a line to its last byte also takes the ^D behind it: it is no end of file. */
	if (canonical && !*end && done && done == n && tty->lines && tty->mark[tty->tail % INPUT_SIZE] == MARK_EOF) {
		tty->tail++;
		tty->lines--;
		*end = true;
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
		if (copy_to_user(ubuf, chunk, n)) {
			done = done ? done : -EFAULT;
			break; /* what was taken has made room all the same */
		}
		ubuf += n;
		count -= n;
		done += n;
	}
	tty_input_taken(tty);
	return done;
}

#define READY(want) (locked_ready(want) || tty_hung_up(generation))

/* Raw mode with a time limit: VMIN 0: for the first byte; else between two bytes */
static long wait_timed(unsigned int want, unsigned int generation)
{
	long tenths = tty->termios.c_cc[VTIME], left = 0;

	if (!want)
		return wait_event_interruptible_timeout(tty->read_wait, READY(1), tenths * (HZ / 10));
	left = wait_event_interruptible(tty->read_wait, READY(1));
	while (left == 0 && !READY(want)) {
		unsigned int have = READ_ONCE(tty->head);

		left = wait_event_interruptible_timeout(tty->read_wait,
							READ_ONCE(tty->head) != have || tty_hung_up(generation),
							tenths * (HZ / 10));
		if (left == 0)
			break;
		left = min(left, 0L);
	}
	return left;
}

static int wait_for_input(size_t count, bool nonblock, unsigned int generation)
{
	const struct ktermios *t = &tty->termios;
	bool canonical = t->c_lflag & ICANON;
	unsigned int want = canonical ? 1 : min((size_t)t->c_cc[VMIN], count);
	long left;

	if (!canonical && !want && (!t->c_cc[VTIME] || nonblock))
		return 0;
	if (nonblock)
		return READY(1) ? 0 : -EAGAIN;
	if (canonical || !t->c_cc[VTIME])
		return wait_event_interruptible(tty->read_wait, READY(want));
	left = wait_timed(want, generation);
	/* a signal between two bytes does not lose those that are there */
	return left < 0 && !locked_ready(1) ? (int)left : 0;
}

ssize_t tty_read(char *ubuf, size_t count, bool nonblock, unsigned int generation)
{
	int err;

	if (tty_hung_up(generation))
		return 0;
	err = tty_check_foreground(SIGNAL_TTIN);
	if (!err && count)
		err = wait_for_input(count, nonblock, generation);
	if (!err && tty_hung_up(generation))
		return 0;
	return err ? err : copy_input(ubuf, count);
}

/* ---- write ---- */

/* One piece to the port. Lines stay whole: printk may come between pieces. */
static void write_piece(const char *text, size_t n)
{
	char out[256];

	while (n) {
		unsigned int len = 0;
		bool line_end = false;

		spin_lock(&tty->lock);
		while (n && !line_end && len <= sizeof(out) - TTY_OUT_MAX) {
			line_end = *text == '\n';
			len += tty_put(tty, (u8)*text++, out + len);
			n--;
		}
		spin_unlock(&tty->lock);
		serial_write(out, len);
	}
}

/* ^S: => 0 when output may go on, -EAGAIN, -EIO, -ERESTARTSYS */
static int wait_until_started(bool nonblock, unsigned int generation)
{
	if (nonblock && READ_ONCE(tty->stopped))
		return -EAGAIN;
	if (wait_event_interruptible(tty->write_wait, !READ_ONCE(tty->stopped) || tty_hung_up(generation)))
		return -ERESTARTSYS;
	return tty_hung_up(generation) ? -EIO : 0;
}

static ssize_t write_chunks(const char *buf, size_t count, bool kernel, bool nonblock, unsigned int generation)
{
	ssize_t done = 0;
	char chunk[240];

	while (count) {
		size_t n = min(count, sizeof(chunk));
		int err = wait_until_started(nonblock, generation);

		if (!err && kernel)
			memcpy(chunk, buf, n);
		else if (!err && copy_from_user(chunk, buf, n))
			err = -EFAULT;
		if (err)
			return done ? done : err;
		write_piece(chunk, n);
		buf += n;
		count -= n;
		done += n;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

ssize_t tty_write(const char *buf, size_t count, bool kernel, bool nonblock, unsigned int generation)
{
	ssize_t done;

	if (tty->termios.c_lflag & TOSTOP) {
		int err = tty_check_foreground(SIGNAL_TTOU);

		if (err)
			return err;
	}
	if (nonblock && !mutex_trylock(&tty->write_mutex))
		return -EAGAIN; /* whoever has it may wait for ^Q */
	if (!nonblock && mutex_lock_interruptible(&tty->write_mutex))
		return -ERESTARTSYS;
	done = write_chunks(buf, count, kernel, nonblock, generation);
	mutex_unlock(&tty->write_mutex);
	return done;
}
