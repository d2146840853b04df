/* SPDX-License-Identifier: MIT */
/*
 * Reading tests/data/spec/: lines of numbers, "->" between question and answer, # comments; and
 * counting what does not hold.
 */
#ifndef TESTS_HOST_SPEC_FILE_H
#define TESTS_HOST_SPEC_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int spec_checks, spec_failures;

#define CHECK_EQ(got, want, ...)                                                                   \
	do {                                                                                       \
		long long __g = (long long)(got), __w = (long long)(want);                         \
		spec_checks++;                                                                     \
		if (__g != __w) {                                                                  \
			spec_failures++;                                                           \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld: ", __FILE__, __LINE__, #got, \
				__g, __w);                                                         \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
		}                                                                                  \
	} while (0)
#define CHECK(cond, ...) CHECK_EQ(!!(cond), 1, __VA_ARGS__)

/* One line: its words before and behind the arrow. */
struct spec_row {
	char text[512];		/* the line as it stands, for messages */
	char buf[512];
	char *word[64];
	int nr, arrow;		/* words in all; index of the first one behind the arrow, or nr */
};

static inline FILE *spec_open(const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/spec/%s", name);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(2);
	}
	return f;
}

static inline bool spec_next(FILE *f, struct spec_row *row)
{
	while (fgets(row->text, sizeof(row->text), f)) {
		row->text[strcspn(row->text, "\n")] = 0;
		strcpy(row->buf, row->text);
		row->nr = 0;
		row->arrow = -1;
		for (char *w = strtok(row->buf, " \t"); w && *w != '#'; w = strtok(NULL, " \t")) {
			if (!strcmp(w, "->"))
				row->arrow = row->nr;
			else
				row->word[row->nr++] = w;
		}
		if (row->arrow < 0)
			row->arrow = row->nr;
		if (row->nr)
			return true;
	}
	fclose(f);
	return false;
}

static inline long spec_num(const struct spec_row *row, int i)
{
	if (i >= row->nr) {
		fprintf(stderr, "too few numbers: %s\n", row->text);
		exit(2);
	}
	return strtol(row->word[i], NULL, 0);
}

#endif
