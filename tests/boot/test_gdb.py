# SPDX-License-Identifier: MIT
"""gdb's commands (docs/gdb.md) against states that are known by other means: what the guest's program has made
(tests/user/gdb_state.c), /proc's text of the same moment, the physical memory as QEMU shows it, faults planted by hand."""
import os
import re
import shlex
import signal
import socket
import subprocess
import time

import pexpect
import pytest

from gdb_driver import GDB, session
from machine import PROGRAMS, TOP, program

PATTERN = 0x7469646500000000

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


def number(text, pattern):
    match = re.search(pattern, text)
    assert match, (pattern, text)
    return int(match[1], 0)


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


# ---- Faults planted by hand -------------------------------------------------------------------------------

ZONE = "node_data[0]->node_zones[1]"
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


# ---- Programs ----------------------------------------------------------------------------------------------

PIE = r"""
int counter = 41;
__attribute__((noinline)) int where_it_happens(int n) { return counter += n; }
int main(void) { return where_it_happens(1) != 42; }
"""

FOLLOW = r"""
note("count", 0)
until("where_it_happens"); do("bt"); do("p counter"); do("program")
do("finish"); do("p counter")
until("known_state"); do("program"); do("info symbol where_it_happens")
do("program /etc/hostname"); do(f"program {other}"); do(f"program {own}"); do("program auto")
do("continue")
"""


def test_programs_are_followed(tmp_path):
    """A position independent program at the address it was given, then the symbols of the next one instead."""
    pie = tmp_path / "pie"
    (tmp_path / "pie.c").write_text(PIE)
    subprocess.run(["gcc", "-g", "-O1", "-static-pie", "-fPIE", tmp_path / "pie.c", "-o", pie], check=True)
    script = f"own = {program('gdb_state')!r}; other = {program('vm_map')!r}\n" + FOLLOW
    seen = session(str(tmp_path), script, "--add", f"{pie}:/opt/other-name", "--add", program("gdb_state"),
                   "--exec", "/opt/other-name", "--exec", "/gdb_state")
    assert re.match(r"#0  where_it_happens \(n=(n@entry=)?1\) at .*pie.c:3\n#1 .* in main \(\) at .*pie.c:4", seen["bt"]), seen
    assert [text.split()[-1] for text in seen.every("p counter")] == ["41", "42"], seen
    programs = seen.every("program")
    assert programs[0].startswith(f"symbols of {pie} for /opt/other-name") and "gdb_state" in programs[1], seen
    assert "No symbol" in seen["info symbol where_it_happens"], seen
    assert "no ELF file" in seen["program /etc/hostname"] and "kept until" in seen[f"program {program('gdb_state')}"], seen
    assert "is not the program of the current task: /gdb_state starts at" in seen[f"program {program('vm_map')}"], seen
    assert "exec: /opt/other-name exited with status 0" in seen.console, seen


# ---- Running and panicked ------------------------------------------------------------------------------------


class Person:
    """Somebody at gdb's prompt."""

    def __init__(self, *words):
        self.gdb = pexpect.spawn(GDB, list(words), timeout=60, encoding="utf-8", codec_errors="replace", echo=False,
                                 env=dict(os.environ, TERM="dumb"))
        self.prompt()

    def prompt(self):
        self.gdb.expect_exact("(gdb) ")
        return self.gdb.before

    def say(self, line):
        self.gdb.sendline(line)
        return self.prompt()

    def until(self, line, pattern):
        """Says line again and again until the answer matches: the guest goes on meanwhile."""
        for _ in range(200):
            text = self.say(line)
            if re.search(pattern, text):
                return text
            time.sleep(0.1)
        pytest.fail(f"{line} never told {pattern}: {text}")

    def leave(self):
        self.gdb.sendline("quit")
        self.gdb.expect(pexpect.EOF)
        self.gdb.close()


