/* SPDX-License-Identifier: MIT */
/*
 * Red-black trees: random insertions and deletions; after each the colours, the order and the
 * augmented value (the largest end of the subtree) are checked from outside.
 */
#include "arch/host/libc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "kernel/base/kernel.h"
#include "kernel/base/rbtree.h"

#define NR_NODES 300
#define STEPS	 20000

struct item {
	struct rb_node rb;
	unsigned int start, end, max_end;
	bool in_tree;
};

static struct item items[NR_NODES];
static struct rb_root root;
static u64 seed;

static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(seed >> 33) % n;
}

static struct item *item_of(struct rb_node *n)
{
	return rb_entry_safe(n, struct item, rb);
}

static unsigned int want_max(struct item *it)
{
	unsigned int m = it->end;

	if (it->rb.rb_left)
		m = max(m, item_of(it->rb.rb_left)->max_end);
	if (it->rb.rb_right)
		m = max(m, item_of(it->rb.rb_right)->max_end);
	return m;
}

static void update(struct rb_node *n)
{
	item_of(n)->max_end = want_max(item_of(n));
}

static bool is_black(struct rb_node *n)
{
	return !n || (n->parent_color & 1);
}

/* Checks the subtree; returns its black height. */
static int check_subtree(struct rb_node *n, struct rb_node *parent, unsigned int *count,
			 bool augmented)
{
	int left, right;

	if (!n)
		return 0;
	++*count;
	assert_ptr_equal(rb_parent(n), parent);
	if (!is_black(n))
		assert_true(is_black(n->rb_left) && is_black(n->rb_right));
	if (augmented)
		assert_int_equal(item_of(n)->max_end, want_max(item_of(n)));
	left = check_subtree(n->rb_left, n, count, augmented);
	right = check_subtree(n->rb_right, n, count, augmented);
	assert_int_equal(left, right);
	return left + is_black(n);
}

static void check_tree(unsigned int want, bool augmented)
{
	unsigned int count = 0, walked = 0, last = 0;
	struct rb_node *n, *prev = NULL;

	assert_true(is_black(root.rb_node));
	check_subtree(root.rb_node, NULL, &count, augmented);
	assert_int_equal(count, want);
	for (n = rb_first(&root); n; prev = n, n = rb_next(n), walked++) {
		assert_true(item_of(n)->start >= last);
		last = item_of(n)->start;
		assert_ptr_equal(rb_prev(n), prev);
	}
	assert_int_equal(walked, want);
	assert_ptr_equal(rb_last(&root), prev);
}

static void insert(struct item *it, rb_update_fn fn)
{
	struct rb_node **link = &root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->start < item_of(parent)->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&it->rb, parent, link);
	if (fn)
		rb_insert_augmented(&it->rb, &root, fn);
	else
		rb_insert_color(&it->rb, &root);
}

static void erase(struct item *it, rb_update_fn fn)
{
	if (fn)
		rb_erase_augmented(&it->rb, &root, fn);
	else
		rb_erase(&it->rb, &root);
}

static void run_random(u64 with_seed, rb_update_fn fn)
{
	unsigned int count = 0;

	seed = with_seed;
	root = RB_ROOT;
	memset(items, 0, sizeof(items));
	for (int step = 0; step < STEPS; step++) {
		struct item *it = &items[rnd(NR_NODES)];

		if (!it->in_tree) {
			it->start = rnd(200);
			it->end = it->start + rnd(50);
			insert(it, fn);
			count++;
		} else {
			erase(it, fn);
			count--;
		}
		it->in_tree = !it->in_tree;
		if (count < 20 || step % 50 == 0)
			check_tree(count, fn != NULL);
	}
	for (int i = 0; i < NR_NODES; i++) {
		if (!items[i].in_tree)
			continue;
		erase(&items[i], fn);
		check_tree(--count, fn != NULL);
	}
	assert_true(RB_EMPTY_ROOT(&root));
}

static void test_random(void **state)
{
	for (u64 s = 1; s <= 4; s++)
		run_random(s, NULL);
}

static void test_augmented(void **state)
{
	for (u64 s = 5; s <= 8; s++)
		run_random(s, update);
}

static void test_rising(void **state)
{
	root = RB_ROOT;
	for (unsigned int i = 0; i < NR_NODES; i++) {
		items[i].start = i;
		insert(&items[i], NULL);
		check_tree(i + 1, false);
	}
	for (unsigned int i = 0; i < NR_NODES; i++) {
		rb_erase(&items[i].rb, &root);
		check_tree(NR_NODES - i - 1, false);
	}
}

static void test_replace(void **state)
{
	struct item other = {.start = 7};

	root = RB_ROOT;
	for (unsigned int i = 0; i < 15; i++) {
		items[i].start = i;
		insert(&items[i], NULL);
	}
	rb_replace_node(&items[7].rb, &other.rb, &root);
	check_tree(15, false);
	assert_ptr_equal(rb_next(&items[6].rb), &other.rb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_augmented),
		cmocka_unit_test(test_rising),
		cmocka_unit_test(test_replace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
