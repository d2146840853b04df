/* SPDX-License-Identifier: MIT */
/*
 * /proc/tidemark/capture: the references of one process, for the race (mm/capture.c, docs/race.md).
 *
 *   echo "PID [WINDOW [RECORDS]]" > capture    starts; what was captured before is forgotten
 *   echo 0 > capture                           ends; the records stay until the next start
 *   cat capture                                a line for each, in order:
 *
 *     x                     a new program begins (exec): memory is empty
 *     l m PAGE, s m PAGE    load, store of the process's memory, by virtual page number
 *     l f OBJECT PAGE ...   of a file's page; r, w: by read(2), write(2)
 *     # lost N              the buffer was too small
 *
 * For root alone: where a program touches its memory tells what it does.
 */
#include "fs/proc/proc.h"
#include "kernel/base/kernel.h"
#include "kernel/base/kstrtox.h"
#include "kernel/core/mutex.h"
#include "kernel/core/sched.h"
#include "mm/capture.h"
#include "mm/mm.h"
#include "mm/vmalloc.h"

#define DEFAULT_WINDOW	16
#define DEFAULT_RECORDS (256UL << 10)
#define MAX_RECORDS	(16UL << 20)

static DEFINE_MUTEX(capture_mutex, LOCK_RANK_SLEEP_LEAF);
static struct capture_record *buffer; /* [capture_mutex] */

static void *line_at(loff_t pos)
{
	unsigned long count = capture_state().count;

	/* One behind the last: what was lost. */
	return buffer && (unsigned long)pos <= count ? &buffer[pos] : NULL;
}

static void *capture_seq_start(struct seq_file *m, loff_t *pos)
{
	mutex_lock(&capture_mutex);
	return line_at(*pos);
}

static void *capture_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	return line_at(++*pos);
}

static void capture_seq_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&capture_mutex);
}

static int capture_seq_show(struct seq_file *m, void *v)
{
	const struct capture_record *r = v;
	struct capture_state state = capture_state();

	if (r == buffer + state.count)
		seq_printf(m, "# lost %lu\n", state.lost);
	else if (r->op == CAPTURE_EXEC)
		seq_puts(m, "x\n");
	else if (!r->object)
		seq_printf(m, "%c m %llx\n", "lsrw"[r->op], (u64)r->page);
	else
		seq_printf(m, "%c f %llx %llx\n", "lsrw"[r->op], r->object, (u64)r->page);
	return 0;
}

static const struct seq_operations capture_seq = {
	.start = capture_seq_start, .stop = capture_seq_stop, .next = capture_seq_next, .show = capture_seq_show,
};

static struct mm_struct *mm_of(pid_t pid)
{
	struct task_struct *task = find_get_task_by_pid(pid);
	struct mm_struct *mm = task && task->tgid == pid ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	return mm;
}

static int begin(pid_t pid, unsigned int window, unsigned long nr)
{
	struct capture_record *old, *new = vmalloc((nr + 1) * sizeof(*new)); /* one for "# lost" */
	struct mm_struct *mm = mm_of(pid);
	int err = !new ? -ENOMEM : !mm ? -ESRCH : 0;

	if (!err) {
		mutex_lock(&capture_mutex);
		capture_stop();
		err = capture_start(pid, mm, window, new, nr);
		old = new;
		if (!err)
			swap(buffer, old);
		mutex_unlock(&capture_mutex);
		new = old;
		mmput(mm);
		mm = mm_of(pid); /* perhaps it has called exec */
	}
	if (!err && mm)
		capture_hide_all(mm);
	if (mm)
		mmput(mm);
	vfree(new);
	return err;
}

static int capture_store(void *data, char *text, size_t len)
{
	unsigned long words[3] = { 0, DEFAULT_WINDOW, DEFAULT_RECORDS };
	char *at = text, *end;

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		while (*at == ' ')
			at++;
		if (i && (!*at || *at == '\n'))
			break;
		words[i] = simple_strtoul(at, &end, 10);
		if (end == at)
			return -EINVAL;
		at = end;
	}
	if ((*at && *at != '\n') || words[2] < 1 || words[2] > MAX_RECORDS)
		return -EINVAL;
	if (words[0])
		return begin((pid_t)words[0], (unsigned int)words[1], words[2]);
	capture_stop();
	return 0;
}

static struct proc_entry capture_entry = {
	.name = "capture", .mode = S_IFREG | 0600, .seq = &capture_seq, .store = capture_store,
};

void proc_capture_init(struct proc_entry *dir)
{
	proc_add(dir, &capture_entry);
}
