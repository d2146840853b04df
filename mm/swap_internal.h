/* SPDX-License-Identifier: MIT */
/*
 * Swap areas from the inside, shared by the swap_*.c files only.
 *
 *   swap_areas[type] -> swap_area: map[offset] one byte per slot, clusters of 256 slots,
 *                       cache[offset] the page of a slot in the swap cache, the device
 *
 * Locks by letter: [A] area->lock, [V] swap_avail_lock (nests inside area->lock), [S] the mutex
 * of swapon and swapoff, [a] atomic, [I] set before SWP_WRITEOK.
 */
#ifndef MM_SWAP_INTERNAL_H
#define MM_SWAP_INTERNAL_H

#include "kernel/core/block.h"
#include "mm/swap.h"

#define SWAPFILE_CLUSTER 256U
#define CLUSTER_NONE	 (~0U)
#define LATENCY_LIMIT	 256U /* slots looked at before a search lets others have the lock */

enum swap_area_flags {
	SWP_USED = 1,	   /* the structure describes an area */
	SWP_WRITEOK = 2,   /* slots may be taken */
	SWP_SOLIDSTATE = 4, /* no seeks: per-CPU clusters */
	SWP_DISCARDABLE = 8, /* swapon wants it, the device can */
	SWP_AREA_DISCARD = 16, /* all of it, at swapon */
	SWP_PAGE_DISCARD = 32, /* each cluster that becomes free */
};

/* 256 slots of an area without seeks. Free ones (count 0) are linked by index. */
struct swap_cluster {
	u32 next;	/* [A] on the free list */
	u16 count;	/* [A] slots in use */
	bool is_free;	/* [A] on the free list */
};

struct swap_area {
	spinlock_t lock;		/* the first member: the one that a new swapon keeps */
	unsigned int flags;		/* [A] enum swap_area_flags, changed with [S] too */
	unsigned int type;		/* [I] */
	int prio;			/* [S], [V] */
	struct list_head list;		/* [S] active areas, highest priority first */
	struct list_head avail;		/* [V] those with free slots, the same order */
	bool on_avail;			/* [V] */
	unsigned char *map;		/* [A] bytes of spec 7.2 */
	unsigned int max;		/* [A] slots, slot 0 included; 0 once swapped off */
	unsigned int pages;		/* [I] usable slots */
	unsigned int inuse_pages;	/* [A] */
	unsigned int lowest_bit, highest_bit; /* [A] no free slot lies outside */
	unsigned int cluster_next;	/* [A] with seeks: where to look next */
	unsigned int cluster_nr;	/* [A] with seeks: slots left of the run */
	struct swap_cluster *clusters;	/* [A] without seeks; NULL else */
	u32 free_head, free_tail;	/* [A] free clusters */
	u32 discard_head;		/* [A] free clusters that the device is still to be told about */
	unsigned int nr_discarding;	/* [A] it is being told about */
	unsigned int cpu_next[NR_CPUS];	/* [A] each CPU's next slot, 0: needs a cluster */
	u16 **continuation;		/* [A] per 4096 slots: higher digits of the counts */
	unsigned int nr_continuation;	/* [I] */
	u32 *cache;			/* [A] the swap cache by slot, see swap_cache.c */
	atomic_long_t nr_cached;	/* [a] pages in it */
	unsigned long *failed;		/* [a] bit by bit: a write to the slot has failed */
	bool any_failed;		/* [a] one of them is set */
	unsigned int nr_bad;		/* [A] slots given up for it, counted as in use */
	u32 *sums;			/* debug builds: checksum by slot of what was written (swap_sum.c) */
	struct block_device *bdev;	/* [I] */
	char path[64];			/* [I] */
};

extern struct swap_area *swap_areas[MAX_SWAPFILES]; /* [S], entries never go away */
extern spinlock_t swap_avail_lock;
extern struct list_head swap_avail_head;	/* [V] */
extern atomic_long_t nr_swap_pages;		/* [a] free slots of areas with SWP_WRITEOK */

static inline struct swap_area *swap_area_of(swp_entry_t entry)
{
	return swap_areas[swp_type(entry)];
}

/* ---- swap_map.c: the arithmetic of one byte, and its higher digits ---- */

#define SWAP_CONT_SLOTS 4096U	/* slots per array of higher digits */
#define SWAP_CONT_BASE	(SWAP_MAP_MAX + 1U) /* one carry is worth this many uses */

/*
 * One use more (usage 1), the cache mark (SWAP_HAS_CACHE) or shmem's mark. digit: where the slot's
 * higher digit is, NULL when no array is there.
 * => 0; -ENOENT slot free or bad; -EEXIST has the cache mark already; -ENOMEM digit needed
 */
int swap_byte_get(unsigned char *byte, u16 *digit, unsigned char usage);
/* => what is left in the byte (0: the slot is free now) */
unsigned char swap_byte_put(unsigned char *byte, u16 *digit, unsigned char usage);
/* => uses without the cache's */
int swap_byte_count(unsigned char byte, const u16 *digit);

