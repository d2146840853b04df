/* SPDX-License-Identifier: MIT */
/* /sys/power/state: reading names the states there are, writing one enters it (kernel/sys/suspend.c). */
#include "fs/proc/proc.h"
#include "fs/procfs.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"

static int (*suspend)(void); /* [I] from kernel/sys at boot */

void procfs_set_suspend(int (*fn)(void))
{
	suspend = fn;
}

static int state_show(struct seq_file *m, void *data)
{
	seq_puts(m, "freeze\n");
	return 0;
}

static int state_store(void *data, char *text, size_t len)
{
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, "freeze") || !suspend ? -EINVAL : suspend();
}

static struct proc_entry power_dir = PROC_DIR("power");
static struct proc_entry state_entry = {
	.name = "state", .mode = S_IFREG | 0644, .show = state_show, .store = state_store,
};

void sysfs_power_init(struct proc_entry *root)
{
	proc_add(root, &power_dir);
	proc_add(&power_dir, &state_entry);
}
