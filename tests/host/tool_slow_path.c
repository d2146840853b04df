/* SPDX-License-Identifier: MIT */
/* Prints the slow path's table as the rows of docs/slow-path.md, for scripts/gen-slow-path. */
#include <stdio.h>

#include "mm/slowpath.h"

int main(void)
{
	for (enum slow_state from = 0; from < NR_SLOW_STATES; from++) {
		const struct slow_step *step = slowpath_step(from);
		const char *comma = "";

		printf("| %u | %s | %s | ", step->number, step->name, step->does);
		for (enum slow_state to = 0; to < NR_SLOW_STATES; to++)
			if (step->exits >> to & 1) {
				printf("%s%s", comma, slowpath_step(to)->name);
				comma = ", ";
			}
		printf("%s |\n", step->exits ? "" : "(the end)");
	}
	return 0;
}
