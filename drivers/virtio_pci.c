/* SPDX-License-Identifier: MIT */
/*
 * The virtio 1.0 transport over PCI: a device tells in vendor capabilities which BAR holds which
 * structure.
 *
 *	common  features, status, and per queue: size, addresses, enable
 *	notify  doorbells: write the queue's number
 *	isr	why the interrupt pin was raised (not read with MSI-X)
 *	config  the device type's own registers
 *
 * Start: reset -> ACKNOWLEDGE -> DRIVER -> features -> FEATURES_OK -> queues -> DRIVER_OK.
 *
 * Ring order: the descriptor, then its number in avail->ring, then (write barrier) avail->idx,
 * then (full barrier) used->flags, which says whether the device wants to be told. The device's
 * used->idx is read before the ring entry it announces (read barrier).
 */
#include "drivers/virtio.h"
#include "asm/barrier.h"
#include "asm/io.h"
#include "asm/page.h"
#include "kernel/base/compiler.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "mm/gfp.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define CAP_CFG_TYPE	      3 /* offsets in the capability */
#define CAP_BAR		      4
#define CAP_OFFSET	      8
#define CAP_LENGTH	      12
#define CAP_NOTIFY_MULTIPLIER 16

enum { CFG_COMMON = 1, CFG_NOTIFY, CFG_ISR, CFG_DEVICE };

#define COMMON_DEVICE_FEATURE_SELECT 0x00
#define COMMON_DEVICE_FEATURE	     0x04
#define COMMON_DRIVER_FEATURE_SELECT 0x08
#define COMMON_DRIVER_FEATURE	     0x0c
#define COMMON_MSIX_CONFIG	     0x10
#define COMMON_DEVICE_STATUS	     0x14
#define COMMON_CONFIG_GENERATION     0x15
#define COMMON_QUEUE_SELECT	     0x16
#define COMMON_QUEUE_SIZE	     0x18
#define COMMON_QUEUE_MSIX	     0x1a
#define COMMON_QUEUE_ENABLE	     0x1c
#define COMMON_QUEUE_NOTIFY_OFF	     0x1e
#define COMMON_QUEUE_DESC	     0x20
#define COMMON_QUEUE_AVAIL	     0x28
#define COMMON_QUEUE_USED	     0x30
#define COMMON_BYTES		     0x38

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED	   128
#define NO_VECTOR	   0xffff
#define RESET_PATIENCE	   1000000

static void write_status(struct virtio_dev *vdev, u8 bit)
{
	writeb(readb(vdev->common + COMMON_DEVICE_STATUS) | bit,
	       vdev->common + COMMON_DEVICE_STATUS);
}

static void map_capability(struct virtio_dev *vdev, int cap)
{
	struct pci_dev *pci = vdev->pci;
	int bar = pci_read8(pci, cap + CAP_BAR);
	u32 offset = pci_read32(pci, cap + CAP_OFFSET), bytes = pci_read32(pci, cap + CAP_LENGTH);

	switch (pci_read8(pci, cap + CAP_CFG_TYPE)) {
	case CFG_COMMON:
		if (!vdev->common && bytes >= COMMON_BYTES)
			vdev->common = pci_map_bar(pci, bar, offset, bytes);
		break;
	case CFG_NOTIFY:
		if (!vdev->notify) {
			vdev->notify = pci_map_bar(pci, bar, offset, bytes);
			vdev->notify_bytes = bytes;
			vdev->notify_multiplier = pci_read32(pci, cap + CAP_NOTIFY_MULTIPLIER);
		}
		break;
	case CFG_ISR:
		if (!vdev->isr)
			vdev->isr = pci_map_bar(pci, bar, offset, bytes);
		break;
	case CFG_DEVICE:
		if (!vdev->config)
			vdev->config = pci_map_bar(pci, bar, offset, bytes);
		break;
	}
}

static int reset(struct virtio_dev *vdev)
{
	writeb(0, vdev->common + COMMON_DEVICE_STATUS);
	for (int i = 0; i < RESET_PATIENCE; i++) {
		if (readb(vdev->common + COMMON_DEVICE_STATUS) == 0)
			return 0;
		cpu_relax();
	}
	return -ENODEV;
}

int virtio_setup(struct virtio_dev *vdev, struct pci_dev *pci)
{
	vdev->pci = pci;
	pci_enable_device(pci);
	for (int cap = 0; (cap = pci_find_capability(pci, PCI_CAP_ID_VENDOR, cap));)
		map_capability(vdev, cap);
	if (!vdev->common || !vdev->notify || !vdev->isr || !vdev->config)
		return -ENODEV;
	if (reset(vdev))
		return -ENODEV;
	write_status(vdev, STATUS_ACKNOWLEDGE);
	write_status(vdev, STATUS_DRIVER);
	return 0;
}

