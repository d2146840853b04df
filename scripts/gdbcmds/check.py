# SPDX-License-Identifier: MIT
"""mm check: the allocator's and the LRU's invariants (spec 3.1; mm/buddy_check.c asks the same from inside).

    lists    links agree in both directions; every block is marked, of its list's order and type, aligned, inside its zone,
             all its frames unused; nr_free is the length; below the top order no free block has a free buddy
    sums     NR_FREE_PAGES with the CPUs' differentials = sum of nr_free << order; per-CPU counts = lengths
    LRU      every page is marked PG_lru, its flags name the list, counters = lengths
    whole    every descriptor that says "free block" or "on an LRU list" was met on exactly one list

Every descriptor of the machine is read once, in bulk.
"""
import struct

from gdbcmds import kernel, layout, pages
from gdbcmds.command import Command, need_memory
from gdbcmds.zones import LRU_NAMES, PAGE_LISTS, lru_size

D = layout.DEFINE
MOST_SHOWN = 20


class Checker:
    def __init__(self):
        self.memmap = pages.Memmap()
        self.errors = self.blocks = 0
        self.seen = {}  # pfn -> the list it was met on
        self.types = kernel.strings("migratetype_names")
        self.bits = {name: 1 << kernel.enum_bit("pageflags", "PG_" + name)
                     for name in ("lru", "active", "swapbacked", "unevictable")}

    def wrong(self, zone, pfn, what):
        self.errors += 1
        if self.errors <= MOST_SHOWN:
            where = f"frame {pfn:#x} (struct page {pages.address_of_pfn(pfn):#x}): " if pfn is not None else ""
            print(f"  node {zone['node']} zone {pages.zone_name(zone)}: {where}{what}")

    def zone(self, zone):
        self.zone_bits = zone["node"] << D["NODES_SHIFT"] | zone["index"] << D["ZONES_SHIFT"]
        self.first = zone["zone_start_pfn"]
        self.end = self.first + zone["spanned_pages"]
        self.free_lists(zone)
        self.pcp_lists(zone)
        self.lru_lists(zone)

    # ---- Lists ----

    def members(self, zone, head, name, most, stack=False):
        """=> the pages of one list whose links, zone and uniqueness have been checked"""
        first, last = struct.unpack("<II", kernel.read(head, 8))
        previous, pfn, nr = 0, first, 0
        while pfn:
            if pfn not in self.memmap:
                self.wrong(zone, previous or None, f"{name}: points to frame {pfn:#x}, which does not exist")
                return
            page = self.memmap.page(pfn)
            if page.prev != previous and not (stack and not previous):
                self.wrong(zone, pfn, f"{name}: prev is {page.prev:#x}, but it comes behind {previous:#x}")
            if pfn in self.seen:
                self.wrong(zone, pfn, f"{name}: it was met on {self.seen[pfn]} already")
                return
            self.seen[pfn] = name
            if page.flags >> D["NODES_SHIFT"] != self.zone_bits >> D["NODES_SHIFT"] or not self.first <= pfn < self.end:
                self.wrong(zone, pfn, f"{name}: belongs to another zone")
            yield page
            nr += 1
            if nr > most + pages.BLOCK:
                self.wrong(zone, pfn, f"{name}: longer than its count of {most} by far")
                return
            previous, pfn = pfn, page.next
        if last != previous:
            self.wrong(zone, None, f"{name}: its last page is {previous:#x}, but the head says {last:#x}")

    # ---- The buddy ----

    def free_lists(self, zone):
        free = 0
        for order in range(D["MAX_ORDER"]):
            nr, counted = 0, zone[f"free_area[{order}].nr_free"]
            for number, kind in enumerate(self.types):
                name = f"free list of order {order}, {kind}"
                for page in self.members(zone, zone.at(f"free_area[{order}].free_list[{number}]"), name, counted):
                    nr += 1
                    self.block(zone, page, order, number, name)
            if nr != counted:
                self.wrong(zone, None, f"order {order}: nr_free is {counted}, but the lists have {nr} blocks")
            free += nr << order
            self.blocks += nr
        counter = pages.zone_counter(zone, "NR_FREE_PAGES")
        if counter != free:
            self.wrong(zone, None, f"NR_FREE_PAGES is {counter}, but the lists have {free} pages")

    def block(self, zone, page, order, number, name):
        pfn, size = page.pfn, 1 << order
        if not page.is_buddy or page._refcount:
            self.wrong(zone, pfn, f"{name}: not marked free (mapcount {page._mapcount}, refcount {page._refcount})")
            return
        if page.private != order or page.index != number:
            self.wrong(zone, pfn, f"{name}: says it is of order {page.private}, list {page.index}")
        if pfn & size - 1 or pfn + size > self.end:
            self.wrong(zone, pfn, f"{name}: not aligned, or it leaves its zone")
            return
        for frame in self.memmap.used(pfn, size):
            if frame != pfn:
                self.wrong(zone, frame, f"{name}: in use, but inside the free block of {pfn:#x}")
        if order < D["MAX_ORDER"] - 1:
            self.unmerged(zone, page, order, name)

    def unmerged(self, zone, page, order, name):
        other = page.pfn ^ 1 << order
        if other < page.pfn or other not in self.memmap or not self.first <= other < self.end:
            return
        buddy = self.memmap.page(other)
        if not buddy.is_buddy or buddy.private != order or buddy.flags >> D["NODES_SHIFT"] != page.flags >> D["NODES_SHIFT"]:
            return
        isolate = len(self.types) - 1
        alone = [pages.migratetype_of_block(zone, pfn) == isolate for pfn in (page.pfn, other)]
        if order < D["pageblock_order"] or alone[0] == alone[1]:
            self.wrong(zone, page.pfn, f"{name}: its buddy {other:#x} is free too, they were not united")

    def pcp_lists(self, zone):
        for cpu in range(len(kernel.array("__per_cpu_offset"))):
            pcp = f"pageset[{cpu}].pcp"
            count, nr = zone[f"{pcp}.count"], 0
            for number, kind in enumerate(self.types[:3]):
                name = f"list of CPU {cpu}, {kind}"
                for page in self.members(zone, zone.at(f"{pcp}.lists[{number}]"), name, count, stack=True):
                    nr += 1
                    if page._mapcount != -1 or page._refcount:
                        self.wrong(zone, page.pfn, f"{name}: in use (mapcount {page.mapcount}, refcount {page._refcount})")
            if nr != count:
                self.wrong(zone, None, f"CPU {cpu}: count is {count}, but its lists have {nr} pages")

    # ---- LRU ----

    def lru_of(self, page):
        gen = page.flags >> D["LRU_GEN_SHIFT"] & (1 << D["LRU_GEN_WIDTH"]) - 1
        if gen:
            return len(LRU_NAMES) + 2 * (gen - 1) + (not page.flags & self.bits["swapbacked"])
        if page.flags & self.bits["unevictable"]:
            return 4
        return (0 if page.flags & self.bits["swapbacked"] else 2) + bool(page.flags & self.bits["active"])

    def lru_lists(self, zone):
        for number, kind in enumerate(PAGE_LISTS):
            name, nr = f"LRU list {kind}", 0
            counter = lru_size(zone, number)
            for page in self.members(zone, zone.at(f"lruvec.lists[{number}]"), name, max(counter, 0)):
                nr += 1
                if not page.flags & self.bits["lru"]:
                    self.wrong(zone, page.pfn, f"{name}: PG_lru is not set")
                elif self.lru_of(page) != number:
                    self.wrong(zone, page.pfn, f"{name}: its flags name {PAGE_LISTS[self.lru_of(page)]}")
                if page._refcount <= 0:
                    self.wrong(zone, page.pfn, f"{name}: nobody uses it (refcount {page._refcount})")
            if nr != counter:
                self.wrong(zone, None, f"{name}: has {nr} pages, but the counter says {counter}")

    # ---- The whole array ----

    def descriptors(self):
        """Marks that no list accounts for. => number of descriptors looked at"""
        for pfn in self.memmap.marked(kernel.enum_bit("pageflags", "PG_lru")):
            if pfn in self.seen:
                continue
            page = self.memmap.page(pfn)
            zone = pages.zone_of(page)
            if zone and page.is_buddy:
                self.wrong(zone, pfn, "marked as a free block, but on no free list")
            elif zone and page.flags & self.bits["lru"]:
                self.wrong(zone, pfn, "PG_lru is set, but it is on no LRU list")
        return len(self.memmap.blocks) * pages.BLOCK


def half_way():
    """=> why a list may be half changed: the machine was stopped in the middle of something"""
    for zone in pages.zones():
        for lock in ("lock", "lru_lock"):
            if zone[f"{lock}.raw.locked"]:
                yield f"zone->{lock} of {pages.zone_name(zone)} is held: somebody was just changing what it guards"


class Check(Command):
    """mm check: every free list, per-CPU list and LRU list against the invariants, and the whole memmap against them.

Ends with `mm check: N free blocks, N pages checked, N errors`. Each error names the frame and its struct page; more
than 20 are only counted. If a zone's lock is held the machine was stopped in the middle of a change, and the check
says so: let it run for a moment and ask again."""

    name = "mm check"

    def run(self, words):
        need_memory()
        checker = Checker()
        for zone in pages.zones():
            checker.zone(zone)
        looked = checker.descriptors()
        if checker.errors > MOST_SHOWN:
            print(f"  ... and {checker.errors - MOST_SHOWN} more")
        for reason in half_way():
            print(f"  note: {reason}")
        print(f"mm check: {checker.blocks} free blocks, {looked} pages checked, {checker.errors} errors")


Check()
