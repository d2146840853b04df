# SPDX-License-Identifier: MIT
"""struct page: one descriptor, a list of them, or the whole array at once.

Frame n's descriptor is vmemmap + n * 48 (mm/page.h). Page reads one; Memmap has every frame that exists, block
by block of MAX_ORDER_NR_PAGES as pfn_valid() has them, read in bulk, and answers from that copy.
"""
import struct

import gdb

from gdbcmds import kernel, layout
from gdbcmds.kernel import Obj

D = layout.DEFINE
BLOCK = D["MAX_ORDER_NR_PAGES"]
FIELDS = ("flags", "mapping", "index", "private", "next", "prev", "_mapcount", "_refcount")
FORMAT = "<QQQQIIii"
BUDDY = -128
ANON = D["PAGE_MAPPING_ANON"]
UNUSED = struct.pack("<iI", -1, 0)  # _mapcount and _refcount, the last two fields
IS_BUDDY = bytes(byte == BUDDY & 0xff for byte in range(256))


def page_size():
    return kernel.size_of("struct page")


def check_layout():
    """FORMAT is what DWARF says; else struct page has changed and this file must follow."""
    offsets = [kernel.offset_of("struct page", name) for name in FIELDS]
    sizes = [struct.calcsize("<" + letter) for letter in FORMAT[1:]]
    if offsets != [sum(sizes[:i]) for i in range(len(sizes))] or page_size() != struct.calcsize(FORMAT):
        raise gdb.GdbError("struct page has another layout than scripts/gdbcmds/pages.py knows")


def flag_names():
    """=> {bit: name} of enum pageflags"""
    return {bit: name[3:] for name, bit in kernel.enum("pageflags").items() if name.startswith("PG_")}


class Page:
    """The contents of one struct page."""

    __slots__ = FIELDS + ("pfn",)

    def __init__(self, pfn, raw):
        self.pfn = pfn
        (self.flags, self.mapping, self.index, self.private, self.next, self.prev, self._mapcount,
         self._refcount) = struct.unpack(FORMAT, raw)

    @property
    def address(self):
        return address_of_pfn(self.pfn)

    @property
    def mapcount(self):
        return self._mapcount + 1

    @property
    def zone_number(self):
        return self.flags >> D["ZONES_SHIFT"] & D["ZONES_MASK"]

    @property
    def node(self):
        return self.flags >> D["NODES_SHIFT"] & D["NODES_MASK"]

    @property
    def is_buddy(self):
        return self._mapcount == BUDDY

    @property
    def is_anon(self):
        return bool(self.mapping & ANON)

    def has(self, name):
        return bool(self.flags >> kernel.enum_bit("pageflags", "PG_" + name) & 1)

    def names(self):
        return [name for bit, name in flag_names().items() if self.flags >> bit & 1]


def address_of_pfn(pfn):
    return layout.VMEMMAP + pfn * page_size()


def page_of_pfn(pfn):
    return Page(pfn, kernel.read(address_of_pfn(pfn), page_size()))


def is_valid(pfn):
    """=> the frame has a descriptor"""
    if pfn >= kernel.symbol("max_pfn") + BLOCK:
        return False
    try:
        kernel.read(address_of_pfn(pfn), page_size())
        return True
    except kernel.Unreadable:
        return False


def page_list(head, page_of, limit):
    """=> the pages of a page_list whose head lies at address head; at most limit + 1, so that a circle ends"""
    first, _ = struct.unpack("<II", kernel.read(head, 8))
    while first and limit >= 0:
        page = page_of(first)
        yield page
        first, limit = page.next, limit - 1


class Memmap:
    """Every struct page of the machine, read once."""

    def __init__(self):
        check_layout()
        self.size = page_size()
        self.blocks = {}
        for zone in zones():
            start, end = zone["zone_start_pfn"], zone["zone_start_pfn"] + zone["spanned_pages"]
            self.read_blocks(start // BLOCK, (end + BLOCK - 1) // BLOCK)

    def read_blocks(self, first, end):
        """In runs as long as possible; where there is a hole, by halves."""
        if first >= end:
            return
        length = BLOCK * self.size
        try:
            data = kernel.bulk(address_of_pfn(first * BLOCK), (end - first) * length)
        except kernel.Unreadable:
            if end - first > 1:
                middle = (first + end) // 2
                self.read_blocks(first, middle)
                self.read_blocks(middle, end)
            return
        for i in range(end - first):
            self.blocks[first + i] = data[i * length : (i + 1) * length]

    def __contains__(self, pfn):
        return pfn // BLOCK in self.blocks

    def page(self, pfn):
        """=> Page; KeyError for a frame without a descriptor"""
        at = pfn % BLOCK * self.size
        return Page(pfn, self.blocks[pfn // BLOCK][at : at + self.size])

    def used(self, pfn, nr):
        """=> which of nr frames of one block do not have the counts of an unused one; by columns of bytes, not by pages"""
        block, at = self.blocks[pfn // BLOCK], pfn % BLOCK * self.size
        odd = set()
        for i, byte in enumerate(UNUSED):
            column = block[at + self.size - len(UNUSED) + i : at + nr * self.size : self.size]
            if column != bytes((byte,)) * nr:
                odd |= {pfn + n for n in range(nr) if column[n] != byte}
        return sorted(odd)

    def marked(self, bit):
        """=> the frames that may be free blocks or have the flag: to be looked at one by one"""
        flag = bytes(bool(byte >> bit % 8 & 1) for byte in range(256))
        for number, data in sorted(self.blocks.items()):
            for column, table in ((data[bit // 8 :: self.size], flag), (data[self.size - len(UNUSED) :: self.size], IS_BUDDY)):
                column, at = column.translate(table), -1
                while (at := column.find(1, at + 1)) >= 0:
                    yield number * BLOCK + at


# ---- Zones, as everybody needs them ---------------------------------------------------------------------


def zones():
    """=> the struct zone of every zone that has pages"""
    for node in filter(None, kernel.array("node_data")):
        for number in range(D["ZONES_MASK"] + 1):
            zone = Obj("struct zone", Obj("struct pglist_data", node).at(f"node_zones[{number}]"))
            if zone["present_pages"]:
                yield zone


def zone_name(zone):
    return kernel.string(zone["name"])


def zone_of(page):
    """=> the struct zone that the page's flags name, or None"""
    number = page.flags >> D["NODES_SHIFT"]
    address = kernel.array("zone_table")[number]
    return Obj("struct zone", address) if address else None


def zone_counter(zone, name, exact=True):
    """=> NR_FREE_PAGES and so on; exact: with what the CPUs have not yet folded in"""
    item = kernel.enum("zone_stat_item")[name]
    value = zone[f"vm_stat[{item}]"]
    for cpu in kernel.cpus() if exact else ():
        value += zone[f"pageset[{cpu}].vm_stat_diff[{item}]"]
    return value


def migratetype_of_block(zone, pfn):
    """=> the type of the frame's pageblock"""
    return kernel.read(zone["pageblock_flags"] + (pfn >> D["pageblock_order"]), 1)[0] & 7
