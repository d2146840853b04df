/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: knobs. Each is a word of the memory manager (or of another part) with a range, and perhaps something to
 * do after a change. A value out of range is EINVAL and changes nothing; reads end with a newline.
 *
 * Table by spec section 10.3. Writers need uid 0 by the file's mode.
 */
#include "fs/device.h"
#include "fs/proc/proc.h"
#include "fs/proc/sysctl.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "mm/buddy.h"
#include "mm/compact.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/writeback.h"
#include "mm/zone.h"

static DEFINE_MUTEX(sysctl_mutex, LOCK_RANK_MOUNT); /* one writer of any knob at a time */

static long get_word(const struct sysctl_knob *k, unsigned int i)
{
	if (k->size == sizeof(int))
		return ((int *)k->word)[i];
	return ((long *)k->word)[i];
}

static void set_word(const struct sysctl_knob *k, unsigned int i, long value)
{
	if (k->size == sizeof(int))
		WRITE_ONCE(((int *)k->word)[i], (int)value);
	else
		WRITE_ONCE(((long *)k->word)[i], value);
}

int sysctl_show(struct seq_file *m, void *data)
{
	const struct sysctl_knob *k = data;
	unsigned int i;

	for (i = 0; i < max(k->count, 1U); i++)
		seq_printf(m, i ? "\t%ld" : "%ld", get_word(k, i));
	seq_putc(m, '\n');
	return 0;
}

/* => number of values read, or -EINVAL */
static int parse_values(const struct sysctl_knob *k, char *text, long *values)
{
	int n = 0;
	char *word;

	while ((word = strsep(&text, " \t\n")) != NULL) {
		if (!*word)
			continue;
		if (n == (int)max(k->count, 1U))
			return -EINVAL;
		if (kstrtol(word, 0, &values[n]))
			return -EINVAL;
		if (values[n] < k->min || values[n] > k->max)
			return -EINVAL;
		n++;
	}
	return n ? n : -EINVAL;
}

int sysctl_store(void *data, char *text, size_t len)
{
	const struct sysctl_knob *k = data;
	long values[SYSCTL_MAX_VALUES], old[SYSCTL_MAX_VALUES];
	int n = parse_values(k, text, values), i, err = 0;

	if (n < 0)
		return n;
	mutex_lock(&sysctl_mutex);
	for (i = 0; i < (int)max(k->count, 1U); i++)
		old[i] = get_word(k, i);
	for (i = n; i < (int)max(k->count, 1U); i++)
		values[i] = old[i];
	if (k->set) {
		err = k->set(values);
		mutex_unlock(&sysctl_mutex);
		return err;
	}
	for (i = 0; i < n; i++)
		set_word(k, i, values[i]);
	if (k->changed)
		err = k->changed(k, values[0]);
	for (i = 0; err && i < n; i++)
		set_word(k, i, old[i]);
	mutex_unlock(&sysctl_mutex);
	return err;
}

/* ---- What follows a change ---- */

static int set_min_free(const long *values)
{
	return min_free_kbytes_set((int)values[0]);
}

static int set_reserve_ratio(const long *values)
{
	int ratio[MAX_NR_ZONES - 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ratio); i++)
		ratio[i] = (int)values[i];
	return lowmem_reserve_ratio_set(ratio);
}

static int set_pagelist_fraction(const long *values)
{
	return percpu_pagelist_fraction_set((int)values[0]);
}

static int dirty_ratio_changed(const struct sysctl_knob *k, long value)
{
	if (k->word == &vm_dirty_ratio)
		vm_dirty_bytes = 0;
	else
		dirty_background_bytes = 0;
	return 0;
}

static int dirty_bytes_changed(const struct sysctl_knob *k, long value)
{
	if (k->word == &vm_dirty_bytes)
		vm_dirty_ratio = 0;
	else
		dirty_background_ratio = 0;
	return 0;
}

static int drop_caches_changed(const struct sysctl_knob *k, long value)
{
	static bool silent;

	if (value & 1) {
		count_vm_event(DROP_PAGECACHE);
		drop_pagecache();
	}
	if (value & 2) {
		count_vm_event(DROP_SLAB);
		drop_slab();
	}
	silent |= value & 4;
	if (!silent)
		pr_info("%s (%d): drop_caches: %ld\n", current->comm, current->pid, value);
	return 0;
}

