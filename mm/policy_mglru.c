/* SPDX-License-Identifier: MIT */
/*
 * mglru: several generations instead of two lists; who was used is learnt by walking page tables.
 *
 *   seq    max       max-1      max-2      max-3         list number 1 + seq % 4, for each kind
 *        [ youngest | young   | old      | oldest ] ---> victims, tail first
 *             ^         ^                    ^
 *             |         new anonymous page   read from a file, read ahead from swap
 *             +-- seen in use by a walk; used when it was to go; back too soon after eviction
 *
 * The two youngest generations are not taken from. Before a kind has no other, a new one begins (mglru_age.c): all
 * page tables are walked, what was touched joins the youngest, and the count goes up by one. So a page stays
 * as long as it is touched once in a generation, whatever runs through memory meanwhile; a page touched once in its
 * life is gone two generations after. The touch by which a page came in does not count (MGLRU_FRESH).
 *
 * File pages used through read and write have no accessed bits: they are counted into tiers 0 to 3. A tier
 * above 0 is spared (one generation up) while its evicted pages come back more often than those of tier 0 do.
 *
 * History: a shadow has the number of the oldest generation at eviction. A page back within one generation was
 * evicted too early and starts as the youngest.
 *
 * After Linux's multi-generational LRU (6.1), from its description. Linux does beyond it: walks near each
 * victim, filters of page tables worth a walk, a controller instead of the comparison, thrashing prevention by time.
 * Locks: lru_lock for lists and struct mglru_zone.
 */
#include "mm/mglru.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "mm/mm_types.h"
#include "mm/reclaim.h"
#include "mm/rmap.h"

#define MIN_EVIDENCE 64UL /* evictions of a tier before its refaults mean anything */

static struct mglru_zone zones[MAX_NUMNODES][MAX_NR_ZONES];

struct mglru_zone *mglru_zone(const struct zone *zone)
{
	return &zones[zone->node][zone->index];
}

void mglru_move(struct zone *zone, struct page *page, unsigned long seq, bool head)
{
	unsigned int old = lru_list_of(page);

	assert_spin_locked(&zone->lru_lock);
	page_list_del(page, &zone->lruvec.lists[old]);
	lru_count(zone, old, -1);
	set_page_lru_gen(page, mglru_gen(seq));
	lru_list_add(page, zone, head);
}

/* ---- Places --------------------------------------------------------------------------------------- */

/* => the generation of a page that comes in */
static unsigned long place_new(const struct mglru_zone *z, struct page *page, int file)
{
	if (!TestClearPageActive(page))
		return z->min_seq[file];
	if (file || PageSwapCache(page))
		return z->max_seq;
	set_page_lru_tier(page, MGLRU_FRESH);
	return z->max_seq - 1;
}

/*
 * While memory fills up each eighth of it is a reason for a walk: when something must go, what is in use has
 * been told from what was touched once. => lru_lock held
 */
static void look_ahead(struct zone *zone, struct mglru_zone *z)
{
	unsigned long free;

	if (++z->added < zone->managed_pages / 8)
		return;
	z->added = 0;
	free = zone_page_state(zone, NR_FREE_PAGES);
	if (free > high_wmark_pages(zone) && free < zone->managed_pages / 2)
		mglru_age_look();
}

static enum lru_place mglru_place(struct zone *zone, struct page *page, enum lru_move why)
{
	struct mglru_zone *z = mglru_zone(zone);
	int file = page_is_file_cache(page);
	enum lru_place place = PLACE_HEAD;
	unsigned long seq = z->min_seq[file];

	switch (why) {
	case LRU_ADD:
		seq = place_new(z, page, file);
		look_ahead(zone, z);
		break;
	case LRU_KEEP: /* out of the way; one that is being written comes back by LRU_ROTATE */
		seq = z->max_seq - 1;
		break;
	case LRU_PROMOTE:
		ClearPageActive(page);
		seq = z->max_seq;
		break;
	case LRU_ROTATE:
		place = PLACE_TAIL;
		break;
	}
	set_page_lru_gen(page, mglru_gen(seq));
	return place;
}

