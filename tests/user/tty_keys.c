/* SPDX-License-Identifier: MIT */
/*
 * Reading keys in every mode. tests/boot/test_tty.py types: each "KEYS name" line asks for the keys of that name.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>

#include "tests/user/check.h"

static struct termios sane;
static volatile sig_atomic_t signals;
static char big[8192];

static void ask(const char *keys)
{
	printf("KEYS %s.\n", keys);
	fflush(stdout);
}

static void on_signal(int sig)
{
	signals++;
}

static void install(int sig, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	CHECK(!sigaction(sig, &action, NULL));
}

static void raw(int min, int time)
{
	struct termios t = sane;

	cfmakeraw(&t);
	t.c_oflag = sane.c_oflag;
	t.c_cc[VMIN] = (cc_t)min;
	t.c_cc[VTIME] = (cc_t)time;
	CHECK(!tcsetattr(0, TCSAFLUSH, &t));
}

static void canonical(void)
{
	struct termios t = sane;

	t.c_lflag &= ~(tcflag_t)ECHO;
	CHECK(!tcsetattr(0, TCSAFLUSH, &t));
}

static int waiting(void)
{
	int n = -1;

	CHECK(!ioctl(0, FIONREAD, &n));
	return n;
}

static void wait_for_bytes(int n)
{
	while (waiting() < n)
		usleep(1000);
}

static int ready(void)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static int got(const char *want)
{
	char buf[256];
	ssize_t n = read(0, buf, sizeof(buf));

	return n == (ssize_t)strlen(want) && !memcmp(buf, want, (size_t)n);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_raw(void)
{
	long start;

	raw(1, 0);
	ask("ctrl"); /* no signal, no editing, no translation */
	CHECK(got("\003") || got("\177") || signals == 0);
	raw(5, 0);
	ask("abc");
	wait_for_bytes(3);
	CHECK(!ready());
	ask("de");
	CHECK(got("abcde"));
	raw(0, 0);
	CHECK(got(""));
	raw(0, 3);
	start = now_ms();
	CHECK(got("") && now_ms() - start >= 290);
	raw(5, 2);
	ask("ab");
	CHECK(got("ab"));
	raw(1, 0);
	CHECK(!fcntl(0, F_SETFL, O_RDWR | O_NONBLOCK));
	CHECK_ERR(read(0, big, 1), EAGAIN);
	CHECK(!fcntl(0, F_SETFL, O_RDWR));
}

static void test_lines(void)
{
	char buf[8];

	canonical();
	ask("two lines");
	wait_for_bytes(8);
	CHECK(waiting() == 8);
	CHECK(read(0, buf, 2) == 2 && !memcmp(buf, "on", 2));
	CHECK(got("e\n") && got("two\n"));
	ask("ab ctrl-d");
	CHECK(got("ab"));
	ask("ctrl-d");
	CHECK(got(""));
	ask("ab ctrl-d");
	CHECK(read(0, buf, 2) == 2);
	ask("x line");
	CHECK(got("x\n")); /* the ^D was part of what a read of two took */
	ask("partial"); /* erase, word erase, kill, literal */
	CHECK(got("left \003end\n"));
}

static void test_change_of_mode(void)
{
	struct termios t = sane;

	raw(1, 0);
	ask("ab");
	wait_for_bytes(2);
	t.c_lflag &= ~(tcflag_t)ECHO;
	CHECK(!tcsetattr(0, TCSADRAIN, &t)); /* what was typed raw is a line of its own */
	CHECK(got("ab"));
	ask("two lines");
	wait_for_bytes(8);
	CHECK(!tcsetattr(0, TCSAFLUSH, &t) && waiting() == 0);
	ask("two lines");
	wait_for_bytes(8);
	CHECK(!tcflush(0, TCOFLUSH) && waiting() == 8 && !tcflush(0, TCIFLUSH) && waiting() == 0);
}

static void test_interrupted(void)
{
	canonical();
	install(SIGALRM, 0);
	signals = 0;
	alarm(1);
	CHECK_ERR(read(0, big, 1), EINTR);
	CHECK(signals == 1);
	install(SIGALRM, SA_RESTART);
	alarm(1);
	while (signals == 1 && !waiting())
		if (signals == 1) {
			/* the read itself must be restarted, so the keys come after the alarm */
			pid_t pid = fork();

			if (!pid) {
				sleep(2);
				ask("x line");
				_exit(0);
			}
			CHECK(got("x\n") && signals == 2);
			CHECK(waitpid(pid, NULL, 0) == pid);
		}
}

/* Nobody reads for a while; then every byte is there, in order. */
static void test_paste(void)
{
	FILE *in;
	char line[64];
	long n;

	canonical();
	ask("paste");
	wait_for_bytes(4000);
	usleep(300000);
	in = fdopen(dup(0), "r");
	for (n = 0; fgets(line, sizeof(line), in) && line[0] != 'e'; n++)
		CHECK(atol(line) == n && strlen(line) == 11);
	CHECK(n == 20000);
	fclose(in);
}

static void test_signal_past_full_input(void)
{
	canonical();
	install(SIGINT, 0);
	signals = 0;
	ask("full and ctrl-c");
	while (!signals)
		pause();
	CHECK(waiting() == 0); /* the signal's key discards what was typed before */
	signal(SIGINT, SIG_DFL);
}

static void test_longest_line(void)
{
	canonical();
	ask("long line");
	CHECK(read(0, big, sizeof(big)) == 4096);
	for (int i = 0; i < 4095; i++)
		CHECK(big[i] == 'y');
	CHECK(big[4095] == '\n');
}

int main(void)
{
	setbuf(stdout, NULL);
	CHECK(!tcgetattr(0, &sane));
	test_raw();
	test_lines();
	test_change_of_mode();
	test_interrupted();
	test_paste();
	test_signal_past_full_input();
	test_longest_line();
	CHECK(!tcsetattr(0, TCSAFLUSH, &sane));
	PASS("tty_keys");
}
