/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says is kept in said[] for the test to look through, and not shown. Linked with -z muldefs: printk()
 * here takes the place of arch/host's. Include after the fixture.
 */
#ifndef TESTS_HOST_SAID_H
#define TESTS_HOST_SAID_H

#include "kernel/base/printk.h"

static char said[1 << 16];
static size_t said_len;

int vprintk(const char *fmt, va_list args)
{
	int n;

	if (fmt[0] == KERN_SOH[0])
		fmt += 2;
	n = vsnprintf(said + said_len, sizeof(said) - said_len, fmt, args);
	said_len += (size_t)n < sizeof(said) - said_len ? (size_t)n : 0;
	return n;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

static inline void forget_said(void)
{
	said_len = 0;
	said[0] = 0;
}

static inline bool says(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	return strstr(said, line) != NULL;
}

static inline int times_said(const char *words)
{
	int n = 0;

	for (const char *at = said; (at = strstr(at, words)); at += strlen(words))
		n++;
	return n;
}

static inline void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("not said: %s\nbut:\n%s", text, said);
}

#endif
