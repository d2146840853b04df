/* SPDX-License-Identifier: MIT */
/* Crashes on demand: see lkdtm.c. The files are fs/proc/debugfs.c's. */
#ifndef DRIVERS_LKDTM_H
#define DRIVERS_LKDTM_H

/* => the name of the i-th crash, NULL: there are fewer */
const char *lkdtm_name(unsigned int i);
/* => does not come back if the guard under test works; -EINVAL: no such name. Process context of a user program. */
int lkdtm_do(const char *name);

#endif