int virtio_negotiate(struct virtio_dev *vdev, u64 wanted)
{
	u64 offered = 0;

	wanted |= 1ULL << VIRTIO_F_VERSION_1;
	for (int half = 0; half < 2; half++) {
		writel(half, vdev->common + COMMON_DEVICE_FEATURE_SELECT);
		offered |= (u64)readl(vdev->common + COMMON_DEVICE_FEATURE) << 32 * half;
	}
	vdev->features = offered & wanted;
	for (int half = 0; half < 2; half++) {
		writel(half, vdev->common + COMMON_DRIVER_FEATURE_SELECT);
		writel(vdev->features >> 32 * half, vdev->common + COMMON_DRIVER_FEATURE);
	}
	write_status(vdev, STATUS_FEATURES_OK);
	if (!virtio_has(vdev, VIRTIO_F_VERSION_1) ||
	    !(readb(vdev->common + COMMON_DEVICE_STATUS) & STATUS_FEATURES_OK))
		return -ENODEV;
	return 0;
}

int virtio_request_irq(struct virtio_dev *vdev, irq_handler_t handler, const char *name)
{
	writew(NO_VECTOR, vdev->common + COMMON_MSIX_CONFIG);
	return pci_request_irq(vdev->pci, handler, vdev, name, &vdev->msix);
}

bool virtio_irq_pending(struct virtio_dev *vdev)
{
	return vdev->msix || readb(vdev->isr);
}

static unsigned order_of(size_t bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes)
		order++;
	return order;
}

static void write_address(struct virtio_dev *vdev, u32 reg, const void *va)
{
	u64 physical = __pa(va);

	writel((u32)physical, vdev->common + reg);
	writel(physical >> 32, vdev->common + reg + 4);
}

/*
 * Descriptors, avail and used in one physically contiguous block, each on a cache line of its
 * own.
 */
static int alloc_rings(struct virtqueue *vq)
{
	size_t avail = vq->size * sizeof(struct vring_desc);
	size_t used = ALIGN(avail + 6 + 2 * vq->size, 64);
	size_t bytes = used + 6 + vq->size * sizeof(struct vring_used_elem);
	char *block = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, order_of(bytes));

	if (!block)
		return -ENOMEM;
	vq->desc = (void *)block;
	vq->avail = (void *)(block + avail);
	vq->used = (void *)(block + used);
	return 0;
}

int virtio_setup_queue(struct virtio_dev *vdev, struct virtqueue *vq, u16 index, u16 most)
{
	u8 *common = vdev->common;
	u32 doorbell;
	int error;

	writew(index, common + COMMON_QUEUE_SELECT);
	vq->index = index;
	vq->size = min(readw(common + COMMON_QUEUE_SIZE), most);
	if (vq->size == 0 || (vq->size & (vq->size - 1)))
		return -ENODEV;
	writew(vq->size, common + COMMON_QUEUE_SIZE);
	doorbell = readw(common + COMMON_QUEUE_NOTIFY_OFF) * vdev->notify_multiplier;
	if (doorbell + 2 > vdev->notify_bytes)
		return -ENODEV;
	vq->notify = vdev->notify + doorbell;
	error = alloc_rings(vq);
	if (error)
		return error;
	if (vdev->msix) {
		writew(0, common + COMMON_QUEUE_MSIX);
		if (readw(common + COMMON_QUEUE_MSIX) == NO_VECTOR)
			return -ENOSPC;
	}
	write_address(vdev, COMMON_QUEUE_DESC, vq->desc);
	write_address(vdev, COMMON_QUEUE_AVAIL, vq->avail);
	write_address(vdev, COMMON_QUEUE_USED, vq->used);
	writew(1, common + COMMON_QUEUE_ENABLE);
	return 0;
}

void virtio_driver_ok(struct virtio_dev *vdev)
{
	write_status(vdev, STATUS_DRIVER_OK);
}

void virtio_fail(struct virtio_dev *vdev)
{
	if (vdev->common)
		write_status(vdev, STATUS_FAILED);
}

u32 virtio_config32(struct virtio_dev *vdev, u32 offset)
{
	return readl(vdev->config + offset);
}

u64 virtio_config64(struct virtio_dev *vdev, u32 offset)
{
	u64 value;
	u8 generation;

	do {
		generation = readb(vdev->common + COMMON_CONFIG_GENERATION);
		value = readl(vdev->config + offset) | (u64)readl(vdev->config + offset + 4) << 32;
	} while (readb(vdev->common + COMMON_CONFIG_GENERATION) != generation);
	return value;
}

void virtqueue_add(struct virtqueue *vq, u16 head)
{
	vq->avail->ring[vq->avail_idx++ & (vq->size - 1)] = head;
	wmb();
	WRITE_ONCE(vq->avail->idx, vq->avail_idx);
}

void virtqueue_kick(struct virtqueue *vq)
{
	mb();
	if (!(READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY))
		writew(vq->index, vq->notify);
}

int virtqueue_next_used(struct virtqueue *vq, u32 *len)
{
	const struct vring_used_elem *elem;

	if (vq->used_idx == READ_ONCE(vq->used->idx))
		return -1;
	rmb();
	elem = &vq->used->ring[vq->used_idx++ & (vq->size - 1)];
	if (len)
		*len = elem->len;
	return (int)elem->id;
}
