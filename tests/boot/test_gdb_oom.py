# SPDX-License-Identifier: MIT
"""mm oom, mm owner, mm pcp against the kernel's own text of the same moment: /proc/oom, page_owner, /proc/zoneinfo.

gdb stops where the kernel begins to write the text; on one CPU nothing changes until it is written. What does not
happen by itself (a victim that lingers, swapoff in progress) is planted by hand, and both must tell it alike.
"""
import os
import re

import pytest

from gdb_driver import session
from machine import program

GUEST = """
mount -t debugfs none /sys/kernel/debug
for role in threads shared family user; do
  /oom_cast $role & until grep -q "^cast $role" /log; do sleep 0.1; done
done >> /log
/bin/hog --mib 4 --adj 300 --report 0 --hold 100000 & /bin/hog --mib 4 --adj -1000 --report 0 --hold 100000 &
until [ "$(awk '$12 == "hog" && $4 >= 1024' /proc/oom | wc -l)" = 2 ]; do sleep 0.1; done
cat /log; cat /proc/version
for i in 0 1 2 3 4 5 6 7 8 9 10 11; do echo "--- trial"; cat /proc/oom; done
echo "--- pages"; head -n 90 /sys/kernel/debug/page_owner
awk 'BEGIN { RS = ""; ORS = "\\n\\n" } /order [1-9]/' /sys/kernel/debug/page_owner | head -n 40
echo "--- zones"; cat /proc/zoneinfo
echo "--- end"
"""

# What is planted before each trial: expressions of gdb and how their words change (bits are added to flags); hog is the
# one that may die, cast the process of threads.
PLANTED = (
    (),
    (("sysctl_panic_on_oom", 2),),
    (("sysctl_oom_kill_allocating_task", 1),),
    (("hog->thread_flags", 1 << 2),),                             # TIF_MEMDIE
    (("hog->signal->oom_origin", 1),),
    (("hog->mm->flags", 1),),                                     # MMF_OOM_REAPED
    (("hog->flags", 4),),                                         # PF_EXITING
    (("cast->cap_effective", 0), ("cast->signal->oom_score_adj", -999)),
    (("sysctl_oom_kill_allocating_task", 1), ("hog->flags", 4)),
    (("cast->signal->oom_score_adj", 950),),
    (("family->signal->oom_score_adj", 900),),
    (("shared->signal->oom_score_adj", 900), ("other->signal->oom_score_adj", 900)),
)

