/* SPDX-License-Identifier: MIT */
/*
 * The line discipline, key by key, on a terminal of the test's own: what is in the input, what is echoed,
 * which signal is due. Reading, job control and the port are tested from outside (tests/boot/test_tty.py).
 */
#include "drivers/tty_internal.h"
#include "kernel/base/printk.h"
#include "kernel/base/selftest.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

static struct tty *new_tty(void)
{
	struct tty *tty = kzalloc(sizeof(*tty), GFP_KERNEL);

	if (tty)
		tty->termios = tty_default_termios;
	return tty;
}

/* => the last signal */
static int type(struct tty *tty, const char *keys)
{
	int sig = 0;

	while (*keys) {
		int one = tty_receive_char(tty, (u8)*keys++);

		sig = one ? one : sig;
	}
	return sig;
}

static bool echoed(struct tty *tty, const char *text)
{
	bool same = tty->echo_len == strlen(text) && !memcmp(tty->echo, text, tty->echo_len);

	if (!same)
		pr_info("tty: echoed \"%.*s\"\n", (int)tty->echo_len, (char *)tty->echo);
	tty->echo_len = 0;
	return same;
}

/* The whole input, then none */
static bool input_is(struct tty *tty, const char *text)
{
	unsigned int n = tty->head - tty->tail;
	bool same = n == strlen(text);

	for (unsigned int i = 0; same && i < n; i++)
		same = tty->input[(tty->tail + i) % INPUT_SIZE] == (u8)text[i];
	tty_flush_input(tty);
	return same;
}

SELFTEST(tty_erase)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "ab\x7f");
	EXPECT(echoed(tty, "ab\b \b"));
	EXPECT_EQ(tty->lines, 0);
	type(tty, "c\n");
	EXPECT(echoed(tty, "c\r\n"));
	EXPECT_EQ(tty->lines, 1);
	type(tty, "\x7f"); /* a complete line stays */
	EXPECT(echoed(tty, ""));
	EXPECT(input_is(tty, "ac\n"));
	type(tty, "\x16\x01\x7f"); /* ^V ^A shows two columns */
	EXPECT(echoed(tty, "^\b^A\b \b\b \b"));
	type(tty, "\xc3\xa4\x7f"); /* one character of two bytes, one column */
	EXPECT(echoed(tty, "\xc3\xa4\b \b"));
	EXPECT(input_is(tty, ""));
	tty->termios.c_iflag &= ~IUTF8;
	type(tty, "\xc3\xa4\x7f");
	EXPECT(input_is(tty, "\xc3"));
	kfree(tty);
}

SELFTEST(tty_erase_tab)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	tty->column = 2; /* behind a prompt "# " */
	type(tty, "abc\t\x7f");
	EXPECT(echoed(tty, "abc\t\b\b\b"));
	type(tty, "\t\t\x7f");
	EXPECT(echoed(tty, "\t\t\b\b\b\b\b\b\b\b"));
	EXPECT(input_is(tty, "abc\t"));
	kfree(tty);
}

SELFTEST(tty_kill_and_word)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "ab\x15");
	EXPECT(echoed(tty, "ab\b \b\b \b"));
	type(tty, "one two.t  \x17");
	EXPECT(input_is(tty, "one two."));
	tty->echo_len = 0;
	tty->termios.c_lflag &= ~ECHOKE;
	type(tty, "ab\x15");
	EXPECT(echoed(tty, "ab^U\r\n"));
	tty->termios.c_lflag &= ~ECHO;
	type(tty, "secret\x7f\n");
	EXPECT(echoed(tty, ""));
	EXPECT(input_is(tty, "secre\n"));
	kfree(tty);
}

SELFTEST(tty_reprint_and_literal)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "ab\x12");
	EXPECT(echoed(tty, "ab^R\r\nab"));
	EXPECT_EQ(type(tty, "\x16\x03"), 0); /* ^V ^C: a character, no signal */
	EXPECT(echoed(tty, "^\b^C"));
	type(tty, "\x16\n");
	EXPECT_EQ(tty->lines, 0);
	EXPECT(input_is(tty, "ab\x03\n"));
	kfree(tty);
}

