/* SPDX-License-Identifier: MIT */
/*
 * What programs may know of a CPU (/proc/cpuinfo), and unpredictable numbers.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/vsprintf.h"
#include "arch/time.h"
#include "arch/x86_64/internal.h"

struct flag_name {
	u8 bit;
	const char *name;
};

static const struct flag_name leaf1_d[] = {
	{0, "fpu"},  {3, "pse"},   {4, "tsc"},	{5, "msr"},   {6, "pae"},  {8, "cx8"},
	{9, "apic"}, {11, "sep"},  {13, "pge"}, {15, "cmov"}, {16, "pat"}, {19, "clflush"},
	{23, "mmx"}, {24, "fxsr"}, {25, "sse"}, {26, "sse2"},
};
static const struct flag_name ext1_d[] = {
	{11, "syscall"}, {20, "nx"}, {26, "pdpe1gb"}, {27, "rdtscp"}, {29, "lm"}};
static const struct flag_name leaf1_c[] = {
	{0, "pni"},    {9, "ssse3"},   {13, "cx16"},   {19, "sse4_1"},	   {20, "sse4_2"},
	{22, "movbe"}, {23, "popcnt"}, {30, "rdrand"}, {31, "hypervisor"},
};
static const struct flag_name leaf7_b[] = {{7, "smep"}, {9, "erms"}, {20, "smap"}};

static int put_flags(char *buf, int size, int n, u32 word, const struct flag_name *names, int count)
{
	for (int i = 0; i < count; i++)
		if (word >> names[i].bit & 1)
			n += scnprintf(buf + n, size - n, " %s", names[i].name);
	return n;
}

int arch_cpu_info(int cpu, char *buf, int size)
{
	const struct cpu_features *f = &cpu_features;
	u64 khz = arch_tsc_khz();
	int n;

	n = scnprintf(buf, size,
		      "processor\t: %d\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
		      "model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %llu.%03llu\n"
		      "physical id\t: %d\ncore id\t\t: 0\napicid\t\t: %u\nfpu\t\t: yes\nflags\t\t:",
		      cpu, f->vendor, f->family, f->model, f->name, f->stepping, khz / 1000,
		      khz % 1000, cpu, acpi.apic_id[cpu]);
	n = put_flags(buf, size, n, f->leaf1_d, leaf1_d, ARRAY_SIZE(leaf1_d));
	n = put_flags(buf, size, n, f->ext1_d, ext1_d, ARRAY_SIZE(ext1_d));
	n = put_flags(buf, size, n, f->leaf1_c, leaf1_c, ARRAY_SIZE(leaf1_c));
	n = put_flags(buf, size, n, f->leaf7_b, leaf7_b, ARRAY_SIZE(leaf7_b));
	n += scnprintf(buf + n, size - n,
		       "\nclflush size\t: 64\ncache_alignment\t: 64\n"
		       "address sizes\t: %u bits physical, 48 bits virtual\n\n",
		       f->phys_bits);
	return n;
}

static bool rdrand(u64 *v)
{
	bool ok;

	asm volatile("rdrand %0\n\tsetc %1" : "=r"(*v), "=q"(ok) : : "cc");
	return ok;
}

u64 arch_random_u64(void)
{
	static u64 state = 0x9e3779b97f4a7c15ULL; /* mixing only: races do no harm */
	u64 v = rdtsc();

	for (int i = 0; cpu_features.rdrand && i < 10; i++)
		if (rdrand(&v))
			break;
	/* The finalizer of splitmix64 over everything seen so far. */
	v += state += 0x9e3779b97f4a7c15ULL ^ rdtsc();
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ULL;
	v = (v ^ v >> 27) * 0x94d049bb133111ebULL;
	return v ^ v >> 31;
}
