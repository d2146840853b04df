/* SPDX-License-Identifier: MIT */
/*
 * The policies there are, which one chooses, and changing over while everything runs.
 *
 *   reclaim_policy_set(new)
 *     start      the new one gets what it needs
 *     enter      zone by zone: new pages and new runs of reclaim are its own from now on
 *     sweep      pages on lists that it does not use join its lists, 32 at a time
 *     wait       until the last run that began with the old one has ended
 *     sweep      what those runs have put back to the old lists; then the old one stops
 *
 * Nothing is stopped meanwhile. What makes that safe: the flags of a page alone say which list it is on, so it can be
 * freed, isolated or moved whoever put it there; an isolated page belongs to no policy, and the one that the zone has
 * when it is put back places it. For some milliseconds the new policy sees a part of the pages only.
 *
 * Locks: policy_mutex, one change at a time; lru_lock for a zone's policy. Test: tests/host/test_policy.
 */
#include "mm/policy.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/param.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"
#include "mm/mm_types.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"
#include "mm/swap.h"

#define SWEEP_BATCH 32

/* In the order of docs/policies.md; the first is the default. An id is a place here plus one. */
static struct reclaim_policy *const policies[] = { &policy_lru2, &policy_fifo, &policy_clock, &policy_clockpro,
						   &policy_mglru };

static_assert(ARRAY_SIZE(policies) < 1 << (31 - SHADOW_BITS), "an id does not fit a shadow");

static DEFINE_MUTEX(policy_mutex, LOCK_RANK_MOUNT);
static DECLARE_WAIT_QUEUE_HEAD(policy_idle);	/* a policy that was left has no users any more */
static const char *boot_policy;

static struct reclaim_policy *find_policy(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i]->name, name))
			return policies[i];
	return NULL;
}

const struct reclaim_policy *reclaim_policy_number(unsigned int i)
{
	return i < ARRAY_SIZE(policies) ? policies[i] : NULL;
}

/* ---- Use ------------------------------------------------------------------------------------------ */

struct reclaim_policy *policy_get(struct zone *zone)
{
	struct reclaim_policy *policy;

	spin_lock_irq(&zone->lru_lock);
	policy = zone->lruvec.policy;
	atomic_inc(&policy->users);
	spin_unlock_irq(&zone->lru_lock);
	return policy;
}

void policy_put(struct reclaim_policy *policy)
{
	if (atomic_dec_and_test(&policy->users) && unlikely(waitqueue_active(&policy_idle)))
		wake_up_all(&policy_idle);
}

/* ---- Change --------------------------------------------------------------------------------------- */

static void enter_zone(struct zone *zone, struct reclaim_policy *new)
{
	unsigned long flags;

	spin_lock_irqsave(&zone->lru_lock, flags); /* boot: interrupts are off */
	zone->lruvec.policy = new;
	if (new->enter)
		new->enter(zone);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
}

/*
 * One page, the oldest, joins the policy's lists. A reference keeps it from being freed meanwhile: who frees a page
 * looks at its flags before he has the lock. => lru_lock held; false: the list is empty
 */
static bool sweep_page(struct zone *zone, unsigned int list, struct page_list *freed)
{
	struct page *page = page_list_last(&zone->lruvec.lists[list]);

	if (!page)
		return false;
	if (unlikely(!get_page_unless_zero(page))) { /* it leaves by itself: out of the way */
		page_list_del(page, &zone->lruvec.lists[list]);
		page_list_add(page, &zone->lruvec.lists[list]);
		return true;
	}
	lru_rejoin(page, zone);
	if (unlikely(put_page_testzero(page))) {
		lru_discard(page, zone);
		page_list_add(page, freed);
	}
	return true;
}

static void sweep_list(struct zone *zone, unsigned int list)
{
	bool more = true;

	while (more) {
		PAGE_LIST(freed);

		spin_lock_irq(&zone->lru_lock);
		for (int i = 0; i < SWEEP_BATCH && more; i++)
			more = sweep_page(zone, list, &freed);
		spin_unlock_irq(&zone->lru_lock);
		if (!page_list_empty(&freed))
			free_hot_cold_page_list(&freed, true);
		cond_resched();
	}
}

/* Inactive lists before active ones, so that what was active is younger afterwards. */
static void sweep_zone(struct zone *zone, const struct reclaim_policy *new)
{
	for (unsigned int list = 0; list < NR_PAGE_LISTS; list++)
		if (list != LRU_UNEVICTABLE && !(new->lists & LRU_BIT(list)))
			sweep_list(zone, list);
}