SELFTEST(tty_end_of_file)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "ab\x04");
	EXPECT_EQ(tty->lines, 1);
	EXPECT_EQ(tty->mark[(tty->head - 1) % INPUT_SIZE], MARK_EOF);
	EXPECT(echoed(tty, "ab"));
	tty_flush_input(tty);
	tty->termios.c_cc[VEOF] = 0;
	type(tty, "\x04");
	EXPECT_EQ(tty->lines, 0);
	kfree(tty);
}

SELFTEST(tty_signals)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	EXPECT_EQ(type(tty, "abc\x03"), 2);
	EXPECT(input_is(tty, ""));
	EXPECT(echoed(tty, "^C"));
	EXPECT_EQ(type(tty, "\x1c"), 3);
	EXPECT_EQ(type(tty, "\x1a"), 20);
	tty->echo_len = 0;
	tty->termios.c_lflag |= NOFLSH;
	EXPECT_EQ(type(tty, "abc\x03"), 2);
	EXPECT(input_is(tty, "abc"));
	tty->termios.c_lflag &= ~ISIG;
	EXPECT_EQ(type(tty, "\x03"), 0);
	EXPECT(input_is(tty, "\x03"));
	kfree(tty);
}

SELFTEST(tty_flow)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "a\x13" "b");
	EXPECT(tty->stopped);
	type(tty, "\x11");
	EXPECT(!tty->stopped);
	type(tty, "\x13\x03"); /* a signal's key lets its echo be seen */
	EXPECT(!tty->stopped);
	type(tty, "\x13x");
	EXPECT(tty->stopped);
	tty->termios.c_iflag |= IXANY;
	type(tty, "x");
	EXPECT(!tty->stopped);
	tty_flush_input(tty);
	tty->termios.c_iflag &= ~IXON;
	type(tty, "\x13");
	EXPECT(!tty->stopped);
	EXPECT(input_is(tty, "\x13"));
	kfree(tty);
}

SELFTEST(tty_translation)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	type(tty, "a\r");
	EXPECT(input_is(tty, "a\n"));
	tty->termios.c_iflag = INLCR;
	type(tty, "a\n");
	EXPECT(input_is(tty, "a\r"));
	tty->termios.c_iflag = IGNCR | ISTRIP;
	type(tty, "\r\xe1");
	EXPECT(input_is(tty, "a"));
	tty->echo_len = 0;
	tty->termios.c_oflag = OPOST | XTABS | OLCUC;
	tty->column = 3;
	type(tty, "b\t");
	EXPECT(echoed(tty, "B    "));
	kfree(tty);
}

/* A line may have 4095 characters and its end; what is more is refused with a bell, the line end is not. */
SELFTEST(tty_longest_line)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	for (int i = 0; i < INPUT_SIZE - 1; i++)
		tty_receive_char(tty, 'x');
	EXPECT(!tty_input_full(tty));
	tty->echo_len = 0;
	type(tty, "yz");
	EXPECT(echoed(tty, "\a\a"));
	type(tty, "\n");
	EXPECT_EQ(tty->lines, 1);
	EXPECT_EQ(tty->head - tty->tail, INPUT_SIZE);
	EXPECT(tty_input_full(tty)); /* a reader can make room: nothing more until it has */
	tty_flush_input(tty);
	tty->termios.c_lflag &= ~(ICANON | ECHO);
	for (int i = 0; i < INPUT_SIZE - 1; i++)
		tty_receive_char(tty, 'x');
	EXPECT(tty_input_full(tty));
	kfree(tty);
}

SELFTEST(tty_raw_becomes_line)
{
	struct tty *tty = new_tty();

	REQUIRE(tty);
	tty->termios.c_lflag &= ~ICANON;
	type(tty, "ab");
	tty_end_raw_input(tty);
	tty->termios.c_lflag |= ICANON;
	EXPECT_EQ(tty->lines, 1);
	type(tty, "\x7f");
	EXPECT(input_is(tty, "ab"));
	kfree(tty);
}
