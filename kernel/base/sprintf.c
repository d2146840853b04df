/* SPDX-License-Identifier: MIT */
/* The C library's names for the formatter; a host build has its own. */
#include "kernel/base/vsprintf.h"

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	return kvsnprintf(buf, size, fmt, args);
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = kvsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
