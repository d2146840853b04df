/* SPDX-License-Identifier: MIT */
/*
 * virtio-rng: the host's random bytes, page by page.
 *
 *	ring: empty pages --device--> interrupt: the page is full --> /dev/hwrng reads it, it is freed
 *	                                 |  a fresh page for the ring: GFP_ATOMIC, we cannot sleep
 *	                                 +-> softirq (timer): the first bytes go to /dev/random
 *
 * The receive path of any fast device looks like this: whoever feeds it allocates where nothing can be reclaimed, from
 * the reserve that __GFP_HIGH opens. NULL is no error then: the ring stays shorter, and a timer tries again, in
 * softirq. Nobody reads: at most FULL_MAX pages are kept, and the device has nothing more to do.
 *
 * Locks: rng.lock (interrupts off) for ring, slots and fifo. Pages are allocated and freed without it.
 * Linux's driver has one small buffer in its own structure. Test: tests/boot/test_causes.py.
 */
#include "drivers/virtio_rng.h"
#include "asm/page.h"
#include "drivers/drivers.h"
#include "drivers/virtio.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/preempt.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "kernel/core/timer.h"
#include "kernel/core/wait.h"
#include "mm/gfp.h"
#include "mm/page.h"

#define RING_SIZE 8
#define FULL_MAX  16
#define POOL_BYTES 64		/* of each buffer: for the pool, nobody else sees them */
#define RETRY	  (HZ / 20)	/* after a GFP_ATOMIC that failed */

struct rng_buffer {
	struct page *page;
	u32 at, len;
};

static struct {
	struct virtio_dev vdev;
	spinlock_t lock;
	struct virtqueue vq;			/* [l] */
	struct page *slots[RING_SIZE];		/* [l] with the device; NULL: none */
	struct rng_buffer fifo[FULL_MAX];	/* [l] first: fifo[head % FULL_MAX] */
	unsigned int head;			/* [l] */
	struct hwrng_stat stat;			/* [l] */
	wait_queue_head_t wait;
	struct timer_list timer;
	bool ready;				/* [I] */
} rng;

static void (*pool_sink)(const void *data, size_t n);

void hwrng_set_sink(void (*sink)(const void *data, size_t n))
{
	WRITE_ONCE(pool_sink, sink);
}

/* => rng.lock; one more page would be of use */
static bool wants_page(void)
{
	return rng.stat.posted < rng.vq.size && rng.stat.posted + rng.stat.full < FULL_MAX;
}

/* => rng.lock; the page is the device's, false: no need for it */
static bool post(struct page *page)
{
	u16 slot = 0;

	if (!wants_page())
		return false;
	while (rng.slots[slot])
		slot++;
	rng.slots[slot] = page;
	rng.vq.desc[slot] = (struct vring_desc){
		.addr = (u64)page_to_pfn(page) << PAGE_SHIFT, .len = PAGE_SIZE, .flags = VRING_DESC_F_WRITE,
	};
	virtqueue_add(&rng.vq, slot);
	rng.stat.posted++;
	if (in_irq())
		rng.stat.from_hardirq++;
	else
		rng.stat.from_softirq++;
	return true;
}

/* => GFP_ATOMIC had no page for a ring that wants one */
static void starve(void)
{
	unsigned long flags;

	spin_lock_irqsave(&rng.lock, flags);
	rng.stat.starved++;
	spin_unlock_irqrestore(&rng.lock, flags);
	mod_timer(&rng.timer, jiffies + RETRY);
}

/* Pages for the ring, as many as it wants. => hard or soft interrupt */
static void refill(void)
{
	struct page *page = NULL;
	unsigned long flags;
	bool wanted;

	for (;;) {
		spin_lock_irqsave(&rng.lock, flags);
		if (page && post(page))
			page = NULL;
		wanted = wants_page();
		spin_unlock_irqrestore(&rng.lock, flags);
		if (page || !wanted)
			break;
		page = alloc_pages(GFP_ATOMIC, 0);
		if (!page) {
			starve();
			break;
		}
	}
	if (page) /* another CPU has filled the ring meanwhile */
		__free_pages(page, 0);
	virtqueue_kick(&rng.vq);
}

/* => rng.lock; what the device has filled goes to the fifo */
static void collect(void)
{
	u32 len;
	int slot;

	while ((slot = virtqueue_next_used(&rng.vq, &len)) >= 0) {
		struct rng_buffer *buffer;

		if (unlikely(slot >= RING_SIZE || !rng.slots[slot] || rng.stat.full >= FULL_MAX)) {
			pr_err_ratelimited("hwrng: the device answers request %d, which it does not have\n", slot);
			continue;
		}
		buffer = &rng.fifo[(rng.head + rng.stat.full) % FULL_MAX];
		*buffer = (struct rng_buffer){ rng.slots[slot], 0, min_t(u32, len, PAGE_SIZE) };
		rng.slots[slot] = NULL;
		rng.stat.posted--;
		rng.stat.full++;
		rng.stat.filled++;
	}
}

