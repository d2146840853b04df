/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: how many fail, whose, and from where (docs/debugging.md); objects and boot words. The stack that a
 * request comes by is the test's: save_stack_trace() and bug_backtrace() here take the place of arch/host's
 * (-z muldefs), as do the borders of mm/. Which requests at all, and real stacks: test_fault_inject.c.
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/fault_fixture.h"

#include "arch/trap.h"
#include "kernel/base/preempt.h"
#include "mm/internal.h"
#include "mm/slab.h"
#include "tests/host/boot_words.h"
#include "tests/host/said.h"

#define MACHINE .ram_mib = 32

extern struct fault_attr fail_page_alloc_attr, failslab_attr;
extern char __mm_text_start[];

__asm__(".data\n"
	".globl __mm_text_start\n"
	"__mm_text_start: .zero 64\n"
	".globl __mm_text_end\n"
	"__mm_text_end: .zero 8\n"
	".text\n");

#define IN_MM ((u64)(unsigned long)__mm_text_start + 8)

static u64 stack[4];

int save_stack_trace(u64 *ips, int n)
{
	int i;

	for (i = 0; i < n && i < (int)ARRAY_SIZE(stack) && stack[i]; i++)
		ips[i] = stack[i];
	return i;
}

void bug_backtrace(void)
{
	printk("<stack>\n");
}

static void come_by(u64 a, u64 b, u64 c)
{
	stack[0] = a;
	stack[1] = b;
	stack[2] = c;
}

static struct fault_attr *attr = &fail_page_alloc_attr;

/* => every request of this task would fail */
static void all_fail(void)
{
	attr->task_filter = true;
	attr->ignore_gfp_wait = attr->ignore_gfp_highmem = false;
	attr->min_order = 0;
	current->make_it_fail = 1;
	always(attr);
}

/* => one character per request of a page: x failed, . was served */
static void assert_pages(const char *expected)
{
	char got[64] = "";

	for (size_t i = 0; i < strlen(expected); i++)
		strcat(got, page_fails(GFP_KERNEL, 0) ? "x" : ".");
	assert_string_equal(got, expected);
}

/* ---- How many ---- */

static void numbers(void)
{
	assert_pages("..........");
	all_fail();
	assert_pages("xxxxx");
	attr->interval = 3;
	attr->times = 2;
	fault_attr_changed(attr);
	assert_pages("..x..x......");
	assert_int_equal(attr->times, 0);
	attr->interval = 1;
	attr->times = 3;
	attr->space = 4; /* pages */
	fault_attr_changed(attr);
	assert_false(page_fails(GFP_KERNEL, 1));
	assert_pages(".xxx..");
	attr->times = -1;
	attr->space = 0;
	attr->interval = 4;
	fault_attr_changed(attr);
	assert_pages("...x...x..");
	fault_attr_changed(attr); /* a change begins anew */
	assert_pages("...x");
	attr->interval = 1;
	attr->space = 9; /* four requests of two, and one takes the odd page */
	fault_attr_changed(attr);
	for (int i = 0; i < 10; i++)
		assert_int_equal(page_fails(GFP_KERNEL, 1), i >= 4);
	attr->probability = 0;
	fault_attr_changed(attr);
	assert_pages(".....");
	assert_int_equal(attr->times, -1);
}
MACHINE_TEST(numbers, MACHINE)

static void a_share_of_them(void)
{
	int failed = 0;

	all_fail();
	attr->probability = 30;
	for (int i = 0; i < 3000; i++)
		failed += page_fails(GFP_KERNEL, 0);
	if (failed < 750 || failed > 1050)
		fail_msg("%d of 3000 fail with probability 30", failed);
}
MACHINE_TEST(a_share_of_them, MACHINE)

/* ---- Whose ---- */

