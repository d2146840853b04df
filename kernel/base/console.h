/* SPDX-License-Identifier: MIT */
/* Between printk.c and console.c. */
#ifndef KERNEL_BASE_CONSOLE_H
#define KERNEL_BASE_CONSOLE_H

/* => brings every console up to date, unless another CPU is doing it: then that one will */
void console_flush(void);
/* => panic: the console is ours from now on */
void console_break_lock(void);

#endif
