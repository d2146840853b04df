/* SPDX-License-Identifier: MIT */
/*
 * Reference traces (docs/race.md) and what the best conceivable policies make of them.
 *
 * A trace is a list of references, in the order in which the tasks made them, to pages that are numbered through
 * all its spaces. A space is a stretch of anonymous memory of one task, or a file.
 */
#ifndef TESTS_RACE_TRACE_H
#define TESTS_RACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_SPACES 16
#define TRACE_TASKS  16

enum ref_op {
	REF_LOAD,	/* of a mapped page */
	REF_STORE,	/* to a mapped page */
	REF_READ,	/* read(2) of a file */
	REF_WRITE,	/* write(2) */
};

struct ref {
	uint32_t page;	/* through all spaces */
	uint8_t op;	/* enum ref_op */
	uint8_t task;
};

struct space {
	bool file;
	unsigned int task;	/* anonymous: whose it is */
	uint32_t base, pages;	/* first page's number, how many */
};

struct trace {
	struct space spaces[TRACE_SPACES];
	unsigned int nr_spaces, nr_tasks;
	struct ref *refs;
	size_t nr_refs;
	uint32_t nr_pages;	/* of all spaces */
	uint32_t nr_distinct;	/* pages referenced at all */
	uint8_t *hot;		/* per page: its misses are counted apart too */
};

/* => true; or false with a message on standard error that names the line */
bool trace_read(struct trace *t, const char *path);
void trace_free(struct trace *t);
unsigned int trace_space_of(const struct trace *t, uint32_t page);

struct misses {
	uint64_t all;	/* first references to a page included */
	uint64_t hot;	/* of hot pages */
};

/* Belady's OPT: the victim is the page whose next reference is furthest away. => fewest misses that frames allow */
struct misses misses_opt(const struct trace *t, uint32_t frames);
/* Exact least recently used. */
struct misses misses_lru(const struct trace *t, uint32_t frames);
/* The pages referenced most often never leave; each other reference is a miss. */
struct misses misses_static(const struct trace *t, uint32_t frames);

#endif
