/* SPDX-License-Identifier: MIT */
/*
 * The devices there are: the terminal, what is on the PCI buses, the RAM disk.
 */
#include "drivers/drivers.h"
#include "drivers/sysrq.h"
#include "drivers/tty.h"
#include "kernel/base/printk.h"

void drivers_init(void)
{
	int error;

	sysrq_init();
	tty_init();
	pci_init();
	virtio_blk_init();
	virtio_rng_init();
	error = ramdisk_init();
	if (error)
		pr_err("ramdisk: error %d\n", error);
}
