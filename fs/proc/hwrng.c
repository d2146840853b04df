/* SPDX-License-Identifier: MIT */
/*
 * /proc/tidemark/hwrng: the buffers of the hardware random number generator (drivers/virtio_rng.c), and where they were
 * allocated: in its interrupt, in softirq, or not at all (starved: GFP_ATOMIC found no page).
 */
#include "drivers/virtio_rng.h"
#include "fs/proc/proc.h"

static int hwrng_show(struct seq_file *m, void *data)
{
	struct hwrng_stat stat;

	hwrng_get_stat(&stat);
	seq_printf(m, "posted %u\nfull %u\nfilled %lu\nfrom_hardirq %lu\nfrom_softirq %lu\nstarved %lu\n", stat.posted,
		   stat.full, stat.filled, stat.from_hardirq, stat.from_softirq, stat.starved);
	return 0;
}

static struct proc_entry hwrng_entry = PROC_SHOW("hwrng", 0444, hwrng_show);

void proc_hwrng_init(struct proc_entry *dir)
{
	proc_add(dir, &hwrng_entry);
}
