/* SPDX-License-Identifier: MIT */
/*
 * Out of memory: decide whether somebody must die, and who.
 *
 *   out_of_memory: notifiers freed something? -> return
 *                  current is dying anyway?   -> let it have the reserves, return
 *                  panic_on_oom?              -> panic
 *                  scan all threads: somebody is dying already -> return, wait for that
 *                                    the worst by badness       -> oom_kill_process
 *                                    nobody                     -> panic, but not for SysRq f (force)
 *
 * Only one kill at a time per zonelist (ZONE_OOM_LOCKED), and none while a victim (TIF_MEMDIE) still
 * has its memory. What the message says is Linux's, word for word (contract).
 *
 * Locks: zone_scan_lock for the zone flags; tasklist_lock (read) for the scan; oom_notify_mutex.
 * Linux does beyond it: memory cgroups. Read next: oom_select.c, oom_kill.c. Test: scripts/check-oom.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/core/freezer.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"
#include "mm/mm_trace.h"
#include "mm/oom_internal.h"
#include "mm/swap.h"

bool oom_killer_disabled;
int sysctl_panic_on_oom;
int sysctl_oom_kill_allocating_task;
int sysctl_oom_dump_tasks = 1;

static DEFINE_SPINLOCK(zone_scan_lock, LOCK_RANK_OOM);
static DEFINE_MUTEX(oom_notify_mutex, LOCK_RANK_SLEEP_LEAF);
static LIST_HEAD(oom_notifiers);	/* [oom_notify_mutex] */

enum oom_constraint { CONSTRAINT_NONE, CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY };

/* ---- Notifiers ------------------------------------------------------------------------------------ */

void register_oom_notifier(struct oom_notifier *n)
{
	mutex_lock(&oom_notify_mutex);
	list_add_tail(&n->list, &oom_notifiers);
	mutex_unlock(&oom_notify_mutex);
}

void unregister_oom_notifier(struct oom_notifier *n)
{
	mutex_lock(&oom_notify_mutex);
	list_del(&n->list);
	mutex_unlock(&oom_notify_mutex);
}

static unsigned long call_notifiers(void)
{
	struct oom_notifier *n;
	unsigned long freed = 0;

	if (list_empty(&oom_notifiers) || !mutex_trylock(&oom_notify_mutex))
		return 0;
	list_for_each_entry(n, &oom_notifiers, list)
		n->notify(n, &freed);
	mutex_unlock(&oom_notify_mutex);
	return freed;
}

/* ---- One kill at a time --------------------------------------------------------------------------- */

bool try_set_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
	struct zoneref *z;
	struct zone *zone;
	bool free = true;

	spin_lock(&zone_scan_lock);
	for_each_zone_zonelist(zone, z, zonelist, gfp_zone(gfp))
		if (test_bit(ZONE_OOM_LOCKED, &zone->flags))
			free = false;
	if (free)
		for_each_zone_zonelist(zone, z, zonelist, gfp_zone(gfp))
			set_bit(ZONE_OOM_LOCKED, &zone->flags);
	spin_unlock(&zone_scan_lock);
	return free;
}

void clear_zonelist_oom(struct zonelist *zonelist, gfp_t gfp)
{
	struct zoneref *z;
	struct zone *zone;

	spin_lock(&zone_scan_lock);
	for_each_zone_zonelist(zone, z, zonelist, gfp_zone(gfp))
		clear_bit(ZONE_OOM_LOCKED, &zone->flags);
	spin_unlock(&zone_scan_lock);
}

void oom_killer_disable(void)
{
	WRITE_ONCE(oom_killer_disabled, true);
}

void oom_killer_enable(void)
{
	WRITE_ONCE(oom_killer_disabled, false);
}

void mark_oom_victim(struct task_struct *p)
{
	set_tsk_thread_flag(p, TIF_MEMDIE);
	thaw_task(p); /* a frozen victim frees nothing */
}

void exit_oom_victim(void)
{
	oom_reaper_wait();
	clear_thread_flag(TIF_MEMDIE);
}

void set_current_oom_origin(void)
{
	current->signal->oom_origin = true;
}

void clear_current_oom_origin(void)
{
	current->signal->oom_origin = false;
}

bool oom_task_origin(const struct task_struct *p)
{
	return p->signal->oom_origin;
}

/* ---- Why (spec 9.3) ------------------------------------------------------------------------------- */

static unsigned long nodes_pages(unsigned long nodes)
{
	unsigned long pages = 0;
	int nid;

	for_each_online_node(nid)
		if (nodes >> nid & 1)
			pages += NODE_DATA(nid)->node_spanned_pages;
	return pages;
}

/* => why the request was short of memory; oc->totalpages and, for a policy, oc->nodemask */
static enum oom_constraint constrained_alloc(struct oom_control *oc, unsigned long nodemask)
{
	struct zoneref *z;
	struct zone *zone;