static void rng_interrupt(int irq, void *data)
{
	unsigned long flags;

	if (!virtio_irq_pending(data))
		return;
	spin_lock_irqsave(&rng.lock, flags);
	collect();
	spin_unlock_irqrestore(&rng.lock, flags);
	refill();
	mod_timer(&rng.timer, jiffies);
	wake_up(&rng.wait);
}

/* Softirq: the pool's share of the new buffers, and pages for a ring that has run dry. */
static void rng_timer(unsigned long unused)
{
	void (*sink)(const void *data, size_t n) = READ_ONCE(pool_sink);
	u8 bytes[POOL_BYTES];
	unsigned long flags;

	for (unsigned int i = 0; i < FULL_MAX; i++) {
		struct rng_buffer *buffer;
		bool fresh;

		spin_lock_irqsave(&rng.lock, flags);
		buffer = &rng.fifo[(rng.head + i) % FULL_MAX];
		fresh = i < rng.stat.full && !buffer->at && buffer->len > POOL_BYTES;
		if (fresh) {
			memcpy(bytes, lowmem_page_address(buffer->page), POOL_BYTES);
			buffer->at = POOL_BYTES;
		}
		spin_unlock_irqrestore(&rng.lock, flags);
		if (fresh && sink)
			sink(bytes, POOL_BYTES);
	}
	memset(bytes, 0, sizeof(bytes));
	refill();
}

/* ---- Readers ---- */

/* => bytes of the first full buffer, 0: there is none; *used: its page, if that was the end of it */
static size_t take(void *buf, size_t n, struct page **used, bool *dry)
{
	struct rng_buffer *first;
	unsigned long flags;

	*used = NULL;
	spin_lock_irqsave(&rng.lock, flags);
	first = &rng.fifo[rng.head % FULL_MAX];
	n = rng.stat.full ? min_t(size_t, n, first->len - first->at) : 0;
	if (rng.stat.full) {
		u8 *from = (u8 *)lowmem_page_address(first->page) + first->at;

		memcpy(buf, from, n);
		memset(from, 0, n);
		first->at += n;
		if (first->at >= first->len) {
			*used = first->page;
			rng.head++;
			rng.stat.full--;
		}
	}
	*dry = !rng.stat.posted && wants_page();
	spin_unlock_irqrestore(&rng.lock, flags);
	return n;
}

ssize_t hwrng_read(void *buf, size_t n, bool nonblock)
{
	struct page *used;
	size_t got = 0;
	bool dry;

	if (!rng.ready)
		return -ENODEV;
	while (n) {
		got = take(buf, n, &used, &dry);
		if (used)
			__free_pages(used, 0);
		if (dry && !timer_pending(&rng.timer)) /* a starved ring waits for its own time */
			mod_timer(&rng.timer, jiffies);
		if (got)
			break;
		if (used)
			continue;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(rng.wait, READ_ONCE(rng.stat.full)))
			return -EINTR;
	}
	return (ssize_t)got;
}

void hwrng_get_stat(struct hwrng_stat *stat)
{
	unsigned long flags;

	spin_lock_irqsave(&rng.lock, flags);
	*stat = rng.stat;
	spin_unlock_irqrestore(&rng.lock, flags);
}

/* ---- Start ---- */

static bool is_rng(const struct pci_dev *pci)
{
	if (pci->vendor != VIRTIO_PCI_VENDOR)
		return false;
	if (pci->device < VIRTIO_PCI_DEVICE_BASE)
		return pci->device >= VIRTIO_PCI_TRANSITIONAL && pci->subsystem == VIRTIO_ID_RNG;
	return pci->device == VIRTIO_PCI_DEVICE_BASE + VIRTIO_ID_RNG;
}

static int rng_probe(struct pci_dev *pci)
{
	int error;

	if (!is_rng(pci))
		return -ENODEV;
	if (rng.vdev.pci) {
		pr_info("hwrng: a second generator is not used\n");
		return -ENODEV;
	}
	error = virtio_setup(&rng.vdev, pci);
	if (!error)
		error = virtio_negotiate(&rng.vdev, 0);
	if (!error)
		error = virtio_request_irq(&rng.vdev, rng_interrupt, "virtio_rng");
	if (!error)
		error = virtio_setup_queue(&rng.vdev, &rng.vq, 0, RING_SIZE);
	if (error) {
		virtio_fail(&rng.vdev);
		pr_err("hwrng: the generator at PCI %02x:%02x.%x did not start (error %d)\n", pci->bus, pci->dev,
		       pci->fn, error);
		return error;
	}
	pci->driver_data = &rng;
	virtio_driver_ok(&rng.vdev);
	rng.ready = true;
	mod_timer(&rng.timer, jiffies);
	return 0;
}

static struct pci_driver virtio_rng_driver = { .name = "virtio_rng", .probe = rng_probe };

void virtio_rng_init(void)
{
	spin_lock_init(&rng.lock, LOCK_RANK_DRIVER);
	init_waitqueue_head(&rng.wait);
	setup_timer(&rng.timer, rng_timer, 0);
	pci_register_driver(&virtio_rng_driver);
}
