/* SPDX-License-Identifier: MIT */
/* Character classes of ASCII, without tables. */
#ifndef KERNEL_BASE_CTYPE_H
#define KERNEL_BASE_CTYPE_H

#if CONFIG_HOST
#include <ctype.h>
#else
#define isdigit(c)  ((unsigned int)(c) - '0' < 10)
#define isupper(c)  ((unsigned int)(c) - 'A' < 26)
#define islower(c)  ((unsigned int)(c) - 'a' < 26)
#define isalpha(c)  (((unsigned int)(c) | 0x20) - 'a' < 26)
#define isalnum(c)  (isalpha(c) || isdigit(c))
#define isspace(c)  ((c) == ' ' || ((unsigned int)(c) - '\t' < 5))
#define isprint(c)  ((unsigned int)(c)-0x20 < 0x5f)
#define iscntrl(c)  ((unsigned int)(c) < 0x20 || (c) == 0x7f)
#define isxdigit(c) (isdigit(c) || ((unsigned int)(c) | 0x20) - 'a' < 6)
#define ispunct(c)  (isprint(c) && !isalnum(c) && (c) != ' ')

static inline int tolower(int c)
{
	return isupper(c) ? c + ('a' - 'A') : c;
}

static inline int toupper(int c)
{
	return islower(c) ? c - ('a' - 'A') : c;
}
#endif

#endif
