/* SPDX-License-Identifier: MIT */
/* One knob of /proc/sys. See sysctl.c. */
#ifndef FS_PROC_SYSCTL_H
#define FS_PROC_SYSCTL_H

#include "fs/proc/proc.h"

#define SYSCTL_MAX_VALUES 8
#define SYSCTL_INT_MAX	  0x7fffffffL
#define SYSCTL_LONG_MAX	  0x7fffffffffffffffL

struct sysctl_knob {
	const char *name;
	umode_t mode;
	void *word;		/* int or long, or an array of count of them */
	unsigned int size;	/* 4 or 8 */
	unsigned int count;	/* 0: one */
	long min, max;
	long unit;		/* 0: the word holds what is written; else unit times that (seconds in jiffies) */
	/* Instead of storing: all values (those not given are the old ones). => 0 or -errno, nothing changed */
	int (*set)(const long *values);
	/* After storing the (first) value. => 0, or -errno: the old values come back */
	int (*changed)(const struct sysctl_knob *k, long value);
};

#define SYSCTL_INT(n, w, lo, hi) { .name = (n), .word = (void *)&(w), .size = sizeof(int), .min = (lo), \
				   .max = (hi), .mode = 0644 }
#define SYSCTL_LONG(n, w, lo)	 { .name = (n), .word = (void *)&(w), .size = sizeof(long), .min = (lo), \
				   .max = SYSCTL_LONG_MAX, .mode = 0644 }
#define SYSCTL_FACT(n, w)	 { .name = (n), .word = (void *)&(w), .size = sizeof(long), .mode = 0444 }

/* entries: as many as knobs; both stay for ever */
void sysctl_add(struct proc_entry *dir, const struct sysctl_knob *knobs, struct proc_entry *entries, unsigned int n);
/* => current may write knobs: opening the file is not enough for who has given up being root since, as in Linux */
bool sysctl_may_set(void);

/* The tables, each in its file. */
void sysctl_vm_init(struct proc_entry *dir);
void sysctl_kernel_init(struct proc_entry *kernel_dir, struct proc_entry *fs_dir);

extern struct proc_entry proc_uts_entries[];
extern const unsigned int proc_nr_uts_entries;

#endif
