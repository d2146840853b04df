/* SPDX-License-Identifier: MIT */
/* String functions that no C library has; kernel and host use these same ones. */
#include "kernel/base/string.h"
#include "kernel/base/errno.h"

ssize_t strscpy(char *dst, const char *src, size_t size)
{
	size_t n;

	if (!size)
		return -E2BIG;
	n = strnlen(src, size);
	if (n == size) {
		memcpy(dst, src, size - 1);
		dst[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(dst, src, n + 1);
	return (ssize_t)n;
}

bool strstarts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

void *memchr_inv(const void *s, int c, size_t n)
{
	const u8 *p = s;
	u64 word = 0x0101010101010101UL * (u8)c, here;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&here, p, 8);
		if (here != word)
			break;
	}
	for (; n; n--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}
