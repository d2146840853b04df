/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: which requests fail on purpose. fault_inject.c decides, fail_page_alloc.c and failslab.c ask it,
 * debugfs (fs/proc/fault_inject.c) and boot words set it. Linux's knobs, and sites on top (docs/debugging.md).
 */
#ifndef MM_FAULT_INJECT_H
#define MM_FAULT_INJECT_H

#include "kernel/base/atomic.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/types.h"
#include "mm/gfp.h"

/* A place that allocates: the two innermost return addresses outside mm/. */
struct fault_site {
	unsigned long ip[2];
	unsigned int seen, failed;
};

/* Each field is a file of the injector's directory; written there at any time, read without a lock. */
struct fault_attr {
	const char *name;
	unsigned long probability;	/* percent; 0: off */
	unsigned long interval;		/* every interval-th */
	int times;			/* how many may still fail, -1: no limit */
	int space;			/* so much is let pass first: pages, bytes */
	unsigned long verbose;		/* 1: say it, 2: with the stack */
	bool task_filter;		/* only tasks with make-it-fail */
	bool programs_only;		/* not init, kernel threads, the exiting and those the OOM killer spares */
	unsigned long stacktrace_depth;	/* how far the next four look */
	unsigned long require_start, require_end, reject_start, reject_end;
	unsigned long site[2];		/* only this one; 0: any */
	bool ignore_gfp_wait, ignore_gfp_highmem;
	unsigned int min_order;

	u32 count;			/* [a] requests since the last change of a knob, for interval */
	spinlock_t lock;		/* the sites */
	struct fault_site *sites;	/* [lock] NULL: not recorded */
	unsigned int nr_sites, max_sites, lost;
	struct fault_site *boot_sites;	/* [I] a table for the boot word fault_sites=on */
	void (*set_active)(bool active); /* hooks the injector into its allocator, or not */
};

#define FAULT_ATTR(title, hook, ...)                                                                              \
	{                                                                                                    \
		.name = (title), .interval = 1, .times = 1, .verbose = 2, .stacktrace_depth = FAULT_DEPTH,   \
		.require_end = -1UL, .ignore_gfp_wait = true, .set_active = (hook),                          \
		.lock = SPIN_LOCK_UNLOCKED((title), LOCK_RANK_LEAF), ##__VA_ARGS__                                 \
	}
#define FAULT_DEPTH 32

extern struct fault_attr fail_page_alloc_attr, failslab_attr;

/* => true: this request is to fail. size in the unit of space. Any context. */
bool should_fail(struct fault_attr *attr, int size);
/* A knob has changed: the interval begins anew, and the allocator asks should_fail() if there is any use in it. */
void fault_attr_changed(struct fault_attr *attr);
/* Record sites into a table of max entries; NULL: no more. => the table used until now, the caller's again */
struct fault_site *fault_record(struct fault_attr *attr, struct fault_site *table, unsigned int max);
/* => the i-th site recorded since; false: there are no more */
bool fault_site_get(struct fault_attr *attr, unsigned int i, struct fault_site *site);

/*
 * Boot words: "ADDRESS,ADDRESS,N" lets the Nth request of this site fail, once, whoever makes it; and recording from
 * the first request on. => 0, -EINVAL with nothing changed
 */
int setup_fault_site(struct fault_attr *attr, char *text);
int setup_fault_recording(struct fault_attr *attr, const char *text, struct fault_site *table);
#define BOOT_SITES 256

/* A boot word's INTERVAL[,PROBABILITY[,SPACE[,TIMES]]]. => 0, -EINVAL with nothing changed */
int setup_fault_attr(struct fault_attr *attr, const char *text);

#endif
