/* SPDX-License-Identifier: MIT */
/* Pages of pipes by user. See pipe_user.c. */
#ifndef FS_PIPE_USER_H
#define FS_PIPE_USER_H

#include "kernel/base/types.h"

struct pipe_user;

extern long pipe_user_pages_soft;	/* pages; 0: no limit */

void pipe_user_init(void);
struct pipe_user *pipe_user_get(u32 uid);	/* one pipe more; NULL: no memory */
void pipe_user_put(struct pipe_user *user);	/* one pipe less; its pages are given back before */
/* => false, nothing changed: the user has too many to go from one number of pages to the other */
bool pipe_user_charge(struct pipe_user *user, unsigned int from, unsigned int to);
void pipe_user_charge_least(struct pipe_user *user, unsigned int pages); /* whatever the limit */

#endif
