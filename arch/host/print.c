/* SPDX-License-Identifier: MIT */
/*
 * Messages and the end of the world for mm inside a process: standard error, abort().
 */
#include "arch/host/libc.h"
#include <execinfo.h>
#include <stdarg.h>

#include "arch/host/host.h"
#include "arch/trap.h"
#include "kernel/base/bug.h"
#include "kernel/base/kallsyms.h"
#include "kernel/base/printk.h"

int host_loglevel = LOGLEVEL_INFO; /* warnings and worse; notices and chatter are not shown */
int panic_in_progress;

int vprintk(const char *fmt, va_list args)
{
	static __thread bool shown; /* of the line being printed in pieces */
	int level = LOGLEVEL_WARNING;
	bool cont = false;

	if (fmt[0] == KERN_SOH[0]) {
		cont = fmt[1] == 'c';
		level = cont ? level : fmt[1] - '0';
		fmt += 2;
	}
	if (!cont)
		shown = level < host_loglevel;
	return shown ? vfprintf(stderr, fmt, args) : 0;
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

int save_stack_trace(u64 *ips, int n)
{
	void *frames[32];
	int got = backtrace(frames, n < 32 ? n : 32);

	for (int i = 0; i < got; i++)
		ips[i] = (u64)(unsigned long)frames[i];
	return got;
}

void bug_backtrace(void)
{
	void *frames[16];

	if (!host_loglevel && !panic_in_progress)
		return;
	backtrace_symbols_fd(frames, backtrace(frames, 16), 2);
}

void panic(const char *fmt, ...)
{
	va_list args;

	panic_in_progress = 1;
	fputs("Kernel panic - not syncing: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	bug_backtrace();
	abort();
}

void __bug(const char *file, int line, const char *cond)
{
	panic("BUG at %s:%d: %s", file, line, cond);
}

void __warn(const char *file, int line, const char *func, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "WARNING: %s:%d %s: ", file, line, func);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}
