/* SPDX-License-Identifier: MIT */
/*
 * Splitting the command line and calling the handlers that early_param() put into early_params.
 *
 * Words are separated by white space; double quotes hold a word together and vanish. "name=value"
 * may be quoted as a whole or in its value. After a lone "--" all words are arguments of init.
 */
#include "kernel/base/param.h"
#include "kernel/base/ctype.h"
#include "kernel/base/initcall.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"

#define MAX_WORDS  1024
#define LINE_FULL  600 /* characters: what is still to come fits into a record */
#define WORD_SHOWN 200

char saved_command_line[COMMAND_LINE_SIZE];
static char words_buf[COMMAND_LINE_SIZE];
static char *words[MAX_WORDS]; /* "name" or "name=value" */
static int nr_words;

char *param_init_args[MAX_INIT_ARGS + 1];
int param_nr_init_args;

/* Takes the next word off *text: unquoted in place, terminated. NULL at the end. */
static char *next_word(char **text)
{
	char *in = *text, *out, *word;
	bool quoted = false;

	while (isspace(*in))
		in++;
	if (!*in)
		return NULL;
	for (word = out = in; *in && (quoted || !isspace(*in)); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*text = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

/* Linux takes "-" and "_" in names for the same. */
static bool same_name(const char *word, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char a = word[i] == '-' ? '_' : word[i], b = name[i] == '-' ? '_' : name[i];

		if (a != b || !b)
			return false;
	}
	return name[len] == '\0';
}

static size_t name_len(const char *word)
{
	return strcspn(word, "=");
}

/* => some handler knows the word */
static bool handle_word(char *word)
{
	size_t len = name_len(word);
	char *val = word[len] ? word + len + 1 : NULL;
	bool known = false;

	for (const struct kernel_param *p = __start_early_params; p < __stop_early_params; p++) {
		if (!same_name(word, p->name, len))
			continue;
		known = true;
		if (p->fn(val))
			pr_warn("Malformed kernel parameter `%.*s': the value is not understood, the word has "
				"no effect\n", WORD_SHOWN, word);
	}
	return known;
}

/* One warning for all of them, on as many lines as the log's records make necessary. */
static void warn_unknown(char *const *unknown, int nr)
{
	size_t length = LINE_FULL;

	for (int i = 0; i < nr; i++) {
		if (length >= LINE_FULL) {
			pr_warn("Unknown kernel command line parameters, ignored:");
			length = 0;
		}
		pr_cont(" `%.*s'", WORD_SHOWN, unknown[i]);
		length += min(strlen(unknown[i]), (size_t)WORD_SHOWN) + 3;
		if (length >= LINE_FULL || i == nr - 1)
			pr_cont("\n");
	}
}

static bool quotes_balanced(const char *text)
{
	bool open = false;

	for (; *text; text++)
		open ^= *text == '"';
	return !open;
}

void param_parse(const char *text)
{
	static char *unknown[MAX_WORDS];
	char *rest = words_buf, *word;
	int nr_unknown = 0, nr_lost = 0;

	strscpy(saved_command_line, text, sizeof(saved_command_line));
	strscpy(words_buf, text, sizeof(words_buf));
	while ((word = next_word(&rest)) && strcmp(word, "--")) {
		if (nr_words < MAX_WORDS)
			words[nr_words++] = word;
		else
			nr_lost++;
	}
	while ((word = next_word(&rest))) {
		if (param_nr_init_args < MAX_INIT_ARGS)
			param_init_args[param_nr_init_args++] = word;
		else
			nr_lost++;
	}
	for (int i = 0; i < nr_words; i++)
		if (!handle_word(words[i]))
			unknown[nr_unknown++] = words[i];
	warn_unknown(unknown, nr_unknown);
	if (!quotes_balanced(text))
		pr_warn("Command line: a \" is never closed: everything behind it is one word\n");
	if (nr_lost)
		pr_warn("Command line: %d words are too many (%d for the kernel and %d for init fit): they are "
			"ignored\n", nr_lost, MAX_WORDS, MAX_INIT_ARGS);
}

const char *cmdline_find(const char *name)
{
	for (int i = nr_words - 1; i >= 0; i--) {
		size_t len = name_len(words[i]);

		if (same_name(words[i], name, len))
			return words[i][len] ? words[i] + len + 1 : words[i] + len;
	}
	return NULL;
}

/* Words that are looked up with cmdline_find() or read by user space. */
static int known_word(char *val)
{
	return 0;
}
early_param("noswapon", known_word);
early_param("BOOT_IMAGE", known_word);
early_param("ro", known_word);
early_param("rw", known_word);

void do_initcalls(void)
{
	for (const initcall_t *fn = __start_initcalls; fn < __stop_initcalls; fn++) {
		int err = (*fn)();

		if (err)
			pr_warn("initcall %pS: error %d\n", (void *)*fn, err);
	}
}
