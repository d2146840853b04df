/* SPDX-License-Identifier: MIT */
/*
 * Working-set detection: was a page evicted too early?
 *
 *   zone->inactive_age counts pages that leave the inactive file list: evicted at its tail or activated.
 *
 *   evicted:  the page's slot in its mapping's tree keeps a shadow entry: zone and the age of that moment
 *   refault:  distance = age now - age then: so many more inactive pages would have kept the page in memory
 *             distance <= active pages: the active list is longer than it deserves, the page starts there
 *             else: a page of a set that does not fit anyway, it starts at the head of the inactive list
 *
 *      +-memory available to cache-+
 *      +-inactive------+-active----+
 *   +--------------------+ distance of a page that was read, evicted and is read again
 *
 * That is what policies without a memory of their own get (lru2). The shadow of another holds the note that the policy
 * made (mm/policy.h, evicted()), which gets it back with the page.
 *
 * Shadows are not free: a tree node with nothing else in it (576 bytes for up to 64 shadows) stands on a list, and a
 * shrinker frees the oldest ones when there are more than would describe twice the memory.
 *
 * Locks: mapping->tree_lock for entries; shadow_lock for the list, taken inside it (the shrinker, which comes from
 * the list, only tries tree_lock). inactive_age is atomic. Test: tests/host/test_workingset.c.
 *
 * This is Linux 3.15's. Linux does beyond it: the same for anonymous pages (5.9), per cgroup, by node.
 */
#include "mm/workingset.h"

#include "kernel/base/kernel.h"
#include "kernel/base/radix_tree.h"
#include "mm/vmscan.h"
#include "mm/zone.h"

/* A shadow, from the lowest bit: exceptional mark (2), has a note (1), index in zone_table (ZONE_BITS), age or note. */
#define NOTE_FLAG  (1UL << RADIX_TREE_EXCEPTIONAL_SHIFT)
#define ZONE_BITS  (NODES_WIDTH + ZONES_WIDTH)
#define ZONE_MASK  ((1UL << ZONE_BITS) - 1)
#define ZONE_SHIFT (RADIX_TREE_EXCEPTIONAL_SHIFT + 1)
#define AGE_SHIFT  (ZONE_SHIFT + ZONE_BITS)
#define AGE_MASK   (~0UL >> AGE_SHIFT)

static DEFINE_SPINLOCK(shadow_lock, LOCK_RANK_LEAF);
static LIST_HEAD(shadow_nodes);		/* [shadow_lock] node->private_list, oldest first */
static unsigned long nr_shadow_nodes;	/* [shadow_lock], read by anybody */

/* ---- Distance ------------------------------------------------------------------------------------- */

void *workingset_eviction(struct page *page, u32 note)
{
	unsigned long age = (unsigned long)atomic_long_inc_return(&page_zone(page)->inactive_age);

	/* Zone and node are the top bits of page->flags. */
	return (void *)((note ? note : age) << AGE_SHIFT | (page->flags >> NODES_SHIFT) << ZONE_SHIFT |
			(note ? NOTE_FLAG : 0) | RADIX_TREE_EXCEPTIONAL_ENTRY);
}

u32 workingset_note(void *shadow)
{
	return (unsigned long)shadow & NOTE_FLAG ? (u32)((unsigned long)shadow >> AGE_SHIFT) : 0;
}

unsigned long workingset_distance(void *shadow, unsigned long age)
{
	return (age - ((unsigned long)shadow >> AGE_SHIFT)) & AGE_MASK;
}

bool workingset_refault(void *shadow)
{
	struct zone *zone = zone_table[(unsigned long)shadow >> ZONE_SHIFT & ZONE_MASK];
	unsigned long distance = workingset_distance(shadow, (unsigned long)atomic_long_read(&zone->inactive_age));

	mod_zone_page_state(zone, WORKINGSET_REFAULT, 1);
	if ((unsigned long)shadow & NOTE_FLAG) /* its policy decides */
		return false;
	if (distance > zone_page_state(zone, NR_ACTIVE_FILE))
		return false;
	mod_zone_page_state(zone, WORKINGSET_ACTIVATE, 1);
	return true;
}