/* The page of a slot that only the cache still uses: free both if nobody minds. => no area->lock held */
void swap_free_cached_page(swp_entry_t entry);
u16 *swap_digit(struct swap_area *area, unsigned long offset); /* => area->lock held; NULL: none */
/* => the entry's area, its lock taken; NULL (nothing locked) when it is gone or has no such slot */
static inline struct swap_area *swap_area_lock(swp_entry_t entry)
{
	struct swap_area *area = NULL;

	if (swp_type(entry) < MAX_SWAPFILES)
		area = swap_areas[swp_type(entry)];
	if (unlikely(!area))
		return NULL;
	spin_lock(&area->lock);
	if (likely(swp_offset(entry) < area->max))
		return area;
	spin_unlock(&area->lock); /* swapped off meanwhile, or a mangled entry */
	return NULL;
}

/* => slots whose pages are still to come back before the area can go: all but the bad ones. Racy without the lock */
static inline bool swap_area_busy(const struct swap_area *area)
{
	return READ_ONCE(area->inuse_pages) != READ_ONCE(area->nr_bad);
}

/* ---- swap_slots.c: finding and giving back slots. => area->lock held, but for the first ---- */

/*
 * Up to nr slots of one area, taken (SWAP_HAS_CACHE) but still counted as free swap. => how many, in slots[]; 0:
 * swap is full. No lock held before but that of a page; may sleep.
 */
unsigned int swap_slots_get(swp_entry_t slots[], unsigned int nr);
void swap_slots_return(const swp_entry_t slots[], unsigned int nr); /* as they came */
/* The map byte just became 0: the slot is free, or given up if a write to it has failed. */
void swap_slot_release(struct swap_area *area, unsigned int offset);
void swap_clusters_setup(struct swap_area *area, unsigned int max);
void swap_avail_add(struct swap_area *area);	/* takes swap_avail_lock */
void swap_avail_del(struct swap_area *area);

void swap_cluster_free(struct swap_area *area, u32 index); /* => area->lock held; onto the list of free ones */

/* ---- swap_discard.c ---- */

bool swap_discard_start(void); /* the worker, if it is not there. => swapon_mutex held, may sleep; false: no memory */
/* => the flags of an area on this device; SWAP_FLAG_* as swapon got them */
unsigned int swap_discard_flags(struct block_device *bdev, int swap_flags);
/* All slots of a device that no area uses yet, slot 0 excepted. => 0 or -EINTR (killed); errors are told. Sleeps */
int swap_discard_area(struct block_device *bdev, const char *path, unsigned long slots);
/* => area->lock held: the cluster, free since just now, is discarded before anybody uses it again */
void swap_discard_schedule(struct swap_area *area, u32 index);
/* => area->lock held, given away meanwhile: everything scheduled has been done on return; may sleep */
void swap_discard_wait(struct swap_area *area);

/* ---- swap_slot_cache.c: slots at hand for each CPU ---- */

void swap_slot_caches_init(void);
void swap_slot_caches_drain(void);	/* all CPUs': their slots are free again. No lock held */
unsigned int swap_slots_cached(unsigned int type); /* of that area */

/* ---- swap_header.c: page 0 of an area (spec 7.1); pure ---- */

struct swap_header {
	char bootbits[1024];
	u32 version;
	u32 last_page;
	u32 nr_badpages;
	unsigned char uuid[16];
	unsigned char label[16];
	u32 padding[117];
	u32 badpages[(4096 - 10 - 1536) / 4];
	char pad_to_magic[2];
	char magic[10];
} __packed;

static_assert(sizeof(struct swap_header) == 4096, "a swap header is one page");

#define MAX_SWAP_BADPAGES 637U

/*
 * Check h (a copy: a header of the other endianness is swapped in place) against a device of
 * device_pages.
 * => slots including slot 0, or 0 with *why for the log
 */
unsigned long swap_header_check(struct swap_header *h, unsigned long device_pages, bool is_file,
				const char **why);
/* => usable slots, map filled in (slot 0 and bad pages); 0: a bad page number is wrong or none is left */
unsigned long swap_header_fill_map(const struct swap_header *h, unsigned char *map,
				   unsigned long max);

/* ---- swap_cache.c ---- */

/*
 * => the locked page, not to be seen yet by anybody through the slot, whose SWAP_HAS_CACHE is the caller's; preemption
 *    is off
 * => the shadow that stood there, or 0
 */
u32 swap_cache_insert(struct swap_area *area, unsigned long offset, struct page *page);
/* => area->lock held */
struct page *swap_cache_peek(struct swap_area *area, unsigned long offset); /* not referenced, or NULL */

/* ---- swap_io.c ---- */

int swap_io_init(void);			/* first swapon: the pool of runs; 0 or -ENOMEM */

/* ---- swap_sum.c: debug builds only ---- */

void swap_sum_note(struct page *page);	/* the page is about to be written to its slot */
/* => false: what came from the slot is not what was written to it; told to the log */
bool swap_sum_right(struct page *page);

/* ---- swap_readahead.c ---- */

extern atomic_t swapin_readahead_hits;
/* => pages to read around offset; state in *hits etc. is consumed (spec 7.5) */
unsigned int swapin_window(unsigned long offset, unsigned int max, int hits, unsigned long *prev,
			   unsigned int *last);

/* ---- swap_mms.c ---- */

/* => the space behind prev (whose reference is given up), with one user more; NULL at the end */
struct mm_struct *next_swap_mm(struct mm_struct *prev);

/* ---- swapoff.c ---- */

int swap_unuse(struct swap_area *area);	/* 0, -EINTR, -ENOMEM; may sleep */

#endif
