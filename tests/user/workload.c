/* SPDX-License-Identifier: MIT */
/*
 * Programs with a name, for traces of their references (scripts/capture-trace): what they compute is checked.
 *
 *   workload sort PAGES     quicksort of random words
 *   workload tree PAGES     a balanced tree of nodes of 128 bytes, in the order of their keys; two lookups for each
 *                           page, three of four near the one before
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096UL

struct node {
	uint64_t key;
	struct node *left, *right;
	char rest[104];
};

static uint64_t state = 88172645463325252ULL;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void *memory(unsigned long pages)
{
	void *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		perror("workload");
		exit(1);
	}
	return p;
}

static void quicksort(uint64_t *first, uint64_t *last) /* last is behind the end */
{
	while (last - first > 1) {
		uint64_t pivot = first[(last - first) / 2], *lo = first, *hi = last - 1;

		while (lo <= hi) {
			while (*lo < pivot)
				lo++;
			while (*hi > pivot)
				hi--;
			if (lo <= hi) {
				uint64_t word = *lo;

				*lo++ = *hi;
				*hi-- = word;
			}
		}
		/* The smaller part by recursion: the stack stays small. */
		if (hi - first < last - lo) {
			quicksort(first, hi + 1);
			first = lo;
		} else {
			quicksort(lo, last);
			last = hi + 1;
		}
	}
}

static int sort(unsigned long pages)
{
	unsigned long n = pages * PAGE / sizeof(uint64_t);
	uint64_t *words = memory(pages), sum = 0, after = 0;

	for (unsigned long i = 0; i < n; i++)
		sum += words[i] = draw();
	quicksort(words, words + n);
	for (unsigned long i = 0; i < n; i++) {
		after += words[i];
		if (i && words[i - 1] > words[i])
			return 1;
	}
	return sum != after;
}

static struct node *build(struct node *nodes, unsigned long first, unsigned long n)
{
	struct node *middle = nodes + first + n / 2;

	if (!n)
		return NULL;
	middle->key = first + n / 2;
	middle->left = build(nodes, first, n / 2);
	middle->right = build(nodes, first + n / 2 + 1, n - n / 2 - 1);
	return middle;
}

static int tree(unsigned long pages)
{
	unsigned long n = pages * PAGE / sizeof(struct node), key = n / 2;
	struct node *nodes = memory(pages), *root = build(nodes, 0, n);

	for (unsigned long i = 0; i < 2 * pages; i++) {
		const struct node *at = root;

		key = draw() % 4 ? (key + draw() % (n / 16)) % n : draw() % n;
		while (at && at->key != key)
			at = key < at->key ? at->left : at->right;
		if (!at)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long pages = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	int wrong = 2;

	if (pages && !strcmp(argv[1], "sort"))
		wrong = sort(pages);
	else if (pages && !strcmp(argv[1], "tree"))
		wrong = tree(pages);
	if (wrong == 2)
		fprintf(stderr, "usage: workload sort|tree PAGES\n");
	else
		printf("%s workload\n", wrong ? "FAIL" : "PASS");
	return wrong;
}
