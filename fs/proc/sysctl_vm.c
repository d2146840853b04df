/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys/vm: the knobs of the memory manager, with their ranges and what a change sets going.
 *
 * Table: spec section 10.3. A knob is here when something reads it; docs/differences.md names the others.
 */
#include "fs/device.h"
#include "fs/proc/sysctl.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "mm/buddy.h"
#include "mm/compact.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/vmstat.h"
#include "mm/writeback.h"
#include "mm/zone.h"

#define CAP_SYS_RAWIO 17

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

/* Of the two forms of a limit the one written last counts; the other then reads 0. */
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

static int flusher_changed(const struct sysctl_knob *k, long value)
{
	flusher_interval_changed();
	return 0;
}

static int overcommit_changed(const struct sysctl_knob *k, long value)
{
	if (k->word == &sysctl_overcommit_ratio)
		sysctl_overcommit_kbytes = 0;
	else
		sysctl_overcommit_ratio = 0;
	return 0;
}

static int min_addr_changed(const struct sysctl_knob *k, long value)
{
	return has_cap(current, CAP_SYS_RAWIO) ? 0 : -EPERM;
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

static int drop_caches_word, compact_memory_word;

static const struct sysctl_knob knobs[] = {
	{ .name = "min_free_kbytes", .word = &min_free_kbytes, .size = 4, .max = SYSCTL_INT_MAX, .mode = 0644,
	  .set = set_min_free },
	{ .name = "lowmem_reserve_ratio", .word = sysctl_lowmem_reserve_ratio, .size = 4, .count = MAX_NR_ZONES - 1,
	  .min = -SYSCTL_INT_MAX, .max = SYSCTL_INT_MAX, .mode = 0644, .set = set_reserve_ratio },
	SYSCTL_INT("swappiness", vm_swappiness, 0, 100),
	SYSCTL_INT("page-cluster", page_cluster, 0, 31),
	SYSCTL_INT("overcommit_memory", sysctl_overcommit_memory, 0, 2),
	{ .name = "overcommit_ratio", .word = &sysctl_overcommit_ratio, .size = 4, .max = SYSCTL_INT_MAX, .mode = 0644,
	  .changed = overcommit_changed },
	{ .name = "overcommit_kbytes", .word = &sysctl_overcommit_kbytes, .size = 8, .max = SYSCTL_LONG_MAX,
	  .mode = 0644, .changed = overcommit_changed },
	SYSCTL_LONG("admin_reserve_kbytes", sysctl_admin_reserve_kbytes, 0),
	SYSCTL_LONG("user_reserve_kbytes", sysctl_user_reserve_kbytes, 0),
	SYSCTL_INT("panic_on_oom", sysctl_panic_on_oom, 0, 2),
	SYSCTL_INT("oom_kill_allocating_task", sysctl_oom_kill_allocating_task, -SYSCTL_INT_MAX, SYSCTL_INT_MAX),
	SYSCTL_INT("oom_dump_tasks", sysctl_oom_dump_tasks, -SYSCTL_INT_MAX, SYSCTL_INT_MAX),
	SYSCTL_INT("oom_reaper", sysctl_oom_reaper, 0, 1),
	{ .name = "dirty_ratio", .word = &vm_dirty_ratio, .size = 4, .max = 100, .mode = 0644,
	  .changed = dirty_ratio_changed },
	{ .name = "dirty_background_ratio", .word = &dirty_background_ratio, .size = 4, .max = 100, .mode = 0644,
	  .changed = dirty_ratio_changed },
	{ .name = "dirty_bytes", .word = &vm_dirty_bytes, .size = 8, .min = 2 * PAGE_SIZE, .max = SYSCTL_LONG_MAX,
	  .mode = 0644, .changed = dirty_bytes_changed },
	{ .name = "dirty_background_bytes", .word = &dirty_background_bytes, .size = 8, .min = 1,
	  .max = SYSCTL_LONG_MAX, .mode = 0644, .changed = dirty_bytes_changed },
	{ .name = "dirty_writeback_centisecs", .word = &dirty_writeback_interval, .size = 4, .max = SYSCTL_INT_MAX,
	  .mode = 0644, .changed = flusher_changed },
	SYSCTL_INT("dirty_expire_centisecs", dirty_expire_interval, 0, SYSCTL_INT_MAX),
	SYSCTL_INT("highmem_is_dirtyable", vm_highmem_is_dirtyable, 0, 1),
	{ .name = "drop_caches", .word = &drop_caches_word, .size = 4, .min = 1, .max = 4, .mode = 0644,
	  .changed = drop_caches_changed },
	{ .name = "compact_memory", .word = &compact_memory_word, .size = 4, .min = -SYSCTL_INT_MAX,
	  .max = SYSCTL_INT_MAX, .mode = 0200, .changed = compact_changed },
	SYSCTL_INT("extfrag_threshold", sysctl_extfrag_threshold, 0, 1000),
	{ .name = "percpu_pagelist_fraction", .word = &percpu_pagelist_fraction, .size = 4, .max = SYSCTL_INT_MAX,
	  .mode = 0644, .set = set_pagelist_fraction },
	SYSCTL_INT("vfs_cache_pressure", sysctl_vfs_cache_pressure, 0, SYSCTL_INT_MAX),
	SYSCTL_INT("max_map_count", sysctl_max_map_count, 0, SYSCTL_INT_MAX),
	{ .name = "stat_interval", .word = &sysctl_stat_interval, .size = 4, .max = SYSCTL_INT_MAX / HZ, .unit = HZ,
	  .mode = 0644 },
	{ .name = "mmap_min_addr", .word = &sysctl_mmap_min_addr, .size = 8, .max = SYSCTL_LONG_MAX, .mode = 0644,
	  .changed = min_addr_changed },
	SYSCTL_INT("zone_reclaim_mode", zone_reclaim_mode, 0, 7),
	SYSCTL_INT("min_unmapped_ratio", sysctl_min_unmapped_ratio, 0, 100),
	SYSCTL_INT("min_slab_ratio", sysctl_min_slab_ratio, 0, 100),
};

static struct proc_entry entries[ARRAY_SIZE(knobs)];

/* A knob that holds a name. => set() knows the names: 0 or -EINVAL */
static int store_name(char *text, size_t len, int (*set)(const char *name))
{
	if (!len)
		return 0;
	if (!sysctl_may_set())
		return -EPERM;
	if (text[len - 1] == '\n')
		text[len - 1] = '\0';
	return set(text);
}

static int zonelist_order_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", numa_zonelist_order_name());
	return 0;
}

