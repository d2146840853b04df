/* SPDX-License-Identifier: MIT */
/*
 * qemu_count: a TCG plugin that counts the instructions the guest executes between two marks.
 *
 *	-plugin build/bench/qemu_count.so,out=FILE[,profile=on]
 *
 * A mark is an eight-byte nop with a number of ours in it (user/marks.h), so the same program marks its work under any
 * kernel, and without the plugin nothing happens. Between MARK_START and MARK_STOP everything counts, interrupts and
 * other tasks included, which is what a page that is swapped costs a machine. With each stop a line goes to FILE
 *
 *	count KERNEL USER		instructions above and below the middle of the address space
 *	at ADDRESS INSTRUCTIONS		profile=on: for each block of kernel code that ran
 *
 * Unlike -icount this holds while disks work: virtual time plays no part. One iteration of a rep instruction is one
 * instruction, as with -icount. Blocks are counted when they are entered: a user copy that faults half way counts to
 * its end. The counters are plain words, so one CPU only.
 *
 * No package has qemu-plugin.h: below are the few declarations needed, version 1 of the interface (QEMU 6.0 to 8.2).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/marks.h"

#define EXPORT __attribute__((visibility("default")))
#define KERNEL_BIT 63

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum { QEMU_PLUGIN_CB_NO_REGS };
enum { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
					   void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned int, void *),
					    int flags, void *userdata);

EXPORT int qemu_plugin_version = 1;

/* All executions of code blocks that begin at one address; never freed, for generated code adds to it. */
struct block {
	uint64_t address, executed, at_start;
	struct block *next; /* in its bucket */
};

#define BUCKETS (1U << 16)

static struct block *buckets[BUCKETS];
static uint64_t user_executed, user_at_start;
static bool profile;
static FILE *out;

static struct block *block_at(uint64_t address)
{
	struct block **bucket = &buckets[(address * 0x9e3779b97f4a7c15UL) >> 48], *block;

	for (block = *bucket; block; block = block->next)
		if (block->address == address)
			return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->next = *bucket;
	*bucket = block;
	return block;
}

static void start(void)
{
	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = buckets[i]; block; block = block->next)
			block->at_start = block->executed;
	user_at_start = user_executed;
}

static void stop(void)
{
	uint64_t kernel = 0;

	for (unsigned int i = 0; i < BUCKETS; i++)
		for (struct block *block = buckets[i]; block; block = block->next)
			kernel += block->executed - block->at_start;
	fprintf(out, "count %lu %lu\n", kernel, user_executed - user_at_start);
	for (unsigned int i = 0; profile && i < BUCKETS; i++)
		for (struct block *block = buckets[i]; block; block = block->next)
			if (block->executed != block->at_start)
				fprintf(out, "at %lx %lu\n", block->address, block->executed - block->at_start);
	fflush(out);
}

static void on_mark(unsigned int cpu, void *number)
{
	(void)cpu;
	if ((uintptr_t)number == MARK_START)
		start();
	else
		stop();
}

/* => MARK_START, MARK_STOP; 0: an instruction like any other */
static uint32_t mark_of(const struct qemu_plugin_insn *insn)
{
	static const unsigned char opcode[] = { MARK_OPCODE };
	const unsigned char *bytes = qemu_plugin_insn_data(insn);
	uint32_t number;

	if (qemu_plugin_insn_size(insn) != sizeof(opcode) + sizeof(number) || memcmp(bytes, opcode, sizeof(opcode)))
		return 0;
	memcpy(&number, bytes + sizeof(opcode), sizeof(number));
	return number == MARK_START || number == MARK_STOP ? number : 0;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t address = qemu_plugin_tb_vaddr(tb);
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (address >> KERNEL_BIT) {
		qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
							 &block_at(address)->executed, n);
		return;
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &user_executed, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t number = mark_of(insn);

		if (number)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)number);
	}
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
		else if (!strcmp(argv[i], "profile=on"))
			profile = true;
		else
			fprintf(stderr, "qemu_count: what is %s?\n", argv[i]);
	}
	if (!out) {
		fprintf(stderr, "qemu_count: out=FILE is missing, or the file cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
