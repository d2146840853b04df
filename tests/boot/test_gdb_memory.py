# SPDX-License-Identifier: MIT
"""gdb's view of memory where it is not as it should be: faults planted by hand, which mm check must find, and pages
that are not in memory at all but on the swap disk."""
import os
import re
import subprocess

from gdb_driver import PATTERN, number, session
from machine import program

# ---- Faults planted by hand -------------------------------------------------------------------------------

PLANT = r"""
until("known_state")
def planted(name, *changes):
    "Words are changed, mm check looks, the words are put back. changes: lvalue, function of the old word, ..."
    undo = []
    for place, change in zip(changes[::2], changes[1::2]):
        undo.append((place, value(f"*(unsigned int *)&({place})")))
        gdb.execute(f"set var *(unsigned int *)&({place}) = {change(undo[-1][1])}")
    note(name, gdb.execute("mm check", to_string=True))
    for place, old in reversed(undo):
        gdb.execute(f"set var *(unsigned int *)&({place}) = {old}")
def page(pfn):
    return f"((struct page *)0xffffea0000000000)[{pfn}]"
zone = "node_data[0]->node_zones[1]"
high = "node_data[0]->node_zones[2]"
order, free = next((o, f) for o in range(10, 0, -1) for f in [value(f"{zone}.free_area[{o}].free_list[2].first")] if f and
                   value(page(f) + ".next"))
lru = value(f"{high}.lruvec.lists[1].first")
pcp = next(f"{z}.pageset[{c}].pcp" for z in (zone, high) for c in (0, 1) if value(f"{z}.pageset[{c}].pcp.count"))
cached = next(value(f"{pcp}.lists[{i}].first") for i in range(3) if value(f"{pcp}.lists[{i}].first"))
note("frames", [free, lru, cached])
do("mm check")
planted("nr_free", f"{zone}.free_area[{order}].nr_free", lambda n: n + 1)
planted("counter", f"{zone}.vm_stat[0]", lambda n: n - 7)
planted("order", page(free) + ".private", lambda n: n - 1)
planted("type", page(free) + ".index", lambda n: 0)
planted("refcount", page(free) + "._refcount", lambda n: 1)
planted("mark", page(free) + "._mapcount", lambda n: 0xffffffff)
planted("inside", page(free + 3) + "._refcount", lambda n: 1)
planted("prev", page(value(page(free) + ".next")) + ".prev", lambda n: n + 1)
planted("circle", page(value(page(free) + ".next")) + ".next", lambda n: free)
planted("lost", f"{zone}.free_area[{order}].free_list[2].first", lambda n: 0)
half, smaller = free + (1 << order - 1), f"{zone}.free_area[{order - 1}].free_list[2]"
behind, first = value(page(free) + ".next"), value(smaller + ".first")
to = lambda number: lambda old: number
planted("halves",  # the block split by hand, its halves side by side on the list below: only the merging is wrong
        f"{zone}.free_area[{order}].free_list[2].first", to(behind), page(behind) + ".prev", to(0),
        f"{zone}.free_area[{order}].nr_free", lambda n: n - 1, f"{zone}.free_area[{order - 1}].nr_free", lambda n: n + 2,
        page(free) + ".private", to(order - 1), page(half) + ".private", to(order - 1), page(half) + ".index", to(2),
        page(half) + "._mapcount", to(0xffffff80), page(free) + ".next", to(half), page(half) + ".prev", to(free),
        page(half) + ".next", to(first), *((page(first) + ".prev", to(half)) if first else (smaller + ".last", to(half))),
        smaller + ".first", to(free))
planted("nowhere", page(free) + ".next", lambda n: 0x7ffffff)
planted("lru flag", page(lru) + ".flags", lambda n: n & ~(1 << 5))
planted("lru active", page(lru) + ".flags", lambda n: n & ~(1 << 6))
planted("lru count", f"{high}.vm_stat[3]", lambda n: n + 50)
planted("lru freed", page(lru) + "._refcount", lambda n: 0)
planted("pcp count", f"{pcp}.count", lambda n: n + 1)
planted("pcp used", page(cached) + "._refcount", lambda n: 2)
do("mm check")
"""

