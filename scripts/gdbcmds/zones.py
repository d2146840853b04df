# SPDX-License-Identifier: MIT
"""mm zones, mm buddy, mm lru: how full each zone is, what is free in which pieces, what is used in which order."""
from gdbcmds import kernel, layout, pages
from gdbcmds.command import Command, need, need_memory, number

D = layout.DEFINE
LRU_NAMES = ("inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable")
# Behind them the lists of the generations, for policies that use them (mm/policy.h).
PAGE_LISTS = LRU_NAMES + tuple(f"gen{gen}_{kind}" for gen in range(1, 1 << D["LRU_GEN_WIDTH"]) for kind in ("anon", "file"))


def lru_size(zone, index):
    """=> pages on a list: those of generations have a length, the five what is left of their counter"""
    first = len(LRU_NAMES)
    if index >= first:
        return zone[f"lruvec.gen_pages[{index - first}]"]
    size, active = pages.zone_counter(zone, "NR_" + LRU_NAMES[index].upper()), zone["lruvec.active_gens"]
    for other in range(first, len(PAGE_LISTS)):
        gen, file = (other - first) // 2 + 1, (other - first) % 2
        if index == 2 * file + (active >> gen & 1):
            size -= lru_size(zone, other)
    return size
BAR = 40


def mib(nr_pages):
    return f"{nr_pages * 4 / 1024:.1f} MiB"


def title(zone):
    return f"Node {zone['node']}, zone {pages.zone_name(zone)}"


def pressure(zone, free):
    low, middle, high = (zone[f"watermark[{i}]"] for i in range(3))
    if free <= low:
        return "below min: only the reserves are left"
    if free <= middle:
        return "below low: kswapd works, requests may have to reclaim"
    return "between low and high" if free <= high else "above high"


class Zones(Command):
    """mm zones: how full each zone is.

For each zone that has memory: its frames, pages spanned (with holes), present (without) and managed (given to the
buddy), how many of these are free, the watermarks, the pages it keeps back from requests that could have used a
higher zone (lowmem_reserve, a column per class DMA Normal HighMem Movable), its LRU lists and its other users.
The counters are exact: they include what the CPUs have not yet folded in."""

    name = "mm zones"

    def run(self, words):
        need_memory()
        for zone in pages.zones():
            self.show(zone)

    def show(self, zone):
        start, spanned, managed = zone["zone_start_pfn"], zone["spanned_pages"], zone["managed_pages"]
        free = pages.zone_counter(zone, "NR_FREE_PAGES")
        used = max(managed - free, 0)
        share = used / managed if managed else 0
        full = "#" * round(share * BAR)
        print(f"{title(zone)}: pfn {start:#x}-{start + spanned - 1:#x}, {start * 4 // 1024}-{(start + spanned) * 4 // 1024} MiB")
        print(f"  [{full:.<{BAR}}] {share:.0%} used: {mib(used)} of {mib(managed)}")
        print(f"  pages     spanned {spanned}  present {zone['present_pages']}  managed {managed}")
        print(f"  free      {free} ({pressure(zone, free)})")
        print(f"  watermark min {zone['watermark[0]']}  low {zone['watermark[1]']}  high {zone['watermark[2]']}")
        print("  lowmem_reserve " + " ".join(str(zone[f"lowmem_reserve[{i}]"]) for i in range(4)))
        print("  LRU       " + "  ".join(f"{name} {pages.zone_counter(zone, 'NR_' + name.upper())}" for name in LRU_NAMES))
        print("  others    " + "  ".join(f"{word} {pages.zone_counter(zone, item)}" for word, item in (
            ("slab_reclaimable", "NR_SLAB_RECLAIMABLE"), ("slab_unreclaimable", "NR_SLAB_UNRECLAIMABLE"),
            ("pagetables", "NR_PAGETABLE"))))
        print("  per-CPU   " + "  ".join(f"cpu{cpu}: {zone[f'pageset[{cpu}].pcp.count']}" for cpu in kernel.cpus()) + " pages")


class Buddy(Command):
    """mm buddy: the free blocks of each zone by order and migratetype, and the per-CPU lists.

A row for each migratetype, a column for each order (a block of order n is 1 << n pages), the row `all` as in
/proc/buddyinfo. The lists themselves are counted; `mm check` also compares them with everything else."""

    name = "mm buddy"

    def run(self, words):
        need_memory()
        pages.check_layout()
        for zone in pages.zones():
            self.show(zone)

    def show(self, zone):
        names, orders = kernel.strings("migratetype_names"), range(D["MAX_ORDER"])
        print(f"{title(zone)}: blocks of order")
        print(f"  {'':<12}" + "".join(f"{order:6}" for order in orders))
        for number, name in enumerate(names):
            row = [self.length(zone, order, number) for order in orders]
            if any(row):
                print(f"  {name:<12}" + "".join(f"{n:6}" for n in row))
        row = [zone[f"free_area[{order}].nr_free"] for order in orders]
        print(f"  {'all':<12}" + "".join(f"{n:6}" for n in row))
        print(f"  {sum(n << order for order, n in enumerate(row))} pages free")
        for cpu in kernel.cpus():
            pcp = f"pageset[{cpu}].pcp"
            lists = [self.count(zone, f"{pcp}.lists[{i}]", zone[f"{pcp}.count"]) for i in range(3)]
            print(f"  CPU {cpu} keeps {zone[f'{pcp}.count']} pages (high {zone[f'{pcp}.high']}, batch {zone[f'{pcp}.batch']}): "
                  + ", ".join(f"{name} {n}" for name, n in zip(names, lists)))

    def length(self, zone, order, number):
        return self.count(zone, f"free_area[{order}].free_list[{number}]", zone[f"free_area[{order}].nr_free"])

    def count(self, zone, path, most):
        return sum(1 for _ in pages.page_list(zone.at(path), pages.page_of_pfn, most))


class Lru(Command):
    """mm lru [N]: the LRU lists of each zone, with the N (8) pages at both ends.

New and used pages enter at the head; reclaim takes from the tail. `mm page PFN` tells more of one."""

    name = "mm lru"
    words_wanted = (0, 1)

    def run(self, words):
        need_memory()
        pages.check_layout()
        ends = number(words[0]) if words else 8
        need(0 < ends <= 1 << 16, f"{words}: a number of pages wanted, from 1 to 65536")
        for zone in pages.zones():
            print(title(zone))
            for index, name in enumerate(PAGE_LISTS):
                head = zone.at(f"lruvec.lists[{index}]")
                size = lru_size(zone, index)
                if not size and index >= len(LRU_NAMES):
                    continue
                first = self.from_head(head, ends if size > 2 * ends else 2 * ends)
                shown = " ".join(f"{pfn:#x}" for pfn in first)
                if size > 2 * ends:
                    shown += " ... " + " ".join(f"{pfn:#x}" for pfn in reversed(self.from_tail(head, ends)))
                print(f"  {name:<14}{size:8}  {shown}".rstrip())

    def from_head(self, head, ends):
        return [page.pfn for page in pages.page_list(head, pages.page_of_pfn, ends - 1)]

    def from_tail(self, head, ends):
        out, pfn = [], int.from_bytes(kernel.read(head + 4, 4), "little")
        while pfn and len(out) < ends:
            out.append(pfn)
            pfn = pages.page_of_pfn(pfn).prev
        return out


Zones()
Buddy()
Lru()
