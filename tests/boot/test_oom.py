# SPDX-License-Identifier: MIT
"""Without swap the hog alone dies, soon, its memory comes back, and the survivors' data is whole."""
import pytest

from machine import program, run

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