def test_while_the_kernel_runs(tmp_path):
    """`continue &`: each command interrupts the machine, answers, and lets it go on. Ctrl-C in the foreground."""
    person = Person("--console", str(tmp_path / "console"), "--cpus", "2")
    person.say("continue &")
    person.until("console 3", r"tidemark\S*# ")
    for command, words in (("mm zones", "zone HighMem.*per-CPU"), ("tasks", "kswapd0 +kswapd_try_to_sleep"),
                           ("mm check", r"\d+ free blocks, 65536 pages checked, \d+ errors")):
        person.gdb.sendline(command)
        person.gdb.expect("(?s)" + words)
    person.until("python print('it', 'runs' if gdb.selected_thread().is_running() else 'stands')", "it runs")
    person.say("console echo $((6*7))x")
    person.until("console 3", "42x")
    person.gdb.sendline("interrupt")
    person.gdb.expect("received signal SIGINT")
    person.until("python print('it', 'runs' if gdb.selected_thread().is_running() else 'stands')", "it stands")
    person.gdb.sendline("continue")
    person.gdb.expect("Continuing")
    person.gdb.sendintr()
    person.prompt()
    assert "mm check: " in person.say("mm check")
    assert "mm buddy" in person.say("complete mm bu")
    assert {"bt 1", "bt 2"} <= set(person.say("complete bt ").split("\r\n"))
    assert "mm pte 0x400000 1" in person.say("complete mm pte 0x400000 ")
    assert "every free list, per-CPU list and LRU list" in person.say("help mm check")
    person.leave()


def test_after_a_panic(tmp_path, debug):
    """Both builds: the machine waits in the panic, the commands know it, and going on ends it."""
    script = """
do("continue")
for command in ("bt", "tasks", "mm zones", "mm buddy", "mm check", "mm page zero_page", "mm lru", "p panic_cpu", "bt 5", "mm page $task(1)"):
    do(command)
do("continue")
"""
    seen = session(str(tmp_path), script, *(["--debug"] if debug else []), "--cpus", "2", "--append", "init=/bin/false")
    assert "The kernel has panicked on CPU" in seen.every("continue")[0] + seen.output, seen
    assert re.search(r"(?s)in panic \(.*do_exit", seen["bt"]), seen
    assert re.search(r"(?m)^ *1 +1 R .*running on CPU", seen["tasks"]), seen
    assert "kswapd_try_to_sleep" in seen["bt 5"] and "the zero page" in seen["mm page zero_page"], seen
    assert "zone HighMem" in seen["mm zones"] and "zone HighMem" in seen["mm buddy"] and "unevictable" in seen["mm lru"], seen
    assert re.search(r"pages checked, 0 errors", seen["mm check"]), seen
    assert "Backtrace stopped" not in seen["bt"], seen
    owner = re.search(r"owner +allocated with order \d+, mask 0x\w+, by pid \d+, at\n  owner +0xf+8\w+ \w+", seen["mm page $task(1)"])
    assert bool(owner) == debug, "a debug build keeps who allocated each page"
    assert "Kernel panic - not syncing" in seen.console, seen


def waiting_machine(folder, *words):
    """=> (scripts/run that waits for a debugger, its port)"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    out = open(os.path.join(folder, "out"), "wb")
    run = subprocess.Popen([os.path.join(TOP, "scripts", "run"), "--boot", "direct", "--gdb", str(port), "--timeout", "200",
                            *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return run, port


@pytest.mark.parametrize("how", ["detach", "kill"])
def test_a_panic_waits_for_any_debugger_and_ends_when_it_leaves(tmp_path, how):
    """One's own gdb without our commands: stopped by the panic; when it leaves, scripts/run ends with status 3."""
    run, port = waiting_machine(str(tmp_path), "--append", "init=/bin/false")
    gdb = pexpect.spawn("gdb", ["-q", "-nx", "-ex", "set confirm off", "-ex", "set tcp connect-timeout 30", "-ex",
                                f"target remote :{port}", os.path.join(TOP, "build", "tidemark.elf")], timeout=60,
                        encoding="utf-8", env=dict(os.environ, TERM="dumb"))
    gdb.expect_exact("(gdb) ")
    gdb.sendline("continue")
    gdb.expect("received signal")
    gdb.expect_exact("(gdb) ")
    time.sleep(1)
    assert run.poll() is None, "the machine did not wait"
    gdb.sendline("p panic_in_progress")
    gdb.expect("= 1")
    if how == "detach":
        gdb.sendline("detach")
    else:
        gdb.kill(signal.SIGKILL)
    assert run.wait(60) == 3
    gdb.close(force=True)


