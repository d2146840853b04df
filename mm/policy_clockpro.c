/* SPDX-License-Identifier: MIT */
/*
 * clockpro: what counts is how long ago a page was used the time before last (CLOCK-Pro; LIRS with accessed bits).
 *
 *   new page --> [ cold   head ... tail ] --not used again--> out; key and stamp stay behind as a ghost
 *                   ^            | used again                      |
 *                   |   in test? |                  back in test?  |
 *                   |            v                                 |
 *                   +-- [ hot    head ... tail ] <-----------------+
 *            not used, and too many hot ones: to the tail of the cold
 *
 * The clock counts pages coming in. A stamp is the clock at a page's last known use. A page that is used again is
 * "in test" if less than half as much has come in since its stamp as since that of the oldest hot page: it deserves the
 * place more, and not by chance. That is why a loop over a little more than the memory keeps
 * most of its pages (LRU keeps none), and why a scan, whose pages are used once, takes cold places only.
 *
 * Hot pages have a weight, +3 when found used, -1 when not; only weight 0 goes. So often used pages outlive those
 * that were used twice by chance.
 *
 * Cold places: few, so that many pages can be hot; more when pages in test come back (the wrong ones are hot), fewer
 * with each page that leaves. Each page that becomes hot moves the hot hand by one, even if there are cold places
 * enough: else pages nobody uses would stay hot for as long as cold places abound.
 *
 * A new phase: the hot hand finds hardly any page in use. For a whole round of it weights do not count, and a page is
 * in test if it is younger at all.
 *
 * The use that brought a page in sets its accessed bit a moment later: a new page (TIER_NEW) whose bit is found set for
 * the first time has that one cleared and goes round once more.
 *
 * Locks: lru_lock for everything here; a page's note also belongs to who has isolated the page.
 * Test: tests/race. Read next: policy_lru2.c for comparison. Papers: LIRS (2002), CLOCK-Pro (2005).
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"
#include "mm/ghosts.h"
#include "mm/mm_types.h"
#include "mm/pagemap.h"
#include "mm/policy.h"
#include "mm/reclaim.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"

#define STAMP_BITS    GHOST_STAMP_BITS
#define WEIGHT_MAX    15
#define WEIGHT_USED   3
#define COLD_MIN      32UL /* one batch of victims */
#define COLD_MIN_PART 64   /* at least total / this */
#define COLD_GROWTH   2	   /* for a page that comes back in test; one that leaves takes 1 */
#define STALE_GROWTH  24	   /* ... in a new phase */
#define STALE_SHARE   64U  /* so few hot pages are in use when a phase is over, in 1/1024 */
#define STALE_AGE_PART 3
#define TIER_NEW      1

enum note_state {
	NOTE_NONE,
	NOTE_STAYS,	/* isolated from the hot list, and goes back there */
	NOTE_DEMOTED,	/* the same, and becomes cold */
};

/* One for each frame of the zone. */
struct note {
	u32 stamp : STAMP_BITS;
	u32 weight : 4;
	u32 state : 2;
};

struct cp_zone {
	struct note *notes;	/* by frame number */
	struct ghosts ghosts;
	u32 now;		/* pages that came in */
	unsigned long cold_target;
	unsigned long steps;	/* that the hot hand owes to pages that have become hot */
	u32 used_share;		/* of the hot pages looked at lately, in 1/1024; racy */
	unsigned long stale;	/* hot pages to look at until the round of a new phase is over; racy */
};

static struct cp_zone cp_zones[MAX_NUMNODES][MAX_NR_ZONES]; /* [l], pointers [I] from start to stop */

static struct cp_zone *cp_zone_of(const struct zone *zone)
{
	return &cp_zones[zone->node][zone->index];
}

static struct note *note_of(const struct zone *zone, const struct page *page)
{
	return &cp_zone_of(zone)->notes[page_to_pfn(page) - zone->zone_start_pfn];
}

static void set_note(struct zone *zone, struct page *page, u32 stamp)
{
	*note_of(zone, page) = (struct note){ .stamp = stamp & ((1U << STAMP_BITS) - 1) };
}

/* ---- Numbers --------------------------------------------------------------------------------------- */

static unsigned long nr_hot(const struct zone *zone)
{
	return zone_lru_size(zone, LRU_ACTIVE_ANON) + zone_lru_size(zone, LRU_ACTIVE_FILE);
}

static unsigned long nr_all(const struct zone *zone)
{
	return nr_hot(zone) + zone_lru_size(zone, LRU_INACTIVE_ANON) + zone_lru_size(zone, LRU_INACTIVE_FILE);
}

