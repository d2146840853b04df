# SPDX-License-Identifier: MIT
"""mm page: what one frame is used for, and by whom.

The state is told by the rules of the table in mm/page.h; what the descriptor does not say (whose per-CPU list, which
task's stack, whose page table) is found by asking those who could have it.
"""
import struct

from gdbcmds import files, kernel, layout, pages, rmap, swap, tables
from gdbcmds.command import Command, need, need_memory, number
from gdbcmds.kernel import Obj
from gdbcmds.owner import owner_lines
from gdbcmds.tasks import all_tasks, complete_pid

D = layout.DEFINE
LRU_WORDS = {False: ("inactive_anon", "active_anon"), True: ("inactive_file", "active_file")}


# ---- Which frame is meant ----------------------------------------------------------------------------


def user_frame(address, words):
    pgd, mm, whose = tables.space_of(address, words)
    frame = tables.translate(pgd, address)
    if frame is None:
        last = list(tables.walk(pgd, address))[-1]
        need(False, f"{address:#x} has no page in {whose}: its {last.level} entry is {last.words()}")
    return frame


def frame_of(words):
    """=> the frame that the words of `mm page` mean; the rule stands in the command's help"""
    kind, colon, rest = words[0].partition(":")
    if colon and kind in ("pfn", "phys", "user"):
        value = number(rest)
    else:
        kind, value = "", number(words[0], "a frame number or an address")
    if kind == "user" or (not kind and len(words) > 1):
        need(tables.is_user(value), f"{value:#x} is no user address")
        return user_frame(value, words[1:])
    if kind == "phys":
        return value >> layout.PAGE_SHIFT
    if kind == "pfn" or value <= kernel.symbol("max_pfn"):
        return value
    if layout.VMEMMAP <= value < D["VMEMMAP_END"]:
        return (value - layout.VMEMMAP) // pages.page_size()
    if 0 <= value - layout.PAGE_OFFSET < kernel.symbol("max_low_pfn") << layout.PAGE_SHIFT:
        return value - layout.PAGE_OFFSET >> layout.PAGE_SHIFT
    need(tables.is_canonical(value), f"{value:#x} is neither a frame (there are {kernel.symbol('max_pfn'):#x}) nor an address")
    return user_frame(value, [])


# ---- What it is ------------------------------------------------------------------------------------------


def free_block_of(pfn):
    """=> the head page of the free block that pfn lies in, or None"""
    for order in range(D["MAX_ORDER"]):
        head = pfn & ~((1 << order) - 1)
        page = pages.page_of_pfn(head)
        if page.is_buddy and page.private >= order:
            return page
    return None


def pcp_list_of(page):
    """=> (CPU, list number) of the per-CPU list that has the page, or None"""
    zone = pages.zone_of(page)
    for cpu in kernel.cpus() if zone else ():
        count = zone[f"pageset[{cpu}].pcp.count"]
        for number in range(3):
            head = zone.at(f"pageset[{cpu}].pcp.lists[{number}]")
            if any(other.pfn == page.pfn for other in pages.page_list(head, pages.page_of_pfn, count)):
                return cpu, number
    return None


def unused_state(page):
    block = free_block_of(page.pfn)
    if block:
        kind = kernel.strings("migratetype_names")[min(block.index, 4)]
        inside = "" if block.pfn == page.pfn else f", inside the block of frame {block.pfn:#x}"
        return f"free in the buddy, order {block.private}, list {kind}{inside}"
    found = pcp_list_of(page)
    if found:
        return f"free on the per-CPU list of CPU {found[0]}, {kernel.strings('migratetype_names')[found[1]]}"
    return "not in use and on no free list: held by code that is just working on it"


def slab_state(page):
    cache = Obj("struct kmem_cache", page.mapping)
    return f"slab of cache {kernel.string(cache['name'])} (objects of {cache['object_size']} bytes), {page.private} in use"


def reserved_state(page):
    if page.address == kernel.symbol("zero_page"):
        return "the zero page: mapped wherever untouched memory is read"
    image = range(kernel.text_symbol("__kernel_start") - layout.KERNEL_VMA >> 12,
                  (kernel.text_symbol("__kernel_end") - layout.KERNEL_VMA >> 12) + 1)
    return "reserved: the kernel's image" if page.pfn in image else "reserved at boot: never in the buddy"


def vmalloc_user(page):
    """=> words about the vmalloc area that has the page, or None"""
    for area in kernel.list_entries(kernel.address_of("areas"), "struct vm_struct", "list"):
        nr = area["nr_pages"]
        if nr and page.address in struct.unpack(f"<{nr}Q", kernel.read(area.at("pages"), nr * 8)):
            for task in all_tasks():
                if task["stack"] == area["address"]:
                    return f"kernel stack of pid {task.pid} ({task.comm}), vmalloc area {area['address']:#x}"
            return f"vmalloc area {area['address']:#x}, {area['size']} bytes"
    return None


