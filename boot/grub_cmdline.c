/* SPDX-License-Identifier: MIT */
/*
 * GRUB does not hand over the command line as it was written. It splits it into words, and joins
 * these with one space each after (1) a backslash before every backslash, ' and " of a word and
 * (2) a pair of " round every word with a space in it. This file undoes it:
 *
 *	one word for everything (scripts/run does that): its text is the command line
 *	several words: (1) is undone, (2) is kept, because the quotes hold a value together
 *
 * So `init=/bin/sh x="a b"` in one pair of single quotes arrives to the letter, and the same line
 * written without them arrives as the Linux kernel would read it. Pure text to text: tests/host
 * runs it.
 */
#include "boot/boot_info.h"
#include "kernel/base/string.h"

struct text {
	char *to;
	size_t size;   /* of the buffer */
	size_t length; /* of the text, cut or not */
};

static void put(struct text *out, char c)
{
	if (out->length + 1 < out->size)
		out->to[out->length] = c;
	out->length++;
}

/*
 * => copies the word at `from` (before `end`) without its escapes, with its quotes if asked; returns what
 *    follows it
 */
static const char *copy_word(struct text *out, const char *from, const char *end, bool keep_quotes)
{
	bool quoted = from < end && *from == '"';

	if (quoted && keep_quotes)
		put(out, '"');
	for (from += quoted; from < end && *from != (quoted ? '"' : ' '); from++) {
		if (*from == '\\' && from + 1 < end)
			from++;
		put(out, *from);
	}
	if (quoted && keep_quotes)
		put(out, '"');
	return quoted && from < end ? from + 1 : from;
}

size_t grub_unquote_cmdline(char *to, size_t size, const char *from, size_t max)
{
	const char *nul = memchr(from, '\0', max), *end = nul ? nul : from + max;
	struct text nowhere = {NULL, 0, 0};
	struct text out = {to, size, 0};
	bool only_word = copy_word(&nowhere, from, end, false) == end;

	while (from < end) {
		if (*from == ' ')
			put(&out, *from++);
		else
			from = copy_word(&out, from, end, !only_word);
	}
	to[out.length < size ? out.length : size - 1] = '\0';
	return out.length;
}