/* => policy_mutex held; new has started */
static void change_over(struct reclaim_policy *old, struct reclaim_policy *new)
{
	struct zone *zone;

	for_each_populated_zone(zone)
		enter_zone(zone, new);
	WRITE_ONCE(reclaim_policy, new);
	for_each_populated_zone(zone)
		sweep_zone(zone, new);
	/* A run may wait for a slow disk; nobody waits for us. */
	while (atomic_read(&old->users))
		wait_event_timeout(policy_idle, !atomic_read(&old->users), HZ);
	for_each_populated_zone(zone)
		sweep_zone(zone, new);
	if (old->stop)
		old->stop();
}

/* Two policies that use the same lists of generations do not understand each other's: by way of lru2. */
#define GENERATIONS (~0U << NR_LRU_LISTS)

static int change_policy(struct reclaim_policy *new)
{
	struct reclaim_policy *old = reclaim_policy;
	int err = 0;

	if (new == old)
		return 0;
	if (old->lists & new->lists & GENERATIONS) {
		err = change_policy(&policy_lru2);
		old = &policy_lru2;
	}
	if (!err && new->start)
		err = new->start();
	if (!err)
		change_over(old, new);
	return err;
}

int reclaim_policy_set(const char *name)
{
	struct reclaim_policy *new = find_policy(name);
	int err;

	if (!new)
		return -EINVAL;
	err = mutex_lock_killable(&policy_mutex);
	if (err)
		return err;
	err = change_policy(new);
	mutex_unlock(&policy_mutex);
	return err;
}

/* ---- Boot ----------------------------------------------------------------------------------------- */

static int set_boot_policy(char *val)
{
	boot_policy = val ? val : "";
	return 0;
}
early_param("reclaim_policy", set_boot_policy);

void reclaim_policy_init(void)
{
	struct zone *zone;

	for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
		policies[i]->id = i + 1;
	for_each_populated_zone(zone)
		enter_zone(zone, policies[0]);
	reclaim_policy = policies[0];
}

void reclaim_policy_boot(void)
{
	int err = boot_policy ? reclaim_policy_set(boot_policy) : 0;

	if (err == -EINVAL) {
		pr_err("reclaim_policy=%s: no such policy, %s it is. There are:\n", boot_policy, reclaim_policy->name);
		for (unsigned int i = 0; i < ARRAY_SIZE(policies); i++)
			pr_err("  reclaim_policy=%s: %s\n", policies[i]->name, policies[i]->about);
	} else if (err) {
		pr_err("reclaim_policy=%s: could not be started (error %d), %s it is\n", boot_policy, err,
		       reclaim_policy->name);
	}
}

/* ---- What runs and policies share ------------------------------------------------------------------ */

void scan_facts_of(struct zone *zone, const struct scan_control *sc, struct scan_facts *f)
{
	enum lru_list lru;

	*f = (struct scan_facts){
		.free = zone_page_state(zone, NR_FREE_PAGES),
		.high_wmark = high_wmark_pages(zone),
		.free_swap = get_nr_swap_pages(),
		.swappiness = (unsigned int)vm_swappiness,
		.priority = sc->priority,
		.may_swap = sc->may_swap,
		.force_scan = current_is_kswapd() && !zone_reclaimable(zone),
	};
	for_each_evictable_lru(lru)
		f->size[lru] = zone_lru_size(zone, lru);
}

void plan_by_size(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS])
{
	struct scan_facts f;

	scan_facts_of(zone, sc, &f);
	spin_lock_irq(&zone->lru_lock);
	scan_count(&f, scan_balance_by_size(&f), &zone->lruvec.reclaim_stat, nr);
	spin_unlock_irq(&zone->lru_lock);
}

enum lru_place place_in_queue(struct zone *zone, struct page *page, enum lru_move why)
{
	(void)zone;
	ClearPageActive(page);
	if (why == LRU_PROMOTE)
		return PLACE_STAY;
	return why == LRU_ROTATE ? PLACE_TAIL : PLACE_HEAD;
}

bool page_take_marks(struct page *page, bool locked, unsigned long *vm_flags)
{
	bool marked = PageReferenced(page) && TestClearPageReferenced(page);

	return page_referenced(page, locked, vm_flags) || marked;
}
