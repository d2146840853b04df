# SPDX-License-Identifier: MIT
"""mm pcp: the per-CPU lists, from which nearly every single page comes (mm/pcp.c)."""
from gdbcmds import kernel, pages
from gdbcmds.command import Command, need, need_memory, number

LISTS = 3
SHOWN = 8


class Pcp(Command):
    """mm pcp [N]: the per-CPU lists of each zone: how many pages, the batch they come and go in, the limit, and N (8) of each.

Hot pages are at the head: the next allocation takes the first. When a free page makes count reach high, batch pages
go back to the zone. high 0 means that every page goes back at once."""

    name = "mm pcp"
    words_wanted = (0, 1)

    def run(self, words):
        need_memory()
        pages.check_layout()
        shown = number(words[0]) if words else SHOWN
        need(shown <= 1 << 16, f"{words}: a number of pages wanted, up to 65536")
        names = kernel.strings("migratetype_names")[:LISTS]
        for zone in pages.zones():
            for cpu in kernel.cpus():
                self.show(zone, cpu, names, shown)

    def show(self, zone, cpu, names, shown):
        pcp = f"pageset[{cpu}].pcp"
        count, batch, high = (zone[f"{pcp}.{word}"] for word in ("count", "batch", "high"))
        print(f"Node {zone['node']}, zone {pages.zone_name(zone)}, CPU {cpu}: count {count}, batch {batch}, high {high}")
        for index, name in enumerate(names):
            frames = [page.pfn for page in pages.page_list(zone.at(f"{pcp}.lists[{index}]"), pages.page_of_pfn, count)]
            some = " ".join(f"{pfn:#x}" for pfn in frames[:shown]) + (" ..." if len(frames) > shown else "")
            print(f"  {name:<12}{len(frames):6}  {some}".rstrip())


Pcp()