static int zonelist_order_store(void *data, char *text, size_t len)
{
	return store_name(text, len, numa_zonelist_order_set);
}

static struct proc_entry zonelist_order_entry = { .name = "numa_zonelist_order", .mode = S_IFREG | 0644,
						  .show = zonelist_order_show, .store = zonelist_order_store };

static int reclaim_policy_show(struct seq_file *m, void *data)
{
	seq_printf(m, "%s\n", reclaim_policy->name);
	return 0;
}

static int reclaim_policy_store(void *data, char *text, size_t len)
{
	return store_name(text, len, reclaim_policy_set);
}

static struct proc_entry reclaim_policy_entry = { .name = "reclaim_policy", .mode = S_IFREG | 0644,
						  .show = reclaim_policy_show, .store = reclaim_policy_store };

/* Reading it or writing anything folds the counters. */
static int stat_refresh_show(struct seq_file *m, void *data)
{
	refresh_vm_stats();
	return 0;
}

static int stat_refresh_store(void *data, char *text, size_t len)
{
	if (!sysctl_may_set())
		return -EPERM;
	refresh_vm_stats();
	return 0;
}

static struct proc_entry stat_refresh_entry = { .name = "stat_refresh", .mode = S_IFREG | 0600,
						.show = stat_refresh_show, .store = stat_refresh_store };

void sysctl_vm_init(struct proc_entry *dir)
{
	sysctl_add(dir, knobs, entries, ARRAY_SIZE(knobs));
	proc_add(dir, &zonelist_order_entry);
	proc_add(dir, &reclaim_policy_entry);
	proc_add(dir, &stat_refresh_entry);
}