static int compact_changed(const struct sysctl_knob *k, long value)
{
	compact_all_nodes();
	return 0;
}

/* The words of knobs that nothing here reads: programs set and look at them. */
static int drop_caches_word, compact_memory_word, block_dump_word, laptop_mode_word, legacy_layout_word;
static int highmem_dirtyable_word, stat_interval_word = 1, vfs_cache_pressure_word = 100;
static int pid_max_word = 32768, tainted_word, randomize_word, threads_max_word = 32768, printk_words[4] = {
	7, 4, 1, 7 };
static int file_max_word = 1 << 20, nr_open_word = 1 << 20, pipe_max_word = 1 << 20;
static int overflow_uid_word = 65534;
static long shmmax_word = 0x7fffffffL << 24, shmall_word = 0x7fffffffL << 12;
static int shmmni_word = 4096;

#define INT(n, w, lo, hi) { .name = (n), .word = (void *)&(w), .size = sizeof(int), .min = (lo), .max = (hi), \
			    .mode = 0644 }
#define LONG(n, w, lo)	  { .name = (n), .word = (void *)&(w), .size = sizeof(long), .min = (lo), .max = LONG_LIMIT, \
			    .mode = 0644 }
#define LONG_LIMIT	  0x7fffffffffffffffL
#define INT_LIMIT	  0x7fffffffL

static const struct sysctl_knob vm_knobs[] = {
	{ .name = "min_free_kbytes", .word = &min_free_kbytes, .size = 4, .max = INT_LIMIT, .mode = 0644,
	  .set = set_min_free },
	{ .name = "lowmem_reserve_ratio", .word = sysctl_lowmem_reserve_ratio, .size = 4,
	  .count = MAX_NR_ZONES - 1, .min = -INT_LIMIT, .max = INT_LIMIT, .mode = 0644, .set = set_reserve_ratio },
	INT("swappiness", vm_swappiness, 0, 100),
	INT("page-cluster", page_cluster, 0, 31),
	INT("overcommit_memory", sysctl_overcommit_memory, 0, 2),
	INT("overcommit_ratio", sysctl_overcommit_ratio, 0, INT_LIMIT),
	LONG("overcommit_kbytes", sysctl_overcommit_kbytes, 0),
	LONG("admin_reserve_kbytes", sysctl_admin_reserve_kbytes, 0),
	LONG("user_reserve_kbytes", sysctl_user_reserve_kbytes, 0),
	INT("panic_on_oom", sysctl_panic_on_oom, 0, 2),
	INT("oom_kill_allocating_task", sysctl_oom_kill_allocating_task, -INT_LIMIT, INT_LIMIT),
	INT("oom_dump_tasks", sysctl_oom_dump_tasks, -INT_LIMIT, INT_LIMIT),
	INT("oom_reaper", sysctl_oom_reaper, 0, 1),
	{ .name = "dirty_ratio", .word = &vm_dirty_ratio, .size = 4, .max = 100, .mode = 0644,
	  .changed = dirty_ratio_changed },
	{ .name = "dirty_background_ratio", .word = &dirty_background_ratio, .size = 4, .max = 100, .mode = 0644,
	  .changed = dirty_ratio_changed },
	{ .name = "dirty_bytes", .word = &vm_dirty_bytes, .size = 8, .min = 2 * PAGE_SIZE, .max = LONG_LIMIT,
	  .mode = 0644, .changed = dirty_bytes_changed },
	{ .name = "dirty_background_bytes", .word = &dirty_background_bytes, .size = 8, .min = 1,
	  .max = LONG_LIMIT, .mode = 0644, .changed = dirty_bytes_changed },
	INT("dirty_writeback_centisecs", dirty_writeback_interval, 0, INT_LIMIT),
	INT("dirty_expire_centisecs", dirty_expire_interval, 0, INT_LIMIT),
	{ .name = "drop_caches", .word = &drop_caches_word, .size = 4, .min = 1, .max = 4, .mode = 0644,
	  .changed = drop_caches_changed },
	{ .name = "compact_memory", .word = &compact_memory_word, .size = 4, .min = -INT_LIMIT, .max = INT_LIMIT,
	  .mode = 0200, .changed = compact_changed },
	INT("extfrag_threshold", sysctl_extfrag_threshold, 0, 1000),
	{ .name = "percpu_pagelist_fraction", .word = &percpu_pagelist_fraction, .size = 4, .max = INT_LIMIT,
	  .mode = 0644, .set = set_pagelist_fraction },
	INT("vfs_cache_pressure", vfs_cache_pressure_word, 0, INT_LIMIT),
	INT("max_map_count", sysctl_max_map_count, 0, INT_LIMIT),
	INT("stat_interval", stat_interval_word, 0, INT_LIMIT),
	INT("laptop_mode", laptop_mode_word, 0, INT_LIMIT),
	INT("block_dump", block_dump_word, 0, INT_LIMIT),
	INT("legacy_va_layout", legacy_layout_word, 0, INT_LIMIT),
	INT("highmem_is_dirtyable", highmem_dirtyable_word, 0, 1),
	LONG("mmap_min_addr", sysctl_mmap_min_addr, 0),
	INT("zone_reclaim_mode", zone_reclaim_mode, 0, 7),
};

