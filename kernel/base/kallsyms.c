/* SPDX-License-Identifier: MIT */
/*
 * Code addresses to names: a binary search in the table that the second link brings
 * (kallsyms_data.h).
 */
#include "kernel/base/kallsyms.h"
#include "kernel/base/kallsyms_data.h"
#include "kernel/base/string.h"
#include "kernel/base/vsprintf.h"

/* Where code ends; weak because the host's linker does not say. */
extern const char _etext[] __weak;

const char *kallsyms_lookup(unsigned long addr, unsigned long *offset, unsigned long *size)
{
	u32 lo = 0, hi;

	if (!kallsyms_present() || addr < kallsyms_addrs[0] || addr >= (unsigned long)_etext)
		return NULL;
	hi = kallsyms_count; /* the answer is in [lo, hi) */
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;

		if (kallsyms_addrs[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	if (offset)
		*offset = addr - kallsyms_addrs[lo];
	if (size)
		*size = (lo + 1 < kallsyms_count ? kallsyms_addrs[lo + 1] : (unsigned long)_etext) -
			kallsyms_addrs[lo];
	return kallsyms_names + kallsyms_names_off[lo];
}

const char *kallsyms_symbol(u32 n, unsigned long *addr)
{
	if (!kallsyms_present() || n >= kallsyms_count)
		return NULL;
	*addr = kallsyms_addrs[n];
	return kallsyms_names + kallsyms_names_off[n];
}

int sprint_symbol(char *buf, size_t size, unsigned long addr, bool with_offset)
{
	unsigned long offset, len;
	const char *name = kallsyms_lookup(addr, &offset, &len);

	if (!name)
		return scnprintf(buf, size, "%#lx", addr);
	if (!with_offset)
		return scnprintf(buf, size, "%s", name);
	return scnprintf(buf, size, "%s+%#lx/%#lx", name, offset, len);
}

int sprint_backtrace(char *buf, size_t size, unsigned long addr)
{
	unsigned long offset, len;
	const char *name = kallsyms_lookup(addr - 1, &offset, &len);

	if (!name)
		return scnprintf(buf, size, "%#lx", addr);
	return scnprintf(buf, size, "%s+%#lx/%#lx", name, offset + 1, len);
}
