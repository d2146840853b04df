# SPDX-License-Identifier: MIT
"""gdb's commands (docs/gdb.md) against a state that is known by other means: what the guest's program has made
(tests/user/gdb_state.c), /proc's text of the same moment, the physical memory as QEMU shows it. (Faults planted by hand
and swap: test_gdb_memory.py; programs, panics, the prompt: test_gdb_session.py.)"""
import re

import pytest

from gdb_driver import PATTERN, number, session
from machine import PROGRAMS, program

LOOK = r'''
do("mm zones"); do("tasks"); do("bt 1")          # at boot: nothing is there yet
do("program")
until("known_state")
for name in ("mine", "both", "share", "file", "me", "child"):
    note(name, value(name))
me, child = value("me"), value("child")
do("program")
do("bt")
note("zero", value("zero_page"))
do("tasks")
do(f"bt {child}"); do(f"bt {me}"); do("bt 5"); do("bt -1"); do("bt 31999"); do("bt full 1")
note("bt after all", gdb.execute("bt", to_string=True))
do("p $current()->pid"); do(f"p $task({child})->comm")
for name in ("mine", "both", "share", "file"):
    do(f"mm pte {name}"); do(f"mm page {name}" if value(name) > 1 << 30 else f"mm page user:{name}")
    do(f"mm page {value(name):#x} {child}")
    note(f"page of {name}", gdb.execute(f"mm page {value(name):#x} {me}", to_string=True))
def frame(name):
    return int(gdb.execute(f"mm page {value(name):#x} {me}", to_string=True).split()[1], 16)
for name in ("mine", "both", "share", "file"):
    note(f"frame of {name}", frame(name))
    note(f"memory of {name}", gdb.execute(f"monitor xp/1gx {frame(name) * 4096}", to_string=True))
f = frame("both")
for how in (f"{f}", f"pfn:{f:#x}", f"phys:{f * 4096 + 5:#x}", f"{0xffffea0000000000 + 48 * f:#x}"):
    note(f"same {how}", gdb.execute(f"mm page {how}", to_string=True))
do(f"mm page $task({me})"); do(f"mm page $task({me})->stack"); do(f"mm page $task({me})->mm->pgd")
do("mm page zero_page"); do("mm page &max_pfn"); do("mm pte mine+512"); do(f"mm pte &max_pfn")
do("mm lru 3"); do("mm swap"); do("mm check")
until("buddyinfo_show"); note("in the kernel", do("bt")); do("mm zones"); do("mm buddy"); do("mm check")
free = next(w for w in gdb.execute("p/x (unsigned)node_data[0]->node_zones[1].free_area[10].free_list[2].first",
            to_string=True).split() if w.startswith("0x"))
note("free frame", int(free, 16))
do(f"mm page {free}"); do(f"mm page {int(free, 16) + 5}")
until("zoneinfo_show"); do("mm zones")
until("account_tick"); note("in an interrupt", gdb.execute("bt", to_string=True))
'''

BAD = ("mm page", "mm page nonsense", "mm page 0xfffffffff", "mm page 0xffffea7fffffffd0", "mm page 1 2 3", "mm page mine 31999",
       "mm page 0x10000 1", "mm page 0x8000000000000000", "mm pte", "mm pte 0x8000000000000000", "mm pte 1 31999", "mm pte $nope",
       "mm pte mine 2", "mm swap 1", "mm swap 9 9", "mm zones now", "mm nothing", "bt nonsense", "p $task(31999)",
       "program /nowhere", "program /etc/passwd", "mm lru x", "mm page -1", "mm pte -1", "tasks all", "mm check 1")


@pytest.fixture(scope="module")
def looked(tmp_path_factory):
    script = LOOK + "\n".join(f"do({command!r})" for command in BAD)
    return session(str(tmp_path_factory.mktemp("gdb")), script, "--cpus", 2, "--add", program("gdb_state"),
                   "--exec", "/gdb_state", "--append", "watchdog=60")


# ---- One machine whose state is known, looked at once -----------------------------------------------------


def test_at_boot_the_commands_say_that_it_is_too_early(looked):
    for command in ("mm zones", "tasks", "bt 1"):
        assert looked.every(command)[0].startswith("error: the kernel has"), looked


def test_the_running_program_has_symbols(looked):
    assert looked.every("program")[0] == "no program's symbols\n"
    assert f"{PROGRAMS}/gdb_state for /gdb_state" in looked["program"], looked
    frames = looked.every("bt")[0].splitlines()
    assert re.match(r"#0  known_state \(\) at tests/user/gdb_state.c:\d+", frames[0]), looked
    assert re.match(r"#1 .* main \(argc=.*at tests/user/gdb_state.c:\d+", frames[1]), looked