static const struct sysctl_knob kernel_knobs[] = {
	INT("pid_max", pid_max_word, 301, 4194304),
	INT("threads-max", threads_max_word, 1, INT_LIMIT),
	INT("tainted", tainted_word, 0, INT_LIMIT),
	INT("randomize_va_space", randomize_word, 0, 2),
	INT("overflowuid", overflow_uid_word, 0, 65535),
	INT("overflowgid", overflow_uid_word, 0, 65535),
	{ .name = "printk", .word = printk_words, .size = 4, .count = 4, .max = 10, .mode = 0644 },
	LONG("shmmax", shmmax_word, 0),
	LONG("shmall", shmall_word, 0),
	INT("shmmni", shmmni_word, 0, 32768),
};

static const struct sysctl_knob fs_knobs[] = {
	INT("file-max", file_max_word, 0, INT_LIMIT),
	INT("nr_open", nr_open_word, 64, INT_LIMIT),
	INT("pipe-max-size", pipe_max_word, 4096, INT_LIMIT),
};

/* ---- The tree ---- */

static struct proc_entry sys_dir = PROC_DIR("sys");
static struct proc_entry vm_dir = PROC_DIR("vm"), kernel_dir = PROC_DIR("kernel"), fs_dir = PROC_DIR("fs");
static struct proc_entry vm_entries[ARRAY_SIZE(vm_knobs)], kernel_entries[ARRAY_SIZE(kernel_knobs)],
	fs_entries[ARRAY_SIZE(fs_knobs)];

static void add_knobs(struct proc_entry *dir, const struct sysctl_knob *knobs, struct proc_entry *entries,
		      unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		entries[i].name = knobs[i].name;
		entries[i].mode = S_IFREG | knobs[i].mode;
		entries[i].show = sysctl_show;
		entries[i].store = sysctl_store;
		entries[i].data = (void *)&knobs[i];
		proc_add(dir, &entries[i]);
	}
}

static int core_pattern_show(struct seq_file *m, void *data)
{
	seq_puts(m, "core\n"); /* nobody writes core files here */
	return 0;
}

static int core_pattern_store(void *data, char *text, size_t len)
{
	return 0;
}

static struct proc_entry core_pattern = { .name = "core_pattern", .mode = S_IFREG | 0644,
					  .show = core_pattern_show, .store = core_pattern_store };

void proc_sysctl_init(void)
{
	unsigned int i;

	proc_add(NULL, &sys_dir);
	proc_add(&sys_dir, &vm_dir);
	proc_add(&sys_dir, &kernel_dir);
	proc_add(&sys_dir, &fs_dir);
	add_knobs(&vm_dir, vm_knobs, vm_entries, ARRAY_SIZE(vm_knobs));
	add_knobs(&kernel_dir, kernel_knobs, kernel_entries, ARRAY_SIZE(kernel_knobs));
	add_knobs(&fs_dir, fs_knobs, fs_entries, ARRAY_SIZE(fs_knobs));
	for (i = 0; i < proc_nr_uts_entries; i++)
		proc_add(&kernel_dir, &proc_uts_entries[i]);
	proc_add(&kernel_dir, &core_pattern);
}
