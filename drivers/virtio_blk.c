/* SPDX-License-Identifier: MIT */
/*
 * virtio-blk: disks /dev/vda ... /dev/vdz, /dev/vdaa ... in the order of their PCI addresses.
 *
 * Each request in flight has a slot, all allocated at start: header and status byte for the
 * device and an indirect descriptor table, so that a request takes one entry of the ring however
 * many pieces it has.
 *
 *	ring entry [slot] -> table: header (device reads) | pieces | status (device writes)
 *
 * With all slots taken the block layer keeps requests and joins neighbours meanwhile, which is
 * why there are fewer slots than a queue has requests.
 *
 * Locks: the block queue's lock, which the block layer holds around queue_rq, guards ring and
 * slots; the interrupt handler takes it. The doorbell is rung without it.
 */
#include "drivers/virtio.h"
#include "drivers/drivers.h"
#include "asm/page.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/block.h"
#include "mm/page.h"
#include "mm/page_debug.h"
#include "mm/slab.h"

#define VIRTIO_BLK_F_SEG_MAX 2
#define VIRTIO_BLK_F_RO	     5
#define VIRTIO_BLK_F_FLUSH   9
#define VIRTIO_BLK_F_DISCARD 13

#define CONFIG_CAPACITY 0 /* 64 bits, sectors of 512 bytes whatever the block size */
#define CONFIG_SEG_MAX	12
#define CONFIG_MAX_DISCARD 36 /* sectors */

enum { VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH = 4, VIRTIO_BLK_T_DISCARD = 11 };
enum { VIRTIO_BLK_S_OK, VIRTIO_BLK_S_IOERR, VIRTIO_BLK_S_UNSUPP };

#define VIRTIO_BLK_MAJOR 254
#define MINORS_PER_DISK	 16
#define NR_SLOTS	 64
#define SLOT_PIECES	 BIO_MAX_VECS

struct blk_slot {
	u32 type; /* the header: type, reserved, sector */
	u32 reserved;
	u64 sector;
	struct {
		u64 sector;
		u32 nr_sectors, flags;
	} discard; /* what a discard has in place of pieces */
	struct vring_desc table[SLOT_PIECES + 2];
	u8 status;
	u16 index; /* [I] its entry in the ring */
	struct request *rq;
	struct blk_slot *next_free; /* [q] */
};

struct virtio_blk {
	struct virtio_dev vdev;
	struct virtqueue vq; /* [q] */
	struct block_device bdev;
	unsigned nr_slots;		  /* [I] */
	struct blk_slot *slots[NR_SLOTS]; /* [I] ring entry i belongs to slots[i] */
	struct blk_slot *free;		  /* [q] */
};

static unsigned int nr_disks;

static void set_desc(struct vring_desc *desc, u64 addr, u32 len, u16 flags, u16 next)
{
	*desc = (struct vring_desc){addr, len, flags, next};
}

/* => fills the slot's table; returns how many entries it has */
static unsigned fill_table(struct blk_slot *slot, struct request *rq)
{
	struct vring_desc *table = slot->table;
	u16 direction = rq->op == BIO_READ ? VRING_DESC_F_WRITE : 0;
	unsigned n = 0;

	set_desc(&table[n], __pa(&slot->type), 16, VRING_DESC_F_NEXT, n + 1);
	n++;
	for (struct bio *bio = rq->bio; bio; bio = bio->bi_next) {
		for (unsigned i = 0; i < bio->bi_vcnt; i++, n++) {
			const struct bio_vec *vec = &bio->bi_io_vec[i];
			u64 addr = ((u64)page_to_pfn(vec->page) << PAGE_SHIFT) + vec->offset;

			if (rq->op == BIO_READ)
				kmemcheck_mark_initialized(vec->page);
			set_desc(&table[n], addr, vec->len, VRING_DESC_F_NEXT | direction, n + 1);
		}
	}
	if (rq->op == BIO_DISCARD) {
		slot->discard.sector = rq->sector;
		slot->discard.nr_sectors = rq->nr_sectors;
		set_desc(&table[n], __pa(&slot->discard), sizeof(slot->discard), VRING_DESC_F_NEXT, n + 1);
		n++;
	}
	set_desc(&table[n], __pa(&slot->status), 1, VRING_DESC_F_WRITE, 0);
	return n + 1;
}

