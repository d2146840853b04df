/* SPDX-License-Identifier: MIT */
/* What swap_area.c and swapoff.c share: the list of areas and its mutex. */
#ifndef MM_SWAPON_H
#define MM_SWAPON_H

#include "kernel/core/mutex.h"
#include "kernel/core/task.h"
#include "mm/swap_internal.h"

extern struct mutex swapon_mutex;		/* S */
extern struct list_head swap_active_head;	/* [S] by priority */
extern int swap_least_priority;			/* [S] */

/* => swapon_mutex held, for all of these */
struct swap_area *swap_area_find(const struct block_device *bdev);
void swap_area_publish(struct swap_area *area);	/* slots may be taken from now on */
void swap_area_free_tables(struct swap_area *area);

#endif
