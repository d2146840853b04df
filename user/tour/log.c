/* SPDX-License-Identifier: MIT */
/*
 * The kernel's two diaries: /dev/kmsg (one record a read, behind a prefix that ends in ';') and
 * /proc/tidemark/trace ("12.345678 kswapd_wake node=0 order=0 class=2", many lines a read).
 */
#include <errno.h>

#include "user/tour/tour.h"

char *kmsg_line(void)
{
	static char record[4096];
	static int fd = -1;
	char *text;
	ssize_t got;

	if (fd < 0)
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	do
		got = read(fd, record, sizeof(record) - 1);
	while (got < 0 && errno == EPIPE); /* overwritten before we came: the next one is there */
	if (got <= 0)
		return NULL;
	record[got] = 0;
	text = strchr(record, ';');
	text = text ? text + 1 : record;
	text[strcspn(text, "\n")] = 0;
	return text;
}

/* => one whole line of the trace, without its newline; NULL: none for now */
static char *trace_line(void)
{
	static char text[8192];
	static size_t start, end; /* what was read and not given out yet */
	static int fd = -1;
	char *line, *newline;
	ssize_t got;

	if (fd < 0)
		fd = open("/proc/tidemark/trace", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (;;) {
		line = text + start;
		newline = memchr(line, '\n', end - start);
		if (newline)
			break;
		memmove(text, line, end - start);
		end -= start;
		start = 0;
		got = read(fd, text + end, sizeof(text) - end);
		if (got <= 0)
			return NULL;
		end += (size_t)got;
	}
	*newline = 0;
	start = (size_t)(newline + 1 - text);
	return line;
}

int next_event(struct event *event)
{
	char *line;

	while ((line = trace_line()) != NULL) {
		event->numbers[0] = 0;
		if (sscanf(line, "%lf %23s %127[^\n]", &event->time, event->name, event->numbers) >= 2)
			return 1;
	}
	return 0;
}

long event_number(const struct event *event, const char *name)
{
	size_t length = strlen(name);

	for (const char *word = event->numbers; *word; word += strcspn(word, " "), word += *word == ' ')
		if (!strncmp(word, name, length) && word[length] == '=')
			return strtol(word + length + 1, NULL, 0);
	return -1;
}
