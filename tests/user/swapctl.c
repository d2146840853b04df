/* SPDX-License-Identifier: MIT */
/*
 * swapctl on DEVICE [PRIORITY|- [both|once|pages]] | off DEVICE: prints "ok" or the error. The last word says what is
 * discarded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

int main(int argc, char **argv)
{
	int flags = 0, err;

	if (argc < 3)
		return 2;
	if (argc > 3 && argv[3][0] != '-')
		flags = SWAP_FLAG_PREFER | (atoi(argv[3]) & SWAP_FLAG_PRIO_MASK);
	if (argc > 4)
		flags |= SWAP_FLAG_DISCARD | (argv[4][0] == 'o' ? 0x20000 : argv[4][0] == 'p' ? 0x40000 : 0);
	err = !strcmp(argv[1], "on") ? swapon(argv[2], flags) : swapoff(argv[2]);
	printf("%s %s: %s\n", argv[1], argv[2], err ? strerror(errno) : "ok");
	return err ? 1 : 0;
}
