/* SPDX-License-Identifier: MIT */
/*
 * Splitting a command line into words as a shell does: blanks separate, single and double quotes
 * and backslashes keep things together; nothing is expanded.
 */
#ifndef USER_WORDS_H
#define USER_WORDS_H

#include <stdbool.h>
#include <stddef.h>

static inline bool word_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* In double quotes a backslash keeps its meaning only before these. */
static inline bool word_escapes(char quote, char next)
{
	return !quote || next == '"' || next == '\\' || next == '$' || next == '`';
}

/*
 * Takes one word from *text into out (never longer than the text itself) and moves *text behind it.
 * => 1: a word, 0: no more, -1: a quote is not closed
 */
static inline int next_word(const char **text, char *out)
{
	const char *p = *text;
	char quote = 0;

	while (word_blank(*p))
		p++;
	if (!*p)
		return 0;
	for (; *p && (quote || !word_blank(*p)); p++) {
		if (quote ? *p == quote : (*p == '\'' || *p == '"'))
			quote = quote ? 0 : *p;
		else if (*p == '\\' && quote != '\'' && p[1] && word_escapes(quote, p[1]))
			*out++ = *++p;
		else
			*out++ = *p;
	}
	*out = 0;
	*text = p;
	return quote ? -1 : 1;
}

/*
 * Splits line in place of buffer (at least strlen(line) + 1 bytes) into at most max - 1 words.
 * => number of words, argv[number] is NULL; -1: a quote is not closed or there are too many words
 */
static inline int split_words(const char *line, char *buffer, char **argv, int max)
{
	int n = 0, got;

	while ((got = next_word(&line, buffer)) == 1) {
		if (n == max - 1)
			return -1;
		argv[n++] = buffer;
		while (*buffer)
			buffer++;
		buffer++;
	}
	argv[n] = NULL;
	return got < 0 ? -1 : n;
}

#endif
