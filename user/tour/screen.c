/* SPDX-License-Identifier: MIT */
/*
 * The tour's output: everything goes through say(), which remembers when it last said something, so that
 * progress() speaks up after two seconds of silence. On a terminal a progress line is written over by the
 * next line; in a pipe it stays.
 */
#include <stdarg.h>
#include <time.h>

#include "user/tour/tour.h"

#define SILENCE_SECONDS 2.0
#define PACE_MS		80

static int colours, failures, passing; /* passing: a progress line is on the screen */
static double last_said;

void screen_colours(void)
{
	colours = 1;
}

const char *paint(enum paint which)
{
	static const char *const codes[NR_PAINTS] = {
		[PLAIN] = "\033[0m", [BOLD] = "\033[1m", [GOOD] = "\033[32m",
		[BAD] = "\033[31m",  [NEWS] = "\033[36m", [FAINT] = "\033[2m",
	};

	return colours ? codes[which] : "";
}

double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void nap(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

void pace(void)
{
	if (colours)
		nap(PACE_MS);
}

static void vsay(const char *format, va_list args)
{
	if (passing)
		fputs("\r\033[K", stdout);
	passing = 0;
	vprintf(format, args);
	fflush(stdout);
	last_said = seconds();
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

void progress(const char *format, ...)
{
	va_list args;

	if (seconds() - last_said < SILENCE_SECONDS)
		return;
	va_start(args, format);
	vsay(format, args);
	va_end(args);
	passing = colours;
	if (!passing)
		putchar('\n');
	fflush(stdout);
}

void title(const char *text)
{
	static int number;

	say("\n%s%d. %s%s\n", paint(BOLD), ++number, text, paint(PLAIN));
}

void check(int good, const char *format, ...)
{
	char text[256];
	va_list args;

	failures += !good;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("   %s%s%s %s\n", paint(good ? GOOD : BAD), good ? "[ok]  " : "[FAIL]", paint(PLAIN), text);
}

int checks_failed(void)
{
	return failures;
}
