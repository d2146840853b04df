# SPDX-License-Identifier: MIT
"""Every reclaim policy keeps all data under pressure, also while it is changed, and means what the counters say."""
import re

import pytest

from machine import program, run

POLICIES = ["lru2", "fifo", "clock", "clockpro", "mglru"]
COUNTERS = "/bin/grep -E '^(nr_(in)?active|nr_unevict|nr_isolated|pswp|pgmajfault|pgactivate)' /proc/vmstat"


def counter(result, name):
    return int(result.lines(rf"^{name} (\d+)$")[-1][0])


@pytest.mark.parametrize("name", POLICIES)
def test_twice_the_ram(name, debug):
    """256 MiB of anonymous memory in 64: each page goes to the disk and comes back as it was."""
    result = run("--memory", "64M", "--swap", "256M", "--cpus", 2 if debug else 1, "--append", f"reclaim_policy={name}",
                 debug=debug, execs=["/bin/cat /proc/sys/vm/reclaim_policy", "/bin/pages --mib 112 --rounds 2", COUNTERS])
    assert result.status == 0, result
    assert result.lines(rf"^{name}$"), result
    assert counter(result, "pswpout") > 10000 and counter(result, "pswpin") > 10000, result
    assert counter(result, "nr_isolated_anon") == counter(result, "nr_isolated_file") == 0, result
    if name in ("fifo", "clock"):
        assert counter(result, "nr_active_anon") == counter(result, "nr_active_file") == 0, result


@pytest.mark.parametrize("cpus", [1, 2])
def test_changing_under_load(cpus, debug):
    """The policy changes some dozen times while two processes thrash; no word is wrong, no page is lost."""
    result = run("--memory", "64M", "--swap", "256M", "--cpus", cpus, debug=debug, adds=[program("policy_switch")],
                 execs=[f"/policy_switch 100 {20 if debug else 60} {' '.join(POLICIES[1:] + POLICIES[:1])}",
                        "/bin/sh -c 'rm /tmp/*; echo 3 > /proc/sys/vm/drop_caches'", COUNTERS])
    assert result.status == 0 and "PASS policy_switch" in result.output, result
    left = sum(counter(result, f"nr_{kind}") for kind in ("inactive_anon", "active_anon", "inactive_file", "active_file"))
    assert left < 2000, f"{left} pages are still on lists\n{result}"
    assert counter(result, "nr_isolated_anon") == counter(result, "nr_isolated_file") == 0, result


def test_unknown_word():
    """The log names the policies there are, and the default stays."""
    result = run("--append", "reclaim_policy=belady", execs=["/bin/cat /proc/sys/vm/reclaim_policy"])
    assert result.status == 0 and result.lines("^lru2$"), result
    assert "reclaim_policy=belady: no such policy, lru2 it is" in result.output, result
    for name in POLICIES:
        assert re.search(rf"  reclaim_policy={name}: \w", result.output), result


def test_the_best_policy_resists_a_scan():
    """Three times the RAM is written once, a quarter of the RAM again and again meanwhile: at most 180 of its pages are missed."""
    result = run("--memory", "128M", "--swap", "512M", append="highmem=0 reclaim_policy=mglru", adds=[program("reclaim")],
                 execs=["/reclaim --ram 128 scan"])
    assert result.status == 0, result
    assert int(result.lines(r"^reclaim hot majflt (\d+) sweeps \d+ wrong 0$")[-1][0]) <= 180, result
