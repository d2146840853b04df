/* SPDX-License-Identifier: MIT */
/*
 * Command lines of our programs: one table is the parser, the checks and what --help prints.
 *
 *	static unsigned long mib = 64;
 *	static const struct option_row rows[] = {
 *		{ "mib", OPTION_NUMBER, &mib, 1, 1 << 20, "MIB", "how much memory (64)" },
 *		{ 0 },
 *	};
 *	static const struct manual manual = { "pages", "", "Fills memory ...", rows, "pages --mib 300", "0: ..." };
 *	int first = parse_options(&manual, argc, argv);	// index of the first operand
 *
 * => --help prints the manual and exits with 0; a wrong command line says what is wrong and exits with 2
 */
#ifndef USER_OPTIONS_H
#define USER_OPTIONS_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind {
	OPTION_FLAG,	/* int: 1 when given */
	OPTION_NUMBER,	/* unsigned long, min .. max */
	OPTION_SIGNED,	/* long, (long)min .. (long)max */
	OPTION_TEXT,	/* const char * */
	OPTION_CHOICE,	/* int: index into `words` */
};

struct option_row {
	const char *name;
	enum option_kind kind;
	void *value;
	unsigned long min, max;
	const char *unit;	/* how the help calls the argument */
	const char *help;
	const char *words;	/* of OPTION_CHOICE: "a|b|c" */
};

struct manual {
	const char *program, *operands, *what;
	const struct option_row *rows;
	const char *example, *statuses;
	int max_operands;
};

static inline void print_manual(const struct manual *m)
{
	printf("usage: %s%s%s%s\n\n%s\n\n", m->program, m->rows->name ? " [OPTIONS]" : "", *m->operands ? " " : "",
	       m->operands, m->what);
	for (const struct option_row *row = m->rows; row->name; row++) {
		int width = printf("  --%s%s%s", row->name, row->unit ? " " : "", row->unit ? row->unit : "");

		printf("%*s%s\n", width < 24 ? 24 - width : 1, "", row->help);
	}
	printf("  --help                this text\n\nexample: %s\nexit status: %s\n", m->example, m->statuses);
}

static inline void __attribute__((noreturn)) wrong_usage(const struct manual *m, const char *why, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s: %s\n%s --help tells more\n", m->program, what, why, m->program);
	exit(2);
}

/* => index of the word in "a|b|c", -1 */
static inline int choice_of(const char *words, const char *text)
{
	size_t n = strlen(text);
	int at = 0;

	for (; words; words = strchr(words, '|'), words = words ? words + 1 : NULL, at++)
		if (n && !strncmp(words, text, n) && (words[n] == '|' || !words[n]))
			return at;
	return -1;
}

static inline void set_number(const struct manual *m, const struct option_row *row, const char *text)
{
	static char why[80];
	int is_signed = row->kind == OPTION_SIGNED, bad;
	char *end;
	long number;

	errno = 0;
	number = is_signed ? strtol(text, &end, 0) : (long)strtoul(text, &end, 0);
	bad = errno || end == text || *end || (!is_signed && strchr(text, '-'));
	bad |= is_signed ? number < (long)row->min || number > (long)row->max
			 : (unsigned long)number < row->min || (unsigned long)number > row->max;
	if (bad) {
		snprintf(why, sizeof(why), is_signed ? "--%s wants a number from %ld to %ld" :
			 "--%s wants a number from %lu to %lu", row->name, row->min, row->max);
		wrong_usage(m, why, text);
	}
	*(long *)row->value = number;
}

static inline void set_option(const struct manual *m, const struct option_row *row, const char *text)
{
	static char why[160];

	switch (row->kind) {
	case OPTION_FLAG:
		*(int *)row->value = 1;
		break;
	case OPTION_NUMBER:
	case OPTION_SIGNED:
		set_number(m, row, text);
		break;
	case OPTION_TEXT:
		*(const char **)row->value = text;
		break;
	case OPTION_CHOICE:
		*(int *)row->value = choice_of(row->words, text);
		if (*(int *)row->value < 0) {
			snprintf(why, sizeof(why), "--%s is one of %s", row->name, row->words);
			wrong_usage(m, why, text);
		}
	}
}

static inline int parse_options(const struct manual *m, int argc, char **argv)
{
	int at = 1;

	for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		const struct option_row *row = m->rows;
		char *name = argv[at] + 2, *value = strchr(name, '=');
		size_t length = value ? (size_t)(value - name) : strlen(name);

		if (!strcmp(argv[at], "--"))
			return at + 1;
		if (!strcmp(argv[at], "--help") || !strcmp(argv[at], "-h")) {
			print_manual(m);
			exit(0);
		}
		while (row->name && (strlen(row->name) != length || strncmp(row->name, name, length)))
			row++;
		if (argv[at][1] != '-' || !row->name)
			wrong_usage(m, "no such option", argv[at]);
		if (row->kind == OPTION_FLAG && value)
			wrong_usage(m, "this option takes no argument", argv[at]);
		if (row->kind != OPTION_FLAG && !value && at + 1 == argc)
			wrong_usage(m, "this option wants an argument", argv[at]);
		set_option(m, row, row->kind == OPTION_FLAG ? NULL : value ? value + 1 : argv[++at]);
	}
	if (argc - at > m->max_operands)
		wrong_usage(m, "too many arguments", argv[at + m->max_operands]);
	return at;
}

#endif
