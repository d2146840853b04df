/* SPDX-License-Identifier: MIT */
/*
 * Zonelists: in which order a request of a node tries the zones of the machine.
 *
 *	node order (default)	H0 N0 D0 | H1 N1 D1	nearest node first; uses up DMA before going far
 *	zone order		H0 H1 | N0 N1 | D0 D1	keeps DMA for last
 *
 * Inside a node from the highest zone down. A request starts at the first zone its flags allow. List 1 has
 * the own node only (__GFP_THISNODE). Which node is nearest: the least score of
 *	(distance + (n < local) + (n has CPUs)) * nodes online * MAX_NUMNODES + load(n),
 * where load makes the nodes of one distance take turns in being the first to be fallen back on.
 *
 * The full-zone cache remembers for at most a second which zones of a list were below their mark, so that a
 * request does not look at a row of full nodes again and again. Racy by design: a lost bit costs a look.
 *
 * Locks: rebuilt under zone_setup_lock by the sysctl; readers may see an old or a new entry of a list, both
 * are zones. Test: tests/host/test_zone.c.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"
#include "kernel/base/errno.h"
#include "kernel/core/timer.h"
#include "mm/internal.h"
#include "mm/zonelist.h"

static enum { ORDER_DEFAULT, ORDER_NODE, ORDER_ZONE } zonelist_order;
static const char *const order_names[] = { "default", "node", "zone" };
static int node_load[MAX_NUMNODES]; /* [boot or zone_setup_lock] */

static bool node_has_cpus(int nid)
{
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		if (cpu_to_node_map[cpu] == nid)
			return true;
	return false;
}

/* The nearest node that is not in used yet; -1: all are. Marks it. */
static int find_next_best_node(int local, unsigned long *used)
{
	int best = -1, best_score = INT_MAX;
	int nid;

	if (!(*used >> local & 1)) {
		*used |= 1UL << local;
		return local;
	}
	for_each_online_node(nid) {
		int score = node_distance(local, nid) + (nid < local) + node_has_cpus(nid);

		if (*used >> nid & 1)
			continue;
		score = score * nr_online_nodes * MAX_NUMNODES + node_load[nid];
		if (score < best_score) {
			best_score = score;
			best = nid;
		}
	}
	if (best >= 0)
		*used |= 1UL << best;
	return best;
}

static int add_zone(struct zonelist *list, int n, struct zone *zone)
{
	if (!populated_zone(zone))
		return n;
	list->_zonerefs[n] = (struct zoneref){ zone, (int)zone_idx(zone) };
	return n + 1;
}

static int add_node(struct zonelist *list, int n, int nid)
{
	for (int idx = MAX_NR_ZONES - 1; idx >= 0; idx--)
		n = add_zone(list, n, &NODE_DATA(nid)->node_zones[idx]);
	return n;
}

static void end_list(struct zonelist *list, int n)
{
	list->_zonerefs[n] = (struct zoneref){ NULL, 0 };
	list->zlc_full = 0;
}

static void build_zonelists(int local)
{
	struct pglist_data *pgdat = NODE_DATA(local);
	struct zonelist *list = &pgdat->node_zonelists[ZONELIST_FALLBACK];
	int order[MAX_NUMNODES], nr = 0, n = 0, nid, load = nr_online_nodes, prev = local;
	unsigned long used = 0;

	while ((nid = find_next_best_node(local, &used)) >= 0) {
		/* the first node of each new distance carries a load for the next builder */
		if (node_distance(local, nid) != node_distance(local, prev))
			node_load[nid] = load;
		prev = nid;
		load--;
		order[nr++] = nid;
	}
	if (zonelist_order != ORDER_ZONE)
		for (int i = 0; i < nr; i++)
			n = add_node(list, n, order[i]);
	else
		for (int idx = MAX_NR_ZONES - 1; idx >= 0; idx--)
			for (int i = 0; i < nr; i++)
				n = add_zone(list, n, &NODE_DATA(order[i])->node_zones[idx]);
	end_list(list, n);
	for (int highest = 0; highest < ZONE_MOVABLE; highest++) {
		struct zone *zone = first_zones_zonelist(list, (enum zone_type)highest, 0)->zone;

		pgdat->first_zone[highest] = zone && zone->zone_pgdat == pgdat ? zone : NULL;
	}
	list = &pgdat->node_zonelists[ZONELIST_NOFALLBACK];
	end_list(list, add_node(list, 0, local));
}

void build_all_zonelists(void)
{
	int nid;

	memset(node_load, 0, sizeof(node_load));
	for_each_online_node(nid)
		build_zonelists(nid);
}

int numa_zonelist_order_set(const char *word)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(order_names); i++) {
		if (strcmp(word, order_names[i]))
			continue;
		spin_lock(&zone_setup_lock);
		zonelist_order = i;
		build_all_zonelists();
		spin_unlock(&zone_setup_lock);
		return 0;
	}
	return -EINVAL;
}

const char *numa_zonelist_order_name(void)
{
	return order_names[zonelist_order];
}

/* ---- Full-zone cache ------------------------------------------------------------------------- */

void zlc_setup(struct zonelist *list)
{
	unsigned long now = jiffies;

	if (now - READ_ONCE(list->zlc_last_sweep) >= HZ) {
		WRITE_ONCE(list->zlc_full, 0);
		WRITE_ONCE(list->zlc_last_sweep, now);
	}
}

bool zlc_zone_worth_trying(const struct zonelist *list, const struct zoneref *z)
{
	return !(READ_ONCE(list->zlc_full) >> (z - list->_zonerefs) & 1);
}

void zlc_mark_zone_full(struct zonelist *list, const struct zoneref *z)
{
	set_bit(z - list->_zonerefs, &list->zlc_full);
}

void zlc_clear_zones_full(struct zonelist *list)
{
	WRITE_ONCE(list->zlc_full, 0);
}