static int blk_queue_rq(struct block_device *bdev, struct request *rq)
{
	static const u32 types[] = {
		[BIO_READ] = VIRTIO_BLK_T_IN,
		[BIO_WRITE] = VIRTIO_BLK_T_OUT,
		[BIO_FLUSH] = VIRTIO_BLK_T_FLUSH,
		[BIO_DISCARD] = VIRTIO_BLK_T_DISCARD,
	};
	struct virtio_blk *blk = bdev->driver_data;
	struct blk_slot *slot = blk->free;
	unsigned n;

	if (!slot)
		return -EBUSY;
	blk->free = slot->next_free;
	slot->rq = rq;
	slot->type = types[rq->op];
	slot->sector = rq->op <= BIO_WRITE ? rq->sector : 0;
	slot->status = VIRTIO_BLK_S_IOERR;
	n = fill_table(slot, rq);
	set_desc(&blk->vq.desc[slot->index], __pa(slot->table), n * sizeof(struct vring_desc),
		 VRING_DESC_F_INDIRECT, 0);
	virtqueue_add(&blk->vq, slot->index);
	return 0;
}

static void blk_commit(struct block_device *bdev)
{
	struct virtio_blk *blk = bdev->driver_data;

	virtqueue_kick(&blk->vq);
}

static int status_error(u8 status)
{
	return status == VIRTIO_BLK_S_OK ? 0 : status == VIRTIO_BLK_S_UNSUPP ? -EOPNOTSUPP : -EIO;
}

/* => takes back what the device has finished */
static void blk_poll(struct block_device *bdev)
{
	struct virtio_blk *blk = bdev->driver_data;
	unsigned long flags;
	int index;

	spin_lock_irqsave(&bdev->queue->lock, flags);
	while ((index = virtqueue_next_used(&blk->vq, NULL)) >= 0) {
		struct blk_slot *slot = blk->slots[index % NR_SLOTS];

		if (unlikely((unsigned)index >= blk->nr_slots || !slot->rq)) {
			pr_err_ratelimited("%s: the disk answers request %d, which it does not have\n",
					   bdev->name, index);
			continue;
		}
		slot->next_free = blk->free;
		blk->free = slot;
		block_request_done(slot->rq, status_error(READ_ONCE(slot->status)));
		slot->rq = NULL;
	}
	spin_unlock_irqrestore(&bdev->queue->lock, flags);
}

static void blk_interrupt(int irq, void *data)
{
	struct virtio_dev *vdev = data;
	struct virtio_blk *blk = container_of(vdev, struct virtio_blk, vdev);

	if (virtio_irq_pending(vdev))
		blk_poll(&blk->bdev);
}

static const struct block_device_operations blk_ops = {
	.queue_rq = blk_queue_rq,
	.commit = blk_commit,
	.poll = blk_poll,
};

static int alloc_slots(struct virtio_blk *blk)
{
	blk->nr_slots = min_t(unsigned, blk->vq.size, NR_SLOTS);
	for (unsigned i = 0; i < blk->nr_slots; i++) {
		struct blk_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);

		if (!slot)
			return -ENOMEM;
		slot->index = i;
		blk->slots[i] = slot;
		slot->next_free = blk->free;
		blk->free = slot;
	}
	return 0;
}

/* => vda ... vdz, vdaa, vdab ...: digits from a to z without a zero */
static void name_disk(char *name, unsigned int nr)
{
	char digits[4], *p = digits + sizeof(digits) - 1;

	*p = 0;
	for (nr++; nr; nr = (nr - 1) / 26)
		*--p = (char)('a' + (nr - 1) % 26);
	snprintf(name, 16, "vd%s", p);
}

