/* SPDX-License-Identifier: MIT */
/*
 * Tags of radix tree items: set and clear from the leaf upwards, as far as something changes.
 */
#include "kernel/base/bug.h"
#include "kernel/base/radix_tree_internal.h"

/* Sets the tag of slot `offset` of node and above, up to the first place that has it. */
static void propagate_set(struct radix_tree_root *root, struct radix_tree_node *node,
			  unsigned long offset, unsigned int tag)
{
	while (node) {
		if (__test_and_set_bit((long)offset, &node->tags[tag]))
			return;
		offset = node->offset;
		node = node->parent;
	}
	root->tags |= 1U << tag;
}

void *radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	void *item = radix_tree_lookup(root, index);
	struct radix_tree_node *leaf;

	VM_BUG_ON(tag >= RADIX_TREE_MAX_TAGS);
	if (!item)
		return NULL;
	leaf = radix_tree_leaf(root, index);
	propagate_set(root, leaf, leaf ? radix_offset(leaf, index) : 0, tag);
	return item;
}

void *radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	void *item = radix_tree_lookup(root, index);
	struct radix_tree_node *node;
	unsigned long offset;

	if (!item)
		return NULL;
	node = radix_tree_leaf(root, index);
	offset = node ? radix_offset(node, index) : 0;
	while (node) {
		__clear_bit((long)offset, &node->tags[tag]);
		if (node->tags[tag])
			return item; /* a neighbour still has it */
		offset = node->offset;
		node = node->parent;
	}
	root->tags &= ~(1U << tag);
	return item;
}

bool radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, unsigned int tag)
{
	struct radix_tree_node *leaf;

	if (!radix_tree_tagged(root, tag))
		return false;
	if (!radix_top(root))
		return index == 0 && root->rnode;
	leaf = radix_tree_leaf(root, index);
	return leaf && test_bit((long)radix_offset(leaf, index), &leaf->tags[tag]);
}
