/* SPDX-License-Identifier: MIT */
/*
 * A reader of cpio "newc" archives that is fed any number of bytes at a time.
 *
 *   archive:  entry entry ... "TRAILER!!!"  zero bytes  (another archive)
 *   entry:    "070701" 13 numbers of 8 hexadecimal digits | name NUL | pad to 4 | contents | pad to 4
 *
 * Each number is checked before it is used. Paddings count from where the archive began, so archives put
 * behind one another work whatever lies between them. What is wrong is said in words, with the offset and,
 * where one can know it, the remedy: most bad archives are compressed, of an older format, or cut short.
 *
 * No locks, no memory but the reader's own; tests/host/test_cpio.c feeds it every kind of damage.
 */
#include "fs/cpio.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"

#define HOW_TO_MAKE "make one with: find . | cpio -o -H newc"

void cpio_start(struct cpio_reader *r, const struct cpio_ops *ops, void *ctx)
{
	memset(r, 0, sizeof(*r));
	r->ops = ops;
	r->ctx = ctx;
}

static bool good_magic(const char *p)
{
	return !memcmp(p, "07070", 5) && (p[5] == '1' || p[5] == '2');
}

static const char *compressor(const unsigned char *p)
{
	if (p[0] == 0x1f && (p[1] == 0x8b || p[1] == 0x9e))
		return "gzip";
	if (p[0] == 0xfd && p[1] == '7' && p[2] == 'z')
		return "xz";
	if (p[0] == 'B' && p[1] == 'Z' && p[2] == 'h')
		return "bzip2";
	if (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f)
		return "zstd";
	if ((p[0] == 0x02 && p[1] == 0x21 && p[2] == 0x4c) || (p[0] == 0x04 && p[1] == 0x22 && p[2] == 0x4d))
		return "lz4";
	if (p[0] == 0x5d && p[1] == 0 && p[2] == 0)
		return "lzma";
	return NULL;
}

static int bad_magic(struct cpio_reader *r)
{
	const unsigned char *p = (const unsigned char *)r->header;
	const char *with = compressor(p);
	unsigned long long at = r->pos - r->have;

	if (with)
		snprintf(r->error, sizeof(r->error),
			 "the data at offset %llu is compressed with %s: unpack it first (%s -d)", at, with, with);
	else if (!memcmp(p, "070707", 6) || (p[0] == 0xc7 && p[1] == 0x71) || (p[0] == 0x71 && p[1] == 0xc7))
		snprintf(r->error, sizeof(r->error),
			 "the archive at offset %llu has an old cpio format: " HOW_TO_MAKE, at);
	else if (r->nr_entries)
		snprintf(r->error, sizeof(r->error),
			 "no entry where one should be, at offset %llu behind \"%.60s\": the archive is damaged",
			 at, r->name);
	else
		snprintf(r->error, sizeof(r->error), "no cpio archive at offset %llu: " HOW_TO_MAKE, at);
	return -EINVAL;
}

