/* SPDX-License-Identifier: MIT */
/* One knob of /proc/sys. See sysctl.c. */
#ifndef FS_PROC_SYSCTL_H
#define FS_PROC_SYSCTL_H

#include "fs/proc/proc.h"

#define SYSCTL_MAX_VALUES 8

struct sysctl_knob {
	const char *name;
	umode_t mode;
	void *word;		/* int or long, or an array of count of them */
	unsigned int size;	/* 4 or 8 */
	unsigned int count;	/* 0: one */
	long min, max;
	/* Instead of storing: all values (those not given are the old ones). => 0 or -errno, nothing changed */
	int (*set)(const long *values);
	/* After storing the (first) value. => 0, or -errno: the old values come back */
	int (*changed)(const struct sysctl_knob *k, long value);
};

int sysctl_show(struct seq_file *m, void *data);
int sysctl_store(void *data, char *text, size_t len);

extern struct proc_entry proc_uts_entries[];
extern const unsigned int proc_nr_uts_entries;

#endif
