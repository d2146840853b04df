/* SPDX-License-Identifier: MIT */
/*
 * PCI configuration space through the ports 0xcf8 and 0xcfc, and the devices found in it.
 *
 * Enumeration walks bus 0 and whatever lies behind its bridges; the firmware has given every
 * bridge its bus numbers and every device its addresses and interrupt line, and nothing is moved.
 * Buses that no bridge leads to (a second host bridge) are not seen: the machines we run on have
 * none.
 *
 * Interrupts: MSI-X with one entry where the device has it, else the interrupt pin, whose number
 * the firmware has left in the interrupt-line register.
 *
 * Locks: config_lock (interrupts off) for the address/data pair of ports. The lists are built
 * during start-up by one task.
 *
 * What Linux does beyond it: memory-mapped configuration space, assigning addresses, hot plug,
 * power states.
 */
#include "drivers/pci.h"
#include "drivers/drivers.h"
#include "asm/io.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000U

#define PCI_NO_VENDOR	   0xffff
#define PCI_MULTI_FUNCTION 0x80
#define PCI_HEADER_BRIDGE  1
#define PCI_BAR_IO	   0x1
#define PCI_BAR_64	   0x4

#define MSIX_CONTROL	    2 /* offsets in the capability */
#define MSIX_TABLE	    4
#define MSIX_CONTROL_ENABLE 0x8000
#define MSIX_CONTROL_SIZE   0x07ff
#define MSIX_ENTRY_BYTES    16
#define MSIX_ENTRY_MASKED   1

static DEFINE_SPINLOCK(config_lock, LOCK_RANK_DRIVER);
static LIST_HEAD(devices);
static LIST_HEAD(drivers);

/* ---- Configuration space ------------------------------------------------------------ */

static u32 config_address(struct pci_dev *dev, int reg)
{
	return CONFIG_ENABLE | dev->bus << 16 | dev->dev << 11 | dev->fn << 8 | (reg & 0xfc);
}

u32 pci_read32(struct pci_dev *dev, int reg)
{
	unsigned long flags;
	u32 value;

	spin_lock_irqsave(&config_lock, flags);
	outl(config_address(dev, reg), CONFIG_ADDRESS);
	value = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&config_lock, flags);
	return value;
}

u16 pci_read16(struct pci_dev *dev, int reg)
{
	return pci_read32(dev, reg) >> (reg & 2) * 8;
}

u8 pci_read8(struct pci_dev *dev, int reg)
{
	return pci_read32(dev, reg) >> (reg & 3) * 8;
}

void pci_write32(struct pci_dev *dev, int reg, u32 value)
{
	unsigned long flags;

	spin_lock_irqsave(&config_lock, flags);
	outl(config_address(dev, reg), CONFIG_ADDRESS);
	outl(value, CONFIG_DATA);
	spin_unlock_irqrestore(&config_lock, flags);
}

void pci_write16(struct pci_dev *dev, int reg, u16 value)
{
	unsigned long flags;

	spin_lock_irqsave(&config_lock, flags);
	outl(config_address(dev, reg), CONFIG_ADDRESS);
	outw(value, CONFIG_DATA + (reg & 2));
	spin_unlock_irqrestore(&config_lock, flags);
}

int pci_find_capability(struct pci_dev *dev, int id, int after)
{
	int at, left = 48; /* as many as fit: a loop in the chain ends */

	if (!(pci_read16(dev, PCI_STATUS) & PCI_STATUS_CAPS))
		return 0;
	at = pci_read8(dev, after ? after + 1 : PCI_CAPABILITY_LIST) & 0xfc;
	while (at && left--) {
		if (pci_read8(dev, at) == id)
			return at;
		at = pci_read8(dev, at + 1) & 0xfc;
	}
	return 0;
}

/* ---- Address ranges and interrupts -------------------------------------------------- */

/*
 * => what stays zero when all ones are written is the size; returns how many registers the range
 *    took
 */
static int read_bar(struct pci_dev *dev, int n)
{
	int reg = PCI_BASE_ADDRESS_0 + 4 * n;
	u32 low = pci_read32(dev, reg), high = 0, size_low, size_high = ~0U;
	bool io = low & PCI_BAR_IO, wide = !io && (low & PCI_BAR_64) && n + 1 < PCI_NR_BARS;
	u32 mask = io ? ~3U : ~15U;

	pci_write32(dev, reg, ~0U);
	size_low = pci_read32(dev, reg);
	pci_write32(dev, reg, low);
	if (wide) {
		high = pci_read32(dev, reg + 4);
		pci_write32(dev, reg + 4, ~0U);
		size_high = pci_read32(dev, reg + 4);
		pci_write32(dev, reg + 4, high);
	}
	if (size_low == 0)
		return 1;
	dev->bar[n].io = io;
	dev->bar[n].start = (u64)high << 32 | (low & mask);
	dev->bar[n].size = -((u64)size_high << 32 | (size_low & mask));
	if (io)
		dev->bar[n].size &= 0xffff;
	return wide ? 2 : 1;
}

