/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: what an injector with Linux's defaults lets pass, the filters one by one, and the site of a request
 * as its stack tells it. The other knobs: test_fault_knobs.c. debugfs and the injection of every site of a workload:
 * tests/boot/test_inject.py.
 */
#include "tests/host/machine_fixture.h"
#include "tests/host/fault_fixture.h"

#include "mm/slab.h"

#define MACHINE .ram_mib = 32, .lowmem_mib = 24

static struct fault_attr *pages = &fail_page_alloc_attr;

/* Spec 1.4: order 0, who may sleep, HighMem and NOFAIL are let alone; what fails, fails in silence. */
static void defaults(void)
{
	void *object;

	assert_false(page_fails(GFP_ATOMIC, 1)); /* off */
	always(pages);
	assert_true(page_fails(GFP_ATOMIC, 1));
	assert_true(page_fails(GFP_ATOMIC, 3));
	assert_false(page_fails(GFP_ATOMIC, 0));
	assert_false(page_fails(GFP_KERNEL, 1));
	assert_false(page_fails(GFP_ATOMIC | __GFP_HIGHMEM, 1));
	assert_false(page_fails(GFP_ATOMIC | __GFP_NOFAIL, 1));
	object = kmalloc(64, GFP_ATOMIC); /* the other injector is off */
	assert_non_null(object);
	kfree(object);
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
	pages->ignore_gfp_wait = false;
	assert_true(page_fails(GFP_HIGHUSER, 1));
	assert_false(page_fails(GFP_HIGHUSER, 0));
	pages->min_order = 0;
	assert_true(page_fails(GFP_HIGHUSER, 0));
	assert_false(page_fails(GFP_KERNEL | __GFP_NOFAIL, 0));
	pages->probability = 0;
	fault_attr_changed(pages);
	assert_false(page_fails(GFP_ATOMIC, 1));
}
MACHINE_TEST(one_knob_each, MACHINE)

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_unit_test(defaults),
		machine_unit_test(one_knob_each),
		machine_unit_test(a_site),
		machine_unit_test(callers),
	};

	return cmocka_run_group_tests(tests, NULL, machine_group_end);
}
