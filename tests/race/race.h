/* SPDX-License-Identifier: MIT */
/* The race's files: the page cache above a disk of RAM, without a file system. */
#ifndef TESTS_RACE_RACE_H
#define TESTS_RACE_RACE_H

#include "kernel/base/types.h"

struct file;
struct race_file;

#define RACE_FILE_FIRST 8UL /* offset of a space's first page: at 0 readahead would always guess "sequential" */

/* => a file of that many pages, on a disk of its own; page i has the contents of page base + i of the trace */
struct race_file *race_file_create(u32 base, u32 pages);
struct file *race_file_struct(struct race_file *f);
/* One word at the start of a page, as read(2) or write(2) does it. => 0 or -errno */
int race_file_io(struct race_file *f, unsigned long page, u64 *value, bool write, bool readahead);
extern unsigned long race_file_reads, race_file_writes; /* pages from and to the disks */

void race_fill(u32 page, u64 *words); /* race.c: a page's contents now */

#endif
