/* SPDX-License-Identifier: MIT */
/*
 * Capture: which pages a process references, one after the other, for the race of reclaim policies (docs/race.md).
 * One process at a time. See capture.c.
 */
#ifndef MM_CAPTURE_H
#define MM_CAPTURE_H

#include "kernel/core/task.h"
#include "mm/mm_types.h"

#define CAPTURE_WINDOW_MIN 8	/* an instruction can need so many pages at once */
#define CAPTURE_WINDOW_MAX 64

enum capture_op { CAPTURE_LOAD, CAPTURE_STORE, CAPTURE_READ, CAPTURE_WRITE, CAPTURE_EXEC };

struct address_space;

struct capture_record {
	u64 object;		/* 0: the process's memory; else a file, by device and inode number */
	u64 page : 56;		/* virtual page number, or offset in the file in pages */
	u64 op : 8;		/* enum capture_op; EXEC: a new program, its memory begins empty */
};

/* What is being captured: a snapshot, or of the run that has ended. */
struct capture_state {
	pid_t tgid;		/* 0: none */
	unsigned long count;	/* records */
	unsigned long lost;	/* references that found the buffer full */
};

/*
 * => from now on the references of process tgid, whose memory is mm now, go to buf, which has room for nr; 0 or -EINVAL
 *    (window). Nothing else is being captured. The buffer is the caller's again after the next start.
 */
int capture_start(pid_t tgid, struct mm_struct *mm, unsigned int window, struct capture_record *buf, unsigned long nr);
/* => faults of mm are told, if current, whose memory it has just become, is captured; task_lock held */
void capture_new_mm(struct mm_struct *mm);
/*
 * => faults of mm are told, and what is in memory already is hidden, so that references to it are; takes mmap_sem. mm
 *    has been looked up under task_lock after the start, so that an exec meanwhile is not missed
 */
void capture_hide_all(struct mm_struct *mm);
/* => no record is added after it */
void capture_stop(void);
struct capture_state capture_state(void);

extern pid_t capture_tgid; /* racy: 0 almost always */

static inline bool captured(void)
{
	return unlikely(READ_ONCE(capture_tgid)) && capture_tgid == current->tgid;
}

/* => a fault of current was resolved; mmap_sem held, no spinlock */
void capture_fault(struct vm_area_struct *vma, unsigned long address, bool write);
/* => current reads or writes a page of a file by a call; no spinlock held */
void capture_call(struct address_space *mapping, unsigned long index, bool write);

#endif