	oc->totalpages = totalram_pages + total_swap_pages;
	if (!IS_ENABLED(CONFIG_NUMA) || !oc->zonelist || (oc->gfp & __GFP_THISNODE))
		return CONSTRAINT_NONE;
	if (nodemask && (node_online_map & ~nodemask)) {
		oc->nodemask = nodemask;
		oc->totalpages = total_swap_pages + nodes_pages(nodemask);
		return CONSTRAINT_MEMORY_POLICY;
	}
	for_each_zone_zonelist(zone, z, oc->zonelist, gfp_zone(oc->gfp)) {
		if (cpuset_zone_allowed(zone, oc->gfp))
			continue;
		oc->nodemask = current->mems_allowed;
		oc->totalpages = total_swap_pages + nodes_pages(current->mems_allowed);
		return CONSTRAINT_CPUSET;
	}
	return CONSTRAINT_NONE;
}

static void check_panic_on_oom(const struct oom_control *oc, enum oom_constraint constraint)
{
	if (likely(!sysctl_panic_on_oom) || oc->force)
		return;
	/* 1: only when the whole system is short, a full cpuset or policy kills as usual. */
	if (sysctl_panic_on_oom != 2 && constraint != CONSTRAINT_NONE)
		return;
	dump_header(oc, NULL);
	panic("Out of memory: %s panic_on_oom is enabled",
	      sysctl_panic_on_oom == 2 ? "compulsory" : "system-wide");
}

/* => the victim with a reference, NULL: nobody may die, or *abort: somebody is dying already */
static struct task_struct *select_bad_process(const struct oom_control *oc, unsigned long *points,
					      bool *abort)
{
	struct task_struct *chosen;

	read_lock(&tasklist_lock);
	chosen = oom_scan_process_threads(oc, NULL, points, abort);
	if (chosen)
		get_task_struct(chosen);
	read_unlock(&tasklist_lock);
	return chosen;
}

static bool may_kill_current(const struct oom_control *oc)
{
	return sysctl_oom_kill_allocating_task && current->mm &&
	       !oom_unkillable_task(current, oc->nodemask) &&
	       current->signal->oom_score_adj != OOM_SCORE_ADJ_MIN;
}

/*
 * The look after the scan. A victim loses TIF_MEMDIE when its memory is free: if the scan saw none dying because the
 * last one had just gone, its memory is seen here. => the gate's high mark is met, nobody need die
 */
static bool memory_is_back(const struct oom_control *oc)
{
	int classzone = -1;
	struct zoneref *z;
	struct zone *zone;

	if (!oc->zonelist)
		return false;
	for_each_zone_zonelist(zone, z, oc->zonelist, gfp_zone(oc->gfp)) {
		if (classzone < 0)
			classzone = z->zone_idx;
		if ((oc->nodemask && !(oc->nodemask >> zone_to_nid(zone) & 1)) ||
		    !cpuset_zone_allowed(zone, oc->gfp | __GFP_HARDWALL))
			continue;
		if (zone_watermark_ok(zone, oc->order, high_wmark_pages(zone), classzone, 0))
			return true;
	}
	return false;
}

void out_of_memory(struct zonelist *zonelist, gfp_t gfp, unsigned int order, unsigned long nodemask,
		   bool force)
{
	struct oom_control oc = {
		.zonelist = zonelist, .gfp = gfp, .order = order, .force = force,
	};
	struct task_struct *victim;
	unsigned long points;
	bool abort;

	if (call_notifiers())
		return;
	/* Dying already: the quickest way to memory is to let it die. Past exit_mm it has none to give. */
	if (current->mm && (fatal_signal_pending(current) || oom_exits(current))) {
		mark_oom_victim(current);
		/* It may yet sleep for a lock whose holder waits for memory, and no other may be killed. */
		if (fatal_signal_pending(current) && oom_sharers_die(current))
			wake_oom_reaper(current);
		return;
	}
	check_panic_on_oom(&oc, constrained_alloc(&oc, nodemask));
	if (may_kill_current(&oc)) {
		get_task_struct(current);
		oom_kill_process(&oc, current, 0, "Out of memory (oom_kill_allocating_task)");
		return;
	}
	victim = select_bad_process(&oc, &points, &abort);
	if (abort)
		return;
	if (!force && memory_is_back(&oc)) {
		if (victim)
			put_task_struct(victim);
		return;
	}
	if (!victim && force) {
		pr_info("OOM request ignored. No task eligible\n");
		return;
	}
	if (!victim) {
		dump_header(&oc, NULL);
		panic("Out of memory and no killable processes...");
	}
	mm_trace(MM_OOM_KILL, (unsigned long)victim->pid, points, oom_score_of(points, oc.totalpages));
	oom_kill_process(&oc, victim, oom_score_of(points, oc.totalpages), "Out of memory");
	/* Give the victim a chance to go before the caller asks again. */
	schedule_timeout_killable(1);
}

void pagefault_out_of_memory(void)
{
	struct zonelist *zonelist;
	int nid;

	for_each_online_node(nid)
		break;
	zonelist = node_zonelist(nid, GFP_KERNEL);
	if (!try_set_zonelist_oom(zonelist, GFP_KERNEL))
		return;
	out_of_memory(NULL, 0, 0, 0, false);
	clear_zonelist_oom(zonelist, GFP_KERNEL);
}
