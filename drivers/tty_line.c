/* SPDX-License-Identifier: MIT */
/*
 * From the port's bytes to lines: the line discipline.
 *
 *   port interrupt -> raw ring -> thread "ttyd": line discipline -> input ring -> read() in tty.c
 *                                   |  echo -> port      |  ^C ^\ ^Z: signal to the foreground group
 *
 * In canonical mode erase (^?), word erase (^W) and kill (^U) change the line before it is complete, ^R shows it
 * again, ^V takes the next key literally; ^D ends a line without a character, so at its beginning it means end of
 * file. A thread does the work because echo is slow and signals need locks that an interrupt must not take.
 *
 * Nothing is lost that somebody may still read: when the input ring is full, bytes wait in the raw ring; when that is
 * full, the port is not emptied and its sender waits. Two keys get past a full ring: the one that makes a signal
 * (it discards what was typed before it) and ^Q. Only a line longer than the ring loses what does not fit, with
 * a bell, as on Linux: it could never be read.
 */
#include "drivers/serial.h"
#include "drivers/tty_internal.h"
#include "kernel/base/err.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"

/* ---- The line discipline: => tty->lock held ---- */

static bool is_cc(const struct tty *tty, u8 c, int which)
{
	return c == tty->termios.c_cc[which] && c != 0; /* 0 is _POSIX_VDISABLE */
}

static int signal_of(const struct tty *tty, u8 c)
{
	if (!(tty->termios.c_lflag & ISIG))
		return 0;
	return is_cc(tty, c, VINTR) ? 2 : is_cc(tty, c, VQUIT) ? 3 : is_cc(tty, c, VSUSP) ? 20 : 0;
}

bool tty_input_full(const struct tty *tty)
{
	if (tty->head - tty->tail < INPUT_SIZE - 1) /* the last place is the line end's */
		return false;
	return tty->lines || !(tty->termios.c_lflag & ICANON);
}

static void add_input(struct tty *tty, u8 c, u8 mark)
{
	if (tty->head - tty->tail >= INPUT_SIZE - (mark ? 0 : 1)) {
		tty_echo_bell(tty);
		return;
	}
	tty->input[tty->head % INPUT_SIZE] = c;
	tty->mark[tty->head++ % INPUT_SIZE] = mark;
	if (mark) {
		tty->lines++;
		tty->line_start = tty->head;
	} else if (!(tty->termios.c_lflag & ICANON)) {
		tty->line_start = tty->head;
	}
}

static void add_and_echo(struct tty *tty, u8 c)
{
	bool room = tty->head - tty->tail < INPUT_SIZE - 1;

	if (room)
		tty_echo_char(tty, c);
	add_input(tty, c, 0);
}

void tty_flush_input(struct tty *tty)
{
	tty->tail = tty->line_start = tty->head;
	tty->lines = 0;
	tty->literal = false;
}

void tty_end_raw_input(struct tty *tty)
{
	unsigned int last = (tty->head - 1) % INPUT_SIZE;

	if (tty->head != tty->tail && !tty->mark[last]) {
		tty->mark[last] = MARK_LINE;
		tty->lines++;
	}
	tty->line_start = tty->head;
}

void tty_start_output(struct tty *tty)
{
	tty->stopped = false;
}

/* Takes the last character of the incomplete line back, with all its bytes. => false: there is none */
static bool erase_one(struct tty *tty)
{
	bool utf8 = tty->termios.c_iflag & IUTF8;
	u8 c;

	if (tty->head == tty->line_start)
		return false;
	do
		c = tty->input[--tty->head % INPUT_SIZE];
	while (utf8 && (c & 0xc0) == 0x80 && tty->head != tty->line_start);
	tty_echo_erased(tty, c);
	return true;
}

static bool is_word_char(u8 c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 128;
}

static void erase_word(struct tty *tty)
{
	bool in_word = false;

	while (tty->head != tty->line_start) {
		bool word = is_word_char(tty->input[(tty->head - 1) % INPUT_SIZE]);

		if (in_word && !word)
			break;
		in_word = word;
		erase_one(tty);
	}
}

