/* SPDX-License-Identifier: MIT */
/*
 * Memory and strings, with the C library's names. On the host they are the C library's.
 *
 * => memcpy and memset move 8 bytes at a time; whole pages have clear_page() and copy_page().
 * => strlcpy and strscpy always terminate; strscpy returns the length or -E2BIG.
 */
#ifndef KERNEL_BASE_STRING_H
#define KERNEL_BASE_STRING_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strcpy(char *dst, const char *src);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
size_t strcspn(const char *s, const char *reject);
char *strpbrk(const char *s, const char *accept);
char *strsep(char **s, const char *delim);

/* Not in every C library, so under their own names on the host too (kernel/base/string_ext.c). */
ssize_t strscpy(char *dst, const char *src, size_t size);
bool strstarts(const char *s, const char *prefix);
/* => the first byte that is not c, or NULL; for poison checks */
void *memchr_inv(const void *s, int c, size_t n);
#if !CONFIG_HOST
size_t strlcpy(char *dst, const char *src, size_t size);

#define memcpy(d, s, n)	 __builtin_memcpy((d), (s), (n))
#define memmove(d, s, n) __builtin_memmove((d), (s), (n))
#define memset(d, c, n)	 __builtin_memset((d), (c), (n))
#define memcmp(a, b, n)	 __builtin_memcmp((a), (b), (n))
#define strlen(s)	 __builtin_strlen(s)
#endif

#endif
