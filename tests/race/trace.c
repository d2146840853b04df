/* SPDX-License-Identifier: MIT */
/* Reading a trace's text. A line that is not understood ends it with a message: nothing is skipped. */
#include "tests/race/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct trace *t;
	size_t room;		/* refs allocated */
	unsigned int task;	/* of the references that follow */
};

static bool add_ref(struct reader *r, uint32_t page, enum ref_op op)
{
	struct trace *t = r->t;

	if (t->nr_refs == r->room) {
		r->room = r->room ? 2 * r->room : 4096;
		t->refs = realloc(t->refs, r->room * sizeof(*t->refs));
		if (!t->refs)
			abort();
	}
	t->refs[t->nr_refs++] = (struct ref){ page, (uint8_t)op, (uint8_t)r->task };
	return true;
}

/* => message or NULL */
static const char *read_space(struct trace *t, const char *line)
{
	unsigned int number, pages, task = 0;
	char kind[8];
	int fields = sscanf(line, "space %u %7s %u task %u", &number, kind, &pages, &task);

	if (fields < 3 || number != t->nr_spaces || t->nr_spaces == TRACE_SPACES)
		return "spaces are numbered from 0, at most 16";
	if (strcmp(kind, "anon") && strcmp(kind, "file"))
		return "a space is anon or file";
	if (!pages || pages > 1U << 20 || task >= TRACE_TASKS)
		return "pages 1 to 1048576, tasks 0 to 15";
	t->spaces[t->nr_spaces++] =
		(struct space){ .file = kind[0] == 'f', .task = task, .base = t->nr_pages, .pages = pages };
	t->nr_pages += pages;
	t->hot = realloc(t->hot, t->nr_pages);
	memset(t->hot + t->nr_pages - pages, 0, pages);
	if (task >= t->nr_tasks)
		t->nr_tasks = task + 1;
	return NULL;
}

static const char *read_hot(struct trace *t, const char *line)
{
	unsigned int space, first, count;

	if (sscanf(line, "hot %u %u %u", &space, &first, &count) != 3 || space >= t->nr_spaces ||
	    first + count > t->spaces[space].pages || first + count < first)
		return "hot SPACE FIRST COUNT, within the space";
	memset(t->hot + t->spaces[space].base + first, 1, count);
	return NULL;
}

static const char *read_refs(struct reader *r, const char *line)
{
	static const char ops[] = "lsrw";
	const char *op = strchr(ops, line[0]);
	unsigned int space, first, count = 1;
	const struct space *s;

	if (sscanf(line + 1, "%u %u %u", &space, &first, &count) < 2 || space >= r->t->nr_spaces)
		return "OP SPACE PAGE [COUNT]";
	s = &r->t->spaces[space];
	if (first + count > s->pages || first + count <= first)
		return "pages outside of the space";
	if (op - ops >= REF_READ && !s->file)
		return "r and w are for files; memory has l and s";
	if (!s->file && s->task != r->task)
		return "memory of another task";
	while (count--)
		add_ref(r, s->base + first++, (enum ref_op)(op - ops));
	return NULL;
}

static const char *read_line(struct reader *r, const char *line)
{
	if (line[0] == '#' || line[0] == '\n' || !line[0])
		return NULL;
	if (!strncmp(line, "space ", 6))
		return r->t->nr_refs ? "spaces come before references" : read_space(r->t, line);
	if (!strncmp(line, "hot ", 4))
		return read_hot(r->t, line);
	if (!strncmp(line, "task ", 5)) {
		r->task = (unsigned int)atoi(line + 5);
		if (r->task >= TRACE_TASKS)
			return "tasks are 0 to 15";
		if (r->task >= r->t->nr_tasks)
			r->t->nr_tasks = r->task + 1;
		return NULL;
	}
	if (strchr("lsrw", line[0]) && line[1] == ' ')
		return read_refs(r, line);
	return "not a line of a trace";
}

static void count_distinct(struct trace *t)
{
	uint8_t *seen = calloc(t->nr_pages, 1);

	for (size_t i = 0; i < t->nr_refs; i++) {
		t->nr_distinct += !seen[t->refs[i].page];
		seen[t->refs[i].page] = 1;
	}
	free(seen);
}

bool trace_read(struct trace *t, const char *path)
{
	struct reader r = { .t = t };
	FILE *f = fopen(path, "r");
	const char *error = NULL;
	unsigned long number = 0;
	char line[256];

	memset(t, 0, sizeof(*t));
	t->nr_tasks = 1;
	if (!f) {
		perror(path);
		return false;
	}
	while (!error && fgets(line, sizeof(line), f)) {
		number++;
		error = read_line(&r, line);
	}
	fclose(f);
	if (!error && !t->nr_refs)
		error = "no references";
	if (error) {
		fprintf(stderr, "%s:%lu: %s\n", path, number, error);
		trace_free(t);
		return false;
	}
	count_distinct(t);
	return true;
}

void trace_free(struct trace *t)
{
	free(t->refs);
	free(t->hot);
	memset(t, 0, sizeof(*t));
}

unsigned int trace_space_of(const struct trace *t, uint32_t page)
{
	unsigned int i = 0;

	while (page >= t->spaces[i].base + t->spaces[i].pages)
		i++;
	return i;
}
