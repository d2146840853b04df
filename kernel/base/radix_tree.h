/* SPDX-License-Identifier: MIT */
/*
 * A sparse array from unsigned long to pointer, with three tags per item: the page cache's index.
 *
 *	root -> node (64 slots) -> node -> ... -> item        height 0: the root holds item 0 itself
 *
 * A tag bit of a node says that some item below has the tag, so tagged items are found without
 * walking the others. Items must not have bit 0 set (it marks inner nodes); items with bit 1 set
 * are "exceptional": values the tree stores and returns without looking, such as swap entries of
 * tmpfs.
 *
 * Locking is the caller's: one lock per tree around every call, lookups too.
 */
#ifndef KERNEL_BASE_RADIX_TREE_H
#define KERNEL_BASE_RADIX_TREE_H

#include "kernel/base/list.h"
#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

#define RADIX_TREE_MAP_SHIFT  6
#define RADIX_TREE_MAP_SIZE   (1UL << RADIX_TREE_MAP_SHIFT)
#define RADIX_TREE_MAP_MASK   (RADIX_TREE_MAP_SIZE - 1)
#define RADIX_TREE_MAX_TAGS   3
#define RADIX_TREE_MAX_HEIGHT 11 /* 64 bits by 6 */

#define RADIX_TREE_INTERNAL_ENTRY    1UL
#define RADIX_TREE_EXCEPTIONAL_ENTRY 2UL
#define RADIX_TREE_EXCEPTIONAL_SHIFT 2

struct radix_tree_node {
	struct radix_tree_node *parent; /* NULL for the topmost */
	u8 shift;			/* an index's slot here is (index >> shift) & 63 */
	u8 offset;			/* our slot in the parent */
	u16 count;			/* slots in use */
	u16 exceptional;		/* of these, in a node of items: exceptional entries */
	struct list_head private_list;	/* the tree's user's: mm/workingset.c. next is NULL in a new node */
	void *private_data;		/* the same */
	void *slots[RADIX_TREE_MAP_SIZE];
	unsigned long tags[RADIX_TREE_MAX_TAGS]; /* a bit per slot */
};

struct radix_tree_root {
	void *rnode;	/* node (bit 0 set), or the item of index 0, or NULL */
	gfp_t gfp_mask; /* for nodes, when the reserve is empty */
	u32 tags;	/* bit per tag: some item has it */
};

#define RADIX_TREE_INIT(mask)                                \
	{                                                    \
		.rnode = NULL, .gfp_mask = (mask), .tags = 0 \
	}
#define RADIX_TREE(name, mask) struct radix_tree_root name = RADIX_TREE_INIT(mask)
#define INIT_RADIX_TREE(root, mask)        \
	do {                               \
		(root)->rnode = NULL;      \
		(root)->gfp_mask = (mask); \
		(root)->tags = 0;          \
	} while (0)

static inline bool radix_tree_exceptional_entry(const void *item)
{
	return ((unsigned long)item & RADIX_TREE_EXCEPTIONAL_ENTRY) != 0;
}

static inline bool radix_tree_empty(const struct radix_tree_root *root)
{
	return root->rnode == NULL;
}

/*
 * Where nodes come from: alloc(gfp) returns sizeof(struct radix_tree_node) zeroed bytes or NULL. mm
 * enters its cache once at boot; before that the tree can hold index 0 only.
 */
void radix_tree_set_allocator(void *(*alloc)(gfp_t gfp), void (*free)(void *node));

/* => 0, -EEXIST if index is occupied, -ENOMEM with the tree as it was */
int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item);
void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index);
/* => where the item is stored, or NULL; valid until the next insertion or deletion */
void **radix_tree_lookup_slot(struct radix_tree_root *root, unsigned long index);
/* item takes the place of what is at index, which loses its tags. => what was there; NULL: nothing, and nothing done */
void *radix_tree_replace(struct radix_tree_root *root, unsigned long index, void *item);
/* => the node whose slot index is, NULL: none (the tree is empty, or has a lone item at 0) */
struct radix_tree_node *radix_tree_leaf(const struct radix_tree_root *root, unsigned long index);
/* => the item that was there, or NULL */
void *radix_tree_delete(struct radix_tree_root *root, unsigned long index);
/* => as above, but only if the item there is `item`; NULL matches anything */
void *radix_tree_delete_item(struct radix_tree_root *root, unsigned long index, void *item);

/* => up to max items at indices >= first in order; indices (may be NULL) gets where they are */
unsigned int radix_tree_gang_lookup(const struct radix_tree_root *root, void **results,
				    unsigned long *indices, unsigned long first, unsigned int max);
unsigned int radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
					unsigned long *indices, unsigned long first,
					unsigned int max, unsigned int tag);

/* => the item, whose tag is now set (clear), or NULL if there is none */
void *radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, unsigned int tag);
void *radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, unsigned int tag);
bool radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, unsigned int tag);
static inline bool radix_tree_tagged(const struct radix_tree_root *root, unsigned int tag)
{
	return (root->tags >> tag) & 1;
}

/* => the first index >= (<=) index without an item (exceptional ones do not count), looking at max_scan at most */
unsigned long radix_tree_next_hole(const struct radix_tree_root *root, unsigned long index,
				   unsigned long max_scan);
unsigned long radix_tree_prev_hole(const struct radix_tree_root *root, unsigned long index,
				   unsigned long max_scan);

/*
 * A reserve for insertions under a spinlock:
 * => fills this CPU's reserve with as many nodes as one insertion can take; may sleep as gfp says
 * => 0 with preemption off until radix_tree_preload_end(), or -ENOMEM with preemption as it was
 */
int radix_tree_preload(gfp_t gfp);
void radix_tree_preload_end(void);

#endif
