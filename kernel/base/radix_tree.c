/* SPDX-License-Identifier: MIT */
/*
 * The radix tree: look-up, insertion, deletion, and the walk that everything else is built of.
 *
 *	root.rnode --bit 0--> node shift 6 --> node shift 0 --> items 0..63
 *	                            \--------> node shift 0 --> items 128..191
 *
 * Invariants: a node is never empty (count > 0); a tag bit is set in a node's slot exactly when it
 * is set for some item below, and in root.tags when for any item; the topmost node is no higher than
 * the largest index needs (a lone item at index 0 needs no node). Tags: radix_tree_tag.c.
 *
 * A node of items knows how many of them are exceptional, so that the page cache can tell the nodes that hold
 * nothing but shadow entries. Linux walks the tree without locks (RCU); here one lock per tree covers all.
 */
#include "kernel/base/radix_tree.h"
#include "kernel/base/radix_tree_internal.h"
#include "kernel/base/bug.h"
#include "kernel/base/errno.h"
#include "kernel/base/preempt.h"

#define PRELOAD_NODES (2 * RADIX_TREE_MAX_HEIGHT - 1) /* all of a new spine, and one way down */

struct node_reserve {
	int nr;
	struct radix_tree_node *nodes[PRELOAD_NODES];
};

static DEFINE_PER_CPU(struct node_reserve, node_reserve);
static void *(*node_alloc)(gfp_t gfp);
static void (*node_free)(void *node);

void radix_tree_set_allocator(void *(*alloc)(gfp_t gfp), void (*free)(void *node))
{
	node_alloc = alloc;
	node_free = free;
}

int radix_tree_preload(gfp_t gfp)
{
	struct node_reserve *r;

	preempt_disable();
	while ((r = this_cpu_ptr(&node_reserve))->nr < PRELOAD_NODES) {
		struct radix_tree_node *node;

		preempt_enable();
		node = node_alloc ? node_alloc(gfp) : NULL;
		if (!node)
			return -ENOMEM;
		preempt_disable();
		r = this_cpu_ptr(&node_reserve); /* we may have slept and moved */
		if (r->nr < PRELOAD_NODES)
			r->nodes[r->nr++] = node;
		else
			node_free(node);
	}
	return 0;
}

void radix_tree_preload_end(void)
{
	preempt_enable();
}

static struct radix_tree_node *new_node(struct radix_tree_root *root, unsigned int shift)
{
	struct radix_tree_node *node = NULL;
	struct node_reserve *r;

	if (!in_interrupt()) {
		preempt_disable();
		r = this_cpu_ptr(&node_reserve);
		if (r->nr)
			node = r->nodes[--r->nr];
		preempt_enable();
	}
	if (!node && node_alloc)
		node = node_alloc(root->gfp_mask);
	if (node)
		node->shift = (u8)shift;
	return node;
}

static void free_node(struct radix_tree_node *node)
{
	node_free(node);
}

