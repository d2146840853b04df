/* SPDX-License-Identifier: MIT */
/* The groups of spec 1.2 by name, as tests/data/spec/gfp_*.txt call them. */
#ifndef TESTS_HOST_GFP_GROUPS_H
#define TESTS_HOST_GFP_GROUPS_H

#include "tests/host/fixture.h"

static const struct {
	const char *name;
	gfp_t gfp;
} groups[] = {
	{ "GFP_NOWAIT", GFP_NOWAIT }, { "GFP_ATOMIC", GFP_ATOMIC }, { "GFP_NOIO", GFP_NOIO },
	{ "GFP_NOFS", GFP_NOFS }, { "GFP_KERNEL", GFP_KERNEL }, { "GFP_TEMPORARY", GFP_TEMPORARY },
	{ "GFP_USER", GFP_USER }, { "GFP_HIGHUSER", GFP_HIGHUSER },
	{ "GFP_HIGHUSER_MOVABLE", GFP_HIGHUSER_MOVABLE }, { "GFP_TRANSHUGE", GFP_TRANSHUGE },
	{ "GFP_DMA", GFP_DMA }, { "GFP_IOFS", GFP_IOFS },
};

#endif
