/* SPDX-License-Identifier: MIT */
/*
 * The LZ4 reader fed with what lz4 wrote and with what the small packer here writes, in pieces of every size, and
 * with damage: what comes out is what went in, or a word says what is wrong (ASan watches).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>

#include "fs/unlz4.h"
#include "tests/host/fuzz.h"

#define MAX_TEXT   (400 << 10)
#define MAX_PACKED (MAX_TEXT * 2)

/* ---- A packer -------------------------------------------------------------------------------- */

static unsigned char packed[MAX_PACKED];
static size_t packed_len;

static void put(unsigned int byte)
{
	packed[packed_len++] = (unsigned char)byte;
}

static void put_word(unsigned int word)
{
	for (int i = 0; i < 32; i += 8)
		put(word >> i & 0xff);
}

static void put_more(size_t more)
{
	for (; more >= 255; more -= 255)
		put(255);
	put((unsigned int)more);
}

/* distance 0: the last sequence of a block */
static void put_sequence(const unsigned char *literals, size_t nr, size_t distance, size_t match)
{
	size_t more = distance ? match - 4 : 0;

	put((unsigned int)((nr < 15 ? nr : 15) << 4 | (more < 15 ? more : 15)));
	if (nr >= 15)
		put_more(nr - 15);
	memcpy(packed + packed_len, literals, nr);
	packed_len += nr;
	if (distance) {
		put(distance & 0xff);
		put((unsigned int)(distance >> 8));
		if (more >= 15)
			put_more(more - 15);
	}
}

static void put_block(const unsigned char *text, size_t len)
{
	static size_t last[1 << 16]; /* where these two bytes were, plus 1 */
	size_t size_at = packed_len, from = 0, at = 0;

	memset(last, 0, sizeof(last));
	put_word(0);
	while (at + 12 < len) {
		size_t *place = &last[text[at] << 8 | text[at + 1]], before = *place, match = 0;

		*place = at + 1;
		if (before && at - (before - 1) < 65536)
			while (at + match + 5 < len && text[before - 1 + match] == text[at + match])
				match++;
		if (match < 4) {
			at++;
			continue;
		}
		put_sequence(text + from, at - from, at - (before - 1), match);
		at += match;
		from = at;
	}
	put_sequence(text + from, len - from, 0, 0);
	for (int i = 0; i < 4; i++)
		packed[size_at + i] = (unsigned char)((packed_len - size_at - 4) >> 8 * i);
}

static void pack(const unsigned char *text, size_t len)
{
	packed_len = 0;
	put_word(UNLZ4_MAGIC);
	put_block(text, len);
}

/* ---- Unpacking ------------------------------------------------------------------------------- */

static unsigned char got[MAX_TEXT];
static size_t got_len;
static int answer;
static struct unlz4 z;

static int take(void *ctx, const void *data, size_t len)
{
	assert_ptr_equal(ctx, &answer);
	assert_true(len && got_len + len <= sizeof(got));
	memcpy(got + got_len, data, len);
	got_len += len;
	return answer;
}

static int unpack(const unsigned char *data, size_t len, size_t piece)
{
	unsigned char *window = malloc(UNLZ4_WINDOW);
	int err = 0;

	got_len = 0;
	unlz4_start(&z, window, take, &answer);
	for (size_t at = 0; at < len && !err; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		unsigned char *copy = malloc(n);

		memcpy(copy, data + at, n);
		err = unlz4_feed(&z, copy, n);
		free(copy);
	}
	if (!err)
		err = unlz4_finish(&z);
	free(window);
	return err;
}

static void check(const unsigned char *text, size_t len)
{
	static const size_t pieces[] = { 1, 2, 7, 24, 100, 4096, MAX_PACKED };

	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_int_equal(unpack(packed, packed_len, pieces[i]), 0);
		assert_int_equal(got_len, len);
		assert_memory_equal(got, text, len);
	}
}

/* What `lz4 -l -9` made of it. */
static void real_archive(void **state)
{
	static const unsigned char real[] = {
		0x02, 0x21, 0x4c, 0x18, 0x32, 0x00, 0x00, 0x00, 0x3f, 0x61, 0x62, 0x63, 0x03, 0x00,
		0x02, 0xaf, 0x20, 0x54, 0x69, 0x64, 0x65, 0x6d, 0x61, 0x72, 0x6b, 0x2c, 0x0a, 0x00,
		0x00, 0x3f, 0x21, 0x0a, 0x7a, 0x01, 0x00, 0xff, 0x19, 0xf0, 0x04, 0x20, 0x74, 0x68,
		0x65, 0x20, 0x65, 0x6e, 0x64, 0x20, 0x6f, 0x66, 0x20, 0x69, 0x74, 0x20, 0x61, 0x6c,
		0x6c, 0x0a,
	};
	unsigned char text[374];
	int n = sprintf((char *)text, "abcabcabcabcabcabcabcabc Tidemark, Tidemark, Tidemark!\n");

	memset(text + n, 'z', 300);
	memcpy(text + n + 300, " the end of it all\n", sizeof(text) - 300 - (size_t)n);
	memcpy(packed, real, sizeof(real));
	packed_len = sizeof(real);
	check(text, sizeof(text));
	memcpy(packed + packed_len, real, sizeof(real)); /* the same once more */
	packed_len *= 2;
	assert_int_equal(unpack(packed, packed_len, 5), 0);
	assert_int_equal(got_len, 2 * sizeof(text));
}

