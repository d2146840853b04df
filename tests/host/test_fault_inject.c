/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: what an injector with Linux's defaults lets pass, each knob by itself, sites, and the boot words.
 * debugfs and the injection of every site of a workload: tests/boot/test_inject.py.
 */
#include "tests/host/machine_fixture.h"

#include "mm/fault_inject.h"
#include "mm/slab.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static struct fault_attr *pages = &fail_page_alloc_attr, *objects = &failslab_attr;

/* From now on everything fails that the filters let through. */
static void always(struct fault_attr *attr)
{
	attr->probability = 100;
	attr->times = -1;
	attr->verbose = 0;
	fault_attr_changed(attr);
}

static bool page_fails(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	if (page)
		__free_pages(page, order);
	return !page;
}

static bool object_fails(gfp_t gfp)
{
	void *p = kmalloc(64, gfp);

	kfree(p);
	return !p;
}

/* Spec 1.4: order 0, who may sleep, HighMem and NOFAIL are let alone; what fails, fails in silence. */
static void defaults(void)
{
	assert_false(page_fails(GFP_ATOMIC, 1)); /* off */
	always(pages);
	assert_true(page_fails(GFP_ATOMIC, 1));
	assert_true(page_fails(GFP_ATOMIC, 3));
	assert_false(page_fails(GFP_ATOMIC, 0));
	assert_false(page_fails(GFP_KERNEL, 1));
	assert_false(page_fails(GFP_ATOMIC | __GFP_HIGHMEM, 1));
	assert_false(page_fails(GFP_ATOMIC | __GFP_NOFAIL, 1));
	assert_false(object_fails(GFP_ATOMIC)); /* the other injector is off */
}
MACHINE_TEST(defaults, MACHINE)

/* A knob opens its class of requests, and no other. */
static void one_knob_each(void)
{
	always(pages);
	pages->min_order = 0;
	assert_true(page_fails(GFP_ATOMIC, 0));
	assert_false(page_fails(GFP_KERNEL, 0));
	assert_false(page_fails(GFP_ATOMIC | __GFP_HIGHMEM, 0));
	pages->min_order = 3;
	assert_false(page_fails(GFP_ATOMIC, 2));
	assert_true(page_fails(GFP_ATOMIC, 3));
	pages->min_order = 1;
	pages->ignore_gfp_wait = false;
	assert_true(page_fails(GFP_KERNEL, 1));
	assert_false(page_fails(GFP_HIGHUSER, 1));
	assert_false(page_fails(GFP_KERNEL, 0));
	assert_false(page_fails(GFP_KERNEL | __GFP_NOFAIL, 1));
	pages->ignore_gfp_wait = true;
	pages->ignore_gfp_highmem = false;
	assert_true(page_fails(GFP_ATOMIC | __GFP_HIGHMEM, 1));
	assert_false(page_fails(GFP_HIGHUSER, 1));
	pages->probability = 0;
	fault_attr_changed(pages);
	assert_false(page_fails(GFP_ATOMIC, 1));
}
MACHINE_TEST(one_knob_each, MACHINE)

static void objects_too(void)
{
	always(objects);
	assert_true(object_fails(GFP_ATOMIC));
	assert_false(object_fails(GFP_KERNEL));
	assert_false(object_fails(GFP_ATOMIC | __GFP_NOFAIL));
	objects->ignore_gfp_wait = false;
	assert_true(object_fails(GFP_KERNEL));
	assert_false(object_fails(GFP_KERNEL | __GFP_NOFAIL));
}
MACHINE_TEST(objects_too, MACHINE)

/* => how many of n requests fail */
static int failures(int n)
{
	int failed = 0;

	while (n--)
		failed += page_fails(GFP_ATOMIC, 1);
	return failed;
}

static void how_often(void)
{
	always(pages);
	pages->interval = 4;
	fault_attr_changed(pages);
	assert_int_equal(failures(3), 0);
	assert_int_equal(failures(1), 1); /* every fourth, and a change begins anew */
	assert_int_equal(failures(38), 9);
	fault_attr_changed(pages);
	assert_int_equal(failures(3), 0);
	pages->interval = 1;
	pages->times = 5;
	assert_int_equal(failures(20), 5);
	assert_int_equal(pages->times, 0);
	pages->times = -1;
	pages->space = 9; /* pages: four requests of two, and one takes the odd page */
	fault_attr_changed(pages);
	assert_int_equal(failures(10), 6);
	pages->probability = 50;
	assert_in_range(failures(1000), 400, 600);
}
MACHINE_TEST(how_often, MACHINE)

