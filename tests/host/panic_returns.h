/* SPDX-License-Identifier: MIT */
/* A panic is words in said[] and comes back to the test's setjmp(after_panic). Linked with -z muldefs, as said.h is. */
#ifndef TESTS_HOST_PANIC_RETURNS_H
#define TESTS_HOST_PANIC_RETURNS_H

#include "tests/host/said.h"

static jmp_buf after_panic;
static bool panicked;

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	panicked = true;
	longjmp(after_panic, 1);
}

#endif