void workingset_activation(struct page *page)
{
	atomic_long_inc(&page_zone(page)->inactive_age);
}

/* ---- Nodes ---------------------------------------------------------------------------------------- */

void workingset_node_gone(struct radix_tree_node *node)
{
	unsigned long flags;

	if (!node->private_list.next)
		return;
	spin_lock_irqsave(&shadow_lock, flags);
	if (node->private_list.next) { /* the shrinker takes nodes off without the tree's lock at first */
		list_del(&node->private_list);
		node->private_list.next = NULL;
		nr_shadow_nodes--;
	}
	spin_unlock_irqrestore(&shadow_lock, flags);
}

void workingset_update_node(struct address_space *mapping, struct radix_tree_node *node)
{
	assert_spin_locked(&mapping->tree_lock);
	if (!node->exceptional || node->exceptional != node->count) {
		workingset_node_gone(node);
		return;
	}
	if (node->private_list.next)
		return;
	spin_lock(&shadow_lock);
	node->private_data = mapping;
	list_add_tail(&node->private_list, &shadow_nodes);
	nr_shadow_nodes++;
	spin_unlock(&shadow_lock);
}

unsigned long workingset_shadow_nodes(void)
{
	return READ_ONCE(nr_shadow_nodes);
}

/*
 * So many nodes may be: if each were filled to an eighth only, their shadows would still tell of as many
 * pages as there are, which is the longest distance that can matter.
 */
static unsigned long max_shadow_nodes(void)
{
	return totalram_pages >> (1 + RADIX_TREE_MAP_SHIFT - 3);
}

static unsigned long count_shadow_nodes(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long nodes = workingset_shadow_nodes(), max = max_shadow_nodes();

	return nodes > max ? nodes - max : 0;
}

/* => tree_lock held; every shadow of the node goes, and with the last one the node */
static void empty_node(struct address_space *mapping, struct radix_tree_node *node)
{
	unsigned int left = node->count;
	unsigned long base = 0;

	VM_BUG_ON(node->exceptional != node->count);
	/* The node's first index: what its ancestors' offsets say. */
	for (struct radix_tree_node *n = node; n->parent; n = n->parent)
		base |= (unsigned long)n->offset << n->parent->shift;
	for (unsigned long i = 0; left && i < RADIX_TREE_MAP_SIZE; i++) {
		if (!node->slots[i])
			continue;
		left--; /* the last one takes the node with it */
		radix_tree_delete(&mapping->page_tree, base + i);
		mapping->nrshadows--;
	}
}

/* => true: the oldest node was emptied or put back; false: the list is empty */
static bool shrink_oldest_node(unsigned long *freed)
{
	struct radix_tree_node *node;
	struct address_space *mapping;
	unsigned long flags;

	spin_lock_irqsave(&shadow_lock, flags);
	if (list_empty(&shadow_nodes)) {
		spin_unlock_irqrestore(&shadow_lock, flags);
		return false;
	}
	node = list_first_entry(&shadow_nodes, struct radix_tree_node, private_list);
	mapping = node->private_data;
	/* While the node is on the list the mapping is there: who ends it empties its tree first. */
	if (!spin_trylock(&mapping->tree_lock)) {
		list_move_tail(&node->private_list, &shadow_nodes);
		spin_unlock_irqrestore(&shadow_lock, flags);
		return true;
	}
	list_del(&node->private_list);
	node->private_list.next = NULL;
	nr_shadow_nodes--;
	spin_unlock(&shadow_lock);
	__mod_zone_page_state(page_zone(virt_to_page(node)), WORKINGSET_NODERECLAIM, 1);
	empty_node(mapping, node);
	spin_unlock_irqrestore(&mapping->tree_lock, flags);
	(*freed)++;
	return true;
}

static unsigned long scan_shadow_nodes(struct shrinker *s, struct shrink_control *sc)
{
	unsigned long freed = 0;

	for (unsigned long i = 0; i < sc->nr_to_scan; i++)
		if (!shrink_oldest_node(&freed))
			break;
	return freed;
}

static struct shrinker shadow_shrinker = { .count_objects = count_shadow_nodes, .scan_objects = scan_shadow_nodes };

void workingset_init(void)
{
	register_shrinker(&shadow_shrinker);
}
