# SPDX-License-Identifier: MIT
"""Without swap the hog alone dies, soon, its memory comes back, and the survivors' data is whole."""
import os
import re

import pytest

from gdb_driver import session
from machine import TOP, program, run

NS_AFTER_LAST_PAGE = 2 * 10**9


@pytest.mark.parametrize("memory", ["128M", "64M"])
def test_the_hog_alone_is_killed(memory):
    result = run("--memory", memory, "--icount", adds=[program("oom_survivor")],
                 execs=["/oom_survivor", "/bin/busybox grep -E 'pageoutrun|allocstall' /proc/vmstat"])
    assert result.status == 0, result
    assert "survivors: every word right" in result.output, result
    ((pid, signal, ns),) = result.lines(r"^hog: pid (\d+), killed by signal (\d+), (\d+) ns after its last page$")
    assert int(signal) == 9 and int(ns) <= NS_AFTER_LAST_PAGE, result
    killed = result.lines(r"Killed process (\d+) \(oom_survivor\) total-vm:\d+kB, anon-rss:(\d+)kB, file-rss:(\d+)kB")
    assert len(killed) == 1 and killed[0][0] == pid, result
    ((free_pages,),) = result.lines(r" free:(\d+) slab_reclaimable:")  # the kill's own report
    ((after,),) = result.lines(r"^memfree: (\d+) kB after$")
    rss = int(killed[0][1]) + int(killed[0][2])
    assert int(after) - 4 * int(free_pages) >= 0.95 * rss, result
    for name in ("pageoutrun", "allocstall"):
        assert int(result.lines(rf"^{name} (\d+)$")[0][0]) > 0, result
    assert len(result.lines(r"invoked oom-killer: gfp_mask=0x[0-9a-f]+, order=0, oom_score_adj=0$")) == 1, result


def test_only_hogs_die():
    """One kill after the other: while a victim's memory is on its way nobody else dies, nor fails to fork after it."""
    script = "i=0; while [ $i -lt 16 ]; do (hog --report 0); echo hog $i ended with $?; i=$((i + 1)); done"
    result = run("--memory", "64M", "--cpus", 2, "--swap", "64M", append="loglevel=4",
                 execs=[f"/bin/busybox sh -c '{script}'"])
    assert result.status == 0 and len(result.lines(r"^hog \d+ ended with 137$")) == 16, result
    assert set(result.lines(r"Killed process \d+ \((\w+)\)")) == {("hog",)}, result


def test_the_memory_of_the_dead_is_free(debug):
    """The reaper may have it in hand when the victim exits: the parent must not hear of the end before."""
    result = run("--memory", "64M", "--cpus", 2, debug=debug, adds=[program("oom_gone")], execs=["/oom_gone"],
                 append="loglevel=4")
    assert result.status == 0 and "PASS oom_gone" in result.output, result


def test_the_hog_dies_on_both_builds(debug):
    result = run("--memory", "64M", "--cpus", 2, debug=debug, adds=[program("oom_survivor")], execs=["/oom_survivor"])
    assert result.status == 0, result


def test_adjustment_protects_and_exposes():
    """oom_score_adj 1000 on a small task makes it the victim of a bigger one's greed."""
    script = ("hog --mib 4 --hold 1000 --adj 1000 --report 0 & small=$!; sleep 1; hog --adj -500 --mib 400 --report 0;"
              " wait $small; echo small ended with $?")
    result = run("--memory", "64M", execs=[f"/bin/busybox sh -c '{script}'"])
    assert result.lines(r"^small ended with 137$"), result


def test_nothing_to_kill_panics():
    result = run("--memory", "32M", execs=["/bin/hog --adj -1000"])
    assert result.status == 3, result
    assert "Out of memory and no killable processes..." in result.output, result


def court(text):
    """=> rows of one /proc/oom by pid, and the pids of its verdict"""
    rows = {}
    for line in re.findall(r"(?m)^ *(\d+ +\d+ +\d+ +\d+ +\d+ +\d+ +-?\d+ +-?\d+ +-?\d+ .*)$", text):
        words = line.split(None, 12)
        if len(words) == 13:
            rows[int(words[0])] = [w if w == "-" else int(w) for w in words[:11]] + words[11:]
    verdict = re.search(r"(?m)^verdict: (\d+) .*(?:\n +its child (\d+) )?", text)
    return rows, int(verdict[1]), int(verdict[2] or verdict[1])


