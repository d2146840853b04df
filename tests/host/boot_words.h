/* SPDX-License-Identifier: MIT */
/* Boot words as param_parse() gives them to their handlers, one at a time. */
#ifndef TESTS_HOST_BOOT_WORDS_H
#define TESTS_HOST_BOOT_WORDS_H

#include "kernel/base/param.h"

/* => what the word's handler says; value NULL: a word without "=" */
static inline int boot_word(const char *name, const char *value)
{
	char copy[128];

	for (const struct kernel_param *p = __start_early_params; p < __stop_early_params; p++) {
		if (strcmp(p->name, name))
			continue;
		if (value)
			snprintf(copy, sizeof(copy), "%s", value);
		return p->fn(value ? copy : NULL);
	}
	fail_msg("no boot word %s", name);
	return 0;
}

#endif
