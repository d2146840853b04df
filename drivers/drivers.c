/* SPDX-License-Identifier: MIT */
/*
 * The devices there are: what is on the PCI buses, virtio disks first, then the RAM disk.
 */
#include "drivers/drivers.h"
#include "kernel/base/printk.h"

void drivers_init(void)
{
	int error;

	pci_init();
	virtio_blk_init();
	error = ramdisk_init();
	if (error)
		pr_err("ramdisk: error %d\n", error);
}
