/* SPDX-License-Identifier: MIT */
/*
 * The radix tree against a plain sorted table: random insertions, deletions and tags at indices
 * that are clustered, far apart and at both ends of the index space, with node allocation failing
 * now and then.
 */
#include "arch/host/libc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/radix_tree_internal.h"

#define NR_INDICES 700
#define STEPS	   60000
#define NR_TAGS	   RADIX_TREE_MAX_TAGS

struct model {
	unsigned long index[NR_INDICES]; /* rising */
	void *item[NR_INDICES];
	bool tag[NR_TAGS][NR_INDICES];
};

static struct model model;
static struct radix_tree_root root;
static unsigned long nr_nodes;
static bool fail_allocations;
static u64 seed;

static u32 rnd(u32 n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(seed >> 33) % n;
}

static void *node_alloc(gfp_t gfp)
{
	(void)gfp;
	if (fail_allocations && rnd(3) == 0)
		return NULL;
	nr_nodes++;
	return calloc(1, sizeof(struct radix_tree_node));
}

/* A freed node must be clean: the kernel's cache hands it out again as it is cleared, the host's
 * checks. */
static void node_free(void *p)
{
	struct radix_tree_node *node = p;

	for (unsigned int tag = 0; tag < NR_TAGS; tag++)
		assert_int_equal(node->tags[tag] & ~1UL, 0);
	nr_nodes--;
	free(node);
}

static int by_index(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? -1 : x > y;
}

static void make_indices(void)
{
	for (int i = 0; i < NR_INDICES; i++) {
		unsigned int kind = rnd(4);

		model.index[i] = kind == 0   ? rnd(300)
				 : kind == 1 ? 4096UL * rnd(64) + rnd(8)
				 : kind == 2 ? 1UL << rnd(64)
					     : ~0UL - rnd(100);
	}
	qsort(model.index, NR_INDICES, sizeof(model.index[0]), by_index);
}

/* Equal indices: only the first of them is used. */
static int pick(void)
{
	int i = (int)rnd(NR_INDICES);

	while (i && model.index[i - 1] == model.index[i])
		i--;
	return i;
}

static void *new_item(void)
{
	unsigned long v = ((unsigned long)rnd(1U << 30) + 1) << 2;

	return (void *)(rnd(8) ? v : v | RADIX_TREE_EXCEPTIONAL_ENTRY);
}

static void step_insert(int i)
{
	void *item = new_item();
	int err = radix_tree_insert(&root, model.index[i], item);

	if (model.item[i]) {
		assert_int_equal(err, -EEXIST);
	} else if (err) {
		assert_int_equal(err, -ENOMEM);
		assert_true(fail_allocations);
	} else {
		model.item[i] = item;
	}
}

static void step_delete(int i)
{
	void *item = model.item[i];

	if (item && rnd(4) == 0)
		assert_null(radix_tree_delete_item(&root, model.index[i], (char *)item + 4));
	assert_ptr_equal(radix_tree_delete(&root, model.index[i]), item);
	model.item[i] = NULL;
	for (int tag = 0; tag < NR_TAGS; tag++)
		model.tag[tag][i] = false;
}

static void step_replace(int i)
{
	void *item = new_item();

	assert_ptr_equal(radix_tree_replace(&root, model.index[i], item), model.item[i]);
	if (model.item[i])
		model.item[i] = item;
	for (int tag = 0; tag < NR_TAGS; tag++)
		model.tag[tag][i] = false;
}

static void step_tag(int i, unsigned int tag, bool set)
{
	void *item = set ? radix_tree_tag_set(&root, model.index[i], tag)
			 : radix_tree_tag_clear(&root, model.index[i], tag);

	assert_ptr_equal(item, model.item[i]);
	if (item)
		model.tag[tag][i] = set;
}

static void check_item(int i)
{
	assert_ptr_equal(radix_tree_lookup(&root, model.index[i]), model.item[i]);
	for (unsigned int tag = 0; tag < NR_TAGS; tag++)
		assert_int_equal(radix_tree_tag_get(&root, model.index[i], tag), model.tag[tag][i]);
}

/* Walks all items (tag -1) or all tagged ones in pieces of random size. */
static void check_walk(int tag)
{
	void *found[32];
	unsigned long at[32], first = 0;
	unsigned int n, max;
	int i = 0;

	do {
		max = rnd(32) + 1;
		n = tag < 0 ? radix_tree_gang_lookup(&root, found, at, first, max)
			    : radix_tree_gang_lookup_tag(&root, found, at, first, max,
							 (unsigned int)tag);
		for (unsigned int k = 0; k < n; k++, i++) {
			while (i < NR_INDICES &&
			       (!model.item[i] || (tag >= 0 && !model.tag[tag][i])))
				i++;
			assert_in_range(i, 0, NR_INDICES - 1);
			assert_int_equal(at[k], model.index[i]);
			assert_ptr_equal(found[k], model.item[i]);
		}
		first = n ? at[n - 1] + 1 : 0;
	} while (n == max && first);
	while (i < NR_INDICES && (!model.item[i] || (tag >= 0 && !model.tag[tag][i])))
		i++;
	assert_int_equal(i, NR_INDICES);
}

