/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees inside their elements. The user writes the search; the tree keeps itself
 * balanced:
 *
 *	link = &root->rb_node; parent = NULL;
 *	while (*link) { parent = *link; link = less ? &parent->rb_left : &parent->rb_right; }
 *	rb_link_node(&new->rb, parent, link);
 *	rb_insert_color(&new->rb, root);
 *
 * An augmented tree keeps in each node a value of its whole subtree (a gap, a largest end): pass
 * update(), which computes a node's value from itself and its two children. The tree calls it bottom
 * up for every node whose subtree has changed. When an element changes its own value, call
 * rb_augment_path(). No function here locks.
 */
#ifndef KERNEL_BASE_RBTREE_H
#define KERNEL_BASE_RBTREE_H

#include "kernel/base/types.h"
#include "kernel/base/compiler.h"

struct rb_node {
	unsigned long parent_color; /* address of the parent; bit 0: black */
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

typedef void (*rb_update_fn)(struct rb_node *node);

#define RB_ROOT          \
	(struct rb_root) \
	{                \
		NULL     \
	}
#define RB_EMPTY_ROOT(root)	    (READ_ONCE((root)->rb_node) == NULL)
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)                    \
	({                                                  \
		struct rb_node *__rn = (ptr);               \
		__rn ? rb_entry(__rn, type, member) : NULL; \
	})
#define rb_parent(n)	 ((struct rb_node *)((n)->parent_color & ~3UL))
#define RB_EMPTY_NODE(n) ((n)->parent_color == (unsigned long)(n))
#define RB_CLEAR_NODE(n) ((n)->parent_color = (unsigned long)(n))

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->parent_color = (unsigned long)parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*link = node;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn update);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn update);
/* => runs update() on node and all its ancestors */
void rb_augment_path(struct rb_node *node, rb_update_fn update);
/* => new takes the place of victim; both must sort alike */
void rb_replace_node(struct rb_node *victim, struct rb_node *new, struct rb_root *root);

/* In order; NULL at the end. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#endif