static void kinds_of_tasks(void)
{
	short adj = current->signal->oom_score_adj;
	int pid = current->tgid;

	all_fail();
	current->make_it_fail = 0;
	assert_pages("..");
	current->make_it_fail = 1;
	preempt_count_add(HARDIRQ_OFFSET);
	assert_false(page_fails(GFP_ATOMIC, 0)); /* an interrupt's request is nobody's */
	preempt_count_sub(HARDIRQ_OFFSET);
	assert_pages("xx");
	attr->task_filter = false;
	attr->programs_only = true;
	assert_pages("xx");
	current->flags |= PF_EXITING;
	assert_pages("..");
	current->flags ^= PF_EXITING | PF_MEMALLOC;
	assert_pages("..");
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->tgid = 1;
	assert_pages("..");
	current->tgid = pid;
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	assert_pages("..");
	current->signal->oom_score_adj = adj;
	local_bh_disable();
	assert_false(page_fails(GFP_ATOMIC, 0));
	local_bh_enable();
	assert_pages("xx");
	host_use_mm(NULL);
	assert_pages("..");
}
MACHINE_TEST(kinds_of_tasks, MACHINE)

/* Some caller between the require addresses, none between the reject addresses, no deeper than told. */
static void kinds_of_callers(void)
{
	all_fail();
	come_by(0x1000, 0x2000, 0x3000);
	attr->require_start = 0x3000;
	attr->require_end = 0x3001;
	assert_pages("x");
	attr->stacktrace_depth = 2;
	assert_pages(".");
	attr->stacktrace_depth = 32;
	attr->reject_start = 0x2000;
	attr->reject_end = 0x2001;
	assert_pages(".");
	come_by(0x1000, 0x2001, 0x3000);
	assert_pages("x");
	attr->times = 1;
	come_by(0x1000, 0x2000, 0x3000);
	assert_pages(".");
	assert_int_equal(attr->times, 1); /* who is filtered out uses up nothing */
}
MACHINE_TEST(kinds_of_callers, MACHINE)

/* ---- Sites ---- */

static void sites(void)
{
	static struct fault_site table[3];
	struct fault_site s;

	all_fail();
	attr->probability = 0;
	assert_null(fault_record(attr, table, 3));
	come_by(IN_MM, 0x1000, IN_MM); /* the two innermost outside mm: 0x1000 and none */
	assert_pages("..");
	come_by(IN_MM, 0x1000, 0x2000);
	assert_pages("...");
	come_by(0x1000, 0x3000, 0);
	assert_pages(".");
	come_by(0x4000, 0x5000, 0); /* one too many for the table */
	assert_pages(".");
	assert_int_equal(attr->nr_sites, 3);
	assert_int_equal(attr->lost, 1);
	assert_true(fault_site_get(attr, 1, &s));
	assert_int_equal(s.ip[0], 0x1000);
	assert_int_equal(s.ip[1], 0x2000);
	assert_int_equal(s.seen, 3);
	assert_false(fault_site_get(attr, 3, &s));

	/* only this one, its third request */
	attr->probability = 100;
	attr->site[0] = 0x1000;
	attr->site[1] = 0x2000;
	attr->interval = 3;
	attr->times = 1;
	fault_attr_changed(attr);
	come_by(IN_MM, 0x1000, 0x3000);
	assert_pages("...");
	come_by(IN_MM, 0x1000, 0x2000);
	assert_pages("..x...");
	assert_true(fault_site_get(attr, 1, &s));
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.seen, 9);
	assert_ptr_equal(fault_record(attr, NULL, 3), table);
	assert_false(fault_site_get(attr, 0, &s));
}
MACHINE_TEST(sites, MACHINE)

/* ---- Objects ---- */

static void objects(void)
{
	void *object;

	attr = &failslab_attr;
	all_fail();
	assert_null(kmalloc(64, GFP_KERNEL));
	assert_null(kmalloc(4096, GFP_KERNEL));
	object = kmalloc(64, GFP_KERNEL | __GFP_NOFAIL);
	assert_non_null(object);
	kfree(object);
	attr->ignore_gfp_wait = true;
	object = kmalloc(64, GFP_KERNEL);
	assert_non_null(object);
	kfree(object);
	assert_null(kmalloc(64, GFP_ATOMIC));
	attr->space = 200; /* bytes */
	for (int i = 0; i < 3; i++) {
		object = kmalloc(64, GFP_ATOMIC);
		assert_non_null(object);
		kfree(object);
	}
	assert_null(kmalloc(64, GFP_ATOMIC));
	attr->probability = 0;
	fault_attr_changed(attr);
	object = kmalloc(64, GFP_ATOMIC);
	assert_non_null(object);
	kfree(object);
}
MACHINE_TEST(objects, MACHINE)

