/* SPDX-License-Identifier: MIT */
/*
 * The lock order of the whole kernel: a lock may be taken while others of SMALLER rank are held.
 *
 * This list is the only statement of the order; docs/locking.md is made from it and debug builds
 * check it at every acquisition, with names (kernel/base/lock_debug.c for spinning locks,
 * kernel/core/lock_task.c for sleeping ones). Two locks of one rank nest only through the
 * *_nested() functions, where the caller knows an order. Trylocks are exempt: they cannot wait.
 * LOCK_RANK_NONE is never checked.
 *
 * Sleeping locks come first: nobody sleeps under a spinning lock.
 */
#ifndef KERNEL_BASE_LOCK_RANK_H
#define KERNEL_BASE_LOCK_RANK_H

#define LOCK_RANKS(X)                                                                      \
	X(NONE, "not checked")                                                             \
	X(EXEC, "one exec or fork at a time of a thread group")                            \
	X(SEQ_FILE, "a seq_file's buffer and position")                                    \
	X(SWAPON, "the list of swap areas, for swapon and swapoff")                        \
	X(CPUSET, "the cpuset tree")                                                       \
	X(SHM, "the table of System V shared memory segments")                             \
	X(LOOP, "what the loop devices are bound to")                                      \
	X(MOUNT, "mount table")                                                            \
	X(RENAME, "one rename at a time")                                                  \
	X(PIPE, "a pipe's buffers")                                                        \
	X(TTY, "a terminal's reader or writer")                                            \
	X(INODE, "an inode's contents and size (i_mutex)")                                 \
	X(MMAP_SEM, "an address space's list of mappings")                                 \
	X(PAGE, "the page lock")                                                           \
	X(MM_SLEEP, "other sleeping locks below the address space: shrinkers, compaction") \
	X(SLEEP_LEAF, "sleeping locks under which no other sleeping lock is taken")        \
	X(OOM, "zones in which a kill is under way")                                       \
	X(FUTEX, "a futex hash bucket")                                                    \
	X(TASKLIST, "the list of all tasks and its links")                                 \
	X(SIGHAND, "signal handlers and pending signals of a thread group")                \
	X(TASK, "a task's pointers to mm, files, fs (task_lock)")                          \
	X(FILES, "a descriptor table")                                                     \
	X(SPIN_OUTER, "spinning locks of upper layers with much below them")               \
	X(I_MMAP, "the mappings of a file (i_mmap_lock)")                                  \
	X(ANON_VMA, "the mappings of an anon_vma")                                         \
	X(MMLIST, "the list of all address spaces")                                        \
	X(PTL, "page tables")                                                              \
	X(TREE, "an address_space's tree of pages")                                        \
	X(SWAP, "swap maps")                                                               \
	X(LRU, "LRU lists of a zone")                                                      \
	X(DCACHE, "directory cache and inode lists")                                       \
	X(SLAB, "slab caches")                                                             \
	X(VMALLOC, "the vmalloc area")                                                     \
	X(KMAP, "kmap windows")                                                            \
	X(ZONE, "free lists of a zone")                                                    \
	X(QUEUE, "a block device's queue")                                                 \
	X(DRIVER, "device registers")                                                      \
	X(TIMER, "a CPU's timer wheel")                                                    \
	X(WAITQ, "a wait queue")                                                           \
	X(RQ, "a CPU's run queue")                                                         \
	X(CONSOLE, "a console device")                                                     \
	X(LEAF, "nothing is taken under it")

enum lock_rank {
#define LOCK_RANK_ENUM(name, what) LOCK_RANK_##name,
	LOCK_RANKS(LOCK_RANK_ENUM)
#undef LOCK_RANK_ENUM
		NR_LOCK_RANKS,
};

#endif