static void kill_line(struct tty *tty)
{
	u32 flags = tty->termios.c_lflag;

	if (!(flags & ECHO) || (flags & (ECHOE | ECHOK | ECHOKE)) == (ECHOE | ECHOK | ECHOKE)) {
		while (erase_one(tty))
			;
		return;
	}
	tty->head = tty->line_start;
	tty_echo_char(tty, tty->termios.c_cc[VKILL]);
	if (flags & ECHOK)
		tty_echo_newline(tty);
}

/* => true: the character was an editing command or ended the line */
static bool edit(struct tty *tty, u8 c)
{
	bool extended = tty->termios.c_lflag & IEXTEN;

	if (is_cc(tty, c, VERASE)) {
		erase_one(tty);
	} else if (is_cc(tty, c, VKILL)) {
		kill_line(tty);
	} else if (extended && is_cc(tty, c, VWERASE)) {
		erase_word(tty);
	} else if (extended && is_cc(tty, c, VREPRINT)) {
		tty_echo_line(tty);
	} else if (extended && is_cc(tty, c, VLNEXT)) {
		tty->literal = true;
		tty_echo_literal(tty);
	} else if (is_cc(tty, c, VEOF)) {
		add_input(tty, 0, MARK_EOF);
	} else if (c == '\n') {
		tty_echo_newline(tty);
		add_input(tty, c, MARK_LINE);
	} else if (is_cc(tty, c, VEOL) || (extended && is_cc(tty, c, VEOL2))) {
		tty_echo_char(tty, c);
		add_input(tty, c, MARK_LINE);
	} else {
		return false;
	}
	return true;
}

/* => false: the character is gone */
static bool translate(const struct tty *tty, u8 *c)
{
	u32 flags = tty->termios.c_iflag;

	if (*c == '\r') {
		if (flags & IGNCR)
			return false;
		if (flags & ICRNL)
			*c = '\n';
	} else if (*c == '\n' && (flags & INLCR)) {
		*c = '\r';
	}
	return true;
}

/* => true: the character was for the flow of output */
static bool flow_char(struct tty *tty, u8 c)
{
	if (!(tty->termios.c_iflag & IXON))
		return false;
	if (is_cc(tty, c, VSTART)) { /* may be ^S's own character: then it does both */
		if (tty->stopped || !is_cc(tty, c, VSTOP)) {
			tty_start_output(tty);
			return true;
		}
	}
	if (is_cc(tty, c, VSTOP)) {
		tty->stopped = true;
		return true;
	}
	if (tty->stopped && (tty->termios.c_iflag & IXANY))
		tty_start_output(tty);
	return false;
}

static void signal_char(struct tty *tty, u8 c)
{
	if (!(tty->termios.c_lflag & NOFLSH)) {
		tty_flush_input(tty);
		tty->echo_len = 0;
	}
	if (tty->termios.c_iflag & IXON)
		tty_start_output(tty);
	tty_echo_char(tty, c);
}

