/* SPDX-License-Identifier: MIT */
/*
 * gentle MIB: takes memory a little at a time, with pauses in which kswapd can keep up.
 *
 * A machine whose kswapd is woken at the low mark never lets this program fall to the min mark: allocstall stays
 * as it was although pages were swapped out. Needs swap; run by tests/boot/test_swap.py.
 */
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "user/proc.h"

#define PAGE 4096UL
#define STEP 32UL /* pages between two pauses */

int main(int argc, char **argv)
{
	unsigned long pages = (argc > 1 ? strtoul(argv[1], NULL, 0) : 40) << 8;
	struct timespec pause = { 0, 20000000 };
	long stalls = vmstat_number("allocstall"), out = vmstat_number("pswpout");
	volatile char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED) {
		perror("gentle: mmap");
		return 2;
	}
	for (unsigned long i = 0; i < pages; i++) {
		memory[i * PAGE] = 1;
		if (i % STEP == STEP - 1)
			nanosleep(&pause, NULL);
	}
	printf("gentle: %ld direct reclaims, %ld pages swapped out\n", vmstat_number("allocstall") - stalls,
	       vmstat_number("pswpout") - out);
	return 0;
}
