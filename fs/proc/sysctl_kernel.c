/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/kernel and /proc/sys/fs: what programs set there, and facts that they look up (read only, since
 * nothing would follow a change).
 */
#include "drivers/sysrq.h"
#include "fs/fdtable.h"
#include "fs/internal.h"
#include "fs/pipe.h"
#include "fs/pipe_user.h"
#include "fs/proc/sysctl.h"
#include "fs/procfs.h"
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/hung_task.h"
#include "kernel/core/mutex.h"

unsigned long sysctl_shmmax = 1UL << 40, sysctl_shmall = 1UL << (40 - PAGE_SHIFT);
int sysctl_shmmni = SHMMNI;

static const long nothing, fd_max = NR_OPEN_MAX,
		  pipe_max = (long)PIPE_MAX_BUFFERS << PAGE_SHIFT;

/* console_loglevel and what Linux has beside it; those have one value here. */
static int printk_words[4] = { 0, 4, 1, 7 };

static int printk_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%d\t%d\t%d\t%d\n", console_loglevel, printk_words[1], printk_words[2], printk_words[3]);
	return 0;
}

static int set_printk(const long *values)
{
	unsigned int i;

	for (i = 1; i < ARRAY_SIZE(printk_words); i++)
		if (values[i] != printk_words[i])
			return -EINVAL;
	console_loglevel = (int)values[0];
	return 0;
}

static const struct sysctl_knob kernel_knobs[] = {
	SYSCTL_INT("pid_max", pid_max, PID_MAX_MIN, PID_MAX),
	SYSCTL_INT("hung_task_timeout_secs", hung_task_timeout_secs, 0, SYSCTL_INT_MAX / 1000),
	SYSCTL_INT("hung_task_warnings", hung_task_warnings, -1, SYSCTL_INT_MAX),
	SYSCTL_LONG("shmmax", sysctl_shmmax, 0),
	SYSCTL_LONG("shmall", sysctl_shmall, 0),
	SYSCTL_INT("shmmni", sysctl_shmmni, 0, SHMMNI),
	SYSCTL_INT("threads-max", max_threads, 20, PID_MAX),
	SYSCTL_FACT("tainted", nothing),
	SYSCTL_INT("dmesg_restrict", dmesg_restrict, 0, 1),
	SYSCTL_INT("sysrq", sysrq_enabled, 0, SYSCTL_INT_MAX),
	SYSCTL_FACT("randomize_va_space", nothing),
	{ .name = "printk_ratelimit", .word = &printk_ratelimit_state.interval, .size = 4,
	  .max = SYSCTL_INT_MAX / HZ, .unit = HZ, .mode = 0644 },
	SYSCTL_INT("printk_ratelimit_burst", printk_ratelimit_state.burst, 0, SYSCTL_INT_MAX),
};

static const struct sysctl_knob fs_knobs[] = {
	SYSCTL_LONG("file-max", files_max, 0),
	SYSCTL_LONG("pipe-user-pages-soft", pipe_user_pages_soft, 0),
	SYSCTL_FACT("nr_open", fd_max),
	SYSCTL_FACT("pipe-max-size", pipe_max),
};

static const struct sysctl_knob printk_knob = { .name = "printk", .word = printk_words, .size = 4, .count = 4,
						.max = 15, .mode = 0644, .set = set_printk };

static struct proc_entry kernel_entries[ARRAY_SIZE(kernel_knobs)], fs_entries[ARRAY_SIZE(fs_knobs)], printk_entry;

static DEFINE_MUTEX(core_pattern_mutex, LOCK_RANK_MOUNT);
char core_pattern[128] = "core"; /* [core_pattern_mutex] written */

static int core_pattern_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", core_pattern);
	return 0;
}

/* => -EINVAL: empty, too long, or a pipe, of which there are none */
static int core_pattern_store(void *data, char *text, size_t len)
{
	size_t n = strcspn(text, "\n");

	if (!n || n >= sizeof(core_pattern) || *text == '|')
		return -EINVAL;
	mutex_lock(&core_pattern_mutex);
	memcpy(core_pattern, text, n);
	core_pattern[n] = '\0';
	mutex_unlock(&core_pattern_mutex);
	return 0;
}

static struct proc_entry core_pattern_entry = {
	.name = "core_pattern", .mode = S_IFREG | 0644, .show = core_pattern_show, .store = core_pattern_store,
};

void sysctl_kernel_init(struct proc_entry *kernel_dir, struct proc_entry *fs_dir)
{
	unsigned int i;

	sysctl_add(kernel_dir, kernel_knobs, kernel_entries, ARRAY_SIZE(kernel_knobs));
	sysctl_add(kernel_dir, &printk_knob, &printk_entry, 1);
	printk_entry.show = printk_show;
	for (i = 0; i < proc_nr_uts_entries; i++)
		proc_add(kernel_dir, &proc_uts_entries[i]);
	proc_add(kernel_dir, &core_pattern_entry);
	sysctl_add(fs_dir, fs_knobs, fs_entries, ARRAY_SIZE(fs_knobs));
}
