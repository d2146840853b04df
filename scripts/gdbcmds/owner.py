# SPDX-License-Identifier: MIT
"""mm owner: who allocated a frame and who freed it, from the records of page_owner=on (mm/page_owner.c)."""
from gdbcmds import kernel, layout, pages
from gdbcmds.command import Command, need, need_memory, number
from gdbcmds.kernel import Obj
from gdbcmds.tasks import place_of

D = layout.DEFINE


def record_of(pfn):
    """=> the struct page_owner that tells of the frame, None without one: a block's is that of its first frame"""
    table, block = kernel.symbol("owner_blocks"), pfn // pages.BLOCK
    if not table or block >= kernel.symbol("nr_owner_blocks"):
        return None
    records = int.from_bytes(kernel.read(table + 8 * block, 8), "little")
    if not records:
        return None
    at = lambda frame: Obj("struct page_owner", records + frame % pages.BLOCK * kernel.size_of("struct page_owner"))
    for order in range(D["MAX_ORDER"]):
        if at(pfn & -1 << order)["order"] >= order:
            return at(pfn & -1 << order)
    return at(pfn)


def stack(owner, which):
    high = kernel.address_of("init_task") & ~0xffffffff
    for i in range(kernel.size_of("struct owner_stack") // 4):
        ip = owner[f"{which}.ips[{i}]"]
        if ip:
            yield f"  {high | ip:#x} {place_of(high | ip)[0]}"


def owner_lines(pfn, freed=False):
    """=> what page_owner=on knows about the frame; nothing when it is off"""
    owner = record_of(pfn)
    if not owner:
        return
    if owner["last_order"] < 0:
        yield "never allocated"
        return
    now = "" if owner["order"] >= 0 else "free now; "
    yield f"{now}allocated with order {owner['last_order']}, mask {owner['gfp']:#x}, by pid {owner['pid']}, at"
    yield from stack(owner, "alloc")
    lines = list(stack(owner, "freed")) if freed else []
    if lines:
        yield "freed last at" if owner["order"] < 0 else "freed the time before at"
        yield from lines


class Owner(Command):
    """mm owner PFN: who allocated a frame last and who freed it: order, gfp mask, pid, stacks.

Needs the boot word page_owner=on (in debug builds it is on). /sys/kernel/debug/page_owner has the same for all frames
in use; `mm page PFN` tells what the frame is used for."""

    name = "mm owner"
    words_wanted = (1, 1)

    def run(self, words):
        need_memory()
        need(kernel.symbol("owner_blocks"), "page_owner is off: boot with the word page_owner=on")
        pfn = number(words[0], "a frame number")
        need(pages.is_valid(pfn), f"frame {pfn:#x} has no struct page: there is no memory there")
        lines = list(owner_lines(pfn, freed=True))
        need(lines, f"page_owner keeps no records for frame {pfn:#x}: its table ends before")
        print(f"frame {pfn:#x} ({pfn}): {lines[0]}")
        for line in lines[1:]:
            print(f"  {line}")


Owner()