static void whom(void)
{
	always(pages);
	pages->task_filter = true;
	assert_false(page_fails(GFP_ATOMIC, 1));
	current->make_it_fail = true;
	assert_true(page_fails(GFP_ATOMIC, 1));
	preempt_count_add(HARDIRQ_OFFSET); /* an interrupt is nobody's */
	assert_false(page_fails(GFP_ATOMIC, 1));
	preempt_count_sub(HARDIRQ_OFFSET);
	pages->task_filter = false;
	pages->programs_only = true;
	current->signal->oom_score_adj = 0;
	assert_int_equal(page_fails(GFP_ATOMIC, 1), current->tgid != 1 && current->mm);
	current->flags |= PF_MEMALLOC;
	assert_false(page_fails(GFP_ATOMIC, 1));
	current->flags &= ~(unsigned int)PF_MEMALLOC;
	current->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	assert_false(page_fails(GFP_ATOMIC, 1));
}
MACHINE_TEST(whom, MACHINE)

static noinline bool here(void)
{
	bool failed = page_fails(GFP_ATOMIC, 1);

	barrier();
	return failed;
}

/* Recorded, then named: that site fails, and no other. */
static void a_site(void)
{
	static struct fault_site table[2];
	struct fault_site site;

	pages->verbose = 0;
	assert_null(fault_record(pages, table, 2));
	for (int i = 0; i < 3; i++)
		here();
	assert_true(fault_site_get(pages, 0, &site));
	assert_int_equal(site.seen, 3);
	assert_int_equal(site.failed, 0);
	pages->site[0] = site.ip[0];
	pages->site[1] = site.ip[1] + 1;
	always(pages);
	assert_false(here());
	pages->site[1] = site.ip[1];
	assert_int_equal(here() && here(), 1);
	assert_true(fault_site_get(pages, 0, &site));
	assert_int_equal(site.failed, 2);
	assert_ptr_equal(fault_record(pages, NULL, 0), table);
	assert_false(fault_site_get(pages, 0, &site));
}
MACHINE_TEST(a_site, MACHINE)

/* Callers on the stack: one that must be there, one that must not. */
static void callers(void)
{
	unsigned long all = -1UL;

	always(pages);
	pages->require_start = 1;
	pages->require_end = 2;
	assert_false(here());
	pages->require_start = 0;
	pages->require_end = all;
	assert_true(here());
	pages->reject_end = all;
	assert_false(here());
	pages->stacktrace_depth = 0; /* nobody is looked at */
	assert_true(here());
}
MACHINE_TEST(callers, MACHINE)

/* ---- Boot words ---- */

static void words(void)
{
	static const char *const bad[] = { "", "x", "0", "-1", "1,", "1,101", "1,-2", "1,100,-1",
					   "1,100,0,x", "1,2,3,4,5",
					   "1 ", "1,100,2147483648", "1,100,0,2147483648" };
	struct fault_attr before;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		before = *pages;
		assert_int_equal(setup_fault_attr(pages, bad[i]), -EINVAL);
		assert_memory_equal(&before, pages, sizeof(before));
	}
	assert_int_equal(setup_fault_attr(pages, NULL), -EINVAL);
	assert_int_equal(setup_fault_attr(pages, "7"), 0);
	assert_true(pages->interval == 7 && pages->probability == 100 && !pages->space && pages->times == -1);
	assert_int_equal(setup_fault_attr(pages, "3,20,4,5"), 0);
	assert_true(pages->interval == 3 && pages->probability == 20 && pages->space == 4 && pages->times == 5);
}
MACHINE_TEST(words, MACHINE)

static void site_words(void)
{
	static const char *const bad[] = { "", "1", "1,2", "1,2,", "1,2,0", "0,2,1", "x,2,1", "1,y,1",
					   "1,2,z", "1,2,3,4" };
	static struct fault_site table[BOOT_SITES];
	struct fault_attr before;
	char text[40];

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		before = *pages;
		strcpy(text, bad[i]);
		assert_int_equal(setup_fault_site(pages, text), -EINVAL);
		assert_memory_equal(&before, pages, sizeof(before));
	}
	strcpy(text, "ffff0001,ffff0002,3");
	assert_int_equal(setup_fault_site(pages, text), 0);
	assert_true(pages->site[0] == 0xffff0001 && pages->site[1] == 0xffff0002 && pages->interval == 3);
	assert_true(pages->times == 1 && !pages->min_order && !pages->ignore_gfp_wait && !pages->ignore_gfp_highmem);
	assert_int_equal(setup_fault_recording(pages, "maybe", table), -EINVAL);
	assert_int_equal(setup_fault_recording(pages, NULL, table), -EINVAL);
	assert_int_equal(setup_fault_recording(pages, "on", table), 0);
	assert_null(fault_record(pages, NULL, 0)); /* the boot's table is not the caller's to free */
}
MACHINE_TEST(site_words, MACHINE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(defaults),	   machine_unit_test(one_knob_each), machine_unit_test(objects_too),
		machine_unit_test(how_often),	   machine_unit_test(whom),	     machine_unit_test(a_site),
		machine_unit_test(callers),	   machine_unit_test(words),	     machine_unit_test(site_words),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
