/* SPDX-License-Identifier: MIT */
/*
 * A reclaim policy: which page goes when one must go. One file, one table of functions.
 *
 *   mechanism                                    policy
 *   pagevec.c    a page comes into memory  --->  place(ADD): which list, which end
 *   lru.c        read or written by a call --->  accessed()
 *   shrink_zone  how much of which kind?   --->  plan()      make victims ready  --->  age(), balance()
 *                32 victims, please        --->  take()
 *   shrink_list  was it used meanwhile?    --->  judge()     it is gone          --->  evicted()
 *   putback      it stays                  --->  place(KEEP or PROMOTE)
 *   swap-in, page cache: it is back        --->  refault()
 *
 * The mechanism isolates, locks, unmaps, writes, frees, waits and counts, and never asks why. A policy looks
 * at pages, remembers what it likes, and says where on the lists each page belongs. It owns these bits of a
 * page: PG_active, PG_referenced, the generation (which of the lists 1 to 7; 0: the five) and the tier. Pages leave
 * their list by themselves when freed: whoever needs to know how many there are reads the lists' lengths.
 *
 * What every policy gets for nothing: mlocked pages never reach it; a page in use by the kernel, dirty or under
 * I/O is dealt with; data are safe whatever it chooses. A bad policy is slow, not wrong.
 *
 * Locks: at each function below. zone->lru_lock is held with interrupts off: nothing may sleep there.
 * Read next: policy_fifo.c (the smallest), docs/policies.md (how to write one).
 */
#ifndef MM_POLICY_H
#define MM_POLICY_H

#include "kernel/base/atomic.h"
#include "mm/lru.h"

struct scan_control;

enum lru_move {
	LRU_ADD,	/* new in memory, or back from somebody's own use. PG_active: whoever adds it expects use */
	LRU_KEEP,	/* was a victim, could not be freed */
	LRU_PROMOTE,	/* was a victim, judge() said REF_ACTIVATE; or somebody knows it is worth keeping */
	LRU_ROTATE,	/* was a victim, its write has ended: free it next */
};

enum lru_place {
	PLACE_HEAD,	/* the list that the page's bits name now, at its young end */
	PLACE_TAIL,	/* ... at the end where victims are taken */
	PLACE_STAY,	/* where it is, bits unchanged; for a page on no list the same as PLACE_HEAD */
};

/* The answer about one victim (spec 6.5). */
enum page_reference {
	REF_RECLAIM,		/* away with it */
	REF_RECLAIM_CLEAN,	/* if it is clean; a dirty one is kept */
	REF_KEEP,		/* another round */
	REF_ACTIVATE,		/* in use: PG_active is set, then place(PROMOTE) */
};

struct reclaim_policy {
	const char *name;	/* of vm.reclaim_policy and the boot word */
	const char *about;	/* one line */
	unsigned int lists;	/* a bit for each list (index of lruvec.lists) it puts pages on */
	bool places_all;	/* ask place() for pages on no list too (LRU_ADD, KEEP, PROMOTE of a victim); */
				/* else they go to the head of the one of the five that PG_active says */
	unsigned int unmap_flags; /* TTU_IGNORE_ACCESS: a use after judge() does not save the page either */

	/*
	 * The policy comes and goes. start: may sleep; 0 or -ENOMEM, nothing changes then. enter: this zone
	 * is the policy's from now on; lru_lock held. Pages follow one by one as place(ADD). stop: no function of
	 * the policy runs any more; may sleep. All three may be NULL.
	 */
	int (*start)(void);
	void (*enter)(struct zone *zone);
	void (*stop)(void);

	/*
	 * => where the page goes; its bits say which list. lru_lock held; do not touch lists here
	 */
	enum lru_place (*place)(struct zone *zone, struct page *page, enum lru_move why);
	/* => a call read or wrote the page. Any context, no lock: bits of the page only. NULL: as lru2 does */
	void (*accessed)(struct page *page);

