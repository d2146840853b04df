/* SPDX-License-Identifier: MIT */
/* Self tests of kernel/base: what the host tests check with many seeds is looked at once here, in
 * place. */
#include "kernel/base/bitops.h"
#include "kernel/base/crc32.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/list.h"
#include "kernel/base/printk.h"
#include "kernel/base/radix_tree.h"
#include "kernel/base/rbtree.h"
#include "kernel/base/selftest.h"
#include "kernel/base/sort.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"

static u32 next_random(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

struct item {
	struct list_head list;
	struct rb_node rb;
	u32 key;
};

#define NR_ITEMS 64
static struct item items[NR_ITEMS];

SELFTEST(base_list)
{
	LIST_HEAD(head);
	LIST_HEAD(other);
	struct item *p, *n;
	u32 count = 0;

	for (u32 i = 0; i < NR_ITEMS; i++) {
		items[i].key = i;
		list_add_tail(&items[i].list, &head);
	}
	list_for_each_entry_safe (p, n, &head, list)
		if (p->key & 1)
			list_move(&p->list, &other);
	list_for_each_entry (p, &head, list)
		EXPECT_EQ(p->key, 2 * count++);
	EXPECT_EQ(list_first_entry(&other, struct item, list)->key, NR_ITEMS - 1);
	list_splice_tail_init(&other, &head);
	EXPECT(list_empty(&other));
	EXPECT_EQ(list_last_entry(&head, struct item, list)->key, 1);
}

static void insert_item(struct rb_root *root, struct item *item)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < rb_entry(parent, struct item, rb)->key ? &parent->rb_left
									  : &parent->rb_right;
	}
	rb_link_node(&item->rb, parent, link);
	rb_insert_color(&item->rb, root);
}

/* => the nodes are in order; returns how many */
static u32 count_in_order(struct rb_root *root)
{
	u32 n = 0, last = 0;

	for (struct rb_node *rb = rb_first(root); rb; rb = rb_next(rb), n++) {
		EXPECT(rb_entry(rb, struct item, rb)->key >= last);
		last = rb_entry(rb, struct item, rb)->key;
	}
	return n;
}

SELFTEST(base_rbtree)
{
	struct rb_root root = RB_ROOT;
	u32 seed = 1;

	for (int i = 0; i < NR_ITEMS; i++) {
		items[i].key = next_random(&seed);
		insert_item(&root, &items[i]);
	}
	EXPECT_EQ(count_in_order(&root), NR_ITEMS);
	for (int i = 0; i < NR_ITEMS; i += 2)
		rb_erase(&items[i].rb, &root);
	EXPECT_EQ(count_in_order(&root), NR_ITEMS / 2);
	for (int i = 1; i < NR_ITEMS; i += 2)
		rb_erase(&items[i].rb, &root);
	EXPECT(RB_EMPTY_ROOT(&root));
}

SELFTEST(base_radix_tree)
{
	static const unsigned long where[] = {0, 1, 63, 64, 4095, 4096, 1UL << 20, 1UL << 40, ~0UL};
	RADIX_TREE(root, 0);
	void *found[16];
	unsigned long at[16];

	for (unsigned int i = 0; i < ARRAY_SIZE(where); i++)
		REQUIRE(radix_tree_insert(&root, where[i], &items[i]) == 0);
	EXPECT_EQ(radix_tree_insert(&root, 64, &items[0]), -17);
	for (unsigned int i = 0; i < ARRAY_SIZE(where); i++)
		EXPECT(radix_tree_lookup(&root, where[i]) == &items[i]);
	EXPECT(!radix_tree_lookup(&root, 65));
	EXPECT_EQ(radix_tree_gang_lookup(&root, found, at, 2, 16), 7);
	EXPECT(found[0] == &items[2] && at[6] == ~0UL);
	radix_tree_tag_set(&root, 4096, 1);
	radix_tree_tag_set(&root, ~0UL, 1);
	EXPECT_EQ(radix_tree_gang_lookup_tag(&root, found, at, 0, 16, 1), 2);
	EXPECT(at[0] == 4096 && at[1] == ~0UL);
	radix_tree_tag_clear(&root, 4096, 1);
	EXPECT(radix_tree_tagged(&root, 1) && !radix_tree_tag_get(&root, 4096, 1));
	for (unsigned int i = 0; i < ARRAY_SIZE(where); i++)
		EXPECT(radix_tree_delete(&root, where[i]) == &items[i]);
	EXPECT(radix_tree_empty(&root) && !radix_tree_tagged(&root, 1));
}

