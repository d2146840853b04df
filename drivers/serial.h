/* SPDX-License-Identifier: MIT */
/* The first serial port: printk's console, and the bytes of the terminal on it. */
#ifndef DRIVERS_SERIAL_H
#define DRIVERS_SERIAL_H

#include "kernel/base/types.h"

/*
 * => bytes as they come, in hard-interrupt context; one receiver, bytes before it are dropped
 * => starts reception: request_irq() must work
 * => receive returns false when it has no room for 16 more: the port is left full, so that its sender waits, until
 *    serial_receive_more(). n == 0 asks only whether there is room
 */
int serial_set_receiver(bool (*receive)(void *data, const char *bytes, size_t n), void *data);
void serial_receive_more(void);
/*
 * => puts the bytes out unchanged, polling; any context. Lines of printk may come between two
 *    calls.
 */
void serial_write(const char *bytes, size_t n);

#endif
