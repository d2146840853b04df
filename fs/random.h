/* SPDX-License-Identifier: MIT */
/* Random bytes: getrandom(2), /dev/random, AT_RANDOM. See random.c. */
#ifndef FS_RANDOM_H
#define FS_RANDOM_H

#include "kernel/base/types.h"

/* => any context but hard interrupts; never fails, never blocks */
void get_random_bytes(void *buf, size_t n);
/* => like read(2) of /dev/urandom into user memory */
ssize_t get_random_bytes_user(char *ubuf, size_t n);
/* Stirs bytes of any origin in; the output is never worse for it. Any context */
void add_randomness(const void *data, size_t n);

#endif
