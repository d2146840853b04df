/* SPDX-License-Identifier: MIT */
/*
 * Reading the kernel's text files from a program: counters, zones, the log.
 */
#ifndef USER_PROC_H
#define USER_PROC_H

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ZONES 4

struct zone_facts {
	char name[16];
	long start, spanned, present, managed, free, min, low, high;
	char protection[64];
};

/* Reads a whole file into text (NUL-terminated). => length, -1: cannot be opened */
static inline long read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while (length + 1 < size && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = 0;
	return (long)length;
}

/* => the number behind `name` at the start of a line (blanks and a colon between), -1: no such line */
static inline long find_number(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, length) && strchr(": \t", line[length]))
			return atol(line + length + 1 + strspn(line + length + 1, " \t"));
	}
	return -1;
}

static inline long file_number(const char *path, const char *name)
{
	static char text[65536];

	return read_file(path, text, sizeof(text)) < 0 ? -1 : find_number(text, name);
}

static inline long vmstat_number(const char *name)
{
	return file_number("/proc/vmstat", name);
}

static inline long meminfo_kb(const char *name)
{
	return file_number("/proc/meminfo", name);
}

static inline void zone_line(struct zone_facts *zone, const char *line)
{
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		{ "pages free", offsetof(struct zone_facts, free) },
		{ "min", offsetof(struct zone_facts, min) },
		{ "low", offsetof(struct zone_facts, low) },
		{ "high", offsetof(struct zone_facts, high) },
		{ "spanned", offsetof(struct zone_facts, spanned) },
		{ "present", offsetof(struct zone_facts, present) },
		{ "managed", offsetof(struct zone_facts, managed) },
		{ "start_pfn:", offsetof(struct zone_facts, start) },
	};

	line += strspn(line, " ");
	if (!strncmp(line, "protection: ", 12))
		snprintf(zone->protection, sizeof(zone->protection), "%s", line + 12);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t length = strlen(fields[i].name);
		long *field = (long *)((char *)zone + fields[i].offset);

		if (!strncmp(line, fields[i].name, length) && line[length] == ' ' && *field < 0)
			*field = atol(line + length);
	}
}

/* /proc/zoneinfo of node 0. => number of zones */
static inline int read_zones(struct zone_facts *zones)
{
	static char text[65536];
	int n = 0;

	if (read_file("/proc/zoneinfo", text, sizeof(text)) < 0)
		return 0;
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char name[16];

		if (sscanf(line, "Node %*d, zone %15s", name) == 1) {
			if (n == MAX_ZONES)
				break;
			memset(&zones[n], 0xff, sizeof(zones[n]));
			zones[n].protection[0] = 0;
			strcpy(zones[n++].name, name);
		} else if (n) {
			zone_line(&zones[n - 1], line);
		}
	}
	return n;
}

#endif
