/* SPDX-License-Identifier: MIT */
/*
 * PCI: functions found on the buses, their registers, and drivers that take them.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include "arch/irq.h"
#include "kernel/base/list.h"
#include "kernel/base/types.h"

#define PCI_VENDOR_ID	    0x00
#define PCI_DEVICE_ID	    0x02
#define PCI_COMMAND	    0x04
#define PCI_STATUS	    0x06
#define PCI_CLASS_REVISION  0x08
#define PCI_HEADER_TYPE	    0x0e
#define PCI_BASE_ADDRESS_0  0x10
#define PCI_SECONDARY_BUS   0x19
#define PCI_SUBSYSTEM_ID    0x2e
#define PCI_CAPABILITY_LIST 0x34
#define PCI_INTERRUPT_LINE  0x3c
#define PCI_INTERRUPT_PIN   0x3d

#define PCI_COMMAND_IO	   0x001
#define PCI_COMMAND_MEMORY 0x002
#define PCI_COMMAND_MASTER 0x004
#define PCI_COMMAND_NOINTX 0x400
#define PCI_STATUS_CAPS	   0x010

#define PCI_CAP_ID_MSI	  0x05
#define PCI_CAP_ID_VENDOR 0x09
#define PCI_CAP_ID_MSIX	  0x11
#define PCI_NR_BARS	  6

struct pci_bar {
	u64 start; /* physical address or port; 0 with size 0: not there */
	u64 size;
	bool io;
};

struct pci_dev {
	u8 bus, dev, fn;
	u16 vendor, device, subsystem;
	u32 class; /* class << 16 | subclass << 8 | interface */
	u8 irq;	   /* gsi of the interrupt pin; 0: none */
	struct pci_bar bar[PCI_NR_BARS];
	void *msix_table; /* mapped by pci_request_irq, NULL: none */
	void *driver_data;
	struct list_head list;
};

struct pci_driver {
	const char *name;
	/* => 0: the device is yours; -ENODEV: not one of ours; another error is printed */
	int (*probe)(struct pci_dev *dev);
	struct list_head list;
};

u8 pci_read8(struct pci_dev *dev, int reg);
u16 pci_read16(struct pci_dev *dev, int reg);
u32 pci_read32(struct pci_dev *dev, int reg);
void pci_write16(struct pci_dev *dev, int reg, u16 value);
void pci_write32(struct pci_dev *dev, int reg, u32 value);

/*
 * => offset of the first capability `id` behind `after` (0: from the start), 0 when there is none
 */
int pci_find_capability(struct pci_dev *dev, int id, int after);
/* => decoding of memory and ports on, bus mastering on */
void pci_enable_device(struct pci_dev *dev);
/*
 * => registers at [offset, offset + bytes) of a memory BAR, mapped uncached; NULL if they are not
 *    there
 */
void *pci_map_bar(struct pci_dev *dev, int bar, u64 offset, u64 bytes);
/*
 * => entry 0 of the MSI-X table, all other entries masked, or the interrupt pin where there is no
 *    MSI-X
 * => *msix says which; 0 or -errno
 */
int pci_request_irq(struct pci_dev *dev, irq_handler_t handler, void *data, const char *name,
		    bool *msix);

/* => probes every device, those found before and after */
void pci_register_driver(struct pci_driver *driver);

#endif
