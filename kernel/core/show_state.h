/* SPDX-License-Identifier: MIT */
#ifndef KERNEL_CORE_SHOW_STATE_H
#define KERNEL_CORE_SHOW_STATE_H

/* => every thread with its state, and the backtrace of those that do not run; by printk, any context but NMI */
void show_state(void);

#endif
