/* SPDX-License-Identifier: MIT */
/*
 * Parts 3 and 6: three tasks, each with an eighth of the RAM full of words that follow from their position.
 * A page that comes back from the disk empty, old or from somewhere else cannot pass for the right one.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "user/tour/tour.h"

#define WORDS (PAGE / sizeof(uint64_t))

struct keeper keepers[NR_KEEPERS];
unsigned long keeper_bytes;

static uint64_t word(int keeper, uint64_t page, uint64_t i)
{
	uint64_t x = ((uint64_t)keeper + 1) * 0x9e3779b97f4a7c15UL + page * 0xc2b2ae3d27d4eb4fUL + i;

	return x ^ x >> 29;
}

static void answer_with(int answer, char byte)
{
	if (write(answer, &byte, 1) != 1)
		_exit(2);
}

/* A dot after every MiB, so that the tour can tell how far we are. */
static void tell_progress(int answer, uint64_t page)
{
	if ((page + 1) % (MIB / PAGE) == 0)
		answer_with(answer, '.');
}

static void fill(uint64_t *memory, int number, int answer)
{
	for (uint64_t page = 0; page < keeper_bytes / PAGE; page++) {
		for (uint64_t i = 0; i < WORDS; i++)
			memory[page * WORDS + i] = word(number, page, i);
		tell_progress(answer, page);
	}
}

static int verify(const uint64_t *memory, int number, int answer)
{
	int good = 1;

	for (uint64_t page = 0; page < keeper_bytes / PAGE; page++) {
		for (uint64_t i = 0; i < WORDS; i++)
			good &= memory[page * WORDS + i] == word(number, page, i);
		tell_progress(answer, page);
	}
	return good;
}

static void keeper_main(int number, int ask, int answer, int spoil)
{
	uint64_t *memory = mmap(NULL, keeper_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char name[16], byte;

	snprintf(name, sizeof(name), "keeper %d", number + 1);
	prctl(PR_SET_NAME, name);
	if (memory == MAP_FAILED)
		_exit(2);
	fill(memory, number, answer);
	if (spoil && number == 1)
		memory[keeper_bytes / sizeof(uint64_t) / 2] ^= 1UL << 17;
	answer_with(answer, 'y');
	while (read(ask, &byte, 1) == 1)
		answer_with(answer, verify(memory, number, answer) ? 'y' : 'n');
	_exit(0);
}

static void start_keeper(int number, int spoil)
{
	int ask[2], answer[2];

	if (pipe(ask) || pipe(answer)) {
		perror("tour: pipe");
		exit(2);
	}
	keepers[number].pid = fork();
	if (!keepers[number].pid) {
		close(ask[1]);
		close(answer[0]);
		for (int other = 0; other < number; other++)
			close(keepers[other].ask);
		keeper_main(number, ask[0], answer[1], spoil);
	}
	close(ask[0]);
	close(answer[1]);
	keepers[number].ask = ask[1];
	keepers[number].answer = answer[0];
}

/* => 'y', 'n', or 0: the keeper is gone; '.' is counted */
static char read_answer(int number, unsigned long *mib)
{
	char bytes[64];
	ssize_t got = read(keepers[number].answer, bytes, sizeof(bytes));

	if (got <= 0)
		return 0;
	for (ssize_t i = 0; i < got; i++)
		if (bytes[i] != '.')
			return bytes[i];
	*mib += (unsigned long)got;
	return '.';
}

/* Until each keeper has answered. => a bit per keeper that said yes */
static int wait_for_keepers(const char *doing, void (*idle)(void))
{
	struct pollfd fds[NR_KEEPERS];
	unsigned long mib = 0;
	int good = 0, left = NR_KEEPERS;

	for (int k = 0; k < NR_KEEPERS; k++)
		fds[k] = (struct pollfd){ .fd = keepers[k].answer, .events = POLLIN };
	while (left) {
		poll(fds, NR_KEEPERS, 50);
		for (int k = 0; k < NR_KEEPERS; k++) {
			char byte = fds[k].fd >= 0 && fds[k].revents ? read_answer(k, &mib) : '.';

			if (byte == '.')
				continue;
			good |= (byte == 'y') << k;
			fds[k].fd = -1;
			left--;
		}
		if (idle)
			idle();
		progress("   ... the keepers have %s %lu of %lu MiB", doing, mib, NR_KEEPERS * keeper_bytes / MIB);
	}
	return good;
}

void start_keepers(int spoil)
{
	int good;

	title("Three tasks fill memory with data they can recompute");
	for (int k = 0; k < NR_KEEPERS; k++)
		start_keeper(k, spoil);
	good = wait_for_keepers("filled", NULL);
	for (int k = 0; k < NR_KEEPERS; k++)
		check(good >> k & 1, "keeper %d (pid %d) has filled %lu MiB", k + 1, keepers[k].pid,
		      keeper_bytes / MIB);
}

int ask_keepers(void (*idle)(void))
{
	for (int k = 0; k < NR_KEEPERS; k++)
		if (write(keepers[k].ask, "?", 1) != 1)
			return 0;
	return wait_for_keepers("read back", idle) == (1 << NR_KEEPERS) - 1;
}

void dismiss_keepers(void)
{
	title("The survivors verify every word");
	check(ask_keepers(NULL), "the keepers' %lu MiB are as they wrote them", NR_KEEPERS * keeper_bytes / MIB);
	for (int k = 0; k < NR_KEEPERS; k++) {
		int status = -1;

		close(keepers[k].ask);
		waitpid(keepers[k].pid, &status, 0);
		check(WIFEXITED(status) && !WEXITSTATUS(status), "keeper %d exits with status 0", k + 1);
	}
}
