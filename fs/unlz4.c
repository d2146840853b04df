/* SPDX-License-Identifier: MIT */
/*
 * Unpacks LZ4's legacy format (`lz4 -l`), in which Linux takes an initrd, fed any number of bytes at a time.
 *
 *   input:     magic | size block | size block | ...          4 bytes each, lowest first; again magic: the same anew
 *   block:     sequence ...                                   becomes at most 8 MiB
 *   sequence:  token | more | literals | distance | more      token: literals << 4 | (match length - 4)
 *
 * A 15 in either half of the token is followed by bytes to be added, up to and with the first that is not 255.
 * A match repeats what came out `distance` bytes ago; it may overlap what it becomes. A block ends with literals.
 *
 *   window:    | at least 64 KiB, gone out already | not yet gone out |
 *
 * Most sequences are short and lie whole in the piece at hand: short_sequences() copies them in words of 8 bytes,
 * beyond their end, where the next one overwrites it. The state machine does the others.
 *
 * Each length and distance is checked before it is used; no locks, no memory but the window.
 * Test: tests/host/test_unlz4.c. Linux also takes gzip, xz, zstd and LZ4's frames with check sums.
 */
#include "fs/unlz4.h"
#include "kernel/base/compiler.h"
#include "kernel/base/errno.h"
#include "kernel/base/kernel.h"
#include "kernel/base/string.h"

#define BLOCK_OUT_MAX (8U << 20)
#define BLOCK_IN_MAX  (BLOCK_OUT_MAX + BLOCK_OUT_MAX / 255 + 16)
#define MATCH_MIN     4
#define FULL	      (2 * UNLZ4_HISTORY) /* pos stays below, but for a short sequence */

/* A short sequence: without its literals at most so many bytes of input, and so many written. */
#define SHORT_IN  (1 + 1 + 2 + 1 + 16)
#define SHORT_OUT (15 + 254 + 16 + MATCH_MIN + 15 + 254 + 8)

static_assert(UNLZ4_WINDOW >= FULL + SHORT_OUT, "a short sequence that begins in the window ends in it");

void unlz4_start(struct unlz4 *z, u8 *window, int (*out)(void *, const void *, size_t), void *ctx)
{
	memset(z, 0, sizeof(*z));
	z->window = window;
	z->out = out;
	z->ctx = ctx;
}

static int bad(struct unlz4 *z, const char *error)
{
	z->error = error;
	return -EINVAL;
}

static int flush(struct unlz4 *z)
{
	u32 sent = z->sent;

	z->sent = z->pos;
	return sent == z->pos ? 0 : z->out(z->ctx, z->window + sent, z->pos - sent);
}

/* The window is full: out with it, but for what matches may still want. */
static int make_room(struct unlz4 *z)
{
	int err = flush(z);

	memcpy(z->window, z->window + z->pos - UNLZ4_HISTORY, UNLZ4_HISTORY);
	z->pos = z->sent = UNLZ4_HISTORY;
	return err;
}

static void copy_word(u8 *to, const u8 *from)
{
	u64 word;

	__builtin_memcpy(&word, from, 8);
	__builtin_memcpy(to, &word, 8);
}

/* len bytes that came out distance bytes before; up to 7 more are written */
static void copy_back(u8 *to, u32 distance, u32 len)
{
	const u8 *from = to - distance;
	u8 *end = to + len;

	if (likely(distance >= 8))
		for (; to < end; to += 8, from += 8)
			copy_word(to, from);
	else
		while (to < end)
			*to++ = *from++;
}

/* => up to 15 bytes more are read and written */
static void copy_ahead(u8 *to, const u8 *from, u32 len)
{
	copy_word(to, from);
	copy_word(to + 8, from + 8);
	for (u32 done = 16; unlikely(done < len); done += 8)
		copy_word(to + done, from + done);
}

/*
 * Whole sequences, each length of at most one byte more, as long as there is room for one in the window and *in has it.
 * => *in is behind them; 0 or -EINVAL
 */
static int short_sequences(struct unlz4 *z, const u8 **in, const u8 *end)
{
	u8 *to = z->window + z->pos, *full = z->window + FULL, *block = to - z->block_out;
	const u8 *p = *in;
	int err = 0;

	while (to < full && end - p >= SHORT_IN) {
		u32 literals = *p >> 4, match = (*p & 15) + MATCH_MIN, distance;
		const u8 *q = p + 1;

		if (literals == 15) {
			literals += *q;
			if (*q++ == 255 || end - q < literals + SHORT_IN)
				break;
		}
		copy_ahead(to, q, literals);
		q += literals;
		distance = q[0] | (u32)q[1] << 8;
		q += 2;
		if (match == 15 + MATCH_MIN) {
			match += *q;
			if (*q++ == 255)
				break;
		}
		to += literals;
		if (unlikely(distance - 1 >= (u32)(to - block))) {
			err = bad(z, "a match begins before its block");
			break;
		}
		copy_back(to, distance, match);
		to += match;
		p = q;
	}
	z->block_out = (u32)(to - block);
	z->pos = (u32)(to - z->window);
	*in = p;
	return err;
}

