/* SPDX-License-Identifier: MIT */
/* flavours: rel numa0 */
/*
 * What each group of GFP flags gets (spec 1.2, tests/data/spec/gfp_behaviour.txt): its floor, and the answer when
 * nothing is free. Debug, release and a build without NUMA.
 */
#include "tests/host/gfp_fixture.h"
#include "tests/host/gfp_groups.h"
#include "tests/host/slow_world.h"

/* Without NUMA the group is nothing: an ordinary request, which reclaims. */
static void group_thisnode(void)
{
	zone_t(10);
	script.progress = script.freed = 100;
	assert_int_equal(GFP_THISNODE, NUMA ? 0x41200 : 0);
	assert_int_equal(ask(GFP_KERNEL | GFP_THISNODE, 0) != NULL, !NUMA);
	assert_int_equal(seen.reclaims, !NUMA);
}

static const char *group_line;

/* => NULL, endless, kill (the killer was asked) or reclaim (one round, then NULL) */
static const char *answer(gfp_t gfp, enum zone_type zone, unsigned int order)
{
	static const char *const words[] = { "NULL", "endless", "kill", "reclaim" };
	struct page *page;
	int what;

	one_zone(zone, 64);
	script.block = 2;
	give_pages(0, order ? 500 : 10);
	script.kill = 1000;
	script.until = 20;
	script.compact = "f";
	page = ask(gfp, order);
	what = seen.kills ? 2 : page ? 1 : seen.reclaims ? 3 : 0;
	assert_int_equal(seen.warns, !page && !(gfp & __GFP_NOWARN));
	mm_host_stop();
	return words[what];
}

static void group(void)
{
	char name[32], small[16], large[16];
	enum zone_type zone;
	gfp_t gfp = ~0U;
	long floor;

	assert_int_equal(sscanf(group_line, "%31s %ld %15s %15s", name, &floor, small, large), 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, name))
			gfp = groups[i].gfp;
	assert_int_not_equal(gfp, ~0U);
	zone = gfp & __GFP_DMA ? ZONE_DMA : ZONE_NORMAL;
	if (zone == ZONE_NORMAL)
		assert_int_equal(floor_of(gfp), floor);
	assert_string_equal(answer(gfp, zone, 0), small);
	assert_string_equal(answer(gfp, zone, 3), small);
	assert_string_equal(answer(gfp, zone, 4), large);
}

static void groups_of_the_data_file(void **state)
{
	FILE *f = open_data("tests/data/spec/gfp_behaviour.txt");
	unsigned int lines = 0;
	char line[128];

	(void)state;
	while (next_line(f, line, sizeof(line))) {
		group_line = line;
		if (status_of_child(group))
			fail_msg("group %s", line);
		lines++;
	}
	assert_int_equal(lines, ARRAY_SIZE(groups));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(group_thisnode, LIVES),
		cmocka_unit_test(groups_of_the_data_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
