/* SPDX-License-Identifier: MIT */
/*
 * virtio 1.0 over PCI: what a driver of one device (virtio_blk) needs of the transport and of the
 * rings.
 *
 *	struct virtio_dev: registers found in the device's capabilities (drivers/virtio_pci.c)
 *	struct virtqueue:  a split ring: descriptors, what we offer (avail), what is done (used)
 *
 * A virtqueue has no lock of its own: its owner calls with its own.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include "drivers/pci.h"
#include "kernel/base/types.h"

#define VIRTIO_PCI_VENDOR 0x1af4
#define VIRTIO_PCI_TRANSITIONAL \
	0x1000 /* up to 0x103f: with the interface of before 1.0 beside the modern one */
#define VIRTIO_PCI_DEVICE_BASE 0x1040 /* + device type */
#define VIRTIO_ID_BLOCK	       2
#define VIRTIO_ID_RNG	       4

#define VIRTIO_F_INDIRECT_DESC 28
#define VIRTIO_F_VERSION_1     32

#define VRING_DESC_F_NEXT      1
#define VRING_DESC_F_WRITE     2 /* the device writes into it */
#define VRING_DESC_F_INDIRECT  4
#define VRING_USED_F_NO_NOTIFY 1

struct vring_desc {
	u64 addr; /* physical */
	u32 len;
	u16 flags;
	u16 next;
};

struct vring_avail {
	u16 flags;
	u16 idx;
	u16 ring[];
};

struct vring_used_elem {
	u32 id;
	u32 len;
};

struct vring_used {
	u16 flags;
	u16 idx;
	struct vring_used_elem ring[];
};

struct virtqueue {
	u16 size;      /* [I] entries, a power of two */
	u16 avail_idx; /* entries offered so far */
	u16 used_idx;  /* entries taken back so far */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	volatile void *notify; /* [I] doorbell */
	u16 index;
};

struct virtio_dev {
	struct pci_dev *pci;
	u8 *common, *notify, *isr, *config; /* mapped structures of the capabilities */
	u32 notify_multiplier;
	u32 notify_bytes;
	u64 features; /* agreed on */
	bool msix;
};

/*
 * => maps the structures and resets the device; -ENODEV for a device without the modern interface
 */
int virtio_setup(struct virtio_dev *vdev, struct pci_dev *pci);
/* => agrees on what both sides have (VERSION_1 is needed); 0 or -ENODEV */
int virtio_negotiate(struct virtio_dev *vdev, u64 wanted);
static inline bool virtio_has(const struct virtio_dev *vdev, int feature)
{
	return vdev->features >> feature & 1;
}
/* => handler in hard-interrupt context; before virtio_setup_queue */
int virtio_request_irq(struct virtio_dev *vdev, irq_handler_t handler, const char *name);
/* => interrupt pin: true if this device raised it; reading quiets it. MSI-X: always true. */
bool virtio_irq_pending(struct virtio_dev *vdev);
/* => at most `most` entries; may sleep; 0 or -errno */
int virtio_setup_queue(struct virtio_dev *vdev, struct virtqueue *vq, u16 index, u16 most);
void virtio_driver_ok(struct virtio_dev *vdev);
void virtio_fail(struct virtio_dev *vdev);
/* => device configuration; 64-bit fields are read until two reads agree */
u32 virtio_config32(struct virtio_dev *vdev, u32 offset);
u64 virtio_config64(struct virtio_dev *vdev, u32 offset);

/* => descriptor `head` is offered to the device, which may see it at once */
void virtqueue_add(struct virtqueue *vq, u16 head);
/* => wakes the device if it wants to be told; needs no lock */
void virtqueue_kick(struct virtqueue *vq);
/* => head of the next finished entry, or -1; *len: bytes the device has written, len may be NULL */
int virtqueue_next_used(struct virtqueue *vq, u32 *len);

#endif
