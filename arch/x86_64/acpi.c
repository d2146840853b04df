/* SPDX-License-Identifier: MIT */
/*
 * ACPI's static tables, read once at boot and copied into `acpi`; no AML.
 *
 *	RSDP -> RSDT (u32 addresses) or XSDT (u64) -> MADT "APIC": CPUs, IO-APICs, ISA overrides
 *						      SRAT: node of memory ranges and CPUs
 *						      FADT "FACP": power-management ports
 *						      HPET: its address
 *
 * The tables lie anywhere in physical memory, often above the direct map: each is looked at through
 * early_memremap(). Nothing of them is trusted: lengths and checksums are checked, and what is
 * missing gets the PC's defaults.
 *
 * Source: ACPI specification 6.4, chapter 5.
 */
#include "kernel/base/kernel.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "arch/acpi.h"
#include "arch/x86_64/internal.h"

#define MAX_NUMA_RANGES 32
#define MAX_TABLES	64

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;

struct acpi_rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum, reserved[3];
} __packed;

struct acpi_machine acpi = {.lapic_base = 0xfee00000};
static struct {
	u32 domain;
	u64 start, end;
} numa_ranges[MAX_NUMA_RANGES];
static int nr_numa_ranges;
static u32 apic_domain[256]; /* by APIC number */
static u32 node_domain[MAX_NUMNODES];
static int nr_nodes;
static bool have_apic[256];

static bool sums_to_zero(const void *p, unsigned long n)
{
	u8 sum = 0;

	for (const u8 *b = p; n--; b++)
		sum += *b;
	return !sum;
}

/* Unaligned little-endian fields. */
static u64 field(const u8 *p, int bytes)
{
	u64 v = 0;

	memcpy(&v, p, bytes);
	return v;
}

/* ---- MADT ------------------------------------------------------------------------------------ */

static void add_cpu(u8 apic_id, u32 flags)
{
	if (!(flags & 1) || have_apic[apic_id])
		return;
	have_apic[apic_id] = true;
	if (apic_id == acpi.apic_id[0])
		return; /* the boot CPU is number 0 already */
	if (nr_cpu_ids == NR_CPUS) {
		pr_warn_once("more CPUs than NR_CPUS = %d: the rest stays off\n", NR_CPUS);
		return;
	}
	acpi.apic_id[nr_cpu_ids] = apic_id;
	cpu_possible_mask |= 1UL << nr_cpu_ids++;
}

static void add_ioapic(u32 base, u32 gsi_base)
{
	if (acpi.nr_ioapics == MAX_IOAPICS)
		return;
	acpi.ioapic[acpi.nr_ioapics].base = base;
	acpi.ioapic[acpi.nr_ioapics++].gsi_base = gsi_base;
}

static void add_override(u8 isa, u32 gsi, u16 flags)
{
	if (isa >= 16)
		return;
	acpi.isa[isa].gsi = gsi;
	acpi.isa[isa].low = (flags & 3) == 3;
	acpi.isa[isa].level = (flags >> 2 & 3) == 3;
}

static void parse_madt(const u8 *t, u32 length)
{
	u32 at = 44;

	if (length < at)
		return;
	acpi.lapic_base = field(t + 36, 4);
	while (at + 2 <= length) {
		const u8 *e = t + at;
		u8 size = e[1];

		if (size < 2 || at + size > length)
			break;
		if (e[0] == 0 && size >= 8)
			add_cpu(e[3], field(e + 4, 4));
		else if (e[0] == 1 && size >= 12)
			add_ioapic(field(e + 4, 4), field(e + 8, 4));
		else if (e[0] == 2 && size >= 10)
			add_override(e[3], field(e + 4, 4), field(e + 8, 2));
		else if (e[0] == 5 && size >= 12)
			acpi.lapic_base = field(e + 4, 8);
		at += size;
	}
}

/* ---- SRAT ------------------------------------------------------------------------------------ */

static void add_numa_range(u32 domain, u64 start, u64 bytes, u32 flags)
{
	if (!(flags & 1) || !bytes || nr_numa_ranges == MAX_NUMA_RANGES)
		return;
	numa_ranges[nr_numa_ranges].domain = domain;
	numa_ranges[nr_numa_ranges].start = start;
	numa_ranges[nr_numa_ranges++].end = start + bytes;
}

static void parse_srat(const u8 *t, u32 length)
{
	u32 at = 48;

	while (at + 2 <= length) {
		const u8 *e = t + at;
		u8 size = e[1];

		if (size < 2 || at + size > length)
			break;
		if (e[0] == 0 && size >= 16 && (e[4] & 1))
			apic_domain[e[3]] = e[2] | e[9] << 8 | e[10] << 16 | (u32)e[11] << 24;
		else if (e[0] == 1 && size >= 40)
			add_numa_range(field(e + 2, 4), field(e + 8, 8), field(e + 16, 8),
				       field(e + 28, 4));
		else if (e[0] == 2 && size >= 24 && (field(e + 12, 4) & 1) && field(e + 8, 4) < 256)
			apic_domain[e[8]] = field(e + 4, 4);
		at += size;
	}
}

