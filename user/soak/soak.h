/* SPDX-License-Identifier: MIT */
/*
 * soak: many tasks do everything memory management offers at once, and check every page.
 *
 *	main.c	   options; the master that starts the tasks, replaces those that were killed, and judges
 *	walk.c	   a task: a random walk over the table of operations
 *	region.c   what a task holds and what each page must contain
 *	memory.c   operations on its own memory: map, write, check, protect, move, drop
 *	children.c operations that fork: copy-on-write, kill, exec, pipe
 *	sharing.c  threads in one address space, files
 *	common.c   pages that all tasks write at once
 *	disk.c	   blocks of a disk, by calls and by mapping
 *	switch.c   beside them: swap areas and policies come and go
 *
 * region: an anonymous mapping and a table with what each of its pages must hold (0: zeros). A page's 512 words
 * follow from one number, drawn anew for every write, so a lost, stale or foreign page shows. The same seed
 * draws the same operations; how tasks interleave is the machine's business.
 */
#ifndef USER_SOAK_H
#define USER_SOAK_H

#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE	    4096UL
#define WORDS	    (PAGE / sizeof(uint64_t))
#define MAX_TASKS   64
#define MAX_REGIONS 8
#define MAX_PAGES   8192UL /* of one region */
#define DISK_BLOCKS 256UL  /* of one task, of PAGE bytes */
#define COMMON_KINDS 2	   /* anonymous, a file's */
#define COMMON_PAGES 512UL /* of each kind */

struct region {
	uint64_t *at; /* NULL: the entry is free */
	size_t pages;
	int shared;		  /* with our children */
	uint64_t want[MAX_PAGES]; /* what the page's words begin with; 0: all zero */
};

/* What one task of the walk is; a child of it has a copy. */
struct walker {
	int number;		/* of the task, for messages */
	size_t budget;		/* pages it may hold */
	unsigned long written;	/* pages */
	unsigned refused;	/* calls that failed for want of memory */
	const char *doing;	/* the operation, for messages */
	struct region regions[MAX_REGIONS];
	uint64_t disk[DISK_BLOCKS]; /* what its blocks begin with; 0: not known */
	uint32_t common[COMMON_KINDS][COMMON_PAGES]; /* what its line of the page holds; 0: not known */
};

extern struct walker self;
extern int oom_allowed; /* a task may be killed by the OOM killer */
extern int loss_allowed; /* a page that cannot be read back kills who touches it */
extern const char *disk; /* NULL: none */

/* => says what is wrong, where and in which task, and ends the process with status 1 */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* A system call failed: for want of memory (--oom), counted; for a lost page (--loss), death by SIGBUS; else fail() */
void call_failed(const char *what);

/* region.c */
void draw_from(uint64_t seed, uint64_t stream); /* => all that is drawn follows from these two */
uint64_t draw(void);
size_t below(size_t n); /* => 0 .. n - 1; 0 for n = 0 */
uint64_t fresh(void);	/* => a number for a page, never 0 */
void page_fill(uint64_t *page, uint64_t first);
void page_check(const uint64_t *page, uint64_t first, size_t number);
size_t held(void);		  /* => pages of all regions */
struct region *some_region(void); /* => one that is mapped, or NULL */
struct region *free_region(void); /* => an entry that is not, or NULL */
size_t some_run(const struct region *r, size_t *n, size_t most); /* => first page of *n */
void write_run(struct region *r, size_t first, size_t n);
void check_run(const struct region *r, size_t first, size_t n);
void check_everything(void);

/* memory.c */
void op_map(void);
void op_write(void);
void op_check(void);
void op_unmap(void);
void op_protect(void);
void op_move(void);
void op_drop(void);

/* children.c */
pid_t start_child(void); /* => as fork(); a refusal is counted */
void op_fork(void);
void op_kill(void);
void op_exec(void);
void op_pipe(void);

/* sharing.c */
void op_threads(void);
void op_file(void);

/* common.c */
void common_make(void); /* before the first task */
void op_common(void);
void common_drop(void); /* after the last */

/* disk.c */
void op_disk(void);
void disk_check_size(int nr_tasks); /* fail()s if there is no room for so many tasks */

/* switch.c */
void switch_area(const char *device);
void switch_policies(void);
int anything_to_switch(void);
void areas_on(void); /* all of them, whichever were off */
void run_switcher(void) __attribute__((noreturn));

/* walk.c: task `number` does operations until *done says nr_ops, checks all it holds, and exits */
void run_task(int number, unsigned long nr_ops, unsigned long *done) __attribute__((noreturn));

#endif
