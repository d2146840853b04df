/* SPDX-License-Identifier: MIT */
/* What mmap.c lends to brk.c and mremap.c. */
#ifndef MM_MMAP_H
#define MM_MMAP_H

struct file;
struct mm_struct;

/*
 * W: the range becomes one area (or part of a neighbour); what was there is unmapped first. All checks of
 * the request are done but the address-space limit and overcommit.
 * => addr or -errno
 */
unsigned long mmap_region(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
			  unsigned long vm_flags, unsigned long pgoff);

#endif
