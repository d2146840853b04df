/* SPDX-License-Identifier: MIT */
/*
 * What happens in part 4, told while it happens, each kind of event once and with its numbers. The kernel's
 * trace has the events; the crossings of low marks that only send an allocation on to the next zone leave
 * no event (the fast path has no time to write a diary), so they are read off the zones.
 */
#include <stdarg.h>

#include "user/tour/tour.h"

#define USER_CLASS 2 /* user pages may lie in all of DMA, Normal, HighMem: their row of lowmem_reserve */

static struct zone_facts zones[MAX_ZONES];
static int nr_zones, seen, reaped;
static unsigned crossed; /* a bit per zone */

__attribute__((format(printf, 2, 3))) static void tell(double time, const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	say("   %7.3f %s* %s%s\n", time, paint(NEWS), text, paint(PLAIN));
	pace();
}

static const char *than(long a, long b)
{
	return a < b ? "<" : a > b ? ">" : "=";
}

static const char *zone_name(long zone)
{
	return zone >= 0 && zone < nr_zones ? zones[zone].name : "?";
}

static const char *task_name(long pid)
{
	static char name[24];

	if (pid == hog_pid)
		return "the hog";
	if (pid == getpid())
		return "the tour";
	for (int k = 0; k < NR_KEEPERS; k++)
		if (pid == keepers[k].pid) {
			snprintf(name, sizeof(name), "keeper %d", k + 1);
			return name;
		}
	snprintf(name, sizeof(name), "pid %ld", pid);
	return name;
}

/* => the file of swap area number `area`, as /proc/swaps lists them */
static const char *swap_name(long area)
{
	static char text[2048];
	char *line = text;

	if (read_file("/proc/swaps", text, sizeof(text)) <= 0)
		return "?";
	for (long i = 0; i <= area; i++) {
		line = strchr(line, '\n');
		if (!line++)
			return "?";
	}
	line[strcspn(line, " \t\n")] = 0;
	return *line ? line : "?";
}

/* ---- The zones ---- */

static long kept(const struct zone_facts *zone)
{
	const char *at = zone->protection + strcspn(zone->protection, "0123456789");

	for (int i = 0; i < USER_CLASS; i++) {
		at += strspn(at, "0123456789");
		at += strcspn(at, "0123456789");
	}
	return atol(at);
}

/* From the highest zone down: as long as one above it takes pages, nobody asks the next. */
static void tell_crossings(void)
{
	for (int i = nr_zones - 1; i > 0; i--) {
		const struct zone_facts *z = &zones[i];

		if (crossed >> i & 1)
			continue;
		if (z->free > z->low + kept(z))
			return;
		crossed |= 1U << i;
		if (kept(z))
			tell(seconds(), "%s free %ld %s low %ld + %ld kept for itself: the next come from %s", z->name,
			     z->free, than(z->free, z->low + kept(z)), z->low, kept(z), zones[i - 1].name);
		else
			tell(seconds(), "%s free %ld %s low %ld: the next pages come from %s", z->name, z->free,
			     than(z->free, z->low), z->low, zones[i - 1].name);
	}
}

/* ---- The trace ---- */

static struct event low_mark, min_mark; /* the last of their kind: they say why the next event comes */

static void tell_wake(const struct event *e)
{
	long free = event_number(&low_mark, "free"), low = event_number(&low_mark, "low");

	tell(e->time, "kswapd%ld wakes: no zone has pages to spare, %s free %ld %s low %ld",
	     event_number(e, "node"), zone_name(event_number(&low_mark, "zone")), free, than(free, low), low);
}

static void tell_sleep(const struct event *e)
{
	const struct zone_facts *z;

	nr_zones = read_zones(zones);
	z = &zones[nr_zones - 1];
	tell(e->time, "kswapd%ld sleeps: it freed %ld pages, %s free %ld %s high %ld", event_number(e, "node"),
	     event_number(e, "freed"), z->name, z->free, than(z->free, z->high), z->high);
}

static void tell_direct(const struct event *e)
{
	long free = event_number(&min_mark, "free"), min = event_number(&min_mark, "min");

	tell(e->time, "direct reclaim: %s free %ld %s min %ld, %s freed %ld pages itself",
	     zone_name(event_number(&min_mark, "zone")), free, than(free, min), min,
	     task_name(event_number(e, "pid")), event_number(e, "freed"));
}

static void tell_swap(const struct event *e)
{
	int out = e->name[5] == 'o';

	tell(e->time, "first page %s: frame %#lx %s slot %ld of %s", out ? "out" : "in", event_number(e, "pfn"),
	     out ? "->" : "<-", event_number(e, "slot"), swap_name(event_number(e, "type")));
}

static void tell_kill(const struct event *e)
{
	tell(e->time, "out of memory: %s is chosen with %ld points, score %ld", task_name(event_number(e, "pid")),
	     event_number(e, "points"), event_number(e, "score"));
}

static void tell_reaped(const struct event *e)
{
	if (reaped++)
		return;
	tell(e->time, "oom_reaper takes %ld pages from %s while it is still dying", event_number(e, "freed"),
	     task_name(event_number(e, "pid")));
}

static void tell_event(const struct event *e)
{
	static const struct {
		const char *name;
		int bit;
		void (*tell)(const struct event *e);
	} kinds[] = {
		{ "kswapd_wake", SEEN_WAKE, tell_wake },
		{ "kswapd_sleep", SEEN_SLEEP, tell_sleep },
		{ "direct_reclaim_end", SEEN_DIRECT, tell_direct },
		{ "swap_out", SEEN_OUT, tell_swap },
		{ "swap_in", SEEN_IN, tell_swap },
		{ "oom_kill", SEEN_KILL, tell_kill },
		{ "oom_reaped", 0, tell_reaped },
	};

	if (!strcmp(e->name, "wmark_low"))
		low_mark = *e;
	if (!strcmp(e->name, "wmark_min"))
		min_mark = *e;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(e->name, kinds[i].name) || (seen & kinds[i].bit))
			continue;
		seen |= kinds[i].bit;
		kinds[i].tell(e);
	}
}

int story_begin(void)
{
	struct event old;

	while (next_event(&old))
		;
	nr_zones = read_zones(zones);
	return nr_zones;
}

int story_go_on(void)
{
	struct event e;

	nr_zones = read_zones(zones);
	tell_crossings();
	while (next_event(&e))
		tell_event(&e);
	return seen;
}
