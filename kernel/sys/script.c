/* SPDX-License-Identifier: MIT */
/*
 * Scripts: "#! interpreter [argument]" in the first line names the program to run instead.
 *
 *	execve("/tmp/s", {"s", "x"})   #! /bin/sh -e     ->   /bin/sh  {"/bin/sh", "-e", "/tmp/s", "x"}
 *
 * The argument is one word to the end of the line, blanks inside included, as in Linux. An interpreter may be a
 * script itself, a few levels deep (ELOOP beyond).
 */
#include "kernel/sys/exec.h"
#include "fs/fs.h"
#include "fs/namei.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "mm/slab.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts the line into interpreter and argument (NULL: none), in place. => 0 or -ENOEXEC */
static int parse_line(char *line, char *end, char **interp, char **arg)
{
	while (end > line && (blank(end[-1]) || end[-1] == '\r'))
		end--;
	*end = '\0';
	while (blank(*line))
		line++;
	if (!*line)
		return -ENOEXEC;
	*interp = line;
	while (*line && !blank(*line))
		line++;
	*arg = NULL;
	if (!*line)
		return 0;
	*line++ = '\0';
	while (blank(*line))
		line++;
	if (*line)
		*arg = line;
	return 0;
}

static int insert_prefix(struct exec *exec, const char *text)
{
	char *copy = kstrdup(text, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	if (exec->nr_prefix == EXEC_MAX_PREFIX) {
		kfree(copy);
		return -ELOOP;
	}
	memmove(exec->prefix + 1, exec->prefix, (size_t)exec->nr_prefix * sizeof(exec->prefix[0]));
	exec->prefix[0] = copy;
	exec->nr_prefix++;
	return 0;
}

int script_resolve(struct exec *exec)
{
	char *line = exec->buf + 2, *end, *interp, *arg;
	struct file *file;
	int err;

	if (exec->buf[0] != '#' || exec->buf[1] != '!')
		return NO_SCRIPT;
	end = memchr(line, '\n', EXEC_BUF_SIZE - 2);
	if (!end)
		end = line + strnlen(line, EXEC_BUF_SIZE - 2);
	if (end == exec->buf + EXEC_BUF_SIZE)
		return exec_refuse(exec, -ENOEXEC, "its first line is longer than %d bytes", EXEC_BUF_SIZE - 2);
	err = parse_line(line, end, &interp, &arg);
	if (err)
		return exec_refuse(exec, err, "its first line names no interpreter behind #!");
	if (!exec->nr_prefix)
		err = insert_prefix(exec, exec->filename);
	if (!err && arg)
		err = insert_prefix(exec, arg);
	if (!err)
		err = insert_prefix(exec, interp);
	if (err)
		return err;
	file = open_exec(AT_FDCWD, interp);
	if (IS_ERR(file))
		return exec_refuse(exec, (int)PTR_ERR(file), "its interpreter %s is missing or not executable", interp);
	fput(exec->file);
	exec->file = file;
	return 0;
}
