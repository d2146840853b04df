/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the tour share.
 *
 *   main.c      the order of the parts              keepers.c   tasks with data they can recompute
 *   screen.c    titles, checks, progress            pressure.c  the hog and the table of its growth
 *   log.c       /dev/kmsg and /proc/tidemark/trace  story.c     what the kernel's trace tells, each once
 *   map.c       firmware map and zones              kill.c      the OOM report, scored again
 *   buddy.c     blocks split and merge
 */
#ifndef USER_TOUR_TOUR_H
#define USER_TOUR_TOUR_H

#include <stddef.h>
#include <sys/types.h>

#include "user/proc.h"

#define PAGE	   4096UL
#define MIB	   (1UL << 20)
#define NR_KEEPERS 3

/* ---- screen.c ---- */

enum paint { PLAIN, BOLD, GOOD, BAD, NEWS, FAINT, NR_PAINTS };

void screen_colours(void);
/* => the escape sequence, nothing if the output is not a terminal */
const char *paint(enum paint which);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void title(const char *text);
/* A promise of the tour: [ok] or [FAIL] and the text. */
void check(int good, const char *format, ...) __attribute__((format(printf, 2, 3)));
int checks_failed(void);
/* Says where we are if nothing was said for two seconds. */
void progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* On a terminal: long enough to look at the line just written. */
void pace(void);
void nap(long ms);
/* => seconds since boot as the kernel counts them */
double seconds(void);

/* ---- log.c ---- */

/* => next line of the kernel's log without its prefix, NULL: no more for now */
char *kmsg_line(void);

struct event {
	double time;
	char name[24];
	char numbers[128]; /* "zone=2 free=118 low=120" */
};

/* => 1: an event of the kernel's trace, 0: no more for now */
int next_event(struct event *event);
long event_number(const struct event *event, const char *name);

/* ---- the parts ---- */

void show_map_and_zones(void);
void show_buddy(void);

struct keeper {
	pid_t pid;
	int ask, answer; /* pipes: a byte asks for a verification; 'y' or 'n' answers, '.' is one MiB more */
};

extern struct keeper keepers[NR_KEEPERS];
extern unsigned long keeper_bytes;
/* spoil: one keeper changes a bit of its data, which the tour must notice */
void start_keepers(int spoil);
/* => 1: all keepers found every word as they wrote it; idle() runs now and then meanwhile */
int ask_keepers(void (*idle)(void));
void dismiss_keepers(void);

extern pid_t hog_pid;
/* => the hog's wait status */
int show_pressure(void);

enum { SEEN_WAKE = 1, SEEN_SLEEP = 2, SEEN_DIRECT = 4, SEEN_OUT = 8, SEEN_IN = 16, SEEN_KILL = 32, SEEN_ALL = 63 };
/* Zones as they were when the hog was about to start. => their number */
int story_begin(void);
/* Tells what the kernel's trace has and the zones show, each kind of event once. => SEEN_* so far */
int story_go_on(void);

void show_kill(int status);

#endif