/* The first use sets the mark, each further one raises the tier. */
static void mglru_accessed(struct page *page)
{
	unsigned int tier;

	if (!PageReferenced(page)) {
		SetPageReferenced(page);
		return;
	}
	tier = page_lru_tier(page);
	if (page_is_file_cache(page) && tier < MGLRU_TIERS - 1)
		set_page_lru_tier(page, tier + 1);
}

/* ---- Victims -------------------------------------------------------------------------------------- */

/* => lru_lock held; a kind's count leaves generations that are empty, as far as old ones go */
static void skip_empty(struct zone *zone, struct mglru_zone *z, int file)
{
	while (mglru_is_old(z, file) && !lru_gen_size(zone, mglru_gen(z->min_seq[file]), file))
		z->min_seq[file]++;
}

/* Do pages of that tier come back more often than those used once? => lru_lock held */
static bool tier_is_worth(const struct mglru_zone *z, int file, unsigned int tier)
{
	u64 back = z->refaulted[file][tier], gone = z->evicted[file][tier];

	if (!tier || gone < MIN_EVIDENCE)
		return false;
	return back * (z->evicted[file][0] + 1) > (u64)z->refaulted[file][0] * gone;
}

/* From the tail of one generation. => pages taken; *scanned grows by those looked at */
static unsigned long take_from(struct zone *zone, struct mglru_zone *z, int file, unsigned long seq, unsigned long nr,
			       struct page_list *dst, unsigned long *scanned, unsigned int mode)
{
	struct page_list *list = &zone->lruvec.lists[gen_list(mglru_gen(seq), file)];
	unsigned long taken = 0;

	while (*scanned < nr) {
		struct page *page = page_list_last(list);

		if (!page)
			break;
		++*scanned;
		if (file && seq < z->max_seq && tier_is_worth(z, file, page_lru_tier(page)))
			mglru_move(zone, page, seq + 1, true);
		else if (lru_isolate(zone, page, dst, mode))
			taken++;
		else
			mglru_move(zone, page, seq, true);
	}
	return taken;
}

static unsigned long mglru_take(struct zone *zone, int file, unsigned long nr, struct page_list *dst,
				unsigned long *scanned, unsigned int mode)
{
	struct mglru_zone *z = mglru_zone(zone);
	unsigned long taken = 0, last;

	skip_empty(zone, z, file);
	last = z->hurry ? z->max_seq : z->max_seq - MGLRU_MIN_GENS;
	*scanned = 0;
	for (unsigned long seq = z->min_seq[file]; (long)(last - seq) >= 0 && !taken && *scanned < nr; seq++)
		taken += take_from(zone, z, file, seq, nr, dst, scanned, mode);
	mglru_count_victims(taken);
	return taken;
}

static enum page_reference mglru_judge(struct page *page)
{
	bool fresh = PageSwapBacked(page) && page_lru_tier(page) == MGLRU_FRESH;
	bool marked = PageReferenced(page) && TestClearPageReferenced(page);
	unsigned long vm_flags;
	int refs = page_referenced(page, true, &vm_flags);

	if (fresh)
		set_page_lru_tier(page, 0);
	if (vm_flags & VM_LOCKED)
		return REF_RECLAIM; /* unmapping finds the locked area and culls the page */
	if (refs && !fresh)
		return REF_ACTIVATE;
	return marked && PageSwapBacked(page) ? REF_ACTIVATE : REF_RECLAIM;
}

/* ---- How much ------------------------------------------------------------------------------------- */

enum need { NEED_NOTHING, NEED_SOON, NEED_NOW };

/*
 * Is it time for a new generation? Now: there are young pages only. Soon: the last old generation has less
 * than a quarter of the kind's pages, or the youngest has more than half, so that between the next walk and the next
 * victim there is some time to be used in. => lru_lock held
 */
static enum need kind_needs(struct zone *zone, struct mglru_zone *z, int file)
{
	unsigned long total = 0, young = lru_gen_size(zone, mglru_gen(z->max_seq), file);

	skip_empty(zone, z, file);
	if (!mglru_is_old(z, file))
		return NEED_NOW;
	if (z->min_seq[file] + MGLRU_MIN_GENS < z->max_seq)
		return NEED_NOTHING;
	for (unsigned int gen = 1; gen <= MGLRU_MAX_GENS; gen++)
		total += lru_gen_size(zone, gen, file);
	if (young * 2 > total || lru_gen_size(zone, mglru_gen(z->min_seq[file]), file) * 4 < total)
		return NEED_SOON;
	return NEED_NOTHING;
}

