/* SPDX-License-Identifier: MIT */
/*
 * The cpio reader fed with good archives in pieces of every size, and with every damage we could think of:
 * it must say what is wrong and never read or write outside (ASan watches).
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

#include "fs/cpio.h"
#include "tests/host/fuzz.h"

#define MAX_ARCHIVE 65536

struct archive {
	size_t len, base;
	unsigned char data[MAX_ARCHIVE];
};

static void put(struct archive *a, const void *data, size_t len)
{
	memcpy(a->data + a->len, data, len);
	a->len += len;
}

static void pad(struct archive *a)
{
	while ((a->len - a->base) & 3)
		a->data[a->len++] = 0;
}

static void entry(struct archive *a, const char *name, unsigned mode, unsigned ino, unsigned nlink, const char *text)
{
	char header[CPIO_HEADER + 64];

	snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", ino, mode,
		 1, 2, nlink, 1000, strlen(text), 3, 4, 5, 6, strlen(name) + 1, 0);
	put(a, header, CPIO_HEADER);
	put(a, name, strlen(name) + 1);
	pad(a);
	put(a, text, strlen(text));
	pad(a);
}

static void trailer(struct archive *a)
{
	entry(a, "TRAILER!!!", 0, 0, 1, "");
}

/* What the reader told, as one text. */
struct heard {
	char log[8192];
	int fail_at; /* this many entries are taken, then -ENOSPC */
};

static void note(struct heard *h, const char *text, size_t len)
{
	size_t at = strlen(h->log);

	if (at + len + 1 < sizeof(h->log)) {
		memcpy(h->log + at, text, len);
		h->log[at + len] = '\0';
	}
}

static int on_entry(void *ctx, const struct cpio_entry *e)
{
	struct heard *h = ctx;
	char line[128];

	assert_true(strlen(e->name) < CPIO_NAME_MAX);
	snprintf(line, sizeof(line), "[%.60s %o %u:", e->name, e->mode, e->size);
	note(h, line, strlen(line));
	return h->fail_at && !--h->fail_at ? -ENOSPC : 0;
}

static int on_data(void *ctx, const void *data, size_t len)
{
	assert_true(len > 0);
	note(ctx, data, len);
	return 0;
}

static int on_done(void *ctx, const struct cpio_entry *e)
{
	(void)e;
	note(ctx, "]", 1);
	return 0;
}

static void on_end(void *ctx)
{
	note(ctx, "|", 1);
}

static const struct cpio_ops ops = { on_entry, on_data, on_done, on_end };
static struct cpio_reader reader;
static struct heard heard;

/* Feed from a heap copy of exactly len bytes, in pieces. */
static int feed(const unsigned char *data, size_t len, size_t piece)
{
	int err = 0;
	size_t at;

	memset(&heard.log, 0, sizeof(heard.log));
	cpio_start(&reader, &ops, &heard);
	for (at = 0; at < len && !err; at += piece) {
		size_t n = len - at < piece ? len - at : piece;
		unsigned char *copy = malloc(n);

		memcpy(copy, data + at, n);
		err = cpio_feed(&reader, copy, n);
		free(copy);
	}
	return err ? err : cpio_finish(&reader);
}

static void expect_error(const struct archive *a, size_t len, const char *words)
{
	size_t piece;

	for (piece = 1; piece < 300; piece = piece * 3 + 1) {
		assert_int_equal(feed(a->data, len, piece), -EINVAL);
		if (!strstr(reader.error, words))
			fail_msg("\"%s\" does not say \"%s\"", reader.error, words);
	}
}

static struct archive a;

static void sample(void)
{
	memset(&a, 0, sizeof(a));
	entry(&a, "dir", 040755, 1, 2, "");
	entry(&a, "dir/file", 0100644, 2, 1, "contents");
	entry(&a, "x", 0100644, 3, 1, "");
	entry(&a, "link", 0120777, 4, 1, "dir/file");
}

#define SAMPLE "[dir 40755 0:][dir/file 100644 8:contents][x 100644 0:][link 120777 8:dir/file]"

static void good_in_any_pieces(void **state)
{
	size_t piece;

	(void)state;
	sample();
	trailer(&a);
	for (piece = 1; piece <= a.len; piece++) {
		assert_int_equal(feed(a.data, a.len, piece), 0);
		assert_string_equal(heard.log, SAMPLE "|");
	}
	assert_int_equal(reader.nr_archives, 1);
	assert_int_equal(reader.nr_entries, 4);
}

static void several_archives(void **state)
{
	size_t zeroes, i;

	(void)state;
	for (zeroes = 0; zeroes < 9; zeroes++) { /* also where the second begins at an odd place */
		sample();
		trailer(&a);
		for (i = 0; i < zeroes; i++)
			a.data[a.len++] = 0;
		a.base = a.len;
		entry(&a, "second", 0100600, 9, 1, "2");
		trailer(&a);
		a.len += 512; /* zeroes */
		assert_int_equal(feed(a.data, a.len, 7), 0);
		assert_string_equal(heard.log, SAMPLE "|[second 100600 1:2]|");
	}
}

static void cut_short(void **state)
{
	size_t len;

	(void)state;
	sample();
	trailer(&a);
	for (len = 7; len < a.len - 1; len++) {
		int err = feed(a.data, len, 50);

		if (err && !strstr(reader.error, "cut short"))
			fail_msg("%zu bytes: %s", len, reader.error);
		if (!err)
			assert_true(len + 4 > a.len); /* only the last padding is missing */
	}
	expect_error(&a, 250, "cut short");
}

