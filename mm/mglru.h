/* SPDX-License-Identifier: MIT */
/* The multi-generational policy from the inside: policy_mglru.c (pages) and mglru_age.c (time). */
#ifndef MM_MGLRU_H
#define MM_MGLRU_H

#include "mm/policy.h"

#define MGLRU_MIN_GENS 2UL /* the youngest ones, which are not taken from */
#define MGLRU_MAX_GENS 4UL
#define MGLRU_TIERS    4

/* What mglru knows of a zone. Kind 0 anonymous, 1 file. */
struct mglru_zone {
	unsigned long max_seq;		/* [l] number of the youngest generation */
	unsigned long min_seq[2];	/* [l] of the oldest one of a kind that may have pages */
	unsigned long added;		/* [l] pages that came in since memory was walked ahead of need */
	bool hurry;			/* [l] no new generation came in time: take from what there is */
	unsigned long evicted[2][MGLRU_TIERS];	 /* [racy] halved with every generation */
	unsigned long refaulted[2][MGLRU_TIERS]; /* [l] of these, those that came back soon */
};

struct mglru_zone *mglru_zone(const struct zone *zone);

/* Generation seq lies on the lists of this number. */
static inline unsigned int mglru_gen(unsigned long seq)
{
	return 1 + (unsigned int)(seq % MGLRU_MAX_GENS);
}

/* Bit for an anonymous page whose first touch has not been told from use yet; a file page has its tier there. */
#define MGLRU_FRESH 1U

/* => the page, on a list of a generation, goes to the head of another's. lru_lock held */
void mglru_move(struct zone *zone, struct page *page, unsigned long seq, bool head);
/* => one kind keeps at least so many generations older than the youngest two. lru_lock held */
static inline bool mglru_is_old(const struct mglru_zone *z, int file)
{
	return z->min_seq[file] + MGLRU_MIN_GENS <= z->max_seq;
}

/* ---- mglru_age.c ---- */

int mglru_age_start(void);	/* the thread; 0 or -ENOMEM */
void mglru_age_stop(void);
/* => so many pages were taken: a generation lasts for a number of them */
void mglru_count_victims(unsigned long nr);
/* => a walk without a new generation is asked for. Any context */
void mglru_age_look(void);
/*
 * => a new generation is asked for; wait: until it has begun, for HZ/10 at most. false: there is none, because the
 *    last one is too young, or it is late. May sleep.
 */
bool mglru_age_ask(bool wait);

#endif
