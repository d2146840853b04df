/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line.
 *
 *	static int __init set_highmem(char *val) { highmem = memparse(val, &val); return 0; }
 *	early_param("highmem", set_highmem);
 *
 * All handlers run in one pass, once, before anything else is set up (param_parse, first thing in
 * main): they may only note what was said. val is NULL for a word without "=". Double quotes are
 * stripped and keep spaces together, as Linux does. What follows a lone "--" is for init. Unknown
 * words: one warning for all of them.
 */
#ifndef KERNEL_BASE_PARAM_H
#define KERNEL_BASE_PARAM_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct kernel_param {
	const char *name;
	int (*fn)(char *val);
};

/* linker.ld; on the host ld makes them by itself, the section's name being one of C */
extern const struct kernel_param __start_early_params[], __stop_early_params[];

#define early_param(str, func)                                                                   \
	static const struct kernel_param __UNIQUE_ID(__param_) __used __section("early_params") \
		__aligned(8) = {str, func}
#define __setup(str, func) early_param(str, func)

#define COMMAND_LINE_SIZE 4096
#define MAX_INIT_ARGS	  32

/* => keeps a copy of text as given (saved_command_line, /proc/cmdline) and runs the handlers */
void param_parse(const char *text);
extern char saved_command_line[COMMAND_LINE_SIZE];
/* => value of the last word `name=value` ("" for a bare `name`), or NULL; after param_parse */
const char *cmdline_find(const char *name);
/* The words after "--", and how many. */
extern char *param_init_args[MAX_INIT_ARGS + 1];
extern int param_nr_init_args;

#endif
