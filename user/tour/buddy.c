/* SPDX-License-Identifier: MIT */
/*
 * Part 2: one page after the other is touched and later given back, and /proc/buddyinfo is read each time.
 * A line is printed when a block of a higher order than before was split, or came out of merging.
 *
 * User pages come from HighMem, so its row tells all: pages leave it a batch at a time for the CPU's own list,
 * the smallest blocks first; when they are used up, the next larger one is halved, and its half, and so on.
 * What comes back waits on that list, too; the tour stays on one CPU so that it is one list.
 *
 * After other work single pages in use - on the lists of CPUs, a shell's, files - keep many small blocks apart. So
 * memory is compacted first, and as many pages are taken as it needs for a block of the highest order there is.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "user/tour/tour.h"

#define ORDERS 11
#define SPARE  1024L /* pages that come from the CPU's list */

/* => 0: no such zone */
static int read_blocks(long *blocks)
{
	static char text[8192];
	char *row;

	if (read_file("/proc/buddyinfo", text, sizeof(text)) <= 0)
		return 0;
	row = strstr(text, "HighMem");
	if (!row)
		return 0;
	row += strlen("HighMem");
	for (int order = 0; order < ORDERS; order++)
		blocks[order] = strtol(row, &row, 10);
	return 1;
}

static void print_blocks(const char *what, long page, const long *blocks, const long *before)
{
	char label[40], row[512];
	size_t n = 0;

	if (page)
		snprintf(label, sizeof(label), "%s page %ld", what, page);
	else
		snprintf(label, sizeof(label), "%s", what);
	for (int order = 0; order < ORDERS; order++) {
		long more = before ? blocks[order] - before[order] : 0;

		n += (size_t)snprintf(row + n, sizeof(row) - n, "%s%5ld%s",
				      more ? paint(more > 0 ? GOOD : BAD) : "", blocks[order],
				      more ? paint(PLAIN) : "");
	}
	say("   %-18s%s\n", label, row);
	pace();
}

/* => the highest order whose number of blocks went down (sign -1) or up (sign 1), -1: none */
static int highest_change(const long *now, const long *last, int sign)
{
	for (int order = ORDERS - 1; order >= 0; order--)
		if ((now[order] - last[order]) * sign > 0)
			return order;
	return -1;
}

/* => the highest order of which there is a block */
static int highest_order(const long *blocks)
{
	int order = ORDERS - 1;

	while (order > 0 && !blocks[order])
		order--;
	return order;
}

/* => pages to take, at most, until one of the highest order is in use entirely, and half of the next */
static long pages_enough(const long *blocks, int top)
{
	long pages = SPARE + (2L << top);

	for (int order = 0; order < top; order++)
		pages += blocks[order] << order;
	return pages;
}

/* Until the first of the largest blocks is in use entirely, and half of the next. => pages taken */
static long take_pages(char *memory, const long *start, long *now, int top, long enough)
{
	long last[ORDERS], page = 0;
	int highest = 0;

	memcpy(last, start, sizeof(last));
	while (page < enough) {
		memory[page++ * (long)PAGE] = 1;
		read_blocks(now);
		int order = highest_change(now, last, -1);

		if (order > highest) {
			print_blocks("took", page, now, last);
			highest = order;
			if (order == top && page + (3L << top) / 2 < enough)
				enough = page + (3L << top) / 2;
		}
		memcpy(last, now, sizeof(last));
		progress("   ... took %ld pages", page);
	}
	check(highest >= top, "%ld pages split blocks of every order up to %d", page, highest);
	return page;
}

static void give_back_pages(char *memory, long pages, long *now, int top)
{
	long last[ORDERS], fewest = now[top];
	int highest = 0;

	memcpy(last, now, sizeof(last));
	for (long page = 0; page < pages; page++) {
		munmap(memory + page * (long)PAGE, PAGE);
		read_blocks(now);
		int order = highest_change(now, last, 1);

		if (order > highest) {
			print_blocks("freed", page + 1, now, last);
			highest = order;
		}
		memcpy(last, now, sizeof(last));
		progress("   ... gave back %ld of %ld pages", page, pages);
	}
	print_blocks("all given back", 0, now, NULL);
	check(highest >= top && now[top] > fewest,
	      "free neighbours merged up to order %d again: %ld blocks, %ld in between", highest, now[top], fewest);
}

static void compact(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

	(void)!write(fd, "1", 1); /* without it the tour takes longer, no more */
	close(fd);
}

void show_buddy(void)
{
	long start[ORDERS], now[ORDERS], pages, most;
	cpu_set_t all, one;
	char *memory;
	int top;

	title("The buddy allocator: blocks of 2^order pages split and merge");
	compact();
	if (!read_blocks(start)) {
		check(0, "memory from HighMem");
		return;
	}
	top = highest_order(start);
	most = pages_enough(start, top);
	memory = mmap(NULL, (size_t)most * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		check(0, "memory from HighMem");
		return;
	}
	sched_getaffinity(0, sizeof(all), &all);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	say("   %-18s    0    1    2    3    4    5    6    7    8    9   10\n", "HighMem, by order");
	print_blocks("free blocks", 0, start, NULL);
	memcpy(now, start, sizeof(now));
	pages = take_pages(memory, start, now, top, most);
	give_back_pages(memory, pages, now, top);
	sched_setaffinity(0, sizeof(all), &all);
	munmap(memory, (size_t)most * PAGE);
}