SCRIPT = """
until("version_show")
import re
def named(name, adj=None):
    for line in gdb.execute("mm oom", to_string=True).splitlines():
        words = line.split()
        if len(words) > 11 and words[11] == name and adj in (None, int(words[7])):
            return f"((struct task_struct *)$task({words[0]}))"
gdb.execute(f"set var $hog = {named('hog', 300)}"); gdb.execute(f"set var $cast = {named('oom_cast')}")
said = open(CONSOLE, errors="replace").read()
for name, pattern in (("family", "cast family (\\d+)"), ("shared", "cast shared (\\d+)"), ("other", "cast shared \\d+ (\\d+)")):
    gdb.execute(f"set var ${name} = (struct task_struct *)$task({re.search(pattern, said)[1]})")
for planted in PLANTED:
    until("oom_show")
    undo = []
    for place, word in planted:
        place = "$" + place if "->" in place else place
        undo.append((place, value(place)))
        gdb.execute(f"set var {place} {'|=' if 'flags' in place else '='} {word}")
    do("mm oom")
    until("sys_exit_group")                                       # of this cat: the text is written
    for place, old in undo:
        gdb.execute(f"set var {place} = {old}")
until("zoneinfo_show")
do("mm pcp 60000")
for order, pfn in re.findall(r"order (\\d+), mask \\w+\\nPFN (\\d+) ", open(CONSOLE, errors="replace").read().replace("\\r", "")):
    for n in {int(pfn), int(pfn) + (1 << int(order)) - 1}:        # the first frame of the block, and the last
        note(f"owner {n}", gdb.execute(f"mm owner {n}", to_string=True))
free = value("node_data[0]->node_zones[1].free_area[10].free_list[2].first")
note("free", gdb.execute(f"mm owner {free}", to_string=True))
for command in ("mm owner", "mm owner x", "mm owner 0xfffffff", "mm oom 1", "mm pcp x", "mm pcp 99999999"):
    do(command)
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("gdb"))
    guest = os.path.join(folder, "guest.sh")
    with open(guest, "w", encoding="utf-8") as f:
        f.write(GUEST)
    script = f"PLANTED = {PLANTED!r}\nCONSOLE = {os.path.join(folder, 'console')!r}\n" + SCRIPT
    return session(folder, script, "--append", "page_owner=on", "--add", program("oom_cast"), "--add", guest,
                   "--swap", "16M", "--exec", "/bin/sh /guest.sh")


@pytest.mark.parametrize("number", range(len(PLANTED)))
def test_the_trial_from_outside_is_the_trial_from_inside(seen, number):
    texts = seen.console.split("--- trial\n")[1:]
    assert len(texts) == len(PLANTED), seen
    assert texts[number].split("--- pages")[0] == seen.every("mm oom")[number], PLANTED[number]


def test_the_trials_cover_every_verdict(seen):
    whole = "".join(seen.every("mm oom"))
    for words in ("verdict: panic, for panic_on_oom is 2", "whoever asks", "its child", "first of all: swapoff", "dying already",
                  "exiting by itself", "memory has been taken", "never: oom_score_adj", "a thread of", "has exited",
                  "never: kernel thread", "never: the first", "nobody, until", "not while another is dying", "no more points than"):
        assert words in whole, (words, seen)


def test_owner(seen):
    """Order, mask and stack of each frame that the kernel's file told of."""
    records = re.findall(r"Page allocated via order (\d+), mask (0x\w+)\nPFN (\d+) [^\n]*\n((?: \[<\w+>\][^\n]*\n)+)\n", seen.console)
    assert len(records) >= 8, seen
    assert any(order != "0" for order, *_ in records), seen
    for order, mask, pfn, stack in records:
        text, last = seen[f"owner {pfn}"], int(pfn) + (1 << int(order)) - 1
        assert seen[f"owner {last}"].split(": ")[1] == text.split(": ")[1], (text, seen)
        assert f"frame {int(pfn):#x} ({pfn}): allocated with order {order}, mask {mask}, by pid " in text, (text, seen)
        wanted = [int(ip, 16) for ip in re.findall(r"\[<(\w+)>\]", stack)]
        assert [int(ip, 16) for ip in re.findall(r"(?m)^    (0x\w+) \w", text.split("freed")[0])] == wanted, (text, stack)
    assert re.search(r"never allocated|free now; allocated", seen["free"]), seen


def test_pcp(seen):
    text = seen.console.split("--- zones\n")[1]
    zones = re.findall(r"(?s)Node 0, zone +(\w+)\n.*?count: +(\d+)\n +high: +(\d+)\n +batch: +(\d+)\n", text)
    told = re.findall(r"Node 0, zone (\w+), CPU 0: count (\d+), batch (\d+), high (\d+)\n"
                      r"  Unmovable +(\d+).*\n  Reclaimable +(\d+).*\n  Movable +(\d+)", seen["mm pcp 60000"])
    assert len(zones) == 3 and [(zone, count, high, batch) for zone, count, batch, high, *_ in told] == zones, seen
    assert all(int(count) == sum(map(int, lists)) for _, count, _, _, *lists in told), seen
    frames = re.findall(r"(?m)^  \w+ +(\d+) *(.*)$", seen["mm pcp 60000"])
    assert all(len(names.split()) == int(number) for number, names in frames), seen


def test_messages(seen):
    assert seen["mm owner"].startswith("error: usage: mm owner PFN") and "a frame number wanted" in seen["mm owner x"], seen
    assert "no struct page" in seen["mm owner 0xfffffff"] and "usage: mm oom" in seen["mm oom 1"], seen
    assert "a number wanted" in seen["mm pcp x"] and "up to 65536" in seen["mm pcp 99999999"], seen
