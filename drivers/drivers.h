/* SPDX-License-Identifier: MIT */
/* The drivers' start-up, in the order kernel/main.c calls it. */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

/*
 * => the serial port is set up and becomes printk's console; first thing of all, needs printk
 *    alone
 */
void serial_console_init(void);
/*
 * => finds the devices and starts them; process context, interrupts work, block_init() was called
 */
void drivers_init(void);

/* Its parts. */
void pci_init(void);
void virtio_blk_init(void);
void virtio_rng_init(void);
int ramdisk_init(void);

#endif