/* Places for cold pages: those they have, and what is free for them to take. */
static unsigned long cold_places(const struct zone *zone)
{
	unsigned long free = zone_page_state(zone, NR_FREE_PAGES), low = low_wmark_pages(zone);

	return nr_all(zone) - min(nr_all(zone), nr_hot(zone)) + free - min(free, low);
}

/* So much is free that the cold pages to come will find room. */
static bool plenty_free(const struct zone *zone)
{
	return zone_page_state(zone, NR_FREE_PAGES) > high_wmark_pages(zone) + cp_zone_of(zone)->cold_target + COLD_MIN;
}

static void change_cold_target(struct zone *zone, long by)
{
	struct cp_zone *z = cp_zone_of(zone);
	unsigned long all = nr_all(zone), low = max(COLD_MIN, all / COLD_MIN_PART);
	unsigned long want = (unsigned long)max((long)z->cold_target + by, 0L);

	z->cold_target = clamp(want, low, max(low, all / 2));
}

/* => lru_lock held; which of two lists has the older page at its tail: file or anonymous; -1: both are empty */
static int older_kind(struct zone *zone, enum lru_list anon, enum lru_list file)
{
	struct page *a = page_list_last(&zone->lruvec.lists[anon]), *f = page_list_last(&zone->lruvec.lists[file]);

	if (!a || !f)
		return a ? 0 : f ? 1 : -1;
	return stamp_younger(note_of(zone, a)->stamp, note_of(zone, f)->stamp);
}

static u32 age_of(const struct cp_zone *z, u32 stamp)
{
	return (z->now - stamp) & ((1U << STAMP_BITS) - 1);
}

/* => lru_lock held; a page last used then and used again deserves the place of the oldest hot one */
static bool in_test(struct zone *zone, u32 stamp)
{
	const struct cp_zone *z = cp_zone_of(zone);
	int kind = older_kind(zone, LRU_ACTIVE_ANON, LRU_ACTIVE_FILE);
	struct page *oldest;

	if (kind < 0)
		return true;
	oldest = page_list_last(&zone->lruvec.lists[kind ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON]);
	return age_of(z, stamp) * (z->stale ? 1ULL : 2ULL) < age_of(z, note_of(zone, oldest)->stamp);
}

/* ---- Places ---------------------------------------------------------------------------------------- */

/* It was in test: a place for it, and some cold ones for others like it. => lru_lock held */
static void won_test(struct zone *zone)
{
	struct cp_zone *z = cp_zone_of(zone);

	change_cold_target(zone, z->used_share < STALE_SHARE ? STALE_GROWTH : COLD_GROWTH);
	z->steps = min(z->steps + 1, nr_hot(zone));
}

static enum lru_place put_hot(struct page *page)
{
	SetPageActive(page);
	return PLACE_HEAD;
}

static enum lru_place put_cold(struct page *page)
{
	ClearPageActive(page);
	return PLACE_HEAD;
}

static enum lru_place place_new(struct zone *zone, struct page *page)
{
	struct cp_zone *z = cp_zone_of(zone);
	u32 key = ghost_key(page), stamp;
	bool back = key && ghost_take(&z->ghosts, key, &stamp) && in_test(zone, stamp);

	z->now++;
	set_note(zone, page, z->now);
	/* The call that brought it in has marked it already, or its access will do so in a moment. */
	if (PageReferenced(page))
		ClearPageReferenced(page);
	else
		set_page_lru_tier(page, TIER_NEW);
	if (back) {
		won_test(zone);
		return put_hot(page);
	}
	/* At first, and when programs with hot pages have ended, there is room for more of them. */
	if (plenty_free(zone) || nr_hot(zone) < nr_all(zone) / 2)
		return put_hot(page);
	return put_cold(page);
}

/* A victim was in use. */
static enum lru_place place_used(struct zone *zone, struct page *page)
{
	bool better = in_test(zone, note_of(zone, page)->stamp);

	set_note(zone, page, cp_zone_of(zone)->now);
	if (!better)
		return put_cold(page);
	won_test(zone);
	return put_hot(page);
}

static enum lru_place place_aged(struct note *note, struct page *page)
{
	bool demoted = note->state == NOTE_DEMOTED;

	note->state = NOTE_NONE;
	if (!demoted)
		return put_hot(page);
	put_cold(page);
	return PLACE_TAIL;
}

static enum lru_place cp_place(struct zone *zone, struct page *page, enum lru_move why)
{
	struct note *note = note_of(zone, page);