def test_the_court_names_who_dies():
    """Every term of every score adds up, the verdict is the greatest, and the kill that follows is that one."""
    result = run("--swap", "16M", adds=[os.path.join(TOP, "user", "demo-oom.sh")], execs=["/bin/sh /demo-oom.sh"])
    assert result.status == 0, result
    before, after = result.output.split("--- the court, after ---")
    rows, chosen, victim = court(before)
    assert chosen == victim and rows[chosen][11] == "hog" and rows[chosen][12] == "the most points", result
    ((ram, swap, total, unit),) = re.findall(r"memory: (\d+) pages of RAM \+ (\d+) of swap = (\d+); .* is (\d+) pages", before)
    assert int(ram) + int(swap) == int(total) and int(unit) == int(total) // 1000, result
    candidates = {pid: row for pid, row in rows.items() if row[9] != "-"}
    assert len(candidates) >= 4 and 1 not in candidates, result
    for pid, (_, _, uid, rss, swapents, ptes, root, adj, adjust, points, score, _, _) in candidates.items():
        pages = rss + swapents + ptes
        assert root == (-(pages * 3 // 100) if uid == 0 else 0) and adjust == adj * int(unit), result
        assert points == max(pages + root + adjust, 1) and score == points * 1000 // int(total), result
        assert points <= candidates[chosen][9], result
    assert {pid for pid in re.findall(r"Killed process (\d+) \(hog\)", result.output)} == {str(chosen)}, result
    assert chosen not in court(after)[0], result


SPARED = """
sh -c 'hog --mib 8 --report 0 --hold 100000 & exec hog --mib 16 --adj 500 --report 0 --hold 100000' &
until [ "$(awk '$12 == "hog" && $4 >= 2048' /proc/oom | wc -l)" = 2 ]; do sleep 0.1; done
cat /proc/oom
killall hog
"""


def test_the_court_spares_a_parent(tmp_path):
    """The chosen process has a child with memory of its own: the verdict names both."""
    (tmp_path / "spared.sh").write_text(SPARED)
    result = run("--memory", "64M", adds=[tmp_path / "spared.sh"], execs=["/bin/sh /spared.sh"])
    rows, chosen, victim = court(result.output)
    assert rows[chosen][11] == "hog" and rows[chosen][7] == 500, result
    assert victim != chosen and rows[victim][11] == "hog" and rows[victim][7] == 0, result


TRIALS = """
for role in threads shared shared-immune vfork family; do
  echo "--- $role"
  /oom_cast $role 24 > /cast &
  until grep -q "^cast $role" /cast; do sleep 0.1; done
  cat /cast
  dmesg -c > /dev/null
  echo f > /proc/sysrq-trigger
  until dmesg | grep -q "Killed process"; do sleep 0.1; done
  sleep 0.3
  dmesg | grep -E "Out of memory|Kill process|Killed process"
  for pid in $(sed "s/cast [a-z-]* //" /cast); do
    grep -q "^State:.[RSD]" /proc/$pid/status 2>/dev/null && echo "lives: $pid" || echo "gone: $pid"
    kill -9 $pid 2>/dev/null
  done
done
echo "--- end"
"""


def test_whole_processes_die(tmp_path, debug):
    """A process without its leader, processes that share memory, one of them immune, a family: by SysRq f."""
    (tmp_path / "trials.sh").write_text(TRIALS)
    result = run("--memory", "128M", "--cpus", 2, debug=debug, adds=[program("oom_cast"), tmp_path / "trials.sh"],
                 execs=["/bin/sh /trials.sh"])
    assert result.status == 0, result
    trials = dict(re.findall(r"(?s)--- ([a-z-]+)\n(.*?)(?=--- )", result.output))
    cast = {role: re.search(rf"(?m)^cast {role} (.*)$", text)[1].split() for role, text in trials.items()}
    fates = lambda text: {pid: what for what, pid in re.findall(r"(?m)^(lives|gone): (\d+)$", text)}
    fate = {role: fates(text) for role, text in trials.items()}
    (leader,) = cast["threads"]
    assert fate["threads"] == {leader: "gone"} and "(oom_cast) total-vm" in trials["threads"], result
    one, other = cast["shared"]
    assert fate["shared"] == {one: "gone", other: "gone"}, result
    assert f"Kill process {other} (oom_cast) sharing same memory" in trials["shared"], result
    one, other = cast["shared-immune"]
    assert fate["shared-immune"] == {one: "gone", other: "lives"} and "sharing same" not in trials["shared-immune"], result
    parent, child = cast["vfork"] # it waits for the child, and dies of its own
    assert fate["vfork"] == {parent: "gone", child: "gone"}, result
    assert f"Kill process {child} (oom_cast) sharing same memory" in trials["vfork"], result
    parent, small, large = cast["family"]
    assert f"Kill process {parent} (oom_cast)" in trials["family"] and f"Killed process {large}" in trials["family"], result
    assert fate["family"] == {parent: "lives", small: "lives", large: "gone"}, result


MEMDIE = """
until("exit_oom_victim")
note("at the end of exit_mm", [value("$current()->mm"), value("$current()->thread_flags") >> 2 & 1])
gdb.execute("finish")
note("after", value("$current()->thread_flags") >> 2 & 1)
do("mm oom")
until("exit_oom_victim")
note("the next", value("$current()->pid"))
"""


def test_a_victim_is_one_until_its_memory_is_gone(tmp_path):
    """TIF_MEMDIE is given back at the end of exit_mm, when the memory is free; then the next kill may happen."""
    seen = session(str(tmp_path), MEMDIE, "--memory", "64M", "--exec", "/bin/sh -c 'echo 0 > /proc/sys/vm/oom_reaper'",
                   "--exec", "/bin/hog --report 0", "--exec", "/bin/hog --report 0")
    assert seen["at the end of exit_mm"] == [0, 1] and seen["after"] == 0, seen
    assert "dying already" not in seen["mm oom"] and "has no memory" in seen["mm oom"], seen
    killed = re.findall(r"Killed process (\d+) \(hog\)", seen.console)
    assert len(killed) == 2 and killed[1] == str(seen["the next"]), seen


@pytest.mark.parametrize("knob,words", [(1, "system-wide"), (2, "compulsory")])
def test_panic_on_oom(knob, words):
    result = run("--memory", "32M", execs=[f"/bin/sh -c 'echo {knob} > /proc/sys/vm/panic_on_oom; hog --report 0'"])
    assert result.status == 3, result
    assert f"Kernel panic - not syncing: Out of memory: {words} panic_on_oom is enabled" in result.output, result
    assert "hog invoked oom-killer: gfp_mask=0x" in result.output and "Kill process" not in result.output, result


ASKER = """
cd /proc/sys/vm; echo 1 > oom_kill_allocating_task; echo 0 > oom_dump_tasks
hog --mib 28 --hold 1000 --report 0 & large=$!
until [ "$(cut -d' ' -f2 /proc/$large/statm)" -ge 7168 ]; do sleep 0.1; done
sh -c 'echo asker $$; exec hog --report 0'
kill -0 $large && echo the large one lives
echo 1 > oom_dump_tasks; echo 0 > oom_kill_allocating_task
echo --- with the table
sh -c 'hog --report 0 --adj 500'
kill $large
"""


def test_who_asks_dies_and_the_table_is_a_choice(tmp_path):
    """oom_kill_allocating_task: not the largest; oom_dump_tasks: the table of processes, or none."""
    (tmp_path / "asker.sh").write_text(ASKER)
    result = run("--memory", "64M", adds=[tmp_path / "asker.sh"], execs=["/bin/sh /asker.sh"])
    ((asker,),) = result.lines(r"^asker (\d+)$")
    assert f"Out of memory (oom_kill_allocating_task): Kill process {asker} (hog) score 0 or sacrifice child" in result.output, result
    assert "the large one lives" in result.output, result
    first, second = result.output.split("--- with the table")
    head = "[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name"
    assert head not in first and second.count(head) == 1, result
    assert re.search(r"\[ *\d+\] +0 +\d+ +\d+ +\d+ +\d+ +0 +500 hog", second), result


def test_the_old_knob_is_deprecated_once():
    result = run(adds=[program("oom_adj")], execs=["/oom_adj", "/oom_adj"])
    assert result.status == 0 and result.output.count("PASS oom_adj") == 2, result
    words = r"oom_adj \(\d+\): /proc/\d+/oom_adj is deprecated, please use /proc/\d+/oom_score_adj instead\.$"
    assert len(result.lines(words)) == 1, result