/* Words from a small vocabulary, repeated at every distance up to beyond the window, runs, noise. */
static size_t make_text(unsigned char *text, size_t max)
{
	size_t len = 0;

	while (len < max) {
		unsigned int n = 1 + fuzz_random() % (fuzz_random() % 20 ? 30 : 2000), kind = fuzz_random() % 4;

		for (; n && len < max; n--, len++) {
			size_t back = kind == 0 ? 1 + n % 9 : 1 + (size_t)kind * 17000;

			text[len] = kind < 3 && back <= len ? text[len - back] : (unsigned char)(fuzz_random() % 251);
		}
	}
	return len;
}

static void any_text(void **state)
{
	static unsigned char text[MAX_TEXT];

	for (int round = 0; round < 8; round++) {
		size_t len = make_text(text, round < 4 ? 1 + fuzz_random() % 3000 : MAX_TEXT - fuzz_random() % 3000);

		pack(text, len);
		check(text, len);
	}
	packed_len = 4; /* two blocks: distances begin anew */
	put_block(text, 1000);
	put_block(text + 1000, 2000);
	check(text, 3000);
}

static void expect(const char *what)
{
	assert_int_equal(unpack(packed, packed_len, 3), -EINVAL);
	assert_non_null(strstr(z.error, what));
	assert_int_equal(unpack(packed, packed_len, MAX_PACKED), -EINVAL);
	assert_non_null(strstr(z.error, what));
}

static void start_block(unsigned int size)
{
	packed_len = 0;
	put_word(UNLZ4_MAGIC);
	put_word(size);
}

static void wrong_blocks(void **state)
{
	static const unsigned char text[64] = "0123456789";

	start_block(0);
	expect("no size of a block");
	start_block(9 << 20);
	expect("no size of a block");
	packed_len = 0;
	put_word(5);
	expect("no size of a block"); /* without the magic */
	start_block(1000);
	put_sequence(text, 10, 11, 8);
	packed_len += 64; /* enough for the short way */
	expect("before its block");
	start_block(1000);
	put_sequence(text, 10, 11, 8);
	expect("before its block");
	start_block(5);
	put_sequence(text, 10, 1, 8);
	expect("middle of a sequence");
	start_block(100);
	put_sequence(text, 10, 1, 8);
	expect("cut short");
	assert_int_equal(got_len, 18); /* what came before is there */
	assert_memory_equal(got, "012345678999999999", 18);
}

static int count(void *ctx, const void *data, size_t len)
{
	*(size_t *)ctx += len;
	return 0;
}

static void block_too_long(void **state)
{
	unsigned char *window = malloc(UNLZ4_WINDOW);
	size_t len = 0;

	start_block(40000);
	put_sequence((const unsigned char *)"0123456789", 10, 1, 9 << 20);
	unlz4_start(&z, window, count, &len);
	assert_int_equal(unlz4_feed(&z, packed, packed_len), -EINVAL);
	assert_non_null(strstr(z.error, "8 MiB"));
	assert_in_range(len, 8 << 20, (8 << 20) + UNLZ4_WINDOW);
	free(window);
}

static void receiver_fails(void **state)
{
	static unsigned char text[MAX_TEXT];

	pack(text, make_text(text, MAX_TEXT));
	answer = -ENOSPC;
	assert_int_equal(unpack(packed, packed_len, 4096), -ENOSPC);
	assert_in_range(got_len, 1, UNLZ4_WINDOW);
	answer = 0;
}

/* ---- Random damage --------------------------------------------------------------------------- */

static int swallow(void *ctx, const void *data, size_t len)
{
	static volatile unsigned char sink;

	sink = ((const unsigned char *)data)[len - 1];
	(void)sink;
	return 0;
}

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	unsigned char text[3000];

	pack(text, make_text(text, 1 + n % sizeof(text)));
	if (packed_len > FUZZ_MAX)
		packed_len = FUZZ_MAX;
	memcpy(to, packed, packed_len);
	return packed_len;
}

static void fuzz_one(const unsigned char *data, size_t size)
{
	static unsigned char *window;
	size_t piece = size ? 1 + data[size / 2] % 64u * 7 : 1;

	if (!window)
		window = malloc(UNLZ4_WINDOW);
	unlz4_start(&z, window, swallow, NULL);
	for (size_t at = 0; at < size; at += piece)
		if (unlz4_feed(&z, data + at, size - at < piece ? size - at : piece))
			return;
	unlz4_finish(&z);
}

static void damage(void **state)
{
	fuzz_loop(3000);
}

#ifndef LIBFUZZER
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_archive),	  cmocka_unit_test(any_text),	 cmocka_unit_test(wrong_blocks),
		cmocka_unit_test(block_too_long), cmocka_unit_test(receiver_fails), cmocka_unit_test(damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
