# SPDX-License-Identifier: MIT
"""mm swap, and the words for one swap entry: type and offset, how many use the slot, is it in the swap cache."""
from gdbcmds import kernel, layout
from gdbcmds.command import Command, need, need_memory, number
from gdbcmds.kernel import Obj

D = layout.DEFINE


def split(entry):
    """=> (type, offset)"""
    return entry >> 1 & (1 << D["SWP_TYPE_BITS"]) - 1, entry >> D["SWP_OFFSET_SHIFT"]


def areas():
    """=> (type, struct swap_area) of those in use"""
    for number, address in enumerate(kernel.array("swap_areas")):
        if address and Obj("struct swap_area", address)["flags"]:
            yield number, Obj("struct swap_area", address)


def describe_slot(byte):
    if byte == 0:
        return "free"
    count = byte & D["SWAP_MAP_COUNT"]
    if byte & ~D["SWAP_HAS_CACHE"] == D["SWAP_MAP_SHMEM"]:
        words = ["used by tmpfs"]
    elif count == D["SWAP_MAP_BAD"]:
        return "bad"
    else:
        words = [f"{count}{' or more' if byte & D['COUNT_CONTINUED'] else ''} users"]
    if byte & D["SWAP_HAS_CACHE"]:
        words.append("in the swap cache")
    return ", ".join(words)


def describe(entry):
    """=> a few words about a swap or migration entry"""
    number, offset = split(entry)
    if number >= D["SWP_MIGRATION_READ"]:
        return f"migration entry of frame {offset:#x}: the page is just being moved"
    if number >= D["MAX_SWAPFILES"]:
        return f"special entry, type {number}, offset {offset:#x}"
    area = dict(areas()).get(number)
    if not area or offset >= area["max"]:
        return f"swap type {number}, offset {offset:#x}: no such slot"
    byte = kernel.read(area["map"] + offset, 1)[0]
    frame = int.from_bytes(kernel.read(area["cache"] + 4 * offset, 4), "little")
    cached = f", its page is frame {frame:#x}" if frame else ""
    return f"swapped out to slot {offset:#x} of {area['path']} (type {number}): {describe_slot(byte)}{cached}"


class Swap(Command):
    """mm swap [TYPE OFFSET]: the swap areas and how full they are, or one slot.

A slot is what a page-table entry that is swapped out names (mm pte); its users are such entries and the cache."""

    name = "mm swap"
    words_wanted = (0, 2)

    def run(self, words):
        need_memory()
        if words:
            need(len(words) == 2, "usage: mm swap [TYPE OFFSET]    (help mm swap)")
            print(describe(number(words[0]) << 1 | number(words[1]) << D["SWP_OFFSET_SHIFT"]))
            return
        found = list(areas())
        if not found:
            print("no swap area is in use")
        for kind, area in found:
            used, pages = area["inuse_pages"], area["pages"]
            print(f"type {kind}: {area['path']}, priority {area['prio']}, {pages} slots, {used} in use "
                  f"({used / pages if pages else 0:.0%}), {area['nr_cached']} of them in the swap cache")


Swap()
