/* SPDX-License-Identifier: MIT */
/*
 * Every knob of a table (tests/data/spec/knobs.txt): its default, values that it takes and reads back, values and
 * malformed texts that it refuses without a change, and writers without the right. Run with the table's path.
 */
#define _GNU_SOURCE
#include "check.h"
#include <fcntl.h>

#define TEXT 128

static const char *const malformed[] = { "x", "5x", "+1", "0x", "--1", "1e3", "1.5", "\n", "  ", "-", "08", "0b1", ";",
					 "99999999999999999999", "00000000000000000000000000000001" };
static char name[TEXT], path[TEXT + 16];

static void fails(const char *what, const char *text, const char *now)
{
	printf("FAIL %s: %s \"%s\": errno %d, it reads %s\n", name, what, text, errno, now);
	fflush(stdout);
	_exit(1);
}

/* => the text of the file; what separates its numbers is a tab */
static const char *now(void)
{
	static char text[TEXT];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n < 1 || text[n - 1] != '\n')
		fails("cannot be read, or without a newline", "", "");
	text[n] = '\0';
	close(fd);
	return text;
}

static long put(const char *text)
{
	int fd = open(path, O_WRONLY);
	long n;

	if (fd < 0)
		return -errno;
	errno = 0;
	n = write(fd, text, strlen(text));
	n = n < 0 ? -errno : n;
	close(fd);
	return n;
}

/* => the text as the file shows it */
static const char *shown(const char *text)
{
	static char line[TEXT];

	snprintf(line, sizeof(line), "%s\n", text);
	for (char *c = line; *c; c++)
		if (*c == ' ')
			*c = '\t';
	return line;
}

static void is_refused(const char *text)
{
	char before[TEXT];
	long n;

	strcpy(before, now());
	n = put(text);
	if (n != -EINVAL || strcmp(before, now()))
		fails("not refused with EINVAL and unchanged", text, now());
}

/* Neither opened by others, nor written by who has lost the right since it was opened. */
static void others(void)
{
	char before[TEXT];
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0);
	strcpy(before, now());
	CHECK(setresuid(1000, 1000, 1000) == 0);
	if (put("1") != -EACCES)
		fails("opened for writing by a user", "", now());
	if (write(fd, "1", 1) != -1 || errno != EPERM || strcmp(before, now()))
		fails("written by a user who has the file open", "1", now());
}

static char *field(char **line)
{
	char *text = strsep(line, "|");
	size_t len;

	CHECK(text);
	text += strspn(text, " ");
	for (len = strlen(text); len && (text[len - 1] == ' ' || text[len - 1] == '\n'); len--)
		text[len - 1] = '\0';
	return text;
}

static void knob(char *line)
{
	char *initial, *accepted, *refused, *value, first[TEXT];
	size_t i;

	snprintf(name, sizeof(name), "%s", field(&line));
	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	initial = field(&line);
	accepted = field(&line);
	refused = field(&line);
	strcpy(first, now());
	if (strcmp(initial, "*") && strcmp(first, shown(initial)))
		fails("its default is not", initial, first);
	for (i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		is_refused(malformed[i]);
	CHECK(put("") == 0 && !strcmp(now(), first));
	CHECK_CHILD(others);
	while ((value = strsep(&refused, ";")))
		is_refused(value);
	while ((value = strsep(&accepted, ";"))) {
		long n = put(value);

		if (n != (long)strlen(value) || strcmp(now(), shown(value)))
			fails("not taken", value, now());
	}
	if (!strcmp(initial, "*"))
		CHECK(put(first) > 0);
}

int main(int argc, char **argv)
{
	char line[512];
	int knobs = 0;
	FILE *f = fopen(argc > 1 ? argv[1] : "", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#')
			continue;
		knob(line);
		knobs++;
	}
	printf("%d knobs\n", knobs);
	PASS("knobs");
}
