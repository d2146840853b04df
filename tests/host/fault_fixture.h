/* SPDX-License-Identifier: MIT */
/* For tests of fault injection: an injector that always strikes, and what a request of pages comes to. */
#ifndef TESTS_HOST_FAULT_FIXTURE_H
#define TESTS_HOST_FAULT_FIXTURE_H

#include "tests/host/machine_fixture.h"

#include "mm/fault_inject.h"

/* From now on everything fails that the filters let through. */
static inline void always(struct fault_attr *attr)
{
	attr->probability = 100;
	attr->times = -1;
	attr->verbose = 0;
	fault_attr_changed(attr);
}

static inline bool page_fails(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	if (page)
		__free_pages(page, order);
	return !page;
}

#endif