def test_tasks(looked):
    me, child, text = looked["me"], looked["child"], looked["tasks"]
    assert re.search(rf"(?m)^ *{me} +{me} R .*0xffff888\w+  gdb_state +running on CPU [01]$", text), looked
    assert re.search(rf"(?m)^ *{child} +{child} S .*0xffff888\w+  gdb_state +sys_pause$", text), looked
    assert re.search(r"(?m)^ *\d+ +\d+ S +0 +0  - +ksoftirqd/0 +ksoftirqd_thread$", text), looked
    assert re.search(r"(?m)^ *1 +1 S .* do_wait$", text), looked
    assert looked["p $current()->pid"].split()[-1] == str(me)
    assert '"gdb_state' in looked[f"p $task({child})->comm"]


def test_backtraces(looked):
    me, child = looked["me"], looked["child"]
    sleeping = looked[f"bt {child}"]
    assert re.search(r"(?s)^Task \d+ \(gdb_state\), S, not running:\n#0 .*schedule.*in sys_pause \(\) at kernel/sys/"
                     r".*in do_syscall .*entry_syscall", sleeping), looked
    assert f"Task {me} (gdb_state), R, on CPU" in looked[f"bt {me}"] and "known_state" in looked[f"bt {me}"], looked
    assert "(kswapd0)" in looked["bt 5"] and "kswapd_try_to_sleep" in looked["bt 5"], looked
    assert "main (" in looked["bt -1"] and "#0" not in looked["bt -1"], looked
    assert looked["bt full 1"].startswith("#0  known_state ()") and "No locals" in looked["bt full 1"], looked
    assert looked["bt 31999"].startswith("No task has pid 31999") and "known_state" in looked["bt 31999"], looked
    assert looked.every("p $current()->pid")[0].split()[-1] == str(me), "the registers of bt PID were not put back"
    assert looked.every("bt")[0] == looked["bt after all"], "the registers of bt PID were not put back"
    names = re.findall(r"(?m)^#\d+ +(?:0x\w+ in )?(\w+) \(", looked["in the kernel"])
    assert names[0] == "buddyinfo_show" and names[-1] == "read", looked
    assert names[names.index("do_syscall") + 1 :][0] == "entry_syscall", looked
    assert re.search(r"(?s)#0  account_tick .*in do_interrupt .*irq_common \(\)\n#\d+ +(?:0x\w+ in )?\w+ \(",
                     looked["in an interrupt"]), looked
    assert "Backtrace stopped" not in looked["in the kernel"] + sleeping, looked


@pytest.mark.parametrize("name, content, mappers", [("mine", 0xA, 1), ("both", 0xB, 2), ("share", 0x6, 2), ("file", 0xF, 2)])
def test_a_page_is_found_and_who_maps_it(looked, name, content, mappers):
    """The frame that `mm page` names holds what the program wrote there, as QEMU reads physical memory."""
    me, child, address, frame = looked["me"], looked["child"], looked[name], looked[f"frame of {name}"]
    assert int(looked[f"memory of {name}"].split()[-1], 16) == PATTERN + content, looked
    text = looked[f"page of {name}"]
    assert number(text, r"mapcount (\d+)") == mappers
    assert re.findall(r"(?m)^    pid (\d+) \(gdb_state\) at (0x\w+): frame (0x\w+), present", text) == [
        (str(pid), f"{address:#x}", f"{frame:#x}") for pid in (me, child)[:mappers]], looked
    assert number(looked[f"mm pte {name}"], r"-> frame (0x\w+),") == frame
    if mappers == 2:
        assert number(looked[f"mm page {address:#x} {child}"], r"^frame (0x\w+)") == frame
    else:
        assert "has no page in task" in looked[f"mm page {address:#x} {child}"], looked


def test_states_of_pages(looked):
    me = looked["me"]
    assert "state   anonymous memory" in looked["page of mine"] and "active swapbacked" in looked["page of mine"]
    assert "page cache: page 0x0 of /tmp/gdb_state" in looked["page of file"], looked
    assert "slab of cache task_struct" in looked[f"mm page $task({me})"], looked
    assert f"kernel stack of pid {me} (gdb_state)" in looked[f"mm page $task({me})->stack"], looked
    assert f"page table (pgd) of pid {me} (gdb_state)" in looked[f"mm page $task({me})->mm->pgd"], looked
    assert "the zero page" in looked["mm page zero_page"] and "the kernel's image" in looked["mm page &max_pfn"], looked
    free = looked["free frame"]
    assert "free in the buddy, order 10, list Movable\n" in looked[f"mm page {free:#x}"], looked
    assert f"order 10, list Movable, inside the block of frame {free:#x}" in looked[f"mm page {free + 5}"], looked


