/* SPDX-License-Identifier: MIT */
/*
 * The command line's way through GRUB: what GRUB makes of a word list (lib/cmdline's rules, written out
 * here) undone by boot/grub_cmdline.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "boot/boot_info.h"

/* => appends what GRUB hands over for one word */
static void grub_word(char *out, const char *word)
{
	char *at = out + strlen(out);
	bool quote = strchr(word, ' ') != NULL;

	if (at != out)
		*at++ = ' ';
	if (quote)
		*at++ = '"';
	for (; *word; word++) {
		if (strchr("\\'\"", *word))
			*at++ = '\\';
		*at++ = *word;
	}
	if (quote)
		*at++ = '"';
	*at = '\0';
}

static void expect(const char *from, const char *want)
{
	char got[256];

	assert_int_equal(grub_unquote_cmdline(got, sizeof(got), from, strlen(from) + 1), strlen(want));
	assert_string_equal(got, want);
}

static void test_one_word_is_the_line(void **state)
{
	static const char alphabet[] = "ab \"'\\$=";

	srand(1);
	for (int round = 0; round < 100000; round++) {
		char line[24], grub[64] = "";
		int n = rand() % 20;

		for (int i = 0; i < n; i++)
			line[i] = alphabet[rand() % (sizeof(alphabet) - 1)];
		line[n] = '\0';
		grub_word(grub, line);
		expect(grub, line);
	}
}

static void test_several_words_keep_their_quotes(void **state)
{
	char grub[128] = "";

	grub_word(grub, "quiet");
	grub_word(grub, "x=a b");
	grub_word(grub, "q\"z");
	grub_word(grub, "c\\d");
	expect(grub, "quiet \"x=a b\" q\"z c\\d");
}

static void test_unfinished_text(void **state)
{
	expect("", "");
	expect("\"", "");
	expect("\\", "\\");
	expect("\"abc", "abc");
}

static void test_long_line_is_cut_and_counted(void **state)
{
	char got[8];

	assert_int_equal(grub_unquote_cmdline(got, sizeof(got), "\"0123456789 x\"", 15), 12);
	assert_string_equal(got, "0123456");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_word_is_the_line),
		cmocka_unit_test(test_several_words_keep_their_quotes),
		cmocka_unit_test(test_unfinished_text),
		cmocka_unit_test(test_long_line_is_cut_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
