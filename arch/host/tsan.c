/* SPDX-License-Identifier: MIT */
/*
 * ThreadSanitizer and marked accesses: READ_ONCE and WRITE_ONCE are volatile, and with
 * --param tsan-distinguish-volatile=1 the compiler reports volatile accesses here instead of as plain
 * ones. They are meant to race, so nothing is recorded.
 */
#define MARKED_ACCESS(n)                                                                           \
	void __tsan_volatile_read##n(void *addr);                                                  \
	void __tsan_volatile_write##n(void *addr);                                                 \
	void __tsan_unaligned_volatile_read##n(void *addr);                                        \
	void __tsan_unaligned_volatile_write##n(void *addr);                                       \
	void __tsan_volatile_read##n(void *addr)                                                   \
	{                                                                                          \
	}                                                                                          \
	void __tsan_volatile_write##n(void *addr)                                                  \
	{                                                                                          \
	}                                                                                          \
	void __tsan_unaligned_volatile_read##n(void *addr)                                         \
	{                                                                                          \
	}                                                                                          \
	void __tsan_unaligned_volatile_write##n(void *addr)                                        \
	{                                                                                          \
	}

MARKED_ACCESS(1)
MARKED_ACCESS(2)
MARKED_ACCESS(4)
MARKED_ACCESS(8)
MARKED_ACCESS(16)