def test_attach_to_a_machine_that_waits(tmp_path):
    """`scripts/gdb --attach PORT` beside `scripts/run --gdb PORT`: the commands, and the machine lives on without gdb."""
    run, port = waiting_machine(str(tmp_path), "--exec", "/bin/echo alive")
    script = tmp_path / "script"
    script.write_text("hbreak kernel_main\ncontinue\nprogram\ndetach\n")
    done = subprocess.run([GDB, "--attach", str(port), "--script", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=100)
    assert "kernel_main (" in done.stdout and "no program's symbols" in done.stdout, done.stdout
    assert run.wait(60) == 0
    assert "alive" in (tmp_path / "out").read_text()


def test_a_port_in_use_is_told(tmp_path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        done = subprocess.run([GDB, "--port", str(s.getsockname()[1]), "--console", str(tmp_path / "console")],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode and "port" in done.stdout.lower() and "Traceback" not in done.stdout, done.stdout


# ---- docs/gdb.md ---------------------------------------------------------------------------------------------


def shape(line):
    """=> a pattern for the line with other numbers, addresses and bars"""
    parts = re.split(r"0x[0-9a-f]+|\d+|#{2,}|\.{4,}", re.sub(r"\s+", " ", line.strip()))
    return r"[#.0-9a-fx]*".join(re.escape(part).replace(r"\ ", r"\s*") for part in parts)


def test_the_session_of_the_page(tmp_path):
    with open(os.path.join(TOP, "docs", "gdb.md"), encoding="utf-8") as f:
        page = f.read()
    steps = [step.rstrip("\n").split("\n") for step in re.search(r"(?s)```gdb\n\(gdb\) (.*?)```", page)[1].split("(gdb) ")]
    words = re.search(r"After `make gdb RUNFLAGS='(.*?)'`", page)[1]
    seen = session(str(tmp_path), "".join(f"do({step[0]!r})\n" for step in steps), "--swap", "512M", *shlex.split(words))
    for command, *lines in steps:
        pattern = "".join(r"(?:.*\n)*?" if line == "..." else rf"\s*{shape(line)}\s*?\n" for line in lines)
        assert re.match(pattern, seen[command]), (command, lines, seen[command])


def test_the_commands_of_the_page_exist(tmp_path):
    with open(os.path.join(TOP, "docs", "gdb.md"), encoding="utf-8") as f:
        table = re.search(r"(?s)## The commands\n(.*?)\n\*\*What", f.read())[1]
    names = re.findall(r"(?m)^\| `((?:mm )?[a-z]+)", table)
    assert {"tasks", "bt", "mm zones", "mm page", "mm check", "program", "console"} <= set(names)
    seen = session(str(tmp_path), "".join(f"do('help {name}')\n" for name in names if name != "p") + "do('help mm')\n")
    for name in names:
        if name != "p":
            assert seen[f"help {name}"].startswith(name) and name in seen["help mm"] + "tasks bt program console", seen


def test_make_gdb_with_the_source_above():
    """`make gdb TUI=1 GDB_PORT=n` at a terminal."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    gdb = pexpect.spawn("make", ["gdb", "TUI=1", f"GDB_PORT={port}", "SETUP=no", "APPEND=quiet", "CPUS=2"], cwd=TOP, timeout=200,
                        encoding="utf-8", codec_errors="replace", dimensions=(40, 120), env=dict(os.environ, TERM="xterm"))
    gdb.expect("kernel/main.c")
    gdb.expect(r"\(gdb\) ")
    gdb.sendline("p 6*7")
    gdb.expect("= 42")
    gdb.sendline("info threads")
    gdb.expect("CPU#1")
    gdb.sendline("quit")
    gdb.expect(pexpect.EOF)
    gdb.close()
    assert gdb.exitstatus == 0
