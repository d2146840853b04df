/* SPDX-License-Identifier: MIT */
/*
 * The parts of user access that need no assembly: range checks of the string functions, and the
 * exception table, whose entries (usercopy.S) say where a faulting instruction may go on.
 */
#include "arch/trap.h"
#include "arch/uaccess.h"

struct exception_entry {
	s32 insn, fixup; /* distances from the fields themselves */
};

extern const struct exception_entry __start___ex_table[], __stop___ex_table[];

long __strnlen_user(const char __user *s, long n);
int __cmpxchg_user_u32(u32 *seen, u32 __user *uaddr, u32 old, u32 new);

unsigned long search_exception_table(unsigned long ip)
{
	for (const struct exception_entry *e = __start___ex_table; e < __stop___ex_table; e++)
		if ((unsigned long)&e->insn + e->insn == ip)
			return (unsigned long)&e->fixup + e->fixup;
	return 0;
}

/*
 * Strings may end right below TASK_SIZE: the count is cut there, and only running into the
 * border is an error.
 */
static long user_span(const char __user *s, long n)
{
	unsigned long left = (unsigned long)s < TASK_SIZE ? TASK_SIZE - (unsigned long)s : 0;

	return n < 0 || left < (unsigned long)n ? (long)left : n;
}

long strncpy_from_user(char *to, const char __user *from, long n)
{
	long span = user_span(from, n), len;

	if (n <= 0 || !span)
		return n <= 0 ? 0 : -EFAULT;
	len = __strncpy_from_user(to, from, span);
	return len == span && span < n ? -EFAULT : len;
}

long strnlen_user(const char __user *s, long n)
{
	long span = user_span(s, n), len;

	if (n <= 0 || !span)
		return 0;
	len = __strnlen_user(s, span);
	if (len < 0 || (len == span && span < n))
		return 0;
	return len + 1;
}

int cmpxchg_user_u32(u32 *seen, u32 __user *uaddr, u32 old, u32 new)
{
	if (!access_ok(uaddr, sizeof(*uaddr)))
		return -EFAULT;
	return __cmpxchg_user_u32(seen, uaddr, old, new);
}