static void wrong_kinds(void **state)
{
	static const struct {
		const char *bytes, *words;
	} kinds[] = {
		{ "\x1f\x8b\x08\0\0\0\0\0\0\3", "gzip -d" },   { "\xfd"
								  "7zXZ\0\0\4",
								  "xz -d" },
		{ "\x28\xb5\x2f\xfd\4\0\0", "zstd -d" },	{ "BZh91AY&SY", "bzip2 -d" },
		{ "\x02\x21\x4c\x18zzzz", "lz4 -d" },	{ "\xc7\x71 old binary", "old cpio format" },
		{ "\x7f"
		  "ELF\2\1\1",
		  "no cpio archive" },
		{ "#!/bin/sh\n", "cpio -o -H newc" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		memset(&a, 0, sizeof(a));
		memcpy(a.data, kinds[i].bytes, 8);
		expect_error(&a, 512, kinds[i].words);
	}
	memset(&a, 'q', 200);
	memcpy(a.data, "070707", 6);
	expect_error(&a, 200, "old cpio format");
	memset(&a, 0, sizeof(a));
	expect_error(&a, 4096, "empty");
	expect_error(&a, 0, "empty");
	sample();
	trailer(&a);
	put(&a, "garbage behind it", 17);
	expect_error(&a, a.len, "behind");
}

static void damaged(void **state)
{
	size_t at;

	(void)state;
	sample();
	trailer(&a);
	memcpy(a.data + 94, "ZZZZZZZZ", 8);
	expect_error(&a, a.len, "hexadecimal");
	memcpy(a.data + 94, "00000000", 8);
	expect_error(&a, a.len, "name of the entry");
	memcpy(a.data + 94, "FFFFFFFF", 8);
	expect_error(&a, a.len, "name of the entry");
	memcpy(a.data + 94, "00000003", 8);
	expect_error(&a, a.len, "does not end");
	sample();
	trailer(&a);
	memcpy(a.data + 54, "7FFFFFFF", 8);
	expect_error(&a, a.len, "cut short");
	sample();
	trailer(&a);
	for (at = 0; at < a.len; at++) { /* one wrong byte anywhere: an error or another archive, never a crash */
		unsigned char old = a.data[at];

		a.data[at] = (unsigned char)(old ^ 0x55);
		feed(a.data, a.len, 64);
		a.data[at] = old;
	}
}

static void check_sum(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	entry(&a, "f", 0100644, 1, 1, "abc");
	a.data[5] = '2';
	trailer(&a);
	expect_error(&a, a.len, "check sum");
	memcpy(a.data + 102, "00000126", 8); /* 'a' + 'b' + 'c' */
	assert_int_equal(feed(a.data, a.len, 1000), 0);
}

static void receiver_fails(void **state)
{
	(void)state;
	sample();
	trailer(&a);
	heard.fail_at = 3;
	assert_int_equal(feed(a.data, a.len, 13), -ENOSPC);
	assert_string_equal(heard.log, "[dir 40755 0:][dir/file 100644 8:contents][x 100644 0:");
}

/* ---- Random damage: whatever is fed, what reaches the operations must hold what cpio.h promises ----- */

static u64 promised;

static int fuzz_entry(void *ctx, const struct cpio_entry *e)
{
	if (!e->name[0] || strlen(e->name) >= CPIO_NAME_MAX || promised)
		abort();
	promised = e->size;
	return 0;
}

static int fuzz_data(void *ctx, const void *data, size_t len)
{
	static volatile unsigned char sink;

	if (!len || len > promised)
		abort();
	sink = ((const unsigned char *)data)[len - 1];
	(void)sink;
	promised -= len;
	return 0;
}

static int fuzz_done(void *ctx, const struct cpio_entry *e)
{
	if (promised)
		abort();
	return 0;
}

static const struct cpio_ops fuzz_ops = { .entry = fuzz_entry, .data = fuzz_data, .done = fuzz_done };

static size_t fuzz_seed(unsigned int n, unsigned char *to)
{
	sample();
	trailer(&a);
	if (n % 3 == 0) {
		a.base = a.len;
		entry(&a, "second", 0100600, 9, 1, "2");
		trailer(&a);
	}
	memcpy(to, a.data, a.len);
	return a.len;
}

/* The first byte says how large the pieces are. */
static void fuzz_one(const unsigned char *data, size_t size)
{
	size_t piece = size ? data[0] % 64 + 1 : 1, at;
	int err = 0;

	promised = 0;
	cpio_start(&reader, &fuzz_ops, NULL);
	for (at = 0; at < size && !err; at += piece)
		err = cpio_feed(&reader, data + at, size - at < piece ? size - at : piece);
	if (!err)
		err = cpio_finish(&reader);
	if (err == -EINVAL ? !reader.error[0] : err != 0)
		abort();
}

#ifndef LIBFUZZER
static void random_damage(void **state)
{
	(void)state;
	fuzz_loop(20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_in_any_pieces), cmocka_unit_test(several_archives),
		cmocka_unit_test(cut_short),	      cmocka_unit_test(wrong_kinds),
		cmocka_unit_test(damaged),	      cmocka_unit_test(check_sum),
		cmocka_unit_test(receiver_fails),     cmocka_unit_test(random_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