static void expect_text(const char *want, const char *fmt, ...)
{
	char buf[64];
	va_list args;

	va_start(args, fmt);
	vscnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	if (strcmp(buf, want))
		pr_err("# \"%s\" gave \"%s\", not \"%s\"\n", fmt, buf, want);
	EXPECT(strcmp(buf, want) == 0);
}

SELFTEST(base_vsprintf)
{
	expect_text("   -5|7    |007", "%5d|%-5d|%03d", -5, 7, 7);
	expect_text("0xff FF 17", "%#x %X %o", 255, 255, 15);
	expect_text("18446744073709551615", "%llu", ~0ULL);
	expect_text("-1 255 65535", "%hhd %hhu %hu", -1, 255, 65535);
	expect_text("ab|   cd|ef   |", "%.2s|%5s|%-5s|", "abc", "cd", "ef");
	expect_text("x%(null)", "%c%%%s", 'x', NULL);
	expect_text("00000000deadbeef", "%p", (void *)0xdeadbeefUL);
}

SELFTEST(base_numbers)
{
	unsigned long value;
	char *end;
	int i;

	EXPECT(kstrtoul("0x1f\n", 0, &value) == 0 && value == 31);
	EXPECT_EQ(kstrtoul("12z", 10, &value), -22);
	EXPECT_EQ(kstrtoul("99999999999999999999", 10, &value), -34);
	EXPECT(kstrtoint("-5", 10, &i) == 0 && i == -5);
	EXPECT(memparse("16M,x", &end) == 16 * MiB && *end == ',');
	EXPECT_EQ(int_sqrt(1000000), 1000);
	EXPECT_EQ(int_sqrt(999999), 999);
	EXPECT_EQ(crc32(0, "123456789", 9), (long)0xcbf43926U);
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

SELFTEST(base_sort_and_bits)
{
	static u32 keys[100];
	DECLARE_BITMAP(map, 200);
	u32 seed = 7;

	for (u32 i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = next_random(&seed);
	sort(keys, ARRAY_SIZE(keys), sizeof(keys[0]), compare_u32, NULL);
	for (u32 i = 1; i < ARRAY_SIZE(keys); i++)
		EXPECT(keys[i - 1] <= keys[i]);

	bitmap_zero(map, 200);
	bitmap_set(map, 60, 80);
	EXPECT_EQ(bitmap_weight(map, 200), 80);
	EXPECT_EQ(find_first_bit(map, 200), 60);
	EXPECT_EQ(find_next_zero_bit(map, 200, 60), 140);
	EXPECT_EQ(find_last_bit(map, 200), 139);
	EXPECT_EQ(bitmap_find_next_zero_area(map, 200, 0, 61, 0), 200);
	EXPECT_EQ(bitmap_find_next_zero_area(map, 200, 0, 32, 31), 0);
	bitmap_clear(map, 64, 64);
	EXPECT_EQ(bitmap_weight(map, 200), 16);
}

SELFTEST(base_locks)
{
	DEFINE_SPINLOCK(lock, LOCK_RANK_LEAF);
	DEFINE_RWLOCK(rw, LOCK_RANK_LEAF);
	unsigned int count = preempt_count();
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	EXPECT(spin_is_locked(&lock) && irqs_disabled() && in_atomic());
	EXPECT(!raw_trylock(&lock.raw));
	spin_unlock_irqrestore(&lock, flags);
	EXPECT(!spin_is_locked(&lock) && !irqs_disabled());
	read_lock_irq(&rw);
	EXPECT(!write_trylock(&rw));
	read_unlock_irq(&rw);
	write_lock_irq(&rw);
	EXPECT(!read_trylock(&rw));
	write_unlock_irq(&rw);
	EXPECT_EQ(preempt_count(), count);
}

SELFTEST(base_printk_ring)
{
	struct printk_record r;
	u64 seq = printk_next_seq();
	char text[64];

	printk(KERN_DEBUG "ring test %d", 1);
	pr_cont(", %s\n", "continued");
	REQUIRE(printk_read(&seq, &r, text, sizeof(text)));
	EXPECT_EQ(r.len, strlen("ring test 1, continued"));
	EXPECT(strncmp(text, "ring test 1, continued", r.len) == 0);
	EXPECT_EQ(r.level, LOGLEVEL_DEBUG);
}
