/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 (polynomial 0xedb88320, least significant bit first), as zlib's crc32().
 * => crc32(0, p, n) of a whole text; crc32_le is the raw step without the two inversions.
 */
#ifndef KERNEL_BASE_CRC32_H
#define KERNEL_BASE_CRC32_H

#include "kernel/base/types.h"

u32 crc32_le(u32 crc, const void *p, size_t len);

static inline u32 crc32(u32 crc, const void *p, size_t len)
{
	return ~crc32_le(~crc, p, len);
}

#endif
