/* SPDX-License-Identifier: MIT */
/*
 * Formatting. C's %d %i %u %x %X %o %c %s %p with flags, width, precision and hh h l ll z t;
 * besides them %pS (symbol+0xoff/0xsize) and %ps (symbol), %pB (%pS for a return address). No floating point, no %n.
 *
 * => vsnprintf and snprintf return the length the whole text would have; the sc- forms return what
 * was stored. All terminate if size > 0.
 * => kvsnprintf is the formatter itself; on the host vsnprintf and snprintf are the C library's,
 * and the sc- forms still come here.
 */
#ifndef KERNEL_BASE_VSPRINTF_H
#define KERNEL_BASE_VSPRINTF_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 4) int scnprintf(char *buf, size_t size, const char *fmt, ...);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
__printf(3, 4) int snprintf(char *buf, size_t size, const char *fmt, ...);

#endif