/* => dense node number of a proximity domain; -1 when there are too many */
static int node_of_domain(u32 domain)
{
	for (int nid = 0; nid < nr_nodes; nid++)
		if (node_domain[nid] == domain)
			return nid;
	if (nr_nodes == MAX_NUMNODES)
		return -1;
	node_domain[nr_nodes] = domain;
	return nr_nodes++;
}

int acpi_numa_ranges(void (*fn)(int nid, u64 start, u64 end))
{
	for (int i = 0; i < nr_numa_ranges; i++) {
		int nid = node_of_domain(numa_ranges[i].domain);

		if (nid >= 0)
			fn(nid, numa_ranges[i].start, numa_ranges[i].end);
	}
	return nr_nodes;
}

int arch_cpu_to_node(int cpu)
{
	for (int nid = 0; nid < nr_nodes; nid++)
		if (apic_domain[acpi.apic_id[cpu]] == node_domain[nid])
			return nid;
	return 0;
}

/* ---- Others ---------------------------------------------------------------------------------- */

static void parse_fadt(const u8 *t, u32 length)
{
	if (length < 116)
		return;
	acpi.pm1a_control = field(t + 64, 4);
	acpi.pm_timer_port = field(t + 76, 4);
	acpi.pm_timer_32bit = field(t + 112, 4) >> 8 & 1;
}

static void parse_hpet(const u8 *t, u32 length)
{
	if (length >= 52 && t[40] == 0) /* in memory space */
		acpi.hpet = field(t + 44, 8);
}

static const struct {
	char signature[5];
	void (*parse)(const u8 *table, u32 length);
} parsers[] = {
	{"APIC", parse_madt},
	{"SRAT", parse_srat},
	{"FACP", parse_fadt},
	{"HPET", parse_hpet},
};

/* => the whole table, to be given back with early_memunmap(); NULL if it is no good */
static const struct acpi_header *map_table(phys_addr_t phys)
{
	const struct acpi_header *h = early_memremap(phys, sizeof(*h));
	u32 length;

	if (!h) {
		pr_warn("ACPI: no table can be at 0x%llx: ignored\n", phys);
		return NULL;
	}
	length = h->length;
	early_memunmap((void *)h, sizeof(*h));
	h = length < sizeof(*h) ? NULL : early_memremap(phys, length);
	if (!h)
		pr_warn("ACPI: the table at 0x%llx says it is %u bytes long: ignored\n", phys, length);
	if (h && !sums_to_zero(h, length)) {
		pr_warn("ACPI: the table at 0x%llx has a wrong checksum: ignored\n", phys);
		early_memunmap((void *)h, length);
		return NULL;
	}
	return h;
}

static void parse_table(phys_addr_t phys)
{
	const struct acpi_header *h = map_table(phys);

	if (!h)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(parsers); i++)
		if (!memcmp(h->signature, parsers[i].signature, 4))
			parsers[i].parse((const u8 *)h, h->length);
	early_memunmap((void *)h, h->length);
}

static void parse_root(phys_addr_t phys, int entry_bytes)
{
	const struct acpi_header *h = map_table(phys);
	u64 tables[MAX_TABLES];
	unsigned n;

	if (!h)
		return;
	n = min_t(unsigned, (h->length - sizeof(*h)) / entry_bytes, MAX_TABLES);
	for (unsigned i = 0; i < n; i++)
		tables[i] = field((const u8 *)(h + 1) + i * entry_bytes, entry_bytes);
	early_memunmap((void *)h, h->length);
	for (unsigned i = 0; i < n; i++)
		parse_table(tables[i]);
}

static void set_defaults(void)
{
	memset(apic_domain, 0xff, sizeof(apic_domain));
	for (int i = 0; i < 16; i++)
		acpi.isa[i].gsi = i;
	acpi.apic_id[0] = cpuid(1, 0).b >> 24;
}

void acpi_init(const void *root)
{
	const struct acpi_rsdp *rsdp = root;

	set_defaults();
	if (rsdp && !memcmp(rsdp->signature, "RSD PTR ", 8) && sums_to_zero(rsdp, 20)) {
		if (rsdp->revision >= 2 && rsdp->xsdt)
			parse_root(rsdp->xsdt, 8);
		else
			parse_root(rsdp->rsdt, 4);
	} else {
		pr_warn("ACPI: no root pointer, assuming one CPU\n");
	}
	if (!acpi.nr_ioapics)
		add_ioapic(0xfec00000, 0);
	pr_info("ACPI: %d CPUs, %d IO-APICs, %d NUMA ranges\n", nr_cpu_ids, acpi.nr_ioapics,
		nr_numa_ranges);
}