	/*
	 * => how much work at sc->priority: nr[LRU_INACTIVE_ANON or _FILE] victims to take, nr[LRU_ACTIVE_*]
	 *    pages to age. The mechanism may stop early when enough is free. No lock; may sleep.
	 */
	void (*plan)(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS]);
	/*
	 * => up to nr pages moved to dst by lru_isolate(), *scanned pages looked at. lru_lock held. NULL: from the
	 *    tail of the inactive list
	 */
	unsigned long (*take)(struct zone *zone, int file, unsigned long nr, struct page_list *dst,
			      unsigned long *scanned, unsigned int mode);
	/* => the victim's fate; page locked, on no list. May sleep. */
	enum page_reference (*judge)(struct page *page);
	/* Make nr pages of a kind older. No lock; may sleep. NULL: nothing to do */
	void (*age)(struct zone *zone, int file, unsigned long nr, struct scan_control *sc);
	/* A little of that beside the plan: after each zone, and at each look of kswapd. As age. */
	void (*balance)(struct zone *zone, struct scan_control *sc);

	/*
	 * History. evicted: the page leaves memory, nobody can change that; => SHADOW_BITS bits to be kept in its place
	 * (swap slot, page cache), 0: nothing. Page locked, without references, still in its cache, whose lock is
	 * held; perhaps on several CPUs at once: take at most lru_lock. refault: a page with
	 * that note is back (before LRU_ADD, ours alone): bits of the page may be set. lru_lock held. A note may come
	 * back late, or never.
	 */
	u32 (*evicted)(struct zone *zone, struct page *page);
	void (*refault)(struct zone *zone, struct page *page, u32 shadow);

	atomic_t users;		/* [a] runs of reclaim under way with it; the mechanism's */
	unsigned int id;	/* [I] the mechanism's */
};

#define SHADOW_BITS 28
#define SHADOW_MASK ((1U << SHADOW_BITS) - 1)

#define LRU_BIT(list) (1U << (list))

extern struct reclaim_policy policy_lru2, policy_fifo, policy_clock, policy_clockpro, policy_mglru;

/* The policy of new runs. Changed only by reclaim_policy_set(); for mark_page_accessed() and reports. */
extern struct reclaim_policy *reclaim_policy;

void reclaim_policy_init(void);	/* boot: every zone gets lru2 */
void reclaim_policy_boot(void); /* when tasks run: the policy of the boot word */
/*
 * Change over while everything runs: every page of every zone goes to the new policy's lists.
 * => 0, -EINVAL no such name, -ENOMEM, -EINTR; may sleep, returns when the old policy is out of use
 */
int reclaim_policy_set(const char *name);
/* => the policies there are, for reports; NULL ends */
const struct reclaim_policy *reclaim_policy_number(unsigned int i);

/* ---- What policies use ---- */

#define ISOLATE_UNMAPPED 0x2 /* leave mapped pages alone */

/*
 * One page, off its list and onto dst, with a reference; counted as isolated. => lru_lock held; false: it is being
 * freed just now, or mode forbids it: it stays where it is
 */
bool lru_isolate(struct zone *zone, struct page *page, struct page_list *dst, unsigned int mode);
/* The usual take(): nr pages from the tail of one list. What cannot be taken goes to its head. */
unsigned long isolate_lru_pages(struct zone *zone, unsigned int list, unsigned long nr, struct page_list *dst,
			    unsigned long *scanned, unsigned int mode);
/*
 * The usual plan() of policies without an active list: both kinds by size, swappiness and how often a scan of
 * them was in vain (spec 6.2 without its rules about active lists).
 */
void plan_by_size(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS]);
/*
 * The usual place() of policies with one list of each kind: who comes or could not go queues, who has been written is
 * first, and to be used changes nothing.
 */
enum lru_place place_in_queue(struct zone *zone, struct page *page, enum lru_move why);
/*
 * Was the page used since this was asked last, through page tables or by a call? => no mark is left; *vm_flags of the
 * areas that map it; locked: the caller has the page lock. May sleep
 */
bool page_take_marks(struct page *page, bool locked, unsigned long *vm_flags);
/* Spec 6.5, lru2's judge(). */
enum page_reference page_check_references(struct page *page);

/* ---- What the mechanism uses ---- */

/* => the zone's policy, which does not go away until policy_put() */
struct reclaim_policy *policy_get(struct zone *zone);
void policy_put(struct reclaim_policy *policy);

/* => what to keep in the place of a page that is being evicted: policy and its note, 31 bits; 0: nothing */
static inline u32 policy_shadow(struct reclaim_policy *policy, struct zone *zone, struct page *page)
{
	u32 note = policy->evicted ? policy->evicted(zone, page) & SHADOW_MASK : 0;

	return note ? policy->id << SHADOW_BITS | note : 0;
}
/* => the page, on a list of whatever policy, is placed anew by the zone's. lru_lock held; not unevictable */
void lru_rejoin(struct page *page, struct zone *zone);
/* => the page, new and on no list, has such a shadow. Any lock outside lru_lock */
void lru_refault(struct page *page, u32 shadow);

#endif