static int describe_disk(struct virtio_blk *blk)
{
	struct virtio_dev *vdev = &blk->vdev;
	struct block_device *bdev = &blk->bdev;
	u32 pieces =
		virtio_has(vdev, VIRTIO_BLK_F_SEG_MAX) ? virtio_config32(vdev, CONFIG_SEG_MAX) : 1;

	bdev->queue = kzalloc(sizeof(*bdev->queue), GFP_KERNEL);
	if (!bdev->queue)
		return -ENOMEM;
	bdev->queue->max_vecs = clamp(pieces, 1U, (u32)SLOT_PIECES);
	name_disk(bdev->name, nr_disks);
	bdev->dev = MKDEV(VIRTIO_BLK_MAJOR, nr_disks * MINORS_PER_DISK);
	bdev->nr_sectors = virtio_config64(vdev, CONFIG_CAPACITY);
	bdev->read_only = virtio_has(vdev, VIRTIO_BLK_F_RO);
	bdev->has_flush = virtio_has(vdev, VIRTIO_BLK_F_FLUSH);
	if (virtio_has(vdev, VIRTIO_BLK_F_DISCARD))
		bdev->max_discard_sectors = min(virtio_config32(vdev, CONFIG_MAX_DISCARD), DISCARD_SECTORS);
	bdev->ops = &blk_ops;
	bdev->driver_data = blk;
	return 0;
}

static int start(struct virtio_blk *blk, struct pci_dev *pci)
{
	struct virtio_dev *vdev = &blk->vdev;
	int error = virtio_setup(vdev, pci);

	if (!error)
		error = virtio_negotiate(
			vdev, 1ULL << VIRTIO_F_INDIRECT_DESC | 1 << VIRTIO_BLK_F_SEG_MAX |
				      1 << VIRTIO_BLK_F_RO | 1 << VIRTIO_BLK_F_FLUSH |
				      1 << VIRTIO_BLK_F_DISCARD);
	if (!error && !virtio_has(vdev, VIRTIO_F_INDIRECT_DESC))
		error = -EOPNOTSUPP;
	if (!error)
		error = describe_disk(blk);
	if (!error)
		error = virtio_request_irq(vdev, blk_interrupt, blk->bdev.name);
	if (!error)
		error = virtio_setup_queue(vdev, &blk->vq, 0, 256);
	if (!error)
		error = alloc_slots(blk);
	if (error)
		return error;
	virtio_driver_ok(vdev);
	return block_register(&blk->bdev);
}

/*
 * A transitional device tells its type in the subsystem number and has the modern structures too.
 */
static bool is_disk(const struct pci_dev *pci)
{
	if (pci->vendor != VIRTIO_PCI_VENDOR)
		return false;
	if (pci->device < VIRTIO_PCI_DEVICE_BASE)
		return pci->device >= VIRTIO_PCI_TRANSITIONAL && pci->subsystem == VIRTIO_ID_BLOCK;
	return pci->device == VIRTIO_PCI_DEVICE_BASE + VIRTIO_ID_BLOCK;
}

static int blk_probe(struct pci_dev *pci)
{
	struct virtio_blk *blk;
	int error;

	if (!is_disk(pci))
		return -ENODEV;
	blk = kzalloc(sizeof(*blk), GFP_KERNEL);
	if (!blk)
		return -ENOMEM;
	pci->driver_data = blk;
	error = start(blk, pci);
	if (error) {
		virtio_fail(&blk->vdev); /* the device is off; its few pages stay with it */
		pr_err("virtio_blk: the disk at PCI %02x:%02x.%x is left out: it did not start (error %d)\n",
		       pci->bus, pci->dev, pci->fn, error);
	} else {
		nr_disks++;
	}
	return error;
}

static struct pci_driver virtio_blk_driver = {.name = "virtio_blk", .probe = blk_probe};

void virtio_blk_init(void)
{
	pci_register_driver(&virtio_blk_driver);
}
