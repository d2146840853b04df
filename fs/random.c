/* SPDX-License-Identifier: MIT */
/*
 * Random numbers: ChaCha20 with a key that each request replaces ("fast key erasure").
 *
 *   key --chacha20--> | new key | output for this request |   so a later look at memory tells nothing
 *                                                             about bytes given out before
 *
 * The first key, and something every request, comes from the processor's generator or, without one, from the
 * noise of the time-stamp counter (arch_random_u64). There is no entropy estimate: /dev/random is
 * /dev/urandom, as in Linux since 5.18.
 */
#include "arch/cpu.h"
#include "arch/time.h"
#include "arch/uaccess.h"
#include "fs/random.h"
#include "kernel/base/kernel.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/core/sched.h"

static DEFINE_SPINLOCK(random_lock, LOCK_RANK_LEAF);
static u32 random_key[8]; /* [random_lock] */
static bool seeded;

static u32 rotl(u32 x, int n)
{
	return x << n | x >> (32 - n);
}

#define QUARTER(a, b, c, d)                       \
	do {                                      \
		a += b; d = rotl(d ^ a, 16);      \
		c += d; b = rotl(b ^ c, 12);      \
		a += b; d = rotl(d ^ a, 8);       \
		c += d; b = rotl(b ^ c, 7);       \
	} while (0)

static void chacha20_block(const u32 key[8], u64 counter, u32 out[16])
{
	const u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, key[0], key[1], key[2], key[3],
			     key[4],	 key[5],     key[6],	 key[7], (u32)counter, (u32)(counter >> 32), 0, 0 };
	u32 x[16];
	int i;

	memcpy(x, in, sizeof(x));
	for (i = 0; i < 10; i++) {
		QUARTER(x[0], x[4], x[8], x[12]);
		QUARTER(x[1], x[5], x[9], x[13]);
		QUARTER(x[2], x[6], x[10], x[14]);
		QUARTER(x[3], x[7], x[11], x[15]);
		QUARTER(x[0], x[5], x[10], x[15]);
		QUARTER(x[1], x[6], x[11], x[12]);
		QUARTER(x[2], x[7], x[8], x[13]);
		QUARTER(x[3], x[4], x[9], x[14]);
	}
	for (i = 0; i < 16; i++)
		out[i] = x[i] + in[i];
}

/* => random_lock held */
static void stir(u64 a, u64 b)
{
	u32 block[16];

	random_key[0] ^= (u32)a;
	random_key[1] ^= (u32)(a >> 32);
	random_key[2] ^= (u32)b;
	random_key[3] ^= (u32)(b >> 32);
	chacha20_block(random_key, ~0ULL, block);
	memcpy(random_key, block, sizeof(random_key));
}

void add_randomness(const void *data, size_t n)
{
	const u8 *p = data;
	unsigned long flags;
	u64 word = 0;

	spin_lock_irqsave(&random_lock, flags);
	while (n--) {
		word = word << 8 | *p++;
		if (n % 8 == 0)
			stir(word, n);
	}
	spin_unlock_irqrestore(&random_lock, flags);
}

/* A key for one request; the pool's own is already another one. */
static void draw_key(u32 key[8])
{
	unsigned long flags;
	u32 block[16];
	int i;

	spin_lock_irqsave(&random_lock, flags);
	for (i = seeded ? 3 : 0; i < 4; i++)
		stir(arch_random_u64(), arch_clock_ns());
	seeded = true;
	chacha20_block(random_key, 0, block);
	memcpy(random_key, block, sizeof(random_key));
	memcpy(key, block + 8, 32);
	spin_unlock_irqrestore(&random_lock, flags);
}

void get_random_bytes(void *buf, size_t n)
{
	u32 key[8], block[16];
	u64 counter;
	u8 *p = buf;

	draw_key(key);
	for (counter = 1; n; counter++) {
		size_t part = min(n, sizeof(block));

		chacha20_block(key, counter, block);
		memcpy(p, block, part);
		p += part;
		n -= part;
	}
	memset(key, 0, sizeof(key));
	memset(block, 0, sizeof(block));
}

ssize_t get_random_bytes_user(char *ubuf, size_t n)
{
	u8 buf[256];
	ssize_t done = 0;

	while (n) {
		size_t part = min(n, sizeof(buf));

		get_random_bytes(buf, part);
		if (copy_to_user(ubuf, buf, part))
			return done ? done : -EFAULT;
		ubuf += part;
		n -= part;
		done += part;
		if (signal_pending(current) && done >= 256)
			break;
		cond_resched();
	}
	return done;
}
