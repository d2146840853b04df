/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees.
 *
 * Invariants: the root is black; a red node has no red child; every way from a node down to a
 * missing child passes the same number of black nodes. So no way is more than twice as long as
 * another.
 *
 * Both repairs walk upwards, recolouring, and end after at most two (insert) or three (erase)
 * rotations. Left and right are mirror images: `side` is the side at hand, !side the other. For
 * augmented trees each rotation brings the two turned nodes up to date, lower one first, which
 * keeps all above correct, since the set of nodes below the pair's place does not change.
 *
 * Linux has the same interface; its augmented callbacks come as three functions instead of one.
 */
#include "kernel/base/rbtree.h"
#include "kernel/base/bug.h"

#define RB_BLACK 1UL
enum { LEFT, RIGHT };

static inline struct rb_node **kid(struct rb_node *n, int side)
{
	return side == LEFT ? &n->rb_left : &n->rb_right;
}

static inline bool is_black(const struct rb_node *n)
{
	return !n || (n->parent_color & RB_BLACK);
}

static inline void set_parent(struct rb_node *n, struct rb_node *parent)
{
	n->parent_color = (n->parent_color & RB_BLACK) | (unsigned long)parent;
}

static inline void set_black(struct rb_node *n)
{
	n->parent_color |= RB_BLACK;
}

static inline void set_red(struct rb_node *n)
{
	n->parent_color &= ~RB_BLACK;
}

/* The pointer that points to n: in its parent or in the root. */
static struct rb_node **link_of(struct rb_node *n, struct rb_root *root)
{
	struct rb_node *parent = rb_parent(n);

	if (!parent)
		return &root->rb_node;
	return parent->rb_left == n ? &parent->rb_left : &parent->rb_right;
}

/* n goes down to `side`, its other child comes up in its place. */
static void rotate(struct rb_node *n, int side, struct rb_root *root, rb_update_fn update)
{
	struct rb_node *up = *kid(n, !side), *middle = *kid(up, side);

	*link_of(n, root) = up;
	set_parent(up, rb_parent(n));
	*kid(up, side) = n;
	set_parent(n, up);
	*kid(n, !side) = middle;
	if (middle)
		set_parent(middle, n);
	if (update) {
		update(n);
		update(up);
	}
}

static void insert_repair(struct rb_node *node, struct rb_root *root, rb_update_fn update)
{
	struct rb_node *parent, *grand, *uncle;

	while ((parent = rb_parent(node)) && !is_black(parent)) {
		int side;

		grand = rb_parent(parent); /* exists and is black: a red parent is not the root */
		side = grand->rb_left == parent ? LEFT : RIGHT;
		uncle = *kid(grand, !side);
		if (!is_black(uncle)) { /* both red: push the red one level up */
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			node = grand;
			continue;
		}
		if (*kid(parent, !side) == node) { /* inner grandchild: make it the outer one */
			rotate(parent, side, root, update);
			parent = node;
		}
		set_black(parent);
		set_red(grand);
		rotate(grand, !side, root, update);
		break;
	}
	set_black(root->rb_node);
}

void rb_augment_path(struct rb_node *node, rb_update_fn update)
{
	for (; node; node = rb_parent(node))
		update(node);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn update)
{
	if (update)
		rb_augment_path(node, update);
	insert_repair(node, root, update);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert_repair(node, root, NULL);
}

/* The ways through `node` (which may be missing) below `parent` lack one black node. */
static void erase_repair(struct rb_node *node, struct rb_node *parent, struct rb_root *root,
			 rb_update_fn update)
{
	while (is_black(node) && node != root->rb_node) {
		int side = parent->rb_left == node ? LEFT : RIGHT;
		struct rb_node *other = *kid(parent, !side), *outer;

		if (!is_black(other)) { /* make the sibling black */
			set_black(other);
			set_red(parent);
			rotate(parent, side, root, update);
			other = *kid(parent, !side);
		}
		if (is_black(other->rb_left) && is_black(other->rb_right)) {
			set_red(other); /* now both sides lack one: go up */
			node = parent;
			parent = rb_parent(node);
			continue;
		}
		if (is_black(*kid(other, !side))) { /* the red nephew must be the outer one */
			set_black(*kid(other, side));
			set_red(other);
			rotate(other, !side, root, update);
			other = *kid(parent, !side);
		}
		outer = *kid(other, !side);
		if (!is_black(parent)) /* the sibling takes over the parent's colour */
			set_red(other);
		set_black(parent);
		set_black(outer);
		rotate(parent, side, root, update);
		return;
	}
	if (node)
		set_black(node);
}

/* Takes out a node with at most one child. Returns the child; *parent: of the place. */
static struct rb_node *unlink_simple(struct rb_node *node, struct rb_root *root,
				     struct rb_node **parent)
{
	struct rb_node *child = node->rb_left ? node->rb_left : node->rb_right;

	*parent = rb_parent(node);
	*link_of(node, root) = child;
	if (child)
		set_parent(child, *parent);
	return child;
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_update_fn update)
{
	struct rb_node *child, *parent, *next;
	bool black;

	if (!node->rb_left || !node->rb_right) {
		black = is_black(node);
		child = unlink_simple(node, root, &parent);
	} else { /* the successor, which has no left child, is taken out and put in node's place */
		next = rb_next(node);
		black = is_black(next);
		child = unlink_simple(next, root, &parent);
		if (parent == node)
			parent = next;
		rb_replace_node(node, next, root);
	}
	if (update && parent)
		rb_augment_path(parent, update);
	if (black && root->rb_node)
		erase_repair(child, parent, root, update);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, NULL);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *new, struct rb_root *root)
{
	*link_of(victim, root) = new;
	*new = *victim;
	if (new->rb_left)
		set_parent(new->rb_left, new);
	if (new->rb_right)
		set_parent(new->rb_right, new);
}

static struct rb_node *outermost(struct rb_node *n, int side)
{
	while (n && *kid(n, side))
		n = *kid(n, side);
	return n;
}

/* The neighbour on `side`: the nearest in that subtree, or the first ancestor we are on the far
 * side of. */
static struct rb_node *neighbour(const struct rb_node *node, int side)
{
	struct rb_node *n = (struct rb_node *)node, *parent;

	if (*kid(n, side))
		return outermost(*kid(n, side), !side);
	while ((parent = rb_parent(n)) && *kid(parent, side) == n)
		n = parent;
	return parent;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, LEFT);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, RIGHT);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, RIGHT);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, LEFT);
}
