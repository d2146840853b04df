/* SPDX-License-Identifier: MIT */
/*
 * Waiting for bits: page locks and the like, without a queue in every object.
 *
 *	(word, bit) -> hash -> one of 256 queues; an entry knows its word and bit and lets other wake-ups pass
 *
 * The waker clears the bit, then looks whether anybody sleeps (bit_sleepers, then the queue), with a full
 * barrier between; the sleeper counts and queues itself (a full barrier), then looks at the bit. One of the two
 * sees the other.
 */
#include "kernel/base/errno.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "asm/barrier.h"

#define WAIT_TABLE_BITS 8

struct wait_bit_key {
	void *word;
	int bit;
};

struct wait_bit_entry {
	struct wait_bit_key key;
	wait_queue_t wait;
};

static wait_queue_head_t table[1 << WAIT_TABLE_BITS] = {
#define Q(i)   [i] = __WAIT_QUEUE_HEAD_INITIALIZER(table[i])
#define Q4(i)  Q(i), Q((i) + 1), Q((i) + 2), Q((i) + 3)
#define Q16(i) Q4(i), Q4((i) + 4), Q4((i) + 8), Q4((i) + 12)
#define Q64(i) Q16(i), Q16((i) + 16), Q16((i) + 32), Q16((i) + 48)
	Q64(0), Q64(64), Q64(128), Q64(192)};

atomic_t bit_sleepers;

wait_queue_head_t *bit_waitqueue(void *word, int bit)
{
	u64 key = (u64)(unsigned long)word + (u64)(unsigned int)bit;

	return &table[(key * 0x9e3779b97f4a7c15UL) >> (64 - WAIT_TABLE_BITS)];
}

static int wake_bit_function(wait_queue_t *wait, unsigned int state, int flags, void *arg)
{
	struct wait_bit_entry *entry = container_of(wait, struct wait_bit_entry, wait);
	struct wait_bit_key *key = arg;

	if (entry->key.word != key->word || entry->key.bit != key->bit ||
	    test_bit(key->bit, key->word))
		return 0;
	return autoremove_wake_function(wait, state, flags, arg);
}

static void init_entry(struct wait_bit_entry *entry, void *word, int bit)
{
	entry->key = (struct wait_bit_key){word, bit};
	init_waitqueue_func_entry(&entry->wait, wake_bit_function);
	entry->wait.private = current;
}

int wait_on_bit_timeout(unsigned long *word, int bit, long state, long timeout)
{
	wait_queue_head_t *q = bit_waitqueue(word, bit);
	struct wait_bit_entry entry;
	int err = 0;

	might_sleep();
	if (!test_bit(bit, word))
		return 0;
	atomic_inc(&bit_sleepers);
	init_entry(&entry, word, bit);
	for (;;) {
		prepare_to_wait(q, &entry.wait, state);
		if (!test_bit(bit, word))
			break;
		if (!timeout) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending_state(state, current)) {
			err = -EINTR;
			break;
		}
		timeout = schedule_timeout(timeout);
	}
	finish_wait(q, &entry.wait);
	atomic_dec(&bit_sleepers);
	return err;
}

int wait_on_bit(unsigned long *word, int bit, long state)
{
	return wait_on_bit_timeout(word, bit, state, MAX_SCHEDULE_TIMEOUT);
}

int wait_on_bit_lock(unsigned long *word, int bit, long state)
{
	wait_queue_head_t *q = bit_waitqueue(word, bit);
	struct wait_bit_entry entry;
	int err = 0;

	might_sleep();
	if (!test_and_set_bit_lock(bit, word))
		return 0;
	atomic_inc(&bit_sleepers);
	init_entry(&entry, word, bit);
	for (;;) {
		prepare_to_wait_exclusive(q, &entry.wait, state);
		if (!test_and_set_bit_lock(bit, word))
			break;
		if (signal_pending_state(state, current)) {
			err = -EINTR;
			break;
		}
		schedule();
	}
	finish_wait(q, &entry.wait);
	atomic_dec(&bit_sleepers);
	/* Woken to take the bit but going away: the next one must be woken instead. */
	if (err && !test_bit(bit, word))
		wake_up_bit(word, bit);
	return err;
}

static noinline void wake_sleepers_of(wait_queue_head_t *q, void *word, int bit)
{
	struct wait_bit_key key = {word, bit};

	__wake_up(q, TASK_NORMAL, 1, &key);
}

/* While anybody waits for any bit this is asked for each page whose I/O ends: mostly nobody is there. */
void wake_up_bit(void *word, int bit)
{
	wait_queue_head_t *q = bit_waitqueue(word, bit);

	if (waitqueue_active(q))
		wake_sleepers_of(q, word, bit);
}
