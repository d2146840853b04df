/* SPDX-License-Identifier: MIT */
/*
 * The formatter behind printk, seq_file and every text the kernel makes.
 *
 * One struct spec per conversion: parsed first, then the argument is fetched and laid out. Output
 * goes through emit(), which counts what does not fit, so the result is always the full length.
 */
#include "kernel/base/vsprintf.h"
#include "kernel/base/ctype.h"
#include "kernel/base/kallsyms.h"
#include "kernel/base/string.h"

struct out {
	char *p, *end; /* end: one behind the last byte, the terminator's place included */
	size_t len;    /* what the whole text would take */
};

struct spec {
	bool left, plus, space, alt, zero, upper;
	int width, precision; /* precision -1: none */
	int base;	      /* of numbers */
	bool is_signed;
	char size; /* 'c' char, 'h' short, 'i' int, 'l' long and all wider ones */
};

static void emit(struct out *o, char c)
{
	if (o->p < o->end)
		*o->p++ = c;
	o->len++;
}

static void pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		emit(o, c);
}

static void put_string(struct out *o, const char *s, const struct spec *spec)
{
	int len;

	if ((unsigned long)s < 4096)
		s = s ? "(efault)" : "(null)";
	len = (int)strnlen(s, spec->precision >= 0 ? (size_t)spec->precision : ~0UL >> 33);
	if (!spec->left)
		pad(o, ' ', spec->width - len);
	for (int i = 0; i < len; i++)
		emit(o, s[i]);
	if (spec->left)
		pad(o, ' ', spec->width - len);
}

/* Digits of v, lowest first; returns how many. */
static int digits(char *buf, u64 v, const struct spec *spec)
{
	const char *set = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	do {
		buf[n++] = set[v % (unsigned int)spec->base];
		v /= (unsigned int)spec->base;
	} while (v);
	return n;
}

static void put_number(struct out *o, u64 v, const struct spec *spec)
{
	char buf[24], sign = 0;
	int n, zeros, prefix = 0, fill;

	if (spec->is_signed && (s64)v < 0) {
		sign = '-';
		v = -v;
	} else if (spec->is_signed && (spec->plus || spec->space)) {
		sign = spec->plus ? '+' : ' ';
	}
	n = v == 0 && spec->precision == 0 ? 0 : digits(buf, v, spec);
	if (spec->alt && v && spec->base != 10)
		prefix = spec->base == 16 ? 2 : 1;
	zeros = spec->precision > n ? spec->precision - n : 0;
	fill = spec->width - n - zeros - prefix - (sign != 0);
	if (spec->zero && !spec->left && spec->precision < 0 && fill > 0) {
		zeros += fill;
		fill = 0;
	}
	if (!spec->left)
		pad(o, ' ', fill);
	if (sign)
		emit(o, sign);
	if (prefix) {
		emit(o, '0');
		if (prefix == 2)
			emit(o, spec->upper ? 'X' : 'x');
	}
	pad(o, '0', zeros);
	while (n)
		emit(o, buf[--n]);
	if (spec->left)
		pad(o, ' ', fill);
}

/* %p takes a letter more: S and s are symbols, B is a return address. Returns the format behind it. */
static const char *put_pointer(struct out *o, const char *fmt, const void *ptr, struct spec *spec)
{
	char sym[128];

	if (*fmt == 'S' || *fmt == 's' || *fmt == 'B') {
		if (*fmt == 'B')
			sprint_backtrace(sym, sizeof(sym), (unsigned long)ptr);
		else
			sprint_symbol(sym, sizeof(sym), (unsigned long)ptr, *fmt == 'S');
		put_string(o, sym, spec);
		return fmt + 1;
	}
	spec->base = 16;
	if (spec->width < 0 || (!spec->width && !spec->alt)) {
		spec->width = 16;
		spec->zero = true;
	}
	put_number(o, (unsigned long)ptr, spec);
	return fmt;
}

static const char *parse_number(const char *fmt, int *value)
{
	*value = 0;
	while (isdigit(*fmt))
		*value = *value * 10 + (*fmt++ - '0');
	return fmt;
}

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		switch (*fmt) {
		case '-':
			spec->left = true;
			break;
		case '+':
			spec->plus = true;
			break;
		case ' ':
			spec->space = true;
			break;
		case '#':
			spec->alt = true;
			break;
		case '0':
			spec->zero = true;
			break;
		default:
			return fmt;
		}
	}
}

static const char *parse_size(const char *fmt, struct spec *spec)
{
	spec->size = 'i';
	switch (*fmt) {
	case 'h':
		spec->size = fmt[1] == 'h' ? 'c' : 'h';
		return fmt + (fmt[1] == 'h' ? 2 : 1);
	case 'l':
		spec->size = 'l';
		return fmt + (fmt[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
	case 'j':
		spec->size = 'l';
		return fmt + 1;
	}
	return fmt;
}

/* An integer as promoted by the caller, cut to what the size says. */
static u64 narrow(u64 v, const struct spec *spec)
{
	switch (spec->size) {
	case 'c':
		return spec->is_signed ? (u64)(s8)v : (u8)v;
	case 'h':
		return spec->is_signed ? (u64)(s16)v : (u16)v;
	case 'i':
		return spec->is_signed ? (u64)(s32)v : (u32)v;
	}
	return v;
}

static bool number_spec(char conv, struct spec *spec)
{
	spec->base = 10;
	switch (conv) {
	case 'd':
	case 'i':
		spec->is_signed = true;
		return true;
	case 'u':
		return true;
	case 'X':
		spec->upper = true;
		fallthrough;
	case 'x':
		spec->base = 16;
		return true;
	case 'o':
		spec->base = 8;
		return true;
	}
	return false;
}

int kvsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = {buf, size ? buf + size - 1 : buf, 0};
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		struct spec spec = {.precision = -1};
		char conv;

		if (*fmt != '%') {
			emit(&o, *fmt++);
			continue;
		}
		fmt = parse_flags(fmt + 1, &spec);
		if (*fmt == '*') {
			spec.width = va_arg(ap, int);
			if (spec.width < 0) {
				spec.left = true;
				spec.width = -spec.width;
			}
			fmt++;
		} else {
			fmt = parse_number(fmt, &spec.width);
		}
		if (*fmt == '.') {
			if (fmt[1] == '*') {
				spec.precision = va_arg(ap, int);
				fmt += 2;
			} else {
				fmt = parse_number(fmt + 1, &spec.precision);
			}
		}
		fmt = parse_size(fmt, &spec);
		conv = *fmt ? *fmt++ : '\0';
		if (number_spec(conv, &spec)) {
			u64 v = spec.size == 'l' ? va_arg(ap, u64) : (u64)va_arg(ap, int);

			put_number(&o, narrow(v, &spec), &spec);
		} else if (conv == 's') {
			put_string(&o, va_arg(ap, const char *), &spec);
		} else if (conv == 'p') {
			fmt = put_pointer(&o, fmt, va_arg(ap, const void *), &spec);
		} else if (conv == 'c') {
			char c = (char)va_arg(ap, int);

			pad(&o, ' ', spec.left ? 0 : spec.width - 1);
			emit(&o, c);
			pad(&o, ' ', spec.left ? spec.width - 1 : 0);
		} else {
			emit(&o, '%');
			if (conv && conv != '%')
				emit(&o, conv);
		}
	}
	va_end(ap);
	if (size)
		*o.p = '\0';
	return (int)o.len;
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n = kvsnprintf(buf, size, fmt, args);

	if ((size_t)n < size)
		return n;
	return size ? (int)size - 1 : 0;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
