/* SPDX-License-Identifier: MIT */
/*
 * resize: asks the terminal how large it is and tells the kernel, which tells the programs (SIGWINCH).
 *
 * A serial line carries no such news: the cursor is sent further than any corner and asked where it got to,
 * ESC [ 6 n, answered by ESC [ ROW ; COLUMN R.
 */
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "user/options.h"

#define QUESTION "\0337\033[999;999H\033[6n\0338"
#define TENTHS	 20 /* nobody there who answers? */

static const struct option_row rows[] = { { 0 } };

static const struct manual manual = {
	.program = "resize", .operands = "", .rows = rows,
	.what = "Asks the terminal for its size, when its window has changed, and sets it for all programs.",
	.example = "resize",
	.statuses = "0: set; 1: no terminal, or one that does not answer; 2: usage",
};

/* => the answer's length; keys typed before it are skipped */
static size_t ask(char *answer, size_t room)
{
	size_t n = 0;
	char c;

	if (write(1, QUESTION, sizeof(QUESTION) - 1) < 0)
		return 0;
	while (n + 1 < room && read(0, &c, 1) == 1) {
		if (c == '\033')
			n = 0;
		answer[n++] = c;
		if (c == 'R')
			break;
	}
	answer[n] = 0;
	return n;
}

int main(int argc, char **argv)
{
	struct winsize size = { 0 };
	struct termios old, raw;
	char answer[64];
	int found;

	parse_options(&manual, argc, argv);
	if (tcgetattr(0, &old)) {
		perror("resize: standard input");
		return 1;
	}
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = TENTHS;
	tcsetattr(0, TCSADRAIN, &raw);
	found = ask(answer, sizeof(answer)) &&
		sscanf(answer, "\033[%hu;%huR", &size.ws_row, &size.ws_col) == 2 && size.ws_row && size.ws_col;
	tcsetattr(0, TCSADRAIN, &old);
	if (!found || ioctl(0, TIOCSWINSZ, &size)) {
		fprintf(stderr, "resize: the terminal does not answer: stty rows N columns N sets it by hand\n");
		return 1;
	}
	printf("%hu rows, %hu columns\n", size.ws_row, size.ws_col);
	return 0;
}