	switch (why) {
	case LRU_ADD:
		return place_new(zone, page);
	case LRU_PROMOTE:
		if (!PageLRU(page))
			return note->state ? place_aged(note, page) : place_used(zone, page);
		SetPageReferenced(page);
		return PLACE_STAY;
	case LRU_ROTATE:
		return PageActive(page) ? PLACE_STAY : PLACE_TAIL;
	case LRU_KEEP:
		break;
	}
	return put_cold(page);
}

static void cp_accessed(struct page *page)
{
	if (page_lru_tier(page) == TIER_NEW)
		set_page_lru_tier(page, 0); /* the use that brought it in */
	else if (!PageReferenced(page))
		SetPageReferenced(page);
}

/* ---- The cold hand ---------------------------------------------------------------------------------- */

/* The kind whose oldest cold page is older gives; when that does not help, both do. */
static void cp_plan(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS])
{
	enum scan_balance balance;
	struct scan_facts f;
	int kind;

	scan_facts_of(zone, sc, &f);
	balance = scan_balance_by_size(&f);
	spin_lock_irq(&zone->lru_lock);
	kind = older_kind(zone, LRU_INACTIVE_ANON, LRU_INACTIVE_FILE);
	spin_unlock_irq(&zone->lru_lock);
	if (balance == SCAN_ANON || balance == SCAN_FILE)
		kind = balance == SCAN_FILE;
	else if (!f.swappiness && f.size[LRU_INACTIVE_FILE])
		kind = 1;
	for (int file = 0; file <= 1; file++) {
		enum lru_list cold = file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
		bool both = balance == SCAN_EQUAL || (balance == SCAN_FRACT && sc->priority < DEF_PRIORITY - 2);

		if (kind == file || both)
			nr[cold] = min(f.size[cold], max(f.size[cold] >> sc->priority, SWAP_CLUSTER_MAX));
	}
}

static enum page_reference cp_judge(struct page *page)
{
	bool is_new = page_lru_tier(page) == TIER_NEW;
	unsigned long vm_flags;

	if (!page_take_marks(page, true, &vm_flags) || (vm_flags & VM_LOCKED))
		return REF_RECLAIM;
	if (is_new) {
		set_page_lru_tier(page, 0);
		return REF_KEEP;
	}
	return REF_ACTIVATE;
}

static u32 cp_evicted(struct zone *zone, struct page *page)
{
	struct cp_zone *z = cp_zone_of(zone);
	u32 key = ghost_key(page);
	unsigned long flags;

	if (!key)
		return 0;
	spin_lock_irqsave(&zone->lru_lock, flags);
	ghost_add(&z->ghosts, key, note_of(zone, page)->stamp);
	change_cold_target(zone, -1);
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	return 0; /* the ghost is all there is to remember */
}

/* ---- The hot hand ----------------------------------------------------------------------------------- */

/* What one more hot page, looked at, tells of all. => in a new phase */
static bool note_use(struct zone *zone, const struct note *note, bool used)
{
	struct cp_zone *z = cp_zone_of(zone);
	unsigned long stale = READ_ONCE(z->stale);

	/* Asked again at once, nobody has been used: that tells nothing. */
	if (stamp_younger(z->now, note->stamp + nr_hot(zone) / STALE_AGE_PART))
		z->used_share = (z->used_share * 31 + (used ? 1024 : 0)) / 32;
	if (z->used_share < STALE_SHARE)
		stale = nr_hot(zone);
	else if (stale)
		stale--;
	WRITE_ONCE(z->stale, stale);
	return stale;
}

/* An isolated hot page: younger, lighter, or, while there are too many, cold. */
static void age_page(struct zone *zone, struct page *page, unsigned long *excess)
{
	struct note *note = note_of(zone, page);
	unsigned long vm_flags;
	bool used = page_take_marks(page, false, &vm_flags), stale = note_use(zone, note, used);

	note->state = NOTE_STAYS;
	if (page_lru_tier(page) == TIER_NEW) {
		set_page_lru_tier(page, 0);
	} else if (used || (note->weight && !stale)) {
		note->weight = used ? min(note->weight + WEIGHT_USED, WEIGHT_MAX) : note->weight - 1;
		note->stamp = cp_zone_of(zone)->now;
	} else if (*excess) {
		(*excess)--;
		note->state = NOTE_DEMOTED;
		count_vm_event(PGDEACTIVATE);
	}
}

