/* SPDX-License-Identifier: MIT */
/*
 * The cpio "newc" format, piece by piece. See cpio.c. Compiles for the host too.
 */
#ifndef FS_CPIO_H
#define FS_CPIO_H

#include "kernel/base/types.h"

#define CPIO_HEADER 110
#define CPIO_NAME_MAX 4096

struct cpio_entry {
	const char *name;	/* as in the archive */
	u32 ino, mode, uid, gid, nlink, mtime, size, major, minor, rmajor, rminor;
	u64 offset;		/* of the header, in the whole input */
};

/* Each returns 0 or -errno; an error ends the unpacking. */
struct cpio_ops {
	int (*entry)(void *ctx, const struct cpio_entry *entry);	/* header and name */
	int (*data)(void *ctx, const void *data, size_t len);		/* contents, in order; size bytes in all */
	int (*done)(void *ctx, const struct cpio_entry *entry);		/* contents are complete */
	void (*archive_end)(void *ctx);					/* TRAILER!!!: hard links end here */
};

enum cpio_state { CPIO_BETWEEN, CPIO_IN_HEADER, CPIO_IN_NAME, CPIO_IN_DATA, CPIO_IN_PAD };

struct cpio_reader {
	const struct cpio_ops *ops;
	void *ctx;
	enum cpio_state state;
	u64 pos;		/* bytes taken so far */
	u64 base;		/* where this archive began: paddings count from here */
	unsigned int have;	/* bytes collected of header or name */
	unsigned int name_size;
	u64 left;		/* bytes of contents still to come */
	unsigned int nr_archives, nr_entries;
	bool crc_format;
	u32 check, sum;
	struct cpio_entry entry;
	char header[CPIO_HEADER];
	char name[CPIO_NAME_MAX + 1];
	char error[200];	/* what is wrong and what to do, after -EINVAL */
};

void cpio_start(struct cpio_reader *r, const struct cpio_ops *ops, void *ctx);
/* => the next len bytes; 0, -EINVAL with r->error, or what an operation returned */
int cpio_feed(struct cpio_reader *r, const void *data, size_t len);
/* => the input has ended: 0, or -EINVAL with r->error when it ended inside an archive */
int cpio_finish(struct cpio_reader *r);

#endif