int tty_receive_char(struct tty *tty, u8 c)
{
	const struct ktermios *t = &tty->termios;

	if (t->c_iflag & ISTRIP)
		c &= 0x7f;
	if ((t->c_iflag & IUCLC) && (t->c_lflag & IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (tty->literal) {
		tty->literal = false;
		add_and_echo(tty, c);
		return 0;
	}
	if (flow_char(tty, c))
		return 0;
	if (signal_of(tty, c)) {
		int sig = signal_of(tty, c);

		signal_char(tty, c);
		return sig;
	}
	if (!translate(tty, &c))
		return 0;
	if (!(t->c_lflag & ICANON) && c == '\n') {
		tty_echo_newline(tty);
		add_input(tty, c, 0);
	} else if (!(t->c_lflag & ICANON) || !edit(tty, c)) {
		add_and_echo(tty, c);
	}
	return 0;
}

/* ---- From the port ---- */

/* => false: wait with more until serial_receive_more() */
static bool raw_receive(void *data, const char *bytes, size_t n)
{
	struct tty *tty = data;
	unsigned long flags;
	bool room;

	spin_lock_irqsave(&tty->raw_lock, flags);
	for (; n && tty->raw_head - tty->raw_tail < RAW_SIZE; n--)
		tty->raw[tty->raw_head++ % RAW_SIZE] = (u8)*bytes++;
	room = tty->raw_head - tty->raw_tail <= RAW_SIZE - RAW_MARGIN;
	tty->throttled = !room;
	spin_unlock_irqrestore(&tty->raw_lock, flags);
	wake_up(&tty->raw_wait);
	return room;
}

/*
 * The next byte for the line discipline. full: the input ring is; then only a key that gets past it,
 * with all before it discarded if it is a signal's. => false: none
 */
static bool raw_get(struct tty *tty, bool full, u8 *c)
{
	unsigned long flags;
	bool any = false;

	spin_lock_irqsave(&tty->raw_lock, flags);
	if (!full) {
		any = tty->raw_head != tty->raw_tail;
		if (any)
			*c = tty->raw[tty->raw_tail++ % RAW_SIZE];
		tty->raw_seen = tty->raw_tail;
	}
	while (full && !any && tty->raw_seen != tty->raw_head) {
		*c = tty->raw[tty->raw_seen++ % RAW_SIZE];
		if (signal_of(tty, *c) && !(tty->termios.c_lflag & NOFLSH)) {
			tty->raw_tail = tty->raw_seen;
			any = true;
		} else if ((tty->termios.c_iflag & IXON) && is_cc(tty, *c, VSTART)) {
			any = true; /* stays in its place as well: a second start does no harm */
		}
	}
	spin_unlock_irqrestore(&tty->raw_lock, flags);
	return any;
}

/* The port goes on when half of the ring is free. */
static void unthrottle(struct tty *tty)
{
	unsigned long flags;
	bool go;

	spin_lock_irqsave(&tty->raw_lock, flags);
	go = tty->throttled && tty->raw_head - tty->raw_tail <= RAW_SIZE / 2;
	if (go)
		tty->throttled = false;
	spin_unlock_irqrestore(&tty->raw_lock, flags);
	if (go)
		serial_receive_more();
}

static bool work_waits(struct tty *tty)
{
	bool full;

	spin_lock(&tty->lock);
	full = tty_input_full(tty);
	spin_unlock(&tty->lock);
	return READ_ONCE(tty->raw_head) != (full ? READ_ONCE(tty->raw_seen) : READ_ONCE(tty->raw_tail));
}

void tty_input_taken(struct tty *tty)
{
	wake_up(&tty->raw_wait);
}

void tty_write_echo(struct tty *tty)
{
	char out[256];
	unsigned int n;

	do {
		spin_lock(&tty->lock);
		n = tty->stopped ? 0 : min(tty->echo_len, (unsigned int)sizeof(out));
		memcpy(out, tty->echo, n);
		tty->echo_len -= n;
		memmove(tty->echo, tty->echo + n, tty->echo_len);
		spin_unlock(&tty->lock);
		serial_write(out, n);
	} while (n);
}

static int ttyd(void *data)
{
	struct tty *tty = data;

	for (;;) {
		int sig = 0;
		pid_t pgrp;
		u8 c;

		(void)wait_event_interruptible(tty->raw_wait, work_waits(tty));
		spin_lock(&tty->lock);
		if (raw_get(tty, tty_input_full(tty), &c))
			sig = tty_receive_char(tty, c);
		pgrp = tty->pgrp;
		spin_unlock(&tty->lock);
		tty_write_echo(tty);
		unthrottle(tty);
		if (sig)
			tty_send_signal(pgrp, sig);
		wake_up_all(&tty->read_wait);
		wake_up_all(&tty->write_wait);
	}
	return 0;
}

void tty_init(void)
{
	int err = serial_set_receiver(raw_receive, &console_tty);

	if (err)
		pr_err("tty: the serial port cannot receive: error %d\n", -err);
	if (IS_ERR(kthread_run(ttyd, &console_tty, "ttyd")))
		pr_err("tty: no thread, no input\n");
}