/* Up to nr of the oldest hot pages. => pages looked at */
static unsigned long age_batch(struct zone *zone, struct scan_control *sc, unsigned long nr, unsigned long *excess)
{
	unsigned long taken, scanned;
	PAGE_LIST(hold);
	PAGE_LIST(aged);
	PAGE_LIST(freed);
	struct page *page;
	int file;

	spin_lock_irq(&zone->lru_lock);
	file = older_kind(zone, LRU_ACTIVE_ANON, LRU_ACTIVE_FILE);
	if (file < 0) {
		spin_unlock_irq(&zone->lru_lock);
		return 0;
	}
	taken = isolate_lru_pages(zone, file ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON, nr, &hold, &scanned,
				  sc->may_unmap ? 0 : ISOLATE_UNMAPPED);
	count_vm_zone_events(PGREFILL, zone, scanned);
	spin_unlock_irq(&zone->lru_lock);

	while ((page = page_list_pop(&hold))) {
		cond_resched();
		age_page(zone, page, excess);
		page_list_add_tail(page, &aged);
	}

	spin_lock_irq(&zone->lru_lock);
	putback_inactive_pages(zone, &aged, &freed);
	__mod_zone_page_state(zone, file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON, -(long)taken);
	spin_unlock_irq(&zone->lru_lock);
	if (!page_list_empty(&freed))
		free_hot_cold_page_list(&freed, true);
	return scanned;
}

/* => how many places there should be for cold pages */
static unsigned long cold_wanted(struct zone *zone, const struct scan_control *sc)
{
	unsigned long want = cp_zone_of(zone)->cold_target;

	/* Trouble: nothing is said by cold pages that are on their way to the disk already, nor by a few others. */
	if (sc->priority < DEF_PRIORITY - 2)
		want += zone_page_state(zone, NR_WRITEBACK) + (nr_all(zone) >> sc->priority);
	return want;
}

/* => steps that the hot hand owes, up to a batch; they count as made */
static unsigned long take_steps(struct zone *zone)
{
	struct cp_zone *z = cp_zone_of(zone);
	unsigned long steps;

	spin_lock_irq(&zone->lru_lock);
	steps = min(z->steps, SWAP_CLUSTER_MAX);
	z->steps -= steps;
	spin_unlock_irq(&zone->lru_lock);
	return steps;
}

/*
 * As many hot pages as there should be. A page that has come straight to the hot list pushes the oldest one that is not
 * used off its end; the used ones on the way there get new stamps, which raises the bar for the next.
 */
static void cp_balance(struct zone *zone, struct scan_control *sc)
{
	unsigned long budget = 4UL * SWAP_CLUSTER_MAX << (DEF_PRIORITY - sc->priority), done = 0;

	lru_add_drain();
	while (done < budget) {
		unsigned long want = cold_wanted(zone, sc), have = cold_places(zone), excess, n;

		excess = max(want - min(want, have), take_steps(zone));
		if (!excess)
			break;
		n = age_batch(zone, sc, min(excess, SWAP_CLUSTER_MAX), &excess);
		if (!n)
			break;
		done += n;
	}
}

/* ---- Coming and going ------------------------------------------------------------------------------- */

static void cp_stop(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		vfree(cp_zone_of(zone)->notes);
		ghosts_free(&cp_zone_of(zone)->ghosts);
		memset(cp_zone_of(zone), 0, sizeof(struct cp_zone));
	}
}

/* 4 bytes for each frame, and 8 for about as many ghosts: a third of a percent of memory. */
static int cp_start(void)
{
	struct zone *zone;

	for_each_populated_zone(zone) {
		struct cp_zone *z = cp_zone_of(zone);

		z->notes = vzalloc(zone->spanned_pages * sizeof(*z->notes));
		if (!z->notes || ghosts_alloc(&z->ghosts, zone->present_pages)) {
			cp_stop();
			return -ENOMEM;
		}
	}
	return 0;
}

static void cp_enter(struct zone *zone)
{
	cp_zone_of(zone)->used_share = 1024;
	change_cold_target(zone, 0);
}

struct reclaim_policy policy_clockpro = {
	.name = "clockpro",
	.about = "the distance between two uses counts, that of pages that are gone too",
	.lists = LRU_BIT(LRU_INACTIVE_ANON) | LRU_BIT(LRU_ACTIVE_ANON) | LRU_BIT(LRU_INACTIVE_FILE) |
		 LRU_BIT(LRU_ACTIVE_FILE),
	.places_all = true,
	.start = cp_start,
	.enter = cp_enter,
	.stop = cp_stop,
	.place = cp_place,
	.accessed = cp_accessed,
	.plan = cp_plan,
	.judge = cp_judge,
	.balance = cp_balance,
	.evicted = cp_evicted,
};
