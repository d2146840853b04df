/* SPDX-License-Identifier: MIT */
/*
 * From the port's bytes to lines: the line discipline.
 *
 *   port interrupt -> raw ring -> thread "ttyd": line discipline -> input ring -> read() in tty.c
 *                                   |  echo -> port      |  ^C ^\ ^Z: signal to the foreground group
 *
 * In canonical mode erase (^? ^H), word erase (^W) and kill (^U) change the line before it is complete; ^D ends
 * a line without a character, so at its beginning it means end of file. A thread does the work because echo
 * is slow and signals need locks that an interrupt must not take.
 */
#include "drivers/serial.h"
#include "drivers/tty_internal.h"
#include "kernel/base/err.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/kthread.h"
#include "kernel/core/sched.h"

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

void tty_flush_input(void)
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
			tty_flush_input();
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
			tty_send_signal(pgrp, sig);
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