/* => the 8 digits of field n, or -1 */
static s64 field(const struct cpio_reader *r, unsigned int n)
{
	const char *p = r->header + 6 + 8 * n;
	s64 value = 0;
	int i;

	for (i = 0; i < 8; i++) {
		char c = p[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value << 4 | (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

static int parse_header(struct cpio_reader *r)
{
	u32 *const into[] = { &r->entry.ino,   &r->entry.mode,	&r->entry.uid,	 &r->entry.gid,
			      &r->entry.nlink, &r->entry.mtime, &r->entry.size,	 &r->entry.major,
			      &r->entry.minor, &r->entry.rmajor, &r->entry.rminor, &r->name_size,
			      &r->check };
	unsigned int i;

	r->crc_format = r->header[5] == '2';
	r->entry.offset = r->pos - CPIO_HEADER;
	for (i = 0; i < sizeof(into) / sizeof(into[0]); i++) {
		s64 value = field(r, i);

		if (value < 0) {
			snprintf(r->error, sizeof(r->error),
				 "number %u of the header at offset %llu is no hexadecimal number: "
				 "the archive is damaged", i + 1, (unsigned long long)r->entry.offset);
			return -EINVAL;
		}
		*into[i] = (u32)value;
	}
	if (r->name_size < 2 || r->name_size > CPIO_NAME_MAX) {
		snprintf(r->error, sizeof(r->error),
			 "the name of the entry at offset %llu is said to be %u bytes long "
			 "(2 to %u are possible): the archive is damaged",
			 (unsigned long long)r->entry.offset, r->name_size, CPIO_NAME_MAX);
		return -EINVAL;
	}
	return 0;
}

/* Name is complete. */
static int begin_entry(struct cpio_reader *r)
{
	int err;

	if (r->name[r->name_size - 1] != '\0' || strnlen(r->name, r->name_size) != r->name_size - 1) {
		r->name[r->name_size - 1] = '\0';
		snprintf(r->error, sizeof(r->error),
			 "the name at offset %llu does not end where it should: the archive is damaged",
			 (unsigned long long)r->entry.offset + CPIO_HEADER);
		return -EINVAL;
	}
	r->entry.name = r->name;
	r->sum = 0;
	r->state = CPIO_IN_PAD;
	if (!strcmp(r->name, "TRAILER!!!")) {
		r->left = 0;
		r->nr_archives++;
		if (r->ops->archive_end)
			r->ops->archive_end(r->ctx);
		r->entry.name = NULL;
		return 0;
	}
	r->nr_entries++;
	r->left = r->entry.size;
	err = r->ops->entry(r->ctx, &r->entry);
	if (!err && !r->left)
		err = r->ops->done(r->ctx, &r->entry);
	return err;
}

static int end_data(struct cpio_reader *r)
{
	if (r->crc_format && r->sum != r->check) {
		snprintf(r->error, sizeof(r->error),
			 "the contents of \"%.100s\" do not have their check sum: the archive is damaged", r->name);
		return -EINVAL;
	}
	r->state = CPIO_IN_PAD;
	return r->ops->done(r->ctx, &r->entry);
}

static int take_data(struct cpio_reader *r, const unsigned char *p, size_t n)
{
	size_t i;
	int err;

	if (r->crc_format)
		for (i = 0; i < n; i++)
			r->sum += p[i];
	err = r->ops->data(r->ctx, p, n);
	r->left -= n;
	if (!err && !r->left)
		err = end_data(r);
	return err;
}

/* => how many bytes of p (at least one) belong to the state we are in; *err */
static size_t step(struct cpio_reader *r, const unsigned char *p, size_t len, int *err)
{
	size_t n;

	switch (r->state) {
	case CPIO_BETWEEN:
		if (*p == 0)
			return 1;
		r->base = r->pos;
		r->have = 0;
		r->state = CPIO_IN_HEADER;
		/* fall through: the byte belongs to the header */
		fallthrough;
	case CPIO_IN_HEADER:
		n = CPIO_HEADER - r->have < len ? CPIO_HEADER - r->have : len;
		memcpy(r->header + r->have, p, n);
		break;
	case CPIO_IN_NAME:
		n = r->name_size - r->have < len ? r->name_size - r->have : len;
		memcpy(r->name + r->have, p, n);
		break;
	case CPIO_IN_DATA:
		n = r->left < len ? r->left : len;
		r->pos += n;
		*err = take_data(r, p, n);
		return n;
	default:
		return 1;
	}
	r->have += n;
	r->pos += n;
	if (r->state == CPIO_IN_HEADER && r->have >= 6 && !good_magic(r->header)) {
		*err = bad_magic(r);
	} else if (r->state == CPIO_IN_HEADER && r->have == CPIO_HEADER) {
		*err = parse_header(r);
		r->have = 0;
		r->state = CPIO_IN_NAME;
	} else if (r->state == CPIO_IN_NAME && r->have == r->name_size) {
		*err = begin_entry(r);
	}
	return n;
}

/* The padding has ended: what comes now? */
static void after_pad(struct cpio_reader *r)
{
	if (!r->entry.name) {
		r->state = CPIO_BETWEEN;
	} else if (r->left) {
		r->state = CPIO_IN_DATA;
	} else {
		r->have = 0;
		r->state = CPIO_IN_HEADER;
	}
}

int cpio_feed(struct cpio_reader *r, const void *data, size_t len)
{
	const unsigned char *p = data;
	int err = 0;

	while (!err) {
		size_t n;

		if (r->state == CPIO_IN_PAD && ((r->pos - r->base) & 3) == 0) {
			after_pad(r);
			continue;
		}
		if (!len)
			break;
		if (r->state == CPIO_IN_PAD || (r->state == CPIO_BETWEEN && *p == 0)) {
			r->pos++;
			p++;
			len--;
			continue;
		}
		n = step(r, p, len, &err);
		p += n;
		len -= n;
	}
	return err;
}

int cpio_finish(struct cpio_reader *r)
{
	unsigned long long at = r->pos;

	if (r->state == CPIO_BETWEEN && r->nr_archives)
		return 0;
	if (r->state == CPIO_BETWEEN) {
		snprintf(r->error, sizeof(r->error), "it is empty (%llu bytes, all zero): " HOW_TO_MAKE, at);
	} else if (r->state == CPIO_IN_DATA) {
		snprintf(r->error, sizeof(r->error),
			 "\"%.80s\" has %u bytes, but the archive ends %llu bytes before its end: it was cut short",
			 r->name, r->entry.size, (unsigned long long)r->left);
	} else if (r->state == CPIO_IN_HEADER && !r->nr_entries && r->have < 6) {
		return bad_magic(r);
	} else {
		snprintf(r->error, sizeof(r->error),
			 "the archive ends at offset %llu without its last entry (TRAILER!!!): it was cut short", at);
	}
	return -EINVAL;
}