/* The invariants of radix_tree.c; returns the number of items below. */
static unsigned long check_node(struct radix_tree_node *node)
{
	unsigned long used = 0, items = 0, exceptional = 0;

	for (unsigned long s = 0; s < RADIX_TREE_MAP_SIZE; s++) {
		void *entry = node->slots[s];
		struct radix_tree_node *child = entry && node->shift ? radix_node(entry) : NULL;

		for (unsigned int tag = 0; tag < NR_TAGS; tag++) {
			bool set = node->tags[tag] >> s & 1;

			assert_true(entry || !set);
			if (child)
				assert_int_equal(set, child->tags[tag] != 0);
		}
		if (!entry)
			continue;
		used++;
		assert_int_equal(radix_is_node(entry), node->shift != 0);
		if (child) {
			assert_ptr_equal(child->parent, node);
			assert_int_equal(child->offset, s);
			assert_int_equal(child->shift + RADIX_TREE_MAP_SHIFT, node->shift);
			items += check_node(child);
		} else {
			items++;
			exceptional += radix_tree_exceptional_entry(entry);
		}
	}
	assert_int_equal(used, node->count);
	assert_int_equal(exceptional, node->exceptional);
	assert_true(used > 0);
	return items;
}

static void check_all(void)
{
	struct radix_tree_node *top = radix_top(&root);

	if (top) {
		assert_null(top->parent);
		check_node(top);
		assert_true(top->count > 1 || !top->slots[0]); /* as low as can be */
	}
	for (int i = 0; i < NR_INDICES; i++)
		if (!i || model.index[i] != model.index[i - 1])
			check_item(i);
	for (int tag = -1; tag < NR_TAGS; tag++)
		check_walk(tag);
}

static void run_random(u64 with_seed, bool failing)
{
	seed = with_seed;
	memset(&model, 0, sizeof(model));
	INIT_RADIX_TREE(&root, 0);
	make_indices();
	fail_allocations = failing;
	for (int step = 0; step < STEPS; step++) {
		int i = pick();
		u32 what = rnd(100), grow = step / 5000 % 2 ? 25 : 50;

		if (what < grow)
			step_insert(i);
		else if (what < 75)
			step_delete(i);
		else if (what < 95)
			step_tag(i, rnd(NR_TAGS), what < 88);
		else
			step_replace(i);
		check_item(i);
		if (step % 1000 == 0)
			check_all();
	}
	check_all();
	for (int i = 0; i < NR_INDICES; i++)
		if (model.item[i])
			step_delete(i);
	assert_true(radix_tree_empty(&root));
	assert_int_equal(root.tags, 0);
	assert_int_equal(nr_nodes, 0);
}

static void test_random(void **state)
{
	for (u64 s = 1; s <= 4; s++)
		run_random(s, false);
}

static void test_random_failing(void **state)
{
	for (u64 s = 11; s <= 12; s++)
		run_random(s, true);
}

static void test_holes(void **state)
{
	INIT_RADIX_TREE(&root, 0);
	fail_allocations = false;
	for (unsigned long i = 10; i < 200; i++)
		assert_int_equal(radix_tree_insert(&root, i, (void *)0x1000), 0);
	assert_int_equal(radix_tree_next_hole(&root, 10, 1000), 200);
	assert_int_equal(radix_tree_next_hole(&root, 10, 20), 30);
	assert_int_equal(radix_tree_next_hole(&root, 5, 20), 5);
	assert_int_equal(radix_tree_prev_hole(&root, 199, 1000), 9);
	assert_int_equal(radix_tree_prev_hole(&root, 199, 20), 179);
	assert_non_null(radix_tree_replace(&root, 100, (void *)(0x1000 | RADIX_TREE_EXCEPTIONAL_ENTRY)));
	assert_int_equal(radix_tree_next_hole(&root, 10, 1000), 100);
	assert_int_equal(radix_tree_prev_hole(&root, 199, 1000), 100);
	assert_int_equal(radix_tree_leaf(&root, 100)->exceptional, 1);
	assert_null(radix_tree_leaf(&root, 1 << 20));
	for (unsigned long i = 10; i < 200; i++)
		radix_tree_delete(&root, i);
	assert_int_equal(nr_nodes, 0);
}

static int setup(void **state)
{
	radix_tree_set_allocator(node_alloc, node_free);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_random_failing),
		cmocka_unit_test(test_holes),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
