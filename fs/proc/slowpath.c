/* SPDX-License-Identifier: MIT */
/*
 * /proc/tidemark/slowpath: the allocator's slow path as the table it runs by (mm/slowpath.c), each way out of a
 * state with how often it was taken since boot. Writing 1 sends each step to the diary (/proc/tidemark/trace) as
 * well, 0 ends that.
 */
#include "fs/proc/proc.h"
#include "kernel/base/kstrtox.h"
#include "mm/slowpath.h"

static int slowpath_show(struct seq_file *m, void *data)
{
	seq_printf(m, "diary %d\n", slowpath_diary);
	seq_puts(m, "step state        then               taken\n");
	for (enum slow_state from = 0; from < NR_SLOW_STATES; from++) {
		const struct slow_step *step = slowpath_step(from);

		for (enum slow_state to = 0; to < NR_SLOW_STATES; to++)
			if (step->exits >> to & 1)
				seq_printf(m, "%4u %-12s %-12s %11lu\n", step->number, step->name,
					   slowpath_step(to)->name, slowpath_taken(from, to));
	}
	return 0;
}

static int slowpath_store(void *data, char *text, size_t len)
{
	unsigned int on;

	if (kstrtouint(text, 0, &on) || on > 1)
		return -EINVAL;
	WRITE_ONCE(slowpath_diary, on);
	return 0;
}

static struct proc_entry slowpath_entry = {
	.name = "slowpath", .mode = S_IFREG | 0644, .show = slowpath_show, .store = slowpath_store,
};

void proc_slowpath_init(struct proc_entry *dir)
{
	proc_add(dir, &slowpath_entry);
}
