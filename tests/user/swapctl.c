/* SPDX-License-Identifier: MIT */
/* swapctl on DEVICE [PRIORITY] | off DEVICE: prints 0 or the errno. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/swap.h>

int main(int argc, char **argv)
{
	int flags = argc > 3 ? SWAP_FLAG_PREFER | (atoi(argv[3]) & SWAP_FLAG_PRIO_MASK) : 0, err;

	if (argc < 3)
		return 2;
	err = !strcmp(argv[1], "on") ? swapon(argv[2], flags) : swapoff(argv[2]);
	printf("%s %s: %s\n", argv[1], argv[2], err ? strerror(errno) : "ok");
	return err ? 1 : 0;
}