/* Puts a node above all others. => 0 or -ENOMEM */
static int add_level(struct radix_tree_root *root)
{
	struct radix_tree_node *old = radix_top(root);
	struct radix_tree_node *top = new_node(root, old ? old->shift + RADIX_TREE_MAP_SHIFT : 0);

	if (!top)
		return -ENOMEM;
	top->slots[0] = root->rnode;
	top->count = 1;
	if (old) {
		old->parent = top;
		old->offset = 0;
	} else {
		top->exceptional = radix_tree_exceptional_entry(root->rnode);
	}
	for (int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
		if (radix_tree_tagged(root, tag))
			top->tags[tag] = 1;
	root->rnode = radix_entry(top);
	return 0;
}

/* Makes the tree high enough for index. => 0 or -ENOMEM */
static int extend(struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *top = radix_top(root);

	if (!root->rnode && index) { /* empty: the right height at once */
		unsigned int shift =
			(unsigned int)__fls(index) / RADIX_TREE_MAP_SHIFT * RADIX_TREE_MAP_SHIFT;

		top = new_node(root, shift);
		if (!top)
			return -ENOMEM;
		root->rnode = radix_entry(top);
		return 0;
	}
	while (index > radix_max_index(root)) {
		if (add_level(root))
			return -ENOMEM;
	}
	return 0;
}

/* Lowers the tree while only the leftmost subtree of the top is in use. */
static void shrink(struct radix_tree_root *root)
{
	struct radix_tree_node *top;

	while ((top = radix_top(root)) && top->count == 1 && top->slots[0]) {
		root->rnode = top->slots[0];
		if (radix_is_node(root->rnode))
			radix_node(root->rnode)->parent = NULL;
		free_node(top);
	}
}

/* Frees node and its ancestors as far as they are empty. */
static void prune(struct radix_tree_root *root, struct radix_tree_node *node)
{
	while (node && !node->count) {
		struct radix_tree_node *parent = node->parent;

		if (parent) {
			parent->slots[node->offset] = NULL;
			parent->count--;
		} else {
			root->rnode = NULL;
		}
		free_node(node);
		node = parent;
	}
	shrink(root);
}

int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item)
{
	struct radix_tree_node *node, *child;
	void **slot;

	VM_BUG_ON(!item || radix_is_node(item));
	if (!root->rnode && !index) {
		root->rnode = item;
		return 0;
	}
	if (extend(root, index)) {
		shrink(root);
		return -ENOMEM;
	}
	node = radix_top(root);
	if (!node)
		return -EEXIST; /* a lone item at index 0 */
	while (node->shift) {
		slot = &node->slots[radix_offset(node, index)];
		if (!*slot) {
			child = new_node(root, node->shift - RADIX_TREE_MAP_SHIFT);
			if (!child) {
				prune(root, node);
				return -ENOMEM;
			}
			child->parent = node;
			child->offset = (u8)radix_offset(node, index);
			*slot = radix_entry(child);
			node->count++;
		}
		node = radix_node(*slot);
	}
	slot = &node->slots[radix_offset(node, index)];
	if (*slot)
		return -EEXIST;
	*slot = item;
	node->count++;
	node->exceptional += radix_tree_exceptional_entry(item);
	return 0;
}

struct radix_tree_node *radix_tree_leaf(const struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *node = radix_top(root);

	if (!node || index > radix_max_index(root))
		return NULL;
	while (node && node->shift) {
		void *entry = node->slots[radix_offset(node, index)];

		node = entry ? radix_node(entry) : NULL;
	}
	return node;
}

void **radix_tree_lookup_slot(struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *leaf;
	void **slot;

	if (!radix_top(root))
		return root->rnode && !index ? &root->rnode : NULL;
	leaf = radix_tree_leaf(root, index);
	if (!leaf)
		return NULL;
	slot = &leaf->slots[radix_offset(leaf, index)];
	return *slot ? slot : NULL;
}

void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index)
{
	void **slot = radix_tree_lookup_slot((struct radix_tree_root *)root, index);

	return slot ? *slot : NULL;
}

static void clear_tags(struct radix_tree_root *root, unsigned long index)
{
	for (int tag = 0; tag < RADIX_TREE_MAX_TAGS; tag++)
		if (radix_tree_tagged(root, tag))
			radix_tree_tag_clear(root, index, tag);
}

void *radix_tree_replace(struct radix_tree_root *root, unsigned long index, void *item)
{
	void **slot = radix_tree_lookup_slot(root, index), *found;
	struct radix_tree_node *leaf;

	VM_BUG_ON(!item || radix_is_node(item));
	if (!slot)
		return NULL;
	found = *slot;
	clear_tags(root, index);
	leaf = radix_tree_leaf(root, index);
	*slot = item;
	if (leaf)
		leaf->exceptional += radix_tree_exceptional_entry(item) - radix_tree_exceptional_entry(found);
	return found;
}

void *radix_tree_delete_item(struct radix_tree_root *root, unsigned long index, void *item)
{
	void **slot = radix_tree_lookup_slot(root, index);
	struct radix_tree_node *leaf;
	void *found;

	if (!slot || (item && *slot != item))
		return NULL;
	found = *slot;
	clear_tags(root, index);
	leaf = radix_tree_leaf(root, index);
	*slot = NULL;
	if (leaf) {
		leaf->count--;
		leaf->exceptional -= radix_tree_exceptional_entry(found);
		prune(root, leaf);
	}
	return found;
}

