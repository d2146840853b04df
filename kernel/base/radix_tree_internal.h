/* SPDX-License-Identifier: MIT */
/* What radix_tree.c and radix_tree_tag.c share: entries, heights and the walk over items. */
#ifndef KERNEL_BASE_RADIX_TREE_INTERNAL_H
#define KERNEL_BASE_RADIX_TREE_INTERNAL_H

#include "kernel/base/bitops.h"
#include "kernel/base/radix_tree.h"

static inline bool radix_is_node(const void *entry)
{
	return ((unsigned long)entry & RADIX_TREE_INTERNAL_ENTRY) != 0;
}

static inline struct radix_tree_node *radix_node(const void *entry)
{
	return (struct radix_tree_node *)((unsigned long)entry & ~RADIX_TREE_INTERNAL_ENTRY);
}

static inline void *radix_entry(struct radix_tree_node *node)
{
	return (void *)((unsigned long)node | RADIX_TREE_INTERNAL_ENTRY);
}

/* The topmost node, NULL if the tree has none. */
static inline struct radix_tree_node *radix_top(const struct radix_tree_root *root)
{
	return radix_is_node(root->rnode) ? radix_node(root->rnode) : NULL;
}

static inline unsigned long radix_offset(const struct radix_tree_node *node, unsigned long index)
{
	return (index >> node->shift) & RADIX_TREE_MAP_MASK;
}

/* The largest index the tree reaches at its present height. */
static inline unsigned long radix_max_index(const struct radix_tree_root *root)
{
	struct radix_tree_node *top = radix_top(root);
	unsigned int bits = top ? top->shift + RADIX_TREE_MAP_SHIFT : 0;

	return bits >= BITS_PER_LONG ? ~0UL : (1UL << bits) - 1;
}

#endif
