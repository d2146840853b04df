/* SPDX-License-Identifier: MIT */
/* The hardware random number generator: /dev/hwrng and what it gives to /dev/random. See virtio_rng.c. */
#ifndef DRIVERS_VIRTIO_RNG_H
#define DRIVERS_VIRTIO_RNG_H

#include "kernel/base/types.h"

struct hwrng_stat {
	unsigned int posted, full;	  /* buffers with the device, buffers that wait for a reader */
	unsigned long filled;		  /* interrupts' worth: buffers the device has filled */
	unsigned long from_hardirq, from_softirq; /* buffers allocated there */
	unsigned long starved;		  /* GFP_ATOMIC found no page: tried again later */
};

/*
 * => up to n bytes into kernel memory; sleeps for them unless nonblock. -ENODEV: there is no generator; -EAGAIN; -EINTR
 */
ssize_t hwrng_read(void *buf, size_t n, bool nonblock);
void hwrng_get_stat(struct hwrng_stat *stat);
/* fs registers who is given the first bytes of each buffer; called in softirq */
void hwrng_set_sink(void (*sink)(const void *data, size_t n));

#endif