/* The needs of the kinds that are wanted. hurry: if there are still young pages only, take them */
static enum need zone_needs(struct zone *zone, const unsigned long nr[], bool hurry)
{
	struct mglru_zone *z = mglru_zone(zone);
	enum need need = NEED_NOTHING;

	spin_lock_irq(&zone->lru_lock);
	for (int file = 0; file < 2; file++)
		if (nr[LRU_FILE * file])
			need = max(need, kind_needs(zone, z, file));
	z->hurry = hurry && need == NEED_NOW;
	spin_unlock_irq(&zone->lru_lock);
	return need;
}

static void mglru_plan(struct zone *zone, struct scan_control *sc, unsigned long nr[NR_LRU_LISTS])
{
	enum need need;

	plan_by_size(zone, sc, nr);
	/* What counts as active is a share of the work too: when all is, a new generation must begin. */
	for (int file = 0; file < 2; file++) {
		nr[LRU_FILE * file] += nr[LRU_FILE * file + LRU_ACTIVE];
		nr[LRU_FILE * file + LRU_ACTIVE] = 0;
	}
	need = zone_needs(zone, nr, false);
	if (need == NEED_NOTHING)
		return;
	if (!mglru_age_ask(need == NEED_NOW) || sc->priority < DEF_PRIORITY - 2)
		zone_needs(zone, nr, true);
}

/* ---- History -------------------------------------------------------------------------------------- */

/* A note: | oldest generation 24 | tier 2 | file | 1 | */
#define NOTE_SEQ_SHIFT 4
#define NOTE_SEQ_MASK  (SHADOW_MASK >> NOTE_SEQ_SHIFT)

static u32 mglru_evicted(struct zone *zone, struct page *page)
{
	struct mglru_zone *z = mglru_zone(zone);
	int file = page_is_file_cache(page);
	unsigned int tier = file ? page_lru_tier(page) : 0;
	unsigned long flags;

	spin_lock_irqsave(&zone->lru_lock, flags);
	z->evicted[file][tier]++;
	spin_unlock_irqrestore(&zone->lru_lock, flags);
	return (u32)(READ_ONCE(z->min_seq[file]) & NOTE_SEQ_MASK) << NOTE_SEQ_SHIFT | tier << 2 | (u32)file << 1 | 1;
}

static void mglru_refault(struct zone *zone, struct page *page, u32 note)
{
	struct mglru_zone *z = mglru_zone(zone);
	int file = note >> 1 & 1;
	unsigned long age = (z->min_seq[file] - (note >> NOTE_SEQ_SHIFT)) & NOTE_SEQ_MASK;

	if (age > 1)
		return;
	z->refaulted[file][note >> 2 & 3]++;
	SetPageActive(page);
	if (file)
		__mod_zone_page_state(zone, WORKINGSET_ACTIVATE, 1);
}

/* ---- Coming and going ------------------------------------------------------------------------------ */

static void mglru_enter(struct zone *zone)
{
	struct mglru_zone *z = mglru_zone(zone);

	memset(z, 0, sizeof(*z));
	z->max_seq = MGLRU_MAX_GENS - 1;
	for (unsigned long seq = 0; seq < MGLRU_MAX_GENS; seq++)
		lru_gen_set_active(zone, mglru_gen(seq), seq + MGLRU_MIN_GENS > z->max_seq);
}

#define GEN_LISTS(seq) (LRU_BIT(NR_LRU_LISTS + 2 * (seq)) | LRU_BIT(NR_LRU_LISTS + 2 * (seq) + 1))

struct reclaim_policy policy_mglru = {
	.name = "mglru",
	.about = "generations: a page touched once in each stays; page tables are walked to learn that",
	.lists = GEN_LISTS(0) | GEN_LISTS(1) | GEN_LISTS(2) | GEN_LISTS(3),
	.places_all = true,
	.start = mglru_age_start,
	.enter = mglru_enter,
	.stop = mglru_age_stop,
	.place = mglru_place,
	.accessed = mglru_accessed,
	.plan = mglru_plan,
	.take = mglru_take,
	.judge = mglru_judge,
	.evicted = mglru_evicted,
	.refault = mglru_refault,
};
