/* SPDX-License-Identifier: MIT */
/*
 * What we ask of the compiler: attributes, single-access reads and writes, branch hints.
 *
 * READ_ONCE/WRITE_ONCE give one access of the object's size, neither torn nor repeated; they order
 * nothing.
 */
#ifndef KERNEL_BASE_COMPILER_H
#define KERNEL_BASE_COMPILER_H

#include <stddef.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define __packed	    __attribute__((__packed__))
#define __aligned(n)	    __attribute__((__aligned__(n)))
#define __section(s)	    __attribute__((__section__(s)))
#define __used		    __attribute__((__used__))
#define __unused	    __attribute__((__unused__))
#define __maybe_unused	    __attribute__((__unused__))
#define __weak		    __attribute__((__weak__))
#define __noreturn	    __attribute__((__noreturn__))
#define __cold		    __attribute__((__cold__))
#define __must_check	    __attribute__((__warn_unused_result__))
#define __printf(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define fallthrough	    __attribute__((__fallthrough__))
#undef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#undef noinline
/* For what sets the guard itself, and for the hottest functions without an array, where a scalar's address is all. */
#define __no_stack_protector __attribute__((__no_stack_protector__))
#define noinline __attribute__((__noinline__))

#define __user /* a pointer into user space: only the uaccess functions follow it */
#define __init /* runs once at boot; kept in memory all the same */
#define __iomem
#define __cacheline_aligned __aligned(64)

#define barrier()     __asm__ __volatile__("" ::: "memory")
#define unreachable() __builtin_unreachable()
/* The compiler forgets how var was computed: it is kept in a register instead of being worked out at each use. */
#define OPTIMIZER_HIDE_VAR(var) __asm__("" : "=r"(var) : "0"(var))

#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define cmpxchg(p, old, new)                                                             \
	({                                                                               \
		__typeof__(*(p)) __old = (old);                                          \
		__atomic_compare_exchange_n((p), &__old, (new), false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST);                           \
		__old;                                                                   \
	})
#define xchg(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define sizeof_field(t, m) sizeof(((t *)0)->m)
#define __stringify_1(x)   #x
#define __stringify(x)	   __stringify_1(x)
#define __PASTE_1(a, b)	   a##b
#define __PASTE(a, b)	   __PASTE_1(a, b)
#define __UNIQUE_ID(p)	   __PASTE(p, __COUNTER__)
#define BUILD_BUG_ON(c)	   _Static_assert(!(c), "BUILD_BUG_ON: " #c)
#ifndef static_assert
#define static_assert(c, ...) _Static_assert(c, "" __VA_ARGS__)
#endif

#define container_of(ptr, type, member) \
	((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#endif