FOUND = {"halves": "they were not united", "nr_free": "nr_free is",
         "counter": "NR_FREE_PAGES is", "order": "says it is of order", "type": "says it is of order",
         "refcount": "not marked free", "mark": "not marked free", "inside": "in use, but inside the free block",
         "prev": "prev is", "circle": "it was met on", "lost": "marked as a free block, but on no free list",
         "nowhere": "which does not exist", "lru flag": "PG_lru is not set", "lru active": "its flags name inactive_anon",
         "lru count": "but the counter says", "lru freed": "nobody uses it", "pcp count": "count is", "pcp used": "in use (mapcount"}


def test_check_finds_what_is_wrong(tmp_path):
    seen = session(str(tmp_path), PLANT, "--cpus", 2, "--add", program("gdb_state"), "--exec", "/gdb_state")
    clean = seen.every("mm check")
    assert len(clean) == 2 and all(text.endswith(" 0 errors\n") for text in clean), seen
    free, lru, cached = seen["frames"]
    for name, words in FOUND.items():
        text = seen[name]
        assert words in text and number(text, r"checked, (\d+) errors") > 0, (name, seen)
        assert name != "halves" or text.endswith(" 1 errors\n"), seen
        frame = lru if name.startswith("lru") else cached if name.startswith("pcp") else free
        if name in ("order", "type", "refcount", "mark", "lru flag", "lru active", "lru freed", "pcp used"):
            assert f"frame {frame:#x} (struct page {0xffffea0000000000 + 48 * frame:#x})" in text, (name, seen)


# ---- Swap ------------------------------------------------------------------------------------------------

SWAPPED = r"""
until("known_state")
note("big", value("big"))
do("mm swap")
pte = lambda i: gdb.execute(f"mm pte {value('big') + 4096 * i:#x}", to_string=True)
for i in range(0, 40 << 8, 200):
    text = pte(i)
    if "swapped out" in text and "its page is" not in text:
        note("slot", [i, text])
    elif "its page is" in text:
        note("cached", [i, gdb.execute(f"mm page pfn:0x{text.split('its page is frame 0x')[1].split()[0]}", to_string=True)])
do("mm check"); do("mm zones")
do(f"mm page {value('big') + 4096 * note('one', next(i for i in range(0, 40 << 8, 7) if 'swapped out' in pte(i))):#x}")
"""


def test_swapped_pages(tmp_path):
    """The slot that `mm pte` names holds, in the disk's file, what the program wrote to the page."""
    disk = tmp_path / "swap"
    disk.write_bytes(b"")
    os.truncate(disk, 64 << 20)
    subprocess.run([find_mkswap(), "-q", disk], check=True)
    seen = session(str(tmp_path), SWAPPED, "--memory", "32M", "--swap", disk, "--add", program("gdb_state"),
                   "--exec", "/gdb_state 40")
    slots = seen.every("slot")
    assert len(slots) >= 10, seen
    with open(disk, "rb") as image:
        for i, text in slots:
            image.seek(4096 * number(text, r"swapped out to slot (0x\w+) of /dev/vda \(type 0\): 1 users"))
            assert int.from_bytes(image.read(8), "little") == PATTERN + i, (i, text)
    assert 1000 < number(seen["mm swap"], r"type 0: /dev/vda, priority -\d+, 16383 slots, (\d+) in use") < 16383, seen
    for _, text in seen.every("cached"):
        assert re.search(r"flags .*swapcache", text) and "in the swap cache: swapped out to slot" in text, text
    assert seen["mm check"].endswith(" 0 errors\n"), seen
    assert "swapped out to slot" in seen.notes[-1][1] and seen.notes[-1][1].startswith("error: "), seen


def find_mkswap():
    return next(p for p in ("/usr/sbin/mkswap", "/sbin/mkswap", "/usr/bin/mkswap") if os.path.exists(p))


GENERATIONS = """
until("known_state")
do("mm lru 2"); do("mm check")
"""


def test_lists_of_generations(tmp_path):
    """Under mglru pages lie on lists of their own; mm lru shows them and mm check counts them."""
    disk = tmp_path / "swap"
    disk.write_bytes(b"")
    os.truncate(disk, 64 << 20)
    subprocess.run([find_mkswap(), "-q", disk], check=True)
    seen = session(str(tmp_path), GENERATIONS, "--memory", "32M", "--swap", disk, "--add", program("gdb_state"),
                   "--append", "reclaim_policy=mglru", "--exec", "/gdb_state 40")
    assert number(seen["mm lru 2"], r"gen\d_anon +(\d+)  0x") > 0, seen
    assert seen["mm check"].endswith(" 0 errors\n"), seen