/* With decoding off: a range is at address -1 for a moment. */
static void read_bars(struct pci_dev *dev)
{
	u16 command = pci_read16(dev, PCI_COMMAND);

	pci_write16(dev, PCI_COMMAND, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
	for (int n = 0; n < PCI_NR_BARS;)
		n += read_bar(dev, n);
	pci_write16(dev, PCI_COMMAND, command);
}

void pci_enable_device(struct pci_dev *dev)
{
	u16 command = pci_read16(dev, PCI_COMMAND);

	pci_write16(dev, PCI_COMMAND,
		    command | PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void *pci_map_bar(struct pci_dev *dev, int bar, u64 offset, u64 bytes)
{
	if (bar >= PCI_NR_BARS || dev->bar[bar].io || bytes == 0 || bytes > dev->bar[bar].size ||
	    offset > dev->bar[bar].size - bytes)
		return NULL;
	return ioremap(dev->bar[bar].start + offset, bytes);
}

static int request_msix(struct pci_dev *dev, int cap, irq_handler_t handler, void *data,
			const char *name)
{
	u16 control = pci_read16(dev, cap + MSIX_CONTROL);
	u32 table = pci_read32(dev, cap + MSIX_TABLE);
	unsigned entries = (control & MSIX_CONTROL_SIZE) + 1;
	u64 addr;
	u32 msg;
	u8 *at = pci_map_bar(dev, table & 7, table & ~7U, entries * MSIX_ENTRY_BYTES);
	int irq;

	if (!at)
		return -EINVAL;
	irq = irq_alloc_msi(handler, data, name, &addr, &msg);
	if (irq < 0) {
		iounmap(at);
		return irq;
	}
	dev->msix_table = at;
	pci_write16(dev, cap + MSIX_CONTROL, control | MSIX_CONTROL_ENABLE);
	for (unsigned i = 1; i < entries; i++)
		writel(MSIX_ENTRY_MASKED, at + i * MSIX_ENTRY_BYTES + 12);
	writel((u32)addr, at);
	writel(addr >> 32, at + 4);
	writel(msg, at + 8);
	writel(0, at + 12);
	return 0;
}

int pci_request_irq(struct pci_dev *dev, irq_handler_t handler, void *data, const char *name,
		    bool *msix)
{
	int cap = pci_find_capability(dev, PCI_CAP_ID_MSIX, 0);

	*msix = cap && request_msix(dev, cap, handler, data, name) == 0;
	if (*msix)
		return 0;
	if (!dev->irq)
		return -ENODEV;
	return request_irq(dev->irq, handler, data, name);
}

/* ---- Enumeration -------------------------------------------------------------------- */

static void probe(struct pci_driver *driver, struct pci_dev *dev)
{
	int error;

	if (dev->driver_data)
		return;
	error = driver->probe(dev);
	if (error && error != -ENODEV)
		pr_err("%s: device %02x:%02x.%x: error %d\n", driver->name, dev->bus, dev->dev,
		       dev->fn, error);
}

void pci_register_driver(struct pci_driver *driver)
{
	struct pci_dev *dev;

	list_add_tail(&driver->list, &drivers);
	list_for_each_entry (dev, &devices, list)
		probe(driver, dev);
}

static void scan_bus(int bus);

static void scan_function(const struct pci_dev *found)
{
	struct pci_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return;
	*dev = *found;
	dev->class = pci_read32(dev, PCI_CLASS_REVISION) >> 8;
	list_add_tail(&dev->list, &devices);
	if ((pci_read8(dev, PCI_HEADER_TYPE) & 0x7f) == PCI_HEADER_BRIDGE) {
		int behind = pci_read8(dev, PCI_SECONDARY_BUS);

		if (behind > dev->bus)
			scan_bus(behind);
		return;
	}
	dev->subsystem = pci_read16(dev, PCI_SUBSYSTEM_ID);
	if (pci_read8(dev, PCI_INTERRUPT_PIN) && pci_read8(dev, PCI_INTERRUPT_LINE) != 0xff)
		dev->irq = pci_read8(dev, PCI_INTERRUPT_LINE);
	read_bars(dev);
}

static void scan_bus(int bus)
{
	for (int slot = 0; slot < 32; slot++) {
		int functions = 1;

		for (int fn = 0; fn < functions; fn++) {
			struct pci_dev dev = {.bus = bus, .dev = slot, .fn = fn};
			u32 id = pci_read32(&dev, PCI_VENDOR_ID);

			if ((id & 0xffff) == PCI_NO_VENDOR)
				continue;
			if (pci_read8(&dev, PCI_HEADER_TYPE) & PCI_MULTI_FUNCTION)
				functions = 8;
			dev.vendor = id;
			dev.device = id >> 16;
			scan_function(&dev);
		}
	}
}

void pci_init(void)
{
	scan_bus(0);
}
