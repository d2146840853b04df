/* SPDX-License-Identifier: MIT */
/*
 * /proc/vmstat: every counter of the memory manager, one "name value" a line; and /proc/slabinfo.
 */
#include "fs/proc/proc.h"
#include "mm/slab.h"
#include "mm/vmstat.h"
#include "mm/writeback.h"

static int vmstat_show(struct seq_file *m, void *data)
{
	unsigned long events[NR_VM_EVENT_ITEMS], background, dirty;
	unsigned int text = 0, i;

	for (i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", vmstat_text[text++], global_page_state(i));
	global_dirty_limits(&background, &dirty);
	seq_printf(m, "%s %lu\n", vmstat_text[text++], dirty);
	seq_printf(m, "%s %lu\n", vmstat_text[text++], background);
	all_vm_events(events);
	events[PGPGIN] /= 2; /* sectors to kB */
	events[PGPGOUT] /= 2;
	for (i = 0; i < NR_VM_EVENT_ITEMS; i++)
		seq_printf(m, "%s %lu\n", vmstat_text[text++], events[i]);
	return 0;
}

static int slab_line(const struct slabinfo *s, void *arg)
{
	struct seq_file *m = arg;

	seq_printf(m, "%-17s %6lu %6lu %6lu %4lu %4lu : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n", s->name,
		   s->active_objs, s->num_objs, s->objsize, s->objperslab, s->pagesperslab, 0U, 0U, 0U,
		   s->active_slabs, s->num_slabs, 0UL);
	return 0;
}

static int slabinfo_show(struct seq_file *m, void *data)
{
	seq_puts(m, "slabinfo - version: 2.1\n"
		    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		    " : tunables <limit> <batchcount> <sharedfactor>"
		    " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	return slab_for_each_cache(slab_line, m);
}

static struct proc_entry vmstat_entry = PROC_SHOW("vmstat", 0444, vmstat_show);
static struct proc_entry slabinfo_entry = PROC_SHOW("slabinfo", 0400, slabinfo_show);

void proc_vmstat_init(void)
{
	proc_add(NULL, &vmstat_entry);
	proc_add(NULL, &slabinfo_entry);
}
