/* SPDX-License-Identifier: MIT */
/*
 * /proc/sys: knobs. Each is a word of the memory manager (or of another part) with a range, and perhaps something to
 * do after a change. A value out of range is EINVAL and changes nothing; reads end with a newline.
 *
 * What may be written is what Linux's proc_dointvec takes: as many numbers as the knob has values, or fewer (the rest
 * stays), with blanks before, between and behind them; decimal, 0x hexadecimal or 0 octal, with a minus but no plus. A
 * number ends at a blank or at the end of the text, anything else is EINVAL. What follows the last value is left over:
 * write(2) says how much it took, and a program that writes on with the rest sets the knob again.
 *
 * Locks: sysctl_mutex, one writer of any knob at a time; readers of the words take none. Tables: sysctl_vm.c,
 * sysctl_kernel.c. Writers need uid 0, by the file's mode and when they write.
 */
#include "fs/proc/sysctl.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/base/string.h"
#include "kernel/core/mutex.h"

#define NUMBER_LEN 22 /* the longest text of a number that Linux looks at */

static DEFINE_MUTEX(sysctl_mutex, LOCK_RANK_MOUNT);

static unsigned int nr_values(const struct sysctl_knob *k)
{
	return max(k->count, 1U);
}

static long get_word(const struct sysctl_knob *k, unsigned int i)
{
	long value = k->size == sizeof(int) ? ((int *)k->word)[i] : ((long *)k->word)[i];

	return k->unit ? value / k->unit : value;
}

static void set_word(const struct sysctl_knob *k, unsigned int i, long value)
{
	if (k->unit)
		value *= k->unit;
	if (k->size == sizeof(int))
		WRITE_ONCE(((int *)k->word)[i], (int)value);
	else
		WRITE_ONCE(((long *)k->word)[i], value);
}

static int sysctl_show(struct seq_file *m, void *data)
{
	const struct sysctl_knob *k = data;
	unsigned int i;

	for (i = 0; i < nr_values(k); i++)
		seq_printf(m, i ? "\t%ld" : "%ld", get_word(k, i));
	seq_putc(m, '\n');
	return 0;
}

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n')
		p++;
	return p;
}

/* => the text behind a number in k's range, or NULL */
static const char *parse_value(const struct sysctl_knob *k, const char *p, long *value)
{
	size_t len = strcspn(p, " \t\n");
	char word[NUMBER_LEN + 1];

	if (len > NUMBER_LEN || *p == '+')
		return NULL;
	memcpy(word, p, len);
	word[len] = '\0';
	if (kstrtol(word, 0, value) || *value < k->min || *value > k->max)
		return NULL;
	return p + len;
}

/* => bytes used, *n values read; or -EINVAL */
static int parse_values(const struct sysctl_knob *k, const char *text, size_t len, long *values, unsigned int *n)
{
	const char *p = skip_blanks(text);

	for (*n = 0; *p && *n < nr_values(k); ++*n) {
		p = parse_value(k, p, &values[*n]);
		if (!p)
			return -EINVAL;
		p = skip_blanks(p);
	}
	if (!*n)
		return -EINVAL;
	return *p ? (int)(p - text) : (int)len;
}

/* => sysctl_mutex held; the first n values are new */
static int apply(const struct sysctl_knob *k, long *values, unsigned int n)
{
	long old[SYSCTL_MAX_VALUES];
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr_values(k); i++)
		old[i] = get_word(k, i);
	for (i = n; i < nr_values(k); i++)
		values[i] = old[i];
	if (k->set)
		return k->set(values);
	for (i = 0; i < n; i++)
		set_word(k, i, values[i]);
	if (k->changed)
		err = k->changed(k, values[0]);
	for (i = 0; err && i < n; i++)
		set_word(k, i, old[i]);
	return err;
}

bool sysctl_may_set(void)
{
	return current->euid == 0;
}

static int sysctl_store(void *data, char *text, size_t len)
{
	const struct sysctl_knob *k = data;
	long values[SYSCTL_MAX_VALUES];
	unsigned int n;
	int used, err;

	if (!len)
		return 0;
	if (!sysctl_may_set())
		return -EPERM;
	used = parse_values(k, text, len, values, &n);
	if (used < 0)
		return used;
	mutex_lock(&sysctl_mutex);
	err = apply(k, values, n);
	mutex_unlock(&sysctl_mutex);
	return err ? err : used;
}

/* ---- The tree ---- */

void sysctl_add(struct proc_entry *dir, const struct sysctl_knob *knobs, struct proc_entry *entries, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		entries[i].name = knobs[i].name;
		entries[i].mode = S_IFREG | knobs[i].mode;
		entries[i].show = knobs[i].mode & 0444 ? sysctl_show : NULL;
		entries[i].store = knobs[i].mode & 0222 ? sysctl_store : NULL;
		entries[i].data = (void *)&knobs[i];
		proc_add(dir, &entries[i]);
	}
}

static struct proc_entry sys_dir = PROC_DIR("sys");
static struct proc_entry vm_dir = PROC_DIR("vm"), kernel_dir = PROC_DIR("kernel"), fs_dir = PROC_DIR("fs");

void proc_sysctl_init(void)
{
	proc_add(NULL, &sys_dir);
	proc_add(&sys_dir, &vm_dir);
	proc_add(&sys_dir, &kernel_dir);
	proc_add(&sys_dir, &fs_dir);
	sysctl_vm_init(&vm_dir);
	sysctl_kernel_init(&kernel_dir, &fs_dir);
}
