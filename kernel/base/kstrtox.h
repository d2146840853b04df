/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers.
 *
 * => kstrto*: the whole text is one number (one trailing newline allowed); 0, -EINVAL or -ERANGE.
 * base 0 understands 0x and 0 prefixes.
 * => memparse: a number with an optional K, M, G, T, P suffix (powers of 1024); *end points behind
 * it.
 * => simple_strto*: as much as is a number, no error.
 */
#ifndef KERNEL_BASE_KSTRTOX_H
#define KERNEL_BASE_KSTRTOX_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

int __must_check kstrtoull(const char *s, unsigned int base, unsigned long long *res);
int __must_check kstrtoll(const char *s, unsigned int base, long long *res);
int __must_check kstrtoul(const char *s, unsigned int base, unsigned long *res);
int __must_check kstrtol(const char *s, unsigned int base, long *res);
int __must_check kstrtouint(const char *s, unsigned int base, unsigned int *res);
int __must_check kstrtoint(const char *s, unsigned int base, int *res);
int __must_check kstrtobool(const char *s, bool *res);
unsigned long long simple_strtoull(const char *s, char **end, unsigned int base);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
unsigned long long memparse(const char *s, char **end);

#endif