/* ---- Boot words ---- */

static void boot_words_of(struct fault_attr *a, const char *name, int let_pass)
{
	static const char *const bad[] = { "", "0", "-1", "x", "1 ", "3,", "3,101", "3,5x", "3,-2", "1,2,-1", "1,2,0,x",
					   "1,2,3,4,5", "1,2,3000000000", "1,2,2147483648", "1,2,0,2147483648" };
	static const char *const bad_sites[] = { "", "1000", "1000,2000", "1000,2000,", "1000,zz,1", "x,2000,1",
						 "0,2000,1", "1000,2000,0", "1000,2000,z", "1000,2000,3,4" };
	char word[64];
	struct fault_attr before;

	before = *a;
	assert_int_equal(boot_word(name, NULL), -EINVAL);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		if (boot_word(name, bad[i]) != -EINVAL)
			fail_msg("%s=%s is accepted", name, bad[i]);
	assert_memory_equal(&before, a, sizeof(before));
	assert_int_equal(boot_word(name, "7,50,10,-1"), 0);
	assert_int_equal(a->interval, 7);
	assert_int_equal(a->probability, 50);
	assert_int_equal(a->space, let_pass + 10);
	assert_int_equal(a->times, -1);
	assert_true(a->programs_only && !a->ignore_gfp_wait && !a->verbose);
	assert_int_equal(boot_word(name, "5,100,2147483647,3"), 0);
	assert_int_equal(a->space, INT_MAX);
	assert_int_equal(a->times, 3);
	assert_int_equal(boot_word(name, "5"), 0);
	assert_true(a->interval == 5 && a->probability == 100 && a->space == let_pass && a->times == -1);

	snprintf(word, sizeof(word), "%s_site", name);
	before = *a;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad_sites); i++)
		if (boot_word(word, bad_sites[i]) != -EINVAL)
			fail_msg("%s=%s is accepted", word, bad_sites[i]);
	assert_memory_equal(&before, a, sizeof(before));
	assert_int_equal(boot_word(word, "ffff1000,ffff2000,4"), 0);
	assert_int_equal(a->site[0], 0xffff1000);
	assert_int_equal(a->site[1], 0xffff2000);
	assert_int_equal(a->interval, 4);
	assert_int_equal(a->times, 1);
	assert_true(!a->min_order && !a->ignore_gfp_wait && !a->ignore_gfp_highmem);
	snprintf(word, sizeof(word), "%s_sites", name);
	assert_int_equal(boot_word(word, NULL), -EINVAL);
	assert_int_equal(boot_word(word, "perhaps"), -EINVAL);
	assert_int_equal(boot_word(word, "on"), 0);
	assert_non_null(a->sites);
	assert_null(fault_record(a, NULL, 0)); /* the boot's table is not the caller's to free */
}

static void boot_words(void)
{
	boot_words_of(&fail_page_alloc_attr, "fail_page_alloc", 256);
	boot_words_of(&failslab_attr, "failslab", 1 << 20);
}
MACHINE_TEST(boot_words, MACHINE)

/* verbose 1 says it, 2 with the stack. */
static void said_aloud(void)
{
	all_fail();
	attr->verbose = 2;
	attr->interval = 2;
	assert_pages(".x.");
	assert_said("FAULT_INJECTION: forcing a failure.");
	assert_said("<stack>");
	assert_said("name fail_page_alloc, interval 2, probability 100, space 0, times -1");
}
MACHINE_TEST(said_aloud, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(numbers),
		machine_unit_test(a_share_of_them),
		machine_unit_test(kinds_of_tasks),
		machine_unit_test(kinds_of_callers),
		machine_unit_test(sites),
		machine_unit_test(objects),
		machine_unit_test(boot_words),
		machine_unit_test(said_aloud),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