/* The next byte of a number of `bytes` bytes. => true: z->word is complete */
static bool collect(struct unlz4 *z, u8 byte, u32 bytes)
{
	z->word |= (u32)byte << 8 * z->have;
	if (++z->have < bytes)
		return false;
	z->have = 0;
	return true;
}

static int block_size(struct unlz4 *z, u8 byte)
{
	u32 size;

	if (!collect(z, byte, 4))
		return 0;
	size = z->word;
	z->word = 0;
	if (size == UNLZ4_MAGIC) {
		z->begun = true;
		return 0;
	}
	if (!z->begun || !size || size > BLOCK_IN_MAX)
		return bad(z, "no size of a block where one should be");
	z->block_left = size;
	z->block_out = 0;
	z->state = LZ4_TOKEN;
	return 0;
}

static int distance_is(struct unlz4 *z, u8 byte)
{
	if (!collect(z, byte, 2))
		return 0;
	if (z->word - 1 >= z->block_out)
		return bad(z, "a match begins before its block");
	z->state = z->match == 15 + MATCH_MIN ? LZ4_MORE_MATCH : LZ4_MATCH;
	return 0;
}

/* One byte of a block that is not a literal. */
static int take_byte(struct unlz4 *z, u8 byte)
{
	switch (z->state) {
	case LZ4_TOKEN:
		z->literals = byte >> 4;
		z->match = (byte & 15) + MATCH_MIN;
		z->word = 0;
		z->state = z->literals == 15 ? LZ4_MORE_LITERALS : LZ4_LITERALS;
		return 0;
	case LZ4_MORE_LITERALS:
		z->literals += byte;
		z->state = byte == 255 ? LZ4_MORE_LITERALS : LZ4_LITERALS;
		return 0;
	case LZ4_DISTANCE:
		return distance_is(z, byte);
	default:
		z->match += byte;
		z->state = byte == 255 ? LZ4_MORE_MATCH : LZ4_MATCH;
		return 0;
	}
}

/* Literals, of which avail bytes are at hand. => how many were copied */
static u32 copy_literals(struct unlz4 *z, const u8 *in, u32 avail)
{
	u32 n = min(min(z->literals, avail), FULL - z->pos);

	memcpy(z->window + z->pos, in, n);
	z->pos += n;
	z->block_out += n;
	z->literals -= n;
	return n;
}

static void copy_match(struct unlz4 *z)
{
	u32 n = min(z->match, FULL - z->pos);

	copy_back(z->window + z->pos, z->word, n);
	z->pos += n;
	z->block_out += n;
	z->match -= n;
}

/* What needs no input: a copy, the end of a block. => -EAGAIN: nothing, input is wanted; 0; -EINVAL */
static int go_on(struct unlz4 *z)
{
	if (z->block_out > BLOCK_OUT_MAX)
		return bad(z, "a block of more than 8 MiB");
	if (z->state == LZ4_LITERALS && !z->literals) {
		z->state = z->block_left ? LZ4_DISTANCE : LZ4_SIZE;
		return 0;
	}
	if (z->state == LZ4_MATCH) {
		copy_match(z);
		if (!z->match)
			z->state = LZ4_TOKEN;
		return 0;
	}
	if (z->state != LZ4_SIZE && !z->block_left)
		return bad(z, "a block ends in the middle of a sequence");
	return -EAGAIN;
}

/* => *in, not at its end, is behind what was taken; 0 or -EINVAL */
static int take(struct unlz4 *z, const u8 **in, const u8 *end)
{
	const u8 *from = *in;
	u32 avail = (u32)min((size_t)(end - from), (size_t)z->block_left);
	int err = 0;

	if (z->state == LZ4_SIZE) {
		z->offset++;
		return block_size(z, *(*in)++);
	}
	if (z->state == LZ4_LITERALS)
		*in += copy_literals(z, from, avail);
	else if (z->state == LZ4_TOKEN)
		err = short_sequences(z, in, from + avail);
	if (*in == from && !err)
		err = take_byte(z, *(*in)++);
	z->block_left -= (u32)(*in - from);
	z->offset += (u64)(*in - from);
	return err;
}

int unlz4_feed(struct unlz4 *z, const void *data, size_t len)
{
	const u8 *in = data, *end = in + len;
	int err = 0;

	while (!err) {
		if (z->pos >= FULL) {
			err = make_room(z);
			continue;
		}
		err = go_on(z);
		if (err == -EAGAIN) {
			if (in == end)
				return 0;
			err = take(z, &in, end);
		}
	}
	if (z->error)
		flush(z); /* what came before the damage is good */
	return err;
}

int unlz4_finish(struct unlz4 *z)
{
	int err = flush(z);

	if (!err && (z->state != LZ4_SIZE || z->have))
		err = bad(z, "it was cut short");
	return err;
}