def test_a_page_is_named_in_many_ways(looked):
    ways = [text for key, text in looked.notes if key.startswith("same ")]
    assert len(ways) == 4 and set(ways) == {looked["page of both"]}, looked


def test_entries_of_page_tables(looked):
    lines = looked["mm pte both"].splitlines()
    assert [line.split()[0] for line in lines[2:6]] == ["pgd", "pud", "pmd", "pte"], looked
    assert "present user accessed dirty NX" in lines[5], "shared by fork, so not writable"
    assert "present write user accessed dirty NX" in looked["mm pte mine"], looked
    assert looked["mm pte mine+512"].splitlines()[-1].endswith("= 0x0000000000000000  empty"), looked
    assert "0x" in looked["mm pte &max_pfn"].splitlines()[-1] and "global NX" in looked["mm pte &max_pfn"], looked


def proc_zones(looked):
    """=> zoneinfo as the guest printed it: {name: {word: number}}"""
    out = {}
    for name, body in re.findall(r"(?ms)^Node 0, zone +(\w+)\n(  pages free.*?inactive_ratio: +\d+)$", looked.console):
        out[name] = {}
        for word, n in re.findall(r"(?m)^ +(?:pages )?(\w+):? +(\d+)$", body):
            out[name].setdefault(word, int(n))  # "high" comes again with the per-CPU lists
        out[name]["protection"] = re.search(r"protection: \((.*)\)", body)[1].replace(",", "")
    return out


def test_zones(looked):
    """The same numbers as /proc/zoneinfo of the same moment; there without what the CPUs have not folded in."""
    want, folded = proc_zones(looked), 2 * 125
    assert list(want) == ["DMA", "Normal", "HighMem"], looked
    for part in looked.every("mm zones")[-1].split("Node 0, zone ")[1:]:
        zone = want.pop(part.split(":")[0])
        assert number(part, r"pfn (0x\w+)-") == zone["start_pfn"]
        for word in ("spanned", "present", "managed", "min", "low", "high"):
            assert number(part, rf"{word} (\d+)") == zone[word], (word, part)
        assert re.search(r"lowmem_reserve (.*)", part)[1] == zone["protection"]
        for word, item in (("free +", "free"), ("inactive_anon ", "nr_inactive_anon"), ("active_anon ", "nr_active_anon"),
                           ("pagetables ", "nr_page_table_pages"), ("slab_unreclaimable ", "nr_slab_unreclaimable")):
            assert abs(number(part, rf"\b{word}(\d+)") - zone[item]) <= folded, (word, part)
        used = 1 - number(part, r"free +(\d+)") / zone["managed"]
        assert number(part, r"(\d+)% used") == round(used * 100)
    assert not want


def test_buddy(looked):
    """The same numbers as /proc/buddyinfo of the same moment, and NR_FREE_PAGES of mm zones is their sum."""
    rows = {name: [int(n) for n in numbers.split()] for name, numbers in
            re.findall(r"(?m)^Node 0, zone +(\w+) +((?:\d+ +){11})$", looked.console)}
    parts = looked["mm buddy"].split("Node 0, zone ")[1:]
    free = re.findall(r"(?m)^  free +(\d+)", looked.every("mm zones")[-2])
    assert len(rows) == len(parts) == len(free) == 3, looked
    for part, pages in zip(parts, free):
        row = rows[part.split(":")[0]]
        assert [int(n) for n in re.search(r"(?m)^  all +(.*)$", part)[1].split()] == row, looked
        assert sum(n << order for order, n in enumerate(row)) == int(pages) == number(part, r"(?m)^  (\d+) pages free")
        types = [[int(n) for n in line.split()[1:]] for line in part.splitlines() if re.match(r"  [A-Z]\w+ +\d", line)
                 and not line.startswith("  CPU")]
        assert [sum(column) for column in zip(*types)] == row, part


def test_check_of_a_sound_machine(looked):
    for text in looked.every("mm check")[:2]:
        assert re.fullmatch(r"mm check: \d+ free blocks, 65536 pages checked, 0 errors\n", text), looked


@pytest.mark.parametrize("command", BAD)
def test_bad_words_give_a_message(looked, command):
    text = looked[command]
    assert text.startswith("error: ") or "no such slot" in text or "in the kernel" in text, looked
    assert "Python" not in text and "make no sense" not in text, text