void *radix_tree_delete(struct radix_tree_root *root, unsigned long index)
{
	return radix_tree_delete_item(root, index, NULL);
}

/* The first used (tagged) slot of node at or after offset, or 64. */
static unsigned long next_slot(const struct radix_tree_node *node, unsigned long offset, int tag)
{
	if (tag >= 0)
		return find_next_bit(&node->tags[tag], RADIX_TREE_MAP_SIZE, offset);
	while (offset < RADIX_TREE_MAP_SIZE && !node->slots[offset])
		offset++;
	return offset;
}

struct radix_iter {
	unsigned long index;
	struct radix_tree_node *leaf; /* the node index lies in, or NULL: start from the top */
};

/* => the first item at or after it->index (with the tag, unless -1), and its index; NULL: none */
static void *radix_next_item(const struct radix_tree_root *root, struct radix_iter *it, int tag)
{
	struct radix_tree_node *node = it->leaf ? it->leaf : radix_top(root);

	if (tag >= 0 && !radix_tree_tagged(root, (unsigned int)tag))
		return NULL;
	if (!node) /* the lone item at index 0 */
		return it->index == 0 ? root->rnode : NULL;
	if (it->index > radix_max_index(root))
		return NULL;
	for (;;) {
		unsigned long offset = radix_offset(node, it->index);
		unsigned long next = next_slot(node, offset, tag);

		if (next == RADIX_TREE_MAP_SIZE) { /* on to the next slot of the parent */
			unsigned int up = node->shift + RADIX_TREE_MAP_SHIFT;

			node = node->parent;
			if (!node)
				return NULL;
			it->index = ((it->index >> up) + 1) << up;
			if (radix_offset(node, it->index) == 0) { /* that was its last */
				it->leaf = NULL;
				if (!it->index || it->index > radix_max_index(root))
					return NULL;
				node = radix_top(root);
			}
			continue;
		}
		if (next != offset)
			it->index = ((it->index >> node->shift) + (next - offset)) << node->shift;
		if (!node->shift) {
			it->leaf = node;
			return node->slots[next];
		}
		node = radix_node(node->slots[next]);
	}
}

/* => steps behind the item; false at the end of the index space */
static bool radix_iter_advance(struct radix_iter *it)
{
	it->index++;
	if ((it->index & RADIX_TREE_MAP_MASK) == 0)
		it->leaf = NULL;
	return it->index != 0;
}

static unsigned int gang_lookup(const struct radix_tree_root *root, void **results,
				unsigned long *indices, unsigned long first, unsigned int max,
				int tag)
{
	struct radix_iter it = {.index = first};
	unsigned int n = 0;
	void *item;

	while (n < max && (item = radix_next_item(root, &it, tag))) {
		results[n] = item;
		if (indices)
			indices[n] = it.index;
		n++;
		if (!radix_iter_advance(&it))
			break;
	}
	return n;
}

unsigned int radix_tree_gang_lookup(const struct radix_tree_root *root, void **results,
				    unsigned long *indices, unsigned long first, unsigned int max)
{
	return gang_lookup(root, results, indices, first, max, -1);
}

unsigned int radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
					unsigned long *indices, unsigned long first,
					unsigned int max, unsigned int tag)
{
	return gang_lookup(root, results, indices, first, max, (int)tag);
}

static bool is_hole(const struct radix_tree_root *root, unsigned long index)
{
	void *item = radix_tree_lookup(root, index);

	return !item || radix_tree_exceptional_entry(item);
}

unsigned long radix_tree_next_hole(const struct radix_tree_root *root, unsigned long index,
				   unsigned long max_scan)
{
	while (max_scan-- && !is_hole(root, index))
		if (++index == 0)
			break;
	return index;
}

unsigned long radix_tree_prev_hole(const struct radix_tree_root *root, unsigned long index,
				   unsigned long max_scan)
{
	while (max_scan-- && !is_hole(root, index))
		if (index-- == 0)
			break;
	return index;
}
