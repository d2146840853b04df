/* SPDX-License-Identifier: MIT */
/*
 * Text to numbers, one digit loop for all; the kstrto* functions add the ranges.
 */
#include "kernel/base/kstrtox.h"
#include "kernel/base/ctype.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"

static int digit_value(char c)
{
	if (isdigit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* Skips 0x or 0 and settles base 0. */
static const char *fix_base(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] | 0x20) == 'x' && isxdigit(s[2]);

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

/* => the value; *end behind the last digit (s itself if there is none); *overflow if it did not fit
 */
static u64 parse_digits(const char *s, const char **end, unsigned int base, bool *overflow)
{
	u64 v = 0;

	*overflow = false;
	for (; (unsigned int)digit_value(*s) < base; s++) {
		if (__builtin_mul_overflow(v, (u64)base, &v) ||
		    __builtin_add_overflow(v, (u64)digit_value(*s), &v))
			*overflow = true;
	}
	*end = s;
	return v;
}

int kstrtoull(const char *s, unsigned int base, unsigned long long *res)
{
	const char *start, *end;
	bool overflow;
	u64 v;

	if (*s == '+')
		s++;
	start = fix_base(s, &base);
	v = parse_digits(start, &end, base, &overflow);
	if (end == start)
		return -EINVAL;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*res = v;
	return 0;
}

int kstrtoll(const char *s, unsigned int base, long long *res)
{
	bool negative = *s == '-';
	unsigned long long v;
	int err = kstrtoull(s + negative, base, &v);

	if (err)
		return err;
	if (negative && s[1] == '+')
		return -EINVAL;
	if (v > (u64)LONG_MAX + negative)
		return -ERANGE;
	*res = negative ? (long long)-v : (long long)v;
	return 0;
}

int kstrtoul(const char *s, unsigned int base, unsigned long *res)
{
	unsigned long long v;
	int err = kstrtoull(s, base, &v);

	if (!err)
		*res = v;
	return err;
}

int kstrtol(const char *s, unsigned int base, long *res)
{
	long long v;
	int err = kstrtoll(s, base, &v);

	if (!err)
		*res = v;
	return err;
}

int kstrtouint(const char *s, unsigned int base, unsigned int *res)
{
	unsigned long long v;
	int err = kstrtoull(s, base, &v);

	if (!err && v > UINT_MAX)
		err = -ERANGE;
	if (!err)
		*res = (unsigned int)v;
	return err;
}

int kstrtoint(const char *s, unsigned int base, int *res)
{
	long long v;
	int err = kstrtoll(s, base, &v);

	if (!err && (v > INT_MAX || v < INT_MIN))
		err = -ERANGE;
	if (!err)
		*res = (int)v;
	return err;
}

int kstrtobool(const char *s, bool *res)
{
	if (!s)
		return -EINVAL;
	switch (s[0]) {
	case 'y':
	case 'Y':
	case '1':
		*res = true;
		return 0;
	case 'n':
	case 'N':
	case '0':
		*res = false;
		return 0;
	case 'o':
	case 'O':
		if ((s[1] | 0x20) == 'n')
			*res = true;
		else if ((s[1] | 0x20) == 'f')
			*res = false;
		else
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

unsigned long long simple_strtoull(const char *s, char **end, unsigned int base)
{
	const char *last;
	bool overflow;
	u64 v;

	s = fix_base(s, &base);
	v = parse_digits(s, &last, base, &overflow);
	if (end)
		*end = (char *)last;
	return v;
}

unsigned long simple_strtoul(const char *s, char **end, unsigned int base)
{
	return simple_strtoull(s, end, base);
}

unsigned long long memparse(const char *s, char **end)
{
	static const char suffixes[] = "kmgtpe";
	unsigned int base = 0, shift = 0;
	const char *p;
	bool overflow;
	u64 v;

	s = fix_base(s, &base);
	v = parse_digits(s, &p, base, &overflow);
	for (unsigned int i = 0; p != s && *p && suffixes[i]; i++)
		if ((*p | 0x20) == suffixes[i])
			shift = 10 * (i + 1);
	p += shift != 0;
	if (end)
		*end = (char *)p;
	return overflow || v > ~0ULL >> shift ? ~0ULL : v << shift;
}
