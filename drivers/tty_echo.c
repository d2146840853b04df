/* SPDX-License-Identifier: MIT */
/*
 * What the terminal shows: output as c_oflag says, and the echo of keys.
 *
 *   write() ---------------> tty_put --> port
 *   key -> tty_echo_char --> tty_put --> echo buffer --> port (at once, or after ^Q)
 *
 * The column of the cursor is followed through both, because erasing a tab must know how wide it was. Bytes of one
 * UTF-8 character after its first have no width (IUTF8). Beyond this Linux has: ECHOPRT for printers on paper.
 */
#include "drivers/tty_internal.h"
#include "kernel/base/string.h"

static bool is_control(u8 c)
{
	return c < 32 || c == 127;
}

static bool is_continuation(const struct tty *tty, u8 c)
{
	return (tty->termios.c_iflag & IUTF8) && (c & 0xc0) == 0x80;
}

static unsigned int column_after(const struct tty *tty, unsigned int column, u8 c)
{
	if (c == '\t')
		return (column | 7) + 1;
	if (c == '\r')
		return 0;
	if (c == '\b')
		return column ? column - 1 : 0;
	return is_control(c) || is_continuation(tty, c) ? column : column + 1;
}

unsigned int tty_put(struct tty *tty, u8 c, char *out)
{
	u32 flags = tty->termios.c_oflag;
	unsigned int n = 0;

	if (!(flags & OPOST)) {
		out[0] = (char)c;
		return 1;
	}
	if (c == '\r' && (flags & ONOCR) && !tty->column)
		return 0;
	if (c == '\r' && (flags & OCRNL))
		c = '\n';
	if ((flags & OLCUC) && c >= 'a' && c <= 'z')
		c -= 'a' - 'A';
	if (c == '\t' && (flags & TABDLY) == XTABS) {
		n = 8 - (tty->column & 7);
		memset(out, ' ', n);
		tty->column += n;
		return n;
	}
	if (c == '\n' && (flags & (ONLCR | ONLRET)))
		tty->column = 0;
	if (c == '\n' && (flags & ONLCR))
		out[n++] = '\r';
	out[n++] = (char)c;
	tty->column = column_after(tty, tty->column, c);
	return n;
}

/* ---- Echo ---- */

static void echo_byte(struct tty *tty, u8 c)
{
	if (tty->echo_len + TTY_OUT_MAX <= ECHO_SIZE)
		tty->echo_len += tty_put(tty, c, (char *)tty->echo + tty->echo_len);
}

static void show(struct tty *tty, u8 c)
{
	if (is_control(c) && c != '\t' && (tty->termios.c_lflag & ECHOCTL)) {
		echo_byte(tty, '^');
		c ^= 64;
	}
	echo_byte(tty, c);
}

void tty_echo_char(struct tty *tty, u8 c)
{
	if (tty->head == tty->line_start)
		tty->line_column = tty->column;
	if (tty->termios.c_lflag & ECHO)
		show(tty, c);
}

void tty_echo_newline(struct tty *tty)
{
	u32 flags = tty->termios.c_lflag;

	if ((flags & ECHO) || ((flags & ECHONL) && (flags & ICANON)))
		echo_byte(tty, '\n');
}

void tty_echo_literal(struct tty *tty)
{
	if (tty->head == tty->line_start)
		tty->line_column = tty->column;
	if ((tty->termios.c_lflag & (ECHO | ECHOCTL)) == (ECHO | ECHOCTL)) {
		echo_byte(tty, '^');
		echo_byte(tty, '\b');
	}
}

void tty_echo_bell(struct tty *tty)
{
	if (tty->termios.c_iflag & IMAXBEL)
		echo_byte(tty, '\a');
}

static unsigned int shown_width(const struct tty *tty, unsigned int column, u8 c)
{
	if (is_control(c) && c != '\t')
		return tty->termios.c_lflag & ECHOCTL ? 2 : 0;
	return column_after(tty, column, c) - column;
}

/* How wide the tab behind the incomplete line's end was: 1 .. 8 */
static unsigned int tab_width(const struct tty *tty)
{
	unsigned int column = tty->line_column;

	for (unsigned int at = tty->line_start; at != tty->head; at++)
		column += shown_width(tty, column, tty->input[at % INPUT_SIZE]);
	return shown_width(tty, column, '\t');
}

void tty_echo_erased(struct tty *tty, u8 c)
{
	unsigned int width = c == '\t' ? tab_width(tty) : shown_width(tty, 0, c);

	if (!(tty->termios.c_lflag & ECHO))
		return;
	if (!(tty->termios.c_lflag & ECHOE)) { /* paper: the erase character itself is shown */
		show(tty, tty->termios.c_cc[VERASE]);
		return;
	}
	for (; width; width--) {
		echo_byte(tty, '\b');
		if (c == '\t')
			continue;
		echo_byte(tty, ' ');
		echo_byte(tty, '\b');
	}
}

void tty_echo_line(struct tty *tty)
{
	if (!(tty->termios.c_lflag & ECHO))
		return;
	show(tty, tty->termios.c_cc[VREPRINT]);
	echo_byte(tty, '\n');
	tty->line_column = tty->column;
	for (unsigned int at = tty->line_start; at != tty->head; at++)
		show(tty, tty->input[at % INPUT_SIZE]);
}
