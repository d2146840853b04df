/* SPDX-License-Identifier: MIT */
/* SysRq: see sysrq.c. */
#ifndef DRIVERS_SYSRQ_H
#define DRIVERS_SYSRQ_H

#include "kernel/base/types.h"

/* /proc/sys/kernel/sysrq: 0 off, 1 all, else the sum of these */
#define SYSRQ_ENABLE_LOG    0x02 /* loglevel */
#define SYSRQ_ENABLE_DUMP   0x08 /* h l m t, and c */
#define SYSRQ_ENABLE_SIGNAL 0x40 /* f */
#define SYSRQ_ENABLE_BOOT   0x80 /* b o */
extern int sysrq_enabled;

struct sysrq_key {
	void (*handler)(int key); /* any context but NMI: it must not sleep */
	const char *help;	  /* for the line of HELP */
	const char *action;	  /* printed before the handler runs */
	int enable_mask;
};

/* => key: '0'..'9' or 'a'..'z'; NULL op: the key is free again. 0, or -EINVAL, -EBUSY */
int register_sysrq_key(int key, const struct sysrq_key *op);
/* => a key after BREAK on the console: obeys sysrq_enabled. Any context but NMI. */
void handle_sysrq(int key);
/* => the same for /proc/sysrq-trigger: root is always heard */
void trigger_sysrq(int key);
void sysrq_init(void);

#endif
