/* SPDX-License-Identifier: MIT */
/* Pages that are gone, and when they were used last: the memory of policies that look back. See ghosts.c. */
#ifndef MM_GHOSTS_H
#define MM_GHOSTS_H

#include "kernel/base/types.h"

struct page;

#define GHOST_STAMP_BITS 26

struct ghost {
	u32 key;	/* 0: nobody */
	u32 stamp;
};

struct ghosts {
	struct ghost *sets;	/* of GHOST_WAYS each */
	u32 nr_sets;		/* a power of two */
};

/* => room for about nr; 0 or -ENOMEM; may sleep */
int ghosts_alloc(struct ghosts *g, unsigned long nr);
void ghosts_free(struct ghosts *g); /* may sleep; nothing allocated is fine */

/* => by what the page can be known when it is read in again; 0: by nothing */
u32 ghost_key(const struct page *page);
/* The page leaves; an older ghost may have to make room. => the caller's lock, for the next one too */
void ghost_add(struct ghosts *g, u32 key, u32 stamp);
/* => true: there was one, its stamp in *stamp, and it is gone now */
bool ghost_take(struct ghosts *g, u32 key, u32 *stamp);

/* Stamps are moments of a clock that wraps. => a is younger than b; both less than half a turn old */
static inline bool stamp_younger(u32 a, u32 b)
{
	return (s32)((a - b) << (32 - GHOST_STAMP_BITS)) > 0;
}

#endif