def table_user(page):
    for mm, tasks in tables.spaces().items():
        level = tables.table_frames(Obj("struct mm_struct", mm)["pgd"]).get(page.pfn)
        if level:
            return f"page table ({level}) of " + ", ".join(f"pid {t.pid} ({t.comm})" for t in tasks)
    return None


def kernel_state(page):
    return vmalloc_user(page) or table_user(page) or "in use by the kernel"


def state_of(page):
    if page.has("reserved"):
        return reserved_state(page)
    if page.is_buddy or page._refcount == 0:
        return unused_state(page)
    if page.has("slab"):
        return slab_state(page)
    if page.is_anon:
        words = f"anonymous memory, offset {page.index:#x} of anon_vma {page.mapping & ~pages.ANON:#x}"
    elif page.mapping:
        words = f"page cache: page {page.index:#x} of {files.mapping_name(page.mapping)}"
    elif page.has("swapcache"):
        words = "read ahead from swap, not mapped yet"
    else:
        return kernel_state(page)
    return words + (f", in the swap cache: {swap.describe(page.private)}" if page.has("swapcache") else "")


def lru_state(page):
    """=> the LRU list it is on, or the vector it waits in"""
    if page.has("lru"):
        if page.has("unevictable"):
            return "on the list unevictable"
        return f"on the list {LRU_WORDS[not page.has('swapbacked')][page.has('active')]}"
    for cpu in kernel.cpus():
        vectors = kernel.per_cpu("lru_pagevecs", cpu)
        for number in range(kernel.enum("lru_vector")["NR_VECTORS"]):
            nr = vectors[f"[{number}].nr"]
            if page.address in struct.unpack(f"<{nr}Q", kernel.read(vectors.at(f"[{number}].pages"), nr * 8)):
                return f"in a vector of CPU {cpu}, on its way to a list"
    return None


class PageCommand(Command):
    """mm page PFN|ADDR [PID]: one page: its flags, counts, state, and who maps it.

What the argument means:
  0x7c12        up to the machine's last frame: a frame number (pfn:N says so for any number)
  0xffffea...   an address in the memmap: that struct page
  0xffff888...  an address in the direct map, or in vmalloc space or the image: the frame behind it
  0x7ffe...     any other address: user memory of the task of the selected CPU; with PID, or as user:ADDR,
                always user memory, of the task PID
  phys:0x7c12000  a physical address
Expressions of gdb will do: $rsp, &init_task, page. The last lines name each page-table entry that maps it."""

    name = "mm page"
    words_wanted = (1, 2)

    def run(self, words):
        need_memory()
        pages.check_layout()
        pfn = frame_of(words)
        need(pages.is_valid(pfn), f"frame {pfn:#x} has no struct page: there is no memory there")
        self.show(pages.page_of_pfn(pfn))

    def show(self, page):
        zone, physical = pages.zone_of(page), page.pfn << layout.PAGE_SHIFT
        where = f", direct map {layout.PAGE_OFFSET + physical:#x}" if page.pfn < kernel.symbol("max_low_pfn") else ""
        print(f"frame {page.pfn:#x} ({page.pfn}): struct page {page.address:#x}, physical {physical:#x}{where}")
        if zone:
            kind = kernel.strings("migratetype_names")[min(pages.migratetype_of_block(zone, page.pfn), 4)]
            print(f"  zone    {pages.zone_name(zone)}, node {page.node}, in a pageblock of type {kind}")
        print(f"  flags   {page.flags:#x} {' '.join(page.names()) or '-'}")
        mapped = 0 if page.is_buddy else page.mapcount
        print(f"  counts  refcount {page._refcount}, mapcount {mapped}")
        if page.has("tail"):
            head = pages.page_of_pfn(page.private)
            print(f"  part of the compound page of frame {head.pfn:#x}, {state_of(head)}")
        else:
            print(f"  state   {state_of(page)}")
        lru = lru_state(page)
        print(f"  LRU     {lru}" if lru else "  LRU     on no list")
        if page.mapping and not page.has("slab") and page._refcount > 0:
            self.show_mappers(page)
        for line in owner_lines(page.pfn):
            print(f"  owner   {line}")

    def show_mappers(self, page):
        found = list(rmap.mappers(page))
        print("  mapped by " + (f"{len(found)} page-table {'entry' if len(found) == 1 else 'entries'}:" if found else "nobody"))
        for tasks, vma, address, entry in found:
            who = ", ".join(f"pid {t.pid} ({t.comm})" for t in tasks) or "a process that has just ended"
            print(f"    {who} at {address:#x}: {entry.words()}; area {tables.describe_area(vma)}")
        if len(found) != page.mapcount:
            print(f"    mapcount says {page.mapcount}: an entry is just being changed, or a count is wrong")

    def complete(self, text, word):
        return complete_pid(word) if " " in text.lstrip() else []


PageCommand()
