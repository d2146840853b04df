/* SPDX-License-Identifier: MIT */
/*
 * LZ4's legacy format, piece by piece. See unlz4.c. Compiles for the host too.
 */
#ifndef FS_UNLZ4_H
#define FS_UNLZ4_H

#include "kernel/base/types.h"

#define UNLZ4_MAGIC   0x184c2102U
#define UNLZ4_HISTORY 0x10000U			     /* a match begins at most that far back */
#define UNLZ4_WINDOW  (2 * UNLZ4_HISTORY + 1024)     /* bytes; the last ones for what begins before them */

enum unlz4_state { LZ4_SIZE, LZ4_TOKEN, LZ4_MORE_LITERALS, LZ4_LITERALS, LZ4_DISTANCE, LZ4_MORE_MATCH, LZ4_MATCH };

struct unlz4 {
	int (*out)(void *ctx, const void *data, size_t len); /* 0 or -errno, which ends the unpacking */
	void *ctx;
	u8 *window;
	enum unlz4_state state;
	u32 pos;	   /* in the window: where the next byte goes */
	u32 sent;	   /* out() has had what is before */
	u32 word, have;	   /* LZ4_SIZE, LZ4_DISTANCE: bytes collected */
	u32 block_left;	   /* bytes of the block that have not been read */
	u32 block_out;	   /* bytes it has become */
	u32 literals;	   /* still to be copied */
	u32 match;
	bool begun;	   /* the magic was there */
	u64 offset;	   /* bytes read in all */
	const char *error; /* what is wrong, after -EINVAL */
};

/* => window: UNLZ4_WINDOW bytes that stay there until the end */
void unlz4_start(struct unlz4 *z, u8 *window, int (*out)(void *, const void *, size_t), void *ctx);
/* => the next len bytes; 0, -EINVAL with z->error, or what out() returned */
int unlz4_feed(struct unlz4 *z, const void *data, size_t len);
/* => the input has ended: 0, -EINVAL with z->error when it ended inside a block, or what out() returned */
int unlz4_finish(struct unlz4 *z);

#endif
